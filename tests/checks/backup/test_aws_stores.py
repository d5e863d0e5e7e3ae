from checks.backup import (
    Kept,
    ObjectLock,
    ObjectReplication,
    OldVersions,
    PointInTime,
    RdsDatabase,
    Snapshots,
    Versions,
)
from checks.backup.aws_stores import (
    dynamodb_tables,
    elasticache_clusters,
    elasticache_groups,
    rds_clusters,
    rds_instances,
    redshift_clusters,
    s3_object_locks,
    s3_old_versions,
    s3_replications,
    s3_versions,
)
from scanner.testing import Error, by, look, observe, world

HERE = "us-east-1:111122223333:"
RDS = f"arn:aws:rds:{HERE}"
CACHE = f"arn:aws:elasticache:{HERE}"


def buckets(*names: str) -> object:
    def listed(MaxBuckets: int) -> object:  # noqa: N803 - as AWS names it
        return {"Buckets": [{"Name": name, "BucketRegion": "eu-west-1"} for name in names][:MaxBuckets]}

    return listed


INSTANCES = world(
    rds_instances,
    {
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {
                    "DBInstanceArn": RDS + "db:emr",
                    "Engine": "postgres",
                    "BackupRetentionPeriod": 35,
                    "MultiAZ": True,
                    "DeletionProtection": True,
                    "DBInstanceAutomatedBackupsReplications": [
                        {"DBInstanceAutomatedBackupsArn": "arn:aws:rds:us-west-2:111122223333:auto-backup:a"}
                    ],
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {
                    "DBInstanceArn": RDS + "db:read",
                    "Engine": "postgres",
                    "BackupRetentionPeriod": 0,
                    "MultiAZ": False,
                    "ReadReplicaSourceDBInstanceIdentifier": "emr",
                },
                {
                    "DBInstanceArn": RDS + "db:aurora-1",
                    "Engine": "aurora-mysql",
                    "BackupRetentionPeriod": 1,
                    "MultiAZ": False,
                    "DBClusterIdentifier": "aurora",
                },
            ]
        }
    },
)
CLUSTERS = world(
    rds_clusters,
    {
        "rds:DescribeDBClusters": {
            "DBClusters": [
                {
                    "DBClusterArn": RDS + "cluster:world",
                    "Engine": "aurora-mysql",
                    "BackupRetentionPeriod": 14,
                    "MultiAZ": True,
                    "DeletionProtection": True,
                    "GlobalClusterIdentifier": "world",
                },
                {
                    "DBClusterArn": RDS + "cluster:far",
                    "Engine": "docdb",
                    "BackupRetentionPeriod": 7,
                    "ReadReplicaIdentifiers": ["arn:aws:rds:us-west-2:111122223333:cluster:copy"],
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {
                    "DBClusterArn": RDS + "cluster:near",
                    "Engine": "neptune",
                    "BackupRetentionPeriod": 1,
                    "ReadReplicaIdentifiers": ["beside", RDS + "cluster:beside"],
                },
                {
                    "DBClusterArn": RDS + "cluster:beside",
                    "Engine": "neptune",
                    "BackupRetentionPeriod": 1,
                    "ReplicationSourceIdentifier": RDS + "cluster:near",
                },
            ]
        }
    },
)
TABLES = world(
    dynamodb_tables,
    {
        "dynamodb:ListTables": {"TableNames": ["visits", "beds", "staff", "new"]},
        "dynamodb:DescribeContinuousBackups": by(
            "TableName",
            {
                name: {"ContinuousBackupsDescription": told}
                for name, told in {
                    "visits": {
                        "ContinuousBackupsStatus": "ENABLED",
                        "PointInTimeRecoveryDescription": {
                            "PointInTimeRecoveryStatus": "ENABLED",
                            "RecoveryPeriodInDays": 7,
                        },
                    },
                    "beds": {
                        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"},
                    },
                    "staff": {
                        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
                    },
                    "new": {"ContinuousBackupsStatus": "DISABLED"},
                }.items()
            },
        ),
    },
)
WAREHOUSES = world(
    redshift_clusters,
    {
        "redshift:DescribeClusters": {
            "Clusters": [
                {
                    "ClusterIdentifier": "claims",
                    "AutomatedSnapshotRetentionPeriod": 35,
                    "ClusterSnapshotCopyStatus": {"DestinationRegion": "us-west-2", "RetentionPeriod": 7},
                    "Tags": [{"Key": "phi", "Value": "true"}],
                },
                {"ClusterIdentifier": "test", "AutomatedSnapshotRetentionPeriod": 0},
            ]
        }
    },
)
GROUPS = world(
    elasticache_groups,
    {
        "elasticache:DescribeReplicationGroups": {
            "ReplicationGroups": [
                {"ARN": CACHE + "replicationgroup:a", "SnapshotRetentionLimit": 15},
                {"ARN": CACHE + "replicationgroup:b"},
            ]
        }
    },
)


def alone(ShowCacheClustersNotInReplicationGroups: bool) -> object:  # noqa: N803 - as AWS names it
    grouped = {"ARN": CACHE + "cluster:grouped", "Engine": "redis"}
    return {
        "CacheClusters": [
            *([] if ShowCacheClustersNotInReplicationGroups else [grouped]),
            {"ARN": CACHE + "cluster:a", "Engine": "valkey", "SnapshotRetentionLimit": 0},
            {"ARN": CACHE + "cluster:b", "Engine": "memcached"},
        ]
    }


SINGLE = world(elasticache_clusters, {"elasticache:DescribeCacheClusters": alone})
VERSIONS = world(
    s3_versions,
    {
        "s3:ListBuckets": buckets("records", "stopped", "never"),
        "s3:GetBucketVersioning": by(
            "Bucket",
            {
                "records": {"Status": "Enabled", "MFADelete": "Enabled"},
                "stopped": {"Status": "Suspended", "MFADelete": "Disabled"},
                "never": {},
            },
        ),
    },
)
LOCKS = world(
    s3_object_locks,
    {
        "s3:ListBuckets": buckets("days", "years", "asked", "none"),
        "s3:GetObjectLockConfiguration": by(
            "Bucket",
            {
                "days": {
                    "ObjectLockConfiguration": {
                        "ObjectLockEnabled": "Enabled",
                        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}},
                    }
                },
                "years": {
                    "ObjectLockConfiguration": {
                        "ObjectLockEnabled": "Enabled",
                        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 6}},
                    }
                },
                "asked": {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
                "none": Error("ObjectLockConfigurationNotFoundError"),
            },
        ),
    },
)
DESTINATION = {"Bucket": "arn:aws:s3:::elsewhere"}
REPLICATIONS = world(
    s3_replications,
    {
        "s3:ListBuckets": buckets("whole", "first", "some", "tagged", "narrow", "off", "none"),
        "s3:GetBucketReplication": by(
            "Bucket",
            {
                "none": Error("ReplicationConfigurationNotFoundError"),
                **{
                    name: {
                        "ReplicationConfiguration": {
                            "Role": "arn:aws:iam::111122223333:role/replication",
                            "Rules": [{"Status": "Enabled", "Destination": DESTINATION, **rule}],
                        }
                    }
                    for name, rule in {
                        "whole": {"Filter": {"Prefix": ""}},
                        "first": {"Prefix": ""},
                        "some": {"Prefix": "scans/"},
                        "tagged": {"Filter": {"Tag": {"Key": "phi", "Value": "true"}}},
                        "narrow": {"Filter": {"And": {"Prefix": "scans/", "Tags": []}}},
                        "off": {"Filter": {}, "Status": "Disabled"},
                    }.items()
                },
            },
        ),
    },
)
OLD = world(
    s3_old_versions,
    {
        "s3:ListBuckets": buckets("records", "logs", "none"),
        "s3:GetBucketVersioning": by(
            "Bucket", {"records": {"Status": "Enabled"}, "logs": {"Status": "Suspended"}, "none": {}}
        ),
        "s3:GetBucketLifecycleConfiguration": by(
            "Bucket",
            {
                "records": {
                    "Rules": [
                        {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 90}},
                        {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
                        {"Status": "Disabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
                    ]
                },
                "logs": {"Rules": [{"Status": "Enabled", "Expiration": {"Days": 10}}]},
                "none": Error("NoSuchLifecycleConfiguration"),
            },
        ),
    },
)


def test_rds_instances_that_are_in_no_cluster() -> None:
    assert observe(rds_instances, INSTANCES) == [
        RdsDatabase(
            resource=RDS + "db:emr",
            engine="postgres",
            retention_days=35,
            geo_redundant=True,
            zone_redundant=True,
            deletion_protected=True,
            replica=False,
            tags={"phi": "true"},
        ),
        RdsDatabase(
            resource=RDS + "db:read",
            engine="postgres",
            retention_days=0,
            geo_redundant=False,
            zone_redundant=False,
            deletion_protected=False,
            replica=True,
            tags={},
        ),
    ]


def test_rds_clusters() -> None:
    seen = [
        ("world", "aurora-mysql", 14, True, True, False, {}),
        ("far", "docdb", 7, True, False, False, {"phi": "true"}),
        ("near", "neptune", 1, False, False, False, {}),
        ("beside", "neptune", 1, False, False, True, {}),
    ]
    assert observe(rds_clusters, CLUSTERS) == [
        RdsDatabase(
            resource=f"{RDS}cluster:{name}",
            engine=engine,
            retention_days=days,
            geo_redundant=geo,
            zone_redundant=whole,
            deletion_protected=whole,
            replica=replica,
            tags=tags,
        )
        for name, engine, days, geo, whole, replica, tags in seen
    ]


def test_dynamodb_tables() -> None:
    arn = f"arn:aws:dynamodb:{HERE}table/"
    assert observe(dynamodb_tables, TABLES) == [
        PointInTime(resource=arn + "visits", continuous=True, retention_days=7),
        PointInTime(resource=arn + "beds", continuous=True, retention_days=35),
        PointInTime(resource=arn + "staff", continuous=False, retention_days=None),
        PointInTime(resource=arn + "new", continuous=False, retention_days=None),
    ]


def test_redshift_clusters() -> None:
    arn = f"arn:aws:redshift:{HERE}cluster:"
    assert observe(redshift_clusters, WAREHOUSES) == [
        Snapshots(resource=arn + "claims", retention_days=35, geo_redundant=True, tags={"phi": "true"}),
        Snapshots(resource=arn + "test", retention_days=0, geo_redundant=False, tags={}),
    ]


def test_elasticache_groups() -> None:
    assert observe(elasticache_groups, GROUPS) == [
        Kept(resource=CACHE + "replicationgroup:a", retention_days=15),
        Kept(resource=CACHE + "replicationgroup:b", retention_days=0),
    ]


def test_elasticache_clusters() -> None:
    assert observe(elasticache_clusters, SINGLE) == [Kept(resource=CACHE + "cluster:a", retention_days=0)]


def test_s3_versions() -> None:
    seen = [("records", True, True), ("stopped", False, False), ("never", False, False)]
    assert observe(s3_versions, VERSIONS) == [
        Versions(resource=f"arn:aws:s3:::{name}", region="eu-west-1", versioned=versioned, mfa_delete=mfa)
        for name, versioned, mfa in seen
    ]


def test_a_bucket_whose_policy_denies_us_is_a_refusal_of_that_bucket() -> None:
    sight = look(s3_versions, {**VERSIONS, "s3:ListBuckets": buckets("hidden", "never")})

    assert [facts.resource for facts in sight.facts] == ["arn:aws:s3:::never"]
    assert [refusal.resource for refusal in sight.refusals] == ["arn:aws:s3:::hidden"]


def test_s3_object_locks() -> None:
    seen = [
        ("days", True, "governance", 30),
        ("years", True, "compliance", 2190),
        ("asked", True, None, None),
        ("none", False, None, None),
    ]
    assert observe(s3_object_locks, LOCKS) == [
        ObjectLock(
            resource=f"arn:aws:s3:::{name}",
            region="eu-west-1",
            object_lock=locked,
            default_lock=mode,
            default_lock_days=days,
        )
        for name, locked, mode, days in seen
    ]


def test_s3_replications() -> None:
    seen = [
        ("whole", True, True),
        ("first", True, True),
        ("some", True, False),
        ("tagged", True, False),
        ("narrow", True, False),
        ("off", False, False),
        ("none", False, False),
    ]
    assert observe(s3_replications, REPLICATIONS) == [
        ObjectReplication(
            resource=f"arn:aws:s3:::{name}", region="eu-west-1", replicated=some, replicated_whole=whole
        )
        for name, some, whole in seen
    ]


def test_s3_old_versions() -> None:
    seen = [("records", True, 2, 30), ("logs", False, 1, None), ("none", False, 0, None)]
    assert observe(s3_old_versions, OLD) == [
        OldVersions(
            resource=f"arn:aws:s3:::{name}",
            region="eu-west-1",
            versioned=versioned,
            lifecycle_rules=rules,
            old_versions_days=days,
        )
        for name, versioned, rules, days in seen
    ]
