import json
from datetime import UTC, datetime
from typing import Any

from checks.accounts import InlinePolicy, ManagedPolicy
from checks.accounts.aws_policies import inline_policies, managed_policies
from scanner.testing import observe, world

DETAILS = "iam:GetAccountAuthorizationDetails"
IAM = "arn:aws:iam::111122223333:"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READER = IAM + "policy/reader"
MADE = datetime(2025, 1, 2, tzinfo=UTC)
USED = datetime(2026, 11, 1, tzinfo=UTC)


def document(*said: dict[str, Any]) -> str:
    """As AWS answers it, but for the URL encoding, which botocore takes off."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(said)})


def allow(*actions: str, on: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def policy(arn: str, said: str, *, attached: int = 0, boundaries: int = 0) -> dict[str, Any]:
    return {
        "Arn": arn,
        "PolicyName": arn.rpartition("/")[2],
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": boundaries,
        "PolicyVersionList": [
            {"VersionId": "v1", "IsDefaultVersion": False, "Document": document(allow("*"))},
            {"VersionId": "v2", "IsDefaultVersion": True, "Document": said},
        ],
    }


def attached(*arns: str) -> list[dict[str, str]]:
    return [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in arns]


USERS = [
    {
        "Arn": IAM + "user/ada",
        "UserName": "ada",
        "GroupList": ["admins", "readers"],
        "UserPolicyList": [{"PolicyName": "buckets", "PolicyDocument": document(allow("s3:*"))}],
        "AttachedManagedPolicies": attached(READER),
        "PermissionsBoundary": {"PermissionsBoundaryArn": READER},
        "Tags": [{"Key": "owner", "Value": "it"}],
    },
    {"Arn": IAM + "user/bob", "UserName": "bob", "GroupList": ["readers"]},
]
GROUPS = [
    {
        "Arn": IAM + "group/admins",
        "GroupName": "admins",
        "GroupPolicyList": [],
        "AttachedManagedPolicies": attached(ADMINISTRATOR),
    },
    {
        "Arn": IAM + "group/readers",
        "GroupName": "readers",
        "GroupPolicyList": [
            {
                "PolicyName": "keys",
                "PolicyDocument": document(allow("kms:Decrypt", on="arn:aws:kms:*:*:key/*")),
            }
        ],
        "AttachedManagedPolicies": [],
    },
]
ROLES = [
    {
        "Arn": IAM + "role/ci",
        "Path": "/",
        "RoleName": "ci",
        "CreateDate": MADE,
        "RoleLastUsed": {"LastUsedDate": USED, "Region": "us-east-1"},
        "AttachedManagedPolicies": attached(IAM + "policy/delegate"),
        "RolePolicyList": [
            {"PolicyName": "shop", "PolicyDocument": document(allow("aws-marketplace:Subscribe"))}
        ],
        "PermissionsBoundary": {"PermissionsBoundaryArn": READER},
        "Tags": [{"Key": "owner", "Value": "build"}],
    },
    {
        "Arn": IAM + "role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
        "Path": "/aws-service-role/guardduty.amazonaws.com/",
        "RoleName": "AWSServiceRoleForAmazonGuardDuty",
        "CreateDate": MADE,
        "RoleLastUsed": {},
    },
    {
        "Arn": IAM + "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1",
        "Path": "/aws-reserved/sso.amazonaws.com/",
        "RoleName": "AWSReservedSSO_Admin_1",
        "CreateDate": MADE,
        "AttachedManagedPolicies": attached(ADMINISTRATOR),
    },
]
POLICIES = [
    policy(ADMINISTRATOR, document(allow("*")), attached=2),
    policy("arn:aws:iam::aws:policy/ReadOnlyAccess", document(allow("ec2:Get*"))),
    policy(READER, document(allow("s3:GetObject", on="arn:aws:s3:::records/*")), attached=1, boundaries=2),
    policy(IAM + "policy/delegate", document(allow("iam:Put*")), attached=1),
    policy(IAM + "policy/forgotten", document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})),
]


def details(**lists: Any) -> dict[str, Any]:
    """One listing, of which a page may have some of the lists only."""
    said = {"UserDetailList": USERS, "GroupDetailList": GROUPS, "RoleDetailList": ROLES, "Policies": POLICIES}
    return {DETAILS: [{name: listed} for name, listed in (said | lists).items()]}


WHOLE = details()
world(managed_policies, WHOLE)
world(inline_policies, WHOLE)


def managed(arn: str, **facts: Any) -> ManagedPolicy:
    plain: dict[str, Any] = {
        "customer_managed": True,
        "attached": True,
        "attached_to": (),
        "boundaries": 0,
        "everything": False,
        "privileged": False,
        "full_services": (),
        "decrypts_with_any_key": False,
        "subscribes_to_anything": False,
    }
    return ManagedPolicy(resource=arn, name=arn.rpartition("/")[2], **plain | facts)


def test_managed_policies() -> None:
    assert observe(managed_policies, WHOLE) == [
        managed(
            ADMINISTRATOR,
            customer_managed=False,
            attached_to=("group", "role"),
            everything=True,
            privileged=True,
            full_services=("*",),
            decrypts_with_any_key=True,
            subscribes_to_anything=True,
        ),
        managed(READER, attached_to=("user",), boundaries=2),
        managed(IAM + "policy/delegate", attached_to=("role",), privileged=True),
        managed(
            IAM + "policy/forgotten",
            attached=False,
            full_services=("*",),
            decrypts_with_any_key=True,
            subscribes_to_anything=True,
        ),
    ]


def test_aws_policies_that_are_a_boundary_only_are_told() -> None:
    (seen,) = observe(
        managed_policies,
        details(Policies=[policy(ADMINISTRATOR, document(allow("a:b")), boundaries=1)]),
    )

    assert seen == managed(
        ADMINISTRATOR, customer_managed=False, attached=False, attached_to=("group", "role"), boundaries=1
    )


def test_inline_policies() -> None:
    plain: dict[str, Any] = {
        "everything": False,
        "privileged": False,
        "full_services": (),
        "decrypts_with_any_key": False,
        "subscribes_to_anything": False,
    }

    assert observe(inline_policies, WHOLE) == [
        InlinePolicy(
            resource=IAM + "user/ada/inline-policy/buckets",
            links=(IAM + "user/ada",),
            name="buckets",
            holder_kind="user",
            **plain | {"full_services": ("s3",)},
        ),
        InlinePolicy(
            resource=IAM + "group/readers/inline-policy/keys",
            links=(IAM + "group/readers",),
            name="keys",
            holder_kind="group",
            **plain | {"decrypts_with_any_key": True},
        ),
        InlinePolicy(
            resource=IAM + "role/ci/inline-policy/shop",
            links=(IAM + "role/ci",),
            name="shop",
            holder_kind="role",
            **plain | {"subscribes_to_anything": True},
        ),
    ]
