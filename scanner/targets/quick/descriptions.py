"""Botocore's descriptions of services, without what nobody here asks: most of it is how to change things."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Raw
from msgspec.json import decode

from ..reading import READING, READING_TOO

_READING_TOO = {need.partition(":")[2] for need in READING_TOO}
_WHOLE = frozenset({"STS", "SSO", "SSO OIDC", "Signin"})
"""Services by which somebody logs in, which asks for more than reading."""
_EXCEPTION = re.compile(rb'"exception"\s*:\s*true')


def read(described: bytes) -> Any:
    """A description; of a service, what it says of reading, and no prose."""
    if b'"shapes"' not in described:
        return decode(described)
    told = decode(described, type=dict[str, Raw])
    if not told.keys() >= {"metadata", "operations", "shapes"}:
        return decode(described)
    metadata = decode(told["metadata"])
    operations = {
        name: _told(said)
        for name, said in decode(told["operations"], type=dict[str, Raw]).items()
        if READING.match(name) or name in _READING_TOO or metadata.get("serviceId") in _WHOLE
    }
    rest = {name: decode(said) for name, said in told.items() if name not in {"operations", "shapes"}}
    return {
        **rest,
        "metadata": metadata,
        "operations": operations,
        "shapes": _shapes(told["shapes"], operations),
    }


def mend(more: Any, kept: Collection[str]) -> None:
    """Take out of what is to be merged into a description whatever would be merged into shapes not kept."""
    merged = more.get("merge", {})
    if "shapes" in merged:
        merged["shapes"] = {
            name: shape for name, shape in merged["shapes"].items() if name in kept or "type" in shape
        }


def _shapes(told: Raw, operations: Mapping[str, Any]) -> dict[str, Any]:
    """The shapes of which some operations' questions, answers and errors are made, in the order they have."""
    known = decode(told, type=dict[str, Raw])
    left = [name for name, said in known.items() if _EXCEPTION.search(bytes(said))]
    left += [name for operation in operations.values() for name in _named(operation)]
    kept: dict[str, Any] = {}
    while left:
        name = left.pop()
        if name not in kept:
            kept[name] = _told(known[name])
            left += _named(kept[name])
    return {name: kept[name] for name in known if name in kept}


def _told(said: Raw) -> Any:
    described = decode(said)
    described.pop("documentation", None)
    for member in described.get("members", {}).values():
        member.pop("documentation", None)
    return described


def _named(described: Mapping[str, Any]) -> Iterator[str]:
    """The shapes that an operation or a shape names."""
    parts = [described.get(part) for part in ("input", "output", "member", "key", "value")]
    for part in (*parts, *described.get("errors", ()), *described.get("members", {}).values()):
        if part:
            yield part["shape"]
