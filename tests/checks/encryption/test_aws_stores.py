from checks.encryption import AtRest, BackupVault
from checks.encryption.aws_stores import (
    backup_vaults,
    dax_clusters,
    elasticache_clusters,
    elasticache_groups,
    elasticache_serverless,
    fsx_file_systems,
    healthlake_datastores,
    redshift_namespaces,
)
from scanner.testing import Error, by, observe, world

HERE = "us-east-1:111122223333:"
OURS = f"arn:aws:kms:{HERE}key/ours"
AWSS = f"arn:aws:kms:{HERE}key/awss"
DESCRIBED = by(
    "KeyId",
    {
        OURS: {"KeyMetadata": {"KeyId": "ours", "KeyManager": "CUSTOMER"}},
        AWSS: {"KeyMetadata": {"KeyId": "awss", "KeyManager": "AWS"}},
    },
)
CACHE = f"arn:aws:elasticache:{HERE}"
HEALTH = f"arn:aws:healthlake:{HERE}datastore/fhir/"
VAULT = f"arn:aws:backup:{HERE}backup-vault:"

DAX = world(
    dax_clusters,
    {
        "dax:DescribeClusters": {
            "Clusters": [
                {
                    "ClusterArn": f"arn:aws:dax:{HERE}cache/beds",
                    "SSEDescription": {"Status": "ENABLED"},
                },
                {
                    "ClusterArn": f"arn:aws:dax:{HERE}cache/test",
                    "SSEDescription": {"Status": "DISABLED"},
                },
                {"ClusterArn": f"arn:aws:dax:{HERE}cache/old"},
            ]
        }
    },
)
GROUPS = world(
    elasticache_groups,
    {
        "elasticache:DescribeReplicationGroups": {
            "ReplicationGroups": [
                {
                    "ARN": CACHE + "replicationgroup:a",
                    "AtRestEncryptionEnabled": True,
                    "KmsKeyId": OURS,
                },
                {
                    "ARN": CACHE + "replicationgroup:b",
                    "AtRestEncryptionEnabled": False,
                    "StorageEncryptionType": "sse-elasticache",
                },
                {
                    "ARN": CACHE + "replicationgroup:c",
                    "AtRestEncryptionEnabled": False,
                    "StorageEncryptionType": "none",
                },
                {"ARN": CACHE + "replicationgroup:d"},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)


def alone(ShowCacheClustersNotInReplicationGroups: bool) -> object:  # noqa: N803 - as AWS names it
    grouped = {"ARN": CACHE + "cluster:grouped", "Engine": "redis"}
    return {
        "CacheClusters": [
            *([] if ShowCacheClustersNotInReplicationGroups else [grouped]),
            {"ARN": CACHE + "cluster:a", "Engine": "valkey", "AtRestEncryptionEnabled": True},
            {"ARN": CACHE + "cluster:b", "Engine": "redis"},
            {"ARN": CACHE + "cluster:c", "Engine": "memcached"},
        ]
    }


SINGLE = world(elasticache_clusters, {"elasticache:DescribeCacheClusters": alone})
SERVERLESS = world(
    elasticache_serverless,
    {
        "elasticache:DescribeServerlessCaches": {
            "ServerlessCaches": [
                {"ARN": CACHE + "serverlesscache:a", "KmsKeyId": OURS},
                {"ARN": CACHE + "serverlesscache:b"},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
NAMESPACES = world(
    redshift_namespaces,
    {
        "redshift-serverless:ListNamespaces": {
            "namespaces": [
                {"namespaceArn": f"arn:aws:redshift-serverless:{HERE}namespace/1", "kmsKeyId": OURS},
                {
                    "namespaceArn": f"arn:aws:redshift-serverless:{HERE}namespace/2",
                    "kmsKeyId": "AWS_OWNED_KMS_KEY",
                },
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
SYSTEMS = world(
    fsx_file_systems,
    {
        "fsx:DescribeFileSystems": {
            "FileSystems": [
                {
                    "ResourceARN": f"arn:aws:fsx:{HERE}file-system/fs-1",
                    "KmsKeyId": AWSS,
                    "Tags": [{"Key": "phi", "Value": "true"}],
                },
                {"ResourceARN": f"arn:aws:fsx:{HERE}file-system/fs-2"},
                {"ResourceARN": f"arn:aws:fsx:{HERE}file-system/fs-3", "KmsKeyId": OURS},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
DATASTORES = world(
    healthlake_datastores,
    {
        "healthlake:ListFHIRDatastores": {
            "DatastorePropertiesList": [
                {
                    "DatastoreArn": HEALTH + "1",
                    "DatastoreStatus": "ACTIVE",
                    "SseConfiguration": {
                        "KmsEncryptionConfig": {"CmkType": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": OURS}
                    },
                },
                {
                    "DatastoreArn": HEALTH + "2",
                    "DatastoreStatus": "ACTIVE",
                    "SseConfiguration": {"KmsEncryptionConfig": {"CmkType": "AWS_OWNED_KMS_KEY"}},
                },
                {"DatastoreArn": HEALTH + "3", "DatastoreStatus": "CREATING"},
                {"DatastoreArn": HEALTH + "4", "DatastoreStatus": "DELETED"},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
VAULTS = world(
    backup_vaults,
    {
        "backup:ListBackupVaults": {
            "BackupVaultList": [
                {"BackupVaultName": "gold", "BackupVaultArn": VAULT + "gold", "EncryptionKeyArn": OURS},
                {"BackupVaultName": "Default", "BackupVaultArn": VAULT + "Default", "EncryptionKeyArn": AWSS},
                {"BackupVaultName": "mixed", "BackupVaultArn": VAULT + "mixed", "EncryptionKeyArn": OURS},
            ]
        },
        "backup:ListRecoveryPointsByBackupVault": by(
            "BackupVaultName",
            {
                "gold": [
                    {"RecoveryPoints": [{"RecoveryPointArn": "1", "IsEncrypted": True}]},
                    {"RecoveryPoints": [{"RecoveryPointArn": "2", "IsEncrypted": True}]},
                ],
                "Default": {"RecoveryPoints": []},
                "mixed": {
                    "RecoveryPoints": [
                        {"RecoveryPointArn": "3", "IsEncrypted": True},
                        {"RecoveryPointArn": "4", "IsEncrypted": False},
                        {"RecoveryPointArn": "5", "IsEncrypted": True},
                    ]
                },
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)


def test_dax_clusters() -> None:
    arn = f"arn:aws:dax:{HERE}cache/"
    assert observe(dax_clusters, DAX) == [
        AtRest(resource=arn + "beds", encrypted=True, key_manager="provider"),
        AtRest(resource=arn + "test", encrypted=False, key_manager=None),
        AtRest(resource=arn + "old", encrypted=False, key_manager=None),
    ]


def test_dax_clusters_are_read_to_the_last_page() -> None:
    pages = [{"Clusters": [each]} for each in DAX["dax:DescribeClusters"]["Clusters"]]

    assert observe(dax_clusters, {"dax:DescribeClusters": pages}) == observe(dax_clusters, DAX)


def test_a_region_without_dax_has_no_clusters() -> None:
    assert observe(dax_clusters, {"dax:DescribeClusters": Error("InvalidParameterValueException")}) == []


def test_elasticache_groups() -> None:
    arn = CACHE + "replicationgroup:"
    assert observe(elasticache_groups, GROUPS) == [
        AtRest(resource=arn + "a", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "b", encrypted=True, key_manager="provider"),
        AtRest(resource=arn + "c", encrypted=False, key_manager=None),
        AtRest(resource=arn + "d", encrypted=False, key_manager=None),
    ]


def test_elasticache_clusters() -> None:
    assert observe(elasticache_clusters, SINGLE) == [
        AtRest(resource=CACHE + "cluster:a", encrypted=True, key_manager="provider"),
        AtRest(resource=CACHE + "cluster:b", encrypted=False, key_manager=None),
    ]


def test_elasticache_serverless() -> None:
    assert observe(elasticache_serverless, SERVERLESS) == [
        AtRest(resource=CACHE + "serverlesscache:a", encrypted=True, key_manager="customer"),
        AtRest(resource=CACHE + "serverlesscache:b", encrypted=True, key_manager="provider"),
    ]


def test_redshift_namespaces() -> None:
    arn = f"arn:aws:redshift-serverless:{HERE}namespace/"
    assert observe(redshift_namespaces, NAMESPACES) == [
        AtRest(resource=arn + "1", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "2", encrypted=True, key_manager="provider"),
    ]


def test_fsx_file_systems() -> None:
    arn = f"arn:aws:fsx:{HERE}file-system/"
    assert observe(fsx_file_systems, SYSTEMS) == [
        AtRest(resource=arn + "fs-1", encrypted=True, key_manager="provider", tags={"phi": "true"}),
        AtRest(resource=arn + "fs-2", encrypted=True, key_manager="provider", tags={}),
        AtRest(resource=arn + "fs-3", encrypted=True, key_manager="customer", tags={}),
    ]


def test_healthlake_datastores() -> None:
    assert observe(healthlake_datastores, DATASTORES) == [
        AtRest(resource=HEALTH + "1", encrypted=True, key_manager="customer"),
        AtRest(resource=HEALTH + "2", encrypted=True, key_manager="provider"),
        AtRest(resource=HEALTH + "3", encrypted=True, key_manager="provider"),
    ]


def test_backup_vaults() -> None:
    assert observe(backup_vaults, VAULTS) == [
        BackupVault(
            resource=VAULT + "gold",
            encrypted=True,
            key_manager="customer",
            recovery_points=2,
            recovery_points_encrypted=2,
        ),
        BackupVault(
            resource=VAULT + "Default",
            encrypted=True,
            key_manager="provider",
            recovery_points=0,
            recovery_points_encrypted=0,
        ),
        BackupVault(
            resource=VAULT + "mixed",
            encrypted=False,
            key_manager=None,
            recovery_points=3,
            recovery_points_encrypted=2,
        ),
    ]
