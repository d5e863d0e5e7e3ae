from datetime import UTC, datetime

from checks.encryption import AtRest, Database
from checks.encryption.aws import (
    dynamodb_tables,
    ebs_default,
    ebs_snapshots,
    ebs_volumes,
    efs_file_systems,
    log_groups,
    opensearch_domains,
    rds_cluster_snapshots,
    rds_clusters,
    rds_instances,
    rds_snapshots,
    redshift_clusters,
    s3_buckets,
    secrets,
)
from scanner.testing import Error, by, look, observe, world

EC2 = "arn:aws:ec2:us-east-1:111122223333:"
RDS = "arn:aws:rds:us-east-1:111122223333:"
KEYS = "arn:aws:kms:us-east-1:111122223333:key/"
OURS = KEYS + "ours"
AWSS = KEYS + "awss"
THEIRS = "arn:aws:kms:us-east-1:999988887777:key/theirs"
DESCRIBED = by(
    "KeyId",
    {
        OURS: {"KeyMetadata": {"KeyId": "ours", "KeyManager": "CUSTOMER"}},
        "ours": {"KeyMetadata": {"KeyId": "ours", "KeyManager": "CUSTOMER"}},
        AWSS: {"KeyMetadata": {"KeyId": "awss", "KeyManager": "AWS"}},
    },
)

VOLUMES = world(
    ebs_volumes,
    {
        "ec2:DescribeVolumes": {
            "Volumes": [
                {
                    "VolumeId": "vol-1",
                    "Encrypted": True,
                    "KmsKeyId": OURS,
                    "Attachments": [{"InstanceId": "i-1", "State": "attached"}, {"State": "detached"}],
                },
                {"VolumeId": "vol-2", "Encrypted": False, "Tags": [{"Key": "phi", "Value": "true"}]},
                {"VolumeId": "vol-3", "Encrypted": True, "KmsKeyId": AWSS},
                {"VolumeId": "vol-4", "Encrypted": True, "KmsKeyId": THEIRS},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
SNAPSHOTS = world(
    ebs_snapshots,
    {
        "ec2:DescribeSnapshots": lambda OwnerIds: {  # noqa: N803 - as AWS names it
            "Snapshots": [
                {"SnapshotId": "snap-1", "VolumeId": "vol-1", "Encrypted": True, "KmsKeyId": OURS},
                {"SnapshotId": "snap-2", "VolumeId": "vol-2", "Encrypted": False},
                {"SnapshotId": "snap-3", "Encrypted": True, "KmsKeyId": AWSS},
            ]
            if OwnerIds == ["self"]
            else []
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
INSTANCES = world(
    rds_instances,
    {
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {
                    "DBInstanceArn": RDS + "db:emr",
                    "Engine": "postgres",
                    "StorageEncrypted": True,
                    "KmsKeyId": OURS,
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {"DBInstanceArn": RDS + "db:lab", "Engine": "mysql", "StorageEncrypted": False},
                {
                    "DBInstanceArn": RDS + "db:new",
                    "Engine": "mariadb",
                    "StorageEncrypted": False,
                    "StorageEncryptionType": "sse-rds",
                },
                {
                    "DBInstanceArn": RDS + "db:old",
                    "Engine": "docdb",
                    "StorageEncrypted": False,
                    "StorageEncryptionType": "none",
                },
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
DB_SNAPSHOTS = world(
    rds_snapshots,
    {
        "rds:DescribeDBSnapshots": {
            "DBSnapshots": [
                {
                    "DBSnapshotArn": RDS + "snapshot:emr",
                    "Engine": "postgres",
                    "Encrypted": True,
                    "KmsKeyId": AWSS,
                },
                {"DBSnapshotArn": RDS + "snapshot:lab", "Engine": "mysql", "Encrypted": False},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
CLUSTER_SNAPSHOTS = world(
    rds_cluster_snapshots,
    {
        "rds:DescribeDBClusterSnapshots": {
            "DBClusterSnapshots": [
                {
                    "DBClusterSnapshotArn": RDS + "cluster-snapshot:emr",
                    "Engine": "aurora-mysql",
                    "StorageEncrypted": True,
                    "KmsKeyId": OURS,
                },
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
BUCKETS = world(
    s3_buckets,
    {
        "s3:ListBuckets": lambda MaxBuckets: {  # noqa: N803 - as AWS names it
            "Buckets": [
                {"Name": name, "BucketRegion": "eu-west-1", "CreationDate": datetime(2026, 1, 1, tzinfo=UTC)}
                for name in ("aws-key", "s3-key", "alias", "our-key", "our-key-id", "none")[:MaxBuckets]
            ]
        },
        "s3:GetBucketEncryption": by(
            "Bucket",
            {
                "s3-key": {
                    "ServerSideEncryptionConfiguration": {
                        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                    }
                },
                "none": Error("ServerSideEncryptionConfigurationNotFoundError"),
            }
            | {
                bucket: {
                    "ServerSideEncryptionConfiguration": {
                        "Rules": [
                            {
                                "ApplyServerSideEncryptionByDefault": {
                                    "SSEAlgorithm": algorithm,
                                    "KMSMasterKeyID": key,
                                }
                            }
                        ]
                    }
                }
                for bucket, algorithm, key in (
                    ("aws-key", "aws:kms", AWSS),
                    ("alias", "aws:kms", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"),
                    ("our-key", "aws:kms:dsse", OURS),
                    ("our-key-id", "aws:kms", "ours"),
                )
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
FILE_SYSTEMS = world(
    efs_file_systems,
    {
        "efs:DescribeFileSystems": {
            "FileSystems": [
                {
                    "FileSystemArn": "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1",
                    "Encrypted": True,
                    "KmsKeyId": OURS,
                    "Tags": [{"Key": "owner", "Value": "imaging"}],
                },
                {
                    "FileSystemArn": "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-2",
                    "Encrypted": False,
                },
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
TABLES = world(
    dynamodb_tables,
    {
        "dynamodb:ListTables": [{"TableNames": ["visits", "beds"]}, {"TableNames": ["staff"]}],
        "dynamodb:DescribeTable": by(
            "TableName",
            {
                "visits": {
                    "Table": {
                        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": OURS}
                    }
                },
                "beds": {
                    "Table": {
                        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": AWSS}
                    }
                },
                "staff": {"Table": {"TableName": "staff"}},
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
DEFAULT = world(
    ebs_default,
    {
        "ec2:GetEbsEncryptionByDefault": {"EbsEncryptionByDefault": True},
        "ec2:GetEbsDefaultKmsKeyId": {"KmsKeyId": OURS},
        "kms:DescribeKey": DESCRIBED,
    },
)
DB_CLUSTERS = world(
    rds_clusters,
    {
        "rds:DescribeDBClusters": {
            "DBClusters": [
                {
                    "DBClusterArn": RDS + "cluster:emr",
                    "Engine": "aurora-postgresql",
                    "StorageEncrypted": True,
                    "KmsKeyId": AWSS,
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {"DBClusterArn": RDS + "cluster:lab", "Engine": "neptune", "StorageEncrypted": False},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
WAREHOUSES = world(
    redshift_clusters,
    {
        "redshift:DescribeClusters": {
            "Clusters": [
                {"ClusterIdentifier": "claims", "Encrypted": True, "KmsKeyId": OURS},
                {"ClusterIdentifier": "test", "Encrypted": False, "Tags": [{"Key": "phi", "Value": "false"}]},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
DOMAINS = world(
    opensearch_domains,
    {
        "opensearch:ListDomainNames": {
            "DomainNames": [{"DomainName": "notes"}, {"DomainName": "logs"}, {"DomainName": "old"}]
        },
        "opensearch:DescribeDomain": by(
            "DomainName",
            {
                "notes": {"DomainStatus": {"EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": "ours"}}},
                "logs": {"DomainStatus": {"EncryptionAtRestOptions": {"Enabled": False}}},
                "old": {"DomainStatus": {"DomainName": "old"}},
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
LOGS = world(
    log_groups,
    {
        "logs:DescribeLogGroups": {
            "logGroups": [
                {"logGroupName": "/aws/lambda/hl7", "kmsKeyId": OURS},
                {"logGroupName": "/aws/lambda/fax"},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
SECRETS = world(
    secrets,
    {
        "secretsmanager:ListSecrets": {
            "SecretList": [
                {
                    "ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:emr-AbCdEf",
                    "KmsKeyId": "ours",
                    "Tags": [{"Key": "owner", "Value": "dba"}],
                },
                {"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:fax-AbCdEf"},
                {
                    "ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:lab-AbCdEf",
                    "KmsKeyId": "alias/aws/secretsmanager",
                },
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)


def test_ebs_volumes() -> None:
    assert observe(ebs_volumes, VOLUMES) == [
        AtRest(
            resource=EC2 + "volume/vol-1",
            encrypted=True,
            key_manager="customer",
            tags={},
            links=(EC2 + "instance/i-1",),
        ),
        AtRest(resource=EC2 + "volume/vol-2", encrypted=False, key_manager=None, tags={"phi": "true"}),
        AtRest(resource=EC2 + "volume/vol-3", encrypted=True, key_manager="provider", tags={}),
        AtRest(resource=EC2 + "volume/vol-4", encrypted=True, key_manager="customer", tags={}),
    ]


def test_a_volume_whose_key_cannot_be_described_is_a_refusal_of_that_volume() -> None:
    sight = look(ebs_volumes, VOLUMES, denied=["kms:DescribeKey"])

    assert [facts.resource for facts in sight.facts] == [EC2 + "volume/vol-2", EC2 + "volume/vol-4"]
    assert {refusal.resource for refusal in sight.refusals} == {EC2 + "volume/vol-1", EC2 + "volume/vol-3"}


def test_ebs_snapshots() -> None:
    assert observe(ebs_snapshots, SNAPSHOTS) == [
        AtRest(
            resource=EC2 + "snapshot/snap-1",
            encrypted=True,
            key_manager="customer",
            tags={},
            links=(EC2 + "volume/vol-1",),
        ),
        AtRest(
            resource=EC2 + "snapshot/snap-2",
            encrypted=False,
            key_manager=None,
            tags={},
            links=(EC2 + "volume/vol-2",),
        ),
        AtRest(resource=EC2 + "snapshot/snap-3", encrypted=True, key_manager="provider", tags={}),
    ]


def test_rds_instances() -> None:
    assert observe(rds_instances, INSTANCES) == [
        Database(
            resource=RDS + "db:emr",
            encrypted=True,
            key_manager="customer",
            engine="postgres",
            tags={"phi": "true"},
        ),
        Database(resource=RDS + "db:lab", encrypted=False, key_manager=None, engine="mysql", tags={}),
        Database(resource=RDS + "db:new", encrypted=True, key_manager="provider", engine="mariadb", tags={}),
        Database(resource=RDS + "db:old", encrypted=False, key_manager=None, engine="docdb", tags={}),
    ]


def test_rds_snapshots() -> None:
    assert observe(rds_snapshots, DB_SNAPSHOTS) == [
        Database(
            resource=RDS + "snapshot:emr", encrypted=True, key_manager="provider", engine="postgres", tags={}
        ),
        Database(resource=RDS + "snapshot:lab", encrypted=False, key_manager=None, engine="mysql", tags={}),
    ]


def test_rds_cluster_snapshots() -> None:
    assert observe(rds_cluster_snapshots, CLUSTER_SNAPSHOTS) == [
        Database(
            resource=RDS + "cluster-snapshot:emr",
            encrypted=True,
            key_manager="customer",
            engine="aurora-mysql",
            tags={},
        ),
    ]


def test_s3_buckets() -> None:
    seen = [
        ("aws-key", True, "provider"),
        ("s3-key", True, "provider"),
        ("alias", True, "provider"),
        ("our-key", True, "customer"),
        ("our-key-id", True, "customer"),
        ("none", False, None),
    ]
    assert observe(s3_buckets, BUCKETS) == [
        AtRest(resource=f"arn:aws:s3:::{name}", region="eu-west-1", encrypted=encrypted, key_manager=manager)
        for name, encrypted, manager in seen
    ]


def test_a_bucket_whose_policy_denies_us_is_a_refusal_of_that_bucket() -> None:
    def listed(MaxBuckets: int) -> object:  # noqa: N803 - as AWS names it
        return {"Buckets": [{"Name": "hidden"}, {"Name": "none"}][:MaxBuckets]}

    sight = look(s3_buckets, {**BUCKETS, "s3:ListBuckets": listed})

    assert sight.facts == [AtRest(resource="arn:aws:s3:::none", encrypted=False, key_manager=None)]
    assert [refusal.resource for refusal in sight.refusals] == ["arn:aws:s3:::hidden"]


def test_efs_file_systems() -> None:
    arn = "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/"
    assert observe(efs_file_systems, FILE_SYSTEMS) == [
        AtRest(resource=arn + "fs-1", encrypted=True, key_manager="customer", tags={"owner": "imaging"}),
        AtRest(resource=arn + "fs-2", encrypted=False, key_manager=None, tags={}),
    ]


def test_dynamodb_tables() -> None:
    arn = "arn:aws:dynamodb:us-east-1:111122223333:table/"
    assert observe(dynamodb_tables, TABLES) == [
        AtRest(resource=arn + "visits", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "beds", encrypted=True, key_manager="provider"),
        AtRest(resource=arn + "staff", encrypted=True, key_manager="provider"),
    ]


def test_ebs_default() -> None:
    assert observe(ebs_default, DEFAULT) == [
        AtRest(resource=EC2 + "ebs-default", encrypted=True, key_manager="customer")
    ]


def test_ebs_default_that_does_not_encrypt() -> None:
    off = {"ec2:GetEbsEncryptionByDefault": {"EbsEncryptionByDefault": False}}

    assert observe(ebs_default, off) == [
        AtRest(resource=EC2 + "ebs-default", encrypted=False, key_manager=None)
    ]


def test_rds_clusters() -> None:
    assert observe(rds_clusters, DB_CLUSTERS) == [
        Database(
            resource=RDS + "cluster:emr",
            encrypted=True,
            key_manager="provider",
            engine="aurora-postgresql",
            tags={"phi": "true"},
        ),
        Database(resource=RDS + "cluster:lab", encrypted=False, key_manager=None, engine="neptune", tags={}),
    ]


def test_redshift_clusters() -> None:
    arn = "arn:aws:redshift:us-east-1:111122223333:cluster:"
    assert observe(redshift_clusters, WAREHOUSES) == [
        AtRest(resource=arn + "claims", encrypted=True, key_manager="customer", tags={}),
        AtRest(resource=arn + "test", encrypted=False, key_manager=None, tags={"phi": "false"}),
    ]


def test_opensearch_domains() -> None:
    arn = "arn:aws:es:us-east-1:111122223333:domain/"
    assert observe(opensearch_domains, DOMAINS) == [
        AtRest(resource=arn + "notes", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "logs", encrypted=False, key_manager=None),
        AtRest(resource=arn + "old", encrypted=False, key_manager=None),
    ]


def test_log_groups() -> None:
    arn = "arn:aws:logs:us-east-1:111122223333:log-group:"
    assert observe(log_groups, LOGS) == [
        AtRest(resource=arn + "/aws/lambda/hl7", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "/aws/lambda/fax", encrypted=True, key_manager="provider"),
    ]


def test_secrets() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:"
    assert observe(secrets, SECRETS) == [
        AtRest(resource=arn + "emr-AbCdEf", encrypted=True, key_manager="customer", tags={"owner": "dba"}),
        AtRest(resource=arn + "fax-AbCdEf", encrypted=True, key_manager="provider", tags={}),
        AtRest(resource=arn + "lab-AbCdEf", encrypted=True, key_manager="provider", tags={}),
    ]
