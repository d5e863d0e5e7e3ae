"""The rules of nftables, as its JSON has them, in the form that `packets` follows them in."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from msgspec.structs import replace

from .packets import EVERYBODY, PORTS, Chain, Key, Rule, Version, complement, span
from .spans import Spans, joined

_SILENT = frozenset({"counter", "log", "mangle", "notrack", "ct helper", "set"})
_ENDS = {"accept": "accept", "drop": "drop", "reject": "drop", "return": "return", "dnat": "dnat"}
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}|[0-9a-f]*:[0-9a-f:.]*")
_NUMBERS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp"}

Sets = Mapping[tuple[str, str, str], Sequence[Any]]


def chains(text: str) -> tuple[dict[Key, Chain], frozenset[tuple[str, str]]]:
    """The chains that `nft -j list ruleset` printed, and the tables whose rules only iptables spells out."""
    items = json.loads(text)["nftables"]
    found: dict[Key, Chain] = {}
    sets: dict[tuple[str, str, str], Sequence[Any]] = {}
    opaque = set()
    for item in items:
        if "chain" in item:
            said = item["chain"]
            hook = said.get("hook") if said.get("type") == "filter" else None
            found[said["family"], said["table"], said["name"]] = Chain(hook, said.get("policy", "accept"))
        for kind in ("set", "map"):
            if kind in item:
                said = item[kind]
                sets[said["family"], said["table"], said["name"]] = said.get("elem", ())
    for item in items:
        if "rule" in item:
            said = item["rule"]
            key = (said["family"], said["table"], said["chain"])
            found.setdefault(key, Chain()).rules += _Reader(key, sets).rules(said["expr"])
            if any("xt" in expression for expression in said["expr"]):
                opaque.add(key[:2])
    return found, frozenset(opaque)


class _Reader:
    """One rule's expressions, read one after the other; a map of verdicts makes several rules of it."""

    def __init__(self, key: Key, sets: Sets) -> None:
        self._key, self._sets = key, sets

    def rules(self, expressions: Sequence[Mapping[str, Any]]) -> list[Rule]:
        rules = [Rule()]
        for expression in expressions:
            for word, said in expression.items():
                if word not in _SILENT:
                    rules = [each for rule in rules for each in self._read(rule, word, said)]
        return rules

    def _read(self, rule: Rule, word: str, said: Any) -> Iterator[Rule]:
        match said:
            case {"left": {"concat": [*parts]}, "right": right, "op": "==" | "in"} if word == "match":
                yield from self._joint(rule, parts, right)
            case {"key": _, "data": _} if word == "vmap":
                yield from self._mapped(rule, said)
            case _:
                yield self._with(rule, word, said)

    def _with(self, rule: Rule, word: str, said: Any) -> Rule:
        if word in _ENDS:
            return replace(rule, verdict=_ENDS[word])
        if word in ("jump", "goto"):
            return replace(rule, verdict=f"{word} {said['target']}")
        if word == "queue":
            return replace(rule, verdict="accept", certain=False)
        if word == "match":
            return self._matching(rule, said["left"], said["right"], negated=said["op"] == "!=")
        return replace(rule, certain=False)

    def _mapped(self, rule: Rule, said: Mapping[str, Any]) -> Iterator[Rule]:
        for element in self._elements(said["data"]):
            wanted, verdict = element if isinstance(element, list) else (element, None)
            if verdict is None:
                continue
            each = rule
            if wanted != "*":
                each = self._matching(each, said["key"], wanted, negated=False)
            for word, target in verdict.items():
                yield self._with(each, word, target)

    def _matching(  # noqa: PLR0911 - one for each field
        self, rule: Rule, left: Any, right: Any, *, negated: bool
    ) -> Rule:
        match left:
            case {"payload": {"protocol": ("tcp" | "udp" | "th" | "sctp") as layer, "field": "dport"}}:
                named = rule if layer == "th" else replace(rule, protocols=frozenset({layer}))
                ports = self._ports(right)
                if ports is None:
                    return replace(named, certain=False)
                return replace(named, ports=complement(ports, PORTS, negated=negated))
            case {"payload": {"protocol": ("ip" | "ip6") as layer, "field": "saddr"}}:
                version: Version = 4 if layer == "ip" else 6
                spans = self._addresses(right)
                if spans is None:
                    return replace(rule.narrowed(version, EVERYBODY[version]), certain=False)
                return rule.narrowed(version, complement(spans, EVERYBODY[version], negated=negated))
            case {"payload": {"field": "protocol" | "nexthdr"}} | {"meta": {"key": "l4proto"}} if not negated:
                return replace(rule, protocols=frozenset(map(_protocol, self._elements(right))))
            case {"meta": {"key": "iif" | "iifname"}}:
                return self._interface(rule, right, negated=negated)
            case {"meta": {"key": "nfproto"}} if right in ("ipv4", "ipv6") and not negated:
                only: Version = 4 if right == "ipv4" else 6
                return rule.narrowed(only, EVERYBODY[only])
            case {"ct": {"key": "state"}}:
                fresh = bool({"new", "untracked"} & {*map(str, self._elements(right))})
                return replace(rule, never=rule.never or fresh == negated)
            case _:
                return replace(rule, certain=False)

    def _joint(self, rule: Rule, parts: Sequence[Any], right: Any) -> Iterator[Rule]:
        """Several fields at once: one rule for each combination."""
        for element in self._elements(right):
            if not isinstance(element, dict) or "concat" not in element:
                yield replace(rule, certain=False)
                return
            each = rule
            for part, value in zip(parts, element["concat"], strict=False):
                each = self._matching(each, part, value, negated=False)
            yield each

    def _interface(self, rule: Rule, right: Any, *, negated: bool) -> Rule:
        names = self._elements(right)
        if names == ["lo"]:
            return replace(rule, never=rule.never or not negated)
        if not negated and len(names) == 1 and isinstance(names[0], str):
            return replace(rule, interface=names[0])
        return replace(rule, certain=False)

    def _elements(self, right: Any) -> list[Any]:
        if isinstance(right, str) and right.startswith("@"):
            right = {"set": self._sets.get((self._key[0], self._key[1], right[1:]), ())}
        if isinstance(right, dict) and "set" in right:
            right = right["set"]
        listed = list(right) if isinstance(right, (list, tuple)) else [right]
        return [each["elem"]["val"] if isinstance(each, dict) and "elem" in each else each for each in listed]

    def _ports(self, right: Any) -> Spans | None:
        """None: it is not understood."""
        found = []
        for each in self._elements(right):
            match each:
                case int():
                    found.append((each, each))
                case {"range": [int() as first, int() as last]}:
                    found.append((first, last))
                case _:
                    return None
        return joined(found)

    def _addresses(self, right: Any) -> Spans | None:
        """None: it is not understood."""
        found: list[tuple[int, int]] = []
        for each in self._elements(right):
            match each:
                case str() if _ADDRESS.fullmatch(each):
                    found += span(each)
                case {"prefix": {"addr": str() as addr, "len": int() as length}}:
                    found += span(f"{addr}/{length}")
                case {"range": [str() as first, str() as last]}:
                    found.append((int(ip_address(first)), int(ip_address(last))))
                case _:
                    return None
        return joined(found)


def _protocol(said: Any) -> str:
    return _NUMBERS.get(said, str(said)) if isinstance(said, int) else str(said)
