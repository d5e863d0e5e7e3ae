"""Patching of EC2 instances: since when they run, of what they were made, what is kept as it should be."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from scanner import AwsRegion, check

from . import Associations, MachineAge, MachineImage

_GONE = frozenset({"shutting-down", "terminated"})
_STOPPED = frozenset({"stopping", "stopped"})
_STOPPED_AT = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")
_IMAGES_AT_ONCE = 200
"""How many values a filter of EC2 takes."""


@check("ec2:DescribeInstances")
def ec2_instances(region: AwsRegion) -> Iterator[MachineAge]:
    """Since when EC2 instances run, or are stopped.

    AWS tells when somebody stopped an instance, and mostly not when something else did.
    """
    for instance in _instances(region):
        stopped = instance["State"]["Name"] in _STOPPED
        yield MachineAge(
            resource=_arn(region, instance["InstanceId"]),
            powered_on=not stopped,
            launched_at=instance["LaunchTime"],
            stopped_at=_stopped_at(instance.get("StateTransitionReason", "")) if stopped else None,
            tags=region.tags(instance.get("Tags")),
        )


@check("ec2:DescribeInstances", "ec2:DescribeImages")
def ec2_images(region: AwsRegion) -> Iterator[MachineImage]:
    """How old the images are that EC2 instances were made of."""
    images = _images(region, sorted({instance["ImageId"] for instance in _instances(region)}))
    for instance in _instances(region):
        image = images.get(instance["ImageId"], {})
        yield MachineImage(
            resource=_arn(region, instance["InstanceId"]),
            image_id=instance["ImageId"],
            image_created_at=_moment(image.get("CreationDate")),
            image_deprecated_at=_moment(image.get("DeprecationTime")),
            tags=region.tags(instance.get("Tags")),
        )


@check("ssm:ListResourceComplianceSummaries")
def ssm_associations(region: AwsRegion) -> Iterator[Associations]:
    """Whether machines are in the states that State Manager was told to keep them in.

    A machine without an association is not among these.
    """
    for summary in region.all("ssm:ListResourceComplianceSummaries"):
        if summary["ComplianceType"] == "Association":
            yield Associations(
                resource=_arn(region, summary["ResourceId"]),
                associations_met=summary.get("CompliantSummary", {}).get("CompliantCount", 0),
                associations_missed=summary.get("NonCompliantSummary", {}).get("NonCompliantCount", 0),
                checked_at=summary["ExecutionSummary"]["ExecutionTime"],
            )


def _instances(region: AwsRegion) -> Iterator[dict[str, Any]]:
    for reservation in region.all("ec2:DescribeInstances"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] not in _GONE:
                yield instance


def _images(region: AwsRegion, ids: list[str]) -> dict[str, dict[str, Any]]:
    """Images by id. Asked by a filter, since asking by id is an error once one of them is gone."""
    found = {}
    left = iter(ids)
    while some := list(islice(left, _IMAGES_AT_ONCE)):
        named = [{"Name": "image-id", "Values": some}]
        for image in region.all(
            "ec2:DescribeImages", Filters=named, IncludeDeprecated=True, IncludeDisabled=True
        ):
            found[image["ImageId"]] = image
    return found


def _stopped_at(reason: str) -> datetime | None:
    """The moment in words such as: User initiated (2026-01-31 08:15:00 GMT)."""
    found = _STOPPED_AT.search(reason)
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _arn(region: AwsRegion, instance: str) -> str:
    """The ARN of an EC2 instance (i-), or of a machine elsewhere that Systems Manager manages (mi-)."""
    if instance.startswith("mi-"):
        return region.arn("ssm", f"managed-instance/{instance}")
    return region.arn("ec2", f"instance/{instance}")
