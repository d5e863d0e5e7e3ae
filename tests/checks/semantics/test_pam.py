import pytest

from checks.semantics import pam

RED_HAT = """\
auth        required      pam_env.so
auth        required      pam_faildelay.so delay=2000000
auth        required      pam_faillock.so preauth silent
auth        sufficient    pam_unix.so nullok
auth        sufficient    pam_sss.so forward_pass
auth        required      pam_faillock.so authfail
auth        required      pam_deny.so
account     required      pam_unix.so
"""
DEBIAN = """\
auth	[success=1 default=ignore]	pam_unix.so nullok
auth	requisite			pam_deny.so
auth	required			pam_permit.so
"""
FILES = {"password-auth": RED_HAT, "common-auth": DEBIAN, "postlogin": "session optional pam_lastlog.so\n"}


def demanded(stack: str) -> set[str]:
    services = {name: text.splitlines() for name, text in {**FILES, "sshd": stack}.items()}
    modules = pam.Services(services).stack("sshd").modules
    return {factor for factor in ("password", "token") if pam.demanded(modules, factor)}


@pytest.mark.parametrize(
    ("stack", "factors"),
    [
        ("@include common-auth\n", {"password"}),
        (
            "@include common-auth\nauth required pam_oath.so usersfile=/etc/users.oath\n",
            {"password", "token"},
        ),
        ("auth required pam_google_authenticator.so\n@include common-auth\n", {"password", "token"}),
        ("auth substack password-auth\nauth include postlogin\n", {"password"}),
        # In a substack, sufficient ends only the substack; included, it ends everything.
        ("auth substack password-auth\nauth required pam_u2f.so\n", {"password", "token"}),
        ("auth include password-auth\nauth required pam_u2f.so\n", {"password"}),
        ("auth required pam_u2f.so nouserok\n@include common-auth\n", {"password"}),
        ("auth required pam_google_authenticator.so nullok secret=x\n@include common-auth\n", {"password"}),
        # A touch instead of a password, and a password instead of a touch.
        ("auth sufficient pam_u2f.so\n@include common-auth\n", set()),
        ("auth [success=done default=die] pam_duo.so\n@include common-auth\n", {"token"}),
        ("auth optional pam_u2f.so\n@include common-auth\n", {"password"}),
        # Whoever comes from the clinic's network is let by.
        (
            "@include common-auth\nauth [success=1 default=ignore] pam_access.so\nauth required pam_duo.so\n",
            {"password"},
        ),
        (
            "@include common-auth\nauth [success=ok user_unknown=ignore default=bad] pam_oath.so\n",
            {"password"},
        ),
        # The module is skipped over, and then it is not.
        ("auth [default=1] pam_echo.so\nauth required pam_duo.so\n@include common-auth\n", {"password"}),
        (
            "auth [default=ignore] pam_echo.so\nauth required pam_duo.so\n@include common-auth\n",
            {"password", "token"},
        ),
        # A jump counts a substack as one module.
        (
            "auth [success=1 default=die] pam_env.so\nauth substack password-auth\nauth required pam_duo.so",
            {"token"},
        ),
        ("auth required pam_permit.so\n", set()),
        ("auth required pam_deny.so\n", set()),
        ("-auth required \\\npam_oath.so\n@include common-auth\n", {"password", "token"}),
        ("auth required pam_oath.so # asked first\n@include common-auth\n", {"password", "token"}),
    ],
)
def test_what_a_stack_demands_of_everybody(stack: str, factors: set[str]) -> None:
    assert demanded(stack) == factors


def test_a_stack_names_what_was_not_read() -> None:
    services = pam.Services(
        {"sshd": ["auth substack gone", "auth include sshd", "auth required pam_unix.so"]}
    )

    assert services.stack("sshd") == pam.Stack(
        modules=(
            pam.Module(
                "pam_unix",
                {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
            ),
        ),
        unread=("gone", "sshd"),
    )


def test_the_first_folder_overrides_the_others() -> None:
    assert pam.files(
        [
            "/etc/pam.d/sshd:auth required pam_unix.so",
            "/usr/lib/pam.d/sshd:auth required pam_deny.so",
            "/usr/lib/pam.d/other:auth required pam_deny.so",
        ]
    ) == pam.Services({"sshd": ["auth required pam_unix.so"], "other": ["auth required pam_deny.so"]})
