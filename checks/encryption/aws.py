"""Encryption at rest on AWS."""

from collections.abc import Iterator
from typing import Any, Literal

from scanner import AwsAccount, AwsRegion, check

from . import AtRest, Database

Manager = Literal["provider", "customer"]


@check("ec2:DescribeVolumes", "kms:DescribeKey")
def ebs_volumes(region: AwsRegion) -> Iterator[AtRest]:
    """Whether EBS volumes are encrypted, and who holds the key."""

    def arn(volume: dict[str, Any]) -> str:
        return region.arn("ec2", f"volume/{volume['VolumeId']}")

    def read(volume: dict[str, Any]) -> AtRest:
        return AtRest(
            resource=arn(volume),
            encrypted=volume["Encrypted"],
            key_manager=_manager(region, volume.get("KmsKeyId")) if volume["Encrypted"] else None,
            tags=region.tags(volume.get("Tags")),
            links=tuple(
                region.arn("ec2", f"instance/{attachment['InstanceId']}")
                for attachment in volume.get("Attachments", ())
                if attachment.get("InstanceId")
            ),
        )

    yield from region.each(region.all("ec2:DescribeVolumes"), read, resource=arn)


@check("ec2:DescribeSnapshots", "kms:DescribeKey")
def ebs_snapshots(region: AwsRegion) -> Iterator[AtRest]:
    """Whether the account's own EBS snapshots are encrypted, and who holds the key."""

    def arn(snapshot: dict[str, Any]) -> str:
        return region.arn("ec2", f"snapshot/{snapshot['SnapshotId']}")

    def read(snapshot: dict[str, Any]) -> AtRest:
        return AtRest(
            resource=arn(snapshot),
            encrypted=snapshot["Encrypted"],
            key_manager=_manager(region, snapshot.get("KmsKeyId")) if snapshot["Encrypted"] else None,
            tags=region.tags(snapshot.get("Tags")),
            links=(region.arn("ec2", f"volume/{snapshot['VolumeId']}"),) if snapshot.get("VolumeId") else (),
        )

    yield from region.each(region.all("ec2:DescribeSnapshots", OwnerIds=["self"]), read, resource=arn)


@check("ec2:GetEbsEncryptionByDefault", "ec2:GetEbsDefaultKmsKeyId", "kms:DescribeKey")
def ebs_default(region: AwsRegion) -> Iterator[AtRest]:
    """Whether new EBS volumes of the region are encrypted whatever is asked for, and with whose key."""
    encrypted = region.call("ec2:GetEbsEncryptionByDefault")["EbsEncryptionByDefault"]
    key = region.call("ec2:GetEbsDefaultKmsKeyId")["KmsKeyId"] if encrypted else None
    yield AtRest(
        resource=region.arn("ec2", "ebs-default"),
        encrypted=encrypted,
        key_manager=_manager(region, key) if encrypted else None,
    )


@check("rds:DescribeDBInstances", "kms:DescribeKey")
def rds_instances(region: AwsRegion) -> Iterator[Database]:
    """Whether database instances (RDS, Aurora, DocumentDB, Neptune) are encrypted, and who holds the key."""

    def read(instance: dict[str, Any]) -> Database:
        return _database(region, instance, arn="DBInstanceArn", encrypted="StorageEncrypted")

    instances = region.all("rds:DescribeDBInstances")
    yield from region.each(instances, read, resource=lambda instance: instance["DBInstanceArn"])


@check("rds:DescribeDBClusters", "kms:DescribeKey")
def rds_clusters(region: AwsRegion) -> Iterator[Database]:
    """Whether database clusters (Aurora, DocumentDB, Neptune, RDS) are encrypted, and who holds the key."""

    def read(cluster: dict[str, Any]) -> Database:
        return _database(region, cluster, arn="DBClusterArn", encrypted="StorageEncrypted")

    clusters = region.all("rds:DescribeDBClusters")
    yield from region.each(clusters, read, resource=lambda cluster: cluster["DBClusterArn"])


@check("rds:DescribeDBSnapshots", "kms:DescribeKey")
def rds_snapshots(region: AwsRegion) -> Iterator[Database]:
    """Whether the account's own snapshots of database instances are encrypted, and who holds the key."""

    def read(snapshot: dict[str, Any]) -> Database:
        return _database(region, snapshot, arn="DBSnapshotArn", encrypted="Encrypted")

    snapshots = region.all("rds:DescribeDBSnapshots")
    yield from region.each(snapshots, read, resource=lambda snapshot: snapshot["DBSnapshotArn"])


@check("rds:DescribeDBClusterSnapshots", "kms:DescribeKey")
def rds_cluster_snapshots(region: AwsRegion) -> Iterator[Database]:
    """Whether the account's own snapshots of database clusters are encrypted, and who holds the key."""

    def read(snapshot: dict[str, Any]) -> Database:
        return _database(region, snapshot, arn="DBClusterSnapshotArn", encrypted="StorageEncrypted")

    snapshots = region.all("rds:DescribeDBClusterSnapshots")
    yield from region.each(snapshots, read, resource=lambda snapshot: snapshot["DBClusterSnapshotArn"])


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
            return AtRest(resource=arn(bucket), region=where, encrypted=False, key_manager=None)
        (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
        key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        manager = _manager(account, key, region=where)
        return AtRest(resource=arn(bucket), region=where, encrypted=True, key_manager=manager)

    # S3 tells where a bucket is only when it is asked for pages.
    yield from account.each(account.all("s3:ListBuckets", MaxBuckets=1000), read, resource=arn)


@check("efs:DescribeFileSystems", "kms:DescribeKey")
def efs_file_systems(region: AwsRegion) -> Iterator[AtRest]:
    """Whether EFS file systems are encrypted, and who holds the key."""

    def read(system: dict[str, Any]) -> AtRest:
        return AtRest(
            resource=system["FileSystemArn"],
            encrypted=system["Encrypted"],
            key_manager=_manager(region, system.get("KmsKeyId")) if system["Encrypted"] else None,
            tags=region.tags(system.get("Tags")),
        )

    systems = region.all("efs:DescribeFileSystems")
    yield from region.each(systems, read, resource=lambda system: system["FileSystemArn"])


@check("dynamodb:ListTables", "dynamodb:DescribeTable", "kms:DescribeKey")
def dynamodb_tables(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of DynamoDB tables, all of which are encrypted.

    DynamoDB tells a key only where it is not its own.
    """

    def arn(name: str) -> str:
        return region.arn("dynamodb", f"table/{name}")

    def read(name: str) -> AtRest:
        table = region.call("dynamodb:DescribeTable", TableName=name)["Table"]
        key = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
        return AtRest(resource=arn(name), encrypted=True, key_manager=_manager(region, key))

    names: Iterator[Any] = region.all("dynamodb:ListTables")
    yield from region.each(names, read, resource=arn)


@check("redshift:DescribeClusters", "kms:DescribeKey")
def redshift_clusters(region: AwsRegion) -> Iterator[AtRest]:
    """Whether Redshift clusters are encrypted, and who holds the key."""

    def arn(cluster: dict[str, Any]) -> str:
        return region.arn("redshift", f"cluster:{cluster['ClusterIdentifier']}")

    def read(cluster: dict[str, Any]) -> AtRest:
        return AtRest(
            resource=arn(cluster),
            encrypted=cluster["Encrypted"],
            key_manager=_manager(region, cluster.get("KmsKeyId")) if cluster["Encrypted"] else None,
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
        encrypted = options.get("Enabled", False)
        manager = _manager(region, options.get("KmsKeyId")) if encrypted else None
        return AtRest(resource=arn(domain), encrypted=encrypted, key_manager=manager)

    yield from region.each(region.all("opensearch:ListDomainNames"), read, resource=arn)


@check("logs:DescribeLogGroups", "kms:DescribeKey")
def log_groups(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of CloudWatch log groups, all of which are encrypted."""

    def arn(group: dict[str, Any]) -> str:
        return region.arn("logs", f"log-group:{group['logGroupName']}")

    def read(group: dict[str, Any]) -> AtRest:
        return AtRest(
            resource=arn(group), encrypted=True, key_manager=_manager(region, group.get("kmsKeyId"))
        )

    yield from region.each(region.all("logs:DescribeLogGroups"), read, resource=arn)


@check("secretsmanager:ListSecrets", "kms:DescribeKey")
def secrets(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of secrets in Secrets Manager, all of which are encrypted."""

    def read(secret: dict[str, Any]) -> AtRest:
        return AtRest(
            resource=secret["ARN"],
            encrypted=True,
            key_manager=_manager(region, secret.get("KmsKeyId")),
            tags=region.tags(secret.get("Tags")),
        )

    listed = region.all("secretsmanager:ListSecrets")
    yield from region.each(listed, read, resource=lambda secret: secret["ARN"])


def _database(region: AwsRegion, listed: dict[str, Any], *, arn: str, encrypted: str) -> Database:
    # Of a store under RDS's own key (sse-rds) it is this member that says for certain that it is encrypted.
    is_encrypted = listed[encrypted] or listed.get("StorageEncryptionType", "none") != "none"
    return Database(
        resource=listed[arn],
        encrypted=is_encrypted,
        key_manager=_manager(region, listed.get("KmsKeyId")) if is_encrypted else None,
        engine=listed["Engine"],
        tags=region.tags(listed.get("TagList")),
    )


def _manager(view: AwsAccount | AwsRegion, key: str | None, *, region: str | None = None) -> Manager:
    """Who manages a key, given as an id, an alias or an ARN; where none is given it is the service's own."""
    if key is None or key.rpartition(":")[2].startswith("alias/aws/"):
        return "provider"
    if key.startswith("arn:") and key.split(":")[4] != view.id:
        # AWS's managed keys serve their own account only, so another account's key is a customer's; to
        # describe it would mostly be denied.
        return "customer"
    answer = view.call("kms:DescribeKey", KeyId=key, region=region)
    return "customer" if answer["KeyMetadata"]["KeyManager"] == "CUSTOMER" else "provider"
