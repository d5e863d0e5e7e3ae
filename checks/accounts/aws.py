"""Accounts on AWS: IAM users, their keys and passwords.

Users and keys are as of IAM's credential report, which AWS renews at most every four hours.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypedDict

from scanner import AwsAccount, check

from . import AccessKey, ConsolePassword, IamUser, PasswordPolicy, User

_DEFAULT_MIN_LENGTH = 8
"""What IAM asks without a policy: 8 characters, of three of the four kinds; nothing expires."""


@check("iam:GenerateCredentialReport", "iam:GetCredentialReport")
def iam_users(account: AwsAccount) -> Iterator[IamUser]:
    """When IAM users last signed in, by password or access key, and what they can sign in with.

    A user without a password and without an active access key is not active. The root user is
    `accounts.aws.root_user`.
    """
    for row in account.credential_report():
        if row["arn"] != account.root:
            console_access = _true(row, "password_enabled")
            changed_at = _moment(row["password_last_changed"]) if console_access else None
            yield IamUser(**_seen(row, console_access=console_access), password_changed_at=changed_at)


@check("iam:GenerateCredentialReport", "iam:GetCredentialReport", "iam:GetAccountSummary")
def root_user(account: AwsAccount) -> Iterator[User]:
    """When the root user, who may do everything, last signed in, and what with."""
    # Of the root user, the report does not tell whether there is a password.
    summary = account.call("iam:GetAccountSummary")["SummaryMap"]
    for row in account.credential_report():
        if row["arn"] == account.root:
            yield User(**_seen(row, console_access=summary.get("AccountPasswordPresent", 1) > 0))


@check("iam:GenerateCredentialReport", "iam:GetCredentialReport")
def access_keys(account: AwsAccount) -> Iterator[AccessKey]:
    """Whether the access keys of IAM users and of the root user are active, and when they were made and used.

    The report numbers a user's keys and does not name them; so do the resource ids.
    """
    for row in account.credential_report():
        for number in ("1", "2"):
            rotated_at = _moment(row[f"access_key_{number}_last_rotated"])
            if rotated_at:
                last_used_at = _moment(row[f"access_key_{number}_last_used_date"])
                yield AccessKey(
                    resource=f"{row['arn']}/access-key-{number}",
                    links=(row["arn"],),
                    active=_true(row, f"access_key_{number}_active"),
                    rotated_at=rotated_at,
                    last_used_at=last_used_at,
                    last_seen_at=last_used_at or rotated_at,
                )


@check("iam:GenerateCredentialReport", "iam:GetCredentialReport")
def console_passwords(account: AwsAccount) -> Iterator[ConsolePassword]:
    """When the console passwords of IAM users were last used, and when they were set.

    Whoever uses a key all day and the password never is used as a user; the password is not.
    """
    for row in account.credential_report():
        changed_at = _moment(row["password_last_changed"])
        if row["arn"] != account.root and _true(row, "password_enabled") and changed_at:
            last_used_at = _moment(row["password_last_used"])
            yield ConsolePassword(
                resource=f"{row['arn']}/console-password",
                links=(row["arn"],),
                active=True,
                changed_at=changed_at,
                last_used_at=last_used_at,
                last_seen_at=last_used_at or changed_at,
            )


@check("iam:GetAccountPasswordPolicy")
def password_policy(account: AwsAccount) -> Iterator[PasswordPolicy]:
    """What the account asks of IAM users' passwords.

    Without a policy of the account's own, IAM asks for 8 characters of three kinds out of four: no one kind
    is required.
    """
    answer = account.call("iam:GetAccountPasswordPolicy", absent="NoSuchEntity")
    policy = answer["PasswordPolicy"] if answer else {}
    yield PasswordPolicy(
        resource=account.arn("iam", "password-policy"),
        custom=answer is not None,
        password_min_length=policy.get("MinimumPasswordLength", _DEFAULT_MIN_LENGTH),
        lowercase_required=policy.get("RequireLowercaseCharacters", False),
        uppercase_required=policy.get("RequireUppercaseCharacters", False),
        digit_required=policy.get("RequireNumbers", False),
        symbol_required=policy.get("RequireSymbols", False),
        passwords_remembered=policy.get("PasswordReusePrevention", 0),
        password_max_age_days=policy.get("MaxPasswordAge") or None,
        users_may_change=policy.get("AllowUsersToChangePassword", False),
    )


class _Seen(TypedDict):
    resource: str
    active: bool
    last_used_at: datetime | None
    last_seen_at: datetime
    created_at: datetime
    console_access: bool
    active_access_keys: int


def _seen(row: Mapping[str, str], *, console_access: bool) -> _Seen:
    created_at = datetime.fromisoformat(row["user_creation_time"])
    active_keys = sum(_true(row, f"access_key_{number}_active") for number in ("1", "2"))
    used = [
        moment
        for column in ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date")
        if (moment := _moment(row[column]))
    ]
    return _Seen(
        resource=row["arn"],
        active=console_access or active_keys > 0,
        last_used_at=max(used, default=None),
        last_seen_at=max(used, default=created_at),
        created_at=created_at,
        console_access=console_access,
        active_access_keys=active_keys,
    )


def _true(row: Mapping[str, str], column: str) -> bool:
    return row[column] == "true"


def _moment(text: str) -> datetime | None:
    """A moment of the credential report, which says in several words that there is none."""
    return None if text in ("N/A", "no_information", "not_supported") else datetime.fromisoformat(text)
