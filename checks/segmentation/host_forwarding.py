"""Segmentation on hosts: the networks that a host joins, and what its packet filter lets it send on."""

from collections.abc import Iterator
from typing import Literal

from checks.semantics import interfaces, packets
from checks.semantics.packets import Version
from scanner import Facts, Host, check

from .host import LEGACY, NFT, SAVED, SAVED_6
from .host_reach import FORWARDING, filter_of, hold, reached_from, sends_on

_ADDRESSES = "ip -o addr"

Default = Literal["off", "accept", "drop"]


class Routing(Facts):
    """Whether packets go through a host from one network to another, or to its containers."""

    networks: tuple[str, ...]
    """The networks that it is in, each after its interface, as in eth0=10.1.0.0/24. Left out are those of
    containers and virtual machines within."""
    in_several_networks: bool
    """Whether it is in several of them, by several interfaces: two interfaces in one network are one."""
    joins_networks: bool
    """Whether it is in several, and sends on packets from one to another unless its filter stops them all."""
    default_forward: Default
    """What happens to an IPv4 packet for another machine that no rule singles out; off: none are sent on."""
    default_forward_ipv6: Default
    """The same for IPv6."""
    forwarded_from: Literal["nobody", "private-networks", "listed-addresses", "anyone"]
    """Whose packets may be sent on, to some port: nobody's; private networks'; some public addresses', too;
    the internet's at large. Ports that containers publish are among them."""
    forwarded_sources: tuple[str, ...]
    """The addresses whose packets may be sent on; of more than 32 each of IPv4 and IPv6, the first."""


@check(FORWARDING, _ADDRESSES, NFT, LEGACY, SAVED, SAVED_6)
def routing(host: Host) -> Iterator[Routing]:
    """Whether a host is a bridge between networks: which it is in, and whose packets it may send on.

    Of the filter's rules those for forwarded packets are followed, Docker's DOCKER-USER among them, for what
    comes in by an interface to the outside. Where packets leave again, limits, times and marks are not
    weighed: who may be sent on at most is said.
    """
    within = host.run(_ADDRESSES).read(interfaces.networks)
    forwards = dict(zip((4, 6), sends_on(host), strict=True))
    chains = filter_of(host) if any(forwards.values()) else {}
    hold(host, 2 * len(within) * packets.steps(chains, forwarding=True))
    versions: tuple[Version, ...] = (4, 6)
    sent_on = {
        version: packets.forwarded(chains, version, within) if forwards[version] else ()
        for version in versions
    }
    several = len({*within.values()}) > 1
    yield Routing(
        resource=host.id,
        networks=tuple(f"{name}={network}" for name in sorted(within) for network in within[name]),
        in_several_networks=several,
        joins_networks=several and any(sent_on.values()),
        default_forward=_default(chains, 4, on=forwards[4]),
        default_forward_ipv6=_default(chains, 6, on=forwards[6]),
        forwarded_from=reached_from(sent_on),
        forwarded_sources=tuple(
            text for version in versions for text in packets.written(sent_on[version], version, 32)
        ),
    )


def _default(chains: packets.Chains, version: Version, *, on: bool) -> Default:
    if not on:
        return "off"
    return "accept" if packets.forwarded_by_default(chains, version) else "drop"
