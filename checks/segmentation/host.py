"""Segmentation on hosts: what listens, and what the packet filter lets in."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Literal

from checks.semantics import firewall as filters
from checks.semantics.networks import Ports
from scanner import Facts, Host, Reason, check

_SOCKETS = "ss -H -lntu"
NFT = "sudo nft -j list ruleset"
LEGACY = "sudo cat /proc/net/ip_tables_names /proc/net/ip6_tables_names"
SAVED = "sudo iptables-save"
SAVED_6 = "sudo ip6tables-save"

ANY = frozenset({"*", "0.0.0.0", "::"})  # noqa: S104 - read, not bound


class Listener(Facts):
    """A socket that waits for strangers; a packet filter may still keep them out."""

    protocol: Literal["tcp", "udp"]
    """TCP or UDP."""
    address: str
    """The address it listens on, without its interface; * for every IPv4 and IPv6 address."""
    port: int
    """The port it listens on."""
    loopback: bool
    """Whether only this machine itself can reach it."""
    every_address: bool
    """Whether it listens on every address that the machine has."""
    admin_port: bool
    """Whether it is a port for remote administration: SSH, RDP, VNC, Docker, ..."""
    database_port: bool
    """Whether it is a port of a database, cache or search engine."""


class PacketFilter(Facts):
    """What the packet filter does with what arrives for the machine itself."""

    default_input: Literal["accept", "drop"]
    """What happens to an IPv4 packet that no rule singles out; drop stands for reject too."""
    default_input_ipv6: Literal["accept", "drop"]
    """The same for IPv6, whether or not the machine has an IPv6 address."""
    input_rules: int
    """How many rules stand in the chains that see every incoming packet."""


@check(_SOCKETS)
def listeners(host: Host) -> Iterator[Listener]:
    """Which TCP and UDP sockets wait for somebody to connect, and on which addresses."""
    # Several sockets can share one address and port, as a web server's workers do.
    for protocol, local in sorted({found for line in host.run(_SOCKETS).lines for found in listening(line)}):
        address, _, port = local.rpartition(":")
        yield _listener(host, "udp" if protocol == "udp" else "tcp", address, int(port))


@check(NFT, LEGACY, SAVED, SAVED_6)
def firewall(host: Host) -> Iterator[PacketFilter]:
    """What the packet filter does with incoming packets that no rule singles out.

    It is read from the kernel, so it holds for whatever made the rules: nftables, iptables, firewalld, ufw.
    What is forwarded, as to containers' published ports, does not pass here. Where there is no program to
    list the rules with, nothing is said: somebody may have made rules all the same.
    """
    rulesets = []
    if host.has("nft"):
        rulesets.append(filters.nftables(host.run(NFT).text))
    # The older tables are a filter of their own beside nftables. cat ends with 1 where the kernel has none.
    if host.run(LEGACY, ok=(0, 1)).text.strip() or not rulesets:
        rulesets += [_saved(host, SAVED, "ipv4"), _saved(host, SAVED_6, "ipv6")]
    ruleset = filters.together(rulesets)
    yield PacketFilter(
        resource=host.id,
        default_input=_default(host, ruleset, "ipv4"),
        default_input_ipv6=_default(host, ruleset, "ipv6"),
        input_rules=ruleset.input_rules(),
    )


def listening(line: str) -> Iterator[tuple[str, str]]:
    """The protocol and local address that a line of ss names, if it names a port."""
    match line.split():
        case ["tcp" | "udp" as protocol, _, _, _, local, *_] if local.rpartition(":")[2].isdecimal():
            yield protocol, local
        case _:
            pass


def _listener(host: Host, protocol: Literal["tcp", "udp"], local: str, port: int) -> Listener:
    address = local.partition("%")[0].strip("[]")
    ports = Ports(protocol, port, port)
    return Listener(
        resource=f"{host.id}:{protocol}:{local}:{port}",
        protocol=protocol,
        address=address,
        port=port,
        loopback=address not in ANY and is_loopback(address),
        every_address=address in ANY,
        admin_port=ports.admin,
        database_port=ports.database,
    )


def is_loopback(address: str) -> bool:
    """Whether only this machine itself reaches an address.

    Raises:
        ValueError: it is no address.
    """
    return ip_address(address.removeprefix("::ffff:")).is_loopback


def _saved(host: Host, command: str, protocol: filters.Protocol) -> filters.Ruleset:
    return filters.iptables(saved(host, command), protocol)


def saved(host: Host, command: str) -> tuple[str, ...]:
    """The lines that iptables-save or ip6tables-save printed.

    Raises:
        ReadError: there is no such program, or it does not list all that the kernel has.
    """
    if not host.has("iptables-save"):
        raise host.refuse(
            command,
            Reason.NOT_COLLECTED,
            "there is no program to list the packet filter's rules with; there may be rules all the same",
            "install nftables on the host (iptables, where its older tables are in use)",
        )
    printed = host.run(command)
    if "legacy tables present" in printed.text + printed.errors:
        raise host.refuse(
            command,
            Reason.NOT_COLLECTED,
            "there are rules in the older tables, which this iptables does not list",
            "move the rules of iptables-legacy to nftables",
        )
    return printed.lines


def _default(host: Host, ruleset: filters.Ruleset, protocol: filters.Protocol) -> Literal["accept", "drop"]:
    verdict = ruleset.default_input(protocol)
    if verdict == "opaque":
        raise host.refuse(
            NFT,
            Reason.INVALID_ANSWER,
            f"the {protocol} default depends on a rule of iptables that this nft does not spell out",
            "update nftables on the host",
        )
    return verdict
