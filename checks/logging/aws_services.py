"""Logging on AWS, of what serves requests and runs clusters."""

from collections.abc import Iterator
from typing import Any, Literal

from scanner import AwsAccount, AwsRegion, check

from . import ApiStage, Brokers, ClusterLog, Distribution, Invocations, LoadBalancer, MachineMetrics, WebAcl

Item = dict[str, Any]

_GLOBAL = "us-east-1"
"""Where CloudFront's firewalls and log deliveries are configured."""


@check("elb:DescribeLoadBalancers", "elb:DescribeLoadBalancerAttributes")
def classic_load_balancers(region: AwsRegion) -> Iterator[LoadBalancer]:
    """Whether a classic load balancer keeps an access log."""

    def read(balancer: Item) -> LoadBalancer:
        name = balancer["LoadBalancerName"]
        attributes = region.call("elb:DescribeLoadBalancerAttributes", LoadBalancerName=name)
        return LoadBalancer(
            resource=arn(balancer),
            logged=attributes["LoadBalancerAttributes"].get("AccessLog", {}).get("Enabled", False),
            public=balancer.get("Scheme") != "internal",
            kind="classic",
        )

    def arn(balancer: Item) -> str:
        return region.arn("elasticloadbalancing", f"loadbalancer/{balancer['LoadBalancerName']}")

    yield from region.each(region.all("elb:DescribeLoadBalancers"), read, resource=arn)


@check("apigateway:GetRestApis", "apigateway:GetStages")
def rest_api_stages(region: AwsRegion) -> Iterator[ApiStage]:
    """Whether stages of REST APIs record calls: `logged` when at least one of the two logs is on."""

    def read(api: Item) -> tuple[ApiStage, ...]:
        return tuple(
            ApiStage(
                resource=f"{arn(api)}/stages/{stage['stageName']}",
                logged=_access(stage) or _execution(stage.get("methodSettings", {})),
                kind="rest",
                access_logged=_access(stage),
                execution_logged=_execution(stage.get("methodSettings", {})),
                tags=region.tags(stage.get("tags")),
            )
            for stage in region.all("apigateway:GetStages", restApiId=api["id"])
        )

    def arn(api: Item) -> str:
        return f"arn:{region.partition}:apigateway:{region.name}::/restapis/{api['id']}"

    for stages in region.each(region.all("apigateway:GetRestApis"), read, resource=arn):
        yield from stages


@check("apigatewayv2:GetApis", "apigatewayv2:GetStages")
def http_api_stages(region: AwsRegion) -> Iterator[ApiStage]:
    """Whether stages of HTTP and WebSocket APIs record calls; HTTP APIs have an access log only."""

    def read(api: Item) -> tuple[ApiStage, ...]:
        return tuple(
            _stage(region, api, stage, f"{arn(api)}/stages/{stage['StageName']}")
            for stage in region.all("apigatewayv2:GetStages", ApiId=api["ApiId"])
        )

    def arn(api: Item) -> str:
        return f"arn:{region.partition}:apigateway:{region.name}::/apis/{api['ApiId']}"

    for stages in region.each(region.all("apigatewayv2:GetApis"), read, resource=arn):
        yield from stages


@check(
    "cloudfront:ListDistributions",
    "cloudfront:GetDistributionConfig",
    "logs:DescribeDeliverySources",
    "logs:DescribeDeliveries",
)
def cloudfront_distributions(account: AwsAccount) -> Iterator[Distribution]:
    """Whether CloudFront distributions record each request.

    Distributions that are turned off are left out.
    """
    home = _GLOBAL if account.partition == "aws" else None
    delivering = {
        delivery["deliverySourceName"] for delivery in account.all("logs:DescribeDeliveries", region=home)
    }
    standard = {
        arn
        for source in account.all("logs:DescribeDeliverySources", region=home)
        if source["name"] in delivering
        for arn in source.get("resourceArns", ())
    }

    def read(distribution: Item) -> Distribution:
        answer = account.call("cloudfront:GetDistributionConfig", Id=distribution["Id"])
        found: dict[Literal["legacy", "real-time", "standard"], bool] = {
            "legacy": answer["DistributionConfig"].get("Logging", {}).get("Enabled", False),
            "real-time": _streams(distribution),
            "standard": distribution["ARN"] in standard,
        }
        on = tuple(kind for kind, is_on in found.items() if is_on)
        return Distribution(resource=distribution["ARN"], logged=bool(on), log_kinds=on)

    running = (each for each in account.all("cloudfront:ListDistributions") if each["Enabled"])
    yield from account.each(running, read, resource=lambda distribution: distribution["ARN"])


@check("wafv2:ListWebACLs", "wafv2:ListLoggingConfigurations")
def web_acls(region: AwsRegion) -> Iterator[WebAcl]:
    """Whether web application firewalls of the region record the requests that they look at."""
    yield from _web_acls(region, "REGIONAL", None)


@check("wafv2:ListWebACLs", "wafv2:ListLoggingConfigurations")
def cloudfront_web_acls(account: AwsAccount) -> Iterator[WebAcl]:
    """Whether web application firewalls before CloudFront record the requests that they look at."""
    yield from _web_acls(account, "CLOUDFRONT", _GLOBAL)


@check("bedrock:GetModelInvocationLoggingConfiguration")
def model_invocations(region: AwsRegion) -> Iterator[Invocations]:
    """Whether what is asked of Bedrock's models in the region is recorded, and what they answer.

    That a model was called stands in a trail's management events already. This record holds the text.
    """
    answer = region.call("bedrock:GetModelInvocationLoggingConfiguration")
    configured = answer.get("loggingConfig", {})
    places: dict[str, Literal["cloudwatch", "s3"]] = {"cloudWatchConfig": "cloudwatch", "s3Config": "s3"}
    sent_to = tuple(place for name, place in places.items() if configured.get(name))
    yield Invocations(
        resource=region.arn("bedrock", "model-invocation-logging"), logged=bool(sent_to), sent_to=sent_to
    )


@check("eks:ListClusters", "eks:DescribeCluster")
def eks_clusters(region: AwsRegion) -> Iterator[ClusterLog]:
    """Whether the control plane of an EKS cluster sends its audit log to CloudWatch Logs."""

    def read(name: str) -> ClusterLog:
        cluster = region.call("eks:DescribeCluster", name=name)["cluster"]
        types = sorted(
            kind
            for setup in cluster.get("logging", {}).get("clusterLogging", ())
            if setup["enabled"]
            for kind in setup["types"]
        )
        return ClusterLog(
            resource=arn(name),
            logged="audit" in types,
            log_types=tuple(types),
            tags=region.tags(cluster.get("tags")),
        )

    def arn(name: str) -> str:
        return region.arn("eks", f"cluster/{name}")

    names: Iterator[Any] = region.all("eks:ListClusters")
    yield from region.each(names, read, resource=arn)


@check("kafka:ListClustersV2")
def msk_clusters(region: AwsRegion) -> Iterator[Brokers]:
    """Whether the brokers of Kafka clusters of MSK send their logs anywhere; serverless ones have none."""
    places: dict[str, Literal["cloudwatch", "firehose", "s3"]]
    places = {"CloudWatchLogs": "cloudwatch", "Firehose": "firehose", "S3": "s3"}
    for cluster in region.all("kafka:ListClustersV2"):
        if cluster["ClusterType"] == "PROVISIONED":
            logs = cluster["Provisioned"].get("LoggingInfo", {}).get("BrokerLogs", {})
            sent_to = tuple(place for name, place in places.items() if logs.get(name, {}).get("Enabled"))
            yield Brokers(
                resource=cluster["ClusterArn"],
                logged=bool(sent_to),
                sent_to=sent_to,
                tags=region.tags(cluster.get("Tags")),
            )


@check("rds:DescribeDBInstances")
def rds_machines(region: AwsRegion) -> Iterator[MachineMetrics]:
    """How closely the machine below a database instance is watched (Enhanced Monitoring)."""
    for instance in region.all("rds:DescribeDBInstances"):
        yield MachineMetrics(
            resource=instance["DBInstanceArn"],
            metrics_interval_seconds=instance.get("MonitoringInterval") or None,
            tags=region.tags(instance.get("TagList")),
        )


def _access(stage: Item) -> bool:
    return bool(stage.get("accessLogSettings", {}).get("destinationArn"))


def _execution(methods: Item) -> bool:
    """Whether the setting for all methods is on, and no method's own turns it off."""
    levels = [setting.get("loggingLevel", "OFF") for setting in methods.values()]
    return "*/*" in methods and "OFF" not in levels


def _stage(region: AwsRegion, api: Item, stage: Item, arn: str) -> ApiStage:
    access = bool(stage.get("AccessLogSettings", {}).get("DestinationArn"))
    execution: bool | None = None
    if api["ProtocolType"] == "WEBSOCKET":
        settings = [stage.get("DefaultRouteSettings", {}), *stage.get("RouteSettings", {}).values()]
        execution = all(setting.get("LoggingLevel", "OFF") != "OFF" for setting in settings)
    return ApiStage(
        resource=arn,
        logged=access or bool(execution),
        kind="http" if execution is None else "websocket",
        access_logged=access,
        execution_logged=execution,
        tags=region.tags(stage.get("Tags")),
    )


def _streams(distribution: Item) -> bool:
    """Whether all that a distribution serves is streamed as it happens."""
    behaviors = [distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"].get("Items", ())]
    return all(behavior.get("RealtimeLogConfigArn") for behavior in behaviors)


def _web_acls(view: AwsAccount | AwsRegion, scope: str, where: str | None) -> Iterator[WebAcl]:
    listed = view.all("wafv2:ListLoggingConfigurations", region=where, Scope=scope)
    logging = {configuration["ResourceArn"]: configuration for configuration in listed}
    for acl in view.all("wafv2:ListWebACLs", region=where, Scope=scope):
        configuration = logging.get(acl["ARN"], {})
        yield WebAcl(
            resource=acl["ARN"],
            region=where,
            logged=bool(configuration.get("LogDestinationConfigs")),
            filtered=bool(configuration.get("LoggingFilter")),
        )
