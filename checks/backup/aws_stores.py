"""Backup on AWS: what databases, caches, warehouses and buckets keep by themselves."""

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

from scanner import AwsAccount, AwsRegion, check

from . import Kept, ObjectLock, ObjectReplication, OldVersions, PointInTime, RdsDatabase, Snapshots, Versions

Mode = Literal["governance", "compliance"]
Seen = TypeVar("Seen")

_IN_MEMORY = "memcached"
_YEAR_DAYS = 365
_SOURCES = ("ReadReplicaSourceDBInstanceIdentifier", "ReadReplicaSourceDBClusterIdentifier")
_MODES: dict[str, Mode] = {"GOVERNANCE": "governance", "COMPLIANCE": "compliance"}


@check("rds:DescribeDBInstances")
def rds_instances(region: AwsRegion) -> Iterator[RdsDatabase]:
    """For how long RDS keeps copies of database instances, and whether they outlive the loss of a building.

    Instances of clusters (Aurora, DocumentDB, Neptune, Multi-AZ clusters) are left to their cluster. What
    counts as being in another region is automated backups that are replicated there; copies by AWS Backup,
    and replicas that can be read, do not.
    """
    for instance in region.all("rds:DescribeDBInstances"):
        if not instance.get("DBClusterIdentifier"):
            yield RdsDatabase(
                resource=instance["DBInstanceArn"],
                engine=instance["Engine"],
                retention_days=instance["BackupRetentionPeriod"],
                geo_redundant=bool(instance.get("DBInstanceAutomatedBackupsReplications")),
                zone_redundant=instance["MultiAZ"],
                deletion_protected=instance.get("DeletionProtection", False),
                replica=any(instance.get(source) for source in _SOURCES),
                tags=region.tags(instance.get("TagList")),
            )


@check("rds:DescribeDBClusters")
def rds_clusters(region: AwsRegion) -> Iterator[RdsDatabase]:
    """For how long clusters (Aurora, DocumentDB, Neptune, RDS) are kept copies of, and what they outlive.

    What counts as being in another region is a global database, or a replica there.
    """
    for cluster in region.all("rds:DescribeDBClusters"):
        replicas = (replica.split(":") for replica in cluster.get("ReadReplicaIdentifiers", ()))
        yield RdsDatabase(
            resource=cluster["DBClusterArn"],
            engine=cluster["Engine"],
            retention_days=cluster["BackupRetentionPeriod"],
            geo_redundant=bool(cluster.get("GlobalClusterIdentifier"))
            or any(replica[0] == "arn" and replica[3] != region.name for replica in replicas),
            zone_redundant=cluster.get("MultiAZ", False),
            deletion_protected=cluster.get("DeletionProtection", False),
            replica=bool(cluster.get("ReplicationSourceIdentifier")),
            tags=region.tags(cluster.get("TagList")),
        )


@check("dynamodb:ListTables", "dynamodb:DescribeContinuousBackups")
def dynamodb_tables(region: AwsRegion) -> Iterator[PointInTime]:
    """Whether DynamoDB tables can be restored as they were at any moment of the last days."""

    def arn(name: str) -> str:
        return region.arn("dynamodb", f"table/{name}")

    def read(name: str) -> PointInTime:
        answer = region.call("dynamodb:DescribeContinuousBackups", TableName=name)
        told = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        on = told.get("PointInTimeRecoveryStatus") == "ENABLED"
        # 35 days before there was a choice.
        days = told.get("RecoveryPeriodInDays", 35) if on else None
        return PointInTime(resource=arn(name), continuous=on, retention_days=days)

    names: Iterator[Any] = region.all("dynamodb:ListTables")
    yield from region.each(names, read, resource=arn)


@check("redshift:DescribeClusters")
def redshift_clusters(region: AwsRegion) -> Iterator[Snapshots]:
    """For how long, and where, Redshift keeps the snapshots that it makes by itself."""
    for cluster in region.all("redshift:DescribeClusters"):
        yield Snapshots(
            resource=region.arn("redshift", f"cluster:{cluster['ClusterIdentifier']}"),
            retention_days=cluster["AutomatedSnapshotRetentionPeriod"],
            geo_redundant=bool(cluster.get("ClusterSnapshotCopyStatus", {}).get("DestinationRegion")),
            tags=region.tags(cluster.get("Tags")),
        )


@check("elasticache:DescribeReplicationGroups")
def elasticache_groups(region: AwsRegion) -> Iterator[Kept]:
    """For how long snapshots of groups of caches (Redis, Valkey) are kept."""
    for group in region.all("elasticache:DescribeReplicationGroups"):
        yield _cache(group)


@check("elasticache:DescribeCacheClusters")
def elasticache_clusters(region: AwsRegion) -> Iterator[Kept]:
    """For how long snapshots of single caches (Redis, Valkey) are kept; of Memcached there can be none."""
    for cluster in region.all(
        "elasticache:DescribeCacheClusters", ShowCacheClustersNotInReplicationGroups=True
    ):
        if cluster["Engine"] != _IN_MEMORY:
            yield _cache(cluster)


def _cache(cache: dict[str, Any]) -> Kept:
    return Kept(resource=cache["ARN"], retention_days=cache.get("SnapshotRetentionLimit", 0))


@check("s3:ListBuckets", "s3:GetBucketVersioning")
def s3_versions(account: AwsAccount) -> Iterator[Versions]:
    """Whether buckets keep what is overwritten or deleted as an older version."""

    def read(arn: str, name: str, where: str | None) -> Versions:
        told = account.call("s3:GetBucketVersioning", region=where, Bucket=name)
        return Versions(
            resource=arn,
            region=where,
            versioned=told.get("Status") == "Enabled",
            mfa_delete=told.get("MFADelete") == "Enabled",
        )

    yield from _buckets(account, read)


@check("s3:ListBuckets", "s3:GetObjectLockConfiguration")
def s3_object_locks(account: AwsAccount) -> Iterator[ObjectLock]:
    """Whether objects in buckets can be locked against being deleted, and whether new ones are."""

    def read(arn: str, name: str, where: str | None) -> ObjectLock:
        answer = account.call(
            "s3:GetObjectLockConfiguration",
            absent="ObjectLockConfigurationNotFoundError",
            region=where,
            Bucket=name,
        )
        told = answer["ObjectLockConfiguration"] if answer else {}
        default = told.get("Rule", {}).get("DefaultRetention", {})
        mode = _MODES[default["Mode"]] if default.get("Mode") else None
        days = default.get("Days", 0) + default.get("Years", 0) * _YEAR_DAYS
        return ObjectLock(
            resource=arn,
            region=where,
            object_lock=told.get("ObjectLockEnabled") == "Enabled",
            default_lock=mode,
            default_lock_days=days if mode else None,
        )

    yield from _buckets(account, read)


@check("s3:ListBuckets", "s3:GetBucketReplication")
def s3_replications(account: AwsAccount) -> Iterator[ObjectReplication]:
    """Whether what is put into buckets is copied into others as it comes in."""

    def read(arn: str, name: str, where: str | None) -> ObjectReplication:
        answer = account.call(
            "s3:GetBucketReplication",
            absent="ReplicationConfigurationNotFoundError",
            region=where,
            Bucket=name,
        )
        told = answer["ReplicationConfiguration"]["Rules"] if answer else ()
        rules = [rule for rule in told if rule["Status"] == "Enabled"]
        return ObjectReplication(
            resource=arn,
            region=where,
            replicated=bool(rules),
            replicated_whole=any(_is_whole(rule) for rule in rules),
        )

    yield from _buckets(account, read)


@check("s3:ListBuckets", "s3:GetBucketVersioning", "s3:GetBucketLifecycleConfiguration")
def s3_old_versions(account: AwsAccount) -> Iterator[OldVersions]:
    """What becomes of older versions in buckets: whether rules delete what has grown old, and when."""

    def read(arn: str, name: str, where: str | None) -> OldVersions:
        versioning = account.call("s3:GetBucketVersioning", region=where, Bucket=name)
        answer = account.call(
            "s3:GetBucketLifecycleConfiguration",
            absent="NoSuchLifecycleConfiguration",
            region=where,
            Bucket=name,
        )
        rules = [rule for rule in (answer or {}).get("Rules", ()) if rule["Status"] == "Enabled"]
        days = [
            rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
            for rule in rules
            if rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
        ]
        return OldVersions(
            resource=arn,
            region=where,
            versioned=versioning.get("Status") == "Enabled",
            lifecycle_rules=len(rules),
            old_versions_days=min(days, default=None),
        )

    yield from _buckets(account, read)


def _buckets(account: AwsAccount, read: Callable[[str, str, str | None], Seen]) -> Iterator[Seen]:
    """What is read of each bucket by its ARN, its name, and where it is."""

    def arn(bucket: dict[str, Any]) -> str:
        return f"arn:{account.partition}:s3:::{bucket['Name']}"

    def one(bucket: dict[str, Any]) -> Seen:
        return read(arn(bucket), bucket["Name"], bucket.get("BucketRegion"))

    # S3 tells where a bucket is only when it is asked for pages.
    yield from account.each(account.all("s3:ListBuckets", MaxBuckets=1000), one, resource=arn)


def _is_whole(rule: dict[str, Any]) -> bool:
    """Whether a rule is for all objects: rules of the first version say it by a prefix of their own."""
    narrowed = rule.get("Filter") or {}
    return not (rule.get("Prefix") or narrowed.get("Prefix") or narrowed.get("Tag") or narrowed.get("And"))
