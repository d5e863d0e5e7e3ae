"""Where a client asks that asks in many regions."""

import threading
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where such a client asks in one of them."""

    resolver: Any
    region: str
    address: str
    """Its service's there."""
    signing: str
    """The region to sign for."""


_ASKING = threading.local()
"""The place in which a thread is asking."""


def place(client: Any, region: str) -> Place | None:
    """Where a client asks in a region; None when only a client that is made for that region can."""
    find = getattr(getattr(client, "_ruleset_resolver", None), "place", None)
    found: Place | None = find(region) if find else None
    return found


class Asking:
    """Has what a thread asks of a client asked in this place; None: where the client was made for."""

    def __init__(self, at: Place | None) -> None:
        """Ask there, once entered."""
        self._at = at

    def __enter__(self) -> None:
        _ASKING.place = self._at

    def __exit__(self, *_: object) -> None:
        _ASKING.place = None


def asked() -> Place | None:
    """Where this thread is asking; None: where its client was made for."""
    at: Place | None = getattr(_ASKING, "place", None)
    return at


def leave(client: Any, at: Place) -> None:
    """Close what connects a client to a place."""
    client._endpoint.http_session.leave(at.resolver.hosts.pop(at.region, set()))
