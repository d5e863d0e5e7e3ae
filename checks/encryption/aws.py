"""Encryption at rest on AWS."""

from collections.abc import Iterator

from scanner import AwsRegion, check

from . import AtRest


@check("ec2:DescribeVolumes")
def ebs_volumes(region: AwsRegion) -> Iterator[AtRest]:
    """Whether EBS volumes are encrypted, and who holds the key."""
    for volume in region.all("ec2:DescribeVolumes"):
        yield AtRest(
            resource=region.arn("ec2", f"volume/{volume['VolumeId']}"),
            encrypted=volume["Encrypted"],
            key_manager="customer" if volume["Encrypted"] else None,
            tags=region.tags(volume.get("Tags")),
        )
