from checks.third_party import PublicSharing, PublicSnapshots
from checks.third_party.aws_blocks import ebs_snapshots, machine_images, ssm_documents
from scanner.testing import ACCOUNT, observe, world

EC2 = f"arn:aws:ec2:us-east-1:{ACCOUNT}:"
SSM = f"arn:aws:ssm:us-east-1:{ACCOUNT}:"

EBS_BLOCK = world(ebs_snapshots, {"ec2:GetSnapshotBlockPublicAccessState": {"State": "block-all-sharing"}})
IMAGE_BLOCK = world(
    machine_images,
    {"ec2:GetImageBlockPublicAccessState": {"ImageBlockPublicAccessState": "block-new-sharing"}},
)
DOCUMENT_BLOCK = world(
    ssm_documents, {"ssm:GetServiceSetting": {"ServiceSetting": {"SettingValue": "Disable"}}}
)


def test_ebs_snapshots() -> None:
    states = {
        "block-all-sharing": (True, True),
        "block-new-sharing": (True, False),
        "unblocked": (False, False),
    }
    assert [
        observe(ebs_snapshots, {"ec2:GetSnapshotBlockPublicAccessState": {"State": state}})
        for state in states
    ] == [
        [
            PublicSnapshots(
                resource=EC2 + "snapshot-block-public-access", new_blocked=new, existing_blocked=existing
            )
        ]
        for new, existing in states.values()
    ]


def test_machine_images() -> None:
    resource = EC2 + "image-block-public-access"
    unblocked = {"ec2:GetImageBlockPublicAccessState": {"ImageBlockPublicAccessState": "unblocked"}}

    assert observe(machine_images, IMAGE_BLOCK) == [PublicSharing(resource=resource, new_blocked=True)]
    assert observe(machine_images, unblocked) == [PublicSharing(resource=resource, new_blocked=False)]


def test_ssm_documents() -> None:
    resource = SSM + "servicesetting/ssm/documents/console/public-sharing-permission"
    enabled = {"ssm:GetServiceSetting": {"ServiceSetting": {"SettingValue": "Enable"}}}

    assert observe(ssm_documents, DOCUMENT_BLOCK) == [PublicSharing(resource=resource, new_blocked=True)]
    assert observe(ssm_documents, enabled) == [PublicSharing(resource=resource, new_blocked=False)]
