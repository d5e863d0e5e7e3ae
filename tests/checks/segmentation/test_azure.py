from typing import Any

import pytest

from checks.segmentation import (
    Interface,
    JustInTime,
    Machine,
    NetworkGroup,
    NetworkRule,
    PublicAddress,
    Subnet,
    VirtualNetwork,
)
from checks.segmentation.azure import (
    just_in_time,
    network_interfaces,
    network_security_groups,
    nsg_rules,
    public_addresses,
    subnets,
    virtual_machines,
    virtual_networks,
)
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/Microsoft.Network"
MACHINE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/Microsoft.Compute/virtualMachines"
TELLS_NOTHING: dict[str, Any] = {
    "public": False,
    "admin_ports": False,
    "database_ports": False,
    "anyone": False,
    "anyone_in_azure": False,
    "anyone_ports": (),
    "anyone_admin_ports": False,
    "anyone_ssh": False,
    "anyone_rdp": False,
    "anyone_http": False,
    "anyone_ftp": False,
    "anyone_udp": False,
    "public_database_ports": False,
}
SSH: dict[str, Any] = {
    **TELLS_NOTHING,
    "public": True,
    "admin_ports": True,
    "anyone": True,
    "anyone_in_azure": True,
    "anyone_ports": ("tcp/22",),
    "anyone_admin_ports": True,
    "anyone_ssh": True,
}
EVERYTHING: dict[str, Any] = dict.fromkeys(TELLS_NOTHING, True) | {"anyone_ports": ("all",)}


def arm(kind: str, name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded", **properties},
        **more,
    }


def net(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return arm(f"Microsoft.Network/{kind}", name, **more)


def at(kind: str, name: str) -> dict[str, str]:
    return {"id": f"{GROUP}/providers/Microsoft.Network/{kind}/{name}"}


def secured(name: str, priority: int, **said: Any) -> dict[str, Any]:
    """A rule of the group `web`, as Azure answers it."""
    properties = {
        "provisioningState": "Succeeded",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "access": "Allow",
        "priority": priority,
        "direction": "Inbound",
        "sourcePortRanges": [],
        "destinationPortRanges": [],
        "sourceAddressPrefixes": [],
        "destinationAddressPrefixes": [],
        **said,
    }
    kind = "securityRules" if priority < 65000 else "defaultSecurityRules"
    return {
        **at("networkSecurityGroups", f"web/{kind}/{name}"),
        "name": name,
        "type": f"Microsoft.Network/networkSecurityGroups/{kind}",
        "properties": {key: value for key, value in properties.items() if value is not None},
    }


def given(name: str, priority: int, source: str, destination: str, way: str) -> dict[str, Any]:
    return secured(
        name,
        priority,
        protocol="*",
        access="Deny" if priority == 65500 else "Allow",
        sourceAddressPrefix=source,
        destinationAddressPrefix=destination,
        direction=way,
    )


DEFAULTS = [
    given("AllowVnetInBound", 65000, "VirtualNetwork", "VirtualNetwork", "Inbound"),
    given("AllowAzureLoadBalancerInBound", 65001, "AzureLoadBalancer", "*", "Inbound"),
    given("DenyAllInBound", 65500, "*", "*", "Inbound"),
    given("AllowVnetOutBound", 65000, "VirtualNetwork", "VirtualNetwork", "Outbound"),
    given("AllowInternetOutBound", 65001, "*", "Internet", "Outbound"),
    given("DenyAllOutBound", 65500, "*", "*", "Outbound"),
]


def nsg(name: str, *rules: dict[str, Any], **properties: Any) -> dict[str, Any]:
    held = {"securityRules": list(rules), "defaultSecurityRules": DEFAULTS, **properties}
    return net("networkSecurityGroups", name, properties=held)


WEB = nsg(
    "Web",
    secured("Allow-SSH", 300, sourceAddressPrefix="Internet", destinationPortRange="22"),
    secured("No-RDP", 100, access="Deny", destinationPortRange="3389", sourceAddressPrefix="Internet"),
    secured(
        "Desktop-and-SQL",
        310,
        protocol="*",
        destinationPortRange=None,
        destinationPortRanges=["3389", "1433"],
        sourceAddressPrefix=None,
        sourceAddressPrefixes=["0.0.0.0/1", "128.0.0.0/1"],
    ),
    secured(
        "From-front",
        320,
        destinationPortRange="80",
        sourceAddressPrefix=None,
        sourceApplicationSecurityGroups=[at("applicationSecurityGroups", "Front")],
        destinationAddressPrefix=None,
        destinationApplicationSecurityGroups=[at("applicationSecurityGroups", "back")],
    ),
    secured("From-Azure", 330, sourceAddressPrefix="AzureCloud", destinationPortRange="443"),
    secured("Nothing-to-Internet", 200, access="Deny", direction="Outbound", protocol="*"),
    subnets=[at("virtualNetworks", "vnet/subnets/web")],
    networkInterfaces=[at("networkInterfaces", "nic-1")],
)

RULES = world(nsg_rules, {"Microsoft.Network/networkSecurityGroups/read": [WEB, nsg("loose")]})
GROUPS = world(network_security_groups, {"Microsoft.Network/networkSecurityGroups/read": [WEB, nsg("Loose")]})


def opened(name: str, priority: int, **facts: Any) -> NetworkRule:
    default = priority >= 65000
    kind = "defaultsecurityrules" if default else "securityrules"
    said = {
        **TELLS_NOTHING,
        "group_name": "Web",
        "attached": True,
        "direction": "ingress",
        "protocol": "all" if default else "tcp",
        "ports": ("*",),
        "all_traffic": default,
        "effective": True,
        **facts,
    }
    return NetworkRule(
        resource=f"{ID}/networkSecurityGroups/web/{kind}/{name.lower()}",
        region="westeurope",
        tags={},
        rule_name=name,
        default=default,
        priority=priority,
        links=(f"{ID}/networkSecurityGroups/web",),
        **said,
    )


OPEN_WITHIN = {"admin_ports": True, "database_ports": True}


def test_nsg_rules() -> None:
    within = {"peers": ("VirtualNetwork",), **OPEN_WITHIN}

    found = [facts for facts in observe(nsg_rules, RULES) if facts.group_name == "Web"]

    assert found == [
        opened("Allow-SSH", 300, peers=("Internet",), ports=("22",), **SSH),
        opened(
            "Desktop-and-SQL",
            310,
            peers=("0.0.0.0/1", "128.0.0.0/1"),
            protocol="all",
            ports=("3389", "1433"),
            public=True,
            # RDP by TCP is denied to the Internet before, and by UDP is not; private addresses have both.
            admin_ports=True,
            database_ports=True,
            anyone=True,
            anyone_in_azure=True,
            anyone_ports=("tcp/1433", "udp/1433", "udp/3389"),
            anyone_admin_ports=True,
            anyone_rdp=True,
            anyone_udp=True,
            public_database_ports=True,
        ),
        opened(
            "From-front",
            320,
            peers=(f"{ID}/applicationsecuritygroups/front",),
            ports=("80",),
        ),
        opened("From-Azure", 330, peers=("AzureCloud",), ports=("443",), public=True, anyone_in_azure=True),
        opened("AllowVnetInBound", 65000, **within),
        opened("AllowAzureLoadBalancerInBound", 65001, **{**within, "peers": ("AzureLoadBalancer",)}),
        # TCP and all else is denied outwards before, so nothing is left of what Azure gives.
        opened(
            "AllowVnetOutBound",
            65000,
            direction="egress",
            effective=False,
            peers=("VirtualNetwork",),
        ),
        opened("AllowInternetOutBound", 65001, direction="egress", effective=False, peers=("Internet",)),
    ]


def test_nsg_rules_of_a_group_with_none_of_its_own() -> None:
    found = [facts for facts in observe(nsg_rules, RULES) if facts.group_name == "loose"]

    assert [
        (facts.rule_name, facts.attached, facts.effective, facts.direction, facts.anyone_ports)
        for facts in found
    ] == [
        ("AllowVnetInBound", False, True, "ingress", ()),
        ("AllowAzureLoadBalancerInBound", False, True, "ingress", ()),
        ("AllowVnetOutBound", False, True, "egress", ()),
        ("AllowInternetOutBound", False, True, "egress", ("all",)),
    ]


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (
            {"protocol": "Tea"},
            "protocol is 'Tea'; known are Tcp, Udp, Icmp, Esp, Ah, *",
        ),
        (
            {"sourceAddressPrefix": "1.2.3.4-1.2.3.9"},
            "sourceAddressPrefix is a str; expected {} '1.2.3.4-1.2.3.9'",
        ),
        (
            {"destinationAddressPrefix": None},
            "destinationAddressPrefix is missing; expected {} ''",
        ),
        (
            {"destinationPortRange": "ssh"},
            "destinationPortRange is a str; expected ports, not 'ssh'",
        ),
        ({"priority": None}, "priority is missing; expected a number"),
    ],
)
def test_a_rule_that_is_not_understood_is_refused_with_its_group(said: dict[str, Any], detail: str) -> None:
    odd = secured("Odd", 100)
    odd["properties"] |= said
    groups = [nsg("odd", odd), nsg("plain")]

    sight = look(nsg_rules, {"Microsoft.Network/networkSecurityGroups/read": groups})

    assert {facts.links for facts in sight.facts} == {(f"{ID}/networkSecurityGroups/plain",)}
    [refusal] = sight.refusals
    assert refusal.resource == f"{ID}/networkSecurityGroups/odd"
    expected = detail.format("addresses, a service tag or application groups, not")
    assert refusal.error.detail == f"properties.securityRules[0].properties.{expected}"


def test_network_security_groups() -> None:
    about: dict[str, Any] = {"region": "westeurope", "tags": {}}

    assert observe(network_security_groups, GROUPS) == [
        NetworkGroup(
            resource=f"{ID}/networkSecurityGroups/web",
            group_name="Web",
            attached=True,
            own_rules=6,
            links=(f"{ID}/networkInterfaces/nic-1", f"{ID}/virtualNetworks/vnet/subnets/web"),
            **about,
        ),
        NetworkGroup(
            resource=f"{ID}/networkSecurityGroups/loose",
            group_name="Loose",
            attached=False,
            own_rules=0,
            **about,
        ),
    ]


def subnet(network: str, name: str, group: str = "", **properties: Any) -> dict[str, Any]:
    filtered = {"networkSecurityGroup": at("networkSecurityGroups", group)} if group else {}
    return {
        **at("virtualNetworks", f"{network}/subnets/{name}"),
        "name": name,
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "properties": {
            "provisioningState": "Succeeded",
            "addressPrefix": "10.0.0.0/24",
            **filtered,
            **properties,
        },
    }


def vnet(name: str, *within: dict[str, Any], **properties: Any) -> dict[str, Any]:
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    return net("virtualNetworks", name, properties={**space, "subnets": list(within), **properties})


SUBNETS = world(
    subnets,
    {
        "Microsoft.Network/virtualNetworks/read": [
            vnet(
                "VNet",
                subnet(
                    "VNet",
                    "Records",
                    "web",
                    serviceEndpoints=[
                        {"service": "Microsoft.Storage", "locations": ["westeurope"]},
                        {"service": "Microsoft.KeyVault", "locations": ["*"]},
                    ],
                    routeTable=at("routeTables", "out"),
                ),
                subnet(
                    "VNet",
                    "databases",
                    delegations=[
                        {
                            "name": "postgres",
                            "properties": {"serviceName": "Microsoft.DBforPostgreSQL/flexibleServers"},
                        }
                    ],
                ),
                subnet("VNet", "GatewaySubnet", "web"),
                subnet("VNet", "AzureFirewallSubnet"),
                subnet("VNet", "AzureFirewallManagementSubnet"),
                subnet("VNet", "AzureBastionSubnet"),
                subnet("VNet", "RouteServerSubnet"),
            ),
            vnet("empty"),
        ]
    },
)


def test_subnets() -> None:
    network = f"{ID}/virtualNetworks/vnet"
    group = f"{ID}/networkSecurityGroups/web"

    def seen(name: str, purpose: Any, **facts: Any) -> Subnet:
        unset: dict[str, Any] = {
            "filtered": False,
            "routed": False,
            "service_endpoints": (),
            "delegations": (),
            "links": (network,),
        }
        return Subnet(
            resource=f"{network}/subnets/{name}",
            region="westeurope",
            tags={},
            purpose=purpose,
            virtual_network=network,
            **{**unset, **facts},
        )

    assert observe(subnets, SUBNETS) == [
        seen(
            "records",
            "general",
            filtered=True,
            routed=True,
            service_endpoints=("Microsoft.KeyVault", "Microsoft.Storage"),
            links=(group, network),
        ),
        seen("databases", "general", delegations=("Microsoft.DBforPostgreSQL/flexibleServers",)),
        seen("gatewaysubnet", "gateway", filtered=True, links=(group, network)),
        seen("azurefirewallsubnet", "firewall"),
        seen("azurefirewallmanagementsubnet", "firewall"),
        seen("azurebastionsubnet", "bastion"),
        seen("routeserversubnet", "route-server"),
    ]


def configuration(place: str, **properties: Any) -> dict[str, Any]:
    return {
        "name": "ipconfig1",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": "10.0.0.4",
            "privateIPAllocationMethod": "Dynamic",
            "primary": True,
            "privateIPAddressVersion": "IPv4",
            "subnet": at("virtualNetworks", place),
            **properties,
        },
    }


def nic(name: str, *configurations: dict[str, Any], machine: str = "", **properties: Any) -> dict[str, Any]:
    owner = {"virtualMachine": {"id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{machine}"}}
    return net(
        "networkInterfaces",
        name,
        properties={"ipConfigurations": list(configurations), **(owner if machine else {}), **properties},
    )


def grouped(name: str) -> dict[str, Any]:
    return {"networkSecurityGroup": at("networkSecurityGroups", name)}


NETWORKS = world(
    virtual_networks,
    {
        "Microsoft.Network/virtualNetworks/read": [
            vnet("hub", enableDdosProtection=True),
            vnet(
                "Spoke",
                virtualNetworkPeerings=[
                    {
                        **at("virtualNetworks", "Spoke/virtualNetworkPeerings/to-hub"),
                        "name": "to-hub",
                        "properties": {
                            "remoteVirtualNetwork": at("virtualNetworks", "HUB"),
                            "peeringState": "Connected",
                        },
                    }
                ],
            ),
            vnet(
                "cut",
                virtualNetworkPeerings=[
                    {
                        **at("virtualNetworks", "cut/virtualNetworkPeerings/to-hub"),
                        "name": "to-hub",
                        "properties": {
                            "remoteVirtualNetwork": at("virtualNetworks", "hub"),
                            "peeringState": "Disconnected",
                        },
                    },
                    {
                        **at("virtualNetworks", "cut/virtualNetworkPeerings/to-lab"),
                        "name": "to-lab",
                        "properties": {
                            "remoteVirtualNetwork": at("virtualNetworks", "lab"),
                            "peeringState": "Connected",
                        },
                    },
                ],
            ),
            vnet("lab"),
        ],
        "Microsoft.Network/bastionHosts/read": [
            net(
                "bastionHosts",
                "bastion",
                properties={
                    "ipConfigurations": [
                        {
                            "name": "IpConf",
                            "properties": {
                                "subnet": at("virtualNetworks", "Hub/subnets/AzureBastionSubnet"),
                                "publicIPAddress": at("publicIPAddresses", "bastion"),
                            },
                        }
                    ]
                },
                sku={"name": "Standard"},
            ),
            net(
                "bastionHosts",
                "developers",
                properties={"ipConfigurations": [], "virtualNetwork": at("virtualNetworks", "lab")},
                sku={"name": "Developer"},
            ),
        ],
        "Microsoft.Network/networkInterfaces/read": [
            nic("ehr", configuration("spoke/subnets/records"), machine="ehr-1"),
            nic("endpoint", configuration("lab/subnets/private")),
        ],
    },
)


def test_virtual_networks() -> None:
    def seen(name: str, **facts: Any) -> VirtualNetwork:
        unset: dict[str, Any] = {"machines": False, "bastion": True, "ddos_protected": False, "peers": ()}
        return VirtualNetwork(
            resource=f"{ID}/virtualNetworks/{name}", region="westeurope", tags={}, **{**unset, **facts}
        )

    assert observe(virtual_networks, NETWORKS) == [
        seen("hub", ddos_protected=True),
        seen("spoke", machines=True, peers=(f"{ID}/virtualNetworks/hub",)),
        # Of its peers one is cut off, and the other's host serves nobody else.
        seen("cut", bastion=False, peers=(f"{ID}/virtualNetworks/lab",)),
        seen("lab"),
    ]


INTERFACES = world(
    network_interfaces,
    {
        "Microsoft.Network/virtualNetworks/read": [
            vnet("VNet", subnet("VNet", "filtered", "web"), subnet("VNet", "bare"))
        ],
        "Microsoft.Network/networkInterfaces/read": [
            nic(
                "Front",
                configuration(
                    "vnet/subnets/Filtered",
                    publicIPAddress=at("publicIPAddresses", "front"),
                    applicationSecurityGroups=[at("applicationSecurityGroups", "Front")],
                ),
                machine="Web-1",
                enableIPForwarding=True,
            ),
            nic("own", configuration("vnet/subnets/bare"), **grouped("Web")),
            nic(
                "mixed",
                configuration("vnet/subnets/filtered"),
                configuration("vnet/subnets/bare", primary=False),
                enableIPForwarding=False,
            ),
        ],
    },
)


def test_network_interfaces() -> None:
    place = f"{ID}/virtualNetworks/vnet"

    def seen(name: str, **facts: Any) -> Interface:
        unset: dict[str, Any] = {
            "machine": None,
            "publicly_accessible": False,
            "filtered": True,
            "own_group": False,
            "ip_forwarding": False,
            "application_groups": (),
        }
        return Interface(
            resource=f"{ID}/networkInterfaces/{name}",
            region="westeurope",
            tags={},
            virtual_network=place,
            **{**unset, **facts},
        )

    assert observe(network_interfaces, INTERFACES) == [
        seen(
            "front",
            machine=f"{MACHINE}/web-1",
            publicly_accessible=True,
            ip_forwarding=True,
            application_groups=(f"{ID}/applicationsecuritygroups/front",),
            links=(f"{MACHINE}/web-1", f"{place}/subnets/filtered"),
        ),
        seen("own", own_group=True, links=(f"{ID}/networkSecurityGroups/web", f"{place}/subnets/bare")),
        seen("mixed", filtered=False, links=(f"{place}/subnets/bare", f"{place}/subnets/filtered")),
    ]


def test_an_interface_whose_subnet_was_not_listed_is_refused() -> None:
    world = {
        "Microsoft.Network/virtualNetworks/read": [],
        "Microsoft.Network/networkInterfaces/read": [nic("new", configuration("vnet/subnets/new"))],
    }

    sight = look(network_interfaces, world)

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/networkInterfaces/new",
            "properties.ipConfigurations[0].properties.subnet.id is a str; expected a subnet that was listed",
        )
    ]


def vm(name: str, *interfaces: str, **more: Any) -> dict[str, Any]:
    return arm(
        "Microsoft.Compute/virtualMachines",
        name,
        {
            "hardwareProfile": {"vmSize": "Standard_D2s_v3"},
            "networkProfile": {
                "networkInterfaces": [
                    {**at("networkInterfaces", each), "properties": {"primary": n == 0}}
                    for n, each in enumerate(interfaces)
                ]
            },
        },
        **more,
    )


def public(name: str, sku: str = "Standard", **properties: Any) -> dict[str, Any]:
    said = {"publicIPAddressVersion": "IPv4", "publicIPAllocationMethod": "Static", **properties}
    return net("publicIPAddresses", name, properties=said, sku={"name": sku, "tier": "Regional"})


def addressed(place: str, name: str, **more: Any) -> dict[str, Any]:
    return configuration(f"vnet/subnets/{place}", publicIPAddress=at("publicIPAddresses", name), **more)


BALANCER = net(
    "loadBalancers",
    "LB",
    properties={
        "frontendIPConfigurations": [
            {
                **at("loadBalancers", "lb/frontendIPConfigurations/out"),
                "name": "out",
                "properties": {"publicIPAddress": at("publicIPAddresses", "lb")},
            },
            {
                **at("loadBalancers", "lb/frontendIPConfigurations/in"),
                "name": "in",
                "properties": {"subnet": at("virtualNetworks", "vnet/subnets/bare")},
            },
        ],
        "loadBalancingRules": [
            {
                **at("loadBalancers", "LB/loadBalancingRules/web"),
                "name": "web",
                "properties": {
                    "frontendIPConfiguration": at("loadBalancers", "LB/frontendIPConfigurations/out"),
                    "backendAddressPool": at("loadBalancers", "LB/backendAddressPools/web"),
                    "backendAddressPools": [at("loadBalancers", "LB/backendAddressPools/web")],
                    "protocol": "Tcp",
                    "frontendPort": 80,
                    "backendPort": 80,
                },
            },
            {
                **at("loadBalancers", "LB/loadBalancingRules/within"),
                "name": "within",
                "properties": {
                    "frontendIPConfiguration": at("loadBalancers", "LB/frontendIPConfigurations/in"),
                    "backendAddressPool": at("loadBalancers", "LB/backendAddressPools/web"),
                    "protocol": "All",
                    "frontendPort": 0,
                    "backendPort": 0,
                },
            },
        ],
        "inboundNatRules": [
            {
                **at("loadBalancers", "LB/inboundNatRules/ssh"),
                "name": "ssh",
                "properties": {
                    "frontendIPConfiguration": at("loadBalancers", "LB/frontendIPConfigurations/out"),
                    "protocol": "Tcp",
                    "frontendPort": 50022,
                    "backendPort": 22,
                },
            }
        ],
    },
    sku={"name": "Standard", "tier": "Regional"},
)
SSH_ONLY = nsg("ssh-only", secured("ssh", 100, destinationPortRange="22"))
OPEN = nsg("open", secured("all", 100, protocol="*"))
CLOSED = nsg("closed")
TO_FRONT = nsg(
    "to-front",
    secured(
        "front",
        100,
        destinationPortRange="22",
        destinationAddressPrefix=None,
        destinationApplicationSecurityGroups=[at("applicationSecurityGroups", "front")],
    ),
    secured("other", 110, destinationAddressPrefix="10.0.0.99", destinationPortRange="3389"),
)
POOL = {"loadBalancerBackendAddressPools": [at("loadBalancers", "lb/backendAddressPools/web")]}
NAT = {"loadBalancerInboundNatRules": [at("loadBalancers", "lb/inboundNatRules/ssh")]}
FRONT = {"applicationSecurityGroups": [at("applicationSecurityGroups", "FRONT")]}

CASES: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    # Who has no public address is not reached, however open the groups are.
    ("private", [nic("private", configuration("vnet/subnets/open"))], {"publicly_accessible": False}),
    # The subnet's group and the interface's have to agree.
    ("both", [nic("both", addressed("open", "both"), **grouped("ssh-only"))], SSH),
    ("shut", [nic("shut", addressed("open", "shut"), **grouped("closed"))], {}),
    ("by-subnet", [nic("by-subnet", addressed("ssh", "by-subnet"))], SSH),
    ("wide", [nic("wide", addressed("open", "wide"))], EVERYTHING),
    # Without a group a standard address is closed, and a basic one is open.
    ("standard", [nic("standard", addressed("bare", "standard"))], {"filtered": False}),
    ("basic", [nic("basic", addressed("bare", "basic"))], {**EVERYTHING, "filtered": False}),
    # A rule for an application security group is about its members.
    ("member", [nic("member", addressed("bare", "member", **FRONT), **grouped("to-front"))], SSH),
    ("stranger", [nic("stranger", addressed("bare", "stranger"), **grouped("to-front"))], {}),
    # A load balancer hands on the ports of its public rules.
    (
        "balanced",
        [nic("balanced", configuration("vnet/subnets/open", **POOL))],
        {
            **TELLS_NOTHING,
            "publicly_accessible": False,
            "load_balanced": True,
            "public": True,
            "anyone": True,
            "anyone_in_azure": True,
            "anyone_ports": ("tcp/80",),
            "anyone_http": True,
        },
    ),
    (
        "nat",
        [nic("nat", configuration("vnet/subnets/open", **NAT))],
        {**SSH, "publicly_accessible": False, "load_balanced": True},
    ),
    (
        "balanced-bare",
        [nic("balanced-bare", configuration("vnet/subnets/bare", **NAT))],
        {"publicly_accessible": False, "load_balanced": True, "filtered": False},
    ),
    # One interface of several is enough.
    (
        "two",
        [nic("first", configuration("vnet/subnets/ssh")), nic("second", addressed("ssh", "second"))],
        SSH,
    ),
]
MACHINES = world(
    virtual_machines,
    {
        "Microsoft.Compute/virtualMachines/read": [
            vm(name, *(each["name"] for each in interfaces)) for name, interfaces, _ in CASES
        ],
        "Microsoft.Network/networkInterfaces/read": [
            each for _, interfaces, _ in CASES for each in interfaces
        ],
        "Microsoft.Network/virtualNetworks/read": [
            vnet(
                "vnet",
                subnet("vnet", "bare"),
                subnet("vnet", "open", "open"),
                subnet("vnet", "ssh", "ssh-only"),
            )
        ],
        "Microsoft.Network/networkSecurityGroups/read": [SSH_ONLY, OPEN, CLOSED, TO_FRONT],
        "Microsoft.Network/publicIPAddresses/read": [
            *(
                public(name)
                for name in (
                    "both",
                    "shut",
                    "by-subnet",
                    "wide",
                    "standard",
                    "member",
                    "stranger",
                    "second",
                    "lb",
                )
            ),
            public("basic", "Basic"),
        ],
        "Microsoft.Network/loadBalancers/read": [BALANCER],
    },
)


@pytest.mark.parametrize(("name", "interfaces", "facts"), CASES, ids=[name for name, *_ in CASES])
def test_virtual_machines(name: str, interfaces: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    seen = {facts.resource: facts for facts in observe(virtual_machines, MACHINES)}

    unset = {**TELLS_NOTHING, "publicly_accessible": True, "load_balanced": False, "filtered": True}
    assert seen[f"{MACHINE}/{name}"] == Machine(
        resource=f"{MACHINE}/{name}",
        region="westeurope",
        tags={},
        links=tuple(f"{ID}/networkInterfaces/{each['name']}" for each in interfaces),
        **{**unset, **facts},
    )


def test_a_basic_load_balancer_opens_what_has_no_group() -> None:
    basic = {**BALANCER, "sku": {"name": "Basic"}}

    seen = observe(virtual_machines, {**MACHINES, "Microsoft.Network/loadBalancers/read": [basic]})

    assert [facts.anyone_ports for facts in seen if facts.resource == f"{MACHINE}/balanced-bare"] == [
        ("tcp/22",)
    ]


@pytest.mark.parametrize(
    ("need", "missing"),
    [
        ("Microsoft.Network/networkInterfaces/read", "network interface"),
        ("Microsoft.Network/networkSecurityGroups/read", "network security group"),
        ("Microsoft.Network/publicIPAddresses/read", "public address"),
    ],
)
def test_what_was_not_listed_is_no_guess(need: str, missing: str) -> None:
    sight = look(virtual_machines, {**MACHINES, need: []})

    refused = {refusal.resource for refusal in sight.refusals}
    assert f"{MACHINE}/both" in refused
    assert refused | {facts.resource for facts in sight.facts} == {f"{MACHINE}/{name}" for name, *_ in CASES}
    assert {refusal.error.detail.rpartition("expected ")[2] for refusal in sight.refusals} == {
        f"a {missing} that was listed"
    }


REGIONAL = "Microsoft.Security/locations/westeurope"
JUST_IN_TIME = world(
    just_in_time,
    {
        "Microsoft.Compute/virtualMachines/read": [
            vm("Ehr-1", "ehr-1", tags={"phi": "true"}),
            vm("ehr-2", "ehr-2"),
        ],
        "Microsoft.Security/jitNetworkAccessPolicies/read": [
            {
                "id": f"{GROUP}/providers/{REGIONAL}/jitNetworkAccessPolicies/{name}",
                "name": name,
                "type": "Microsoft.Security/locations/jitNetworkAccessPolicies",
                "kind": "Basic",
                "location": "westeurope",
                "properties": {
                    "provisioningState": "Succeeded",
                    "virtualMachines": [
                        {
                            "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{machine}",
                            "ports": [
                                {
                                    "number": port,
                                    "protocol": "*",
                                    "allowedSourceAddressPrefix": "*",
                                    "maxRequestAccessDuration": "PT3H",
                                }
                                for port in ports
                            ],
                        }
                    ],
                },
            }
            for name, machine, ports in [("default", "EHR-1", [3389, 22]), ("more", "ehr-1", [5986])]
        ],
    },
)


def test_just_in_time() -> None:
    assert observe(just_in_time, JUST_IN_TIME) == [
        JustInTime(
            resource=f"{MACHINE}/ehr-1",
            region="westeurope",
            tags={"phi": "true"},
            just_in_time=True,
            just_in_time_ports=(22, 3389, 5986),
        ),
        JustInTime(
            resource=f"{MACHINE}/ehr-2",
            region="westeurope",
            tags={},
            just_in_time=False,
            just_in_time_ports=(),
        ),
    ]


ADDRESSES = world(
    public_addresses,
    {
        "Microsoft.Network/publicIPAddresses/read": [
            public(
                "front",
                ipAddress="20.71.1.2",
                ipConfiguration=at("networkInterfaces", "Front/ipConfigurations/ipconfig1"),
            ),
            public("out", ipAddress="20.71.1.3", natGateway=at("natGateways", "out")),
            public("spare", "Basic", publicIPAllocationMethod="Dynamic"),
        ]
    },
)


def test_public_addresses() -> None:
    def seen(name: str, sku: Any, address: str | None, by: str | None) -> PublicAddress:
        return PublicAddress(
            resource=f"{ID}/publicIPAddresses/{name}",
            region="westeurope",
            tags={},
            address=address,
            sku=sku,
            attached=by is not None,
            attached_to=by,
            links=(by,) if by else (),
        )

    assert observe(public_addresses, ADDRESSES) == [
        seen("front", "standard", "20.71.1.2", f"{ID}/networkInterfaces/front"),
        seen("out", "standard", "20.71.1.3", f"{ID}/natgateways/out"),
        seen("spare", "basic", None, None),
    ]


def test_a_kind_of_address_that_came_after_the_pinned_version() -> None:
    listed = [public("new", "StandardV2")]

    [seen] = observe(public_addresses, {"Microsoft.Network/publicIPAddresses/read": listed})

    assert seen.sku == "standardv2"
