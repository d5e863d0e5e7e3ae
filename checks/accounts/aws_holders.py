"""Accounts on AWS: what policies IAM users, groups and roles have, and when roles were last used."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypedDict

from scanner import AwsAccount, Reason, check

from ..semantics import iam_permissions
from ..semantics.iam import Statement
from . import GroupPermissions, IamRole, UserPermissions

DETAILS = "iam:GetAccountAuthorizationDetails"

Holder = Mapping[str, Any]

_KINDS: dict[str, Literal["service-linked", "identity-center"]] = {
    "/aws-service-role/": "service-linked",
    "/aws-reserved/sso.amazonaws.com/": "identity-center",
}
"""Where roles are kept that the account did not make, and cannot change.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
"""


@check(DETAILS)
def users(account: AwsAccount) -> Iterator[UserPermissions]:
    """What policies users have themselves, and whether all of theirs let them do everything."""
    permissions = _permissions(account)
    for user in account.all(DETAILS, key="UserDetailList"):
        with account.reading(user["Arn"]):
            yield UserPermissions(
                **permissions(user, user["UserName"]),
                tags=account.tags(user.get("Tags")),
                groups=len(user.get("GroupList") or ()),
                bounded=bool(user.get("PermissionsBoundary")),
            )


@check(DETAILS)
def groups(account: AwsAccount) -> Iterator[GroupPermissions]:
    """What policies groups have, whether they allow everything or to give access, and to how many users."""
    permissions = _permissions(account)
    listed = account.all(DETAILS, key="UserDetailList")
    members = Counter(group for user in listed for group in user.get("GroupList") or ())
    for group in account.all(DETAILS, key="GroupDetailList"):
        with account.reading(group["Arn"]):
            yield GroupPermissions(
                **permissions(group, group["GroupName"]), members=members[group["GroupName"]]
            )


@check(DETAILS)
def roles(account: AwsAccount) -> Iterator[IamRole]:
    """When roles were last used, what policies they have, and whether these allow everything.

    AWS remembers a role's use for 400 days at most, and tells of nothing older.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
    """
    permissions = _permissions(account)
    for role in account.all(DETAILS, key="RoleDetailList"):
        with account.reading(role["Arn"]):
            last_used_at = role.get("RoleLastUsed", {}).get("LastUsedDate")
            yield IamRole(
                **permissions(role, role["RoleName"]),
                tags=account.tags(role.get("Tags")),
                kind=next((kind for path, kind in _KINDS.items() if role["Path"].startswith(path)), "own"),
                active=True,
                created_at=role["CreateDate"],
                last_used_at=last_used_at,
                last_seen_at=last_used_at or role["CreateDate"],
                bounded=bool(role.get("PermissionsBoundary")),
            )


class _Permissions(TypedDict):
    resource: str
    name: str
    inline_policies: int
    managed_policies: int
    everything: bool
    privileged: bool


def _permissions(account: AwsAccount) -> Callable[[Holder, str], _Permissions]:
    policies = iam_permissions.managed(account.all(DETAILS, key="Policies"))
    groups = {group["GroupName"]: group for group in account.all(DETAILS, key="GroupDetailList")}

    def permissions(holder: Holder, name: str) -> _Permissions:
        said = _said(account, holder, policies, groups)
        return _Permissions(
            resource=holder["Arn"],
            name=name,
            inline_policies=len(iam_permissions.inline(holder)),
            managed_policies=len(iam_permissions.attached(holder)),
            everything=iam_permissions.everything(said),
            privileged=iam_permissions.gives_access(said),
        )

    return permissions


def _said(
    account: AwsAccount,
    holder: Holder,
    policies: Mapping[str, tuple[Statement, ...]],
    groups: Mapping[str, Holder],
) -> tuple[Statement, ...]:
    held = iam_permissions.held(holder, policies, groups)
    if held.unlisted:
        raise account.refuse(
            DETAILS, Reason.NOT_COLLECTED, f"{held.unlisted[0]} was not listed with what has it", "scan again"
        )
    return held.said
