"""Web application firewalls on AWS: what they look at.

Those of AWS WAF Classic, which AWS ended in September 2025, do not count:
https://docs.aws.amazon.com/waf/latest/developerguide/classic-waf-chapter.html.
"""

from collections.abc import Iterator
from typing import Any

from scanner import AwsAccount, AwsRegion, check

from . import Firewalled

Item = dict[str, Any]


@check("elbv2:DescribeLoadBalancers", "wafv2:ListWebACLs", "wafv2:ListResourcesForWebACL")
def load_balancers(region: AwsRegion) -> Iterator[Firewalled]:
    """Whether a firewall looks at the requests to application load balancers."""
    balancers = [one for one in region.all("elbv2:DescribeLoadBalancers") if one["Type"] == "application"]
    # Nobody asks for firewalls where there is nothing behind them.
    acls = region.all("wafv2:ListWebACLs", Scope="REGIONAL") if balancers else ()
    behind: set[Any] = {
        arn for acl in acls for arn in region.all("wafv2:ListResourcesForWebACL", WebACLArn=acl["ARN"])
    }
    for balancer in balancers:
        yield Firewalled(
            resource=balancer["LoadBalancerArn"],
            kind="load-balancer",
            public=balancer.get("Scheme") != "internal",
            firewalled=balancer["LoadBalancerArn"] in behind,
        )


@check("apigateway:GetRestApis", "apigateway:GetStages")
def rest_api_stages(region: AwsRegion) -> Iterator[Firewalled]:
    """Whether a firewall looks at the requests to stages of REST APIs; HTTP and WebSocket APIs have none."""

    def read(api: Item) -> tuple[Firewalled, ...]:
        private = "PRIVATE" in api.get("endpointConfiguration", {}).get("types", ())
        return tuple(
            Firewalled(
                resource=f"{arn(api)}/stages/{stage['stageName']}",
                kind="api-stage",
                public=not private,
                firewalled=_is_acl(stage.get("webAclArn", "")),
                tags=region.tags(stage.get("tags")),
            )
            for stage in region.all("apigateway:GetStages", restApiId=api["id"])
        )

    def arn(api: Item) -> str:
        return f"arn:{region.partition}:apigateway:{region.name}::/restapis/{api['id']}"

    for stages in region.each(region.all("apigateway:GetRestApis"), read, resource=arn):
        yield from stages


@check("cloudfront:ListDistributions")
def cloudfront_distributions(account: AwsAccount) -> Iterator[Firewalled]:
    """Whether a firewall looks at the requests to CloudFront distributions that are on."""
    for distribution in account.all("cloudfront:ListDistributions"):
        if distribution["Enabled"]:
            yield Firewalled(
                resource=distribution["ARN"],
                kind="distribution",
                public=True,
                firewalled=_is_acl(distribution.get("WebACLId", "")),
            )


def _is_acl(named: str) -> bool:
    return named.split(":")[2:3] == ["wafv2"]
