"""Encryption in transit on AWS, on the way into what holds data."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scanner import AwsRegion, check

from . import Brokers, Cache, Database, FileServer, InTransit, SearchDomain, Version, aws_policies

Item = dict[str, Any]

# Parameters that make a database turn away whoever comes without TLS, and their values that do so:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html and, for DocumentDB,
# https://docs.aws.amazon.com/documentdb/latest/developerguide/API_Parameter.html, where TLS is on by default.
_REQUIRING = {
    "rds.force_ssl": ("1", "on", "true"),
    "require_secure_transport": ("1", "on", "true"),
    "tls": ("enabled", "fips-140-3", "tls1.2+", "tls1.3+"),
}
# The parameters that decide on TLS, by the beginning of the engine's name.
_POSTGRESQL = ("rds.force_ssl", "ssl_min_protocol_version")
_MYSQL = ("require_secure_transport", "tls_version")
_DECIDING = {
    "aurora-mysql": _MYSQL,
    "aurora-postgresql": _POSTGRESQL,
    "docdb": ("tls",),
    "mariadb": _MYSQL,
    "mysql": _MYSQL,
    "postgres": _POSTGRESQL,
    "sqlserver": ("rds.force_ssl", "rds.tls10", "rds.tls11", "rds.tls12"),
}
# https://docs.aws.amazon.com/documentdb/latest/developerguide/API_Parameter.html
_DOCUMENTDB: dict[str, Version] = {
    "enabled": "TLSv1.0",
    "fips-140-3": "TLSv1.2",
    "tls1.2+": "TLSv1.2",
    "tls1.3+": "TLSv1.3",
}


@check("rds:DescribeDBInstances", "rds:DescribeDBParameters")
def rds_instances(region: AwsRegion) -> Iterator[Database]:
    """Whether database instances turn away clients without TLS, and from which version on they take it.

    As the parameter group says, of which a change may wait for a restart. Those in a cluster are told of with
    it. Oracle and Db2, which keep this in options or in the database, are not looked at.
    """

    def read(instance: Item) -> Database:
        names = [group["DBParameterGroupName"] for group in instance["DBParameterGroups"]]
        parameters: Item = {}
        for name in names:
            asked = _asked(instance["Engine"])
            listed = region.all("rds:DescribeDBParameters", DBParameterGroupName=name, **asked)
            parameters |= _values(instance["Engine"], listed)
        return _database(region, instance, instance["DBInstanceArn"], parameters)

    alone = (
        instance
        for instance in region.all("rds:DescribeDBInstances")
        if not instance.get("DBClusterIdentifier") and _deciding(instance["Engine"])
    )
    yield from region.each(alone, read, resource=lambda instance: instance["DBInstanceArn"])


@check("rds:DescribeDBClusters", "rds:DescribeDBClusterParameters")
def rds_clusters(region: AwsRegion) -> Iterator[Database]:
    """Whether database clusters (Aurora, DocumentDB, RDS) turn away clients without TLS, and from which on.

    As the parameter group says, of which a change may wait for a restart. Neptune takes nothing but TLS 1.2
    and is left out.
    """

    def read(cluster: Item) -> Database:
        name = cluster["DBClusterParameterGroup"]
        asked = _asked(cluster["Engine"])
        listed = region.all("rds:DescribeDBClusterParameters", DBClusterParameterGroupName=name, **asked)
        return _database(region, cluster, cluster["DBClusterArn"], _values(cluster["Engine"], listed))

    clusters = (cluster for cluster in region.all("rds:DescribeDBClusters") if _deciding(cluster["Engine"]))
    yield from region.each(clusters, read, resource=lambda cluster: cluster["DBClusterArn"])


@check("redshift:DescribeClusters", "redshift:DescribeClusterParameters")
def redshift_clusters(region: AwsRegion) -> Iterator[InTransit]:
    """Whether Redshift clusters turn away clients without TLS, as their parameter group says.

    Since January 2026 Redshift takes no TLS before 1.2:
    https://docs.aws.amazon.com/redshift/latest/mgmt/behavior-changes.html.
    """

    def read(cluster: Item) -> InTransit:
        required = [
            parameter.get("ParameterValue", "").lower() == "true"
            for group in cluster["ClusterParameterGroups"]
            for parameter in region.all(
                "redshift:DescribeClusterParameters", ParameterGroupName=group["ParameterGroupName"]
            )
            if parameter["ParameterName"] == "require_ssl"
        ]
        return InTransit(
            resource=arn(cluster),
            tls_required=bool(required) and all(required),
            min_tls="TLSv1.2",
            tags=region.tags(cluster.get("Tags")),
        )

    def arn(cluster: Item) -> str:
        return region.arn("redshift", f"cluster:{cluster['ClusterIdentifier']}")

    yield from region.each(region.all("redshift:DescribeClusters"), read, resource=arn)


@check("opensearch:ListDomainNames", "opensearch:DescribeDomain")
def opensearch_domains(region: AwsRegion) -> Iterator[SearchDomain]:
    """Whether OpenSearch and Elasticsearch domains take HTTPS only, and encrypt between their nodes."""

    def read(domain: Item) -> SearchDomain:
        status = region.call("opensearch:DescribeDomain", DomainName=domain["DomainName"])["DomainStatus"]
        endpoint = status.get("DomainEndpointOptions", {})
        return SearchDomain(
            resource=arn(domain),
            tls_required=endpoint.get("EnforceHTTPS", False),
            min_tls=aws_policies.opensearch(endpoint.get("TLSSecurityPolicy", "Policy-Min-TLS-1-0-2019-07")),
            node_to_node_encrypted=status.get("NodeToNodeEncryptionOptions", {}).get("Enabled", False),
        )

    def arn(domain: Item) -> str:
        return region.arn("es", f"domain/{domain['DomainName']}")

    yield from region.each(region.all("opensearch:ListDomainNames"), read, resource=arn)


@check("elasticache:DescribeReplicationGroups")
def redis_caches(region: AwsRegion) -> Iterator[Cache]:
    """Whether ElastiCache for Valkey and Redis takes TLS only.

    Where TLS is merely preferred it is not required. Since May 2025 no TLS before 1.2 is taken:
    https://aws.amazon.com/about-aws/whats-new/2024/05/amazon-elasticache-minimum-tls-version-1-2. Serverless
    caches take nothing but TLS and are left out.
    """
    for group in region.all("elasticache:DescribeReplicationGroups"):
        yield _cache(group, group.get("Engine", "redis"))


@check("elasticache:DescribeCacheClusters")
def cache_clusters(region: AwsRegion) -> Iterator[Cache]:
    """Whether ElastiCache clusters that are on their own (Memcached, a single Redis) take TLS only."""
    alone: dict[str, Any] = {"ShowCacheClustersNotInReplicationGroups": True}
    for cluster in region.all("elasticache:DescribeCacheClusters", **alone):
        yield _cache(cluster, cluster["Engine"])


@check("kafka:ListClustersV2")
def msk_clusters(region: AwsRegion) -> Iterator[Brokers]:
    """Whether Kafka clusters of MSK take TLS only, and encrypt between brokers.

    MSK speaks TLS 1.2: https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html. Serverless
    ones take nothing but TLS and are left out.
    """
    for cluster in region.all("kafka:ListClustersV2"):
        if cluster["ClusterType"] == "PROVISIONED":
            transit = cluster["Provisioned"].get("EncryptionInfo", {}).get("EncryptionInTransit", {})
            broker = transit.get("ClientBroker", "TLS")
            yield Brokers(
                resource=cluster["ClusterArn"],
                tls_required=broker == "TLS",
                min_tls=None if broker == "PLAINTEXT" else "TLSv1.2",
                node_to_node_encrypted=transit.get("InCluster", True),
                tags=region.tags(cluster.get("Tags")),
            )


@check("transfer:ListServers", "transfer:DescribeServer")
def transfer_servers(region: AwsRegion) -> Iterator[FileServer]:
    """Whether servers of Transfer Family that speak FTP speak it in TLS only.

    Their cipher suites are all of TLS 1.2: https://docs.aws.amazon.com/transfer/latest/userguide/security-policies.
    Servers of SFTP alone, which is always encrypted, and of AS2, which encrypts messages, are left out.
    """

    def read(server: Item) -> tuple[FileServer, ...]:
        described = region.call("transfer:DescribeServer", ServerId=server["ServerId"])["Server"]
        protocols = set(described.get("Protocols", ("SFTP",)))
        if not protocols & {"FTP", "FTPS"}:
            return ()
        seen = FileServer(
            resource=server["Arn"],
            tls_required="FTP" not in protocols,
            min_tls="TLSv1.2" if "FTPS" in protocols else None,
            protocols=tuple(sorted(protocols)),
            tags=region.tags(described.get("Tags")),
        )
        return (seen,)

    for seen in region.each(region.all("transfer:ListServers"), read, resource=lambda server: server["Arn"]):
        yield from seen


def _deciding(engine: str) -> tuple[str, ...]:
    """The parameters that decide on TLS; none where the engine keeps that elsewhere."""
    return next((names for start, names in _DECIDING.items() if engine.startswith(start)), ())


def _asked(engine: str) -> dict[str, Any]:
    """What to ask for of a parameter group; DocumentDB, which has few parameters, knows no filters."""
    names = list(_deciding(engine))
    return {} if engine == "docdb" else {"Filters": [{"Name": "parameter-name", "Values": names}]}


def _values(engine: str, parameters: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each parameter that decides on TLS is set to; those without a value are left out."""
    return {
        parameter["ParameterName"]: parameter["ParameterValue"].strip().lower()
        for parameter in parameters
        if parameter["ParameterName"] in _deciding(engine) and parameter.get("ParameterValue")
    }


def _database(region: AwsRegion, database: Item, arn: str, parameters: Mapping[str, str]) -> Database:
    engine = database["Engine"]
    said = {"tls": "enabled", **parameters} if engine == "docdb" else parameters
    required = any(said.get(name) in values for name, values in _REQUIRING.items())
    return Database(
        resource=arn,
        tls_required=required,
        min_tls=_least(engine, database["EngineVersion"], parameters),
        engine=engine,
        tags=region.tags(database.get("TagList")),
    )


def _least(engine: str, version: str, parameters: Mapping[str, str]) -> Version | None:
    """The oldest version of TLS that an engine takes, by what is set or, where it is known, by default."""
    if engine == "docdb":
        return _DOCUMENTDB.get(parameters.get("tls", "enabled"))
    if engine.startswith("sqlserver"):
        return _sqlserver(parameters)
    said = parameters.get("ssl_min_protocol_version") or parameters.get("tls_version")
    if said:
        return aws_policies.oldest(re.sub("(?i)tls", "TLS", one.strip()) for one in said.split(","))
    return _default(engine.removeprefix("aurora-"), _numbers(version))


def _sqlserver(parameters: Mapping[str, str]) -> Version:
    """SQL Server takes each version that is not turned off."""
    taken: tuple[tuple[str, Version], ...] = (
        ("rds.tls10", "TLSv1.0"),
        ("rds.tls11", "TLSv1.1"),
        ("rds.tls12", "TLSv1.2"),
    )
    kept = [version for name, version in taken if parameters.get(name) != "disabled"]
    return min(kept, default="TLSv1.3")


def _default(engine: str, version: tuple[int, ...]) -> Version | None:
    """The engine's own default, where its makers tell it.

    https://www.postgresql.org/docs/13/release-13.html; and MySQL 8.0.28 has no older version left:
    https://dev.mysql.com/doc/refman/8.0/en/encrypted-connection-protocols-ciphers.html.
    """
    if engine in {"postgres", "postgresql"}:
        return "TLSv1.2" if version >= (13,) else None
    return "TLSv1.2" if engine == "mysql" and version >= (8, 0, 28) else None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, as in 8.0.35 or 8.0.mysql_aurora.3.04.0."""
    return tuple(int(number) for number in re.findall(r"\d+", re.split(r"[^\d.]", version)[0]))


def _cache(cache: Item, engine: str) -> Cache:
    encrypted = cache.get("TransitEncryptionEnabled", False)
    return Cache(
        resource=cache["ARN"],
        tls_required=encrypted and cache.get("TransitEncryptionMode", "required") == "required",
        min_tls="TLSv1.2" if encrypted else None,
        engine=engine,
    )
