import json
from datetime import UTC, datetime

from checks.backup import BackupVault, Copied, CopiedMachine, Plan, RestoreTest, VaultPolicy
from checks.backup.aws import (
    backup_plans,
    backup_vaults,
    dynamodb_tables,
    ebs_volumes,
    ec2_instances,
    efs_file_systems,
    fsx_file_systems,
    rds_clusters,
    rds_instances,
    restore_tests,
    vault_policies,
)
from scanner.testing import Error, by, look, observe, world

HERE = "us-east-1:111122223333:"
EC2 = f"arn:aws:ec2:{HERE}"
RDS = f"arn:aws:rds:{HERE}"
VAULT = f"arn:aws:backup:{HERE}backup-vault:"
PLAN = f"arn:aws:backup:{HERE}backup-plan:"
EFS = f"arn:aws:elasticfilesystem:{HERE}file-system/"
FSX = f"arn:aws:fsx:{HERE}file-system/"
MONDAY = datetime(2026, 11, 16, 5, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 17, 5, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 5, tzinfo=UTC)
DENIAL = {
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["backup:DeleteRecoveryPoint", "backup:Update*", "backup:PutBackupVaultAccessPolicy"],
            "Resource": "*",
        }
    ]
}
COPIES = {
    "backup:ListProtectedResources": [
        {
            "Results": [
                {"ResourceArn": EC2 + "instance/i-emr", "LastBackupTime": TUESDAY},
                {"ResourceArn": EC2 + "volume/vol-data", "LastBackupTime": MONDAY},
                {"ResourceArn": RDS + "db:emr", "LastBackupTime": FRIDAY},
                {"ResourceArn": RDS + "cluster:cluster-XYZ", "LastBackupTime": TUESDAY},
                {"ResourceArn": RDS + "cluster:lab", "LastBackupTime": MONDAY},
            ]
        },
        {
            "Results": [
                {"ResourceArn": f"arn:aws:dynamodb:{HERE}table/visits", "LastBackupTime": FRIDAY},
                {"ResourceArn": EFS + "fs-1", "LastBackupTime": FRIDAY},
                {"ResourceArn": FSX + "fs-3"},
            ]
        },
    ]
}
SCALED = [{"Key": "aws:autoscaling:groupName", "Value": "web"}]
INSTANCES = {
    "ec2:DescribeInstances": {
        "Reservations": [
            {
                "Instances": [
                    {"InstanceId": "i-emr", "State": {"Name": "running"}},
                    {"InstanceId": "i-web", "State": {"Name": "running"}, "Tags": SCALED},
                ]
            },
            {
                "Instances": [
                    {"InstanceId": "i-fax", "State": {"Name": "stopped"}},
                    {"InstanceId": "i-gone", "State": {"Name": "terminated"}},
                ]
            },
        ]
    }
}

PLANS = world(
    backup_plans,
    {
        "backup:ListBackupPlans": {
            "BackupPlansList": [
                {"BackupPlanId": name, "BackupPlanArn": PLAN + name}
                for name in ("gold", "weekly", "forever", "moved")
            ]
        },
        "backup:ListBackupSelections": by(
            "BackupPlanId",
            {
                "gold": {"BackupSelectionsList": [{"SelectionId": "1"}, {"SelectionId": "2"}]},
                "weekly": {"BackupSelectionsList": []},
                "forever": {"BackupSelectionsList": [{"SelectionId": "3"}]},
                "moved": {"BackupSelectionsList": [{"SelectionId": "4"}]},
            },
        ),
        "backup:GetBackupPlan": by(
            "BackupPlanId",
            {
                name: {"BackupPlan": {"BackupPlanName": name, "Rules": rules}}
                for name, rules in {
                    "gold": [
                        {
                            "RuleName": "daily",
                            "ScheduleExpression": "cron(0 5 ? * * *)",
                            "Lifecycle": {"DeleteAfterDays": 35},
                            "CopyActions": [
                                {
                                    "DestinationBackupVaultArn": (
                                        "arn:aws:backup:us-west-2:999988887777:backup-vault:far"
                                    ),
                                    "Lifecycle": {"DeleteAfterDays": 14},
                                }
                            ],
                        },
                        {
                            "RuleName": "yearly",
                            "ScheduleExpression": "cron(0 5 1 1 ? *)",
                            "Lifecycle": {"DeleteAfterDays": 3650},
                        },
                    ],
                    "weekly": [
                        {
                            "RuleName": "weekly",
                            "ScheduleExpression": "cron(0 5 ? * SUN *)",
                            "Lifecycle": {"DeleteAfterDays": 90},
                            "CopyActions": [{"DestinationBackupVaultArn": VAULT + "gold"}],
                        }
                    ],
                    "forever": [{"RuleName": "as it comes"}],
                    "moved": [
                        {
                            "RuleName": "moved",
                            "Lifecycle": {"DeleteAfterDays": 3, "DeleteAfterEvent": "DELETE_AFTER_COPY"},
                            "CopyActions": [
                                {
                                    "DestinationBackupVaultArn": VAULT + "gold",
                                    "Lifecycle": {"DeleteAfterDays": 60},
                                }
                            ],
                        }
                    ],
                }.items()
            },
        ),
    },
)
LISTED = {
    "backup:ListBackupVaults": {
        "BackupVaultList": [
            {
                "BackupVaultName": "gold",
                "BackupVaultArn": VAULT + "gold",
                "Locked": True,
                "LockDate": FRIDAY,
                "MinRetentionDays": 35,
                "MaxRetentionDays": 3650,
                "NumberOfRecoveryPoints": 12,
            },
            {
                "BackupVaultName": "loose",
                "BackupVaultArn": VAULT + "loose",
                "Locked": True,
                "NumberOfRecoveryPoints": 3,
            },
            {"BackupVaultName": "Default", "BackupVaultArn": VAULT + "Default", "NumberOfRecoveryPoints": 0},
        ]
    }
}
VAULTS = world(backup_vaults, LISTED)
POLICIES = world(
    vault_policies,
    {
        **LISTED,
        "backup:GetBackupVaultAccessPolicy": by(
            "BackupVaultName",
            {
                "gold": {"Policy": json.dumps(DENIAL)},
                "loose": {"Policy": json.dumps({"Statement": []})},
                "Default": Error("ResourceNotFoundException"),
            },
        ),
    },
)
TESTS = world(
    restore_tests,
    {
        **LISTED,
        "backup:ListRestoreTestingPlans": {
            "RestoreTestingPlans": [{"RestoreTestingPlanName": name} for name in ("all", "one", "new")]
        },
        "backup:GetRestoreTestingPlan": by(
            "RestoreTestingPlanName",
            {
                "all": {
                    "RestoreTestingPlan": {
                        "LastExecutionTime": MONDAY,
                        "RecoveryPointSelection": {
                            "IncludeVaults": ["*"],
                            "ExcludeVaults": [VAULT + "Default"],
                        },
                    }
                },
                "one": {
                    "RestoreTestingPlan": {
                        "LastExecutionTime": FRIDAY,
                        "RecoveryPointSelection": {"IncludeVaults": [VAULT + "gold"]},
                    }
                },
                "new": {
                    "RestoreTestingPlan": {"RecoveryPointSelection": {"IncludeVaults": [VAULT + "loose"]}}
                },
            },
        ),
    },
)
MACHINES = world(ec2_instances, {**INSTANCES, **COPIES})
VOLUMES = world(
    ebs_volumes,
    {
        **INSTANCES,
        **COPIES,
        "ec2:DescribeVolumes": {
            "Volumes": [
                {"VolumeId": "vol-root", "Attachments": [{"InstanceId": "i-emr"}]},
                {"VolumeId": "vol-data", "Attachments": [{"InstanceId": "i-fax"}]},
                {"VolumeId": "vol-web", "Attachments": [{"InstanceId": "i-web"}]},
                {"VolumeId": "vol-free", "Tags": [{"Key": "phi", "Value": "true"}]},
            ]
        },
        "ec2:DescribeSnapshots": lambda OwnerIds: {  # noqa: N803 - as AWS names it
            "Snapshots": [
                {"SnapshotId": "s1", "VolumeId": "vol-data", "State": "completed", "StartTime": FRIDAY},
                {"SnapshotId": "s2", "VolumeId": "vol-data", "State": "completed", "StartTime": MONDAY},
                {"SnapshotId": "s3", "VolumeId": "vol-root", "State": "completed", "StartTime": MONDAY},
                {"SnapshotId": "s4", "VolumeId": "vol-free", "State": "error", "StartTime": FRIDAY},
                {"SnapshotId": "s5", "State": "completed", "StartTime": FRIDAY},
            ]
            if OwnerIds == ["self"]
            else []
        },
    },
)
DATABASES = world(
    rds_instances,
    {
        **COPIES,
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {"DBInstanceArn": RDS + "db:emr", "TagList": [{"Key": "phi", "Value": "true"}]},
                {"DBInstanceArn": RDS + "db:test"},
                {"DBInstanceArn": RDS + "db:aurora-1", "DBClusterIdentifier": "aurora"},
            ]
        },
    },
)
CLUSTERS = world(
    rds_clusters,
    {
        **COPIES,
        "rds:DescribeDBClusters": {
            "DBClusters": [
                {"DBClusterArn": RDS + "cluster:aurora", "DbClusterResourceId": "cluster-XYZ"},
                {"DBClusterArn": RDS + "cluster:lab", "DbClusterResourceId": "cluster-ABC"},
                {"DBClusterArn": RDS + "cluster:test"},
            ]
        },
    },
)
TABLES = world(dynamodb_tables, {**COPIES, "dynamodb:ListTables": {"TableNames": ["visits", "staff"]}})
FILES = world(
    efs_file_systems,
    {
        **COPIES,
        "efs:DescribeFileSystems": {
            "FileSystems": [
                {"FileSystemArn": EFS + "fs-1", "Tags": [{"Key": "phi", "Value": "true"}]},
                {"FileSystemArn": EFS + "fs-2", "Tags": []},
            ]
        },
    },
)
SERVERS = world(
    fsx_file_systems,
    {
        **COPIES,
        "fsx:DescribeFileSystems": {
            "FileSystems": [{"ResourceARN": FSX + "fs-3"}, {"ResourceARN": FSX + "fs-4"}]
        },
    },
)


def test_backup_plans() -> None:
    assert observe(backup_plans, PLANS) == [
        Plan(
            resource=PLAN + "gold",
            daily_retention_days=35,
            geo_redundant=True,
            other_account=True,
            selections=2,
        ),
        Plan(
            resource=PLAN + "weekly",
            daily_retention_days=None,
            geo_redundant=False,
            other_account=False,
            selections=0,
        ),
        Plan(
            resource=PLAN + "forever",
            daily_retention_days=36500,
            geo_redundant=False,
            other_account=False,
            selections=1,
        ),
        Plan(
            resource=PLAN + "moved",
            daily_retention_days=60,
            geo_redundant=False,
            other_account=False,
            selections=1,
        ),
    ]


def test_backup_vaults() -> None:
    assert observe(backup_vaults, VAULTS) == [
        BackupVault(
            resource=VAULT + "gold",
            immutable=True,
            immutable_for_good_at=FRIDAY,
            min_retention_days=35,
            max_retention_days=3650,
            recovery_points=12,
        ),
        BackupVault(
            resource=VAULT + "loose",
            immutable=True,
            immutable_for_good_at=None,
            min_retention_days=None,
            max_retention_days=None,
            recovery_points=3,
        ),
        BackupVault(
            resource=VAULT + "Default",
            immutable=False,
            immutable_for_good_at=None,
            min_retention_days=None,
            max_retention_days=None,
            recovery_points=0,
        ),
    ]


def test_vault_policies() -> None:
    assert observe(vault_policies, POLICIES) == [
        VaultPolicy(resource=VAULT + "gold", deletion_denied=True, immutable=True, recovery_points=12),
        VaultPolicy(resource=VAULT + "loose", deletion_denied=False, immutable=True, recovery_points=3),
        VaultPolicy(resource=VAULT + "Default", deletion_denied=False, immutable=False, recovery_points=0),
    ]


def test_restore_tests() -> None:
    assert observe(restore_tests, TESTS) == [
        RestoreTest(resource=VAULT + "gold", restore_tested=True, last_test_at=FRIDAY, recovery_points=12),
        RestoreTest(resource=VAULT + "loose", restore_tested=True, last_test_at=MONDAY, recovery_points=3),
        RestoreTest(resource=VAULT + "Default", restore_tested=False, last_test_at=None, recovery_points=0),
    ]


def test_a_plan_for_testing_that_never_ran() -> None:
    seen = observe(
        restore_tests,
        {
            **TESTS,
            "backup:ListRestoreTestingPlans": {"RestoreTestingPlans": [{"RestoreTestingPlanName": "new"}]},
        },
    )

    assert [(facts.resource, facts.restore_tested, facts.last_test_at) for facts in seen] == [
        (VAULT + "gold", False, None),
        (VAULT + "loose", True, None),
        (VAULT + "Default", False, None),
    ]


def test_ec2_instances() -> None:
    tags = {"aws:autoscaling:groupName": "web"}
    assert observe(ec2_instances, MACHINES) == [
        CopiedMachine(
            resource=EC2 + "instance/i-emr",
            protected=True,
            last_backup_at=TUESDAY,
            scale_set=False,
            tags={},
        ),
        CopiedMachine(
            resource=EC2 + "instance/i-web",
            protected=False,
            last_backup_at=None,
            scale_set=True,
            tags=tags,
        ),
        CopiedMachine(
            resource=EC2 + "instance/i-fax",
            protected=False,
            last_backup_at=None,
            scale_set=False,
            tags={},
        ),
    ]


def test_a_volume_is_copied_by_its_own_snapshots_and_with_its_instance() -> None:
    assert observe(ebs_volumes, VOLUMES) == [
        CopiedMachine(
            resource=EC2 + "volume/vol-root",
            protected=True,
            last_backup_at=TUESDAY,
            scale_set=False,
            tags={},
            links=(EC2 + "instance/i-emr",),
        ),
        CopiedMachine(
            resource=EC2 + "volume/vol-data",
            protected=True,
            last_backup_at=FRIDAY,
            scale_set=False,
            tags={},
            links=(EC2 + "instance/i-fax",),
        ),
        CopiedMachine(
            resource=EC2 + "volume/vol-web",
            protected=False,
            last_backup_at=None,
            scale_set=True,
            tags={},
            links=(EC2 + "instance/i-web",),
        ),
        CopiedMachine(
            resource=EC2 + "volume/vol-free",
            protected=False,
            last_backup_at=None,
            scale_set=False,
            tags={"phi": "true"},
        ),
    ]


def test_where_copies_cannot_be_listed_nothing_is_said() -> None:
    sight = look(ebs_volumes, VOLUMES, denied=["backup:ListProtectedResources"])

    assert sight.facts == []
    assert [refusal.error.need for refusal in sight.refusals] == ["backup:ListProtectedResources"]


def test_rds_instances_that_are_in_no_cluster() -> None:
    assert observe(rds_instances, DATABASES) == [
        Copied(resource=RDS + "db:emr", protected=True, last_backup_at=FRIDAY, tags={"phi": "true"}),
        Copied(resource=RDS + "db:test", protected=False, last_backup_at=None, tags={}),
    ]


def test_rds_clusters_by_either_of_their_names() -> None:
    assert observe(rds_clusters, CLUSTERS) == [
        Copied(resource=RDS + "cluster:aurora", protected=True, last_backup_at=TUESDAY, tags={}),
        Copied(resource=RDS + "cluster:lab", protected=True, last_backup_at=MONDAY, tags={}),
        Copied(resource=RDS + "cluster:test", protected=False, last_backup_at=None, tags={}),
    ]


def test_dynamodb_tables() -> None:
    arn = f"arn:aws:dynamodb:{HERE}table/"
    assert observe(dynamodb_tables, TABLES) == [
        Copied(resource=arn + "visits", protected=True, last_backup_at=FRIDAY),
        Copied(resource=arn + "staff", protected=False, last_backup_at=None),
    ]


def test_efs_file_systems() -> None:
    assert observe(efs_file_systems, FILES) == [
        Copied(resource=EFS + "fs-1", protected=True, last_backup_at=FRIDAY, tags={"phi": "true"}),
        Copied(resource=EFS + "fs-2", protected=False, last_backup_at=None, tags={}),
    ]


def test_fsx_file_systems() -> None:
    assert observe(fsx_file_systems, SERVERS) == [
        Copied(resource=FSX + "fs-3", protected=True, last_backup_at=None, tags={}),
        Copied(resource=FSX + "fs-4", protected=False, last_backup_at=None, tags={}),
    ]
