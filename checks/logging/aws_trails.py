"""What CloudTrail tells of a trail."""

from typing import Any

from scanner import AwsAccount, AwsRegion

from ..semantics import trails as selectors
from . import Trail

NEEDS = ("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors")
"""What it takes to list trails and to read them."""


def read(view: AwsAccount | AwsRegion, trail: dict[str, Any]) -> Trail:
    """What a trail does: its home region knows, and tells an organization's members who ask by its ARN."""
    arn, home = trail["TrailARN"], trail["HomeRegion"]
    status = view.call("cloudtrail:GetTrailStatus", region=home, Name=arn)
    chosen = None
    if trail.get("HasCustomEventSelectors"):
        chosen = view.call("cloudtrail:GetEventSelectors", region=home, TrailName=arn)
    return Trail(
        resource=arn,
        logged=status["IsLogging"] and not status.get("LatestDeliveryError"),
        multi_region=trail["IsMultiRegionTrail"],
        organization=trail.get("IsOrganizationTrail", False),
        management_events=selectors.management_events(chosen),
        s3_data_events=selectors.s3_data_events(chosen),
        log_file_validation=trail.get("LogFileValidationEnabled", False),
        customer_key=bool(trail.get("KmsKeyId")),
        sent_to_cloudwatch=bool(trail.get("CloudWatchLogsLogGroupArn")),
        delivered_at=status.get("LatestDeliveryTime"),
    )
