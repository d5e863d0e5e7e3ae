"""Logging on AWS."""

from collections.abc import Iterator
from typing import Any, Literal

from scanner import AwsAccount, AwsRegion, check

from . import Account, Bucket, Database, LoadBalancer, LogGroup, Trail, Vpc, aws_trails

_FOREVER_DAYS = 36500

# The log that says who connected or what they asked, by the beginning of the engine's name. Postgres writes
# it to its one log, SQL Server writes logins to its error log (its audits go to S3 and are not seen here).
_AUDIT_LOGS = {
    "aurora-mysql": "audit",
    "aurora-postgresql": "postgresql",
    "docdb": "audit",
    "mariadb": "audit",
    "mysql": "audit",
    "neptune": "audit",
    "oracle": "audit",
    "postgres": "postgresql",
    "sqlserver": "error",
}


@check(*aws_trails.NEEDS)
def account(account: AwsAccount) -> Iterator[Account]:
    """Whether the account's API activity is recorded, in every region, and how the record is protected."""
    seen = [
        aws_trails.read(account, trail)
        for trail in account.all("cloudtrail:DescribeTrails")
        if trail["IsMultiRegionTrail"]
    ]
    working = [trail for trail in seen if trail.logged]
    whole = [trail for trail in working if trail.management_events == "all"]
    yield Account(
        resource=f"aws:{account.id}",
        multi_region_trail=bool(whole),
        log_file_validation=any(trail.log_file_validation for trail in whole),
        customer_key=any(trail.customer_key for trail in whole),
        sent_to_cloudwatch=any(trail.sent_to_cloudwatch for trail in whole),
        s3_data_events=any(trail.s3_data_events == "all" for trail in working),
        links=tuple(trail.resource for trail in seen),
    )


@check(*aws_trails.NEEDS)
def trails(region: AwsRegion) -> Iterator[Trail]:
    """What each trail made in the region records: `logged` when it is on and its last delivery went well."""
    # Trails of other regions appear here as their shadows, and so do the organization's in its members.
    homed = (trail for trail in region.all("cloudtrail:DescribeTrails") if trail["HomeRegion"] == region.name)

    def read(trail: dict[str, Any]) -> Trail:
        return aws_trails.read(region, trail)

    yield from region.each(homed, read, resource=lambda trail: trail["TrailARN"])


@check("s3:ListBuckets", "s3:GetBucketLogging")
def s3_buckets(account: AwsAccount) -> Iterator[Bucket]:
    """Whether requests to each bucket are recorded by server access logging.

    A trail's data events record them too: see `s3_data_events` of `logging.aws.account`.
    """

    def read(bucket: dict[str, Any]) -> Bucket:
        region = bucket.get("BucketRegion")
        answer = account.call("s3:GetBucketLogging", region=region, Bucket=bucket["Name"])
        target = answer.get("LoggingEnabled", {}).get("TargetBucket")
        return Bucket(resource=arn(bucket), region=region, logged=target is not None, log_bucket=target)

    def arn(bucket: dict[str, Any]) -> str:
        return f"arn:{account.partition}:s3:::{bucket['Name']}"

    # S3 says where a bucket is only when the listing is asked for in pages; botocore finds the others.
    yield from account.each(account.all("s3:ListBuckets", MaxBuckets=1000), read, resource=arn)


@check("ec2:DescribeVpcs", "ec2:DescribeFlowLogs")
def vpcs(region: AwsRegion) -> Iterator[Vpc]:
    """Whether a flow log of the whole VPC records its traffic: active, and delivered without an error.

    Flow logs of single subnets and interfaces do not count. VPCs that another account shares are left to
    that account's scan, for it alone can log them.
    """
    logged: dict[str, set[str]] = {}
    for log in region.all("ec2:DescribeFlowLogs"):
        if log.get("FlowLogStatus") == "ACTIVE" and log.get("DeliverLogsStatus") == "SUCCESS":
            logged.setdefault(log["ResourceId"], set()).add(log["TrafficType"])
    for vpc in region.all("ec2:DescribeVpcs"):
        if vpc.get("OwnerId", region.id) == region.id:
            traffic = _traffic(logged.get(vpc["VpcId"], set()))
            yield Vpc(
                resource=region.arn("ec2", f"vpc/{vpc['VpcId']}"),
                logged=traffic is not None,
                traffic_logged=traffic,
                default=vpc["IsDefault"],
                tags=region.tags(vpc.get("Tags")),
            )


@check("rds:DescribeDBInstances")
def rds_instances(region: AwsRegion) -> Iterator[Database]:
    """Whether a database instance sends the log that tells who connected to CloudWatch Logs.

    What is in that log is up to the database's own parameters: log_connections and pgaudit for Postgres, an
    audit plug-in for MySQL, MariaDB and Oracle. Instances of a cluster (Aurora, DocumentDB, Neptune, Multi-AZ
    clusters) are logged by their cluster.
    """
    for instance in region.all("rds:DescribeDBInstances"):
        if not instance.get("DBClusterIdentifier"):
            yield _database(region, instance, arn="DBInstanceArn")


@check("rds:DescribeDBClusters")
def rds_clusters(region: AwsRegion) -> Iterator[Database]:
    """Whether a database cluster (Aurora, DocumentDB, Neptune) sends its audit log to CloudWatch Logs."""
    for cluster in region.all("rds:DescribeDBClusters"):
        yield _database(region, cluster, arn="DBClusterArn")


@check("redshift:DescribeClusters", "redshift:DescribeLoggingStatus")
def redshift_clusters(region: AwsRegion) -> Iterator[Database]:
    """Whether a Redshift cluster delivers its audit logs, and did not fail to when it last tried.

    Statements are in them (useractivitylog) only with the parameter enable_user_activity_logging.
    """

    def read(cluster: dict[str, Any]) -> Database:
        answer = region.call("redshift:DescribeLoggingStatus", ClusterIdentifier=cluster["ClusterIdentifier"])
        failed, delivered = answer.get("LastFailureTime"), answer.get("LastSuccessfulDeliveryTime")
        fails = failed is not None and (delivered is None or delivered < failed)
        return Database(
            resource=arn(cluster),
            logged=answer["LoggingEnabled"] and not fails,
            engine="redshift",
            log_exports=tuple(sorted(answer.get("LogExports") or ())),
            tags=region.tags(cluster.get("Tags")),
        )

    def arn(cluster: dict[str, Any]) -> str:
        return region.arn("redshift", f"cluster:{cluster['ClusterIdentifier']}")

    yield from region.each(region.all("redshift:DescribeClusters"), read, resource=arn)


@check("opensearch:ListDomainNames", "opensearch:DescribeDomain")
def opensearch_domains(region: AwsRegion) -> Iterator[Database]:
    """Whether an OpenSearch or Elasticsearch domain sends its audit log to CloudWatch Logs."""

    def read(domain: dict[str, Any]) -> Database:
        status = region.call("opensearch:DescribeDomain", DomainName=domain["DomainName"])["DomainStatus"]
        options = status.get("LogPublishingOptions") or {}
        exports = tuple(sorted(log for log, option in options.items() if option.get("Enabled")))
        return Database(
            resource=arn(domain),
            logged="AUDIT_LOGS" in exports,
            engine=domain["EngineType"].lower(),
            log_exports=exports,
        )

    def arn(domain: dict[str, Any]) -> str:
        return region.arn("es", f"domain/{domain['DomainName']}")

    yield from region.each(region.all("opensearch:ListDomainNames"), read, resource=arn)


@check("elbv2:DescribeLoadBalancers", "elbv2:DescribeLoadBalancerAttributes")
def load_balancers(region: AwsRegion) -> Iterator[LoadBalancer]:
    """Whether a load balancer keeps an access log; Gateway Load Balancers have none."""

    def read(balancer: dict[str, Any]) -> LoadBalancer:
        arn = balancer["LoadBalancerArn"]
        answer = region.call("elbv2:DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
        attributes = {attribute["Key"]: attribute["Value"] for attribute in answer["Attributes"]}
        return LoadBalancer(
            resource=arn,
            logged=attributes.get("access_logs.s3.enabled") == "true",
            public=balancer.get("Scheme") != "internal",
            kind=balancer["Type"],
        )

    balancers = region.all("elbv2:DescribeLoadBalancers")
    logging = (balancer for balancer in balancers if balancer["Type"] in {"application", "network"})
    yield from region.each(logging, read, resource=lambda balancer: balancer["LoadBalancerArn"])


@check("logs:DescribeLogGroups")
def log_groups(region: AwsRegion) -> Iterator[LogGroup]:
    """How long each group of CloudWatch Logs keeps its entries."""
    for group in region.all("logs:DescribeLogGroups"):
        days = group.get("retentionInDays")
        # Groups that only pass logs on keep them for a day, whatever is set.
        if group.get("logGroupClass") == "DELIVERY":
            days = 1
        yield LogGroup(
            resource=group["arn"].removesuffix(":*"),
            retention_days=_FOREVER_DAYS if days is None else days,
            kept_forever=days is None,
        )


def _traffic(kinds: set[str]) -> Literal["all", "accept", "reject"] | None:
    if "ALL" in kinds or kinds == {"ACCEPT", "REJECT"}:
        return "all"
    if "ACCEPT" in kinds:
        return "accept"
    return "reject" if "REJECT" in kinds else None


def _database(region: AwsRegion, database: dict[str, Any], *, arn: str) -> Database:
    engine = database["Engine"]
    exports = tuple(sorted(database.get("EnabledCloudwatchLogsExports") or ()))
    return Database(
        resource=database[arn],
        logged=_audit_log(engine) in exports,
        engine=engine,
        log_exports=exports,
        tags=region.tags(database.get("TagList")),
    )


def _audit_log(engine: str) -> str | None:
    """The engine's audit log; editions and hosts follow the engine's name, as in oracle-ee-cdb."""
    family = next((family for family in _AUDIT_LOGS if engine.removeprefix("custom-").startswith(family)), "")
    return _AUDIT_LOGS.get(family)
