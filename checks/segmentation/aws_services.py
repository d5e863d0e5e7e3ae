"""Segmentation on AWS: which services that keep or carry data have public addresses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scanner import AwsRegion, check

from .vpc_facts import Broker

# States in which a cluster has machines; ended ones stay in the list for two months.
_RUNNING = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
_MACHINES = ["AWAITING_FULFILLMENT", "PROVISIONING", "BOOTSTRAPPING", "RUNNING"]


@check("emr:ListClusters", "emr:DescribeCluster", "emr:ListInstances")
def emr_clusters(region: AwsRegion) -> Iterator[Broker]:
    """Whether the primary nodes of EMR clusters have public addresses; ended clusters are left out."""

    def read(cluster: dict[str, Any]) -> Broker:
        told = region.call("emr:DescribeCluster", ClusterId=cluster["Id"])["Cluster"]
        fleet = told.get("InstanceCollectionType") == "INSTANCE_FLEET"
        primary = {"InstanceFleetType": "MASTER"} if fleet else {"InstanceGroupTypes": ["MASTER"]}
        nodes = region.all("emr:ListInstances", ClusterId=cluster["Id"], InstanceStates=_MACHINES, **primary)
        placed = told.get("Ec2InstanceAttributes") or {}
        return Broker(
            resource=cluster["ClusterArn"],
            publicly_accessible=any(node.get("PublicIpAddress") for node in nodes),
            engine="emr",
            tags=region.tags(told.get("Tags")),
            links=_groups(
                region,
                (
                    placed.get(kind)
                    for kind in ("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup")
                ),
            ),
        )

    clusters = region.all("emr:ListClusters", ClusterStates=_RUNNING)
    yield from region.each(clusters, read, resource=lambda cluster: str(cluster["ClusterArn"]))


@check("dms:DescribeReplicationInstances")
def dms_replication_instances(region: AwsRegion) -> Iterator[Broker]:
    """Whether instances of the Database Migration Service have public addresses."""
    for instance in region.all("dms:DescribeReplicationInstances"):
        yield Broker(
            resource=instance["ReplicationInstanceArn"],
            publicly_accessible=instance["PubliclyAccessible"],
            engine="dms",
            links=_groups(
                region, (each["VpcSecurityGroupId"] for each in instance.get("VpcSecurityGroups") or ())
            ),
        )


@check("kafka:ListClustersV2")
def msk_clusters(region: AwsRegion) -> Iterator[Broker]:
    """Whether brokers of managed Kafka clusters have public addresses; serverless ones never have."""
    for cluster in region.all("kafka:ListClustersV2"):
        nodes = (cluster.get("Provisioned") or {}).get("BrokerNodeGroupInfo") or {}
        access = (nodes.get("ConnectivityInfo") or {}).get("PublicAccess") or {}
        serverless = (cluster.get("Serverless") or {}).get("VpcConfigs") or ()
        yield Broker(
            resource=cluster["ClusterArn"],
            publicly_accessible=access.get("Type", "DISABLED") != "DISABLED",
            engine="kafka",
            tags=region.tags(cluster.get("Tags")),
            links=_groups(
                region,
                (
                    *(nodes.get("SecurityGroups") or ()),
                    *(group for each in serverless for group in each.get("SecurityGroupIds") or ()),
                ),
            ),
        )


@check("mq:ListBrokers", "mq:DescribeBroker")
def mq_brokers(region: AwsRegion) -> Iterator[Broker]:
    """Whether message brokers of Amazon MQ have public addresses."""

    def read(summary: Mapping[str, Any]) -> Broker:
        broker = region.call("mq:DescribeBroker", BrokerId=summary["BrokerId"])
        return Broker(
            resource=summary["BrokerArn"],
            publicly_accessible=broker["PubliclyAccessible"],
            engine=broker["EngineType"].lower(),
            tags=region.tags(broker.get("Tags")),
            links=_groups(region, broker.get("SecurityGroups") or ()),
        )

    yield from region.each(
        region.all("mq:ListBrokers"), read, resource=lambda summary: str(summary["BrokerArn"])
    )


@check("redshift-serverless:ListWorkgroups")
def redshift_workgroups(region: AwsRegion) -> Iterator[Broker]:
    """Whether workgroups of Redshift Serverless have public addresses."""
    for workgroup in region.all("redshift-serverless:ListWorkgroups"):
        yield Broker(
            resource=workgroup["workgroupArn"],
            publicly_accessible=workgroup["publiclyAccessible"],
            engine="redshift-serverless",
            links=_groups(region, workgroup.get("securityGroupIds") or ()),
        )


@check("rds:DescribeDBClusters")
def rds_clusters(region: AwsRegion) -> Iterator[Broker]:
    """Whether Multi-AZ database clusters have public addresses; those of Aurora are their instances'."""
    for cluster in region.all("rds:DescribeDBClusters"):
        if "PubliclyAccessible" in cluster:
            yield Broker(
                resource=cluster["DBClusterArn"],
                publicly_accessible=cluster["PubliclyAccessible"],
                engine=cluster["Engine"],
                tags=region.tags(cluster.get("TagList")),
                links=_groups(
                    region, (each["VpcSecurityGroupId"] for each in cluster.get("VpcSecurityGroups") or ())
                ),
            )


def _groups(region: AwsRegion, named: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(region.arn("ec2", f"security-group/{group}") for group in sorted(filter(None, named)))
