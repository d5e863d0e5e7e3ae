from typing import Any

from checks.detection import Firewalled
from checks.detection.aws_waf import cloudfront_distributions, load_balancers, rest_api_stages
from scanner.testing import by, observe, world

BALANCERS = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/"
ACL = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/"


def balancer(name: str, kind: str = "application", scheme: str = "internet-facing") -> dict[str, Any]:
    return {"LoadBalancerArn": BALANCERS + name, "Type": kind, "Scheme": scheme}


GUARDED = world(
    load_balancers,
    {
        "elbv2:DescribeLoadBalancers": {
            "LoadBalancers": [
                balancer("ehr"),
                balancer("hl7", "network"),
                balancer("lab", scheme="internal"),
                balancer("fax"),
            ]
        },
        "wafv2:ListWebACLs": {"WebACLs": [{"ARN": ACL + "one"}, {"ARN": ACL + "two"}]},
        "wafv2:ListResourcesForWebACL": by(
            "WebACLArn",
            {
                ACL + "one": {"ResourceArns": [BALANCERS + "ehr"]},
                ACL + "two": {"ResourceArns": [BALANCERS + "lab"]},
            },
        ),
    },
)


def test_load_balancers() -> None:
    assert observe(load_balancers, GUARDED) == [
        Firewalled(resource=BALANCERS + name, kind="load-balancer", public=public, firewalled=firewalled)
        for name, public, firewalled in (("ehr", True, True), ("lab", False, True), ("fax", True, False))
    ]


def test_no_firewall_is_asked_for_where_nothing_is_behind_it() -> None:
    only = {"elbv2:DescribeLoadBalancers": {"LoadBalancers": [balancer("hl7", "network")]}}

    assert observe(load_balancers, only) == []


API = "arn:aws:apigateway:us-east-1::/restapis/"
CLASSIC = "arn:aws:waf-regional:us-east-1:111122223333:webacl/old"
STAGES = world(
    rest_api_stages,
    {
        "apigateway:GetRestApis": {
            "items": [{"id": "a1"}, {"id": "a2", "endpointConfiguration": {"types": ["PRIVATE"]}}]
        },
        "apigateway:GetStages": by(
            "restApiId",
            {
                "a1": {
                    "item": [
                        {"stageName": "live", "webAclArn": ACL + "one", "tags": {"phi": "true"}},
                        {"stageName": "old", "webAclArn": CLASSIC},
                    ]
                },
                "a2": {"item": [{"stageName": "live"}]},
            },
        ),
    },
)


def test_rest_api_stages() -> None:
    def stage(name: str, *, public: bool, firewalled: bool, **tags: str) -> Firewalled:
        return Firewalled(
            resource=API + name, kind="api-stage", public=public, firewalled=firewalled, tags=tags
        )

    assert observe(rest_api_stages, STAGES) == [
        stage("a1/stages/live", public=True, firewalled=True, phi="true"),
        stage("a1/stages/old", public=True, firewalled=False),
        stage("a2/stages/live", public=False, firewalled=False),
    ]


FRONT = "arn:aws:cloudfront::111122223333:distribution/"
DISTRIBUTIONS = world(
    cloudfront_distributions,
    {
        "cloudfront:ListDistributions": {
            "DistributionList": {
                "Items": [
                    {
                        "ARN": FRONT + "portal",
                        "Enabled": True,
                        "WebACLId": ACL.replace("regional", "global") + "one",
                    },
                    {
                        "ARN": FRONT + "old",
                        "Enabled": True,
                        "WebACLId": "473e64fd-f30b-4765-81a0-62ad96dd167a",
                    },
                    {"ARN": FRONT + "bare", "Enabled": True, "WebACLId": ""},
                    {"ARN": FRONT + "off", "Enabled": False, "WebACLId": ""},
                ]
            }
        }
    },
)


def test_cloudfront_distributions() -> None:
    assert observe(cloudfront_distributions, DISTRIBUTIONS) == [
        Firewalled(resource=FRONT + name, kind="distribution", public=True, firewalled=firewalled)
        for name, firewalled in (("portal", True), ("old", False), ("bare", False))
    ]
