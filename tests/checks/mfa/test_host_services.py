from dataclasses import replace

import pytest

from checks.mfa.host import Duo, LocalLogin, duo, services
from scanner.testing import Output, look, observe, world

[STACKS] = services.needs
[DUO] = duo.needs

PAM = """\
/etc/pam.d/common-auth:auth	[success=1 default=ignore]	pam_unix.so nullok
/etc/pam.d/common-auth:auth	requisite			pam_deny.so
/etc/pam.d/common-auth:auth	required			pam_permit.so
/etc/pam.d/login:auth       requisite  pam_nologin.so
/etc/pam.d/login:@include common-auth
/etc/pam.d/su:auth       sufficient pam_rootok.so
/etc/pam.d/su:@include common-auth
/etc/pam.d/sudo:@include common-auth
"""

WORLD = world(services, {STACKS: Output(2, PAM)})
world(duo, {DUO: "/etc/duo/pam_duo.conf:host = api-1.duosecurity.com\n"})

LOGIN = LocalLogin(
    resource="host:ehr-1/pam/login",
    mfa_active=False,
    service="login",
    password_demanded=True,
    token_demanded=False,
    pam_tokens=(),
    empty_passwords=True,
)
SUDO = replace(LOGIN, resource="host:ehr-1/pam/sudo", service="sudo")
SU = replace(LOGIN, resource="host:ehr-1/pam/su", service="su")


def after_sudo(line: str) -> list[object]:
    return list(observe(services, {STACKS: f"{PAM}/etc/pam.d/sudo:{line}\n"}))


def test_a_password_is_one_factor() -> None:
    assert observe(services, WORLD) == [LOGIN, SUDO, SU]


def test_a_token_for_sudo() -> None:
    both = replace(SUDO, mfa_active=True, token_demanded=True, pam_tokens=("pam_u2f",))

    assert after_sudo("auth required pam_u2f.so") == [LOGIN, both, SU]
    skipped = replace(SUDO, pam_tokens=("pam_u2f",))
    assert after_sudo("auth required pam_u2f.so nouserok") == [LOGIN, skipped, SU]
    assert after_sudo(
        "auth [success=1 default=ignore] pam_succeed_if.so user ingroup ops\n"
        "/etc/pam.d/sudo:auth required pam_u2f.so"
    ) == [LOGIN, skipped, SU]


def test_a_token_instead_of_a_password() -> None:
    lines = PAM.replace(
        "/etc/pam.d/sudo:@include", "/etc/pam.d/sudo:auth sufficient pam_u2f.so\n/etc/pam.d/sudo:@include"
    )
    found = replace(SUDO, password_demanded=False, pam_tokens=("pam_u2f",))

    assert observe(services, {STACKS: lines}) == [LOGIN, found, SU]


def test_somebody_may_sudo_who_proves_nothing() -> None:
    assert observe(services, {STACKS: "/etc/pam.d/sudo:auth sufficient pam_permit.so\n"}) == [
        replace(SUDO, password_demanded=False, empty_passwords=False)
    ]


def test_a_stack_that_was_not_read_is_a_refusal_of_its_service() -> None:
    sight = look(services, {STACKS: f"{PAM}/etc/pam.d/sudo-i:@include lost\n"})

    assert sight.facts == [LOGIN, SUDO, SU]
    assert [refusal.resource for refusal in sight.refusals] == ["host:ehr-1/pam/sudo-i"]


@pytest.mark.parametrize(
    ("lines", "lets_by"),
    [
        (["failmode = secure"], False),
        (["failmode=safe"], True),
        (["; no mode"], True),
        (["failmode = SECURE"], False),
    ],
)
def test_duo(lines: list[str], lets_by: bool) -> None:
    said = "".join(f"/etc/duo/pam_duo.conf:{line}\n" for line in ["host = api-1.duosecurity.com", *lines])

    assert observe(duo, {DUO: said}) == [Duo(resource="host:ehr-1", lets_by_when_unreachable=lets_by)]


def test_without_duo_nothing_is_said() -> None:
    assert observe(duo, {DUO: Output(2, "")}) == []
