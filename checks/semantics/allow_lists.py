"""What lists of allowed addresses mean."""

from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
    summarize_address_range,
)
from typing import NamedTuple

from .networks import Network

EVERYONE = ("0.0.0.0/0",)
"""Every address there is, as a list of allowed ones."""
_ALL = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
_HALF_4 = 2**31
_HALF_6 = 2**124
"""All global unicast IPv6 addresses are in 2000::/3."""


class Rule(NamedTuple):
    """A rule of an ordered list: what it says about these addresses."""

    allow: bool
    ranges: tuple[str, ...]
    always: bool = True
    """Whether it decides about all that comes from there; not where it asks more, as of a header."""


def span(first: str, last: str) -> str:
    """The addresses from the first to the last, as text."""
    return first if first == last else f"{first}-{last}"


def anyone(ranges: Iterable[str]) -> bool:
    """Whether these addresses, ranges and spans together are the internet at large.

    They are counted: a span that leaves out the first address and the last one is no smaller to an attacker.

    Raises:
        ValueError: one of them is none of these.
    """
    found = _collapsed([network for text in ranges for network in _networks(text)])
    counts = {4: 0, 6: 0}
    for network in found:
        counts[network.version] += network.num_addresses
    return counts[4] >= _HALF_4 or counts[6] >= _HALF_6


def first_match(rules: Iterable[Rule], *, otherwise: bool) -> tuple[str, ...]:
    """The addresses that are let in where the first rule that fits decides.

    Raises:
        ValueError: a rule's range is no address range.
    """
    left: list[Network] = list(_ALL)
    allowed: list[Network] = []
    for rule in rules:
        meant = [network for text in rule.ranges for network in _networks(text)]
        if rule.allow:
            allowed += [both for part in left for network in meant for both in _common(part, network)]
        for network in meant if rule.always else ():
            left = [rest for part in left for rest in _without(part, network)]
    return tuple(map(str, _collapsed([*allowed, *(left if otherwise else ())])))


def _networks(text: str) -> Iterator[Network]:
    first, dash, last = text.partition("-")
    if not dash:
        yield ip_network(text, strict=False)
        return
    match ip_address(first), ip_address(last):
        case IPv4Address() as low, IPv4Address() as high:
            yield from summarize_address_range(low, high)
        case IPv6Address() as low, IPv6Address() as high:
            yield from summarize_address_range(low, high)
        case _:
            raise ValueError(f"{text} goes from one version of IP to another")


def _common(one: Network, other: Network) -> Iterator[Network]:
    if _within(one, other):
        yield one
    elif _within(other, one):
        yield other


def _without(part: Network, network: Network) -> Iterator[Network]:
    if _within(part, network):
        return
    match part, network:
        case (IPv4Network(), IPv4Network()) | (IPv6Network(), IPv6Network()) if _within(network, part):
            yield from part.address_exclude(network)  # type: ignore[arg-type]  # of one version, both
        case _:
            yield part


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def _collapsed(networks: list[Network]) -> list[Network]:
    return [
        *collapse_addresses([network for network in networks if isinstance(network, IPv4Network)]),
        *collapse_addresses([network for network in networks if isinstance(network, IPv6Network)]),
    ]
