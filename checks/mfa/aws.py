"""Multi-factor authentication on AWS."""

from collections.abc import Iterator, Mapping

from scanner import AwsAccount, Reason, check

from ..semantics import iam_permissions
from . import RootDevices, RootUser, User, UserDemands

_DETAILS = "iam:GetAccountAuthorizationDetails"


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


@check(_DETAILS, "iam:GenerateCredentialReport", "iam:GetCredentialReport")
def user_policies(account: AwsAccount) -> Iterator[UserDemands]:
    """Whether policies demand a second factor of IAM users, at the console and with access keys.

    What the policies of a user and of the user's groups allow without one is looked at, less what they and a
    permissions boundary deny; what the organisation's policies, or a resource's, deny is not. Whoever may do
    nothing at all may do nothing without a second factor. Whether people who come through IAM Identity Center
    are asked for one is a setting that AWS's interface does not tell.
    """
    policies = iam_permissions.managed(account.all(_DETAILS, key="Policies"))
    groups = {group["GroupName"]: group for group in account.all(_DETAILS, key="GroupDetailList")}
    users = {user["Arn"]: user for user in account.all(_DETAILS, key="UserDetailList")}
    for row in account.credential_report():
        # Who is in the report and not in the listing has been deleted since.
        if row["arn"] in users:
            with account.reading(row["arn"]):
                held = iam_permissions.held(users[row["arn"]], policies, groups)
                if held.unlisted:
                    unlisted = f"{held.unlisted[0]} was not listed with what has it"
                    raise account.refuse(_DETAILS, Reason.NOT_COLLECTED, unlisted, "scan again")
                yield UserDemands(
                    resource=row["arn"],
                    console_access=_true(row, "password_enabled"),
                    mfa_active=_true(row, "mfa_active"),
                    active_access_keys=sum(_true(row, f"access_key_{number}_active") for number in (1, 2)),
                    enforced_at_console=iam_permissions.only_sets_up(held.said, iam_permissions.BY_PASSWORD),
                    enforced_for_keys=iam_permissions.only_sets_up(held.said, iam_permissions.BY_KEY),
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
