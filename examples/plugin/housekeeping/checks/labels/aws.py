"""Labels on AWS."""

from collections.abc import Iterator

from scanner import AwsRegion, check

from . import Labelled


@check("ec2:DescribeVpcs")
def vpcs(region: AwsRegion) -> Iterator[Labelled]:
    """Whether VPCs carry a tag that names their environment."""
    for vpc in region.all("ec2:DescribeVpcs"):
        tags = region.tags(vpc.get("Tags"))
        yield Labelled(
            resource=region.arn("ec2", f"vpc/{vpc['VpcId']}"),
            environment=any(name.lower() == "environment" and value.strip() for name, value in tags.items()),
            tags=tags,
        )
