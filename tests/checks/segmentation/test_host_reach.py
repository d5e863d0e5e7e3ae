import json
from typing import Any

import pytest

from checks.segmentation.host_reach import Forwarding, Service, forwarding, services
from scanner.testing import Output, look, observe, world

SOCKETS, NFT, LEGACY, SAVED, SAVED_6 = services.needs
[FORWARDING] = forwarding.needs

LISTENING = """\
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=39,fd=3))
tcp LISTEN 0 244 *:5432 *:* users:(("postgres",pid=50,fd=5))
udp UNCONN 0 0 127.0.0.1:323 0.0.0.0:*
"""
NO_LEGACY = Output(1, "")
NOTHING = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def field(protocol: str, name: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": name}}


ACCEPT, DROP = {"accept": None}, {"drop": None}
ESTABLISHED = match({"ct": {"key": "state"}}, ["established", "related"], "in")
PORT = field("tcp", "dport")
SSH, DATABASE = match(PORT, 22), match(PORT, 5432)
PRIVATE = match(field("ip", "saddr"), {"prefix": {"addr": "10.0.0.0", "len": 8}})


def nft(*rules: list[Any], policy: str = "drop", more: tuple[Any, ...] = ()) -> str:
    place = {"family": "inet", "table": "filter"}
    chain = {**place, "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": policy}
    items = [
        {"chain": chain},
        *more,
        *({"rule": {**place, "chain": "input", "expr": rule}} for rule in rules),
    ]
    return json.dumps({"nftables": items})


XT = json.dumps(
    {
        "nftables": [
            {
                "chain": {
                    "family": "ip",
                    "table": "filter",
                    "name": "INPUT",
                    "type": "filter",
                    "hook": "input",
                    "policy": "drop",
                }
            },
            {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "expr": [{"xt": None}]}},
        ]
    }
)
# In the form of iptables-save on a host with ufw and Docker.
UFW = """\
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 172.17.0.2:5432
-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 22 -j DNAT --to-destination 172.17.0.3:22
COMMIT
*filter
:INPUT DROP [0:0]
:ufw-user-input - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -j ufw-user-input
-A ufw-user-input -s 10.0.0.0/8 -p tcp --dports 22,80:90 -m comment --comment "a ward" -j ACCEPT
COMMIT
"""
UFW_6 = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
WORLD = world(services, {SOCKETS: LISTENING, NFT: XT, LEGACY: NO_LEGACY, SAVED: UFW, SAVED_6: UFW_6})


def service(local: str, program: str | None, reached: Any, *sources: str, **changes: Any) -> Service:
    protocol: Any = changes.pop("protocol", "tcp")
    address, _, port = local.rpartition(":")
    facts = {"passes_filter": False, "admin_port": port == "22", "database_port": port == "5432"}
    return Service(
        resource=f"host:ehr-1:{protocol}:{local}",
        protocol=protocol,
        address=address,
        port=int(port),
        program=program,
        reached_from=reached,
        sources=sources,
        **{**facts, **changes},
    )


def test_what_containers_publish_passes_ufw() -> None:
    assert observe(services, WORLD) == [
        service("*:5432", "postgres", "anyone", "0.0.0.0/0", passes_filter=True),
        service("0.0.0.0:22", "sshd", "private-networks", "10.0.0.0/8"),
        service("127.0.0.1:323", None, "itself", protocol="udp"),
    ]


def reached(port: int, ruleset: str) -> tuple[str, tuple[str, ...]]:
    told = {SOCKETS: f"tcp LISTEN 0 1 *:{port} *:*\n", NFT: ruleset, LEGACY: NO_LEGACY}
    [found] = observe(services, told)
    assert isinstance(found, Service)
    return found.reached_from, found.sources


EVERYBODY = ("anyone", ("0.0.0.0/0", "::/0"))
NOBODY: tuple[str, tuple[str, ...]] = ("nobody", ())
WARD = ("private-networks", ("10.0.0.0/8",))


@pytest.mark.parametrize(
    ("rules", "policy", "expected"),
    [
        ([], "accept", EVERYBODY),
        ([], "drop", NOBODY),
        ([[SSH, ACCEPT]], "drop", EVERYBODY),
        ([[DATABASE, ACCEPT]], "drop", NOBODY),
        ([[ESTABLISHED, ACCEPT]], "drop", NOBODY),
        ([[match({"meta": {"key": "iif"}}, "lo"), ACCEPT]], "drop", NOBODY),
        ([[PRIVATE, SSH, ACCEPT]], "drop", WARD),
        ([[match(field("ip", "saddr"), "8.8.8.8"), ACCEPT]], "drop", ("listed-addresses", ("8.8.8.8/32",))),
        # What comes first decides, and a rule that drops some leaves the others.
        ([[PRIVATE, DROP], [PRIVATE, SSH, ACCEPT]], "drop", NOBODY),
        ([[match({"meta": {"key": "nfproto"}}, "ipv6"), DROP], [PRIVATE, ACCEPT]], "drop", WARD),
        # A limit may be met, so an accept counts and a drop does not.
        ([[SSH, {"limit": {"rate": 5}}, ACCEPT]], "drop", EVERYBODY),
        ([[SSH, {"limit": {"rate": 5}}, DROP], [PRIVATE, ACCEPT]], "drop", WARD),
        # What is not understood keeps nobody out.
        ([[match(field("ip", "saddr"), {"odd": 1}), DROP], [PRIVATE, ACCEPT]], "drop", WARD),
        ([[match(field("tcp", "dport"), "@gone"), ACCEPT]], "drop", NOBODY),
        ([[match(field("tcp", "dport"), {"set": [80, {"range": [20, 25]}]}), ACCEPT]], "drop", EVERYBODY),
        ([[match(field("tcp", "dport"), 22, "!="), ACCEPT]], "drop", NOBODY),
        ([[match(field("udp", "dport"), 22), ACCEPT]], "drop", NOBODY),
        ([[{"vmap": {"key": PORT, "data": {"set": [[22, ACCEPT], [80, DROP]]}}}]], "drop", EVERYBODY),
        ([[{"vmap": {"key": PORT, "data": {"set": [[22, DROP]]}}}]], "accept", NOBODY),
        (
            [[match({"concat": [field("ip", "saddr"), PORT]}, {"concat": ["10.1.1.1", 22]}), ACCEPT]],
            "drop",
            ("private-networks", ("10.1.1.1/32",)),
        ),
    ],
)  # fmt: skip
def test_a_ruleset_of_nftables(rules: list[Any], policy: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert reached(22, nft(*rules, policy=policy)) == expected


def test_jumps_sets_and_a_second_chain() -> None:
    place = {"family": "inet", "table": "filter"}
    more = (
        {"set": {**place, "name": "ward", "type": "ipv4_addr", "elem": ["10.1.0.1", "10.2.0.1"]}},
        {"chain": {**place, "name": "ssh"}},
        {"chain": {**place, "name": "early", "type": "filter", "hook": "prerouting", "policy": "accept"}},
        {"rule": {**place, "chain": "ssh", "expr": [match(field("ip", "saddr"), "@ward"), ACCEPT]}},
        {"rule": {**place, "chain": "early", "expr": [match(field("ip", "saddr"), "10.2.0.1"), DROP]}},
    )
    ruleset = nft([SSH, {"jump": {"target": "ssh"}}], [PRIVATE, DROP], [SSH, ACCEPT], more=more)

    kind, sources = reached(22, ruleset)
    assert (kind, sources[0]) == ("anyone", "0.0.0.0/5")
    assert "10.1.0.1/32" in sources
    assert "10.2.0.1/32" not in sources
    assert reached(80, ruleset) == NOBODY


def test_a_few_who_are_banned_leave_the_internet_at_large() -> None:
    banned = match(field("ip", "saddr"), {"set": ["8.8.8.8", "9.9.9.9"]})

    assert reached(22, nft([banned, DROP], [SSH, ACCEPT]))[0] == "anyone"


def test_rules_that_nobody_spells_out_are_refused() -> None:
    sight = look(services, {SOCKETS: LISTENING, NFT: XT, LEGACY: NO_LEGACY})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [SAVED])


def test_the_older_tables_are_a_filter_beside() -> None:
    told = {**WORLD, NFT: nft([SSH, ACCEPT]), LEGACY: "filter\n", SAVED: NOTHING, SAVED_6: NOTHING}

    assert [service.reached_from for service in observe(services, told) if isinstance(service, Service)] == [
        "nobody",
        "anyone",
        "itself",
    ]


SENDS_ON = world(
    forwarding,
    {
        FORWARDING: "/proc/sys/net/ipv4/ip_forward:0\n/proc/sys/net/ipv6/conf/all/forwarding:0\n"
        "/proc/sys/net/ipv4/conf/eth1/forwarding:1\n"
    },
)


@pytest.mark.parametrize(
    ("text", "ipv4", "ipv6"),
    [
        (SENDS_ON[FORWARDING], True, False),
        (Output(2, "/proc/sys/net/ipv4/ip_forward:0\n"), False, False),
        ("/proc/sys/net/ipv4/ip_forward:0\n/proc/sys/net/ipv6/conf/all/forwarding:1\n", False, True),
    ],
)
def test_forwarding(text: Any, ipv4: bool, ipv6: bool) -> None:
    assert observe(forwarding, {FORWARDING: text}) == [
        Forwarding(resource="host:ehr-1", forwards=ipv4, forwards_ipv6=ipv6)
    ]
