"""What is said of VPCs and of what is in them, in the words of the family where it has them."""

from typing import Literal

from scanner import Facts

from . import Exposure, Reached, Walled, Way


class InVpc(Reached, Exposure):
    """What of a thing in a VPC the public internet reaches by its own addresses."""

    internet_routed: bool
    """Whether a subnet of its sends traffic to an internet gateway, if need be by a firewall."""
    vpc: str
    """The id of the VPC that it is in."""


class NetworkInterface(InVpc):
    """What of a network interface the public internet reaches, and whose it is."""

    kind: str
    """What it is for, as AWS names its type: interface, natGateway, network_load_balancer, lambda, ..."""
    machine: str | None
    """The id of the EC2 instance that has it; none when none has it, as that of a database."""
    managed: bool
    """Whether a service of AWS's made it, and looks after it."""
    attached: bool
    """Whether something has it."""
    ip_forwarding: bool
    """Whether it takes traffic that is not for its own addresses."""


class LoadBalancer(InVpc):
    """What of a load balancer the public internet reaches: only what it listens to."""

    kind: Literal["application", "network", "gateway", "classic"]
    """Which kind of load balancer it is."""
    filtered: bool
    """Whether it has a security group; without one it lets everybody in to what it listens to."""


class SecurityGroupUse(Exposure):
    """What all rules of a security group together let in, and whether anything uses it."""

    group_name: str
    """Its name."""
    default: bool
    """Whether it is its VPC's default group: what is launched without a group gets this one."""
    attached: bool
    """Whether a network interface has it; otherwise it lets nothing through."""
    referenced: bool
    """Whether a rule of another group names it."""


class NetworkAcl(Exposure):
    """What a network ACL lets in, its rules taken in their order."""

    default: bool
    """Whether it is its VPC's default one: a subnet that is given no other has this one."""
    attached: bool
    """Whether a subnet has it; otherwise it does nothing."""
    all_traffic: bool
    """Whether the internet at large gets in to every port of every protocol."""


class VpcSubnet(Facts):
    """What is given to what is launched in a subnet, and where its traffic goes."""

    vpc: str
    """The id of the VPC that it is part of."""
    default: bool
    """Whether AWS made it with the default VPC: what is launched without a word is launched here."""
    auto_public_addresses: bool
    """Whether what is launched in it gets a public IPv4 address unless it says no."""
    auto_ipv6_addresses: bool
    """Whether each network interface that is made in it gets an IPv6 address."""
    internet_routed: bool
    """Whether its traffic goes to an internet gateway, if need be by a firewall."""


class RouteTable(Facts):
    """Where a route table sends traffic."""

    vpc: str
    """The id of the VPC that it is of."""
    main: bool
    """Whether it is the VPC's main one: a subnet that is given no other has this one."""
    attached: bool
    """Whether a subnet was given it."""
    internet_routed: bool
    """Whether traffic to some public address goes to an internet gateway, if need be by a firewall."""
    internet_default: bool
    """Whether all traffic that has no other route, IPv4 or IPv6, goes straight to an internet gateway."""


class InternetGateway(Facts):
    """What an internet gateway opens."""

    attached: bool
    """Whether it is attached to a VPC; otherwise it does nothing."""
    vpc: str | None
    """The id of the VPC that it is attached to; none when it is not attached."""


class Peering(Facts):
    """Whose VPC is joined to one of ours."""

    same_account: bool
    """Whether both sides belong to one account."""
    other_account: str
    """The id of the account on the other side; our own when both are ours."""
    other_vpc: str
    """The id of the VPC on the other side."""


class Broker(Reached):
    """Where a service that keeps or carries data in a VPC is reached."""

    engine: str
    """What kind of service it is, as AWS names it."""


class ControlPlane(Way, Walled):
    """Who reaches the control plane of a Kubernetes cluster."""


class Notebook(Facts):
    """How a notebook reaches the internet."""

    direct_internet: bool
    """Whether it reaches the internet by a network of AWS's, past the customer's VPC."""
    own_network: bool
    """Whether it is in a VPC of the customer's, who can then watch and filter what it sends."""


class PlacedFunction(Facts):
    """Which network a function is in."""

    own_network: bool
    """Whether it is in a VPC of the customer's; otherwise it reaches the internet, and nothing private."""


class ClusterSettings(Facts):
    """Whether clusters may be launched whose security groups let the public in."""

    public_rules_blocked: bool
    """Whether a cluster with such a group is refused, but for the ports that are permitted."""
    permitted_ports: tuple[str, ...]
    """Ports that a group may let the public in to all the same, as in 22 or 8000-8010."""


class LaunchSettings(Facts):
    """Which addresses instances get that are launched with these settings."""

    public_addresses: Literal["given", "withheld", "by-subnet"]
    """Whether they get a public IPv4 address; by-subnet when the setting of the subnet decides."""


class PublicAccessBlock(Facts):
    """Whether internet gateways let anything into the VPCs of a region."""

    ingress_blocked: bool
    """Whether what comes from the internet is turned away, whatever gateways and groups say."""
    egress_blocked: bool
    """Whether what goes to the internet by an internet gateway is turned away, too."""
    exclusions: int
    """How many VPCs and subnets are let off."""
