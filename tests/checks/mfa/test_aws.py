from typing import Any

from checks.mfa import RootDevices, RootUser, User
from checks.mfa.aws import iam_users, root_devices, root_user
from scanner.testing import observe, world

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
