import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import packets, packets_nft
from checks.semantics.packets import EVERYBODY, Version
from checks.semantics.spans import joined

# What nft 1.0.6 printed of a ruleset with sets, maps of verdicts, a limit and combined fields.
PRINTED = """\
{"nftables": [
{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "f", "handle": 1}},
{"set": {"family": "inet", "name": "ward", "table": "f", "type": "ipv4_addr", "handle": 3,
 "flags": ["interval"], "elem": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, "192.168.1.5"]}},
{"chain": {"family": "inet", "table": "f", "name": "ssh", "handle": 1}},
{"chain": {"family": "inet", "table": "f", "name": "input", "handle": 2, "type": "filter",
 "hook": "input", "prio": 0, "policy": "drop"}},
{"rule": {"family": "inet", "table": "f", "chain": "ssh", "handle": 4, "expr": [{"match": {"op": "==",
 "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@ward"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "ssh", "handle": 5, "expr": [{"match": {"op": "==",
 "left": {"payload": {"protocol": "ip6", "field": "saddr"}}, "right": {"prefix": {"addr": "fd00::",
 "len": 8}}}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 7,
 "expr": [{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": null}],
 ["established", {"accept": null}], ["related", {"accept": null}]]}}}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 8, "expr": [{"match": {"op": "==",
 "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 10,
 "expr": [{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["icmp",
 "ipv6-icmp"]}}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 12,
 "expr": [{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[22,
 {"jump": {"target": "ssh"}}], [80, {"accept": null}]]}}}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 14,
 "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}},
 "right": {"set": [443, {"range": [8000, 8100]}]}}}, {"match": {"op": "in",
 "left": {"ct": {"key": "state"}}, "right": "new"}}, {"limit": {"rate": 5, "burst": 5,
 "per": "second"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 16,
 "expr": [{"match": {"op": "==", "left": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}},
 {"payload": {"protocol": "tcp", "field": "dport"}}]}, "right": {"set": [{"concat": ["10.1.1.1", 5432]},
 {"concat": ["10.1.1.2", 5432]}]}}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 17,
 "expr": [{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}]}}
]}
"""


def let_in(port: int, version: Version) -> tuple[str, ...]:
    chains, opaque = packets_nft.chains(PRINTED)
    assert opaque == frozenset()
    return packets.written(packets.sources(chains, version, "tcp", port), version, 9)


@pytest.mark.parametrize(
    ("port", "ipv4", "ipv6"),
    [
        (22, ("10.0.0.0/8", "192.168.1.5/32"), ("fd00::/8",)),
        (80, ("0.0.0.0/0",), ("::/0",)),
        (443, ("0.0.0.0/0",), ("::/0",)),
        (8050, ("0.0.0.0/0",), ("::/0",)),
        (5432, ("10.1.1.1/32", "10.1.1.2/32"), ()),
        (25, (), ()),
    ],
)
def test_what_nft_printed(port: int, ipv4: tuple[str, ...], ipv6: tuple[str, ...]) -> None:
    assert (let_in(port, 4), let_in(port, 6)) == (ipv4, ipv6)


# What iptables-save 1.8.9 printed, its words split; one who comes too often is turned away.
SAVED = """\
*filter
:INPUT DROP [0:0]
-A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 22,80:90 -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 443 -m recent --update --seconds 30 --hitcount 6 --rsource -j REJECT
-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT
"""


@pytest.mark.parametrize(
    ("protocol", "port", "expected"),
    [
        ("tcp", 22, ("10.0.0.0/8",)),
        ("tcp", 85, ("10.0.0.0/8",)),
        ("tcp", 443, ("0.0.0.0/0",)),
        ("udp", 22, ()),
    ],
)
def test_what_iptables_saved(protocol: str, port: int, expected: tuple[str, ...]) -> None:
    chains = packets.saved([line.split() for line in SAVED.splitlines()], 4)

    assert packets.written(packets.sources(chains, 4, protocol, port), 4, 9) == expected


WORDS = st.sampled_from(
    [
        "-s",
        "10.0.0.0/8",
        "!",
        "-p",
        "tcp",
        "--dport",
        "22",
        "-i",
        "lo",
        "-j",
        "DROP",
        "ACCEPT",
        "INPUT",
        "-g",
        "--x",
    ]
)


@given(st.lists(st.lists(WORDS, max_size=8), max_size=6))
def test_no_rule_lets_in_more_than_everybody_or_loops(rules: list[list[str]]) -> None:
    lines = [["*filter"], [":INPUT", "DROP"], *(["-A", "INPUT", *_sound(rule)] for rule in rules)]
    chains = packets.saved(lines, 4)
    found = packets.sources(chains, 4, "tcp", 22)

    assert joined((*found, *EVERYBODY[4])) == EVERYBODY[4]


def _sound(words: list[str]) -> list[str]:
    """An address has to be one: the kernel would not have taken another."""
    return [
        word for before, word in zip(["", *words], words, strict=False) if before != "-s" and word != "-s"
    ]


def rules(*lines: str) -> packets.Chains:
    return packets.saved([line.split() for line in ("*filter", ":INPUT DROP", *lines)], 4)


def test_a_chain_that_comes_back_to_itself_ends() -> None:
    twice = ("-A loop -j loop",) * 3
    chains = rules("-A INPUT -j loop", *twice, "-A loop -s 10.0.0.0/8 -j ACCEPT")

    assert packets.sources(chains, 4, "tcp", 22) == packets.span("10.0.0.0/8")


def test_a_chain_that_is_come_to_by_a_million_ways_is_followed_once() -> None:
    doubled = [f"-A c{number} -j c{number + 1}" for number in range(20) for _ in range(2)]
    chains = rules("-A INPUT -j c0", *doubled, "-A c20 -s 10.0.0.0/8 -j ACCEPT")

    assert packets.sources(chains, 4, "tcp", 22) == packets.span("10.0.0.0/8")


def test_what_a_host_may_have_can_be_followed_and_more_is_known_before() -> None:
    def many(count: int) -> packets.Chains:
        return rules(*(f"-A INPUT -s 10.{n >> 8}.{n & 255}.0/24 -j ACCEPT" for n in range(count)))

    assert 100 * packets.steps(many(2_000)) < packets.MOST_STEPS < 100 * packets.steps(many(20_000))
