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
                    **dict.fromkeys(("policy", "owner", "reason", *_NARROW), _TEXT),
                    "tags": {"type": "object", "minProperties": 1, "additionalProperties": _TEXT},
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

    def covering(self, finding: Finding, aliases: Iterable[str] = ()) -> Waiver | None:
        """The first waiver in force that accepts a failing finding; counted as used."""
        for number, waiver in enumerate(self.listed):
            if self._days_left(waiver) >= 0 and _covers(waiver.covers, finding, frozenset(aliases)):
                self._used[number] += 1
                return waiver
        return None

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
    if not any(name in entry for name in _NARROW):
        said = f"a waiver of a whole policy: say what it covers: {', '.join(_NARROW)}"
        wrong.append(document.at(path, said))
    return wrong


def _covers(covers: Mapping[str, Any], finding: Finding, aliases: frozenset[str]) -> bool:
    known = {
        "policy": (finding.policy,),
        "control": (finding.control,),
        "requirement": (finding.requirement, *aliases),
        "check": (finding.check,),
        "target": (finding.target,),
        "resource": (finding.resource or "",),
    }
    tags = finding.context.get("tags", {})
    return all(
        all(fnmatchcase(tags.get(tag.lower(), ""), pattern) for tag, pattern in wanted.items())
        if name == "tags"
        else any(_matches(name, value, wanted) for value in known[name])
        for name, wanted in covers.items()
    )


def _matches(name: str, value: str, wanted: str) -> bool:
    if name in {"check", "target", "resource"}:
        return fnmatchcase(value, wanted)
    return value == wanted
