"""What the rules of Azure's network security groups let through, taken in their order.

A packet is a point on four lines: protocol and destination port, the other side's address, ours, and the
source port. What a rule is about is a box of such points, and what remains of a rule that allows is its box
less those of the rules that deny and come before it.

Of service tags and application security groups the addresses are not known, so each is a place of its own on
the line of addresses, an IPv4 and an IPv6 one, beyond the addresses: a rule for everybody is about them, too,
one for the Internet about the tags of public services, and one for some addresses about none of them.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise
from typing import NamedTuple

import msgspec

from . import networks, spans

Spans = spans.Spans
_common, _joined, _without = spans.common, spans.joined, spans.without

PROTOCOLS = ("tcp", "udp", "icmp", "esp", "ah", "other")
"""What a rule may be about; the last is what only a rule for every protocol lets through."""
EVERY = "*"
"""Every address, port or protocol."""

_PORTS = networks.LAST_PORT + 1
_EVERY_PORT: Spans = ((0, networks.LAST_PORT),)
# TCP's ports, then UDP's, then one point for each protocol that has none.
_FIRST = {name: min(n, 2) * _PORTS + max(n - 2, 0) for n, name in enumerate(PROTOCOLS)}
_PORTED = frozenset({"tcp", "udp"})
EVERY_SERVICE: Spans = ((0, _FIRST["other"]),)
"""Every port of every protocol."""

_FROM_6 = 2**32
_FROM_NAMES = _FROM_6 + 2**128
_SIDES = (((0, _FROM_6 - 1),), ((_FROM_6, _FROM_NAMES - 1),))

_ANYBODY = frozenset({"*", "any"})
_INTERNET = "internet"
_NETWORK = "virtualnetwork"
_CLOUD = "azurecloud"
# Addresses that Azure itself has within each network.
# https://learn.microsoft.com/azure/virtual-network/service-tags-overview
_PLATFORM = frozenset({"azureloadbalancer", "azureplatformdns", "azureplatformimds", "azureplatformlkm"})
_TAG = re.compile(r"[A-Za-z]\w*(\.\w+)*", re.ASCII)
_PORT_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)


class Rule(NamedTuple):
    """A security rule, inbound or outbound; the group that has it is not said."""

    name: str
    priority: int
    """The rule with the lowest number decides first."""
    allow: bool
    protocol: str
    """One of `PROTOCOLS`, or `*`."""
    peers: tuple[str, ...]
    """The other side: addresses, ranges, service tags, ids of application security groups."""
    locals: tuple[str, ...]
    """The side of those who are in the group, likewise."""
    source_ports: tuple[str, ...] = (EVERY,)
    """Ports or ranges of them."""
    ports: tuple[str, ...] = (EVERY,)
    """Of the destination, likewise."""


class Box(NamedTuple):
    """Packets: every one that is on all four lines."""

    services: Spans
    peers: Spans
    locals: Spans
    source_ports: Spans


def addressed(word: str) -> bool:
    """Whether a word says whom a rule is about: an address, a range, a tag, a group's id, everybody."""
    return word == EVERY or word.startswith("/") or _TAG.fullmatch(word) is not None or _is_range(word)


def ported(word: str) -> bool:
    """Whether a word says ports: one, a range, every one."""
    found = _PORT_RANGE.fullmatch(word)
    return word == EVERY or (
        found is not None and int(found[1]) <= int(found[2] or found[1]) <= networks.LAST_PORT
    )


def towards(rules: Iterable[Rule], address: str, groups: Iterable[str]) -> list[Rule]:
    """The rules that are about one address of ours, which is in these application security groups."""
    own = {group.lower() for group in groups}
    return [
        rule._replace(locals=(EVERY,))
        for rule in rules
        if any(_is_ours(word, address, own) for word in rule.locals)
    ]


def _is_ours(word: str, address: str, groups: set[str]) -> bool:
    said = word.lower()
    if said in _ANYBODY or said == _NETWORK or said in groups:
        return True
    return _is_range(said) and ip_address(address) in ip_network(said, strict=False)


def _is_range(word: str) -> bool:
    try:
        ip_network(word, strict=False)
    except ValueError:
        return False
    return True


class Lines(msgspec.Struct, frozen=True):
    """The lines on which rules are laid out, with a place for each name that they know."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, *groups: Iterable[Rule]) -> "Lines":
        """Lines for rules that are to be compared."""
        words = (word for rules in groups for rule in rules for word in (*rule.peers, *rule.locals))
        # Who may rent a machine in Azure is somebody, even where no rule says so.
        return cls(tuple(sorted({_CLOUD, *(word.lower() for word in words if _is_name(word))})))

    def remaining(self, rules: Iterable[Rule]) -> list[tuple[Rule, list[Box]]]:
        """The rules that allow, in order, each with what rules before it did not deny.

        What no rule is about is denied, as the last of Azure's own rules says.
        """
        denied: list[Box] = []
        found = []
        for rule in sorted(rules, key=lambda rule: rule.priority):
            boxes = self.boxes(rule)
            if rule.allow:
                for other in denied:
                    boxes = [rest for box in boxes for rest in _less(box, other)]
                found.append((rule, boxes))
            else:
                denied += boxes
        return found

    def boxes(self, rule: Rule) -> list[Box]:
        """What a rule is about."""
        source_ports = _joined(_port_span(word) for word in rule.source_ports)
        ports = _joined(_port_span(word) for word in rule.ports)
        peers, ours = self.addresses(rule.peers), self.addresses(rule.locals)
        names = PROTOCOLS if rule.protocol == EVERY else (rule.protocol,)
        whole = source_ports == ports == _EVERY_PORT
        # Without ports there is nothing to compare, so a rule for some ports is about those that have any.
        portless = _joined(
            (_FIRST[name], _FIRST[name])
            for name in names
            if name not in _PORTED and (whole or rule.protocol != EVERY)
        )
        services = _joined(
            (_FIRST[name] + first, _FIRST[name] + last)
            for name in names
            if name in _PORTED
            for first, last in ports
        )
        boxes = (Box(services, peers, ours, source_ports), Box(portless, peers, ours, _EVERY_PORT))
        return [box for box in boxes if all(box)]

    def whole(self, rule: Rule) -> bool:
        """Whether a rule is about every protocol and port."""
        return _joined(span for box in self.boxes(rule) for span in box.services) == EVERY_SERVICE

    def addresses(self, words: Iterable[str]) -> Spans:
        """Where addresses, ranges and names are."""
        spans = _joined(span for word in words for span in self._word(word.lower()))
        for side, whole in enumerate(_SIDES):
            # Every address is everybody's; every public one is that of every public service.
            if _common(spans, whole) == whole:
                spans = _joined((*spans, *self._places(self.names, side)))
            elif _common(spans, PUBLIC[side]) == PUBLIC[side]:
                spans = _joined((*spans, *self._places(filter(_is_public, self.names), side)))
        return spans

    def public(self, peers: Spans) -> bool:
        """Whether some address of the public internet is among them."""
        return any(_common(peers, self.addresses((_INTERNET,))))

    def azure(self, peers: Spans) -> bool:
        """Whether machines in Azure are among them, which anyone may rent: of every region, or of one."""
        clouds = [name for name in self.names if name.partition(".")[0] == _CLOUD]
        return any(_common(peers, self._both(clouds)))

    def speaking(self, address: str) -> Spans:
        """Everybody who speaks the protocol that an address is of."""
        side = 0 if ip_address(address).version == 4 else 1  # noqa: PLR2004 - IPv4
        return _joined((*_SIDES[side], *self._places(self.names, side)))

    def _word(self, word: str) -> Spans:
        if word in _ANYBODY:
            return (*_SIDES[0], *_SIDES[1])
        if word == _INTERNET:
            return (*PUBLIC[0], *PUBLIC[1])
        if not _is_name(word):
            return (_range(word),)
        if word == _NETWORK:
            return self._both(name for name in self.names if name == word or name.startswith("/"))
        return self._both(name for name in self.names if name == word or name.startswith(f"{word}."))

    def _both(self, names: Iterable[str]) -> Spans:
        known = list(names)
        return _joined((*self._places(known, 0), *self._places(known, 1)))

    def _places(self, names: Iterable[str], side: int) -> Spans:
        places = (_FROM_NAMES + 2 * self.names.index(name) + side for name in names)
        return tuple((place, place) for place in places)


def both(one: Iterable[Box], other: Sequence[Box]) -> list[Box]:
    """What two groups both let through; their rules are on the same lines."""
    pairs = (
        Box(*(_common(ours, theirs) for ours, theirs in zip(left, right, strict=True)))
        for left in one
        for right in other
    )
    return [box for box in pairs if all(box)]


def everything(lines: Lines, address: str) -> list[Box]:
    """What may come to an address of ours: from all that speak the same protocol, IPv4 or IPv6."""
    every = lines.boxes(Rule("", 0, True, EVERY, (EVERY,), (EVERY,)))
    return [box._replace(peers=lines.speaking(address)) for box in every]


def only(boxes: Iterable[Box], services: Spans) -> list[Box]:
    """Of packets, those to these services."""
    kept = (box._replace(services=_common(box.services, services)) for box in boxes)
    return [box for box in kept if box.services]


def slices(boxes: Sequence[Box]) -> list[tuple[tuple[int, int], Spans]]:
    """By stretch of services: who gets through to some address of ours from some port."""
    ends = {end for box in boxes for first, last in box.services for end in (first, last + 1)}
    found = []
    for first, after in pairwise(sorted(ends)):
        here = [box.peers for box in boxes if _common(box.services, ((first, after - 1),))]
        if here:
            found.append(((first, after - 1), _joined(span for peers in here for span in peers)))
    return found


def anyone(peers: Spans) -> bool:
    """Whether the internet at large is among them: as many public addresses as half of them hold."""
    return any(_size(_common(peers, whole)) >= enough for whole, enough in zip(_LARGE, _ENOUGH, strict=True))


def service(protocol: str, first: int | None, last: int | None) -> Spans:
    """Ports of a protocol; without ports the whole protocol."""
    start = _FIRST[protocol]
    if protocol not in _PORTED:
        return ((start, start),)
    return ((start + (first or 0), start + (networks.LAST_PORT if last is None else last)),)


def ports(services: Spans) -> list[networks.Ports]:
    """Services as ports of their protocols."""
    if services == EVERY_SERVICE:
        return [networks.Ports("all", 0, networks.LAST_PORT)]
    found = []
    for name in PROTOCOLS:
        start = _FIRST[name]
        for first, last in _common(services, service(name, None, None)):
            some = (first - start, last - start) if name in _PORTED else (None, None)
            found.append(networks.Ports(name, *some))
    return found


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Stretches of a line, in order, those that touch each other made one."""
    return _joined(spans)


def _is_name(word: str) -> bool:
    return word.lower() not in {*_ANYBODY, _INTERNET} and not _is_range(word)


def _is_public(name: str) -> bool:
    return not name.startswith("/") and name != _NETWORK and name not in _PLATFORM


def _range(word: str) -> tuple[int, int]:
    return _span(ip_network(word, strict=False))


def _span(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    start = 0 if network.version == 4 else _FROM_6  # noqa: PLR2004 - IPv4
    return start + int(network.network_address), start + int(network.broadcast_address)


def _port_span(word: str) -> tuple[int, int]:
    if word == EVERY:
        return _EVERY_PORT[0]
    first, _, last = word.partition("-")
    return int(first), int(last or first)


def _less(box: Box, other: Box) -> list[Box]:
    """What of a box is not in another one, as boxes that do not overlap."""
    shared = [_common(ours, theirs) for ours, theirs in zip(box, other, strict=True)]
    if not all(shared):
        return [box]
    rest = []
    sides = list(box)
    for at, inside in enumerate(shared):
        outside = _without(sides[at], inside)
        if outside:
            rest.append(Box._make([*sides[:at], outside, *sides[at + 1 :]]))
        sides[at] = inside
    return rest


def _size(spans: Spans) -> int:
    return sum(last - first + 1 for first, last in spans)


def _open(*words: str) -> Spans:
    """Of some ranges the public addresses."""
    spans = _joined(_range(word) for word in words)
    taken = _joined(_span(network) for version in (4, 6) for network in networks.reserved(version))
    return _without(spans, taken)


PUBLIC = (_open("0.0.0.0/0"), _open("::/0"))
"""The public internet's addresses, IPv4 and IPv6."""
# All global unicast IPv6 addresses are in 2000::/3. Of each half the public addresses are counted, and the
# half that has fewer is enough: then nobody gets by with a rule for one half.
_LARGE = (PUBLIC[0], _open("2000::/3"))
_ENOUGH = (
    min(_size(_open("0.0.0.0/1")), _size(_open("128.0.0.0/1"))),
    min(_size(_open("2000::/4")), _size(_open("3000::/4"))),
)
