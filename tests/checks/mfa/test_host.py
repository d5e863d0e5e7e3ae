from dataclasses import replace
from typing import Any

import pytest

from checks.mfa.host import RemoteLogin, sshd
from scanner.testing import Output, look, observe, world

EFFECTIVE, FILES, STACKS = sshd.needs

# As Debian 12 prints it, without the lines that do not matter here.
DEBIAN = """\
port 22
usepam yes
permitrootlogin without-password
hostbasedauthentication no
pubkeyauthentication yes
kerberosauthentication no
gssapiauthentication no
passwordauthentication no
kbdinteractiveauthentication no
permitemptypasswords no
pubkeyacceptedalgorithms ssh-ed25519-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,rsa-sha2-512
authenticationmethods any
pubkeyauthoptions none
"""

MAIN = """\
/etc/ssh/sshd_config:Include /etc/ssh/sshd_config.d/*.conf
/etc/ssh/sshd_config:#Match User anoncvs
/etc/ssh/sshd_config:#	X11Forwarding no
/etc/ssh/sshd_config:KbdInteractiveAuthentication no
"""

PAM = """\
/etc/pam.d/common-auth:auth	[success=1 default=ignore]	pam_unix.so nullok
/etc/pam.d/common-auth:auth	requisite			pam_deny.so
/etc/pam.d/common-auth:auth	required			pam_permit.so
/etc/pam.d/sshd:# PAM configuration for the Secure Shell service
/etc/pam.d/sshd:@include common-auth
/etc/pam.d/sshd:account    required     pam_nologin.so
"""

ONE_TIME = "/etc/pam.d/sshd:auth required pam_google_authenticator.so\n"

PLAIN = world(sshd, {EFFECTIVE: DEBIAN, FILES: MAIN, STACKS: Output(2, PAM)})

SEEN = RemoteLogin(
    resource="host:ehr-1",
    mfa_active=False,
    authentication_methods=("any",),
    public_key_authentication=True,
    password_authentication=False,
    keyboard_interactive_authentication=False,
    empty_passwords=False,
    root_login="prohibit-password",
    pam_tokens=(),
    match_blocks=(),
)


def configured(**settings: str) -> str:
    lines = [line for line in DEBIAN.splitlines() if line.split()[0] not in settings]
    return "\n".join([*lines, *(f"{keyword} {value}" for keyword, value in settings.items())]) + "\n"


def seen(effective: str, *, files: str = MAIN, stacks: str = PAM) -> Any:
    [facts] = observe(sshd, {EFFECTIVE: effective, FILES: files, STACKS: stacks})
    return facts


def test_a_key_alone_is_one_factor() -> None:
    assert observe(sshd, PLAIN) == [SEEN]


@pytest.mark.parametrize(
    ("methods", "token", "active"),
    [
        ("publickey,keyboard-interactive", True, True),
        ("publickey,keyboard-interactive:pam", True, True),
        ("publickey,password", False, True),
        ("publickey,keyboard-interactive", False, True),
        # What is not demanded of everybody is not demanded.
        ("publickey,keyboard-interactive publickey", True, False),
        # Two keys are one kind of thing, and so is one password asked twice.
        ("publickey,publickey", True, False),
        ("password,keyboard-interactive", False, False),
        ("password,keyboard-interactive", True, True),
        ("keyboard-interactive", True, True),
        ("hostbased,publickey", False, False),
        ("gssapi-with-mic,password", False, False),
        ("gssapi-with-mic,publickey", False, True),
    ],
)
def test_second_factor(methods: str, token: bool, active: bool) -> None:
    found = seen(configured(authenticationmethods=methods), stacks=PAM + ONE_TIME if token else PAM)

    assert found == replace(
        SEEN,
        mfa_active=active,
        authentication_methods=tuple(methods.split()),
        pam_tokens=("pam_google_authenticator",) if token else (),
    )


def test_a_token_that_can_be_skipped_does_not_count() -> None:
    nullok = ONE_TIME.replace(".so", ".so nullok")
    methods = configured(authenticationmethods="keyboard-interactive")

    assert seen(methods, stacks=PAM + nullok) == replace(
        SEEN, authentication_methods=("keyboard-interactive",), pam_tokens=("pam_google_authenticator",)
    )


def test_any_method_is_as_weak_as_the_weakest_that_is_on() -> None:
    only_questions = configured(pubkeyauthentication="no", kbdinteractiveauthentication="yes")
    with_password = only_questions.replace("passwordauthentication no", "passwordauthentication yes")
    asked = replace(
        SEEN,
        public_key_authentication=False,
        keyboard_interactive_authentication=True,
        pam_tokens=("pam_google_authenticator",),
    )

    assert seen(only_questions, stacks=PAM + ONE_TIME) == replace(asked, mfa_active=True)
    # The password method goes through the same stack.
    assert seen(with_password, stacks=PAM + ONE_TIME) == replace(
        asked, mfa_active=True, password_authentication=True
    )
    assert seen(with_password.replace("usepam yes", "usepam no"), stacks=PAM + ONE_TIME) == replace(
        asked, password_authentication=True, pam_tokens=()
    )


def test_a_hardware_key_that_verifies_its_user_is_two_factors() -> None:
    verified = {
        "pubkeyauthoptions": "touch-required,verify-required",
        "pubkeyacceptedalgorithms": "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com",
    }

    assert seen(configured(**verified)) == replace(SEEN, mfa_active=True)
    assert seen(configured(pubkeyauthoptions="verify-required")) == SEEN


def test_an_empty_password_is_no_factor() -> None:
    effective = configured(authenticationmethods="publickey,password", permitemptypasswords="yes")

    assert seen(effective) == replace(
        SEEN, authentication_methods=("publickey,password",), empty_passwords=True
    )


def test_a_match_block_counts_for_everybody() -> None:
    effective = configured(authenticationmethods="publickey,keyboard-interactive")
    files = (
        MAIN
        + "/etc/ssh/sshd_config:Match User backup Address 10.0.0.0/8\n"
        + "/etc/ssh/sshd_config:  AuthenticationMethods publickey\n"
        + "/etc/ssh/sshd_config:  PermitRootLogin=yes\n"
        + "/etc/ssh/sshd_config.d/90-legacy.conf:PasswordAuthentication yes\n"
        + "/etc/ssh/sshd_config.d/90-legacy.conf:match group clinic\n"
        + "/etc/ssh/sshd_config.d/90-legacy.conf:  passwordauthentication yes # until 2027\n"
        + "/etc/ssh/sshd_config.d/old.conf.bak:Match User nobody\n"
    )

    assert seen(effective, files=files, stacks=PAM + ONE_TIME) == replace(
        SEEN,
        authentication_methods=("publickey,keyboard-interactive", "publickey"),
        password_authentication=True,
        root_login="yes",
        pam_tokens=("pam_google_authenticator",),
        match_blocks=("User backup Address 10.0.0.0/8", "group clinic"),
    )


@pytest.mark.parametrize(
    "files",
    [
        "/etc/ssh/sshd_config:Include /srv/ssh/more.conf\n",
        "/etc/ssh/sshd_config:Match User x\n/etc/ssh/sshd_config:Include /etc/ssh/sshd_config.d/*.conf\n",
    ],
)
def test_an_include_that_was_not_followed_is_a_refusal(files: str) -> None:
    sight = look(sshd, {**PLAIN, FILES: files})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [FILES])


def test_red_hats_crypto_policy_is_followed() -> None:
    policy = "Include /etc/crypto-policies/back-ends/opensshserver.config"

    assert seen(DEBIAN, files=f"{MAIN}/etc/ssh/sshd_config.d/50-redhat.conf:{policy}\n") == SEEN


def test_a_stack_that_was_not_read_is_a_refusal() -> None:
    unread = "".join(line for line in PAM.splitlines(keepends=True) if "common-auth:" not in line)
    sight = look(sshd, {**PLAIN, STACKS: Output(2, unread)})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [STACKS])


def test_without_pam_no_stack_is_needed() -> None:
    assert seen(configured(usepam="no"), stacks="") == SEEN


def test_nothing_is_said_without_an_ssh_daemon() -> None:
    assert look(sshd, {STACKS: PAM, FILES: MAIN}).facts == []
    assert look(sshd, {STACKS: PAM, FILES: MAIN}).refusals == []
