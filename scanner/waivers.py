"""Waivers: who accepts which failing findings, why, and until when."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Any

from .documents import Document, mistakes, parse
from .errors import ScannerError
from .model import Finding, Waiver, WaiverResult

_TEXT = {"type": "string", "minLength": 1}
_NARROW = ("control", "requirement", "check", "target", "resource", "tags")
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Waivers for wardround",
    "type": "object",
    "additionalProperties": False,
    "required": ["waivers"],
    "properties": {
        "waivers": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["owner", "reason", "expires"],
                "properties": {
                    "owner": _TEXT,
                    "reason": _TEXT,
                    "policy": _TEXT,
                    **dict.fromkeys(_NARROW, _TEXT),
                    "tags": {
                        "type": "object",
                        "minProperties": 1,
                        "additionalProperties": _TEXT,
                        "description": "patterns by tag",
                    },
                    "expires": {
                        "type": "string",
                        "pattern": r"^\d{4}-\d\d-\d\d$",
                        "description": "the last day it holds, as in 2026-12-31",
                    },
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Waivers:
    """The waivers of one file, asked about the findings of one report."""

    as_of: datetime
    listed: tuple[Waiver, ...] = ()
    _used: Counter[int] = field(default_factory=Counter)
    _about: dict[tuple[str, ...], dict[str | None, list[int]]] = field(default_factory=dict)
    """The waivers in force about a requirement and a check, by the one resource that they name, or None."""

    @property
    def ask_tags(self) -> bool:
        """Whether one of them covers by tags."""
        return any("tags" in waiver.covers for waiver in self.listed)

    def covering(self, finding: Finding, aliases: Iterable[str] = ()) -> Waiver | None:
        """The first waiver in force that accepts a failing finding; each that does is counted as used."""
        about = self._in_force(finding, tuple(aliases))
        possible = about.get(None, [])
        if finding.resource in about:
            possible = sorted({*possible, *about[finding.resource]})
        covering = [number for number in possible if _covers_resource(self.listed[number].covers, finding)]
        self._used.update(covering)
        return self.listed[covering[0]] if covering else None

    def _in_force(self, finding: Finding, aliases: tuple[str, ...]) -> dict[str | None, list[int]]:
        asked = (finding.policy, finding.control, finding.requirement, finding.check)
        if asked not in self._about:
            about = self._about[asked] = {}
            for number, waiver in enumerate(self.listed):
                if self._days_left(waiver) >= 0 and _covers_question(waiver.covers, finding, aliases):
                    about.setdefault(_one_resource(waiver.covers), []).append(number)
        return self._about[asked]

    def results(self) -> tuple[WaiverResult, ...]:
        """What became of each, in the file's order, once every finding was asked about."""
        return tuple(
            WaiverResult(
                waiver=waiver,
                expired=self._days_left(waiver) < 0,
                days_left=self._days_left(waiver),
                findings=self._used[number],
            )
            for number, waiver in enumerate(self.listed)
        )

    def _days_left(self, waiver: Waiver) -> int:
        return (date.fromisoformat(waiver.expires) - self.as_of.astimezone(UTC).date()).days


def read(text: bytes, name: str) -> tuple[tuple[Waiver, ...], str]:
    """The waivers of a file, and its SHA-256.

    Raises:
        ScannerError: one of them lacks an owner, a reason, an end or a scope; none of the file holds then.
    """
    document = parse(text, name)
    wrong = mistakes(document, SCHEMA)
    if not wrong:
        for number, entry in enumerate(document.data["waivers"]):
            wrong += _mistakes(document, number, entry)
    if wrong:
        raise ScannerError(*wrong)
    listed = tuple(
        Waiver(
            owner=entry["owner"],
            reason=entry["reason"],
            expires=entry["expires"],
            covers={name: entry[name] for name in ("policy", *_NARROW) if name in entry},
            line=document.line(("waivers", number)),
        )
        for number, entry in enumerate(document.data["waivers"])
    )
    return listed, hashlib.sha256(text).hexdigest()


def _mistakes(document: Document, number: int, entry: Mapping[str, Any]) -> list[str]:
    path = ("waivers", number)
    wrong = [
        document.at((*path, word), f"{word}: it is empty")
        for word in ("owner", "reason")
        if not entry[word].strip()
    ]
    try:
        date.fromisoformat(entry["expires"])
    except ValueError:
        wrong.append(document.at((*path, "expires"), f"expires: there is no day {entry['expires']}"))
    if not any(name in entry and _narrows(entry[name]) for name in _NARROW):
        said = f"a waiver of everything: say what it covers: {', '.join(_NARROW)}"
        wrong.append(document.at(path, said))
    return wrong


def _narrows(wanted: str | Mapping[str, str]) -> bool:
    return not isinstance(wanted, str) or bool(wanted.strip("*"))


def _covers_question(covers: Mapping[str, Any], finding: Finding, aliases: Iterable[str]) -> bool:
    """Whether it is about what was asked, whatever it was asked of."""
    return (
        covers.get("policy", finding.policy) == finding.policy
        and covers.get("control", finding.control) == finding.control
        and covers.get("requirement", finding.requirement) in {finding.requirement, *aliases}
        and fnmatchcase(finding.check, covers.get("check", "*"))
    )


def _covers_resource(covers: Mapping[str, Any], finding: Finding) -> bool:
    """Whether it is about what was asked of; what is not known of it is never covered."""
    tags = finding.context.get("tags", {})
    return (
        ("target" not in covers or _matches(finding.target, covers["target"]))
        and ("resource" not in covers or _matches(finding.resource, covers["resource"]))
        and all(_matches(tags.get(tag.lower()), wanted) for tag, wanted in covers.get("tags", {}).items())
    )


def _one_resource(covers: Mapping[str, Any]) -> str | None:
    wanted: str | None = covers.get("resource")
    return None if wanted is None or set("*?[") & set(wanted) else wanted


def _matches(value: str | None, pattern: str) -> bool:
    return value is not None and fnmatchcase(value, pattern)
