"""Whose packets a packet filter lets through to a port: its rules, one by one, for one port at a time.

The answer is the most that may get through. A condition that is not understood, or that changes (limits,
times, marks, interfaces), counts as met where a rule accepts, and as not met where it drops.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_network, summarize_address_range
from typing import Literal

import msgspec
from msgspec.structs import replace

from .networks import reserved
from .spans import Spans, common, joined, without

Version = Literal[4, 6]
EVERYBODY: Mapping[Version, Spans] = {4: ((0, 2**32 - 1),), 6: ((0, 2**128 - 1),)}
# All global unicast IPv6 addresses begin with 001.
_INTERNET: Mapping[Version, Spans] = {4: EVERYBODY[4], 6: ((1 << 125, (2 << 125) - 1),)}
_DEEPEST = 32
MOST_STEPS = 5_000_000
"""What may be gone for one host: some seconds. Hosts with thousands of rules need a tenth of it."""

Key = tuple[str, str, str]
"""Family (ip, ip6, inet), table, chain."""


class Rule(msgspec.Struct, frozen=True):
    """What one rule asks of a packet that opens a connection, and does with it."""

    verdict: str | None = None
    """accept, drop, return, dnat, `jump x`, `goto x`; None: nothing that ends its way."""
    protocols: frozenset[str] | None = None
    ports: Spans | None = None
    sources: Mapping[Version, Spans] | None = None
    """By address, where it asks; a version that is not in it does not match."""
    certain: bool = True
    """Whether there is no further condition."""
    interface: str | None = None
    """The interface that the packet came in by, where it asks for one; a star stands for any end."""
    never: bool = False
    """Whether it is about no packet that comes from elsewhere and opens a connection."""

    def met_by(self, protocol: str, port: int) -> bool:
        """Whether a packet to that port may be one that it is about."""
        if self.never or (self.protocols is not None and protocol not in self.protocols):
            return False
        return self.ports is None or any(first <= port <= last for first, last in self.ports)

    def anywhere(self) -> bool:
        """Whether it is about every packet."""
        asks = (self.protocols, self.ports, self.sources, self.interface)
        return self.certain and not self.never and asks == (None,) * len(asks)

    def within(self, version: Version) -> Spans:
        """Whose packets it is about."""
        return EVERYBODY[version] if self.sources is None else self.sources.get(version, ())

    def narrowed(self, version: Version, spans: Spans) -> "Rule":
        """The same for fewer senders: one of its addresses' version, and among these."""
        return replace(self, sources={version: common(self.within(version), spans)})


class Chain(msgspec.Struct):
    """Rules, and where the packet comes to them by itself."""

    hook: str | None = None
    policy: str = "accept"
    rules: list[Rule] = msgspec.field(default_factory=list)


Chains = Mapping[Key, Chain]


def sources(chains: Chains, version: Version, protocol: str, port: int) -> Spans:
    """Whose packets may get through to a port of this machine: every chain on their way has to let them."""
    return _through(chains, _Walk(chains, version, protocol, port), "input")


def forwarded(chains: Chains, version: Version, interfaces: Iterable[str]) -> Spans:
    """Whose packets may be sent on to other machines or containers, of those that come in by some interfaces.

    It is enough that some port of TCP or UDP gets through.
    """
    passed = _passed(chains, ("forward", "prerouting"))
    asked = {port for key in passed for rule in chains[key].rules for port in _ends(rule.ports)}
    found: Spans = ()
    for interface in interfaces:
        for protocol in ("tcp", "udp"):
            for port in sorted({1, *asked}):
                walk = _Walk(chains, version, protocol, port, interface)
                found = joined((*found, *_through(chains, walk, "forward")))
    return found


def forwarded_by_default(chains: Chains, version: Version) -> bool:
    """Whether a packet for another machine that no rule singles out is sent on."""
    plain = {
        key: replace(chain, rules=[rule for rule in chain.rules if rule.anywhere()])
        for key, chain in chains.items()
    }
    return bool(_through(plain, _Walk(plain, version, "tcp", 1), "forward"))


def steps(chains: Chains, *, forwarding: bool = False) -> int:
    """How long it takes to follow one port's packets or, forwarding, an interface's: microseconds each."""
    passed = _passed(chains, ("forward", "prerouting") if forwarding else ("input", "prerouting"))
    rules = [rule for key in passed for rule in chains[key].rules]
    ports = len({port for rule in rules for port in _ends(rule.ports)}) + 1
    # The more rules, the more stretches of addresses each of them is held to.
    return len(rules) * (1 + len(rules) // 200) * (2 * ports if forwarding else 1)


def _passed(chains: Chains, hooks: Collection[str]) -> set[Key]:
    """The chains that packets come to from some hooks: tables for other purposes may have thousands."""
    ahead = [key for key, chain in chains.items() if chain.hook in hooks]
    found: set[Key] = set()
    while ahead:
        key = ahead.pop()
        if key in found or key not in chains:
            continue
        found.add(key)
        verdicts = ((rule.verdict or "").partition(" ") for rule in chains[key].rules)
        ahead += [(key[0], key[1], name) for word, _, name in verdicts if word in ("jump", "goto")]
    return found


def _ends(ports: Spans | None) -> Iterable[int]:
    """Where something changes: each stretch's first port, and the one behind its last."""
    return (port for first, last in ports or () for port in (first, min(last + 1, PORTS[0][1])))


def _through(chains: Chains, walk: "_Walk", hook: str) -> Spans:
    families = {"inet", "ip" if walk.version == 4 else "ip6"}  # noqa: PLR2004 - IPv4
    through = EVERYBODY[walk.version]
    for key, chain in chains.items():
        if chain.hook in (hook, "prerouting") and key[0] in families:
            accepted, left = walk.along(key, through, 0)
            through = joined((*accepted, *left)) if chain.policy == "accept" else accepted
    return through


def redirected(chains: Chains, version: Version, protocol: str, port: int) -> Spans:
    """Whose packets to a port are sent on to another machine or container, before any filter for this one."""
    families = {"inet", "ip" if version == 4 else "ip6"}  # noqa: PLR2004 - IPv4
    found: Spans = ()
    for key, chain in chains.items():
        for rule in chain.rules if key[0] in families else ():
            if rule.verdict == "dnat" and rule.ports is not None and rule.met_by(protocol, port):
                found = joined((*found, *rule.within(version)))
    return found


Fate = tuple[Spans, Spans]
"""Who is accepted by a chain, and who comes to its end or returns."""


@dataclass(frozen=True)
class _Walk:
    chains: Chains
    version: Version
    protocol: str
    port: int
    interface: str | None = None
    """By which interface the packet comes in; None: by any."""
    fates: dict[Key, Fate] = field(default_factory=dict, compare=False)
    """Of everybody: one sender's does not depend on another's, so a chain is gone along once."""

    def along(self, key: Key, left: Spans, depth: int) -> Fate:
        """What becomes of these senders in a chain."""
        accepted, returned = self._fate(key, depth)
        return common(accepted, left), common(returned, left)

    def _fate(self, key: Key, depth: int) -> Fate:
        everybody = EVERYBODY[self.version]
        if key not in self.chains or depth >= _DEEPEST:
            return (), everybody
        if key not in self.fates:
            # No kernel takes a chain that comes back to itself; a host may claim to have one.
            self.fates[key] = (), everybody
            self.fates[key] = self._gone_along(key, everybody, depth)
        return self.fates[key]

    def _gone_along(self, key: Key, left: Spans, depth: int) -> Fate:
        accepted: Spans = ()
        returned: Spans = ()
        for rule in self.chains[key].rules:
            hit = common(left, rule.within(self.version))
            if not hit or not self._meets(rule) or rule.verdict in (None, "dnat"):
                continue
            through, back, on = self._done(rule, key, hit, depth)
            accepted = joined((*accepted, *through))
            returned = joined((*returned, *back))
            if rule.certain and (rule.interface is None or self.interface is not None):
                left = joined((*without(left, hit), *on))
        return accepted, joined((*left, *returned))

    def _meets(self, rule: Rule) -> bool:
        asked = rule.interface
        elsewhere = asked and self.interface and not fnmatchcase(self.interface, asked)
        return not elsewhere and rule.met_by(self.protocol, self.port)

    def _done(self, rule: Rule, key: Key, hit: Spans, depth: int) -> tuple[Spans, Spans, Spans]:
        """Of those whom a rule is about: who is accepted, who returns, and who goes on to the next rule."""
        word, _, target = (rule.verdict or "").partition(" ")
        if word == "accept":
            return hit, (), ()
        if word == "return":
            return (), hit, ()
        if word in ("jump", "goto"):
            accepted, back = self.along((key[0], key[1], target), hit, depth + 1)
            return (accepted, (), back) if word == "jump" else (accepted, back, ())
        return (), (), ()


def anyone(spans: Spans, version: Version) -> bool:
    """Whether it is the internet at large: at least half of its addresses."""
    internet = _INTERNET[version]
    return 2 * _size(common(spans, internet)) >= _size(internet)


def public(spans: Spans, version: Version) -> bool:
    """Whether some address of the public internet is among them."""
    inner = joined(
        (int(network.network_address), int(network.broadcast_address)) for network in reserved(version)
    )
    return bool(without(common(spans, _INTERNET[version]), inner))


def written(spans: Spans, version: Version, most: int) -> tuple[str, ...]:
    """Ranges as text, as in 10.0.0.0/8; of more than so many, the first."""
    address = IPv4Address if version == 4 else IPv6Address  # noqa: PLR2004 - IPv4
    found: list[str] = []
    for first, last in spans[:most]:
        found += [str(network) for network in summarize_address_range(address(first), address(last))]
    return tuple(found[:most])


def _size(spans: Spans) -> int:
    return sum(last - first + 1 for first, last in spans)


def together(rulesets: Iterable[Chains]) -> dict[Key, Chain]:
    """Several filters that one packet passes one after the other."""
    return {
        (family, f"{number}/{table}", name): chain
        for number, chains in enumerate(rulesets)
        for (family, table, name), chain in chains.items()
    }


def complement(spans: Spans, whole: Spans, *, negated: bool) -> Spans:
    """What a condition is about, where it may say the opposite."""
    return without(whole, spans) if negated else spans


PORTS: Spans = ((0, 65535),)


def saved(lines: Iterable[Sequence[str]], version: Version) -> dict[Key, Chain]:
    """The rules of iptables-save or ip6tables-save, split into words as a shell would."""
    family = "ip" if version == 4 else "ip6"  # noqa: PLR2004 - IPv4
    chains: dict[Key, Chain] = {}
    table = ""
    for words in lines:
        match words:
            case [first, *_] if first.startswith("*"):
                table = first[1:]
            case [first, policy, *_] if first.startswith(":"):
                hook = {"INPUT": "input", "FORWARD": "forward", "PREROUTING": "prerouting"}.get(first[1:])
                counts = hook if table != "nat" else None
                said = "drop" if policy == "DROP" else "accept"
                chains[family, table, first[1:]] = Chain(counts, said)
            case ["-A", name, *rest]:
                chains.setdefault((family, table, name), Chain()).rules.append(_saved_rule(rest, version))
            case _:
                pass
    return chains


_ENDS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return", "DNAT": "dnat"}
_STAY = frozenset({"LOG", "NFLOG", "MARK", "CONNMARK", "TRACE", "AUDIT", "CT", "SET", "MASQUERADE", "SNAT"})


def _saved_rule(words: Sequence[str], version: Version) -> Rule:
    rule, negated, rest = Rule(), False, list(words)
    while rest:
        word = rest.pop(0)
        if word == "!":
            negated = True
            continue
        value = rest.pop(0) if rest and rest[0] != "!" and not rest[0].startswith("-") else ""
        rule = _with(rule, word, value, version, negated=negated)
        negated = False
    return rule


def _with(  # noqa: C901, PLR0911, PLR0912 - one line for each option of iptables
    rule: Rule, word: str, value: str, version: Version, *, negated: bool
) -> Rule:
    """A rule with one more option."""
    match word:
        case "-j" | "-g":
            if value in _STAY:
                return replace(rule, verdict=None)
            kind = "jump" if word == "-j" else "goto"
            return replace(rule, verdict=_ENDS.get(value, f"{kind} {value}"))
        case "-s":
            return rule.narrowed(version, complement(span(value), EVERYBODY[version], negated=negated))
        case "-p" if not negated:
            return rule if value == "all" else replace(rule, protocols=frozenset({value}))
        case "--dport" | "--dports":
            return replace(rule, ports=complement(_ports(value), PORTS, negated=negated))
        case "--state" | "--ctstate":
            return replace(rule, never=rule.never or (("NEW" in value.split(",")) == negated))
        case "-d" if value.startswith("127.") and not negated:
            return replace(rule, never=True)
        case "-i" if value == "lo":
            return replace(rule, never=rule.never or not negated)
        case "-i" if negated:
            # Docker's rules leave out what its own bridge sends.
            return rule
        case "-i":
            return replace(rule, interface=f"{value[:-1]}*" if value.endswith("+") else value)
        case "-m" | "--comment" | "--syn" | "--reject-with" | "--to-destination":
            return rule
        case "--dst-type" if value == "LOCAL" and not negated:
            return rule
        case _:
            return replace(rule, certain=False)


def span(value: str) -> Spans:
    """An address or network as a stretch of addresses; a mask may be written out."""
    network = ip_network(value, strict=False)
    return ((int(network.network_address), int(network.broadcast_address)),)


def _ports(value: str) -> Spans:
    found = []
    for part in value.split(","):
        first, _, last = part.partition(":")
        if first.isdecimal() or last.isdecimal():
            found.append((int(first or 0), int(last or first or 65535)))
    return joined(found)
