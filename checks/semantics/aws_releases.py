"""Which release AWS's words for an engine stand for, and what AWS itself says of its end."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from . import versions
from .versions import Support

OPEN_ENGINES = frozenset({"aurora-mysql", "aurora-postgresql", "mariadb", "mysql", "postgres"})
"""Engines of which RDS tells until when it mends them:
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SupportedEngineLifecycle.html"""

_STANDARD = "open-source-rds-standard-support"
_EXTENDED = "open-source-rds-extended-support"
_SEARCH = {"elasticsearch": "amazon-elasticsearch", "opensearch": "amazon-opensearch"}


def cache(engine: str, version: str) -> Support:
    """What the packaged list says of an engine of ElastiCache, which has dates of its own."""
    return versions.support(f"amazon-elasticache-{engine.lower()}", version)


def broker(engine: str, version: str) -> Support:
    """What the packaged list says of an engine of Amazon MQ, which has dates of its own."""
    return versions.support(f"amazon-mq-{engine.lower()}", version)


def search(engine_version: str) -> Support:
    """What the packaged list says of a domain's engine, named as in OpenSearch_2.11 or Elasticsearch_7.10."""
    engine, _, version = engine_version.rpartition("_")
    return versions.support(_SEARCH.get(engine.lower(), engine.lower()), version)


def database(engine: str, version: str, majors: Iterable[Mapping[str, Any]]) -> Support:
    """What RDS says of a database engine's major version, for what the packaged list does not have.

    `majors` are entries of DescribeDBMajorEngineVersions. Where they have no end either, it stays unlisted.
    """
    listed = versions.rds_engine(engine, version)
    told = [major for major in majors if major.get("Engine") == engine and _within(version, major)]
    if not told:
        return listed
    major = max(told, key=lambda each: len(each["MajorEngineVersion"]))
    ends = _ends(major)
    if _STANDARD not in ends:
        return listed
    return Support(
        product=listed["product"],
        version=version,
        cycle=major["MajorEngineVersion"],
        support_end="dated",
        supported_until=ends[_STANDARD],
        extended_support_until=ends.get(_EXTENDED),
    )


def _within(version: str, major: Mapping[str, Any]) -> bool:
    name = major.get("MajorEngineVersion", "")
    return bool(name) and (version == name or version.startswith(f"{name}."))


def _ends(major: Mapping[str, Any]) -> dict[str, datetime]:
    return {
        lifecycle["LifecycleSupportName"]: lifecycle["LifecycleSupportEndDate"]
        for lifecycle in major.get("SupportedEngineLifecycles") or ()
        if lifecycle.get("LifecycleSupportEndDate")
    }
