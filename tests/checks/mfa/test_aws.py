import json
from typing import Any

from checks.mfa import RootDevices, RootUser, User, UserDemands
from checks.mfa.aws import iam_users, root_devices, root_user, user_policies
from scanner import Reason
from scanner.testing import look, observe, world

IAM = "arn:aws:iam::111122223333:"
REPORT = f"""\
user,arn,password_enabled,mfa_active
<root_account>,{IAM}root,not_supported,true
ada,{IAM}user/ada,true,true
bob,{IAM}user/bob,true,false
pacs,{IAM}user/services/pacs,false,false
"""

USERS = world(
    iam_users,
    {
        "iam:GenerateCredentialReport": {"State": "COMPLETE"},
        "iam:GetCredentialReport": {"Content": REPORT.encode(), "ReportFormat": "text/csv"},
    },
)
FULL_REPORT = f"""\
user,arn,password_enabled,mfa_active,access_key_1_active,access_key_2_active
<root_account>,{IAM}root,not_supported,true,false,false
ada,{IAM}user/ada,true,true,true,true
bob,{IAM}user/bob,true,false,false,true
eve,{IAM}user/eve,true,true,true,false
gone,{IAM}user/gone,true,true,true,false
pacs,{IAM}user/pacs,false,false,false,false
sid,{IAM}user/sid,true,true,true,false
"""
SELF_SERVICE = ["iam:EnableMFADevice", "iam:CreateVirtualMFADevice", "iam:Get*", "sts:GetSessionToken"]


def without_mfa(operator: str, *, but: list[str]) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "NotAction": but,
        "Resource": "*",
        "Condition": {operator: {"aws:MultiFactorAuthPresent": "false"}},
    }


def inline(*said: dict[str, Any]) -> list[dict[str, str]]:
    return [{"PolicyName": "own", "PolicyDocument": json.dumps({"Statement": said})}]


def managed(name: str, *said: dict[str, Any]) -> dict[str, Any]:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": json.dumps({"Statement": said})}
    return {"Arn": f"{IAM}policy/{name}", "PolicyName": name, "PolicyVersionList": [version]}


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
WITH_MFA = {**EVERYTHING, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
POLICIES = world(
    user_policies,
    {
        "iam:GenerateCredentialReport": {"State": "COMPLETE"},
        "iam:GetCredentialReport": {"Content": FULL_REPORT.encode(), "ReportFormat": "text/csv"},
        "iam:GetAccountAuthorizationDetails": {
            "UserDetailList": [
                # Her group allows everything, and denies it without a second factor.
                {"Arn": IAM + "user/ada", "UserName": "ada", "GroupList": ["staff"]},
                # Bool without IfExists does not hold of keys, of which nothing is said.
                {
                    "Arn": IAM + "user/bob",
                    "UserName": "bob",
                    "UserPolicyList": inline(EVERYTHING, without_mfa("Bool", but=SELF_SERVICE)),
                },
                # Whoever may take up a role without a second factor, goes around it.
                {
                    "Arn": IAM + "user/eve",
                    "UserName": "eve",
                    "UserPolicyList": inline(
                        EVERYTHING, without_mfa("BoolIfExists", but=[*SELF_SERVICE, "sts:AssumeRole"])
                    ),
                },
                {"Arn": IAM + "user/pacs", "UserName": "pacs", "UserPolicyList": inline(WITH_MFA)},
                # What is denied is so by his boundary.
                {
                    "Arn": IAM + "user/sid",
                    "UserName": "sid",
                    "UserPolicyList": inline(EVERYTHING),
                    "PermissionsBoundary": {"PermissionsBoundaryArn": IAM + "policy/demand"},
                },
            ],
            "GroupDetailList": [
                {
                    "Arn": IAM + "group/staff",
                    "GroupName": "staff",
                    "AttachedManagedPolicies": [{"PolicyArn": IAM + "policy/demand", "PolicyName": "demand"}],
                }
            ],
            "Policies": [managed("demand", EVERYTHING, without_mfa("BoolIfExists", but=SELF_SERVICE))],
        },
    },
)
ROOT = world(
    root_user,
    {
        "iam:GetAccountSummary": {
            "SummaryMap": {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 1}
        }
    },
)
DEVICES = world(
    root_devices,
    {
        "iam:GetAccountSummary": {"SummaryMap": {"AccountMFAEnabled": 1}},
        "iam:ListVirtualMFADevices": {
            "VirtualMFADevices": [
                {"SerialNumber": IAM + "mfa/ada", "User": {"Arn": IAM + "user/ada", "UserName": "ada"}},
            ]
        },
    },
)


def test_iam_users() -> None:
    assert observe(iam_users, USERS) == [
        User(resource=IAM + "user/ada", console_access=True, mfa_active=True),
        User(resource=IAM + "user/bob", console_access=True, mfa_active=False),
        User(resource=IAM + "user/services/pacs", console_access=False, mfa_active=False),
    ]


def demands(name: str, **facts: Any) -> UserDemands:
    return UserDemands(resource=f"{IAM}user/{name}", **facts)


def test_what_policies_leave_to_users_without_a_second_factor() -> None:
    everywhere = {"enforced_at_console": True, "enforced_for_keys": True}
    nowhere = {"enforced_at_console": False, "enforced_for_keys": False}

    assert observe(user_policies, POLICIES) == [
        demands("ada", console_access=True, mfa_active=True, active_access_keys=2, **everywhere),
        demands(
            "bob",
            console_access=True,
            mfa_active=False,
            active_access_keys=1,
            enforced_at_console=True,
            enforced_for_keys=False,
        ),
        demands("eve", console_access=True, mfa_active=True, active_access_keys=1, **nowhere),
        demands("pacs", console_access=False, mfa_active=False, active_access_keys=0, **everywhere),
        demands("sid", console_access=True, mfa_active=True, active_access_keys=1, **everywhere),
    ]


def test_a_policy_that_was_not_listed_leaves_its_holders_unread() -> None:
    details = POLICIES["iam:GetAccountAuthorizationDetails"]

    sight = look(
        user_policies, {**POLICIES, "iam:GetAccountAuthorizationDetails": {**details, "Policies": []}}
    )

    assert [seen.resource for seen in sight.facts] == [f"{IAM}user/{name}" for name in ("bob", "eve", "pacs")]
    assert [(refusal.resource, refusal.error.reason) for refusal in sight.refusals] == [
        (f"{IAM}user/{name}", Reason.NOT_COLLECTED) for name in ("ada", "sid")
    ]


def test_root_user() -> None:
    assert observe(root_user, ROOT) == [
        RootUser(resource=IAM + "root", console_access=True, mfa_active=True, access_keys_present=False)
    ]


def test_root_user_whose_password_the_organisation_took_away() -> None:
    summary = {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1, "AccountPasswordPresent": 0}

    assert observe(root_user, {"iam:GetAccountSummary": {"SummaryMap": summary}}) == [
        RootUser(resource=IAM + "root", console_access=False, mfa_active=False, access_keys_present=True)
    ]


def test_root_user_has_a_password_unless_aws_says_otherwise() -> None:
    summary = {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0}

    assert observe(root_user, {"iam:GetAccountSummary": {"SummaryMap": summary}}) == [
        RootUser(resource=IAM + "root", console_access=True, mfa_active=False, access_keys_present=False)
    ]


def test_root_devices_are_hardware_when_none_is_virtual() -> None:
    assert observe(root_devices, DEVICES) == [
        RootDevices(resource=IAM + "root", mfa_active=True, mfa_hardware_only=True)
    ]


def test_root_devices_with_a_virtual_one() -> None:
    def virtual(**parameters: Any) -> dict[str, Any]:
        assert parameters == {"AssignmentStatus": "Assigned"}
        return {
            "VirtualMFADevices": [{"SerialNumber": IAM + "mfa/phone", "User": {"Arn": IAM + "root"}}],
        }

    assert observe(root_devices, {**DEVICES, "iam:ListVirtualMFADevices": virtual}) == [
        RootDevices(resource=IAM + "root", mfa_active=True, mfa_hardware_only=False)
    ]


def test_no_second_factor_is_no_hardware() -> None:
    summary = {"SummaryMap": {"AccountMFAEnabled": 0}}

    assert observe(root_devices, {**DEVICES, "iam:GetAccountSummary": summary}) == [
        RootDevices(resource=IAM + "root", mfa_active=False, mfa_hardware_only=False)
    ]
