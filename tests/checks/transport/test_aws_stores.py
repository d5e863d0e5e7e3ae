from typing import Any

import pytest

from checks.transport import Brokers, Cache, Database, FileServer, InTransit, SearchDomain
from checks.transport.aws_stores import (
    cache_clusters,
    msk_clusters,
    opensearch_domains,
    rds_clusters,
    rds_instances,
    redis_caches,
    redshift_clusters,
    transfer_servers,
)
from scanner.testing import by, look, observe, world

RDS = "arn:aws:rds:us-east-1:111122223333:"


def instance(engine: str, version: str, group: str = "ours", **more: Any) -> dict[str, Any]:
    return {
        "DBInstanceArn": f"{RDS}db:{engine}",
        "Engine": engine,
        "EngineVersion": version,
        "DBParameterGroups": [{"DBParameterGroupName": group}],
        "TagList": [{"Key": "phi", "Value": "true"}],
        **more,
    }


def parameters(**values: str) -> dict[str, Any]:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return {
        "Parameters": [
            *({"ParameterName": name, "ParameterValue": value} for name, value in named.items()),
            {"ParameterName": "tls_version_of_something_else", "ParameterValue": "TLSv1"},
            {"ParameterName": "ssl_min_protocol_version_unset"},
        ]
    }


INSTANCES = world(
    rds_instances,
    {
        "rds:DescribeDBInstances": {
            "DBInstances": [
                instance("postgres", "16.3", "strict"),
                instance("mysql", "8.0.35", "loose"),
                instance("oracle-ee", "19.0"),
                instance("aurora-mysql", "8.0", DBClusterIdentifier="emr"),
            ]
        },
        "rds:DescribeDBParameters": by(
            "DBParameterGroupName",
            {
                "strict": parameters(rds__force_ssl="1", ssl_min_protocol_version="TLSv1.3"),
                "loose": parameters(require_secure_transport="0"),
            },
        ),
    },
)


def database(engine: str, least: Any, *, required: bool, kind: str = "db") -> Database:
    return Database(
        resource=f"{RDS}{kind}:{engine}",
        tls_required=required,
        min_tls=least,
        engine=engine,
        tags={"phi": "true"},
    )


def test_rds_instances() -> None:
    assert observe(rds_instances, INSTANCES) == [
        database("postgres", "TLSv1.3", required=True),
        database("mysql", "TLSv1.2", required=False),
    ]


@pytest.mark.parametrize(
    ("engine", "version", "said", "required", "least"),
    [
        ("postgres", "16.3", {}, False, "TLSv1.2"),
        ("postgres", "12.19", {}, False, None),
        ("postgres", "16.3", {"rds__force_ssl": "0"}, False, "TLSv1.2"),
        ("mysql", "8.0.27", {"require_secure_transport": "ON"}, True, None),
        ("mysql", "8.4.3", {}, False, "TLSv1.2"),
        ("mysql", "8.0.27", {"tls_version": "TLSv1,TLSv1.1, TLSv1.2"}, False, "TLSv1.0"),
        ("mariadb", "10.11.8", {}, False, None),
        ("mariadb", "10.11.8", {"tls_version": "TLSv1.2,TLSv1.3"}, False, "TLSv1.2"),
        ("sqlserver-se", "15.00.4385.2.v1", {"rds__force_ssl": "1"}, True, "TLSv1.0"),
        ("sqlserver-se", "15.00.4385.2.v1", {"rds__tls10": "disabled"}, False, "TLSv1.1"),
        (
            "sqlserver-se",
            "15.00.4385.2.v1",
            {"rds__tls10": "disabled", "rds__tls11": "disabled", "rds__tls12": "default"},
            False,
            "TLSv1.2",
        ),
    ],
)
def test_what_the_parameters_of_an_engine_say(
    engine: str, version: str, said: dict[str, str], required: bool, least: str | None
) -> None:
    answers = {
        "rds:DescribeDBInstances": {"DBInstances": [instance(engine, version)]},
        "rds:DescribeDBParameters": parameters(**said),
    }

    assert observe(rds_instances, answers) == [database(engine, least, required=required)]


def test_only_what_decides_on_tls_is_asked_for() -> None:
    asked: list[Any] = []

    def told(**parameter: Any) -> dict[str, Any]:
        asked.append(parameter)
        return parameters()

    observe(rds_instances, {**INSTANCES, "rds:DescribeDBParameters": told})

    names = {
        "loose": ["require_secure_transport", "tls_version"],
        "strict": ["rds.force_ssl", "ssl_min_protocol_version"],
    }
    assert sorted(asked, key=lambda one: str(one["DBParameterGroupName"])) == [
        {"DBParameterGroupName": group, "Filters": [{"Name": "parameter-name", "Values": wanted}]}
        for group, wanted in names.items()
    ]


def cluster(engine: str, version: str) -> dict[str, Any]:
    return {
        "DBClusterArn": f"{RDS}cluster:{engine}",
        "Engine": engine,
        "EngineVersion": version,
        "DBClusterParameterGroup": engine,
        "TagList": [{"Key": "phi", "Value": "true"}],
    }


CLUSTERS = world(
    rds_clusters,
    {
        "rds:DescribeDBClusters": {
            "DBClusters": [
                cluster("aurora-postgresql", "15.4"),
                cluster("aurora-mysql", "8.0.mysql_aurora.3.04.0"),
                cluster("docdb", "5.0.0"),
                cluster("neptune", "1.3.2.1"),
            ]
        },
        "rds:DescribeDBClusterParameters": by(
            "DBClusterParameterGroupName",
            {
                "aurora-postgresql": parameters(rds__force_ssl="1"),
                "aurora-mysql": parameters(require_secure_transport="OFF"),
                "docdb": parameters(),
            },
        ),
    },
)


def test_rds_clusters() -> None:
    assert observe(rds_clusters, CLUSTERS) == [
        database("aurora-postgresql", "TLSv1.2", required=True, kind="cluster"),
        database("aurora-mysql", None, required=False, kind="cluster"),
        database("docdb", "TLSv1.0", required=True, kind="cluster"),
    ]


@pytest.mark.parametrize(
    ("tls", "required", "least"),
    [
        ("disabled", False, None),
        ("enabled", True, "TLSv1.0"),
        ("fips-140-3", True, "TLSv1.2"),
        ("tls1.2+", True, "TLSv1.2"),
        ("tls1.3+", True, "TLSv1.3"),
    ],
)
def test_tls_of_documentdb(tls: str, required: bool, least: str | None) -> None:
    answers = {
        "rds:DescribeDBClusters": {"DBClusters": [cluster("docdb", "5.0.0")]},
        "rds:DescribeDBClusterParameters": parameters(tls=tls),
    }

    assert observe(rds_clusters, answers) == [database("docdb", least, required=required, kind="cluster")]


def redshift(name: str) -> dict[str, Any]:
    return {"ClusterIdentifier": name, "ClusterParameterGroups": [{"ParameterGroupName": name}]}


def ssl(value: str) -> dict[str, Any]:
    return {
        "Parameters": [
            {"ParameterName": "enable_user_activity_logging", "ParameterValue": "true"},
            {"ParameterName": "require_ssl", "ParameterValue": value},
        ]
    }


WAREHOUSES = world(
    redshift_clusters,
    {
        "redshift:DescribeClusters": {"Clusters": [redshift("claims"), redshift("lab"), redshift("bare")]},
        "redshift:DescribeClusterParameters": by(
            "ParameterGroupName", {"claims": ssl("true"), "lab": ssl("false"), "bare": {"Parameters": []}}
        ),
    },
)


def test_redshift_clusters() -> None:
    assert observe(redshift_clusters, WAREHOUSES) == [
        InTransit(
            resource=f"arn:aws:redshift:us-east-1:111122223333:cluster:{name}",
            tls_required=required,
            min_tls="TLSv1.2",
            tags={},
        )
        for name, required in (("claims", True), ("lab", False), ("bare", False))
    ]


DOMAINS = world(
    opensearch_domains,
    {
        "opensearch:ListDomainNames": {"DomainNames": [{"DomainName": "notes"}, {"DomainName": "old"}]},
        "opensearch:DescribeDomain": by(
            "DomainName",
            {
                "notes": {
                    "DomainStatus": {
                        "DomainEndpointOptions": {
                            "EnforceHTTPS": True,
                            "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
                        },
                        "NodeToNodeEncryptionOptions": {"Enabled": True},
                    }
                },
                "old": {"DomainStatus": {"DomainName": "old"}},
            },
        ),
    },
)


def test_opensearch_domains() -> None:
    arn = "arn:aws:es:us-east-1:111122223333:domain/"
    assert observe(opensearch_domains, DOMAINS) == [
        SearchDomain(
            resource=arn + "notes", tls_required=True, min_tls="TLSv1.2", node_to_node_encrypted=True
        ),
        SearchDomain(
            resource=arn + "old", tls_required=False, min_tls="TLSv1.0", node_to_node_encrypted=False
        ),
    ]


CACHE = "arn:aws:elasticache:us-east-1:111122223333:"
GROUPS = world(
    redis_caches,
    {
        "elasticache:DescribeReplicationGroups": {
            "ReplicationGroups": [
                {"ARN": f"{CACHE}a", "Engine": "valkey", "TransitEncryptionEnabled": True},
                {
                    "ARN": f"{CACHE}b",
                    "TransitEncryptionEnabled": True,
                    "TransitEncryptionMode": "preferred",
                },
                {"ARN": f"{CACHE}c", "Engine": "redis", "TransitEncryptionEnabled": False},
            ]
        }
    },
)


def test_redis_caches() -> None:
    assert observe(redis_caches, GROUPS) == [
        Cache(resource=f"{CACHE}a", tls_required=True, min_tls="TLSv1.2", engine="valkey"),
        Cache(resource=f"{CACHE}b", tls_required=False, min_tls="TLSv1.2", engine="redis"),
        Cache(resource=f"{CACHE}c", tls_required=False, min_tls=None, engine="redis"),
    ]


def alone(ShowCacheClustersNotInReplicationGroups: bool) -> Any:  # noqa: N803 - as AWS names it
    assert ShowCacheClustersNotInReplicationGroups
    return {
        "CacheClusters": [
            {"ARN": f"{CACHE}m", "Engine": "memcached", "TransitEncryptionEnabled": True},
            {"ARN": f"{CACHE}n", "Engine": "memcached"},
        ]
    }


SINGLE = world(cache_clusters, {"elasticache:DescribeCacheClusters": alone})


def test_cache_clusters() -> None:
    assert observe(cache_clusters, SINGLE) == [
        Cache(resource=f"{CACHE}m", tls_required=True, min_tls="TLSv1.2", engine="memcached"),
        Cache(resource=f"{CACHE}n", tls_required=False, min_tls=None, engine="memcached"),
    ]


def kafka(name: str, transit: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    about = {} if transit is None else {"EncryptionInfo": {"EncryptionInTransit": transit}}
    return {"ClusterArn": name, "ClusterType": "PROVISIONED", "Provisioned": about, **more}


KAFKA = world(
    msk_clusters,
    {
        "kafka:ListClustersV2": {
            "ClusterInfoList": [
                kafka("tls", {"ClientBroker": "TLS", "InCluster": True}, Tags={"phi": "true"}),
                kafka("both", {"ClientBroker": "TLS_PLAINTEXT", "InCluster": False}),
                kafka("plain", {"ClientBroker": "PLAINTEXT"}),
                kafka("unsaid", None),
                {"ClusterArn": "serverless", "ClusterType": "SERVERLESS", "Serverless": {}},
            ]
        }
    },
)


def test_msk_clusters() -> None:
    told: list[tuple[str, bool, Any, bool]] = [
        ("tls", True, "TLSv1.2", True),
        ("both", False, "TLSv1.2", False),
        ("plain", False, None, True),
        ("unsaid", True, "TLSv1.2", True),
    ]
    assert observe(msk_clusters, KAFKA) == [
        Brokers(
            resource=name,
            tls_required=required,
            min_tls=least,
            node_to_node_encrypted=inside,
            tags={"phi": "true"} if name == "tls" else {},
        )
        for name, required, least, inside in told
    ]


def server(name: str, *protocols: str) -> dict[str, Any]:
    return {"Server": {"Arn": name, "Protocols": list(protocols), "Tags": [{"Key": "owner", "Value": "edi"}]}}


def server_id(name: str) -> str:
    return f"s-{name:0>17}"


SERVERS = world(
    transfer_servers,
    {
        "transfer:ListServers": {
            "Servers": [
                {"Arn": f"arn:{name}", "ServerId": server_id(name)}
                for name in ("ftps", "ftp", "both", "sftp")
            ]
        },
        "transfer:DescribeServer": by(
            "ServerId",
            {
                server_id("ftps"): server("arn:ftps", "SFTP", "FTPS"),
                server_id("ftp"): server("arn:ftp", "FTP"),
                server_id("both"): server("arn:both", "FTPS", "FTP"),
                server_id("sftp"): server("arn:sftp", "SFTP"),
            },
        ),
    },
)


def test_transfer_servers() -> None:
    told: list[tuple[str, bool, Any, tuple[str, ...]]] = [
        ("ftps", True, "TLSv1.2", ("FTPS", "SFTP")),
        ("ftp", False, None, ("FTP",)),
        ("both", False, "TLSv1.2", ("FTP", "FTPS")),
    ]
    assert observe(transfer_servers, SERVERS) == [
        FileServer(
            resource=f"arn:{name}",
            tls_required=required,
            min_tls=least,
            protocols=protocols,
            tags={"owner": "edi"},
        )
        for name, required, least, protocols in told
    ]


def test_a_server_that_cannot_be_described_is_a_refusal_of_that_server() -> None:
    sight = look(transfer_servers, SERVERS, denied=["transfer:DescribeServer"])

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [
        f"arn:{name}" for name in ("ftps", "ftp", "both", "sftp")
    ]
