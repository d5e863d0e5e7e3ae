"""What is known of AWS resources besides facts: their tags."""

from collections.abc import Iterator

from scanner import AwsRegion, check

from . import Tags

_COVERED = (
    # AWS's page "Services that support the Resource Groups Tagging API" (2026-11): GetResources lists all
    # types of resources, except for IAM users and roles and Auto Scaling groups; of Systems Manager's managed
    # machines it says nothing. Here are those that checks look at.
    "backup",
    "cloudtrail",
    "dax",
    "dms",
    "dynamodb",
    "ec2",
    "ecr",
    "eks",
    "elasticache",
    "elasticfilesystem",
    "elasticloadbalancing",
    "es",
    "firehose",
    "healthlake",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "rds",
    "redshift",
    "redshift-serverless",
    "s3",
    "sagemaker",
    "secretsmanager",
    "sns",
    "sqs",
    "workspaces",
)
_MOST = 100
"""Resources on a page, at most."""


@check("resourcegroupstaggingapi:GetResources")
def tags(region: AwsRegion) -> Iterator[Tags]:
    """The tags of every resource in the region that has any.

    And of the region itself: the services whose resources have no tags unless they were listed.
    """
    told = set()
    for listed in region.all("resourcegroupstaggingapi:GetResources", ResourcesPerPage=_MOST):
        # Other checks name a log group without the :* of its streams.
        resource = listed["ResourceARN"].removesuffix(":*")
        # A listing that takes its time may bring one resource on two pages.
        if resource not in told:
            told.add(resource)
            yield Tags(resource=resource, tags=region.tags(listed.get("Tags")), covers=())
    yield Tags(resource=f"aws:{region.id}:{region.name}", covers=_COVERED)
