"""Networks: what is let in where, and what only looks as if it were."""

from collections.abc import Iterator
from typing import NamedTuple

from .parts import Held, called, resource, subnet

GROUP = "network"
_ANY = "*"
_CLINICAL = {
    "ehr": "ehr",
    "databases": "databases",
    "desktops": "radiology-desktops",
    "vendors": "vendor-support",
    "gateway": "gateway",
    "AzureBastionSubnet": None,
}
"""The clinical network's subnets, and the security group of each."""


class _Rule(NamedTuple):
    """Who may come in where, or may not."""

    name: str
    priority: int
    access: str
    source: str
    port: str
    to: str = _ANY


_DEFAULTS = (
    _Rule("AllowVnetInBound", 65000, "Allow", "VirtualNetwork", _ANY, "VirtualNetwork"),
    _Rule("AllowAzureLoadBalancerInBound", 65001, "Allow", "AzureLoadBalancer", _ANY),
    _Rule("DenyAllInBound", 65500, "Deny", _ANY, _ANY),
)
"""What every group has, whatever it adds."""


def resources() -> Iterator[Held]:
    """The networks, their filters, and the addresses by which they are reached."""
    yield from _groups()
    yield from _networks()
    for name, holder in (
        (
            "bastion",
            called(GROUP, "Microsoft.Network/bastionHosts", "clinical") + "/bastionHostIpConfigurations/ip",
        ),
        ("vendor-jump", interface("vendor-jump") + "/ipConfigurations/ipconfig1"),
        ("lab-gateway", interface("lab-gateway") + "/ipConfigurations/ipconfig1"),
        (
            "portal",
            called(GROUP, "Microsoft.Network/applicationGateways", "portal") + "/frontendIPConfigurations/ip",
        ),
        ("portal-before-the-move", None),
    ):
        yield _address(name, holder)
    yield resource(
        GROUP,
        "Microsoft.Network/bastionHosts",
        "clinical",
        {
            "provisioningState": "Succeeded",
            "ipConfigurations": [
                {
                    "name": "ip",
                    "properties": {
                        "subnet": {"id": subnet("AzureBastionSubnet")},
                        "publicIPAddress": {"id": address("bastion")},
                    },
                }
            ],
        },
        sku={"name": "Standard"},
    )
    yield _gateway()


def address(name: str) -> str:
    """The id of a public address."""
    return called(GROUP, "Microsoft.Network/publicIPAddresses", name)


def interface(name: str) -> str:
    """The id of a machine's network interface."""
    return called(GROUP, "Microsoft.Network/networkInterfaces", name)


def security_group(name: str) -> str:
    """The id of a network security group."""
    return called(GROUP, "Microsoft.Network/networkSecurityGroups", name)


def _groups() -> Iterator[Held]:
    yield _group("ehr", _Rule("https-from-the-gateway", 100, "Allow", "10.40.9.0/24", "443"))
    yield _group("databases", _Rule("sql-from-the-application", 100, "Allow", "10.40.1.0/24", "1433"))
    # The desktops' own rule lets the internet in; one that comes before it does not.
    yield _group(
        "radiology-desktops",
        _Rule("nobody-from-the-internet", 100, "Deny", "Internet", "3389"),
        _Rule("rdp-for-home-reading", 200, "Allow", _ANY, "3389"),
    )
    yield _group(
        "vendor-support",
        _Rule("rdp-for-the-vendor", 110, "Allow", "Internet", "3389"),
        _Rule("https", 120, "Allow", "10.40.0.0/16", "443"),
    )
    yield _group(
        "gateway",
        _Rule("https", 100, "Allow", "Internet", "443"),
        _Rule("gateway-manager", 110, "Allow", "GatewayManager", "65200-65535"),
    )


def _group(name: str, *rules: _Rule) -> Held:
    own = security_group(name)
    return resource(
        GROUP,
        "Microsoft.Network/networkSecurityGroups",
        name,
        {
            "provisioningState": "Succeeded",
            "subnets": [{"id": subnet(at)} for at, group in _CLINICAL.items() if group == name],
            "securityRules": [_rule(f"{own}/securityRules", rule) for rule in rules],
            "defaultSecurityRules": [_rule(f"{own}/defaultSecurityRules", rule) for rule in _DEFAULTS],
        },
        tags={"owner": "network"},
    )


def _rule(below: str, rule: _Rule) -> Held:
    return {
        "id": f"{below}/{rule.name}",
        "name": rule.name,
        "type": f"Microsoft.Network/networkSecurityGroups/{below.rpartition('/')[2]}",
        "properties": {
            "provisioningState": "Succeeded",
            "protocol": "*" if rule.port == _ANY else "Tcp",
            "sourcePortRange": "*",
            "destinationPortRange": rule.port,
            "sourceAddressPrefix": rule.source,
            "destinationAddressPrefix": rule.to,
            "access": rule.access,
            "priority": rule.priority,
            "direction": "Inbound",
            "sourcePortRanges": [],
            "destinationPortRanges": [],
            "sourceAddressPrefixes": [],
            "destinationAddressPrefixes": [],
        },
    }


def _networks() -> Iterator[Held]:
    """The hospital's own network, and that of the laboratory it took over."""
    for name, prefix, subnets in (
        (
            "clinical",
            "10.40",
            tuple(_CLINICAL.items()),
        ),
        ("laboratory", "10.41", (("analysers", None),)),
    ):
        own = called(GROUP, "Microsoft.Network/virtualNetworks", name)
        yield resource(
            GROUP,
            "Microsoft.Network/virtualNetworks",
            name,
            {
                "provisioningState": "Succeeded",
                "addressSpace": {"addressPrefixes": [f"{prefix}.0.0/16"]},
                "enableDdosProtection": name == "clinical",
                "subnets": [
                    _subnet(own, part, f"{prefix}.{at}.0/24", group)
                    for at, (part, group) in enumerate(subnets, 1)
                ],
            },
            tags={"owner": "network"},
        )


def _subnet(network: str, name: str, prefix: str, group: str | None) -> Held:
    filtered = {"networkSecurityGroup": {"id": security_group(group)}} if group else {}
    return {
        "id": f"{network}/subnets/{name}",
        "name": name,
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "properties": {"provisioningState": "Succeeded", "addressPrefix": prefix, **filtered},
    }


def _address(name: str, holder: str | None) -> Held:
    held = {"ipConfiguration": {"id": holder}} if holder else {}
    return resource(
        GROUP,
        "Microsoft.Network/publicIPAddresses",
        name,
        {
            "provisioningState": "Succeeded",
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static",
            "ipAddress": f"203.0.113.{10 + len(name)}",
            **held,
        },
        sku={"name": "Standard", "tier": "Regional"},
    )


def _gateway() -> Held:
    """The portal's front: TLS, and whoever comes without is sent there."""
    own = called(GROUP, "Microsoft.Network/applicationGateways", "portal")

    def part(kind: str, name: str, **properties: object) -> Held:
        return {"id": f"{own}/{kind}/{name}", "name": name, "properties": properties}

    def at(kind: str, name: str) -> Held:
        return {"id": f"{own}/{kind}/{name}"}

    return resource(
        GROUP,
        "Microsoft.Network/applicationGateways",
        "portal",
        {
            "provisioningState": "Succeeded",
            "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
            "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"},
            "httpListeners": [
                part("httpListeners", "https", protocol="Https"),
                part("httpListeners", "http", protocol="Http"),
            ],
            "requestRoutingRules": [
                part(
                    "requestRoutingRules",
                    "https",
                    ruleType="Basic",
                    httpListener=at("httpListeners", "https"),
                    backendAddressPool=at("backendAddressPools", "portal"),
                ),
                part(
                    "requestRoutingRules",
                    "http",
                    ruleType="Basic",
                    httpListener=at("httpListeners", "http"),
                    redirectConfiguration=at("redirectConfigurations", "to-https"),
                ),
            ],
            "redirectConfigurations": [
                part(
                    "redirectConfigurations",
                    "to-https",
                    redirectType="Permanent",
                    targetListener=at("httpListeners", "https"),
                )
            ],
        },
        tags={"owner": "portal"},
    )
