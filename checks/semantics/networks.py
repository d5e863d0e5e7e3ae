"""What address ranges and ports mean."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import NamedTuple

Network = IPv4Network | IPv6Network

# IANA's special-purpose address registries (RFC 6890 and its updates), where "globally reachable" is false,
# and multicast. Python's own is_private and is_global differ between versions, and of a range they ask its
# two ends only.
_RESERVED_4 = tuple(
    IPv4Network(cidr)
    for cidr in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers' customers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # future use, broadcast
    )
)
_RESERVED_6 = tuple(
    IPv6Network(cidr)
    for cidr in (
        "::/127",  # unspecified, loopback
        "::ffff:0:0/96",  # IPv4 mapped
        "64:ff9b:1::/48",  # local translation
        "100::/64",  # discard
        "2001::/23",  # protocol assignments
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # private
        "fe80::/10",  # link-local
        "ff00::/8",  # multicast
    )
)
# Collapsed, so that a range that lies in several neighbours lies in one.
_RESERVED: Mapping[int, tuple[Network, ...]] = {
    4: tuple(collapse_addresses(_RESERVED_4)),
    6: tuple(collapse_addresses(_RESERVED_6)),
}

# Two rules for one half each are the usual way around a filter that looks for /0. All global unicast IPv6
# addresses begin with 001 (2000::/3).
_HALVES: Mapping[int, tuple[Network, ...]] = {
    4: (IPv4Network("0.0.0.0/1"), IPv4Network("128.0.0.0/1")),
    6: (IPv6Network("2000::/4"), IPv6Network("3000::/4")),
}

LAST_PORT = 65535

ADMIN_PORTS: Mapping[int, str] = {
    22: "SSH",
    23: "Telnet",
    135: "Windows RPC",
    445: "SMB",
    512: "rexec",
    513: "rlogin",
    514: "rsh",
    623: "IPMI",
    2375: "Docker",
    2376: "Docker",
    2379: "etcd",
    3389: "RDP",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM",
    6443: "Kubernetes",
    8291: "Winbox",
    10000: "Webmin",
    10250: "kubelet",
}
"""TCP ports by which machines are administered, and what usually listens there."""

ADMIN_PORTS_UDP: Mapping[int, str] = {161: "SNMP", 623: "IPMI", 3389: "RDP"}
"""The same for UDP."""

DATABASE_PORTS: Mapping[int, str] = {
    1433: "SQL Server",
    1434: "SQL Server",
    1521: "Oracle",
    1830: "Oracle",
    1972: "InterSystems IRIS",
    2484: "Oracle",
    3050: "Firebird",
    3306: "MySQL",
    4333: "mSQL",
    5432: "PostgreSQL",
    5433: "PostgreSQL",
    5439: "Redshift",
    5984: "CouchDB",
    6379: "Redis",
    7000: "Cassandra",
    7001: "Cassandra",
    7474: "Neo4j",
    7687: "Neo4j",
    8086: "InfluxDB",
    8123: "ClickHouse",
    8182: "Neptune",
    9042: "Cassandra",
    9160: "Cassandra",
    9200: "Elasticsearch",
    9300: "Elasticsearch",
    11211: "Memcached",
    27017: "MongoDB",
    27018: "MongoDB",
    27019: "MongoDB",
    50000: "Db2",
}
"""TCP ports of databases, caches and search engines, and what usually listens there."""

DATABASE_PORTS_UDP: Mapping[int, str] = {1434: "SQL Server", 11211: "Memcached"}
"""The same for UDP."""


class Ports(NamedTuple):
    """A range of ports of one protocol."""

    protocol: str
    """As in tcp; all for every protocol."""
    first: int | None
    """None: the protocol has no ports."""
    last: int | None

    @property
    def every(self) -> bool:
        """Whether it is all traffic."""
        return self.protocol == "all"

    @property
    def admin(self) -> bool:
        """Whether a port for remote administration is among them."""
        return self._any(ADMIN_PORTS, ADMIN_PORTS_UDP)

    @property
    def database(self) -> bool:
        """Whether a port of a database is among them."""
        return self._any(DATABASE_PORTS, DATABASE_PORTS_UDP)

    def has(self, protocol: str, port: int) -> bool:
        """Whether a port of a protocol is among them."""
        if self.first is None or self.last is None:
            return False
        return self.protocol in {protocol, "all"} and self.first <= port <= self.last

    def __str__(self) -> str:
        if self.every:
            return "all"
        if self.first is None:
            return ""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def _any(self, tcp: Iterable[int], udp: Iterable[int]) -> bool:
        if self.first is None or self.last is None:
            return False
        known = {"tcp": set(tcp), "udp": set(udp)}.get(self.protocol, {*tcp, *udp})
        return any(self.first <= port <= self.last for port in known)


def public(cidrs: Iterable[str]) -> bool:
    """Whether some address of these ranges is one of the public internet.

    Private, shared, local, documentation, multicast and future addresses are not; 0.0.0.0/0 and ::/0 hold
    public ones.

    Raises:
        ValueError: one of them is no address range.
    """
    return any(
        not any(_within(network, reserved) for reserved in _RESERVED[network.version])
        for network in _collapsed(cidrs)
    )


def anyone(cidrs: Iterable[str]) -> bool:
    """Whether these ranges together are the internet at large: at least half of its IPv4 or IPv6 addresses.

    Raises:
        ValueError: one of them is no address range.
    """
    return any(_within(half, network) for network in _collapsed(cidrs) for half in _HALVES[network.version])


def reserved(version: int) -> tuple[Network, ...]:
    """The addresses of IPv4 (4) or IPv6 (6) that are not of the public internet."""
    return _RESERVED[version]


def _collapsed(cidrs: Iterable[str]) -> list[Network]:
    networks = [ip_network(cidr, strict=False) for cidr in cidrs]
    return [
        *collapse_addresses([network for network in networks if isinstance(network, IPv4Network)]),
        *collapse_addresses([network for network in networks if isinstance(network, IPv6Network)]),
    ]


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
