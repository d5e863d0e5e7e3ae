"""Encryption at rest on AWS: caches, warehouses, file servers, health records and backups."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from scanner import AwsRegion, check

from . import AtRest, BackupVault
from .kms import at_rest, manager

_IN_MEMORY = "memcached"
_AWS_OWNED = "AWS_OWNED_KMS_KEY"
_GONE = "DELETED"


@check("dax:DescribeClusters")
def dax_clusters(region: AwsRegion) -> Iterator[AtRest]:
    """Whether what DAX, the cache of DynamoDB, writes to disks is encrypted; the key is always AWS's."""
    # What DAX answers, asked for everything, where it is not to be had:
    # https://github.com/turbot/steampipe-plugin-aws/issues/782
    for cluster in region.all("dax:DescribeClusters", absent="InvalidParameterValueException"):
        encrypted = cluster.get("SSEDescription", {}).get("Status") == "ENABLED"
        yield AtRest(
            resource=cluster["ClusterArn"],
            encrypted=encrypted,
            key_manager="provider" if encrypted else None,
        )


@check("elasticache:DescribeReplicationGroups", "kms:DescribeKey")
def elasticache_groups(region: AwsRegion) -> Iterator[AtRest]:
    """Whether disks and backups of groups of caches (Redis, Valkey) are encrypted, and who holds the key."""

    def read(group: dict[str, Any]) -> AtRest:
        return at_rest(region, group["ARN"], group.get("KmsKeyId"), encrypted=_is_encrypted(group))

    groups = region.all("elasticache:DescribeReplicationGroups")
    yield from region.each(groups, read, resource=itemgetter("ARN"))


def _is_encrypted(cache: dict[str, Any]) -> bool:
    # Under ElastiCache's own key it is the first that tells.
    own = cache.get("StorageEncryptionType", "none") != "none"
    return own or bool(cache.get("AtRestEncryptionEnabled"))


@check("elasticache:DescribeCacheClusters")
def elasticache_clusters(region: AwsRegion) -> Iterator[AtRest]:
    """Whether disks and backups of single caches (Redis, Valkey) are encrypted; the key is AWS's.

    A customer's key is for groups only. Memcached keeps nothing on disks.
    """
    for cluster in region.all(
        "elasticache:DescribeCacheClusters", ShowCacheClustersNotInReplicationGroups=True
    ):
        if cluster["Engine"] != _IN_MEMORY:
            encrypted = cluster.get("AtRestEncryptionEnabled", False)
            yield AtRest(
                resource=cluster["ARN"], encrypted=encrypted, key_manager="provider" if encrypted else None
            )


@check("elasticache:DescribeServerlessCaches", "kms:DescribeKey")
def elasticache_serverless(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of serverless caches, all of which are encrypted."""

    def read(cache: dict[str, Any]) -> AtRest:
        return at_rest(region, cache["ARN"], cache.get("KmsKeyId"))

    caches = region.all("elasticache:DescribeServerlessCaches")
    yield from region.each(caches, read, resource=itemgetter("ARN"))


@check("redshift-serverless:ListNamespaces", "kms:DescribeKey")
def redshift_namespaces(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of namespaces of Redshift Serverless, all of which are encrypted."""

    def read(namespace: dict[str, Any]) -> AtRest:
        key = namespace.get("kmsKeyId")
        return at_rest(region, namespace["namespaceArn"], None if key == _AWS_OWNED else key)

    namespaces = region.all("redshift-serverless:ListNamespaces")
    yield from region.each(namespaces, read, resource=itemgetter("namespaceArn"))


@check("fsx:DescribeFileSystems", "kms:DescribeKey")
def fsx_file_systems(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of FSx file systems, all of which are encrypted."""

    def read(system: dict[str, Any]) -> AtRest:
        return at_rest(
            region, system["ResourceARN"], system.get("KmsKeyId"), tags=region.tags(system.get("Tags"))
        )

    systems = region.all("fsx:DescribeFileSystems")
    yield from region.each(systems, read, resource=itemgetter("ResourceARN"))


@check("healthlake:ListFHIRDatastores", "kms:DescribeKey")
def healthlake_datastores(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of HealthLake's stores of health records (FHIR), all of which are encrypted."""

    def read(store: dict[str, Any]) -> AtRest:
        told = store.get("SseConfiguration", {}).get("KmsEncryptionConfig", {})
        key = None if told.get("CmkType") == _AWS_OWNED else told.get("KmsKeyId")
        return at_rest(region, store["DatastoreArn"], key)

    # One that was deleted is listed for some time.
    stores = (
        store for store in region.all("healthlake:ListFHIRDatastores") if store["DatastoreStatus"] != _GONE
    )
    yield from region.each(stores, read, resource=itemgetter("DatastoreArn"))


@check("backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault", "kms:DescribeKey")
def backup_vaults(region: AwsRegion) -> Iterator[BackupVault]:
    """Whether all that vaults of AWS Backup hold is encrypted, and who holds the vault's key.

    Copies of disks and of database instances, among others, stay under the key of what they are of.
    """

    def read(vault: dict[str, Any]) -> BackupVault:
        points = [
            point["IsEncrypted"]
            for point in region.all(
                "backup:ListRecoveryPointsByBackupVault", BackupVaultName=vault["BackupVaultName"]
            )
        ]
        return BackupVault(
            resource=vault["BackupVaultArn"],
            encrypted=all(points),
            key_manager=manager(region, vault.get("EncryptionKeyArn")) if all(points) else None,
            recovery_points=len(points),
            recovery_points_encrypted=sum(points),
        )

    vaults = region.all("backup:ListBackupVaults")
    yield from region.each(vaults, read, resource=itemgetter("BackupVaultArn"))
