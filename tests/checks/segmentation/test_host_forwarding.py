import json
from typing import Any

import pytest

from checks.segmentation.host_forwarding import Routing, routing
from checks.semantics import interfaces
from scanner.testing import Output, look, observe, world

FORWARDING, ADDRESSES, NFT, LEGACY, SAVED, SAVED_6 = routing.needs

IPV4_ON = "/proc/sys/net/ipv4/ip_forward:1\n/proc/sys/net/ipv6/conf/all/forwarding:0\n"
BOTH_ON = IPV4_ON.replace(":0", ":1")
OFF = IPV4_ON.replace(":1", ":0")
# In the form of ip -o addr of iproute2 6.1; busybox writes the same but for the lifetimes.
WARD_AND_OFFICE = """\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever
2: eth0    inet 10.1.0.5/24 brd 10.1.0.255 scope global eth0\\       valid_lft forever preferred_lft forever
2: eth0    inet6 fe80::fc:ff:fe00:1/64 scope link \\       valid_lft forever preferred_lft forever
3: eth1.20@eth1    inet 10.2.0.5/24 brd 10.2.0.255 scope global eth1.20\\       valid_lft forever
4: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\\       valid_lft forever
5: br-0123456789ab    inet 172.18.0.1/16 scope global br-0123456789ab\\       valid_lft forever
"""
ONE_NETWORK = "".join(line for line in WARD_AND_OFFICE.splitlines(keepends=True) if not line.startswith("3:"))
NETWORKS = ("eth0=10.1.0.0/24", "eth1.20=10.2.0.0/24")

# In the form of iptables-save on a host with Docker 24 and one published port.
DOCKER = """\
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
"""
UNPUBLISHED = "".join(line for line in DOCKER.splitlines(keepends=True) if "172.17.0.2" not in line)
OPAQUE = json.dumps(
    {
        "nftables": [
            {"chain": {"family": family, "table": "filter", "name": "FORWARD"}} for family in ("ip", "ip6")
        ]
        + [
            {"rule": {"family": family, "table": "filter", "chain": "FORWARD", "expr": [{"xt": None}]}}
            for family in ("ip", "ip6")
        ]
    }
)
DROPS_6 = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
HOST = world(
    routing,
    {
        FORWARDING: BOTH_ON,
        ADDRESSES: WARD_AND_OFFICE,
        NFT: OPAQUE,
        LEGACY: Output(1, ""),
        SAVED: DOCKER,
        SAVED_6: DROPS_6,
    },
)


def seen(*networks: str, **changes: Any) -> Routing:
    values: dict[str, Any] = {
        "in_several_networks": len(networks) > 1,
        "joins_networks": False,
        "default_forward": "drop",
        "default_forward_ipv6": "off",
        "forwarded_from": "nobody",
        "forwarded_sources": (),
    }
    return Routing(resource="host:ehr-1", networks=networks, **(values | changes))


ANYONE = {"forwarded_from": "anyone", "forwarded_sources": ("0.0.0.0/0",)}


def test_ports_that_containers_publish_are_sent_on() -> None:
    assert observe(routing, HOST) == [
        seen(*NETWORKS, joins_networks=True, default_forward_ipv6="drop", **ANYONE)
    ]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # Containers may call out; nobody may come in.
        (UNPUBLISHED, seen(*NETWORKS)),
        # What DOCKER-USER drops of one network only, others still send.
        (
            DOCKER.replace("-A DOCKER-USER -j", "-A DOCKER-USER ! -s 10.0.0.0/8 -j DROP\n-A DOCKER-USER -j"),
            seen(
                *NETWORKS,
                joins_networks=True,
                forwarded_from="private-networks",
                forwarded_sources=("10.0.0.0/8",),
            ),
        ),
        (
            DOCKER.replace("-A DOCKER-USER -j", "-A DOCKER-USER -i eth+ -j DROP\n-A DOCKER-USER -j"),
            seen(*NETWORKS),
        ),
        (
            DOCKER.replace("-A DOCKER-USER -j", "-A DOCKER-USER -i eth0 -j DROP\n-A DOCKER-USER -j"),
            seen(*NETWORKS, joins_networks=True, **ANYONE),
        ),
        (UNPUBLISHED.replace("FORWARD DROP", "FORWARD ACCEPT"), seen(
            *NETWORKS, joins_networks=True, default_forward="accept", **ANYONE
        )),
    ],
)  # fmt: skip
def test_rules_for_forwarded_packets(rules: str, expected: Routing) -> None:
    assert observe(routing, {**HOST, FORWARDING: IPV4_ON, SAVED: rules}) == [expected]


def chain(*rules: list[dict[str, Any]], policy: str) -> str:
    place = {"family": "inet", "table": "f", "chain": "fwd"}
    hooked = {**place, "name": "fwd", "type": "filter", "hook": "forward", "policy": policy}
    return json.dumps(
        {"nftables": [{"chain": hooked}, *({"rule": {**place, "expr": rule}} for rule in rules)]}
    )


def came_in(name: str) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": name}}


ACCEPT, DROP = {"accept": None}, {"drop": None}
HTTPS = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 443}}


@pytest.mark.parametrize(
    ("rules", "policy", "anyone", "default"),
    [
        ([], "drop", False, "drop"),
        ([], "accept", True, "accept"),
        ([[DROP]], "accept", False, "drop"),
        ([[ACCEPT]], "drop", True, "accept"),
        ([[HTTPS, ACCEPT]], "drop", True, "drop"),
        ([[HTTPS, DROP]], "accept", True, "accept"),
        ([[came_in("eth0"), ACCEPT]], "drop", True, "drop"),
        ([[came_in("virbr0"), ACCEPT]], "drop", False, "drop"),
        ([[came_in("eth0"), DROP], [came_in("eth1.*"), DROP]], "accept", False, "accept"),
        ([[came_in("eth0"), DROP]], "accept", True, "accept"),
    ],
)
def test_a_ruleset_of_nftables(
    rules: list[list[dict[str, Any]]], policy: str, default: str, *, anyone: bool
) -> None:
    [found] = observe(routing, {**HOST, FORWARDING: IPV4_ON, NFT: chain(*rules, policy=policy)})

    assert found == seen(
        *NETWORKS, joins_networks=anyone, default_forward=default, **(ANYONE if anyone else {})
    )


def test_a_host_that_sends_nothing_on_is_asked_no_rules() -> None:
    sight = look(routing, {**HOST, FORWARDING: OFF}, denied=[NFT, LEGACY, SAVED, SAVED_6])

    assert (sight.facts, sight.refusals) == ([seen(*NETWORKS, default_forward="off")], [])


def test_a_host_in_one_network_joins_none() -> None:
    told = {**HOST, FORWARDING: IPV4_ON, ADDRESSES: ONE_NETWORK}

    assert observe(routing, told) == [seen("eth0=10.1.0.0/24", **ANYONE)]


def test_two_interfaces_in_one_network_are_one() -> None:
    lines = [
        "2: eth0    inet 10.1.0.5/24 brd 10.1.0.255 scope global eth0",
        "3: eth1    inet 10.1.0.6/24 brd 10.1.0.255 scope global secondary eth1",
        "3: eth1    inet 10.1.0.999/24 scope global eth1",
        "4: wg0    inet 10.9.0.1/32 scope global wg0",
        "odd",
    ]

    assert interfaces.networks(lines) == {
        "eth0": ("10.1.0.0/24",),
        "eth1": ("10.1.0.0/24",),
        "wg0": ("10.9.0.1/32",),
    }
