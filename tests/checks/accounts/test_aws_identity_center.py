import json
from typing import Any

from checks.accounts import PermissionSet
from checks.accounts.aws_identity_center import permission_sets
from scanner.testing import Error, by, look, observe, world

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def allow(action: str) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


CENTER = "arn:aws:sso:::instance/ssoins-1"
SETS = {name: f"arn:aws:sso:::permissionSet/ssoins-1/{name}" for name in ("ps-admin", "ps-own", "ps-reader")}


def instance(**more: Any) -> dict[str, Any]:
    return {"InstanceArn": CENTER, "OwnerAccountId": "111122223333", **more}


CENTERS: dict[str, Any] = {
    "sso-admin:ListInstances": {"Instances": [instance()]},
    "sso-admin:ListPermissionSets": {"PermissionSets": list(SETS.values())},
    "sso-admin:DescribePermissionSet": by(
        "PermissionSetArn",
        {
            SETS["ps-admin"]: {"PermissionSet": {"Name": "Admin", "SessionDuration": "PT12H"}},
            SETS["ps-own"]: {"PermissionSet": {"Name": "Own", "SessionDuration": "PT1H30M"}},
            SETS["ps-reader"]: {"PermissionSet": {"Name": "Reader"}},
        },
    ),
    "sso-admin:ListManagedPoliciesInPermissionSet": by(
        "PermissionSetArn",
        {
            SETS["ps-admin"]: {
                "AttachedManagedPolicies": [{"Name": "AdministratorAccess", "Arn": ADMINISTRATOR}]
            },
            SETS["ps-own"]: {},
            SETS["ps-reader"]: {
                "AttachedManagedPolicies": [
                    {"Name": "ViewOnlyAccess", "Arn": "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"},
                    {"Name": "Billing", "Arn": "arn:aws:iam::aws:policy/job-function/Billing"},
                ]
            },
        },
    ),
    "sso-admin:GetInlinePolicyForPermissionSet": by(
        "PermissionSetArn",
        {
            SETS["ps-admin"]: {"InlinePolicy": ""},
            SETS["ps-own"]: {"InlinePolicy": allow("*")},
            SETS["ps-reader"]: {"InlinePolicy": allow("s3:GetObject")},
        },
    ),
}
world(permission_sets, CENTERS)


def test_permission_sets() -> None:
    assert observe(permission_sets, CENTERS) == [
        PermissionSet(
            resource=SETS["ps-admin"],
            name="Admin",
            session_minutes=720,
            managed_policies=("AdministratorAccess",),
            inline_policy=False,
            everything=True,
        ),
        PermissionSet(
            resource=SETS["ps-own"],
            name="Own",
            session_minutes=90,
            managed_policies=(),
            inline_policy=True,
            everything=True,
        ),
        PermissionSet(
            resource=SETS["ps-reader"],
            name="Reader",
            session_minutes=60,
            managed_policies=("Billing", "ViewOnlyAccess"),
            inline_policy=True,
            everything=False,
        ),
    ]


def test_permission_sets_of_others_and_of_other_regions_are_theirs_to_tell() -> None:
    others = [instance(OwnerAccountId="444455556666"), instance(PrimaryRegion="eu-west-1")]

    assert observe(permission_sets, {**CENTERS, "sso-admin:ListInstances": {"Instances": others}}) == []


def test_a_permission_set_that_cannot_be_read_is_left_out_alone() -> None:
    own = {**CENTERS["sso-admin:DescribePermissionSet"].answers}
    own[SETS["ps-own"]] = Error("ResourceNotFoundException")

    sight = look(permission_sets, {**CENTERS, "sso-admin:DescribePermissionSet": by("PermissionSetArn", own)})

    assert [seen.resource for seen in sight.facts] == [SETS["ps-admin"], SETS["ps-reader"]]
    assert [refusal.resource for refusal in sight.refusals] == [SETS["ps-own"]]
