"""Hardening of logins on hosts: timeouts, banners, umask, root's terminals, su."""

import re
from collections.abc import Iterable, Iterator

from checks.semantics import pam
from checks.semantics.sshd import seconds
from scanner import Facts, Host, Reason, check

_PROFILES = (
    "grep -Hs -e TMOUT -e umask /etc/environment /etc/profile /etc/bash.bashrc /etc/bashrc"
    " /etc/bash.bashrc.local /etc/profile.d/*.sh /usr/etc/profile /usr/etc/profile.d/*.sh"
)
_LOGIND = "systemd-analyze cat-config systemd/logind.conf"
_BANNERS = "stat -L -c '%s %n' /etc/issue /etc/issue.net /etc/motd 2>/dev/null"
_SECURETTY = "cat /etc/securetty"
_STACKS = "grep -Hs . /etc/pam.d/* /usr/lib/pam.d/* /usr/etc/pam.d/*"
_DEFAULTS = "grep -hs . /usr/etc/login.defs /etc/login.defs"

_TIMEOUT = re.compile(
    r"(?:^|[\s;])(?:(?:export|readonly|declare|typeset)\s+(?:-\w+\s+)*)?TMOUT=[\"']?(\d{1,9})\b"
)
_READONLY = re.compile(r"(?:^|[\s;])(?:readonly|(?:declare|typeset)\s+-\w*r\w*)\s+(?:-\w+\s+)*TMOUT\b")
_UMASK = re.compile(r"(?:^|[\s;])umask\s+([0-7]{1,4})\b")


class ShellTimeout(Facts):
    """Whether a shell that nobody types into ends by itself."""

    shell_timeout_seconds: int | None
    """After how long; the longest that is set, and none if it never does."""
    shell_timeout_fixed: bool
    """Whether users cannot change it."""


class SessionTimeout(Facts):
    """What systemd does with sessions that nobody uses."""

    idle_session_seconds: int | None
    """After how long it ends them; none if it never does."""
    idle_action: str
    """What it does with the machine when all are idle: ignore, lock, suspend, ..."""


class Banners(Facts):
    """The texts that are shown to who logs in."""

    issue_bytes: int
    """How long the text before a login on the console is; 0 where there is none."""
    issue_net_bytes: int
    """How long the text is that SSH can be told to show before a login; 0 where there is none."""
    motd_bytes: int
    """How long the text after a login is; 0 where there is none."""


class RootConsole(Facts):
    """Where root may log in on the machine itself."""

    terminals_restricted: bool
    """Whether nobody gets in as root on other terminals than the listed ones (pam_securetty)."""
    root_terminals: tuple[str, ...] | None
    """The terminals that are listed; none where every terminal will do."""
    serial_terminals: tuple[str, ...] | None
    """The serial lines among them, which may lead to a modem; none where every terminal will do."""


class Su(Facts):
    """Who may use su."""

    restricted: bool
    """Whether nobody but root and the members of one group gets by, whatever passwords they know."""


class Defaults(Facts):
    """What new accounts and files get."""

    umask: str | None
    """The laxest default mask of rights that login.defs and the shells' profiles name; none if none is."""
    encryption_method: str | None
    """How login.defs has passwords hashed: YESCRYPT, SHA512, ...; none where it does not say."""


@check(_PROFILES)
def shell_timeout(host: Host) -> Iterator[ShellTimeout]:
    """Whether a shell that nobody types into ends by itself (TMOUT), and whether users can change that.

    Read from the profiles that every shell reads, without running them: what stands under conditions counts.
    """
    # grep ends with 2 where one of the files does not exist.
    text = host.run(_PROFILES, ok=(0, 1, 2)).read(_texts)
    spans = [int(span) for span in _TIMEOUT.findall(text)]
    yield ShellTimeout(
        resource=host.id,
        shell_timeout_seconds=None if not spans or 0 in spans else max(spans),
        shell_timeout_fixed=bool(spans) and _READONLY.search(text) is not None,
    )


@check(_LOGIND)
def session_timeout(host: Host) -> Iterator[SessionTimeout]:
    """What systemd-logind does with sessions that nobody uses; nothing is said of a host without systemd."""
    if not host.has("systemd-analyze"):
        return
    said: dict[str, str] = {}
    for line in host.run(_LOGIND).lines:
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            said[name.strip()] = value.strip()
    span = said.get("StopIdleSessionSec", "infinity")
    yield SessionTimeout(
        resource=host.id,
        idle_session_seconds=seconds(re.sub(r"min|sec| ", lambda unit: unit[0][:1].strip(), span)) or None,
        idle_action=said.get("IdleAction") or "ignore",
    )


@check(_BANNERS)
def banners(host: Host) -> Iterator[Banners]:
    """Whether who logs in is shown a text; whether SSH shows one is hardening.host_ssh.settings'."""
    # stat ends with 1 where one of the files does not exist.
    found = {
        path: int(size)
        for size, _, path in (line.partition(" ") for line in host.run(_BANNERS, ok=(0, 1)).lines)
        if size.isdecimal()
    }
    yield Banners(
        resource=host.id,
        issue_bytes=found.get("/etc/issue", 0),
        issue_net_bytes=found.get("/etc/issue.net", 0),
        motd_bytes=found.get("/etc/motd", 0),
    )


@check(_STACKS, _SECURETTY)
def root_console(host: Host) -> Iterator[RootConsole]:
    """On which terminals of the machine root may log in; nothing is said of a host without PAM.

    Where pam_securetty is not demanded, as on most systems of today, /etc/securetty means nothing.
    """
    modules = _stack(host, "login")
    if modules is None:
        return
    listed = host.run(_SECURETTY, ok=(0, 1))
    names = tuple(line.strip() for line in listed.lines if line.strip() and not line.lstrip().startswith("#"))
    # Without its file, pam_securetty lets everybody by.
    restricted = listed.status == 0 and pam.unavoidable(modules, {"pam_securetty"})
    yield RootConsole(
        resource=host.id,
        terminals_restricted=restricted,
        root_terminals=names if restricted else None,
        serial_terminals=tuple(name for name in names if re.match(r"tty(S|USB|AMA)|hvc|ttysclp", name))
        if restricted
        else None,
    )


@check(_STACKS)
def su(host: Host) -> Iterator[Su]:
    """Whether su is for the members of one group only (pam_wheel); nothing is said of a host without PAM."""
    modules = _stack(host, "su")
    if modules is None:
        return
    others = pam.refusing(modules, "pam_rootok")
    wheel = [module for module in others if module.name == "pam_wheel"]
    open_to = any({"deny", "trust"} & {*module.arguments} for module in wheel)
    yield Su(resource=host.id, restricted=not open_to and pam.unavoidable(others, {"pam_wheel"}))


@check(_DEFAULTS, _PROFILES)
def defaults(host: Host) -> Iterator[Defaults]:
    """With which rights new files are made unless somebody asks otherwise, and how passwords are hashed."""
    said = host.run(_DEFAULTS, ok=(0, 1, 2)).read(_named)
    text = host.run(_PROFILES, ok=(0, 1, 2)).read(_texts)
    masks = [mask for mask in (*_UMASK.findall(text), said.get("UMASK", "")) if re.fullmatch(r"[0-7]+", mask)]
    laxest = None
    for mask in masks:
        laxest = int(mask, 8) if laxest is None else laxest & int(mask, 8)
    yield Defaults(
        resource=host.id,
        umask=None if laxest is None else f"{laxest:03o}",
        encryption_method=said.get("ENCRYPT_METHOD"),
    )


def _named(lines: Iterable[str]) -> dict[str, str]:
    words = [line.split() for line in lines]
    return {each[0]: each[1] for each in words if len(each) > 1}


def _texts(lines: Iterable[str]) -> str:
    return "\n".join(map(_plain, lines))


def _plain(line: str) -> str:
    """A line of a file without the file's name and its comment."""
    text = line.partition(":")[2].strip()
    return "" if text.startswith("#") else text.partition(" #")[0]


def _stack(host: Host, service: str) -> tuple[pam.Module, ...] | None:
    # grep ends with 2 where one of the folders does not exist.
    services = host.run(_STACKS, ok=(0, 1, 2)).read(pam.files)
    if service not in services:
        return None
    stack = services.stack(service)
    if stack.unread:
        raise host.refuse(
            _STACKS,
            Reason.FAILED,
            f"what PAM demands is not known: /etc/pam.d/{stack.unread[0]} could not be read",
            "let the login read the files in /etc/pam.d",
        )
    return stack.modules
