"""What the server answers."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A status, a body, and how it comes."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    """Nothing is answered until the server ends."""
    promised: int = 0
    """How many bytes more than there are the answer says it has."""
    drips: bool = False
    """The body comes a byte at a time, for as long as somebody listens."""


def said(held: Any) -> Answer:
    """An object, as JSON."""
    return Answer(body=json.dumps(held).encode())


def error(status: int, code: str, message: str = "not you", **headers: str) -> Answer:
    """An error as the Resource Manager and Graph word it."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def page(items: list[dict[str, Any]], start: int, size: int, link: str, address: str) -> Answer:
    """Some of the items, and where the next are."""
    held: dict[str, Any] = {"value": items[start : start + size]}
    if start + size < len(items):
        held[link] = f"{address}&$skiptoken={start + size}"
    return said(held)
