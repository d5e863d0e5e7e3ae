from datetime import UTC, datetime

from checks.accounts import AccessKey, ConsolePassword, IamUser, PasswordPolicy, User
from checks.accounts.aws import (
    access_keys,
    console_passwords,
    iam_users,
    password_policy,
    root_user,
)
from scanner.testing import Error, observe, world

IAM = "arn:aws:iam::111122223333:"
COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,"
    "cert_2_active,cert_2_last_rotated"
)
ROWS = (
    (
        f"<root_account>,{IAM}root,2020-01-01T00:00:00+00:00,not_supported,2026-01-02T03:04:05+00:00,"
        "not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    ),
    # Signs in to the console and has a newer key, which is what was used last.
    (
        f"ada,{IAM}user/ada,2024-05-06T07:08:09+00:00,true,2026-10-01T08:00:00+00:00,2026-09-01T08:00:00+00:00,"
        "N/A,true,true,2026-08-01T00:00:00+00:00,2026-11-01T09:30:00+00:00,us-east-1,s3,"
        "false,2025-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,false,N/A"
    ),
    # Was made and never came.
    (
        f"bob,{IAM}user/bob,2026-11-02T00:00:00+00:00,true,no_information,2026-11-02T00:00:00+00:00,"
        "N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    ),
    # Has nothing left to sign in with.
    (
        f"eve,{IAM}user/eve,2019-01-01T00:00:00+00:00,false,2019-06-01T00:00:00+00:00,N/A,"
        "N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    ),
)
REPORT = {
    "iam:GenerateCredentialReport": {"State": "COMPLETE"},
    "iam:GetCredentialReport": {
        "Content": "\n".join((COLUMNS, *ROWS)).encode(),
        "ReportFormat": "text/csv",
    },
}

world(iam_users, REPORT)
ROOT = world(root_user, {**REPORT, "iam:GetAccountSummary": {"SummaryMap": {"AccountPasswordPresent": 1}}})
world(access_keys, REPORT)
world(console_passwords, REPORT)
POLICY = world(
    password_policy,
    {
        "iam:GetAccountPasswordPolicy": {
            "PasswordPolicy": {
                "MinimumPasswordLength": 14,
                "RequireSymbols": True,
                "RequireNumbers": True,
                "RequireUppercaseCharacters": True,
                "RequireLowercaseCharacters": True,
                "AllowUsersToChangePassword": True,
                "ExpirePasswords": True,
                "MaxPasswordAge": 90,
                "PasswordReusePrevention": 24,
            }
        }
    },
)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_iam_users() -> None:
    assert observe(iam_users, REPORT) == [
        IamUser(
            resource=IAM + "user/ada",
            active=True,
            last_used_at=moment("2026-11-01T09:30:00"),
            last_seen_at=moment("2026-11-01T09:30:00"),
            created_at=moment("2024-05-06T07:08:09"),
            console_access=True,
            password_changed_at=moment("2026-09-01T08:00:00"),
            active_access_keys=1,
        ),
        IamUser(
            resource=IAM + "user/bob",
            active=True,
            last_used_at=None,
            last_seen_at=moment("2026-11-02"),
            created_at=moment("2026-11-02"),
            console_access=True,
            password_changed_at=moment("2026-11-02"),
            active_access_keys=0,
        ),
        IamUser(
            resource=IAM + "user/eve",
            active=False,
            last_used_at=moment("2019-06-01"),
            last_seen_at=moment("2019-06-01"),
            created_at=moment("2019-01-01"),
            console_access=False,
            password_changed_at=None,
            active_access_keys=0,
        ),
    ]


def test_root_user() -> None:
    assert observe(root_user, ROOT) == [
        User(
            resource=IAM + "root",
            active=True,
            last_used_at=moment("2026-01-02T03:04:05"),
            last_seen_at=moment("2026-01-02T03:04:05"),
            created_at=moment("2020-01-01"),
            console_access=True,
            active_access_keys=0,
        )
    ]


def test_root_user_with_nothing_to_sign_in_with() -> None:
    summary = {"SummaryMap": {"AccountPasswordPresent": 0}}

    (root,) = observe(root_user, {**ROOT, "iam:GetAccountSummary": summary})

    assert isinstance(root, User)
    assert (root.active, root.console_access) == (False, False)


def test_access_keys() -> None:
    assert observe(access_keys, REPORT) == [
        AccessKey(
            resource=IAM + "user/ada/access-key-1",
            links=(IAM + "user/ada",),
            active=True,
            rotated_at=moment("2026-08-01"),
            last_used_at=moment("2026-11-01T09:30:00"),
            last_seen_at=moment("2026-11-01T09:30:00"),
        ),
        AccessKey(
            resource=IAM + "user/ada/access-key-2",
            links=(IAM + "user/ada",),
            active=False,
            rotated_at=moment("2025-01-01"),
            last_used_at=None,
            last_seen_at=moment("2025-01-01"),
        ),
    ]


def test_console_passwords() -> None:
    assert observe(console_passwords, REPORT) == [
        ConsolePassword(
            resource=IAM + "user/ada/console-password",
            links=(IAM + "user/ada",),
            active=True,
            changed_at=moment("2026-09-01T08:00:00"),
            last_used_at=moment("2026-10-01T08:00:00"),
            last_seen_at=moment("2026-10-01T08:00:00"),
        ),
        ConsolePassword(
            resource=IAM + "user/bob/console-password",
            links=(IAM + "user/bob",),
            active=True,
            changed_at=moment("2026-11-02"),
            last_used_at=None,
            last_seen_at=moment("2026-11-02"),
        ),
    ]


def test_password_policy() -> None:
    assert observe(password_policy, POLICY) == [
        PasswordPolicy(
            resource=IAM + "password-policy",
            custom=True,
            password_min_length=14,
            lowercase_required=True,
            uppercase_required=True,
            digit_required=True,
            symbol_required=True,
            passwords_remembered=24,
            password_max_age_days=90,
            users_may_change=True,
        )
    ]


def test_password_policy_of_an_account_that_set_none_is_iams_own() -> None:
    assert observe(password_policy, {"iam:GetAccountPasswordPolicy": Error("NoSuchEntity")}) == [
        PasswordPolicy(
            resource=IAM + "password-policy",
            custom=False,
            password_min_length=8,
            lowercase_required=False,
            uppercase_required=False,
            digit_required=False,
            symbol_required=False,
            passwords_remembered=0,
            password_max_age_days=None,
            users_may_change=False,
        )
    ]
