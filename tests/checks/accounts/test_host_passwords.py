from dataclasses import replace

import pytest

from checks.accounts.host_passwords import HostPasswordPolicy, password_policy
from scanner.testing import Output, look, observe, world

STACKS, SETTINGS = password_policy.needs

DEBIAN = """\
/etc/pam.d/common-auth:auth	[success=1 default=ignore]	pam_unix.so nullok
/etc/pam.d/common-auth:auth	requisite			pam_deny.so
/etc/pam.d/common-password:password	[success=1 default=ignore]	pam_unix.so obscure yescrypt
/etc/pam.d/common-password:password	requisite			pam_deny.so
/etc/pam.d/common-password:password	required			pam_permit.so
/etc/pam.d/passwd:@include common-password
/etc/pam.d/sshd:@include common-auth
"""
# As authselect makes them on the Red Hat family with with-faillock and with-pwhistory, shortened.
RED_HAT = """\
/etc/pam.d/passwd:auth       include	system-auth
/etc/pam.d/passwd:password   substack	system-auth
/etc/pam.d/sshd:auth       substack     password-auth
/etc/pam.d/password-auth:auth        required                   pam_env.so
/etc/pam.d/password-auth:auth        required                   pam_faillock.so preauth silent
/etc/pam.d/password-auth:auth        sufficient                 pam_unix.so nullok
/etc/pam.d/password-auth:auth        required                   pam_faillock.so authfail
/etc/pam.d/password-auth:auth        required                   pam_deny.so
/etc/pam.d/system-auth:password    requisite     pam_pwquality.so local_users_only
/etc/pam.d/system-auth:password    [default=1 ignore=ignore success=ok] pam_localuser.so
/etc/pam.d/system-auth:password    requisite     pam_pwhistory.so use_authtok
/etc/pam.d/system-auth:password    sufficient    pam_unix.so yescrypt shadow nullok use_authtok
/etc/pam.d/system-auth:password    required      pam_deny.so
"""
DEFS = "/etc/login.defs:PASS_MAX_DAYS\t99999\n/etc/login.defs:# PASS_MAX_DAYS 5\n"

WORLD = world(password_policy, {STACKS: Output(2, DEBIAN), SETTINGS: Output(2, DEFS)})
LAX = HostPasswordPolicy(
    resource="host:ehr-1",
    password_min_length=6,
    quality_checked=False,
    password_min_classes=0,
    passwords_remembered=0,
    password_max_age_days=None,
    lockout_attempts=None,
    lockout_seconds=None,
    root_locked_too=False,
)
RED_HATS = replace(
    LAX,
    password_min_length=8,
    quality_checked=True,
    passwords_remembered=10,
    lockout_attempts=3,
    lockout_seconds=600,
)


def seen(stacks: str, settings: str) -> list[object]:
    return list(observe(password_policy, {STACKS: stacks, SETTINGS: settings}))


def test_debians_own_policy() -> None:
    assert observe(password_policy, WORLD) == [LAX]


def test_what_modules_do_where_nothing_is_said() -> None:
    assert seen(RED_HAT, "") == [RED_HATS]


def test_files_say_what_arguments_do_not() -> None:
    files = (
        "/usr/etc/login.defs:PASS_MAX_DAYS 365\n/etc/login.defs:PASS_MAX_DAYS 90\n"
        "/etc/security/faillock.conf:deny = 5\n/etc/security/faillock.conf:unlock_time = 0\n"
        "/etc/security/faillock.conf:even_deny_root\n"
        "/etc/security/pwhistory.conf:remember = 24\n"
        "/etc/security/pwquality.conf:minlen = 9\n/etc/security/pwquality.conf.d/50.conf:minlen=15\n"
        "/etc/security/pwquality.conf:dcredit = -1\n/etc/security/pwquality.conf:ucredit = -1\n"
    )
    strict = replace(
        RED_HATS,
        password_min_length=15,
        password_min_classes=2,
        passwords_remembered=24,
        password_max_age_days=90,
        lockout_attempts=5,
        lockout_seconds=None,
        root_locked_too=True,
    )

    assert seen(RED_HAT, files) == [strict]
    said = RED_HAT.replace("preauth silent", "preauth deny=4 unlock_time=900")
    said = said.replace("local_users_only", "minlen=12 minclass=4").replace(
        "pwhistory.so", "pwhistory.so remember=5"
    )
    assert seen(said, files) == [
        replace(
            strict,
            password_min_length=12,
            password_min_classes=4,
            passwords_remembered=5,
            lockout_attempts=4,
            lockout_seconds=900,
        )
    ]


def test_pam_unix_alone() -> None:
    assert seen(DEBIAN.replace("obscure", "minlen=10 remember=5"), "") == [
        replace(LAX, password_min_length=10, passwords_remembered=5)
    ]


@pytest.mark.parametrize("lost", ["common-auth", "common-password"])
def test_a_stack_that_was_not_read_is_a_refusal(lost: str) -> None:
    stacks = "".join(line for line in DEBIAN.splitlines(keepends=True) if f"{lost}:" not in line)
    sight = look(password_policy, {**WORLD, STACKS: stacks})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [STACKS])


def test_nothing_is_said_without_pam() -> None:
    assert seen("", DEFS) == []
