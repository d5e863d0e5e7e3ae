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
_SHAPE = re.compile(rb'"shape"\s*:\s*"([^"]+)"')
"""What a shape is made of; in its prose, quotation marks have a backslash before them."""


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


class Shapes(dict[str, Any]):
    """What is asked and answered, as JSON until somebody looks: few of a service's shapes are ever needed."""

    def __getitem__(self, name: str) -> Any:
        told = super().__getitem__(name)
        if isinstance(told, bytes):
            self[name] = told = _told(told)
        return told

    def get(self, name: str, default: Any = None) -> Any:
        """The shape of this name."""
        return self[name] if name in self.keys() else default

    def values(self) -> Any:
        """All shapes."""
        return [self[name] for name in self]

    def items(self) -> Any:
        """All names, and their shapes."""
        return [(name, self[name]) for name in self]


def _shapes(told: Raw, operations: Mapping[str, Any]) -> Shapes:
    """The shapes of which some operations' questions, answers and errors are made, in the order they have."""
    known = {name: bytes(said) for name, said in decode(told, type=dict[str, Raw]).items()}
    left = [name for name, said in known.items() if _EXCEPTION.search(said)]
    left += [name for operation in operations.values() for name in _named(operation)]
    kept = set()
    while left:
        name = left.pop()
        if name not in kept:
            kept.add(name)
            left += [inner.decode() for inner in _SHAPE.findall(known[name])]
    return Shapes((name, said) for name, said in known.items() if name in kept)


def _told(said: Raw | bytes) -> Any:
    described = decode(said)
    described.pop("documentation", None)
    for member in described.get("members", {}).values():
        member.pop("documentation", None)
    return described


def _named(operation: Mapping[str, Any]) -> Iterator[str]:
    """The shapes that an operation names."""
    for part in (operation.get("input"), operation.get("output"), *operation.get("errors", ())):
        if part:
            yield part["shape"]
