"""Where AWS offers a service: what botocore lists, and, for what it does not list, whether there is a name.

Botocore's list grows old, and a new region is not in it: what it lacks counts as not offered only where the
service's host has no name, while another service's in the same region has one.
"""

import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import botocore.session

NOT_OFFERED = "NotOffered"
"""The code of a refusal that means that a service does not exist in a region."""
_EVERYWHERE = "ec2"
"""A service that every region has."""
_FIPS = "-fips"
"""What the names of endpoints have whose cryptography is validated for FIPS 140-3."""


class Offered:
    """What one session's partition offers, asked once for each service and region."""

    def __init__(self, session: "botocore.session.Session") -> None:
        """Ask this session's list."""
        self._session = session
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], bool] = {}

    def __call__(self, service: str, region: str, address: str) -> bool:
        """Whether a service may be asked in a region, at its address."""
        where = (service, region)
        if where in self._known:
            return self._known[where]
        with self._lock:
            if where not in self._known:
                self._known[where] = self._listed(service, region) or self._named(region, address)
            return self._known[where]

    def _listed(self, service: str, region: str) -> bool:
        partition = self._session.get_partition_for_region(region)
        regions = self._session.get_available_regions(service, partition)
        # A service of the whole partition has no regions.
        return not regions or region in regions

    @staticmethod
    def _named(region: str, address: str) -> bool:
        host = urlsplit(address).hostname or ""
        _, own, suffix = host.partition(f".{region}.")
        # Where an address is one's own, or no name is known at all, nothing follows from one that is not. A
        # service without a FIPS endpoint is there all the same: that it cannot be asked is to be said.
        return (
            not own
            or any(resolves(name) for name in {host, host.replace(_FIPS, "", 1)})
            or not resolves(f"{_EVERYWHERE}.{region}.{suffix}")
        )


def resolves(host: str) -> bool:
    """Whether a host has an address."""
    try:
        return bool(socket.getaddrinfo(host, 443))
    except (OSError, UnicodeError):
        return False
