from datetime import UTC, datetime
from typing import Any

import pytest

from checks.semantics.aws_releases import broker, cache, database, search


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def major(engine: str, name: str, **ends: str) -> dict[str, Any]:
    return {
        "Engine": engine,
        "MajorEngineVersion": name,
        "SupportedEngineLifecycles": [
            {
                "LifecycleSupportName": f"open-source-rds-{kind}-support",
                "LifecycleSupportEndDate": day(end),
            }
            for kind, end in ends.items()
        ],
    }


MAJORS = [
    major("aurora-mysql", "5.7", standard="2024-10-31", extended="2027-02-28"),
    major("aurora-mysql", "8.0", standard="2028-04-30", extended="2029-07-31"),
    major("mysql", "8", standard="2001-01-01"),
    major("mariadb", "13", standard="2031-06-30"),
    major("mariadb", "13.4", standard="2032-06-30"),
    {"Engine": "oracle-ee", "MajorEngineVersion": "19"},
]


@pytest.mark.parametrize(
    ("engine", "version", "cycle", "end", "extended"),
    [
        ("aurora-mysql", "5.7.mysql_aurora.2.11.4", "5.7", "2024-10-31", "2027-02-28"),
        ("aurora-mysql", "8.0.mysql_aurora.3.08.0", "8.0", "2028-04-30", "2029-07-31"),
        ("mariadb", "13.4.2", "13.4", "2032-06-30", None),
        ("mariadb", "13.40.1", "13", "2031-06-30", None),
    ],
)
def test_rds_tells_of_its_major_versions(
    engine: str, version: str, cycle: str, end: str, extended: str | None
) -> None:
    told = database(engine, version, MAJORS)

    assert told == {
        "product": "amazon-rds-mariadb" if engine == "mariadb" else "amazon-aurora-mysql",
        "version": version,
        "cycle": cycle,
        "support_end": "dated",
        "supported_until": day(end),
        "extended_support_until": day(extended) if extended else None,
    }


@pytest.mark.parametrize(
    ("engine", "version"),
    [("aurora-mysql", "8.4.mysql_aurora.4.01.0"), ("aurora-mysql", "80.1"), ("oracle-ee", "19.0.0.0")],
)
def test_what_rds_does_not_tell_either_is_unlisted(engine: str, version: str) -> None:
    told = database(engine, version, MAJORS)

    assert (told["support_end"], told["cycle"], told["supported_until"]) == ("unlisted", None, None)


@pytest.mark.parametrize(
    ("engine", "version", "end", "extended"),
    [
        ("redis", "5.0.6", "2026-01-31", "2029-01-31"),
        ("redis", "6.2.6", "2027-01-31", "2030-01-31"),
    ],
)
def test_elasticache_ends_its_versions_itself(engine: str, version: str, end: str, extended: str) -> None:
    told = cache(engine, version)

    assert (told["supported_until"], told["extended_support_until"]) == (day(end), day(extended))


@pytest.mark.parametrize(
    ("engine", "version", "state"),
    [
        ("redis", "7.1.0", "unannounced"),
        ("valkey", "8.0.1", "unannounced"),
        ("memcached", "1.6.22", "unannounced"),
        ("redis", "3.2.10", "unlisted"),
    ],
)
def test_elasticache_versions_without_an_end(engine: str, version: str, state: str) -> None:
    assert cache(engine, version)["support_end"] == state


def test_brokers() -> None:
    assert broker("ACTIVEMQ", "5.17.6")["supported_until"] == day("2025-06-16")
    assert broker("RABBITMQ", "3.13")["support_end"] == "unannounced"
    assert broker("RABBITMQ", "3.8.34")["support_end"] == "unlisted"


def test_search_engines() -> None:
    assert search("OpenSearch_2.11")["supported_until"] == day("2027-11-07")
    assert search("Elasticsearch_7.10")["product"] == "amazon-elasticsearch"
    assert search("Elasticsearch_7.10")["supported_until"] == day("2027-11-07")
    assert search("Elasticsearch_7.1")["support_end"] == "unlisted"
