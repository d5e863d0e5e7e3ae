from ipaddress import ip_address, ip_network
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import vpc
from checks.semantics.networks import Ports
from checks.semantics.vpc import EVERY, Route, Rule

ALL = "0.0.0.0/0"


def rule(
    cidr: str = ALL, first: int = 22, last: int = 22, *, allow: bool = True, protocol: str = "tcp"
) -> Rule:
    return Rule(vpc.services(protocol, first, last, allow=allow), vpc.peers((cidr,)), allow)


def opened(*rules: Rule) -> list[str]:
    """What the internet at large gets through to."""
    return [f"{ports.protocol}/{ports}" for ports in vpc.anyone(vpc.decided(rules))]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule()], ["tcp/22"]),
        ([rule("::/0")], ["tcp/22"]),
        ([rule("10.0.0.0/8")], []),
        ([rule("8.8.8.0/24")], []),
        # One half each is the usual way around a filter that looks for /0.
        ([rule("0.0.0.0/1"), rule("128.0.0.0/1")], ["tcp/22"]),
        # The first rule that is about a packet decides.
        ([rule(allow=False), rule(first=0, last=65535)], ["tcp/0-21", "tcp/23-65535"]),
        ([rule(first=0, last=65535), rule(allow=False)], ["tcp/0-65535"]),
        ([rule("8.0.0.0/8", allow=False), rule()], ["tcp/22"]),
        ([rule(protocol=EVERY)], ["all/all"]),
        ([rule(allow=False), rule(allow=False, protocol=EVERY), rule(protocol=EVERY)], []),
        ([rule(protocol="udp", first=53, last=60)], ["udp/53-60"]),
        (
            [rule(protocol="17", first=53, last=53), rule(protocol="6", first=53, last=53)],
            ["tcp/53", "udp/53"],
        ),
        ([rule(protocol="tcp", first=-1, last=-1)], ["tcp/0-65535"]),
        ([rule(protocol="icmp", first=8, last=0), rule(protocol="50", first=-1)], ["icmp/", "esp/"]),
        ([rule(protocol="132")], ["other/"]),
        # What is known of a denial is less than the whole of other protocols.
        ([rule(protocol="132", allow=False), rule(protocol="132")], ["other/"]),
        ([rule(protocol="icmp", first=8, last=0, allow=False), rule(protocol="icmp", first=-1)], ["icmp/"]),
        ([rule(protocol="icmp", first=-1, last=-1, allow=False), rule(protocol="icmp", first=-1)], []),
        ([], []),
    ],
)
def test_what_is_open_to_anyone(rules: list[Rule], expected: list[str]) -> None:
    assert opened(*rules) == expected


def test_public_is_some_address_and_every_is_anybody() -> None:
    layout = vpc.decided([rule("8.8.8.8/32"), rule("10.0.0.0/8", 5432, 5432)])

    assert vpc.public(layout) == [Ports("tcp", 22, 22)]
    assert vpc.every(layout) == [Ports("tcp", 22, 22), Ports("tcp", 5432, 5432)]
    assert vpc.anyone(layout) == []


def test_answers_to_tcp_need_a_way_out_to_some_port() -> None:
    entering = vpc.decided([rule(first=22), rule(first=53, last=53, protocol="udp")])

    def kept(*leaving: Rule) -> list[str]:
        layout = vpc.answered(entering, vpc.decided(leaving))
        return [f"{ports.protocol}/{ports}" for ports in vpc.anyone(layout)]

    assert kept(rule(first=1024, last=65535)) == ["tcp/22", "udp/53"]
    assert kept(rule(first=443, last=443)) == ["tcp/22", "udp/53"]
    assert kept(rule("10.0.0.0/8", 0, 65535)) == ["udp/53"]
    assert kept(rule(protocol="udp", first=0, last=65535)) == ["udp/53"]
    assert kept() == ["udp/53"]


def test_the_narrowest_route_decides() -> None:
    default, elsewhere = Route(ALL, internet=True), Route("8.0.0.0/8", internet=False)
    back = Route("8.8.8.0/24", internet=True)

    def goes(cidr: str, *routes: Route) -> bool:
        return vpc.peers((cidr,))[0] in vpc.routed(routes)

    assert vpc.routed([elsewhere]) == ()
    assert vpc.routed([default, elsewhere]) == vpc.routed([elsewhere, default])
    assert not goes("8.8.8.0/24", default, elsewhere)
    assert goes("8.8.8.0/24", default, elsewhere, back)
    assert vpc.routed([Route("10.0.0.0/8", internet=True)]) == ()


class Packet(NamedTuple):
    protocol: str
    port: int
    peer: str


CIDRS = st.sampled_from(
    ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/8", "8.8.8.0/24", "10.0.0.0/8", "::/0", "2600::/12"]
)
TOLD = st.tuples(
    st.sampled_from(["-1", "tcp", "udp", "icmp"]), CIDRS, st.integers(0, 6), st.integers(0, 3), st.booleans()
)
PEERS = st.sampled_from(["8.8.8.8", "8.9.9.9", "10.1.1.1", "192.0.3.1", "52.1.1.1", "2600:1::1", "2a00::1"])
PACKETS = st.builds(Packet, st.sampled_from(["tcp", "udp", "icmp", "esp"]), st.integers(0, 9), PEERS)
Told = tuple[str, str, int, int, bool]


def about(told: Told, packet: Packet) -> bool:
    protocol, cidr, first, more, _ = told
    network, peer = ip_network(cidr), ip_address(packet.peer)
    if peer.version != network.version or peer not in network:
        return False
    if protocol == "-1":
        return True
    return protocol == packet.protocol and (protocol == "icmp" or first <= packet.port <= first + more)


def filtered(rules: list[Told], packet: Packet) -> bool:
    """What a filter does with one packet, read off AWS's description."""
    return next((told[4] for told in rules if about(told, packet)), False)


def laid_out(rules: list[Told]) -> vpc.Layout:
    return vpc.decided(
        [
            Rule(
                vpc.services(
                    protocol, *((-1, -1) if protocol == "icmp" else (first, first + more)), allow=allow
                ),
                vpc.peers((cidr,)),
                allow,
            )
            for protocol, cidr, first, more, allow in rules
        ]
    )


def through(layout: vpc.Layout, packet: Packet) -> bool:
    ported = packet.protocol in {"tcp", "udp"}
    at = vpc.services(packet.protocol, packet.port if ported else -1, packet.port if ported else -1)
    return bool(vpc.only(layout, services=at, peers=vpc.peers((packet.peer,))))


@given(st.lists(TOLD, max_size=6), PACKETS)
def test_a_layout_does_with_each_packet_what_the_rules_do(rules: list[Told], packet: Packet) -> None:
    assert through(laid_out(rules), packet) == filtered(rules, packet)


@given(st.lists(TOLD, max_size=4), st.lists(TOLD, max_size=4), PACKETS)
def test_layouts_together(one: list[Told], other: list[Told], packet: Packet) -> None:
    first, second = laid_out(one), laid_out(other)
    by_one, by_other = filtered(one, packet), filtered(other, packet)

    assert through(vpc.both(first, second), packet) == (by_one and by_other)
    assert through(vpc.either((first, second)), packet) == (by_one or by_other)


@given(st.lists(TOLD, max_size=4), st.lists(TOLD, max_size=4), PACKETS)
def test_answers(entering: list[Told], leaving: list[Told], packet: Packet) -> None:
    """A peer may come from any of its ports, so the whole line of them is tried."""
    heard = any(filtered(leaving, packet._replace(port=port)) for port in range(11))
    expected = filtered(entering, packet) and (packet.protocol != "tcp" or heard)

    assert through(vpc.answered(laid_out(entering), laid_out(leaving)), packet) == expected


@given(st.dictionaries(CIDRS, st.booleans()), PEERS)
def test_the_narrowest_route_decides_for_each_address(routes: dict[str, bool], peer: str) -> None:
    matching = [
        (ip_network(cidr).prefixlen, internet)
        for cidr, internet in routes.items()
        if ip_address(peer).version == ip_network(cidr).version and ip_address(peer) in ip_network(cidr)
    ]
    expected = bool(matching) and max(matching)[1] and peer != "10.1.1.1"
    spans = vpc.routed(Route(cidr, internet) for cidr, internet in routes.items())

    assert bool(vpc.only(((vpc.EVERY_SERVICE[0], spans),), peers=vpc.peers((peer,)))) == expected
