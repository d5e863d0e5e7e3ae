"""What a packet filter does with a packet to this machine that no rule is about."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

Verdict = Literal["accept", "drop", "opaque"]
"""`drop` stands for reject too; `opaque`: a rule rejects or does nothing, which cannot be told."""
Protocol = Literal["ipv4", "ipv6"]

_FAMILIES: Mapping[Protocol, frozenset[str]] = {
    "ipv4": frozenset({"ip", "inet"}),
    "ipv6": frozenset({"ip6", "inet"}),
}
# Expressions that neither match nor decide.
_SILENT = frozenset({"counter", "log", "mangle", "notrack", "set", "ct helper"})
_SILENT_EXTENSIONS = ({"type": "match", "name": "comment"},)
_DROPS = frozenset({"drop", "reject"})
_DEEPEST = 64

Key = tuple[str, str, str]
"""Family, table, chain."""


class _Chain(msgspec.Struct):
    hooked: bool = False
    policy: str = "accept"
    rules: list[Sequence[Mapping[str, Any]]] = msgspec.field(default_factory=list)


class Ruleset(msgspec.Struct, frozen=True):
    """The chains of a packet filter."""

    chains: Mapping[Key, _Chain]

    def default_input(self, protocol: Protocol) -> Verdict:
        """What happens to a packet to this machine that no rule singles out.

        A packet has to be accepted by every chain that hooks into input.
        """
        said = {
            self._end(key, chain.policy, 0)
            for key, chain in self.chains.items()
            if chain.hooked and key[0] in _FAMILIES[protocol]
        }
        return next((verdict for verdict in _WORST_FIRST if verdict in said), "accept")

    def input_rules(self) -> int:
        """How many rules the chains that hook into input have of their own."""
        return sum(len(chain.rules) for chain in self.chains.values() if chain.hooked)

    def _end(self, key: Key, policy: str, depth: int) -> Verdict:
        """How a chain ends for what no rule singles out: at its first rule without a condition."""
        verdict = self._decided(key, depth)
        if policy in _DROPS and verdict in (None, "opaque"):
            return "drop"
        return verdict or "accept"

    def _decided(self, key: Key, depth: int) -> Verdict | None:
        """What a chain decides by itself; None when it returns."""
        opaque = False
        for rule in self.chains[key].rules if key in self.chains else ():
            match _unconditional(rule):
                case "opaque":
                    opaque = True
                case "accept":
                    return "opaque" if opaque else "accept"
                case "drop" | "reject":
                    return "drop"
                case "return":
                    break
                case str() as target if depth < _DEEPEST:
                    verdict = self._decided((key[0], key[1], target.partition(" ")[2]), depth + 1)
                    if verdict == "opaque":
                        opaque = True
                    elif verdict is not None:
                        return verdict
                    elif target.startswith("goto "):
                        break
                case _:
                    pass
        return "opaque" if opaque else None


_WORST_FIRST: tuple[Verdict, ...] = ("drop", "opaque", "accept")
"""One chain that drops is enough."""


def nftables(text: str) -> Ruleset:
    """The rules that `nft --json list ruleset` printed."""
    chains: dict[Key, _Chain] = {}
    for item in json.loads(text)["nftables"]:
        if "chain" in item:
            said = item["chain"]
            hooked = said.get("hook") == "input" and said.get("type") == "filter"
            chains[said["family"], said["table"], said["name"]] = _Chain(hooked, said.get("policy", "accept"))
    for item in json.loads(text)["nftables"]:
        if "rule" in item:
            said = item["rule"]
            chains[said["family"], said["table"], said["chain"]].rules.append(said["expr"])
    return Ruleset(chains)


def iptables(lines: Iterable[str], protocol: Protocol) -> Ruleset:
    """The rules that `iptables-save` or `ip6tables-save` printed; each table's INPUT sees the packet."""
    family = "ip" if protocol == "ipv4" else "ip6"
    chains: dict[Key, _Chain] = {}
    table = ""
    for line in lines:
        words = line.split()
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            name, policy = words[0][1:], words[1].lower()
            chains[family, table, name] = _Chain(name == "INPUT", policy if policy != "-" else "accept")
        elif line.startswith("-A "):
            chains[family, table, words[1]].rules.append(_saved_rule(words[2:]))
    return Ruleset(chains)


def together(rulesets: Iterable[Ruleset]) -> Ruleset:
    """Several filters that one packet passes one after the other."""
    return Ruleset(
        {
            (family, f"{number}/{table}", chain): rules
            for number, ruleset in enumerate(rulesets)
            for (family, table, chain), rules in ruleset.chains.items()
        }
    )


def _unconditional(rule: Sequence[Mapping[str, Any]]) -> str | None:
    """What a rule does to every packet: a verdict, `jump x`, `goto x`, `opaque`; None: it has a condition."""
    opaque = False
    for expression in rule:
        for word, said in expression.items():
            if word in _SILENT or (word == "xt" and said in _SILENT_EXTENSIONS):
                continue
            if word in ("accept", "drop", "reject", "return", "jump", "goto") and opaque:
                # What was not understood is not the verdict, so it is a condition.
                return None
            if word in ("accept", "drop", "reject", "return"):
                return word
            if word in ("jump", "goto"):
                return f"{word} {said['target']}"
            if word != "xt":
                return None
            verdict = _extension(said)
            if verdict != "opaque":
                return verdict
            opaque = True
    return "opaque" if opaque else None


def _extension(said: Any) -> str | None:
    """An expression of iptables-nft's own; older nft does not say which."""
    match said:
        case {"type": "target", "name": "REJECT"}:
            return "reject"
        case {"type": "match"}:
            return None
        case {"type": "target", "name": "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "TRACE" | "AUDIT"}:
            return None
        case _:
            return "opaque"


def _saved_rule(words: Sequence[str]) -> list[Mapping[str, Any]]:
    """A rule of iptables-save as nft would say it: only rules without a condition matter here."""
    match words:
        case ["-j", "ACCEPT" | "DROP" | "REJECT" | "RETURN" as verdict, *_]:
            return [{verdict.lower(): None}]
        case ["-j", target]:
            return [{"jump": {"target": target}}]
        case ["-g", target]:
            return [{"goto": {"target": target}}]
        case ["-m", "comment", "--comment", *rest]:
            return _saved_rule(_after_comment(rest))
        case _:
            return [{"match": None}]


def _after_comment(words: Sequence[str]) -> Sequence[str]:
    """A comment of several words is quoted."""
    if not words or not words[0].startswith('"'):
        return words[1:]
    closing = (
        number for number, word in enumerate(words) if word.endswith('"') and (number or len(word) > 1)
    )
    return words[next(closing, len(words)) + 1 :]
