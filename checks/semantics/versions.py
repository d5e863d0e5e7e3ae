"""Which release cycle a version belongs to, and until when its publisher mends it."""

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Literal, TypedDict

import msgspec

SupportEnd = Literal["dated", "unannounced", "past", "unlisted"]

# In these products' rows it is the first date that ends security support. Lambda patches a runtime until its
# deprecation (the first date) and refuses updates of functions on it from the second; a minor version of RDS
# for MySQL is dropped on the first date, its major version on the second.
_FIRST_DATE_ENDS = frozenset({"aws-lambda", "amazon-rds-mysql"})

_SYSTEMS = {
    "almalinux": "almalinux",
    "alpine": "alpine-linux",
    "amzn": "amazon-linux",
    "centos": "centos",
    "ol": "oracle-linux",
    "opensuse-leap": "opensuse",
    "rocky": "rocky-linux",
}
_LAST_CENTOS_LINUX = 8

_ENGINES = {
    "aurora-mysql": "amazon-aurora-mysql",
    "aurora-postgresql": "amazon-aurora-postgresql",
    "docdb": "amazon-documentdb",
    "mariadb": "amazon-rds-mariadb",
    "mysql": "amazon-rds-mysql",
    "neptune": "amazon-neptune",
    "postgres": "amazon-rds-postgresql",
}


class Cycle(msgspec.Struct, frozen=True):
    """One release cycle of a product, as the packaged list (endoflife.date) has it."""

    product: str
    name: str
    support_end: SupportEnd
    """Whether the end of security support is dated, not announced, or past without a date."""
    supported_until: datetime | None
    """The start of that day, UTC; None unless it is dated."""
    extended_support_until: datetime | None
    """The start of the day on which extended support ends; None unless it is dated."""


class Support(TypedDict):
    """What the packaged list says of one version, as facts."""

    product: str
    version: str
    cycle: str | None
    support_end: SupportEnd
    supported_until: datetime | None
    extended_support_until: datetime | None


def release(product: str, version: str) -> Cycle | None:
    """The release cycle that a version belongs to; None where the packaged list has none.

    A version belongs to the longest cycle it begins with, up to a boundary: 8.0.45.R1 is of 8.0.45, or else
    of 8.0. Where a cycle has service packs with dates of their own, a version does not tell which, so
    it has none.
    """
    cycles = _products().get(product, {})
    if version in cycles:
        return cycles[version]
    within = [name for name in cycles if re.match(re.escape(name) + r"(?![0-9A-Za-z])", version)]
    if not within:
        return None
    longest = max(within, key=len)
    packs = any(name.startswith(f"{longest}-") for name in cycles)
    return None if packs else cycles[longest]


def support(product: str, version: str) -> Support:
    """What the packaged list says of a version, as the facts of a `Release`; unlisted where it is silent."""
    cycle = release(product, version)
    return Support(
        product=product,
        version=version,
        cycle=cycle.name if cycle else None,
        support_end=cycle.support_end if cycle else "unlisted",
        supported_until=cycle.supported_until if cycle else None,
        extended_support_until=cycle.extended_support_until if cycle else None,
    )


def operating_system(system: str, version: str) -> Support:
    """What the packaged list says of an operating system, named by os-release's ID and VERSION_ID."""
    product = _SYSTEMS.get(system, system)
    major = version.partition(".")[0]
    if product == "centos" and major.isdigit() and int(major) > _LAST_CENTOS_LINUX:
        product = "centos-stream"
    return support(product, version)


def rds_engine(engine: str, version: str) -> Support:
    """What the packaged list says of a database engine, named as RDS names it."""
    if engine.startswith("sqlserver-"):
        # RDS writes 15.00.4335.1.v1 where the list has 15.0.
        numbers = re.sub(r"^(\d+)\.0+(?=\.|$)", r"\1.0", version)
        return {**support("mssqlserver", numbers), "version": version}
    return support(_ENGINES.get(engine, engine), version)


@cache
def _products() -> Mapping[str, Mapping[str, Cycle]]:
    text = (files(__package__) / "end_of_life.csv").read_text(encoding="utf-8")
    products: dict[str, dict[str, Cycle]] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        products.setdefault(row["product"], {})[row["cycle"]] = _cycle(row)
    return products


def _cycle(row: Mapping[str, str]) -> Cycle:
    """A row's dates; `true` there says that the end is past, `false` or nothing that none is announced."""
    first = row["product"] in _FIRST_DATE_ENDS and row["eoas"] not in ("", "true", "false")
    end = row["eoas"] if first else row["eol"]
    until = _day(end)
    return Cycle(
        product=row["product"],
        name=row["cycle"],
        support_end="dated" if until else "past" if end == "true" else "unannounced",
        supported_until=until,
        extended_support_until=_day(row["eoes"]),
    )


def _day(text: str) -> datetime | None:
    return None if text in ("", "true", "false") else datetime.fromisoformat(text).replace(tzinfo=UTC)
