"""What security groups, network ACLs and route tables of a VPC let through.

Packets are told apart by their service, which is a protocol and the port they go to, and by the peer's
address. A layout says for each stretch of services which peers it is about.
https://docs.aws.amazon.com/vpc/latest/userguide/infrastructure-security.html#control-network-traffic
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from itertools import pairwise
from typing import NamedTuple

from . import networks, nsg
from .spans import Spans, common, joined, without

Layout = tuple[tuple[tuple[int, int], Spans], ...]
"""Which peers get through, by stretches of services, in order: none overlaps another, none has no peers."""

# https://www.iana.org/assignments/protocol-numbers
_NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "47": "gre", "50": "esp", "51": "ah"}
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "gre", "esp", "ah", "other")
"""The last is every protocol that is not named."""
EVERY = "-1"
"""As AWS says every protocol."""

_PORTS = networks.LAST_PORT + 1
_PORTED = ("tcp", "udp")
_FIRST = {name: min(n, 2) * _PORTS + max(n - 2, 0) for n, name in enumerate(PROTOCOLS)}
_TCP: Spans = ((0, networks.LAST_PORT),)
EVERY_SERVICE: Spans = ((0, _FIRST["other"]),)
"""Every port of every protocol."""
_PORTLESS: Spans = ((networks.LAST_PORT + 1, _FIRST["other"]),)

_ADDRESSES = nsg.Lines(())
EVERYBODY = _ADDRESSES.addresses(("0.0.0.0/0", "::/0"))
"""Every address."""
PUBLIC = joined((*nsg.PUBLIC[0], *nsg.PUBLIC[1]))
"""The public internet's addresses."""
EVERYTHING: Layout = ((EVERY_SERVICE[0], EVERYBODY),)
"""What lets everybody through to everything."""
_VERSIONS = {4: _ADDRESSES.addresses(("0.0.0.0/0",)), 6: _ADDRESSES.addresses(("::/0",))}


class Rule(NamedTuple):
    """What a rule is about, and whether it lets it through."""

    services: Spans
    peers: Spans
    allow: bool = True


class Route(NamedTuple):
    """Where packets to a range of addresses go."""

    cidr: str
    internet: bool
    """Whether to the internet, by a gateway that lets packets in, too."""


def protocol(said: str) -> str:
    """A protocol's name, of the name or the number that AWS tells; `other` for what has none here."""
    name = _NUMBERS.get(said, said)
    return name if name in PROTOCOLS else "other"


def services(said: str, first: int | None, last: int | None, *, allow: bool = True) -> Spans:
    """What a rule for a protocol and ports is about, at most if it allows, and at least if it denies.

    Of a protocol without ports the first and last are types and codes of messages, and of them nothing is
    known but the protocol: a rule that allows some allows it, one that denies some does not deny it.
    """
    if said == EVERY:
        return EVERY_SERVICE
    name = protocol(said)
    start = _FIRST[name]
    if name in _PORTED:
        if first is None or first < 0:
            return ((start, start + networks.LAST_PORT),)
        return ((start + first, start + (first if last is None else last)),)
    whole = name != "other" and first in {None, -1}
    return ((start, start),) if allow or whole else ()


def peers(cidrs: Iterable[str]) -> Spans:
    """The addresses of these ranges.

    Raises:
        ValueError: one of them is no range.
    """
    return _ADDRESSES.addresses(cidrs)


def speaking(versions: Iterable[int]) -> Spans:
    """Everybody who speaks IPv4 (4) or IPv6 (6)."""
    return joined(span for version in versions for span in _VERSIONS[version])


def decided(rules: Sequence[Rule]) -> Layout:
    """Whom rules let through of which the first that is about a packet decides; what none is about is denied.

    Rules that all allow may be in any order: those of a security group, or of several.
    """
    found = []
    for stretch in _cut(span for rule in rules for span in rule.services):
        left: Spans = EVERYBODY
        allowed: list[tuple[int, int]] = []
        for rule in rules:
            if common((stretch,), rule.services):
                allowed += common(left, rule.peers) if rule.allow else ()
                left = without(left, rule.peers)
        found.append((stretch, joined(allowed)))
    return tuple(part for part in found if part[1])


def both(one: Layout, other: Layout) -> Layout:
    """What two filters both let through."""
    found = []
    for stretch, some in one:
        for second, others in other:
            # Both are in order, and nothing after this can touch it.
            if second[0] > stretch[1]:
                break
            shared, here = common((stretch,), (second,)), common(some, others)
            if shared and here:
                found.append((shared[0], here))
    return tuple(found)


def either(layouts: Iterable[Layout]) -> Layout:
    """What any of several lets through."""
    layouts = list(layouts)
    if len(layouts) == 1:
        return layouts[0]
    return decided([Rule((stretch,), some) for layout in layouts for stretch, some in layout])


def only(layout: Layout, *, services: Spans = EVERY_SERVICE, peers: Spans = EVERYBODY) -> Layout:
    """Of what gets through, what is to these services and from these peers."""
    return both(layout, tuple((stretch, peers) for stretch in services)) if peers else ()


def answered(entering: Layout, leaving: Layout) -> Layout:
    """Of what a filter without memory lets in, what is of use to who sends it.

    A TCP connection needs answers, which go to a port that the peer chooses: one that is open is enough. Of
    other protocols one packet may be all that there is to it.
    """
    heard = joined(span for _, some in only(leaving, services=_TCP) for span in some)
    connected = only(entering, services=_TCP, peers=heard)
    return (*connected, *only(entering, services=_PORTLESS))


def routed(routes: Iterable[Route]) -> Spans:
    """The public addresses to which packets go by the internet: of several routes the narrowest decides."""
    found: Spans = ()
    for route in sorted(routes, key=lambda route: ip_network(route.cidr, strict=False).prefixlen):
        there = peers((route.cidr,))
        found = joined((*found, *there)) if route.internet else without(found, there)
    return common(found, PUBLIC)


def anyone(layout: Layout) -> list[networks.Ports]:
    """What the internet at large gets through to."""
    return _ports(stretch for stretch, some in layout if nsg.anyone(some))


def public(layout: Layout) -> list[networks.Ports]:
    """What some address of the public internet gets through to."""
    return _ports(stretch for stretch, some in layout if common(some, PUBLIC))


def every(layout: Layout) -> list[networks.Ports]:
    """What anybody gets through to."""
    return _ports(stretch for stretch, _ in layout)


def _cut(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches within each of which every span covers all or nothing."""
    ends = {end for first, last in spans for end in (first, last + 1)}
    return [(first, after - 1) for first, after in pairwise(sorted(ends))]


def _ports(stretches: Iterable[tuple[int, int]]) -> list[networks.Ports]:
    spans = joined(stretches)
    if spans == EVERY_SERVICE:
        return [networks.Ports("all", 0, networks.LAST_PORT)]
    found = []
    for name in PROTOCOLS:
        start = _FIRST[name]
        end = start + networks.LAST_PORT if name in _PORTED else start
        for first, last in common(spans, ((start, end),)):
            some = (first - start, last - start) if name in _PORTED else (None, None)
            found.append(networks.Ports(name, *some))
    return found
