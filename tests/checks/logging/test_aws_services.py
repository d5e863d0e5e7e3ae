from typing import Any

import pytest

from checks.logging import (
    ApiStage,
    Brokers,
    ClusterLog,
    Distribution,
    Invocations,
    LoadBalancer,
    MachineMetrics,
    WebAcl,
)
from checks.logging.aws_services import (
    classic_load_balancers,
    cloudfront_distributions,
    cloudfront_web_acls,
    eks_clusters,
    http_api_stages,
    model_invocations,
    msk_clusters,
    rds_machines,
    rest_api_stages,
    web_acls,
)
from scanner.testing import Error, by, look, observe, world

BALANCERS = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/"
API = "arn:aws:apigateway:us-east-1::"
LOG = "arn:aws:logs:us-east-1:111122223333:log-group:calls"

CLASSIC = world(
    classic_load_balancers,
    {
        "elb:DescribeLoadBalancers": {
            "LoadBalancerDescriptions": [
                {"LoadBalancerName": "ehr", "Scheme": "internet-facing"},
                {"LoadBalancerName": "lab", "Scheme": "internal"},
            ]
        },
        "elb:DescribeLoadBalancerAttributes": by(
            "LoadBalancerName",
            {
                "ehr": {"LoadBalancerAttributes": {"AccessLog": {"Enabled": True, "S3BucketName": "logs"}}},
                "lab": {"LoadBalancerAttributes": {"AccessLog": {"Enabled": False}}},
            },
        ),
    },
)


def test_classic_load_balancers() -> None:
    assert observe(classic_load_balancers, CLASSIC) == [
        LoadBalancer(resource=BALANCERS + "ehr", logged=True, public=True, kind="classic"),
        LoadBalancer(resource=BALANCERS + "lab", logged=False, public=False, kind="classic"),
    ]


def stage(name: str, *, access: bool = False, **methods: str) -> dict[str, Any]:
    settings = {name.replace("__", "/"): {"loggingLevel": level} for name, level in methods.items()}
    return {
        "stageName": name,
        "methodSettings": {"*/*" if name == "all" else name: level for name, level in settings.items()},
        **({"accessLogSettings": {"destinationArn": LOG, "format": "$context"}} if access else {}),
    }


REST = world(
    rest_api_stages,
    {
        "apigateway:GetRestApis": {"items": [{"id": "a1"}, {"id": "a2"}]},
        "apigateway:GetStages": by(
            "restApiId",
            {
                "a1": {
                    "item": [
                        {**stage("live", access=True, all="INFO"), "tags": {"phi": "true"}},
                        stage("errors", all="ERROR"),
                        stage("holes", all="INFO", visits__GET="OFF"),
                    ]
                },
                "a2": {
                    "item": [
                        stage("some", visits__GET="INFO"),
                        stage("off", all="OFF"),
                        {"stageName": "bare", "methodSettings": {"*/*": {"metricsEnabled": True}}},
                        stage("access", access=True),
                    ]
                },
            },
        ),
    },
)


def test_rest_api_stages() -> None:
    told = [
        ("a1/stages/live", True, True),
        ("a1/stages/errors", False, True),
        ("a1/stages/holes", False, False),
        ("a2/stages/some", False, False),
        ("a2/stages/off", False, False),
        ("a2/stages/bare", False, False),
        ("a2/stages/access", True, False),
    ]
    assert observe(rest_api_stages, REST) == [
        ApiStage(
            resource=f"{API}/restapis/{name}",
            logged=access or execution,
            kind="rest",
            access_logged=access,
            execution_logged=execution,
            tags={"phi": "true"} if name == "a1/stages/live" else {},
        )
        for name, access, execution in told
    ]


def route(level: str | None) -> dict[str, Any]:
    return {"LoggingLevel": level} if level else {"DetailedMetricsEnabled": True}


HTTP = world(
    http_api_stages,
    {
        "apigatewayv2:GetApis": {
            "Items": [{"ApiId": "h1", "ProtocolType": "HTTP"}, {"ApiId": "w1", "ProtocolType": "WEBSOCKET"}]
        },
        "apigatewayv2:GetStages": by(
            "ApiId",
            {
                "h1": {
                    "Items": [
                        {
                            "StageName": "$default",
                            "AccessLogSettings": {"DestinationArn": LOG},
                            "Tags": {"owner": "portal"},
                        },
                        {"StageName": "test"},
                    ]
                },
                "w1": {
                    "Items": [
                        {"StageName": "live", "DefaultRouteSettings": route("ERROR")},
                        {
                            "StageName": "holes",
                            "DefaultRouteSettings": route("INFO"),
                            "RouteSettings": {"$connect": route("OFF")},
                        },
                        {"StageName": "unset", "DefaultRouteSettings": route(None)},
                    ]
                },
            },
        ),
    },
)


def test_http_api_stages() -> None:
    told: list[tuple[str, bool, bool | None]] = [
        ("h1/stages/$default", True, None),
        ("h1/stages/test", False, None),
        ("w1/stages/live", False, True),
        ("w1/stages/holes", False, False),
        ("w1/stages/unset", False, False),
    ]
    assert observe(http_api_stages, HTTP) == [
        ApiStage(
            resource=f"{API}/apis/{name}",
            logged=access or bool(execution),
            kind="http" if execution is None else "websocket",
            access_logged=access,
            execution_logged=execution,
            tags={"owner": "portal"} if access else {},
        )
        for name, access, execution in told
    ]


FRONT = "arn:aws:cloudfront::111122223333:distribution/"


def distribution(name: str, *streams: str | None, on: bool = True) -> dict[str, Any]:
    default, *others = [{"RealtimeLogConfigArn": stream} if stream else {} for stream in streams or (None,)]
    return {
        "Id": name,
        "ARN": FRONT + name,
        "Enabled": on,
        "DefaultCacheBehavior": default,
        "CacheBehaviors": {"Quantity": len(others), **({"Items": others} if others else {})},
    }


def configured(legacy: bool) -> dict[str, Any]:
    return {"DistributionConfig": {"Logging": {"Enabled": legacy, "Bucket": "logs.s3.amazonaws.com"}}}


DISTRIBUTIONS = world(
    cloudfront_distributions,
    {
        "cloudfront:ListDistributions": {
            "DistributionList": {
                "Items": [
                    distribution("legacy"),
                    distribution("streamed", "stream", "stream"),
                    distribution("part", "stream", None),
                    distribution("delivered"),
                    distribution("source"),
                    distribution("off", on=False),
                ]
            }
        },
        "cloudfront:GetDistributionConfig": by(
            "Id",
            {
                name: configured(legacy=name == "legacy")
                for name in ("legacy", "streamed", "part", "delivered", "source")
            },
        ),
        "logs:DescribeDeliverySources": {
            "deliverySources": [
                {"name": "one", "resourceArns": [FRONT + "delivered", FRONT + "legacy"]},
                {"name": "two", "resourceArns": [FRONT + "source"]},
            ]
        },
        "logs:DescribeDeliveries": {"deliveries": [{"id": "d1", "deliverySourceName": "one"}]},
    },
)


def test_cloudfront_distributions() -> None:
    told: list[tuple[str, tuple[Any, ...]]] = [
        ("legacy", ("legacy", "standard")),
        ("streamed", ("real-time",)),
        ("part", ()),
        ("delivered", ("standard",)),
        ("source", ()),
    ]
    assert observe(cloudfront_distributions, DISTRIBUTIONS) == [
        Distribution(resource=FRONT + name, logged=bool(kinds), log_kinds=kinds) for name, kinds in told
    ]


ACL = "arn:aws:wafv2:us-east-1:111122223333:"
TO = ["arn:aws:s3:::aws-waf-logs"]


def firewalls(scope: str) -> dict[str, Any]:
    def listed(Scope: str, **more: Any) -> Any:  # noqa: N803 - as AWS names it
        assert (Scope, more) == (scope, {})
        return {"WebACLs": [{"Name": name, "ARN": ACL + name} for name in ("ehr", "lab", "part")]}

    return {
        "wafv2:ListWebACLs": listed,
        "wafv2:ListLoggingConfigurations": {
            "LoggingConfigurations": [
                {"ResourceArn": ACL + "ehr", "LogDestinationConfigs": TO},
                {
                    "ResourceArn": ACL + "part",
                    "LogDestinationConfigs": TO,
                    "LoggingFilter": {"DefaultBehavior": "DROP"},
                },
            ]
        },
    }


REGIONAL = world(web_acls, firewalls("REGIONAL"))
GLOBAL = world(cloudfront_web_acls, firewalls("CLOUDFRONT"))


@pytest.mark.parametrize(
    ("check", "answers", "region"),
    [(web_acls, REGIONAL, None), (cloudfront_web_acls, GLOBAL, "us-east-1")],
    ids=["regional", "cloudfront"],
)
def test_web_acls(check: Any, answers: Any, region: str | None) -> None:
    assert observe(check, answers) == [
        WebAcl(resource=ACL + "ehr", region=region, logged=True, filtered=False),
        WebAcl(resource=ACL + "lab", region=region, logged=False, filtered=False),
        WebAcl(resource=ACL + "part", region=region, logged=True, filtered=True),
    ]


MODELS = world(
    model_invocations,
    {
        "bedrock:GetModelInvocationLoggingConfiguration": {
            "loggingConfig": {
                "s3Config": {"bucketName": "prompts"},
                "cloudWatchConfig": {"logGroupName": "prompts", "roleArn": "arn:role"},
            }
        }
    },
)


@pytest.mark.parametrize(
    ("answer", "sent_to"),
    [
        (MODELS["bedrock:GetModelInvocationLoggingConfiguration"], ("cloudwatch", "s3")),
        ({"loggingConfig": {"s3Config": {"bucketName": "prompts"}}}, ("s3",)),
        ({}, ()),
    ],
)
def test_model_invocations(answer: dict[str, Any], sent_to: Any) -> None:
    seen = observe(model_invocations, {"bedrock:GetModelInvocationLoggingConfiguration": answer})

    assert seen == [
        Invocations(
            resource="arn:aws:bedrock:us-east-1:111122223333:model-invocation-logging",
            logged=bool(sent_to),
            sent_to=sent_to,
        )
    ]


def kubernetes(*setups: tuple[bool, list[str]]) -> dict[str, Any]:
    return {
        "cluster": {
            "logging": {"clusterLogging": [{"enabled": on, "types": types} for on, types in setups]},
            "tags": {"phi": "true"},
        }
    }


EKS = world(
    eks_clusters,
    {
        "eks:ListClusters": {"clusters": ["ehr", "lab", "old"]},
        "eks:DescribeCluster": by(
            "name",
            {
                "ehr": kubernetes((True, ["scheduler", "audit"]), (False, ["api"])),
                "lab": kubernetes((True, ["api"]), (False, ["audit"])),
                "old": {"cluster": {"name": "old"}},
            },
        ),
    },
)


def test_eks_clusters() -> None:
    told = [("ehr", ("audit", "scheduler")), ("lab", ("api",)), ("old", ())]
    assert observe(eks_clusters, EKS) == [
        ClusterLog(
            resource=f"arn:aws:eks:us-east-1:111122223333:cluster/{name}",
            logged="audit" in types,
            log_types=types,
            tags={} if name == "old" else {"phi": "true"},
        )
        for name, types in told
    ]


def test_a_cluster_that_cannot_be_described_is_a_refusal_of_that_cluster() -> None:
    described = by("name", {"ehr": kubernetes(), "lab": Error("ServerException")})
    sight = look(eks_clusters, {**EKS, "eks:DescribeCluster": described})

    assert [facts.resource for facts in sight.facts] == ["arn:aws:eks:us-east-1:111122223333:cluster/ehr"]
    assert [refusal.resource for refusal in sight.refusals] == [
        f"arn:aws:eks:us-east-1:111122223333:cluster/{name}" for name in ("lab", "old")
    ]


def kafka(name: str, **logs: bool) -> dict[str, Any]:
    broker = {place: {"Enabled": on} for place, on in logs.items()}
    return {
        "ClusterArn": name,
        "ClusterType": "PROVISIONED",
        "Provisioned": {"LoggingInfo": {"BrokerLogs": broker}} if logs else {},
        "Tags": {"owner": "hl7"},
    }


KAFKA = world(
    msk_clusters,
    {
        "kafka:ListClustersV2": {
            "ClusterInfoList": [
                kafka("all", S3=True, Firehose=True, CloudWatchLogs=True),
                kafka("one", S3=False, CloudWatchLogs=True),
                kafka("none"),
                {"ClusterArn": "serverless", "ClusterType": "SERVERLESS"},
            ]
        }
    },
)


def test_msk_clusters() -> None:
    told: list[tuple[str, tuple[Any, ...]]] = [
        ("all", ("cloudwatch", "firehose", "s3")),
        ("one", ("cloudwatch",)),
        ("none", ()),
    ]
    assert observe(msk_clusters, KAFKA) == [
        Brokers(resource=name, logged=bool(sent_to), sent_to=sent_to, tags={"owner": "hl7"})
        for name, sent_to in told
    ]


MACHINES = world(
    rds_machines,
    {
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {
                    "DBInstanceArn": "arn:emr",
                    "MonitoringInterval": 60,
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {"DBInstanceArn": "arn:lab", "MonitoringInterval": 0},
                {"DBInstanceArn": "arn:old"},
            ]
        }
    },
)


def test_rds_machines() -> None:
    assert observe(rds_machines, MACHINES) == [
        MachineMetrics(resource="arn:emr", metrics_interval_seconds=60, tags={"phi": "true"}),
        MachineMetrics(resource="arn:lab", metrics_interval_seconds=None, tags={}),
        MachineMetrics(resource="arn:old", metrics_interval_seconds=None, tags={}),
    ]
