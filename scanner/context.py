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

PARTIAL = "partial_tags"
"""Among what is known of a resource: that it may have tags besides those that are."""

_WORDS = ("phi", "records", "owner")
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
                "dependentSchemas": {
                    "resource": {
                        "minProperties": 2,
                        "description": "something about it: phi, records, owner or tags",
                    }
                },
                "properties": {
                    "resource": _TEXT,
                    "phi": {"type": "boolean"},
                    "records": {
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 10**_DIGITS,
                        "description": f"a whole number from 0 to {10**_DIGITS:,}",
                    },
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
        """All that is known; the file has the last word: its entries over its patterns, later over earlier.

        What nobody told is not there. Where tags were not read, `partial_tags` says that there may be more.
        """
        matching = [entry for entry in self.patterns if fnmatchcase(resource, entry["resource"])]
        said: dict[str, Any] = {}
        named: dict[str, str] = {}
        for entry in (*matching, *self.exact.get(resource, ())):
            said |= entry["said"]
            named |= entry["tags"]
        if tags is not None:
            return of(tags) | said | {"tags": {**tags, **named}}
        return said | ({"tags": named, PARTIAL: True} if named else {})


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
            patterns.append(_told(entry))
        else:
            exact.setdefault(entry["resource"], []).append(_told(entry))
    return Context(hashlib.sha256(text).hexdigest(), exact, patterns)


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the file: what it says, and the tags it gives, which say something as well."""
    tags = {name.lower(): value for name, value in entry.get("tags", {}).items()}
    said = {name: value for name, value in of(tags).items() if name in tags and name in _WORDS}
    said |= {name: entry[name] for name in _WORDS if name in entry}
    if "records" in entry:
        said["records"] = int(entry["records"])  # JSON Schema takes 500.0 for a whole number
    return {"resource": entry["resource"], "said": said, "tags": tags}


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
