"""Third parties on AWS: what keeps a region's things from being shared with everybody."""

from collections.abc import Iterator

from scanner import AwsRegion, check

from . import PublicSharing, PublicSnapshots

_DOCUMENT_SHARING = "/ssm/documents/console/public-sharing-permission"


@check("ec2:GetSnapshotBlockPublicAccessState")
def ebs_snapshots(region: AwsRegion) -> Iterator[PublicSnapshots]:
    """Whether the region keeps EBS snapshots from being shared with everybody."""
    state = region.call("ec2:GetSnapshotBlockPublicAccessState")["State"]
    yield PublicSnapshots(
        resource=region.arn("ec2", "snapshot-block-public-access"),
        new_blocked=state != "unblocked",
        existing_blocked=state == "block-all-sharing",
    )


@check("ec2:GetImageBlockPublicAccessState")
def machine_images(region: AwsRegion) -> Iterator[PublicSharing]:
    """Whether the region keeps machine images from being shared with everybody; shared ones stay shared."""
    state = region.call("ec2:GetImageBlockPublicAccessState")["ImageBlockPublicAccessState"]
    yield PublicSharing(
        resource=region.arn("ec2", "image-block-public-access"), new_blocked=state != "unblocked"
    )


@check("ssm:GetServiceSetting")
def ssm_documents(region: AwsRegion) -> Iterator[PublicSharing]:
    """Whether the region keeps documents from being shared with everybody; shared ones stay shared."""
    setting = region.call("ssm:GetServiceSetting", SettingId=_DOCUMENT_SHARING)["ServiceSetting"]
    yield PublicSharing(
        resource=region.arn("ssm", f"servicesetting{_DOCUMENT_SHARING}"),
        new_blocked=setting["SettingValue"] == "Disable",
    )
