from dataclasses import replace

import pytest

from checks.hardening.host_login import (
    Banners,
    Defaults,
    RootConsole,
    SessionTimeout,
    ShellTimeout,
    Su,
    banners,
    defaults,
    root_console,
    session_timeout,
    shell_timeout,
    su,
)
from scanner.testing import Output, look, observe, world

[PROFILES] = shell_timeout.needs
[LOGIND] = session_timeout.needs
[BANNERS] = banners.needs
STACKS, SECURETTY = root_console.needs
DEFAULTS = defaults.needs[0]

# As Debian 12 has it, but for what does not matter here.
PAM = """\
/etc/pam.d/common-auth:auth	[success=1 default=ignore]	pam_unix.so nullok
/etc/pam.d/common-auth:auth	requisite			pam_deny.so
/etc/pam.d/common-auth:auth	required			pam_permit.so
/etc/pam.d/login:auth       requisite  pam_nologin.so
/etc/pam.d/login:@include common-auth
/etc/pam.d/su:auth       sufficient pam_rootok.so
/etc/pam.d/su:# auth       required   pam_wheel.so
/etc/pam.d/su:@include common-auth
"""
FIRST = "/etc/pam.d/login:auth       requisite  pam_nologin.so\n"
ROOTOK = "/etc/pam.d/su:auth       sufficient pam_rootok.so\n"

world(shell_timeout, {PROFILES: ""})
SYSTEMD = world(session_timeout, {LOGIND: "[Login]\n#IdleAction=ignore\n"})
world(banners, {BANNERS: "27 /etc/issue\n"})
world(root_console, {STACKS: PAM, SECURETTY: "tty1\n"})
world(su, {STACKS: PAM})
world(defaults, {DEFAULTS: "UMASK 022\n", PROFILES: ""})


@pytest.mark.parametrize(
    ("lines", "span", "fixed"),
    [
        ([], None, False),
        (["# TMOUT=900", "unset HISTFILE"], None, False),
        (["TMOUT=900", "export TMOUT"], 900, False),
        (["readonly TMOUT=600 ; export TMOUT"], 600, True),
        (["declare -xr TMOUT=900"], 900, True),
        (["TMOUT=900", "readonly TMOUT", "[ $UID = 0 ] && export TMOUT=3600"], 3600, True),
        (["export TMOUT=900", "TMOUT=0"], None, False),
        (["MYTMOUT=5"], None, False),
    ],
)
def test_shell_timeout(lines: list[str], span: int | None, fixed: bool) -> None:
    told = "".join(f"/etc/profile.d/tmout.sh:{line}\n" for line in lines)

    assert observe(shell_timeout, {PROFILES: Output(2, told)}) == [
        ShellTimeout(resource="host:ehr-1", shell_timeout_seconds=span, shell_timeout_fixed=fixed)
    ]


@pytest.mark.parametrize(
    ("lines", "span", "action"),
    [
        ("#IdleAction=lock\n#StopIdleSessionSec=infinity\n", None, "ignore"),
        ("IdleAction=lock\nStopIdleSessionSec=900\n", 900, "lock"),
        ("StopIdleSessionSec=infinity\n[Login]\nStopIdleSessionSec=1h 30min\n", 5400, "ignore"),
    ],
)
def test_session_timeout(lines: str, span: int | None, action: str) -> None:
    assert observe(session_timeout, {LOGIND: f"[Login]\n{lines}"}) == [
        SessionTimeout(resource="host:ehr-1", idle_session_seconds=span, idle_action=action)
    ]


def test_without_systemd_nothing_is_said_of_sessions() -> None:
    assert observe(session_timeout, {}) == []


def test_banners() -> None:
    assert observe(banners, {BANNERS: Output(1, "300 /etc/issue\n0 /etc/motd\n")}) == [
        Banners(resource="host:ehr-1", issue_bytes=300, issue_net_bytes=0, motd_bytes=0)
    ]


ANYWHERE = RootConsole(
    resource="host:ehr-1", terminals_restricted=False, root_terminals=None, serial_terminals=None
)
SECURED = PAM.replace(FIRST, f"/etc/pam.d/login:auth required pam_securetty.so\n{FIRST}")


@pytest.mark.parametrize(
    ("stacks", "listed", "found"),
    [
        (PAM, "tty1\n", ANYWHERE),
        (SECURED, Output(1, ""), ANYWHERE),
        (
            SECURED,
            "# console\ntty1\nttyS0\n",
            replace(
                ANYWHERE,
                terminals_restricted=True,
                root_terminals=("tty1", "ttyS0"),
                serial_terminals=("ttyS0",),
            ),
        ),
        (SECURED, "", replace(ANYWHERE, terminals_restricted=True, root_terminals=(), serial_terminals=())),
    ],
)
def test_roots_terminals(stacks: str, listed: str | Output, found: RootConsole) -> None:
    assert observe(root_console, {STACKS: stacks, SECURETTY: listed}) == [found]


@pytest.mark.parametrize(
    ("arguments", "restricted"),
    [("use_uid", True), ("", True), ("group=adm", True), ("deny group=x", False), ("trust", False)],
)
def test_su(arguments: str, restricted: bool) -> None:
    wheel = PAM.replace(ROOTOK, f"{ROOTOK}/etc/pam.d/su:auth required pam_wheel.so {arguments}\n")

    assert observe(su, {STACKS: PAM}) == [Su(resource="host:ehr-1", restricted=False)]
    assert observe(su, {STACKS: wheel}) == [Su(resource="host:ehr-1", restricted=restricted)]


def test_a_stack_that_was_not_read_is_a_refusal() -> None:
    unread = "".join(line for line in PAM.splitlines(keepends=True) if "common-auth:" not in line)
    for declared in (su, root_console):
        sight = look(declared, {STACKS: unread, SECURETTY: ""})

        assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [STACKS])


def test_nothing_is_said_without_pam() -> None:
    assert observe(su, {STACKS: Output(2, "")}) == []
    assert observe(root_console, {STACKS: Output(2, ""), SECURETTY: ""}) == []


@pytest.mark.parametrize(
    ("defs", "profiles", "found"),
    [
        ("UMASK\t022\nENCRYPT_METHOD SHA512\n", "", ("022", "SHA512")),
        ("#UMASK 022\n", "/etc/profile.d/x.sh:umask 027\n", ("027", None)),
        ("UMASK 077\n", "/etc/profile:  umask 027 # all\n/etc/bashrc:#umask 0\n", ("027", None)),
        ("", "", (None, None)),
    ],
)
def test_defaults(defs: str, profiles: str, found: tuple[str | None, str | None]) -> None:
    assert observe(defaults, {DEFAULTS: Output(2, defs), PROFILES: Output(2, profiles)}) == [
        Defaults(resource="host:ehr-1", umask=found[0], encryption_method=found[1])
    ]
