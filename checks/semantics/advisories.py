"""What repositories say of the security updates that a host lacks: how grave, since when, against what."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Literal

import msgspec
from msgspec.structs import replace

Severity = Literal["critical", "important", "moderate", "low"]

_RATINGS: Mapping[str, Severity] = {
    "critical": "critical",
    "important": "important",
    "moderate": "moderate",
    "medium": "moderate",
    "low": "low",
}
"""Amazon says medium where the others say moderate; `none` and `unspecified` rate nothing."""

_FIELD = re.compile(r"\s*(?P<name>[A-Za-z ]*?) *: ?(?P<value>.*)$")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BEGINS = frozenset({"update id", "name"})
_PATCH = re.compile(r"<update\s(?P<attributes>[^>]*)>(?P<body>.*?)</update>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""(?P<name>[a-z_-]+)=(?P<quote>["'])(?P<value>.*?)(?P=quote)""", re.DOTALL)
_ISSUED = re.compile(r'<issue-date\s+time_t="(?P<seconds>[0-9]+)"')
_CVE_ISSUE = re.compile(r'<issue\s[^>]*?type="cve"[^>]*?id="(?P<cve>CVE-[0-9]{4}-[0-9]{4,})"')


class Advisory(msgspec.Struct, frozen=True):
    """One security advisory whose updates are not installed."""

    name: str
    severity: Severity | None = None
    """How grave its publisher calls it; None where that is not said."""
    published_at: datetime | None = None
    """When it was last published, UTC; None where that is not said."""
    cves: frozenset[str] = frozenset()
    restart: bool = False
    """Whether its publisher says that the host has to be rebooted for it."""


def dnf_info(lines: Iterable[str]) -> list[Advisory]:
    """The advisories that `updateinfo info` of yum, dnf 4 or dnf 5 printed, by name, each once.

    All three print `name : value`; what goes on in the next line has no name. Yum and dnf 4 begin one with
    its Update ID, dnf 5 with its Name.
    """
    found: dict[str, Advisory] = {}
    current: Advisory | None = None
    field = ""
    for line in lines:
        match = _FIELD.match(line)
        if match is None:
            continue
        field = match["name"].strip().lower() or field
        value = match["value"].strip()
        if field in _BEGINS and match["name"].strip():
            current = Advisory(value)
        if current is not None:
            current = _with(current, field, value)
            found[current.name] = current
    return sorted(found.values(), key=lambda advisory: advisory.name)


def zypper_patches(xml: str) -> list[Advisory]:
    """The security patches that `zypper --xmlout list-patches` printed, by name, each once."""
    found = {patch.name: patch for patch in _patches(xml)}
    return sorted(found.values(), key=lambda advisory: advisory.name)


def _with(advisory: Advisory, field: str, value: str) -> Advisory:
    match field:
        case "severity":
            return replace(advisory, severity=_RATINGS.get(value.lower()))
        case "updated" | "issued":
            return replace(advisory, published_at=_later(advisory.published_at, _moment(value)))
        case "cves" | "id":
            return replace(advisory, cves=advisory.cves | frozenset(_CVE.findall(value)))
        case _:
            return advisory


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """An advisory that was published again counts from then: the updates it names are of that day."""
    return max((moment for moment in (one, other) if moment), default=None)


def _moment(text: str) -> datetime | None:
    day = _DAY.match(text)
    if day is None or not _is_day(day[0]):
        return None
    return datetime.fromisoformat(day[0]).replace(tzinfo=UTC)


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _patches(xml: str) -> Iterator[Advisory]:
    # Read by patterns: zypper escapes what patches say, and a parser of XML would follow what a host made up.
    for update in _PATCH.finditer(xml):
        told = {
            found["name"]: unescape(found["value"]) for found in _ATTRIBUTE.finditer(update["attributes"])
        }
        if told.get("kind") != "patch" or told.get("category") != "security" or not told.get("name"):
            continue
        issued = _ISSUED.search(update["body"])
        seconds = int(issued["seconds"][:11]) if issued else 0
        yield Advisory(
            name=told["name"],
            severity=_RATINGS.get(told.get("severity", "")),
            published_at=datetime.fromtimestamp(seconds, UTC) if seconds else None,
            cves=frozenset(issue["cve"] for issue in _CVE_ISSUE.finditer(update["body"])),
            restart=told.get("restart") == "true",
        )
