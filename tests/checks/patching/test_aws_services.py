from datetime import UTC, datetime
from typing import Any

from checks.patching import (
    EngineRelease,
    ManagedUpdates,
    MinorUpgrades,
    PlatformRelease,
    Release,
    SearchRelease,
    ServicePlatform,
    Upgrades,
)
from checks.patching.aws_services import (
    beanstalk_platforms,
    beanstalk_updates,
    dms_instances,
    ecs_services,
    elasticache_clusters,
    mq_brokers,
    msk_clusters,
    opensearch_domains,
    redshift_clusters,
)
from scanner.testing import by, look, observe, world

CACHE = "arn:aws:elasticache:us-east-1:111122223333:cluster:"
DOMAIN = "arn:aws:es:us-east-1:111122223333:domain/"
KAFKA = "arn:aws:kafka:us-east-1:111122223333:cluster/"
BROKER = "arn:aws:mq:us-east-1:111122223333:broker:"
DMS = "arn:aws:dms:us-east-1:111122223333:rep:"
REDSHIFT = "arn:aws:redshift:us-east-1:111122223333:cluster:"
ENVIRONMENT = "arn:aws:elasticbeanstalk:us-east-1:111122223333:environment/"
PLATFORM = "arn:aws:elasticbeanstalk:us-east-1::platform/"
ECS = "arn:aws:ecs:us-east-1:111122223333:"


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


CACHES = world(
    elasticache_clusters,
    {
        "elasticache:DescribeCacheClusters": {
            "CacheClusters": [
                {"ARN": CACHE + "old", "Engine": "redis", "EngineVersion": "5.0.6"},
                {
                    "ARN": CACHE + "sessions",
                    "Engine": "valkey",
                    "EngineVersion": "8.0.1",
                    "AutoMinorVersionUpgrade": True,
                },
            ]
        }
    },
)
DOMAINS = world(
    opensearch_domains,
    {
        "opensearch:ListDomainNames": {
            "DomainNames": [{"DomainName": "notes"}, {"DomainName": "audit"}],
        },
        "opensearch:DescribeDomain": by(
            "DomainName",
            {
                "notes": {
                    "DomainStatus": {
                        "EngineVersion": "OpenSearch_3.1",
                        "SoftwareUpdateOptions": {"AutoSoftwareUpdateEnabled": True},
                        "ServiceSoftwareOptions": {"UpdateAvailable": True},
                    }
                },
                "audit": {"DomainStatus": {"EngineVersion": "OpenSearch_2.11"}},
            },
        ),
    },
)
CLUSTERS = world(
    msk_clusters,
    {
        "kafka:ListClustersV2": {
            "ClusterInfoList": [
                {
                    "ClusterArn": KAFKA + "hl7",
                    "ClusterType": "PROVISIONED",
                    "Provisioned": {"CurrentBrokerSoftwareInfo": {"KafkaVersion": "3.7.x.kraft"}},
                    "Tags": {"owner": "integration"},
                },
                {"ClusterArn": KAFKA + "on-demand", "ClusterType": "SERVERLESS", "Serverless": {}},
            ]
        }
    },
)
BROKERS = world(
    mq_brokers,
    {
        "mq:ListBrokers": {"BrokerSummaries": [{"BrokerId": "b-1", "BrokerArn": BROKER + "orders:b-1"}]},
        "mq:DescribeBroker": by(
            "BrokerId",
            {
                "b-1": {
                    "EngineType": "ACTIVEMQ",
                    "EngineVersion": "5.17.6",
                    "AutoMinorVersionUpgrade": True,
                    "Tags": {"phi": "true"},
                }
            },
        ),
    },
)
INSTANCES = world(
    dms_instances,
    {
        "dms:DescribeReplicationInstances": {
            "ReplicationInstances": [
                {"ReplicationInstanceArn": DMS + "A", "AutoMinorVersionUpgrade": True},
                {"ReplicationInstanceArn": DMS + "B", "AutoMinorVersionUpgrade": False},
            ]
        }
    },
)
WAREHOUSES = world(
    redshift_clusters,
    {
        "redshift:DescribeClusters": {
            "Clusters": [
                {"ClusterIdentifier": "reports", "AllowVersionUpgrade": True, "Tags": []},
                {"ClusterIdentifier": "old", "AllowVersionUpgrade": False},
            ]
        }
    },
)


def environments(IncludeDeleted: bool) -> dict[str, Any]:  # noqa: N803 - as AWS names it
    assert not IncludeDeleted
    return {
        "Environments": [
            {
                "EnvironmentArn": f"{ENVIRONMENT}portal/{name}",
                "EnvironmentName": name,
                "ApplicationName": "portal",
                "PlatformArn": f"{PLATFORM}{platform}",
            }
            for name, platform in (("live", "Corretto 21"), ("test", "Python 3.8"), ("ours", "Ours"))
        ]
    }


PLATFORMS = world(
    beanstalk_platforms,
    {
        "elasticbeanstalk:DescribeEnvironments": environments,
        "elasticbeanstalk:DescribePlatformVersion": by(
            "PlatformArn",
            {
                PLATFORM + "Corretto 21": {
                    "PlatformDescription": {
                        "PlatformName": "Corretto 21 running on 64bit Amazon Linux 2023",
                        "PlatformBranchName": "Corretto 21 AL2023",
                        "PlatformBranchLifecycleState": "Supported",
                        "PlatformLifecycleState": "Recommended",
                    }
                },
                PLATFORM + "Python 3.8": {
                    "PlatformDescription": {
                        "PlatformName": "Python 3.8 running on 64bit Amazon Linux 2",
                        "PlatformBranchName": "Python 3.8 AL2",
                        "PlatformBranchLifecycleState": "Retired",
                    }
                },
                PLATFORM + "Ours": {"PlatformDescription": {"PlatformName": "Ours"}},
            },
        ),
    },
)


def options(managed: str, level: str) -> list[dict[str, str]]:
    return [
        {
            "Namespace": "aws:elasticbeanstalk:application:environment",
            "OptionName": "DATABASE_PASSWORD",
            "Value": "not-a-fact",
        },
        {
            "Namespace": "aws:elasticbeanstalk:managedactions",
            "OptionName": "ManagedActionsEnabled",
            "Value": managed,
        },
        {
            "Namespace": "aws:elasticbeanstalk:managedactions:platformupdate",
            "OptionName": "UpdateLevel",
            "Value": level,
        },
        {"Namespace": "aws:elasticbeanstalk:managedactions", "OptionName": "PreferredStartTime"},
    ]


UPDATES = world(
    beanstalk_updates,
    {
        "elasticbeanstalk:DescribeEnvironments": environments,
        "elasticbeanstalk:DescribeConfigurationSettings": by(
            "EnvironmentName",
            {
                # What waits to be deployed is not in effect.
                "live": {
                    "ConfigurationSettings": [
                        {"DeploymentStatus": "deployed", "OptionSettings": options("true", "minor")},
                        {"DeploymentStatus": "pending", "OptionSettings": options("false", "patch")},
                    ]
                },
                "test": {
                    "ConfigurationSettings": [
                        {"DeploymentStatus": "deployed", "OptionSettings": options("false", "minor")}
                    ]
                },
                "ours": {"ConfigurationSettings": [{"DeploymentStatus": "deployed", "OptionSettings": []}]},
            },
        ),
    },
)


def service(cluster: str, name: str, **said: Any) -> dict[str, Any]:
    return {"serviceArn": f"{ECS}service/{cluster}/{name}", "serviceName": name, **said}


SERVICES = {
    "ward": [
        service("ward", "portal", launchType="FARGATE", platformVersion="LATEST"),
        service("ward", "fax", launchType="FARGATE", platformVersion="1.3.0"),
        service("ward", "agent", launchType="EC2"),
        service("ward", "spot", capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT"}]),
    ],
    "lab": [service("lab", f"s{number}", launchType="FARGATE") for number in range(11)],
}


def services(cluster: str, services: list[str]) -> dict[str, Any]:
    assert len(services) <= 10
    held = SERVICES[cluster.rpartition("/")[2]]
    return {"services": [each for each in held if each["serviceArn"] in services]}


CONTAINERS = world(
    ecs_services,
    {
        "ecs:ListClusters": {"clusterArns": [f"{ECS}cluster/ward", f"{ECS}cluster/lab"]},
        "ecs:ListServices": lambda cluster: {
            "serviceArns": [each["serviceArn"] for each in SERVICES[cluster.rpartition("/")[2]]]
        },
        "ecs:DescribeServices": services,
    },
)


def test_elasticache_clusters() -> None:
    assert observe(elasticache_clusters, CACHES) == [
        EngineRelease(
            resource=CACHE + "old",
            product="amazon-elasticache-redis",
            version="5.0.6",
            cycle="5",
            support_end="dated",
            supported_until=day("2026-01-31"),
            extended_support_until=day("2029-01-31"),
            auto_minor_version_upgrade=False,
            extended_support=True,
        ),
        EngineRelease(
            resource=CACHE + "sessions",
            product="amazon-elasticache-valkey",
            version="8.0.1",
            cycle="8.0",
            support_end="unannounced",
            supported_until=None,
            extended_support_until=None,
            auto_minor_version_upgrade=True,
            extended_support=False,
        ),
    ]


def test_opensearch_domains() -> None:
    assert observe(opensearch_domains, DOMAINS) == [
        SearchRelease(
            resource=DOMAIN + "notes",
            product="amazon-opensearch",
            version="3.1",
            cycle="3.1",
            support_end="unannounced",
            supported_until=None,
            extended_support_until=None,
            extended_support=False,
            automatic_software_updates=True,
            software_update_waiting=True,
        ),
        SearchRelease(
            resource=DOMAIN + "audit",
            product="amazon-opensearch",
            version="2.11",
            cycle="2.11",
            support_end="dated",
            supported_until=day("2027-11-07"),
            extended_support_until=day("2028-11-07"),
            extended_support=True,
            automatic_software_updates=False,
            software_update_waiting=False,
        ),
    ]


def test_msk_clusters() -> None:
    assert observe(msk_clusters, CLUSTERS) == [
        Release(
            resource=KAFKA + "hl7",
            product="amazon-msk",
            version="3.7.x.kraft",
            cycle="3.7",
            support_end="dated",
            supported_until=day("2026-09-01"),
            extended_support_until=None,
            tags={"owner": "integration"},
        )
    ]


def test_mq_brokers() -> None:
    assert observe(mq_brokers, BROKERS) == [
        EngineRelease(
            resource=BROKER + "orders:b-1",
            product="amazon-mq-activemq",
            version="5.17.6",
            cycle="5.17",
            support_end="dated",
            supported_until=day("2025-06-16"),
            extended_support_until=None,
            auto_minor_version_upgrade=True,
            extended_support=False,
            tags={"phi": "true"},
        )
    ]


def test_dms_instances() -> None:
    assert observe(dms_instances, INSTANCES) == [
        MinorUpgrades(resource=DMS + "A", auto_minor_version_upgrade=True),
        MinorUpgrades(resource=DMS + "B", auto_minor_version_upgrade=False),
    ]


def test_redshift_clusters() -> None:
    assert observe(redshift_clusters, WAREHOUSES) == [
        Upgrades(resource=REDSHIFT + "reports", automatic_upgrades=True, tags={}),
        Upgrades(resource=REDSHIFT + "old", automatic_upgrades=False, tags={}),
    ]


def test_beanstalk_platforms() -> None:
    assert observe(beanstalk_platforms, PLATFORMS) == [
        PlatformRelease(
            resource=ENVIRONMENT + "portal/live",
            platform="Corretto 21 AL2023",
            branch_state="supported",
            recommended=True,
        ),
        PlatformRelease(
            resource=ENVIRONMENT + "portal/test",
            platform="Python 3.8 AL2",
            branch_state="retired",
            recommended=False,
        ),
        PlatformRelease(
            resource=ENVIRONMENT + "portal/ours", platform="Ours", branch_state=None, recommended=False
        ),
    ]


def test_beanstalk_updates() -> None:
    assert observe(beanstalk_updates, UPDATES) == [
        ManagedUpdates(resource=ENVIRONMENT + "portal/live", managed_updates=True, update_level="minor"),
        ManagedUpdates(resource=ENVIRONMENT + "portal/test", managed_updates=False, update_level=None),
        ManagedUpdates(resource=ENVIRONMENT + "portal/ours", managed_updates=False, update_level=None),
    ]


def test_ecs_services() -> None:
    newest = [
        ServicePlatform(
            resource=f"{ECS}service/lab/s{number}", platform_version="LATEST", newest_platform=True
        )
        for number in range(11)
    ]

    assert observe(ecs_services, CONTAINERS) == [
        ServicePlatform(
            resource=f"{ECS}service/ward/portal", platform_version="LATEST", newest_platform=True
        ),
        ServicePlatform(resource=f"{ECS}service/ward/fax", platform_version="1.3.0", newest_platform=False),
        ServicePlatform(resource=f"{ECS}service/ward/spot", platform_version="LATEST", newest_platform=True),
        *newest,
    ]


def test_an_ecs_cluster_that_refuses_hides_no_other() -> None:
    listing = by(
        "cluster",
        {f"{ECS}cluster/lab": {"serviceArns": [each["serviceArn"] for each in SERVICES["lab"]]}},
    )
    sight = look(ecs_services, {**CONTAINERS, "ecs:ListServices": listing})

    assert len(sight.facts) == 11
    assert [refusal.resource for refusal in sight.refusals] == [f"{ECS}service/ward"]
