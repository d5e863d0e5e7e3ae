"""What botocore makes anew for each client, connection and call, made once: all that knows its insides.

Stock botocore reads the certificates of all authorities again for every connection (23 ms of CPU; botocore
issue 3171), builds a client and its service's classes and models for every region (5 to 90 ms and a megabyte
or more), puts each call together anew, and makes a parser for every answer, which hands each moment to
dateutil. Here one client asks in every region, and the rest is shared. Nothing else changes: what is asked,
and what is understood of the answers, is the same, which is tested. Of a version of botocore that was not
tested, or that looks different inside, clients are made as botocore makes them, one for each region.

This is the one door: nobody outside imports what is behind it, or names what is botocore's own. Behind it,
modules import botocore as they begin, so they are imported only when somebody asks.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .places import Asking, Place, leave, place

if TYPE_CHECKING:
    import botocore.session

__all__ = ["TESTED", "Asking", "Place", "create_client", "leave", "models", "place", "shorten", "tested"]

TESTED = ((1, 40), (1, 44))
"""The first and last versions of botocore, without their patches, with which this was tested."""

DIFFERENT = (ImportError, AttributeError, LookupError, TypeError)
"""How a botocore shows that it looks different inside."""


def tested() -> bool:
    """Whether this is a botocore whose insides are known."""
    import botocore

    version = tuple(int(number) for number in botocore.__version__.split(".")[:2])
    return TESTED[0] <= version <= TESTED[1]


def models(session: "botocore.session.Session") -> None:
    """Have a session read of services what may be asked, where that can be."""
    if tested():
        with suppress(*DIFFERENT):
            from .loader import share

            share(session)


def create_client(session: "botocore.session.Session", service: str, region: str, config: Any) -> Any:
    """A client that shares with all others whatever it can; a stock one where it cannot."""
    if tested():
        with suppress(*DIFFERENT):
            from .clients import create

            return create(session, service, region, config)
    return session.create_client(service, region_name=region, config=config)


def shorten(client: Any) -> None:
    """Have a client's calls made by the shortest way, if it is a client whose insides are known."""
    if tested():
        with suppress(*DIFFERENT):
            from .direct import Direct

            client._make_api_call = Direct(client)
