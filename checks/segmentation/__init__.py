"""Segmentation: who may reach what over the network; `vpc_facts` has what only AWS's networks have."""

from typing import Literal

from scanner import Facts


class Opening(Facts):
    """Ports that are open, and whether to the public internet."""

    public: bool
    """Whether some address of the public internet is let through (see `checks.semantics.networks`)."""
    admin_ports: bool
    """Whether a port for remote administration is among them: SSH, RDP, WinRM, SMB, VNC, Docker, ..."""
    database_ports: bool
    """Whether a port of a database, cache or search engine is among them."""


class SecurityGroupRule(Opening):
    """What one rule of a security group lets through; what no rule lets through is dropped."""

    direction: Literal["ingress", "egress"]
    """Whether it is about traffic to the group's members or from them."""
    peer: str
    """The other side: an address range, the id of a prefix list, or of a security group."""
    anyone: bool
    """Whether the peer is the internet at large: at least half of its IPv4 or IPv6 addresses."""
    all_traffic: bool
    """Whether every protocol and port is let through."""
    protocol: str
    """The protocol's name or number, as in tcp; all when it is every one."""
    from_port: int | None
    """The first port; none when the protocol has no ports."""
    to_port: int | None
    """The last port; none when the protocol has no ports."""
    ports: str
    """The ports as text: 443, 0-65535; all for every protocol; empty when the protocol has no ports."""
    group_name: str
    """The name of the group that has the rule."""


class SecurityGroup(Facts):
    """What a security group is."""

    group_name: str
    """Its name."""
    default: bool
    """Whether it is its VPC's default group: what is launched without a group gets this one."""
    closed: bool
    """Whether it lets nothing in and nothing out: it has no rule."""


class Reached(Facts):
    """Where a thing is reached."""

    publicly_accessible: bool
    """Whether it has a public address; security groups may still keep everybody out."""


class Endpoint(Reached):
    """Where a database is reached."""

    engine: str
    """What kind of database it is, as AWS names the engine."""


class PublicAccess(Facts):
    """Whether public access to stored objects is ruled out, whatever else grants it."""

    public_access_blocked: bool
    """Whether no ACL and no policy can give objects to the public: all four blocks are on."""


class Way(Reached):
    """The public way to a cloud service, and whether there is a private one."""

    publicly_accessible: bool
    """Whether its public address answers at all; its firewall may still keep everybody out."""
    private_path: bool
    """Whether a virtual network reaches it without the public internet: by a private endpoint that is
    approved, by a service endpoint that its firewall lets in, or because it lives in one."""


class Linked(Way):
    """The public way to a cloud service, and its private endpoints."""

    private_endpoints: int
    """Private endpoints that are approved; pending and rejected ones are not counted."""


class Walled(Facts):
    """Whom the firewall of a cloud service lets in from outside."""

    anyone: bool
    """Whether the internet at large is let in: at least half of its IPv4 or IPv6 addresses."""
    allowed_addresses: tuple[str, ...]
    """Addresses and ranges that are let in, 0.0.0.0/0 for all; none where the public address does not answer,
    whatever is listed."""


class Service(Linked, Walled):
    """Who reaches a cloud service over the network."""

    azure_customers: bool
    """Whether what runs in Azure is let in, other customers' machines included."""
    virtual_networks: int
    """Subnets that its firewall lets in by a service endpoint."""


class Store(Service):
    """Who reaches a storage account, and whether it may answer without asking who it is."""

    public_access_blocked: bool
    """Whether no container can give its blobs to the public, whatever the container's own setting is."""


class WebApp(Service):
    """Who reaches a web app, and by which way it reaches others."""

    service_tags: tuple[str, ...]
    """Azure's own services that are let in, by the names of their address ranges."""
    virtual_network_integration: bool
    """Whether it is in a virtual network, or sends through one what it calls."""


class ManagedCluster(Way, Walled):
    """Who reaches the control plane of a Kubernetes cluster, and its nodes."""

    nodes_publicly_accessible: bool
    """Whether nodes have public addresses of their own; security groups may still keep everybody out."""


class AnalyticsWorkspace(Linked):
    """Who reaches an analytics workspace, and its compute nodes."""

    nodes_publicly_accessible: bool
    """Whether its compute nodes have public addresses; security groups may still keep everybody out."""
    own_virtual_network: bool
    """Whether its nodes are in a virtual network of the customer's, who can then watch and filter it."""


class Exposure(Opening):
    """What is open, and what of it to the internet at large; what is denied before is not open."""

    anyone: bool
    """Whether the internet at large gets through to something: about half of its IPv4 or IPv6 addresses."""
    anyone_ports: tuple[str, ...]
    """What the internet at large gets through to, as in tcp/22, udp/53-60, icmp; all for everything."""
    anyone_admin_ports: bool
    """Whether it gets through to a port for remote administration."""
    anyone_ssh: bool
    """Whether it gets through to SSH: TCP port 22."""
    anyone_rdp: bool
    """Whether it gets through to Remote Desktop: TCP or UDP port 3389."""
    anyone_http: bool
    """Whether it gets through to HTTP that is not encrypted: TCP port 80."""
    anyone_ftp: bool
    """Whether it gets through to FTP: TCP port 20 or 21."""
    anyone_udp: bool
    """Whether it gets through to any UDP port."""
    public_database_ports: bool
    """Whether some address of the public internet gets through to a database's port."""


class AzureExposure(Exposure):
    """What is open, and what of it to everybody who is in Azure."""

    anyone_in_azure: bool
    """Whether machines in Azure get through, of every region or of one: anyone may rent one there."""


class NetworkRule(AzureExposure):
    """What a rule of a network security group lets through that no rule before it denies."""

    group_name: str
    """The name of the group that has the rule."""
    rule_name: str
    """The rule's name."""
    default: bool
    """Whether it is one of the rules that Azure gives every group."""
    attached: bool
    """Whether the group is on a subnet or an interface; otherwise it does nothing."""
    direction: Literal["ingress", "egress"]
    """Whether it is about traffic to those who are in the group or from them."""
    priority: int
    """The rule with the lowest number decides first."""
    peers: tuple[str, ...]
    """The other side, as it is written: ranges, service tags, ids of application security groups."""
    protocol: str
    """As in tcp; all when it is every one."""
    ports: tuple[str, ...]
    """The destination's ports, as they are written; * for every one."""
    all_traffic: bool
    """Whether it is about every protocol and port."""
    effective: bool
    """Whether anything gets through by it: rules before it do not deny the whole of it."""


class NetworkGroup(Facts):
    """What a network security group is."""

    group_name: str
    """Its name."""
    attached: bool
    """Whether it is on a subnet or an interface; otherwise it does nothing."""
    own_rules: int
    """How many rules it has besides those that Azure gives every group."""


class Subnet(Facts):
    """What a subnet is for, and what filters its traffic."""

    purpose: Literal["general", "gateway", "firewall", "bastion", "route-server"]
    """Which service of Azure's it is kept for, as its name says; general for none of these."""
    filtered: bool
    """Whether it has a network security group."""
    routed: bool
    """Whether it has a route table of its own."""
    service_endpoints: tuple[str, ...]
    """Services that it reaches from its own addresses, as in Microsoft.Storage."""
    delegations: tuple[str, ...]
    """Services that it is handed over to, as in Microsoft.DBforPostgreSQL/flexibleServers."""
    virtual_network: str
    """The id of the network that it is part of."""


class VirtualNetwork(Facts):
    """What a virtual network has."""

    machines: bool
    """Whether a virtual machine has an interface in it."""
    bastion: bool
    """Whether a Bastion host is in it, or in a network of the same subscription that it is peered with."""
    ddos_protected: bool
    """Whether a DDoS protection plan covers it."""
    peers: tuple[str, ...]
    """The ids of networks that it is peered with."""


class Interface(Reached):
    """Where a network interface is, and what filters its traffic."""

    machine: str | None
    """The id of the virtual machine that has it; none when no machine has it, as a private endpoint's."""
    virtual_network: str
    """The id of the network that it is in."""
    filtered: bool
    """Whether it or its subnet has a network security group."""
    own_group: bool
    """Whether it has a network security group itself."""
    ip_forwarding: bool
    """Whether it takes traffic that is not for its own addresses."""
    application_groups: tuple[str, ...]
    """The ids of the application security groups that it is in."""


class Machine(Reached, AzureExposure):
    """What of a machine the public internet reaches, through its addresses and its load balancers."""

    filtered: bool
    """Whether each of its interfaces, or that one's subnet, has a network security group."""
    load_balanced: bool
    """Whether a public load balancer forwards to it."""


class JustInTime(Facts):
    """Whether ports of a machine are opened only when somebody asks, and for as long as was asked."""

    just_in_time: bool
    """Whether a policy for just-in-time access covers it."""
    just_in_time_ports: tuple[int, ...]
    """The ports that are covered."""


class PublicAddress(Facts):
    """A public address, and what has it."""

    address: str | None
    """The address; none while it has none."""
    sku: Literal["basic", "standard", "standardv2"]
    """Its kind: what has a basic one and no network security group is open, others are closed then."""
    attached: bool
    """Whether something has it."""
    attached_to: str | None
    """The id of what has it: an interface, a load balancer, a gateway."""
