"""Segmentation on hosts: from where each service is reached, the host's own packet filter considered."""

import re
import shlex
from collections.abc import Iterator
from typing import Literal

from checks.semantics import packets, packets_nft
from checks.semantics.networks import Ports
from checks.semantics.packets import Version
from checks.semantics.spans import Spans, joined
from scanner import Facts, Host, Reason, check

from .host import ANY, LEGACY, NFT, SAVED, SAVED_6, is_loopback, listening, saved

_SOCKETS = "sudo ss -H -lntup"
FORWARDING = (
    "grep -sH . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding"
    " /proc/sys/net/ipv4/conf/*/forwarding"
)
_PROGRAM = re.compile(r'users:\(\("(?P<name>[^"]*)"')
_MOST = 32


class Service(Facts):
    """A socket that waits for strangers, and which of them the host's packet filter may let through.

    Limits, times, marks and interfaces that a rule names are not weighed: who may come at most is said.
    """

    protocol: Literal["tcp", "udp"]
    """TCP or UDP."""
    address: str
    """The address it listens on, without its interface; * for every IPv4 and IPv6 address."""
    port: int
    """The port it listens on."""
    program: str | None
    """The program that listens; none where the kernel itself does, as for NFS and WireGuard."""
    reached_from: Literal["itself", "nobody", "private-networks", "listed-addresses", "anyone"]
    """From where it may be reached: only from this machine; from nowhere else, as the filter drops all; from
    private networks; from some public addresses, too; from the internet at large."""
    sources: tuple[str, ...]
    """The addresses that may reach it, IPv4 before IPv6; of more than 32 each, the first."""
    passes_filter: bool
    """Whether some packets to this port are sent on before the filter for this machine sees them, as Docker
    does with ports that containers publish; ufw does not stop them."""
    admin_port: bool
    """Whether it is a port for remote administration: SSH, RDP, VNC, Docker, ..."""
    database_port: bool
    """Whether it is a port of a database, cache or search engine."""


class Forwarding(Facts):
    """Whether a host sends on packets that are not for itself."""

    forwards: bool
    """Whether it sends on IPv4 packets, on some interface."""
    forwards_ipv6: bool
    """Whether it sends on IPv6 packets."""


@check(_SOCKETS, NFT, LEGACY, SAVED, SAVED_6)
def services(host: Host) -> Iterator[Service]:
    """From where each of a host's services may be reached, once its own packet filter was asked.

    The filter is read from the kernel, whatever made it: nftables, iptables, firewalld, ufw. What stands
    before the host, such as a cloud's security groups, is not considered; nor are hosts.allow and hosts.deny,
    which few programs still read.
    """
    chains = filter_of(host)
    programs: dict[tuple[str, str], str | None] = {}
    for line in host.run(_SOCKETS).lines:
        named = _PROGRAM.search(line)
        for found in listening(line):
            programs[found] = programs.get(found) or (named["name"] if named else None)
    hold(host, len(programs) * packets.steps(chains))
    for (protocol, local), program in sorted(programs.items()):
        yield _service(host, chains, "udp" if protocol == "udp" else "tcp", local, program)


@check(FORWARDING)
def forwarding(host: Host) -> Iterator[Forwarding]:
    """Whether a host sends on packets that are not for itself, and so joins the networks that it is in.

    Hosts of containers and virtual machines do; whether their filter keeps networks apart is not said.
    """
    forwards, forwards_ipv6 = sends_on(host)
    yield Forwarding(resource=host.id, forwards=forwards, forwards_ipv6=forwards_ipv6)


def sends_on(host: Host) -> tuple[bool, bool]:
    """Whether a host sends on IPv4 packets, and IPv6 packets; its check declares FORWARDING.

    Raises:
        ReadError: it does not tell.
    """
    # grep ends with 2 where there is no IPv6.
    told = [line.partition(":") for line in host.run(FORWARDING, ok=(0, 2)).lines]
    on = [path for path, _, value in told if value.strip() != "0"]
    return any("/ipv4/" in path for path in on), any("/ipv6/" in path for path in on)


def filter_of(host: Host) -> packets.Chains:
    """The rules of a host's packet filter; its check declares NFT, LEGACY, SAVED and SAVED_6.

    Raises:
        ReadError: there is no program to list them with, or it does not list all.
    """
    rulesets: list[packets.Chains] = []
    opaque: frozenset[tuple[str, str]] = frozenset()
    if host.has("nft"):
        said, opaque = packets_nft.chains(host.run(NFT).text)
        # iptables spells these out itself, below.
        rulesets.append({key: chain for key, chain in said.items() if key[:2] not in opaque})
    # cat ends with 1 where the kernel has no older tables.
    if host.run(LEGACY, ok=(0, 1)).text.strip() or opaque or not rulesets:
        rulesets += [packets.saved(_words(host, SAVED), 4), packets.saved(_words(host, SAVED_6), 6)]
    return packets.together(rulesets)


def hold(host: Host, steps: int) -> None:
    """Hold a host to what can be followed in seconds.

    Raises:
        ReadError: it has more rules and ports than that.
    """
    if steps > packets.MOST_STEPS:
        raise host.refuse(
            NFT,
            Reason.INVALID_ANSWER,
            "the packet filter has more rules than can be followed",
            "make sets of them, as nft and ipset have, or see why there are so many",
        )


def _words(host: Host, command: str) -> list[list[str]]:
    return [shlex.split(line) for line in saved(host, command) if line.startswith(("*", ":", "-A"))]


def _service(
    host: Host, chains: packets.Chains, protocol: Literal["tcp", "udp"], local: str, program: str | None
) -> Service:
    name, _, number = local.rpartition(":")
    address, port = name.partition("%")[0].strip("[]"), int(number)
    ports = Ports(protocol, port, port)
    inside = address not in ANY and is_loopback(address)
    let_in: dict[Version, Spans] = {}
    passed = False
    for version in _versions(address):
        around = packets.redirected(chains, version, protocol, port)
        passed = passed or bool(around)
        through = packets.sources(chains, version, protocol, port)
        let_in[version] = joined((*through, *around))
    return Service(
        resource=f"{host.id}:{protocol}:{local}",
        protocol=protocol,
        address=address,
        port=port,
        program=program,
        reached_from="itself" if inside else reached_from(let_in),
        sources=()
        if inside
        else tuple(text for version in let_in for text in packets.written(let_in[version], version, _MOST)),
        passes_filter=passed and not inside,
        admin_port=ports.admin,
        database_port=ports.database,
    )


def _versions(address: str) -> tuple[Version, ...]:
    if address == "*":
        return (4, 6)
    return (6,) if ":" in address and not address.startswith("::ffff:") else (4,)


def reached_from(
    let_in: dict[Version, Spans],
) -> Literal["nobody", "private-networks", "listed-addresses", "anyone"]:
    """In one word, who it is whose packets are let through."""
    if any(packets.anyone(spans, version) for version, spans in let_in.items()):
        return "anyone"
    if any(packets.public(spans, version) for version, spans in let_in.items()):
        return "listed-addresses"
    return "private-networks" if any(let_in.values()) else "nobody"
