"""Context: what is known about a resource besides facts, so far from its tags."""

from collections.abc import Mapping
from typing import Any

ALLOWED_TAGS = frozenset({"phi", "records", "owner", "environment", "data-classification"})
"""The tags whose values are kept unless the configuration says otherwise; compared in small letters."""

_DIGITS = 15
"""More than that many records nobody has; a tag's value is whatever somebody wrote."""

_YES = frozenset({"true", "yes", "1"})


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
