"""Accounts on AWS: the policies of IAM users, groups and roles, and what they allow.

An account's policies are read in one listing. What the policies of the organisation, of resources and of
sessions give or take away is not looked at here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypedDict

from scanner import AwsAccount, check

from ..semantics import iam_permissions
from ..semantics.iam import Statement
from . import InlinePolicy, ManagedPolicy

DETAILS = "iam:GetAccountAuthorizationDetails"

Kind = Literal["user", "group", "role"]

_LISTS: dict[Kind, str] = {"user": "UserDetailList", "group": "GroupDetailList", "role": "RoleDetailList"}


@check(DETAILS)
def managed_policies(account: AwsAccount) -> Iterator[ManagedPolicy]:
    """What the account's own managed policies allow, and AWS's that somebody has, and what has them."""
    kinds: defaultdict[str, set[Kind]] = defaultdict(set)
    for kind, holder in _holders(account):
        for arn in iam_permissions.attached(holder):
            kinds[arn].add(kind)
    policies = list(account.all(DETAILS, key="Policies"))
    said = iam_permissions.managed(policies)
    for policy in policies:
        arn = policy["Arn"]
        own = f":{account.id}:" in arn
        used = policy["AttachmentCount"] > 0
        boundaries = policy.get("PermissionsBoundaryUsageCount", 0)
        # AWS's own that nobody has are on a shelf, and in no account.
        if own or used or boundaries:
            yield ManagedPolicy(
                resource=arn,
                name=arn.rpartition("/")[2],
                customer_managed=own,
                attached=used,
                attached_to=tuple(sorted(kinds[arn])),
                boundaries=boundaries,
                **_reach(said[arn]),
            )


@check(DETAILS)
def inline_policies(account: AwsAccount) -> Iterator[InlinePolicy]:
    """What the policies allow that are a part of one user, group or role."""
    for kind, holder in _holders(account):
        for name, said in iam_permissions.inline(holder):
            yield InlinePolicy(
                resource=f"{holder['Arn']}/inline-policy/{name}",
                links=(holder["Arn"],),
                name=name,
                holder_kind=kind,
                **_reach(said),
            )


class _Reach(TypedDict):
    everything: bool
    privileged: bool
    full_services: tuple[str, ...]
    decrypts_with_any_key: bool
    subscribes_to_anything: bool


def _reach(said: tuple[Statement, ...]) -> _Reach:
    return _Reach(
        everything=iam_permissions.everything(said),
        privileged=iam_permissions.gives_access(said),
        full_services=iam_permissions.whole_services(said),
        decrypts_with_any_key=iam_permissions.decrypts(said),
        subscribes_to_anything=iam_permissions.subscribes(said),
    )


def _holders(account: AwsAccount) -> Iterator[tuple[Kind, Mapping[str, Any]]]:
    for kind, listed in _LISTS.items():
        yield from ((kind, holder) for holder in account.all(DETAILS, key=listed))
