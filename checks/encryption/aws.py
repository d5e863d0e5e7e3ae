"""Encryption at rest on AWS: disks, files, databases, buckets, logs and secrets."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from scanner import AwsAccount, AwsRegion, check

from . import AtRest, Database
from .kms import at_rest, manager


@check("ec2:DescribeVolumes", "kms:DescribeKey")
def ebs_volumes(region: AwsRegion) -> Iterator[AtRest]:
    """Whether EBS volumes are encrypted, and who holds the key."""

    def arn(volume: dict[str, Any]) -> str:
        return region.arn("ec2", f"volume/{volume['VolumeId']}")

    def read(volume: dict[str, Any]) -> AtRest:
        instances = (attachment.get("InstanceId") for attachment in volume.get("Attachments", ()))
        return at_rest(
            region,
            arn(volume),
            volume.get("KmsKeyId"),
            encrypted=volume["Encrypted"],
            tags=region.tags(volume.get("Tags")),
            links=tuple(region.arn("ec2", f"instance/{instance}") for instance in instances if instance),
        )

    yield from region.each(region.all("ec2:DescribeVolumes"), read, resource=arn)


@check("ec2:DescribeSnapshots", "kms:DescribeKey")
def ebs_snapshots(region: AwsRegion) -> Iterator[AtRest]:
    """Whether the account's own EBS snapshots are encrypted, and who holds the key."""

    def arn(snapshot: dict[str, Any]) -> str:
        return region.arn("ec2", f"snapshot/{snapshot['SnapshotId']}")

    def read(snapshot: dict[str, Any]) -> AtRest:
        return at_rest(
            region,
            arn(snapshot),
            snapshot.get("KmsKeyId"),
            encrypted=snapshot["Encrypted"],
            tags=region.tags(snapshot.get("Tags")),
            links=(region.arn("ec2", f"volume/{snapshot['VolumeId']}"),) if snapshot.get("VolumeId") else (),
        )

    yield from region.each(region.all("ec2:DescribeSnapshots", OwnerIds=["self"]), read, resource=arn)


@check("ec2:GetEbsEncryptionByDefault", "ec2:GetEbsDefaultKmsKeyId", "kms:DescribeKey")
def ebs_default(region: AwsRegion) -> Iterator[AtRest]:
    """Whether new EBS volumes of the region are encrypted whatever is asked for, and with whose key."""
    encrypted = region.call("ec2:GetEbsEncryptionByDefault")["EbsEncryptionByDefault"]
    key = region.call("ec2:GetEbsDefaultKmsKeyId")["KmsKeyId"] if encrypted else None
    yield at_rest(region, region.arn("ec2", "ebs-default"), key, encrypted=encrypted)


@check("rds:DescribeDBInstances", "kms:DescribeKey")
def rds_instances(region: AwsRegion) -> Iterator[Database]:
    """Whether database instances (RDS, Aurora, DocumentDB, Neptune) are encrypted, and who holds the key."""
    yield from _databases(region, "rds:DescribeDBInstances", arn="DBInstanceArn")


@check("rds:DescribeDBClusters", "kms:DescribeKey")
def rds_clusters(region: AwsRegion) -> Iterator[Database]:
    """Whether database clusters (Aurora, DocumentDB, Neptune, RDS) are encrypted, and who holds the key."""
    yield from _databases(region, "rds:DescribeDBClusters", arn="DBClusterArn")


@check("rds:DescribeDBSnapshots", "kms:DescribeKey")
def rds_snapshots(region: AwsRegion) -> Iterator[Database]:
    """Whether the account's own snapshots of database instances are encrypted, and who holds the key."""
    yield from _databases(region, "rds:DescribeDBSnapshots", arn="DBSnapshotArn", encrypted="Encrypted")


@check("rds:DescribeDBClusterSnapshots", "kms:DescribeKey")
def rds_cluster_snapshots(region: AwsRegion) -> Iterator[Database]:
    """Whether the account's own snapshots of database clusters are encrypted, and who holds the key."""
    yield from _databases(region, "rds:DescribeDBClusterSnapshots", arn="DBClusterSnapshotArn")


def _databases(
    region: AwsRegion, need: str, *, arn: str, encrypted: str = "StorageEncrypted"
) -> Iterator[Database]:
    def read(listed: dict[str, Any]) -> Database:
        # Of a store under RDS's own key (sse-rds) it is the second that says for certain.
        is_encrypted = listed[encrypted] or listed.get("StorageEncryptionType", "none") != "none"
        return Database(
            resource=listed[arn],
            encrypted=is_encrypted,
            key_manager=manager(region, listed.get("KmsKeyId")) if is_encrypted else None,
            engine=listed["Engine"],
            tags=region.tags(listed.get("TagList")),
        )

    yield from region.each(region.all(need), read, resource=itemgetter(arn))


@check("s3:ListBuckets", "s3:GetBucketEncryption", "kms:DescribeKey")
def s3_buckets(account: AwsAccount) -> Iterator[AtRest]:
    """Whether buckets encrypt what is put into them, and who holds the key.

    Since January 2023 S3 encrypts every new object, with its own key where the bucket names none; older
    objects may not be encrypted.
    """

    def arn(bucket: dict[str, Any]) -> str:
        return f"arn:{account.partition}:s3:::{bucket['Name']}"

    def read(bucket: dict[str, Any]) -> AtRest:
        where = bucket.get("BucketRegion")
        answer = account.call(
            "s3:GetBucketEncryption",
            absent="ServerSideEncryptionConfigurationNotFoundError",
            region=where,
            Bucket=bucket["Name"],
        )
        if answer is None:
            return at_rest(account, arn(bucket), None, encrypted=False, region=where)
        (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
        key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        return at_rest(account, arn(bucket), key, region=where)

    # S3 tells where a bucket is only when it is asked for pages.
    yield from account.each(account.all("s3:ListBuckets", MaxBuckets=1000), read, resource=arn)


@check("efs:DescribeFileSystems", "kms:DescribeKey")
def efs_file_systems(region: AwsRegion) -> Iterator[AtRest]:
    """Whether EFS file systems are encrypted, and who holds the key."""

    def read(system: dict[str, Any]) -> AtRest:
        return at_rest(
            region,
            system["FileSystemArn"],
            system.get("KmsKeyId"),
            encrypted=system["Encrypted"],
            tags=region.tags(system.get("Tags")),
        )

    yield from region.each(region.all("efs:DescribeFileSystems"), read, resource=itemgetter("FileSystemArn"))


@check("dynamodb:ListTables", "dynamodb:DescribeTable", "kms:DescribeKey")
def dynamodb_tables(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of DynamoDB tables, all of which are encrypted.

    DynamoDB tells a key only where it is not its own.
    """

    def arn(name: str) -> str:
        return region.arn("dynamodb", f"table/{name}")

    def read(name: str) -> AtRest:
        table = region.call("dynamodb:DescribeTable", TableName=name)["Table"]
        return at_rest(region, arn(name), table.get("SSEDescription", {}).get("KMSMasterKeyArn"))

    names: Iterator[Any] = region.all("dynamodb:ListTables")
    yield from region.each(names, read, resource=arn)


@check("redshift:DescribeClusters", "kms:DescribeKey")
def redshift_clusters(region: AwsRegion) -> Iterator[AtRest]:
    """Whether Redshift clusters are encrypted, and who holds the key."""

    def arn(cluster: dict[str, Any]) -> str:
        return region.arn("redshift", f"cluster:{cluster['ClusterIdentifier']}")

    def read(cluster: dict[str, Any]) -> AtRest:
        return at_rest(
            region,
            arn(cluster),
            cluster.get("KmsKeyId"),
            encrypted=cluster["Encrypted"],
            tags=region.tags(cluster.get("Tags")),
        )

    yield from region.each(region.all("redshift:DescribeClusters"), read, resource=arn)


@check("opensearch:ListDomainNames", "opensearch:DescribeDomain", "kms:DescribeKey")
def opensearch_domains(region: AwsRegion) -> Iterator[AtRest]:
    """Whether OpenSearch and Elasticsearch domains are encrypted, and who holds the key."""

    def arn(domain: dict[str, Any]) -> str:
        return region.arn("es", f"domain/{domain['DomainName']}")

    def read(domain: dict[str, Any]) -> AtRest:
        answer = region.call("opensearch:DescribeDomain", DomainName=domain["DomainName"])
        options = answer["DomainStatus"].get("EncryptionAtRestOptions", {})
        return at_rest(region, arn(domain), options.get("KmsKeyId"), encrypted=options.get("Enabled", False))

    yield from region.each(region.all("opensearch:ListDomainNames"), read, resource=arn)


@check("logs:DescribeLogGroups", "kms:DescribeKey")
def log_groups(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of CloudWatch log groups, all of which are encrypted."""

    def arn(group: dict[str, Any]) -> str:
        return region.arn("logs", f"log-group:{group['logGroupName']}")

    def read(group: dict[str, Any]) -> AtRest:
        return at_rest(region, arn(group), group.get("kmsKeyId"))

    yield from region.each(region.all("logs:DescribeLogGroups"), read, resource=arn)


@check("secretsmanager:ListSecrets", "kms:DescribeKey")
def secrets(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of secrets in Secrets Manager, all of which are encrypted."""

    def read(secret: dict[str, Any]) -> AtRest:
        return at_rest(region, secret["ARN"], secret.get("KmsKeyId"), tags=region.tags(secret.get("Tags")))

    yield from region.each(region.all("secretsmanager:ListSecrets"), read, resource=itemgetter("ARN"))
