import json
from typing import Any

import pytest

from checks.semantics.firewall import Ruleset, iptables, nftables, together

ACCEPT, DROP, RETURN = {"accept": None}, {"drop": None}, {"return": None}
REJECT = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}
COUNTER = {"counter": {"packets": 0, "bytes": 0}}
LOOPBACK = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
# As nft 1.0.6 prints what iptables-nft made; older versions print null.
XT_COMMENT = {"xt": {"type": "match", "name": "comment"}}
XT_CONNTRACK = {"xt": {"type": "match", "name": "conntrack"}}
XT_REJECT = {"xt": {"type": "target", "name": "REJECT"}}
XT_LOG = {"xt": {"type": "target", "name": "LOG"}}
XT_UNSAID = {"xt": None}


def to(chain: str, word: str = "jump") -> dict[str, Any]:
    return {word: {"target": chain}}


def ruleset(*rules: list[Any], policy: str = "accept", family: str = "inet", **chains: list[Any]) -> Ruleset:
    items: list[Any] = [{"metainfo": {"json_schema_version": 1}}]
    place = {"family": family, "table": "filter"}
    hook = {"type": "filter", "hook": "input", "prio": 0, "policy": policy}
    items.append({"chain": {**place, "name": "input", **hook}})
    items += [{"chain": {**place, "name": name}} for name in chains]
    for name, all_rules in {"input": rules, **chains}.items():
        items += [{"rule": {**place, "chain": name, "expr": rule}} for rule in all_rules]
    return nftables(json.dumps({"nftables": items}))


@pytest.mark.parametrize(
    ("filtering", "verdict"),
    [
        (ruleset(), "accept"),
        (ruleset(policy="drop"), "drop"),
        (ruleset([LOOPBACK, ACCEPT], policy="drop"), "drop"),
        (ruleset([LOOPBACK, DROP]), "accept"),
        # The last rule decides as a policy would.
        (ruleset([LOOPBACK, ACCEPT], [COUNTER, REJECT]), "drop"),
        (ruleset([{"log": {"prefix": "in: "}}, DROP]), "drop"),
        (ruleset([ACCEPT], [DROP], policy="drop"), "accept"),
        # A chain that is jumped to decides, or returns.
        (ruleset([to("zone")], zone=[[LOOPBACK, ACCEPT], [DROP]]), "drop"),
        (ruleset([to("zone")], [REJECT], zone=[[LOOPBACK, ACCEPT], [RETURN], [ACCEPT]]), "drop"),
        (ruleset([LOOPBACK, to("zone")], zone=[[DROP]]), "accept"),
        # What comes after a goto is not reached.
        (ruleset([to("zone", "goto")], [DROP], zone=[[LOOPBACK, ACCEPT]]), "accept"),
        (ruleset([to("zone", "goto")], [DROP], zone=[[REJECT]]), "drop"),
        (ruleset([to("a")], a=[[to("b")]], b=[[to("a")]]), "accept"),
        (ruleset([to("gone")]), "accept"),
        # iptables-nft
        (ruleset([XT_CONNTRACK, COUNTER, ACCEPT], [XT_COMMENT, COUNTER, XT_REJECT]), "drop"),
        (ruleset([XT_LOG], [XT_REJECT]), "drop"),
        (ruleset([XT_CONNTRACK, XT_REJECT]), "accept"),
        (ruleset([COUNTER, XT_UNSAID]), "opaque"),
        (ruleset([XT_UNSAID, DROP]), "accept"),
        (ruleset([COUNTER, XT_UNSAID], policy="drop"), "drop"),
        (ruleset([XT_UNSAID], [DROP]), "drop"),
        (ruleset([XT_UNSAID], [ACCEPT]), "opaque"),
        (ruleset([to("zone")], zone=[[XT_UNSAID]]), "opaque"),
    ],
)
def test_what_no_rule_is_about(filtering: Ruleset, verdict: str) -> None:
    assert filtering.default_input("ipv4") == verdict
    assert filtering.default_input("ipv6") == verdict


def test_a_family_is_about_its_own_protocol() -> None:
    only_6 = ruleset(policy="drop", family="ip6")

    assert (only_6.default_input("ipv4"), only_6.default_input("ipv6")) == ("accept", "drop")


def test_one_filter_that_drops_is_enough() -> None:
    both = together([ruleset([LOOPBACK, ACCEPT]), ruleset([XT_UNSAID]), ruleset(policy="drop")])

    assert (both.default_input("ipv4"), both.input_rules()) == ("drop", 2)


def test_only_chains_that_hook_into_input_count() -> None:
    forward = {"family": "ip", "table": "filter", "name": "FORWARD", "type": "filter", "hook": "forward"}
    docker = nftables(json.dumps({"nftables": [{"chain": {**forward, "policy": "drop"}}]}))

    assert (docker.default_input("ipv4"), docker.input_rules()) == ("accept", 0)


RED_HAT = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [35:4120]
:LOGGED - [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m comment --comment "the last one" -j {target}
-A LOGGED -j LOG --log-prefix "in: "
-A LOGGED -j DROP
COMMIT
"""


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        ("REJECT --reject-with icmp-host-prohibited", "drop"),
        ("DROP", "drop"),
        ("LOGGED", "drop"),
        ("ACCEPT", "accept"),
        ("RETURN", "accept"),
    ],
)
def test_iptables(target: str, verdict: str) -> None:
    saved = iptables(RED_HAT.format(target=target).splitlines(), "ipv4")

    assert (saved.default_input("ipv4"), saved.default_input("ipv6")) == (verdict, "accept")


def test_every_table_of_iptables_can_drop() -> None:
    saved = iptables(["*filter", ":INPUT ACCEPT [0:0]", "*mangle", ":INPUT DROP [0:0]"], "ipv6")

    assert saved.default_input("ipv6") == "drop"


@pytest.mark.parametrize("comment", ["short", '"two words"', '"one"'])
def test_a_comment_is_no_condition(comment: str) -> None:
    lines = [":INPUT ACCEPT [0:0]", f"-A INPUT -m comment --comment {comment} -j DROP"]

    assert iptables(lines, "ipv4").default_input("ipv4") == "drop"
