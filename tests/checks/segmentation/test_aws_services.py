from typing import Any

from checks.segmentation.aws_services import (
    dms_replication_instances,
    emr_clusters,
    mq_brokers,
    msk_clusters,
    rds_clusters,
    redshift_workgroups,
)
from checks.segmentation.vpc_facts import Broker
from scanner.testing import Error, by, look, observe, world

ACCOUNT = "us-east-1:111122223333:"
GROUP = (f"arn:aws:ec2:{ACCOUNT}security-group/sg-1",)
EMR = f"arn:aws:elasticmapreduce:{ACCOUNT}cluster/"


def emr_nodes(**asked: Any) -> Any:
    """A cluster of groups knows no fleets, and the other way round."""
    match asked:
        case {"ClusterId": "j-1", "InstanceGroupTypes": ["MASTER"]}:
            return {"Instances": [{"PublicIpAddress": "52.94.0.7"}, {}]}
        case {"ClusterId": "j-2", "InstanceFleetType": "MASTER"}:
            return {"Instances": [{"PrivateIpAddress": "10.0.0.4"}]}
        case _:
            return Error("InvalidRequestException")


CLUSTERS = world(
    emr_clusters,
    {
        "emr:ListClusters": {
            "Clusters": [{"Id": name, "ClusterArn": f"{EMR}{name}"} for name in ("j-1", "j-2")]
        },
        "emr:DescribeCluster": by(
            "ClusterId",
            {
                "j-1": {
                    "Cluster": {
                        "InstanceCollectionType": "INSTANCE_GROUP",
                        "Ec2InstanceAttributes": {"EmrManagedMasterSecurityGroup": "sg-1"},
                        "Tags": [{"Key": "phi", "Value": "true"}],
                    }
                },
                "j-2": {"Cluster": {"InstanceCollectionType": "INSTANCE_FLEET"}},
            },
        ),
        "emr:ListInstances": emr_nodes,
    },
)


def test_emr_clusters() -> None:
    assert observe(emr_clusters, CLUSTERS) == [
        Broker(
            resource=f"{EMR}j-1", publicly_accessible=True, engine="emr", tags={"phi": "true"}, links=GROUP
        ),
        Broker(resource=f"{EMR}j-2", publicly_accessible=False, engine="emr", tags={}),
    ]


def test_a_cluster_that_cannot_be_described_is_a_refusal_of_that_cluster() -> None:
    answers = {**CLUSTERS, "emr:DescribeCluster": by("ClusterId", {"j-1": {"Cluster": {}}})}
    sight = look(emr_clusters, answers)

    assert [facts.resource[-3:] for facts in sight.facts] == ["j-1"]
    assert [str(refusal.resource)[-3:] for refusal in sight.refusals] == ["j-2"]


DMS = f"arn:aws:dms:{ACCOUNT}rep:"
REPLICATIONS = world(
    dms_replication_instances,
    {
        "dms:DescribeReplicationInstances": {
            "ReplicationInstances": [
                {
                    "ReplicationInstanceArn": f"{DMS}A",
                    "PubliclyAccessible": True,
                    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}],
                },
                {"ReplicationInstanceArn": f"{DMS}B", "PubliclyAccessible": False},
            ]
        }
    },
)


def test_dms_replication_instances() -> None:
    assert observe(dms_replication_instances, REPLICATIONS) == [
        Broker(resource=f"{DMS}A", publicly_accessible=True, engine="dms", links=GROUP),
        Broker(resource=f"{DMS}B", publicly_accessible=False, engine="dms"),
    ]


KAFKA = f"arn:aws:kafka:{ACCOUNT}cluster/"


def kafka(name: str, access: str | None) -> dict[str, Any]:
    reached = {"ConnectivityInfo": {"PublicAccess": {"Type": access}}} if access else {}
    return {
        "ClusterArn": f"{KAFKA}{name}",
        "Provisioned": {"BrokerNodeGroupInfo": {"SecurityGroups": ["sg-1"], **reached}},
    }


BROKERS = world(
    msk_clusters,
    {
        "kafka:ListClustersV2": {
            "ClusterInfoList": [
                {**kafka("open", "SERVICE_PROVIDED_EIPS"), "Tags": {"phi": "true"}},
                kafka("closed", "DISABLED"),
                kafka("old", None),
                {
                    "ClusterArn": f"{KAFKA}serverless",
                    "Serverless": {"VpcConfigs": [{"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}]},
                },
            ]
        }
    },
)


def test_msk_clusters() -> None:
    assert observe(msk_clusters, BROKERS) == [
        Broker(resource=f"{KAFKA}{name}", publicly_accessible=public, engine="kafka", tags=tags, links=GROUP)
        for name, public, tags in (
            ("open", True, {"phi": "true"}),
            ("closed", False, {}),
            ("old", False, {}),
            ("serverless", False, {}),
        )
    ]


MQ = f"arn:aws:mq:{ACCOUNT}broker:"
QUEUES = world(
    mq_brokers,
    {
        "mq:ListBrokers": {
            "BrokerSummaries": [
                {"BrokerArn": f"{MQ}hl7:b-1", "BrokerId": "b-1"},
                {"BrokerArn": f"{MQ}lab:b-2", "BrokerId": "b-2"},
            ]
        },
        "mq:DescribeBroker": by(
            "BrokerId",
            {
                "b-1": {
                    "PubliclyAccessible": True,
                    "EngineType": "RABBITMQ",
                    "Tags": {"phi": "true"},
                },
                "b-2": {"PubliclyAccessible": False, "EngineType": "ACTIVEMQ", "SecurityGroups": ["sg-1"]},
            },
        ),
    },
)


def test_mq_brokers() -> None:
    assert observe(mq_brokers, QUEUES) == [
        Broker(resource=f"{MQ}hl7:b-1", publicly_accessible=True, engine="rabbitmq", tags={"phi": "true"}),
        Broker(resource=f"{MQ}lab:b-2", publicly_accessible=False, engine="activemq", tags={}, links=GROUP),
    ]


REDSHIFT = f"arn:aws:redshift-serverless:{ACCOUNT}workgroup/"
WORKGROUPS = world(
    redshift_workgroups,
    {
        "redshift-serverless:ListWorkgroups": {
            "workgroups": [
                {
                    "workgroupArn": f"{REDSHIFT}a",
                    "publiclyAccessible": True,
                    "securityGroupIds": ["sg-1"],
                },
                {"workgroupArn": f"{REDSHIFT}b", "publiclyAccessible": False},
            ]
        }
    },
)


def test_redshift_workgroups() -> None:
    assert observe(redshift_workgroups, WORKGROUPS) == [
        Broker(resource=f"{REDSHIFT}a", publicly_accessible=True, engine="redshift-serverless", links=GROUP),
        Broker(resource=f"{REDSHIFT}b", publicly_accessible=False, engine="redshift-serverless"),
    ]


RDS = f"arn:aws:rds:{ACCOUNT}cluster:"
DATABASES = world(
    rds_clusters,
    {
        "rds:DescribeDBClusters": {
            "DBClusters": [
                {
                    "DBClusterArn": f"{RDS}three",
                    "Engine": "postgres",
                    "PubliclyAccessible": True,
                    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}],
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {"DBClusterArn": f"{RDS}inner", "Engine": "mysql", "PubliclyAccessible": False},
                # Of an Aurora cluster only the instances are public or not.
                {"DBClusterArn": f"{RDS}aurora", "Engine": "aurora-mysql"},
            ]
        }
    },
)


def test_rds_clusters() -> None:
    assert observe(rds_clusters, DATABASES) == [
        Broker(
            resource=f"{RDS}three",
            publicly_accessible=True,
            engine="postgres",
            tags={"phi": "true"},
            links=GROUP,
        ),
        Broker(resource=f"{RDS}inner", publicly_accessible=False, engine="mysql", tags={}),
    ]
