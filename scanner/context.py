"""Context: what is known about a resource besides facts: tags, patient data, records, owner."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .documents import mistakes, parse
from .errors import ScannerError

ALLOWED_TAGS = frozenset({"phi", "records", "owner", "environment", "data-classification"})
"""The tags whose values are kept unless the configuration says otherwise; compared in small letters."""

_DIGITS = 15
"""More than that many records nobody has; a tag's value is whatever somebody wrote."""

_YES = frozenset({"true", "yes", "1"})
_TEXT = {"type": "string", "minLength": 1}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Context for wardround",
    "type": "object",
    "additionalProperties": False,
    "required": ["resources"],
    "properties": {
        "resources": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["resource"],
                "minProperties": 2,
                "properties": {
                    "resource": _TEXT,
                    "phi": {"type": "boolean"},
                    "records": {"type": "integer", "minimum": 0},
                    "owner": _TEXT,
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Context:
    """What the organisation says of its resources, in a file of its own."""

    sha256: str | None = None
    exact: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    patterns: Sequence[Mapping[str, Any]] = ()

    def about(self, resource: str, tags: Mapping[str, str] | None) -> dict[str, Any]:
        """All that is known; the file has the last word, its later lines over its earlier ones.

        What nobody told is not there: without tags, only what the file says is known.
        """
        matching = [entry for entry in self.patterns if fnmatchcase(resource, entry["resource"])]
        said: dict[str, Any] = {}
        for entry in (*matching, *self.exact.get(resource, ())):
            named = {name.lower(): value for name, value in entry.get("tags", {}).items()}
            said = {**said, **entry, "tags": {**said.get("tags", {}), **named}}
        said.pop("resource", None)
        if tags is None and not said.get("tags"):
            said.pop("tags", None)
            return said
        together = {**(tags or {}), **said.get("tags", {})}
        return (of(together) if tags is not None else {}) | said | {"tags": together}


def read(text: bytes, name: str) -> Context:
    """The context file.

    Raises:
        ScannerError: it is not one; every mistake with file and line.
    """
    document = parse(text, name)
    wrong = mistakes(document, SCHEMA)
    if wrong:
        raise ScannerError(*wrong)
    exact: dict[str, list[Mapping[str, Any]]] = {}
    patterns = []
    for entry in document.data["resources"]:
        if set("*?[") & set(entry["resource"]):
            patterns.append(entry)
        else:
            exact.setdefault(entry["resource"], []).append(entry)
    return Context(hashlib.sha256(text).hexdigest(), exact, patterns)


def kept(tags: Mapping[str, str], allowed: frozenset[str] = ALLOWED_TAGS) -> dict[str, str]:
    """The tags that may be kept, their names in small letters, sorted."""
    return {name.lower(): value for name, value in sorted(tags.items()) if name.lower() in allowed}


def of(tags: Mapping[str, str]) -> dict[str, Any]:
    """What tags tell: a resource without a `phi` tag is not said to hold patient data."""
    records = tags.get("records", "")
    return {
        "tags": dict(tags),
        "phi": tags.get("phi", "").strip().lower() in _YES,
        "records": int(records) if records.isdecimal() and len(records) <= _DIGITS else None,
        "owner": tags.get("owner"),
    }
