from typing import Any

from checks.accounts import GroupPermissions, IamRole, UserPermissions
from checks.accounts.aws_holders import groups, roles, users
from scanner import Reason
from scanner.testing import look, observe, world

from .test_aws_policies import ADMINISTRATOR, DETAILS, IAM, MADE, POLICIES, ROLES, USED, WHOLE, details

world(users, WHOLE)
world(groups, WHOLE)
world(roles, WHOLE)


def test_users_have_what_their_groups_have() -> None:
    assert observe(users, WHOLE) == [
        UserPermissions(
            resource=IAM + "user/ada",
            tags={"owner": "it"},
            name="ada",
            inline_policies=1,
            managed_policies=1,
            everything=True,
            privileged=True,
            groups=2,
            bounded=True,
        ),
        UserPermissions(
            resource=IAM + "user/bob",
            tags={},
            name="bob",
            inline_policies=0,
            managed_policies=0,
            everything=False,
            privileged=False,
            groups=1,
            bounded=False,
        ),
    ]


def test_groups() -> None:
    assert observe(groups, WHOLE) == [
        GroupPermissions(
            resource=IAM + "group/admins",
            name="admins",
            inline_policies=0,
            managed_policies=1,
            everything=True,
            privileged=True,
            members=1,
        ),
        GroupPermissions(
            resource=IAM + "group/readers",
            name="readers",
            inline_policies=1,
            managed_policies=0,
            everything=False,
            privileged=False,
            members=2,
        ),
    ]


def role(given: dict[str, Any], **facts: Any) -> IamRole:
    plain: dict[str, Any] = {
        "kind": "own",
        "active": True,
        "created_at": MADE,
        "last_used_at": None,
        "last_seen_at": MADE,
        "inline_policies": 0,
        "managed_policies": 0,
        "everything": False,
        "privileged": False,
        "bounded": False,
        "tags": {},
    }
    return IamRole(resource=given["Arn"], name=given["RoleName"], **plain | facts)


def test_roles() -> None:
    assert observe(roles, WHOLE) == [
        role(
            ROLES[0],
            last_used_at=USED,
            last_seen_at=USED,
            inline_policies=1,
            managed_policies=1,
            privileged=True,
            bounded=True,
            tags={"owner": "build"},
        ),
        role(ROLES[1], kind="service-linked"),
        role(ROLES[2], kind="identity-center", managed_policies=1, everything=True, privileged=True),
    ]


def test_a_policy_that_was_not_listed_leaves_its_holder_unread() -> None:
    sight = look(roles, details(Policies=[one for one in POLICIES if one["Arn"] != ADMINISTRATOR]))

    assert [seen.resource for seen in sight.facts] == [ROLES[0]["Arn"], ROLES[1]["Arn"]]
    assert [
        (refusal.resource, refusal.error.need, refusal.error.reason, refusal.error.detail)
        for refusal in sight.refusals
    ] == [
        (ROLES[2]["Arn"], DETAILS, Reason.NOT_COLLECTED, f"{ADMINISTRATOR} was not listed with what has it")
    ]
