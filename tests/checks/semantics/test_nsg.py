from ipaddress import ip_address, ip_network
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import networks, nsg
from checks.semantics.nsg import EVERY, Box, Lines, Rule

GROUP = "/subscriptions/s/resourcegroups/g/providers/microsoft.network/applicationsecuritygroups/web"


def rule(
    priority: int,
    *,
    allow: bool = True,
    peers: tuple[str, ...] = (EVERY,),
    ports: tuple[str, ...] = (EVERY,),
    protocol: str = "tcp",
    **more: tuple[str, ...],
) -> Rule:
    return Rule(
        name=f"rule-{priority}",
        priority=priority,
        allow=allow,
        protocol=protocol,
        peers=peers,
        locals=more.get("locals", (EVERY,)),
        source_ports=more.get("source_ports", (EVERY,)),
        ports=ports,
    )


def opened(*rules: Rule) -> list[str]:
    """What the internet at large gets through to, by all of the rules together."""
    lines = Lines.of(rules)
    boxes = [box for _, left in lines.remaining(rules) for box in left]
    to_anyone = nsg.joined(span for span, peers in nsg.slices(boxes) if nsg.anyone(peers))
    return [f"{ports.protocol}/{ports}" for ports in nsg.ports(to_anyone)]


@pytest.mark.parametrize("everybody", ["*", "Any", "Internet", "INTERNET", "0.0.0.0/0", "::/0", "2000::/3"])
def test_every_way_to_say_everybody(everybody: str) -> None:
    assert opened(rule(100, peers=(everybody,), ports=("22",))) == ["tcp/22"]


@pytest.mark.parametrize(
    "some",
    [
        "VirtualNetwork",
        "AzureLoadBalancer",
        "AzureCloud",
        "Storage.WestEurope",
        GROUP,
        "10.0.0.0/8",
        "8.8.8.8",
    ],
)
def test_some_are_not_everybody(some: str) -> None:
    assert opened(rule(100, peers=(some,))) == []


def test_everybody_in_two_halves() -> None:
    assert opened(rule(100, peers=("0.0.0.0/1", "128.0.0.0/1"), ports=("22",))) == ["tcp/22"]
    assert opened(rule(100, peers=("0.0.0.0/1",)), rule(110, peers=("128.0.0.0/1",))) == ["tcp/0-65535"]


def test_everybody_but_a_few_is_still_everybody() -> None:
    banned = rule(100, allow=False, peers=("5.0.0.0/8", "130.0.0.0/8", "2a00::/16"))

    assert opened(banned, rule(200, ports=("3389",))) == ["tcp/3389"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # A denial counts when it comes before, whatever the order in which the rules are told.
        ([rule(200, ports=("22",)), rule(100, allow=False)], []),
        ([rule(100, ports=("22",)), rule(200, allow=False)], ["tcp/22"]),
        # What is denied is taken out, and the rest stays open.
        (
            [rule(100, allow=False, ports=("22", "3389")), rule(200, ports=("20-25", "3380-3400"))],
            ["tcp/20-21", "tcp/23-25", "tcp/3380-3388", "tcp/3390-3400"],
        ),
        # An Allow for some before a Deny for all does not shield what comes after.
        (
            [rule(100, peers=("10.0.0.0/8",)), rule(200, allow=False), rule(300, ports=("22",))],
            [],
        ),
        # The protocol counts.
        ([rule(100, allow=False, protocol="udp"), rule(200, ports=("53",))], ["tcp/53"]),
        ([rule(100, allow=False, protocol="tcp"), rule(200, protocol="*", ports=("53",))], ["udp/53"]),
        ([rule(100, protocol="icmp")], ["icmp/"]),
        ([rule(100, protocol="esp"), rule(110, protocol="ah")], ["esp/", "ah/"]),
        ([rule(100, protocol="*")], ["all/all"]),
        # Without ports there is no port to compare.
        ([rule(100, protocol="*", ports=("0-65535",))], ["all/all"]),
        (
            [rule(100, allow=False, protocol="*", ports=("22",)), rule(200, protocol="*")],
            ["tcp/0-21", "tcp/23-65535", "udp/0-21", "udp/23-65535", "icmp/", "esp/", "ah/", "other/"],
        ),
        # Who chooses the source port gets through; so does who is denied some of them.
        ([rule(100, ports=("22",), source_ports=("53",))], ["tcp/22"]),
        ([rule(100, allow=False, source_ports=("1-1023",)), rule(200, ports=("22",))], ["tcp/22"]),
        # A denial for some of our addresses leaves the others.
        ([rule(100, allow=False, locals=("10.0.0.4",)), rule(200, ports=("22",))], ["tcp/22"]),
        (
            [
                rule(100, allow=False, locals=("10.0.0.0/25",)),
                rule(110, allow=False, locals=("10.0.0.128/25",)),
                rule(200, ports=("22",), locals=("10.0.0.0/24",)),
            ],
            [],
        ),
        # The Internet denied is everybody denied, but those within.
        ([rule(100, allow=False, peers=("Internet",)), rule(200)], []),
        ([rule(100, allow=False, peers=("VirtualNetwork",)), rule(200, ports=("1",))], ["tcp/1"]),
        # All of IPv4 denied leaves IPv6.
        ([rule(100, allow=False, peers=("0.0.0.0/0",)), rule(200, ports=("1",))], ["tcp/1"]),
        ([rule(100, allow=False, peers=("0.0.0.0/0", "::/0")), rule(200, ports=("1",))], []),
    ],
)
def test_order_and_denials(rules: list[Rule], expected: list[str]) -> None:
    assert opened(*rules) == expected


@pytest.mark.parametrize(
    ("denied", "allowed", "left"),
    [
        ("Storage", "Storage.WestEurope", False),
        ("Storage.WestEurope", "Storage", True),
        ("storage", "Storage", False),
        ("Internet", "Sql", False),
        ("Internet", "AzureLoadBalancer", True),
        ("Internet", "VirtualNetwork", True),
        ("VirtualNetwork", GROUP, False),
        (GROUP, "VirtualNetwork", True),
        (GROUP, GROUP.upper(), False),
        ("*", GROUP, False),
        ("*", "AzureCloud", False),
        ("0.0.0.0/0", "AzureCloud", True),
        ("10.0.0.0/8", "VirtualNetwork", True),
        ("AzureCloud", "Sql", True),
    ],
)
def test_names_within_names(denied: str, allowed: str, left: bool) -> None:
    rules = [rule(100, allow=False, peers=(denied,)), rule(200, peers=(allowed,))]

    [(_, boxes)] = Lines.of(rules).remaining(rules)

    assert bool(boxes) is left


@pytest.mark.parametrize(
    ("peer", "public", "azure"),
    [
        ("*", True, True),
        ("Internet", True, True),
        ("AzureCloud", True, True),
        ("AzureCloud.westeurope", True, True),
        ("Storage", True, False),
        ("8.8.8.8/32", True, False),
        ("VirtualNetwork", False, False),
        ("AzureLoadBalancer", False, False),
        (GROUP, False, False),
        ("192.168.0.0/16", False, False),
    ],
)
def test_who_is_public(peer: str, public: bool, azure: bool) -> None:
    lines = Lines.of([rule(100, peers=(peer,))])

    peers = lines.addresses((peer,))

    assert (lines.public(peers), lines.azure(peers)) == (public, azure)


def test_rules_about_one_address() -> None:
    ours = [
        rule(100, locals=("10.0.0.0/24",)),
        rule(110, locals=("10.0.1.0/24", "10.0.0.4")),
        rule(120, locals=(GROUP.upper(),)),
        rule(130, locals=("VirtualNetwork",)),
        rule(140, locals=("*",)),
    ]
    others = [
        rule(200, locals=("10.0.0.5",)),
        rule(210, locals=("::/0",)),
        rule(220, locals=("Internet",)),
        rule(230, locals=("Sql",)),
        rule(240, locals=("/another/group",)),
    ]

    found = nsg.towards([*ours, *others], "10.0.0.4", [GROUP])

    assert found == [rule(each.priority) for each in ours]


@pytest.mark.parametrize("word", ["*", "Any", "Sql.WestUS2", "10.0.0.4", "10.0.0.5/24", "fd00::/8", GROUP])
def test_words_for_addresses(word: str) -> None:
    assert nsg.addressed(word)


@pytest.mark.parametrize("word", ["", "10.0.0.0/33", "10.0.0", "1.2.3.4-1.2.3.9", "two words", "Sql."])
def test_no_words_for_addresses(word: str) -> None:
    assert not nsg.addressed(word)


@pytest.mark.parametrize(
    ("word", "good"),
    [
        ("*", True),
        ("0-65535", True),
        ("22", True),
        ("", False),
        ("65536", False),
        ("9-1", False),
        ("ssh", False),
    ],
)
def test_words_for_ports(word: str, good: bool) -> None:
    assert nsg.ported(word) is good


def test_what_two_groups_both_let_through() -> None:
    subnet = [rule(100, ports=("22", "443")), rule(4000, allow=False)]
    own = [rule(100, allow=False, ports=("22",)), rule(200, protocol="*")]
    lines = Lines.of(subnet, own)
    through = [[box for _, left in lines.remaining(rules) for box in left] for rules in (subnet, own)]

    boxes = nsg.both(*through)

    assert boxes == [
        Box(
            nsg.service("tcp", 443, 443),
            lines.addresses((EVERY,)),
            lines.addresses((EVERY,)),
            ((0, networks.LAST_PORT),),
        )
    ]
    assert nsg.only(boxes, nsg.service("udp", None, None)) == []
    to_ours = nsg.both(nsg.everything(lines, "10.0.0.4"), boxes)
    assert [box.peers for box in to_ours] == [lines.speaking("10.0.0.4")]


def test_who_speaks_the_other_protocol_does_not_get_there() -> None:
    rules = [rule(100, peers=("::/0",))]
    lines = Lines.of(rules)
    boxes = [box for _, left in lines.remaining(rules) for box in left]

    assert nsg.both(nsg.everything(lines, "10.0.0.4"), boxes) == []
    assert nsg.both(nsg.everything(lines, "fd00::4"), boxes) == boxes


class Packet(NamedTuple):
    protocol: str
    peer: str
    ours: str
    source_port: int
    port: int


PEERS = ["1.1.1.1", "9.9.9.9", "10.0.0.9", "10.0.1.9", "130.1.1.1", "2600::1", "fd00::1"]
RANGES = [
    "*",
    "Internet",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/24",
    "10.0.0.0/8",
    "128.0.0.0/1",
    "2000::/3",
    "9.9.9.9",
]
OURS = ["10.9.0.4", "10.9.0.5", "10.9.1.4"]
OUR_RANGES = ["*", "10.9.0.0/24", "10.9.0.4", "10.9.1.0/24", "0.0.0.0/0"]
PORTS = [0, 21, 22, 23, 443, 65535]
PORT_RANGES = ["*", "22", "22-443", "0-22", "443-65535", "0-65535"]

some = st.builds(
    Rule,
    name=st.just("some"),
    priority=st.integers(100, 4096),
    allow=st.booleans(),
    protocol=st.sampled_from([*nsg.PROTOCOLS[:-1], EVERY]),
    peers=st.lists(st.sampled_from(RANGES), min_size=1, max_size=3).map(tuple),
    locals=st.lists(st.sampled_from(OUR_RANGES), min_size=1, max_size=2).map(tuple),
    source_ports=st.lists(st.sampled_from(PORT_RANGES), min_size=1, max_size=2).map(tuple),
    ports=st.lists(st.sampled_from(PORT_RANGES), min_size=1, max_size=2).map(tuple),
)
packets = st.builds(
    Packet,
    protocol=st.sampled_from(nsg.PROTOCOLS),
    peer=st.sampled_from(PEERS),
    ours=st.sampled_from(OURS),
    source_port=st.sampled_from(PORTS),
    port=st.sampled_from(PORTS),
)


def on_range(word: str, address: str) -> bool:
    if word == "*":
        return True
    if word == "Internet":
        return not address.startswith(("10.", "fd00"))
    return ip_address(address) in ip_network(word)


def on_ports(words: tuple[str, ...], port: int) -> bool:
    for word in words:
        first, _, last = ("0-65535" if word == "*" else word).partition("-")
        if int(first) <= port <= int(last or first):
            return True
    return False


def every_port(words: tuple[str, ...]) -> bool:
    # No two of the ranges above make a whole.
    return not {"*", "0-65535"}.isdisjoint(words)


def matches(one: Rule, packet: Packet) -> bool:
    if one.protocol not in ("*", packet.protocol):
        return False
    if packet.protocol in ("tcp", "udp"):
        if not (on_ports(one.source_ports, packet.source_port) and on_ports(one.ports, packet.port)):
            return False
    elif one.protocol == "*" and not (every_port(one.source_ports) and every_port(one.ports)):
        return False
    return any(on_range(word, packet.peer) for word in one.peers) and any(
        on_range(word, packet.ours) for word in one.locals
    )


def naive(rules: list[Rule], packet: Packet) -> bool:
    """The first rule that is about the packet decides."""
    return next((one.allow for one in rules if matches(one, packet)), False)


def boxed(boxes: list[Box], lines: Lines, packet: Packet) -> bool:
    has_ports = packet.protocol in ("tcp", "udp")
    service = nsg.service(packet.protocol, *((packet.port,) * 2 if has_ports else (None, None)))
    point = Box(
        service,
        lines.addresses((packet.peer,)),
        lines.addresses((packet.ours,)),
        ((packet.source_port, packet.source_port),),
    )
    return bool(nsg.both(boxes, [point]))


@given(
    st.lists(some, max_size=7, unique_by=lambda one: one.priority), st.lists(packets, min_size=1, max_size=20)
)
def test_boxes_and_packets_agree(rules: list[Rule], sent: list[Packet]) -> None:
    lines = Lines.of(rules)
    boxes = [box for _, left in lines.remaining(rules) for box in left]
    in_order = sorted(rules, key=lambda one: one.priority)

    assert [boxed(boxes, lines, packet) for packet in sent] == [naive(in_order, packet) for packet in sent]


@given(st.lists(some, max_size=7, unique_by=lambda one: one.priority), packets)
def test_the_rules_about_an_address_are_those_of_the_whole(rules: list[Rule], packet: Packet) -> None:
    about = nsg.towards(rules, packet.ours, [])
    lines = Lines.of(rules)

    through = [
        boxed([box for _, left in lines.remaining(chosen) for box in left], lines, packet)
        for chosen in (rules, about)
    ]

    assert through[0] == through[1]


def test_slices_join_who_gets_through_by_different_rules() -> None:
    rules = [
        rule(100, peers=("10.0.0.1",), ports=("20-30",)),
        rule(110, peers=("10.0.0.2",), ports=("25-40",)),
    ]
    lines = Lines.of(rules)
    boxes = [box for _, left in lines.remaining(rules) for box in left]

    assert nsg.slices(boxes) == [
        ((20, 24), lines.addresses(("10.0.0.1",))),
        ((25, 30), lines.addresses(("10.0.0.1", "10.0.0.2"))),
        ((31, 40), lines.addresses(("10.0.0.2",))),
    ]
