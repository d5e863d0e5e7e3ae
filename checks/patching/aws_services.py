"""Patching of AWS's managed services: releases that are still mended, and who installs new ones."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal, get_args

from scanner import AwsRegion, check

from ..semantics import aws_releases, versions
from . import (
    EngineRelease,
    ManagedUpdates,
    MinorUpgrades,
    PlatformRelease,
    Release,
    SearchRelease,
    ServicePlatform,
    Upgrades,
)

_ENVIRONMENTS = "elasticbeanstalk:DescribeEnvironments"
_SETTINGS = "elasticbeanstalk:DescribeConfigurationSettings"
_MANAGED = "aws:elasticbeanstalk:managedactions"
_LEVEL = "aws:elasticbeanstalk:managedactions:platformupdate"
_FARGATE = "FARGATE"
_SERVICES_AT_ONCE = 10
"""How many services ecs:DescribeServices takes."""

Branch = Literal["beta", "supported", "deprecated", "retired"]
Level = Literal["minor", "patch"]
_BRANCHES: dict[str, Branch] = {name: name for name in get_args(Branch)}
_LEVELS: dict[str, Level] = {name: name for name in get_args(Level)}


@check("elasticache:DescribeCacheClusters")
def elasticache_clusters(region: AwsRegion) -> Iterator[EngineRelease]:
    """Until when the engines of ElastiCache's nodes are mended; serverless caches are not looked at.

    ElastiCache mends Redis OSS longer than its publisher does, and takes up extended support by itself
    (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/extended-support.html).
    """
    for cluster in region.all("elasticache:DescribeCacheClusters"):
        support = aws_releases.cache(cluster["Engine"], cluster["EngineVersion"])
        yield EngineRelease(
            resource=cluster["ARN"],
            **support,
            # Before version 6 of Redis OSS there is no such thing, and AWS does not say a word of it.
            auto_minor_version_upgrade=cluster.get("AutoMinorVersionUpgrade", False),
            extended_support=support["extended_support_until"] is not None,
        )


@check("opensearch:ListDomainNames", "opensearch:DescribeDomain")
def opensearch_domains(region: AwsRegion) -> Iterator[SearchRelease]:
    """Until when the engines of OpenSearch and Elasticsearch domains are mended.

    A domain whose version leaves standard support gets extended support by itself, at a charge
    (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/what-is.html#choosing-version).
    """

    def arn(domain: dict[str, Any]) -> str:
        return region.arn("es", f"domain/{domain['DomainName']}")

    def read(domain: dict[str, Any]) -> SearchRelease:
        status = region.call("opensearch:DescribeDomain", DomainName=domain["DomainName"])["DomainStatus"]
        support = aws_releases.search(status["EngineVersion"])
        return SearchRelease(
            resource=arn(domain),
            **support,
            extended_support=support["extended_support_until"] is not None,
            automatic_software_updates=status.get("SoftwareUpdateOptions", {}).get(
                "AutoSoftwareUpdateEnabled", False
            ),
            software_update_waiting=status.get("ServiceSoftwareOptions", {}).get("UpdateAvailable", False),
        )

    yield from region.each(region.all("opensearch:ListDomainNames"), read, resource=arn)


@check("kafka:ListClustersV2")
def msk_clusters(region: AwsRegion) -> Iterator[Release]:
    """Until when the Kafka versions of MSK's provisioned clusters are mended; serverless ones have none."""
    for cluster in region.all("kafka:ListClustersV2"):
        if cluster["ClusterType"] == "PROVISIONED":
            yield Release(
                resource=cluster["ClusterArn"],
                **versions.support(
                    "amazon-msk", cluster["Provisioned"]["CurrentBrokerSoftwareInfo"]["KafkaVersion"]
                ),
                tags=region.tags(cluster.get("Tags")),
            )


@check("mq:ListBrokers", "mq:DescribeBroker")
def mq_brokers(region: AwsRegion) -> Iterator[EngineRelease]:
    """Until when the engines of Amazon MQ's brokers are mended; AWS upgrades those beyond that itself."""

    def read(listed: dict[str, Any]) -> EngineRelease:
        broker = region.call("mq:DescribeBroker", BrokerId=listed["BrokerId"])
        return EngineRelease(
            resource=listed["BrokerArn"],
            **aws_releases.broker(broker["EngineType"], broker["EngineVersion"]),
            auto_minor_version_upgrade=broker["AutoMinorVersionUpgrade"],
            extended_support=False,
            tags=region.tags(broker.get("Tags")),
        )

    yield from region.each(
        region.all("mq:ListBrokers"), read, resource=lambda broker: str(broker["BrokerArn"])
    )


@check("dms:DescribeReplicationInstances")
def dms_instances(region: AwsRegion) -> Iterator[MinorUpgrades]:
    """Whether the Database Migration Service installs new minor versions on its instances by itself."""
    for instance in region.all("dms:DescribeReplicationInstances"):
        yield MinorUpgrades(
            resource=instance["ReplicationInstanceArn"],
            auto_minor_version_upgrade=instance["AutoMinorVersionUpgrade"],
        )


@check("redshift:DescribeClusters")
def redshift_clusters(region: AwsRegion) -> Iterator[Upgrades]:
    """Whether Redshift installs new versions on its clusters by itself."""
    for cluster in region.all("redshift:DescribeClusters"):
        yield Upgrades(
            resource=region.arn("redshift", f"cluster:{cluster['ClusterIdentifier']}"),
            automatic_upgrades=cluster["AllowVersionUpgrade"],
            tags=region.tags(cluster.get("Tags")),
        )


@check(_ENVIRONMENTS, "elasticbeanstalk:DescribePlatformVersion")
def beanstalk_platforms(region: AwsRegion) -> Iterator[PlatformRelease]:
    """Whether AWS still mends the platforms of Elastic Beanstalk's environments."""

    def read(environment: dict[str, Any]) -> PlatformRelease:
        answer = region.call(
            "elasticbeanstalk:DescribePlatformVersion", PlatformArn=environment["PlatformArn"]
        )
        platform = answer["PlatformDescription"]
        return PlatformRelease(
            resource=environment["EnvironmentArn"],
            platform=platform.get("PlatformBranchName") or platform["PlatformName"],
            branch_state=_BRANCHES.get(platform.get("PlatformBranchLifecycleState", "").lower()),
            recommended=platform.get("PlatformLifecycleState") == "Recommended",
        )

    yield from region.each(_environments(region), read, resource=_environment_arn)


@check(_ENVIRONMENTS, _SETTINGS)
def beanstalk_updates(region: AwsRegion) -> Iterator[ManagedUpdates]:
    """Whether the platforms of Elastic Beanstalk's environments update themselves.

    Only the one call that tells this also tells what an application is given as its environment; nothing of
    that is kept.
    """

    def read(environment: dict[str, Any]) -> ManagedUpdates:
        listed = region.call(
            _SETTINGS,
            ApplicationName=environment["ApplicationName"],
            EnvironmentName=environment["EnvironmentName"],
        )["ConfigurationSettings"]
        told = _deployed(listed)
        managed = told.get((_MANAGED, "ManagedActionsEnabled"), "false").lower() == "true"
        level = _LEVELS.get(told.get((_LEVEL, "UpdateLevel"), ""))
        return ManagedUpdates(
            resource=environment["EnvironmentArn"],
            managed_updates=managed,
            update_level=level if managed else None,
        )

    yield from region.each(_environments(region), read, resource=_environment_arn)


@check("ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices")
def ecs_services(region: AwsRegion) -> Iterator[ServicePlatform]:
    """Which version of Fargate's platform ECS services ask for; on other machines there is none."""
    clusters: Iterator[Any] = region.all("ecs:ListClusters")
    for cluster in clusters:
        name = cluster.rpartition("/")[2]
        # So the ARNs of a cluster's services begin, but for those made before ARNs named the cluster.
        with region.reading(region.arn("ecs", f"service/{name}")):
            services: Iterator[Any] = region.all("ecs:ListServices", cluster=cluster)
            while some := list(islice(services, _SERVICES_AT_ONCE)):
                answer = region.call("ecs:DescribeServices", cluster=cluster, services=some)
                for service in answer["services"]:
                    if _on_fargate(service):
                        yield _service_platform(service)


def _service_platform(service: dict[str, Any]) -> ServicePlatform:
    version = service.get("platformVersion", "LATEST")
    return ServicePlatform(
        resource=service["serviceArn"],
        platform_version=version,
        newest_platform=version == "LATEST",
    )


def _on_fargate(service: dict[str, Any]) -> bool:
    providers = [each["capacityProvider"] for each in service.get("capacityProviderStrategy") or ()]
    return service.get("launchType") == _FARGATE or any(name.startswith(_FARGATE) for name in providers)


def _environments(region: AwsRegion) -> Iterator[dict[str, Any]]:
    # Those that were terminated are listed for a while unless one asks not to.
    return region.all(_ENVIRONMENTS, IncludeDeleted=False)


def _environment_arn(environment: dict[str, Any]) -> str:
    return str(environment["EnvironmentArn"])


def _deployed(settings: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Options by namespace and name, as deployed: a change that waits, or failed, has settings of its own."""
    deployed = [each for each in settings if each.get("DeploymentStatus") == "deployed"] or settings
    return {
        (option["Namespace"], option["OptionName"]): option.get("Value", "")
        for each in deployed
        for option in each.get("OptionSettings") or ()
    }
