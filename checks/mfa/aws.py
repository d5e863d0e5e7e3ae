"""Multi-factor authentication on AWS."""

from collections.abc import Iterator, Mapping

from scanner import AwsAccount, check

from . import RootDevices, RootUser, User


@check("iam:GenerateCredentialReport", "iam:GetCredentialReport")
def iam_users(account: AwsAccount) -> Iterator[User]:
    """Whether IAM users have a console password, and a second factor.

    As of IAM's credential report, which AWS renews at most every four hours. The root user is
    `mfa.aws.root_user`; people who come through an identity provider have their second factor there.
    """
    for row in account.credential_report():
        if row["arn"] != account.root:
            yield User(
                resource=row["arn"],
                console_access=_true(row, "password_enabled"),
                mfa_active=_true(row, "mfa_active"),
            )


@check("iam:GetAccountSummary")
def root_user(account: AwsAccount) -> Iterator[RootUser]:
    """Whether the root user can sign in to the console, has a second factor, and has access keys."""
    summary = account.call("iam:GetAccountSummary")["SummaryMap"]
    yield RootUser(
        resource=account.root,
        # A member account whose root access is managed by its organisation has no root password; an answer
        # that does not tell is from before that was possible.
        console_access=summary.get("AccountPasswordPresent", 1) > 0,
        mfa_active=summary["AccountMFAEnabled"] > 0,
        access_keys_present=summary["AccountAccessKeysPresent"] > 0,
    )


@check("iam:GetAccountSummary", "iam:ListVirtualMFADevices")
def root_devices(account: AwsAccount) -> Iterator[RootDevices]:
    """Whether the root user's second factors are hardware.

    AWS lists an account's virtual devices only: a root user with a second factor that is none of them has
    hardware.
    """
    active = account.call("iam:GetAccountSummary")["SummaryMap"]["AccountMFAEnabled"] > 0
    devices = account.all("iam:ListVirtualMFADevices", AssignmentStatus="Assigned")
    virtual = any(device.get("User", {}).get("Arn") == account.root for device in devices)
    yield RootDevices(resource=account.root, mfa_active=active, mfa_hardware_only=active and not virtual)


def _true(row: Mapping[str, str], column: str) -> bool:
    return row[column] == "true"
