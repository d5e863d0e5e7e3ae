"""The way that packets take from the internet into a VPC, from what AWS tells of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

import msgspec

from scanner import AwsRegion

from ..semantics import networks, vpc
from ..semantics.spans import Spans, common
from . import openings

GROUPS = "ec2:DescribeSecurityGroups"
LISTS = "ec2:GetManagedPrefixListEntries"
SUBNETS = "ec2:DescribeSubnets"
TABLES = "ec2:DescribeRouteTables"
ACLS = "ec2:DescribeNetworkAcls"
PATHS = (GROUPS, LISTS, SUBNETS, TABLES, ACLS)
"""What must be read to know them."""

# An internet gateway lets packets in; a NAT gateway (nat-) and an egress-only one (eigw-) do not. Where a
# table names an endpoint, and no prefix list, that endpoint is a firewall's, and the gateway is behind it.
# https://docs.aws.amazon.com/network-firewall/latest/developerguide/arch-igw-ngw.html
_WAYS_IN = ("igw-", "vpce-")
_ANY_ROUTE = {"0.0.0.0/0": 4, "::/0": 6}
_ICMP = frozenset({"icmp", "icmpv6"})


class Filters(msgspec.Struct, frozen=True):
    """The security groups of a region, and what each lets in."""

    region: AwsRegion
    groups: Mapping[str, Mapping[str, Any]]
    known: dict[str, vpc.Layout] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, region: AwsRegion) -> "Filters":
        """List them."""
        return cls(region, {group["GroupId"]: group for group in region.all(GROUPS)})

    def entering(self, groups: Iterable[str]) -> vpc.Layout:
        """What several groups together let in from addresses; what they let in from groups is private.

        Raises:
            ReadError: a prefix list that a rule names was refused.
        """
        return vpc.either([self._of(group) for group in groups])

    def _of(self, group: str) -> vpc.Layout:
        if group not in self.known:
            self.known[group] = vpc.decided([self._rule(told) for told in self._told(group)])
        return self.known[group]

    def _told(self, group: str) -> Collection[Mapping[str, Any]]:
        # A group that has gone since is on nothing any more: nobody can delete one in use.
        return self.groups.get(group, {}).get("IpPermissions") or ()

    def _rule(self, told: Mapping[str, Any]) -> vpc.Rule:
        cidrs = [each["CidrIp"] for each in told.get("IpRanges") or ()]
        cidrs += [each["CidrIpv6"] for each in told.get("Ipv6Ranges") or ()]
        for named in told.get("PrefixListIds") or ():
            cidrs += listed(self.region, named["PrefixListId"])
        services = vpc.services(told["IpProtocol"], told.get("FromPort"), told.get("ToPort"))
        return vpc.Rule(services, vpc.peers(cidrs))


class Paths(msgspec.Struct, frozen=True):
    """What leads from the internet to the subnets of a region, and what filters it.

    A route table or a network ACL that is not listed is counted as letting everything through.
    """

    region: AwsRegion
    filters: Filters
    vpcs: Mapping[str, str]
    """The VPC of each subnet."""
    tables: Mapping[str, Mapping[str, Any]]
    """Route tables by the subnet that has them, and by the VPC whose main one they are."""
    acls: Mapping[str, Mapping[str, Any]]
    """Network ACLs by subnet."""
    known: dict[str, tuple[Spans, vpc.Layout]] = msgspec.field(default_factory=dict)
    found: dict[tuple[str, frozenset[str] | None, frozenset[int]], vpc.Layout] = msgspec.field(
        default_factory=dict
    )

    @classmethod
    def of(cls, region: AwsRegion) -> "Paths":
        """List what decides."""
        return cls(
            region,
            Filters.of(region),
            {subnet["SubnetId"]: subnet["VpcId"] for subnet in region.all(SUBNETS)},
            tables_by_place(region.all(TABLES)),
            {place["SubnetId"]: acl for acl in region.all(ACLS) for place in acl.get("Associations") or ()},
        )

    def routed(self, subnet: str) -> Spans:
        """The public addresses that a subnet's route table sends to an internet gateway."""
        return self._of(subnet)[0]

    def entering(self, subnet: str, groups: Collection[str] | None, versions: Collection[int]) -> vpc.Layout:
        """What gets through from the internet to something in a subnet.

        Args:
            subnet: where it is.
            groups: its security groups; None where it is of a kind that may have none, and has none.
            versions: of its public addresses, 4 or 6.

        Raises:
            ReadError: a prefix list that decides was refused.
        """
        # A fleet has few kinds of places, however many machines.
        asked = (subnet, None if groups is None else frozenset(groups), frozenset(versions))
        if asked not in self.found:
            ways, inside = self._of(subnet)
            there = vpc.only(inside, peers=common(ways, vpc.speaking(versions)))
            self.found[asked] = there if groups is None else vpc.both(there, self.filters.entering(groups))
        return self.found[asked]

    def _of(self, subnet: str) -> tuple[Spans, vpc.Layout]:
        if subnet not in self.known:
            table = self.tables.get(subnet) or self.tables.get(self.vpcs.get(subnet, ""))
            acl = self.acls.get(subnet)
            # Another account, whose subnet we only share, may not let us see these.
            ways = vpc.PUBLIC if table is None else routed(self.region, table)
            self.known[subnet] = ways, vpc.EVERYTHING if acl is None else entering_acl(acl)
        return self.known[subnet]


def tables_by_place(tables: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Route tables by the subnet that has them, and by the VPC whose main one they are."""
    found = {}
    for table in tables:
        for place in table.get("Associations") or ():
            if place.get("Main"):
                found[table["VpcId"]] = table
            elif place.get("SubnetId"):
                found[place["SubnetId"]] = table
    return found


def routed(region: AwsRegion, table: Mapping[str, Any]) -> Spans:
    """The public addresses that a route table sends to an internet gateway.

    Raises:
        ReadError: a prefix list that a route to one names was refused.
    """
    return vpc.routed(_routes(region, table))


def leads_everywhere(table: Mapping[str, Any]) -> bool:
    """Whether a table's route for everything else, IPv4 or IPv6, goes to an internet gateway itself."""
    return any(
        _destination(route) in _ANY_ROUTE and route.get("GatewayId", "").startswith("igw-")
        for route in table.get("Routes") or ()
        if route.get("State") != "blackhole"
    )


def entering_acl(acl: Mapping[str, Any]) -> vpc.Layout:
    """What a network ACL lets in whose answers it lets out."""
    return vpc.answered(vpc.decided(_acl_rules(acl, egress=False)), vpc.decided(_acl_rules(acl, egress=True)))


def listed(region: AwsRegion, prefix_list: str) -> list[str]:
    """The address ranges of a prefix list.

    Raises:
        ReadError: it was refused.
    """
    return [entry["Cidr"] for entry in region.all(LISTS, PrefixListId=prefix_list)]


def versions(addresses: Iterable[str]) -> frozenset[int]:
    """Of those addresses that are public, whether they are IPv4 (4) or IPv6 (6)."""
    return frozenset(ip_network(address).version for address in addresses if networks.public((address,)))


def addresses_of(interface: Mapping[str, Any]) -> Iterator[str]:
    """The addresses, and ranges of them, by which the internet might know an interface."""
    # AWS says the first address's public one twice: here, too.
    for own in (interface, *(interface.get("PrivateIpAddresses") or ())):
        if public := own.get("Association", {}).get("PublicIp"):
            yield public
    for own in interface.get("Ipv6Addresses") or ():
        yield own["Ipv6Address"]
    for own in interface.get("Ipv6Prefixes") or ():
        yield own["Ipv6Prefix"]


def exposed(layout: vpc.Layout) -> openings.Exposed:
    """What is open, and to whom."""
    return openings.exposed(every=vpc.every(layout), public=vpc.public(layout), anyone=vpc.anyone(layout))


def _routes(region: AwsRegion, table: Mapping[str, Any]) -> Iterator[vpc.Route]:
    for route in table.get("Routes") or ():
        # Whoever has lost its gateway goes nowhere.
        gateway = route.get("GatewayId", "") if route.get("State") != "blackhole" else ""
        if cidr := _destination(route):
            yield vpc.Route(cidr, internet=gateway.startswith(_WAYS_IN))
        elif gateway.startswith("igw-"):
            for cidr in listed(region, route["DestinationPrefixListId"]):
                yield vpc.Route(cidr, internet=True)


def _destination(route: Mapping[str, Any]) -> str:
    return str(route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock") or "")


def _acl_rules(acl: Mapping[str, Any], *, egress: bool) -> Sequence[vpc.Rule]:
    told = [entry for entry in acl.get("Entries") or () if entry["Egress"] == egress]
    return [_acl_rule(entry) for entry in sorted(told, key=lambda entry: int(entry["RuleNumber"]))]


def _acl_rule(entry: Mapping[str, Any]) -> vpc.Rule:
    allow = entry["RuleAction"] == "allow"
    name = vpc.protocol(entry["Protocol"])
    kinds, ports = entry.get("IcmpTypeCode") or {}, entry.get("PortRange") or {}
    first, last = (
        (kinds.get("Type"), kinds.get("Code")) if name in _ICMP else (ports.get("From"), ports.get("To"))
    )
    return vpc.Rule(
        vpc.services(entry["Protocol"], first, last, allow=allow),
        vpc.peers((entry.get("CidrBlock") or entry["Ipv6CidrBlock"],)),
        allow,
    )
