"""Segmentation on Azure: network security groups, networks, and what of machines is public."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from scanner import AzureSubscription, Fields, Resource, check

from ..semantics import nsg
from . import (
    Interface,
    JustInTime,
    Machine,
    NetworkGroup,
    NetworkRule,
    PublicAddress,
    Subnet,
    VirtualNetwork,
)
from .exposure import Forward, entering, exposed, forwards, inbound, rule_of, rules_of

_MACHINES = "Microsoft.Compute/virtualMachines/read"
_GROUPS = "Microsoft.Network/networkSecurityGroups/read"
_NETWORKS = "Microsoft.Network/virtualNetworks/read"
_INTERFACES = "Microsoft.Network/networkInterfaces/read"
_ADDRESSES = "Microsoft.Network/publicIPAddresses/read"
_BALANCERS = "Microsoft.Network/loadBalancers/read"
_BASTIONS = "Microsoft.Network/bastionHosts/read"
_JUST_IN_TIME = "Microsoft.Security/jitNetworkAccessPolicies/read"

# Azure reserves these names, and heeds no capitals in them.
_PURPOSES: Mapping[str, Literal["gateway", "firewall", "bastion", "route-server"]] = {
    "gatewaysubnet": "gateway",
    "azurefirewallsubnet": "firewall",
    "azurefirewallmanagementsubnet": "firewall",
    "azurebastionsubnet": "bastion",
    "routeserversubnet": "route-server",
}
# https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses#sku
_SKUS: Mapping[str, Literal["basic", "standard", "standardv2"]] = {
    "Basic": "basic",
    "Standard": "standard",
    "StandardV2": "standardv2",
}


@check(_GROUPS)
def nsg_rules(subscription: AzureSubscription) -> Iterator[NetworkRule]:
    """What each rule of each network security group lets through that no rule before it denies.

    Azure's default rules are among them; rules that deny are not, but for what they leave of others. Service
    tags other than VirtualNetwork and AzureLoadBalancer stand for public addresses. What they hold is not
    known, so a rule that denies some addresses takes nothing from them, nor from VirtualNetwork, to which
    Azure adds the ranges of user-defined routes. The security admin rules of Azure Virtual Network Manager
    come before all of these, and are not read.
    """
    for group in subscription.all(_GROUPS):
        with subscription.reading(group.id):
            yield from _opened(group)


@check(_GROUPS)
def network_security_groups(subscription: AzureSubscription) -> Iterator[NetworkGroup]:
    """Which network security groups there are, and whether anything has them."""
    for group in subscription.all(_GROUPS):
        with subscription.reading(group.id):
            yield NetworkGroup(
                **group.about,
                group_name=group.name,
                attached=_attached(group),
                own_rules=len(group.parts("properties.securityRules")),
                links=_ids(
                    place.text("id")
                    for kind in ("subnets", "networkInterfaces")
                    for place in group.parts(f"properties.{kind}")
                ),
            )


@check(_NETWORKS)
def subnets(subscription: AzureSubscription) -> Iterator[Subnet]:
    """What each subnet is kept for, and whether a network security group filters its traffic."""
    for network in subscription.all(_NETWORKS):
        with subscription.reading(network.id):
            for subnet in network.parts("properties.subnets"):
                group = subnet.text("properties.networkSecurityGroup.id", "")
                own = subscription.resource(subnet.text("id"))
                yield Subnet(
                    resource=own,
                    region=network.region,
                    tags={},
                    purpose=_PURPOSES.get(own.rpartition("/")[2], "general"),
                    filtered=bool(group),
                    routed=subnet.has("properties.routeTable.id"),
                    service_endpoints=tuple(
                        sorted(each.text("service") for each in subnet.parts("properties.serviceEndpoints"))
                    ),
                    delegations=tuple(
                        sorted(
                            each.text("properties.serviceName")
                            for each in subnet.parts("properties.delegations")
                        )
                    ),
                    virtual_network=network.id,
                    links=_ids((network.id, group)),
                )


@check(_NETWORKS, _BASTIONS, _INTERFACES)
def virtual_networks(subscription: AzureSubscription) -> Iterator[VirtualNetwork]:
    """Whether networks that have virtual machines have a Bastion host to reach them by.

    A Bastion host of another subscription is not seen, though it may serve networks that are peered with its
    own. Machines of scale sets in uniform mode are not counted.
    """
    near, far = _bastions(subscription)
    manned = {
        network
        for interface in subscription.all(_INTERFACES)
        if interface.has("properties.virtualMachine.id")
        for network in _networks(interface)
    }
    for network in subscription.all(_NETWORKS):
        with subscription.reading(network.id):
            peers = _ids(
                peering.text("properties.remoteVirtualNetwork.id")
                for peering in network.parts("properties.virtualNetworkPeerings")
                if peering.text("properties.peeringState", "") == "Connected"
            )
            yield VirtualNetwork(
                **network.about,
                machines=network.id in manned,
                bastion=network.id in near or not far.isdisjoint(peers),
                # https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks/get: not unless said.
                ddos_protected=network.flag("properties.enableDdosProtection", default=False),
                peers=peers,
            )


@check(_INTERFACES, _NETWORKS)
def network_interfaces(subscription: AzureSubscription) -> Iterator[Interface]:
    """Which network each interface is in, and whether a network security group filters its traffic.

    Interfaces of scale sets in uniform mode are not listed.
    """
    subnets = _subnets(subscription)
    for interface in subscription.all(_INTERFACES):
        with subscription.reading(interface.id):
            machine = interface.text("properties.virtualMachine.id", "")
            group = interface.text("properties.networkSecurityGroup.id", "")
            configurations = interface.parts("properties.ipConfigurations")
            if not configurations:
                raise interface.strange("properties.ipConfigurations", "at least one")
            filters = [
                subnets.need(at, "properties.subnet.id").has("properties.networkSecurityGroup.id")
                for at in configurations
            ]
            yield Interface(
                **interface.about,
                machine=subscription.resource(machine) if machine else None,
                virtual_network=_network_of(configurations[0].text("properties.subnet.id")),
                publicly_accessible=any(at.has("properties.publicIPAddress.id") for at in configurations),
                filtered=bool(group) or all(filters),
                own_group=bool(group),
                ip_forwarding=interface.flag("properties.enableIPForwarding", default=False),
                application_groups=_ids(name for at in configurations for name in _application_groups(at)),
                links=_ids((machine, group, *(at.text("properties.subnet.id") for at in configurations))),
            )


@check(_MACHINES, _INTERFACES, _NETWORKS, _GROUPS, _ADDRESSES, _BALANCERS)
def virtual_machines(subscription: AzureSubscription) -> Iterator[Machine]:
    """What of each virtual machine the public internet reaches.

    A packet has to be let through by the network security group of the subnet and by that of the interface.
    Where there is neither, Azure closes what has a standard public address or load balancer, and leaves open
    what has a basic one. Load balancers are heeded whose pools name interfaces, not those that name
    addresses; firewalls and gateways that forward are not.
    """
    world = _World.of(subscription)
    for machine in subscription.all(_MACHINES):
        with subscription.reading(machine.id):
            named = machine.parts("properties.networkProfile.networkInterfaces")
            interfaces = [world.interfaces.need(each, "id") for each in named]
            places = [place for interface in interfaces for place in world.places(interface)]
            lines = nsg.Lines.of(*(rules for place in places for rules in place.groups))
            boxes = [box for place in places for box in place.reached(lines)]
            yield Machine(
                **machine.about,
                publicly_accessible=any(place.addressed is not None for place in places),
                load_balanced=any(place.forwards for place in places),
                filtered=all(place.groups for place in places),
                **exposed(lines, [box for box in boxes if lines.public(box.peers)]),
                links=_ids(each.text("id") for each in named),
            )


@check(_MACHINES, _JUST_IN_TIME)
def just_in_time(subscription: AzureSubscription) -> Iterator[JustInTime]:
    """Whether ports of virtual machines are opened only when somebody asks, by Defender for Cloud."""
    covered: dict[str, set[int]] = {}
    for policy in subscription.all(_JUST_IN_TIME):
        for machine in policy.parts("properties.virtualMachines"):
            ports = covered.setdefault(subscription.resource(machine.text("id")), set())
            ports.update(port.number("number") for port in machine.parts("ports"))
    for machine in subscription.all(_MACHINES):
        ports = covered.get(machine.id, set())
        yield JustInTime(
            **machine.about, just_in_time=machine.id in covered, just_in_time_ports=tuple(sorted(ports))
        )


@check(_ADDRESSES)
def public_addresses(subscription: AzureSubscription) -> Iterator[PublicAddress]:
    """Which public addresses there are, and what has them."""
    for address in subscription.all(_ADDRESSES):
        with subscription.reading(address.id):
            # What is named is a configuration of what has it: two words more than that.
            held = address.text("properties.ipConfiguration.id", "").rsplit("/", 2)[0]
            by = held or address.text("properties.natGateway.id", "")
            yield PublicAddress(
                **address.about,
                address=address.text("properties.ipAddress", None),
                sku=address.word("sku.name", _SKUS),
                attached=bool(by),
                attached_to=subscription.resource(by) if by else None,
                links=_ids((by,)),
            )


class _Known(NamedTuple):
    """Resources of a kind by id."""

    kind: str
    held: Mapping[str, Fields]

    @classmethod
    def of(cls, kind: str, resources: Iterable[Fields]) -> "_Known":
        return cls(kind, {AzureSubscription.resource(each.text("id")): each for each in resources})

    def need(self, of: Fields, path: str) -> Fields:
        """The one that a field names, which was listed."""
        found = self.held.get(AzureSubscription.resource(of.text(path)))
        if found is None:
            raise of.strange(path, f"a {self.kind} that was listed")
        return found


class _Place(NamedTuple):
    """One address of an interface, and what leads there."""

    own: str
    """The address within its network."""
    groups: tuple[list[nsg.Rule], ...]
    """Of each group that filters it, the rules about it."""
    addressed: bool | None
    """Whether its public address is closed without a group; none when it has no public address."""
    forwards: tuple[Forward, ...]
    """What public load balancers hand on to it."""

    def reached(self, lines: nsg.Lines) -> list[nsg.Box]:
        boxes = nsg.everything(lines, self.own)
        for rules in self.groups:
            boxes = nsg.both(boxes, [box for _, left in lines.remaining(rules) for box in left])
        ways = list(self.forwards)
        if self.addressed is not None:
            ways.append(Forward(self.addressed, nsg.EVERY_SERVICE))
        return [box for way in ways if self.groups or not way.secure for box in nsg.only(boxes, way.services)]


class _World(NamedTuple):
    """What decides about traffic to machines."""

    interfaces: _Known
    subnets: _Known
    groups: _Known
    addresses: _Known
    pools: Mapping[str, Forward]
    nat: Mapping[str, Forward]

    @classmethod
    def of(cls, subscription: AzureSubscription) -> "_World":
        pools: dict[str, Forward] = {}
        nat: dict[str, Forward] = {}
        for balancer in subscription.all(_BALANCERS):
            for known, found in zip((pools, nat), forwards(balancer), strict=True):
                known.update(found)
        return cls(
            _Known.of("network interface", subscription.all(_INTERFACES)),
            _subnets(subscription),
            _Known.of("network security group", subscription.all(_GROUPS)),
            _Known.of("public address", subscription.all(_ADDRESSES)),
            pools,
            nat,
        )

    def places(self, interface: Fields) -> Iterator[_Place]:
        for at in interface.parts("properties.ipConfigurations"):
            subnet = self.subnets.need(at, "properties.subnet.id")
            own, applied = at.text("properties.privateIPAddress"), list(_application_groups(at))
            yield _Place(
                own,
                tuple(
                    nsg.towards(
                        entering(self.groups.need(holder, "properties.networkSecurityGroup.id")), own, applied
                    )
                    for holder in (subnet, interface)
                    if holder.has("properties.networkSecurityGroup.id")
                ),
                self._secure(at),
                tuple(self._forwards(at)),
            )

    def _secure(self, at: Fields) -> bool | None:
        if not at.has("properties.publicIPAddress.id"):
            return None
        address = self.addresses.need(at, "properties.publicIPAddress.id")
        return address.word("sku.name", _SKUS) != "basic"

    def _forwards(self, at: Fields) -> Iterator[Forward]:
        for path, known in (
            ("properties.loadBalancerBackendAddressPools", self.pools),
            ("properties.loadBalancerInboundNatRules", self.nat),
        ):
            for way in at.parts(path):
                found = known.get(AzureSubscription.resource(way.text("id")))
                if found is not None:
                    yield found


def _opened(group: Resource) -> Iterator[NetworkRule]:
    for into in (True, False):
        told = [(said, rule_of(said)) for said in rules_of(group) if inbound(said) == into]
        by_name = {rule.name: said for said, rule in told}
        lines = nsg.Lines.of(rule for _, rule in told)
        for rule, boxes in lines.remaining(rule for _, rule in told):
            said = by_name[rule.name]
            yield NetworkRule(
                resource=rule.name,
                region=group.region,
                tags={},
                group_name=group.name,
                rule_name=said.text("name"),
                default="/defaultsecurityrules/" in rule.name.lower(),
                attached=_attached(group),
                direction="ingress" if into else "egress",
                priority=rule.priority,
                peers=rule.peers,
                protocol="all" if rule.protocol == nsg.EVERY else rule.protocol,
                ports=rule.ports,
                all_traffic=lines.whole(rule),
                effective=bool(boxes),
                **exposed(lines, boxes),
                links=(group.id,),
            )


def _attached(group: Resource) -> bool:
    return bool(group.parts("properties.subnets") or group.parts("properties.networkInterfaces"))


def _bastions(subscription: AzureSubscription) -> tuple[set[str], set[str]]:
    """The networks that have a Bastion host, and those whose host serves peered networks, too."""
    near, far = set(), set()
    for bastion in subscription.all(_BASTIONS):
        named = [at.text("properties.subnet.id") for at in bastion.parts("properties.ipConfigurations")]
        found = {_network_of(subnet) for subnet in named}
        # A developer's host has no subnet of its own, and reaches its own network only.
        # https://learn.microsoft.com/azure/bastion/quickstart-developer
        if bastion.has("properties.virtualNetwork.id"):
            near.add(subscription.resource(bastion.text("properties.virtualNetwork.id")))
        if bastion.text("sku.name", "") != "Developer":
            far |= found
        near |= found
    return near, far


def _subnets(subscription: AzureSubscription) -> _Known:
    return _Known.of(
        "subnet",
        (subnet for network in subscription.all(_NETWORKS) for subnet in network.parts("properties.subnets")),
    )


def _networks(interface: Resource) -> list[str]:
    configurations = interface.parts("properties.ipConfigurations")
    return [_network_of(at.text("properties.subnet.id")) for at in configurations]


def _network_of(subnet: str) -> str:
    return AzureSubscription.resource(subnet.rsplit("/", 2)[0])


def _application_groups(at: Fields) -> Iterator[str]:
    for group in at.parts("properties.applicationSecurityGroups"):
        yield AzureSubscription.resource(group.text("id"))


def _ids(named: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({AzureSubscription.resource(name) for name in named if name}))
