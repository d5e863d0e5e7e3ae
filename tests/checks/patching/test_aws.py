from datetime import UTC, datetime
from typing import Any

from checks.patching import EngineRelease, Managed, PatchScan, PatchState, Release
from checks.patching.aws import (
    ec2_instances,
    eks_clusters,
    lambda_runtimes,
    rds_engines,
    ssm_instances,
    ssm_patch_states,
)
from scanner.testing import by, look, observe, world

RDS = "arn:aws:rds:us-east-1:111122223333:db:"
EC2 = "arn:aws:ec2:us-east-1:111122223333:instance/"
SSM = "arn:aws:ssm:us-east-1:111122223333:managed-instance/"
LAMBDA = "arn:aws:lambda:us-east-1:111122223333:function:"
EKS = "arn:aws:eks:us-east-1:111122223333:cluster/"
SCANNED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def patch_state(instance: str, **counts: int) -> dict[str, Any]:
    return {
        "InstanceId": instance,
        "OperationEndTime": SCANNED,
        "MissingCount": 0,
        "FailedCount": 0,
        "InstalledPendingRebootCount": 0,
        **counts,
    }


STATES = {
    "i-1": patch_state(
        "i-1",
        SecurityNonCompliantCount=3,
        CriticalNonCompliantCount=1,
        MissingCount=5,
        FailedCount=2,
        InstalledPendingRebootCount=4,
    ),
    "mi-1": patch_state("mi-1"),
}


def patch_states(InstanceIds: list[str]) -> dict[str, Any]:  # noqa: N803 - as AWS names it
    assert len(InstanceIds) <= 50
    return {"InstancePatchStates": [STATES[name] for name in InstanceIds if name in STATES]}


ENGINES = world(
    rds_engines,
    {
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {
                    "DBInstanceArn": RDS + "emr",
                    "Engine": "postgres",
                    "EngineVersion": "16.4",
                    "AutoMinorVersionUpgrade": True,
                    "EngineLifecycleSupport": "open-source-rds-extended-support-disabled",
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {
                    "DBInstanceArn": RDS + "lab",
                    "Engine": "mysql",
                    "EngineVersion": "5.7.44",
                    "AutoMinorVersionUpgrade": False,
                    "EngineLifecycleSupport": "open-source-rds-extended-support",
                },
                {
                    "DBInstanceArn": RDS + "billing",
                    "Engine": "oracle-ee",
                    "EngineVersion": "19.0.0.0.ru-2025-01",
                    "AutoMinorVersionUpgrade": True,
                },
                {
                    "DBInstanceArn": RDS + "claims-1",
                    "Engine": "aurora-mysql",
                    "EngineVersion": "8.0.mysql_aurora.3.08.0",
                    "AutoMinorVersionUpgrade": True,
                    "EngineLifecycleSupport": "open-source-rds-extended-support",
                },
            ]
        },
        "rds:DescribeDBMajorEngineVersions": {
            "DBMajorEngineVersions": [
                {
                    "Engine": "aurora-mysql",
                    "MajorEngineVersion": "8.0",
                    "SupportedEngineLifecycles": [
                        {
                            "LifecycleSupportName": "open-source-rds-standard-support",
                            "LifecycleSupportEndDate": day("2028-04-30"),
                        },
                        {
                            "LifecycleSupportName": "open-source-rds-extended-support",
                            "LifecycleSupportEndDate": day("2029-07-31"),
                        },
                    ],
                }
            ]
        },
    },
)
FUNCTIONS = world(
    lambda_runtimes,
    {
        "lambda:ListFunctions": {
            "Functions": [
                {"FunctionArn": LAMBDA + "hl7", "Runtime": "python3.12", "PackageType": "Zip"},
                {"FunctionArn": LAMBDA + "fax", "Runtime": "python4.0", "PackageType": "Zip"},
                {"FunctionArn": LAMBDA + "image", "PackageType": "Image"},
            ]
        }
    },
)
CLUSTERS = world(
    eks_clusters,
    {
        "eks:ListClusters": {"clusters": ["ward", "lab"]},
        "eks:DescribeCluster": by(
            "name",
            {
                "ward": {"cluster": {"name": "ward", "version": "1.35", "tags": {"owner": "platform"}}},
                "lab": {"cluster": {"name": "lab", "version": "1.99"}},
            },
        ),
    },
)
INFORMATION = {
    "InstanceInformationList": [
        {"InstanceId": "mi-1", "PingStatus": "Online"},
        {"InstanceId": "i-1", "PingStatus": "Online"},
        {"InstanceId": "i-2", "PingStatus": "ConnectionLost"},
    ]
}
INSTANCES = world(
    ec2_instances,
    {
        "ssm:DescribeInstanceInformation": INFORMATION,
        "ec2:DescribeInstances": {
            "Reservations": [
                {
                    "Instances": [
                        {
                            "InstanceId": "i-1",
                            "State": {"Name": "running"},
                            "Tags": [{"Key": "phi", "Value": "true"}],
                        },
                        {"InstanceId": "i-9", "State": {"Name": "terminated"}},
                    ]
                },
                {"Instances": [{"InstanceId": "i-3", "State": {"Name": "stopped"}}]},
            ]
        },
    },
)
MANAGED = world(
    ssm_instances,
    {
        "ssm:DescribeInstanceInformation": INFORMATION,
        "ssm:DescribeInstancePatchStates": patch_states,
    },
)
world(ssm_patch_states, MANAGED)


def test_rds_engines() -> None:
    assert observe(rds_engines, ENGINES) == [
        EngineRelease(
            resource=RDS + "emr",
            product="amazon-rds-postgresql",
            version="16.4",
            cycle="16",
            support_end="dated",
            supported_until=day("2029-02-28"),
            extended_support_until=day("2032-02-29"),
            auto_minor_version_upgrade=True,
            extended_support=False,
            tags={"phi": "true"},
        ),
        EngineRelease(
            resource=RDS + "lab",
            product="amazon-rds-mysql",
            version="5.7.44",
            cycle="5.7",
            support_end="dated",
            supported_until=day("2024-02-29"),
            extended_support_until=day("2029-06-30"),
            auto_minor_version_upgrade=False,
            extended_support=True,
            tags={},
        ),
        EngineRelease(
            resource=RDS + "billing",
            product="oracle-ee",
            version="19.0.0.0.ru-2025-01",
            cycle=None,
            support_end="unlisted",
            supported_until=None,
            extended_support_until=None,
            auto_minor_version_upgrade=True,
            extended_support=False,
            tags={},
        ),
        EngineRelease(
            resource=RDS + "claims-1",
            product="amazon-aurora-mysql",
            version="8.0.mysql_aurora.3.08.0",
            cycle="8.0",
            support_end="dated",
            supported_until=day("2028-04-30"),
            extended_support_until=day("2029-07-31"),
            auto_minor_version_upgrade=True,
            extended_support=True,
            tags={},
        ),
    ]


def test_rds_is_asked_only_of_what_the_packaged_list_does_not_have() -> None:
    listed = {"rds:DescribeDBInstances": ENGINES["rds:DescribeDBInstances"]}
    sight = look(rds_engines, listed)

    assert [facts.resource for facts in sight.facts] == [RDS + "emr", RDS + "lab", RDS + "billing"]
    assert [(refusal.resource, refusal.error.need) for refusal in sight.refusals] == [
        (RDS + "claims-1", "rds:DescribeDBMajorEngineVersions")
    ]


def test_lambda_runtimes() -> None:
    assert observe(lambda_runtimes, FUNCTIONS) == [
        Release(
            resource=LAMBDA + "hl7",
            product="aws-lambda",
            version="python3.12",
            cycle="python3.12",
            support_end="dated",
            supported_until=day("2028-10-31"),
            extended_support_until=None,
        ),
        Release(
            resource=LAMBDA + "fax",
            product="aws-lambda",
            version="python4.0",
            cycle=None,
            support_end="unlisted",
            supported_until=None,
            extended_support_until=None,
        ),
    ]


def test_eks_clusters() -> None:
    assert observe(eks_clusters, CLUSTERS) == [
        Release(
            resource=EKS + "ward",
            product="amazon-eks",
            version="1.35",
            cycle="1.35",
            support_end="dated",
            supported_until=day("2027-03-27"),
            extended_support_until=day("2028-03-27"),
            tags={"owner": "platform"},
        ),
        Release(
            resource=EKS + "lab",
            product="amazon-eks",
            version="1.99",
            cycle=None,
            support_end="unlisted",
            supported_until=None,
            extended_support_until=None,
            tags={},
        ),
    ]


def test_ec2_instances() -> None:
    assert observe(ec2_instances, INSTANCES) == [
        Managed(resource=EC2 + "i-1", managed=True, tags={"phi": "true"}),
        Managed(resource=EC2 + "i-3", managed=False, tags={}),
    ]


def test_ssm_instances() -> None:
    assert observe(ssm_instances, MANAGED) == [
        PatchScan(resource=SSM + "mi-1", agent_online=True, scanned_at=SCANNED),
        PatchScan(resource=EC2 + "i-1", agent_online=True, scanned_at=SCANNED),
        PatchScan(resource=EC2 + "i-2", agent_online=False, scanned_at=None),
    ]


def test_ssm_patch_states() -> None:
    assert observe(ssm_patch_states, MANAGED) == [
        PatchState(
            resource=EC2 + "i-1",
            scanned_at=SCANNED,
            security_updates_missing=3,
            critical_updates_missing=1,
            updates_missing=5,
            updates_failed=2,
            updates_pending_reboot=4,
        ),
        PatchState(
            resource=SSM + "mi-1",
            scanned_at=SCANNED,
            security_updates_missing=None,
            critical_updates_missing=None,
            updates_missing=0,
            updates_failed=0,
            updates_pending_reboot=0,
        ),
    ]


def test_ssm_patch_states_are_asked_fifty_at_a_time() -> None:
    names = [f"i-{number:03}" for number in range(120)]
    asked: list[int] = []

    def states(InstanceIds: list[str]) -> dict[str, Any]:  # noqa: N803 - as AWS names it
        asked.append(len(InstanceIds))
        return {"InstancePatchStates": [patch_state(name) for name in InstanceIds]}

    sight = look(
        ssm_patch_states,
        {
            "ssm:DescribeInstanceInformation": {
                "InstanceInformationList": [{"InstanceId": name} for name in names]
            },
            "ssm:DescribeInstancePatchStates": states,
        },
    )

    assert (asked, sight.refusals) == ([50, 50, 20], [])
    assert [facts.resource for facts in sight.facts] == [EC2 + name for name in names]
