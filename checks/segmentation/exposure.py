"""What network security groups and load balancers of Azure's let through, from what Azure tells of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scanner import AzureSubscription, Fields

from ..semantics import nsg
from . import openings
from .openings import Exposed

_PROTOCOLS = {"Tcp": "tcp", "Udp": "udp", "Icmp": "icmp", "Esp": "esp", "Ah": "ah", "*": nsg.EVERY}
_FORWARDED = {"Tcp": ("tcp",), "Udp": ("udp",), "All": ("tcp", "udp")}


class AzureExposed(Exposed):
    """The facts of `AzureExposure`."""

    anyone_in_azure: bool


class Forward(NamedTuple):
    """What a public load balancer hands on."""

    secure: bool
    """Whether it hands nothing to an interface that no network security group is for."""
    services: nsg.Spans


def exposed(lines: nsg.Lines, boxes: Sequence[nsg.Box]) -> AzureExposed:
    """What is open, and to whom."""
    slices = nsg.slices(boxes)
    return AzureExposed(
        **openings.exposed(
            every=nsg.ports(nsg.joined(span for span, _ in slices)),
            public=nsg.ports(nsg.joined(span for span, peers in slices if lines.public(peers))),
            anyone=nsg.ports(nsg.joined(span for span, peers in slices if nsg.anyone(peers))),
        ),
        anyone_in_azure=any(lines.azure(peers) for _, peers in slices),
    )


def inbound(rule: Fields) -> bool:
    """Whether a rule is about traffic to those who are in the group."""
    return rule.word("properties.direction", {"Inbound": True, "Outbound": False})


def rules_of(group: Fields) -> list[Fields]:
    """A group's rules, those that Azure gives every group last."""
    return [*group.parts("properties.securityRules"), *group.parts("properties.defaultSecurityRules")]


def rule_of(rule: Fields) -> nsg.Rule:
    """A security rule, as Azure tells of it."""
    source, destination = _addresses(rule, "source"), _addresses(rule, "destination")
    into = inbound(rule)
    return nsg.Rule(
        name=AzureSubscription.resource(rule.text("id")),
        priority=rule.number("properties.priority"),
        allow=rule.word("properties.access", {"Allow": True, "Deny": False}),
        protocol=rule.word("properties.protocol", _PROTOCOLS),
        peers=source if into else destination,
        locals=destination if into else source,
        source_ports=_ports(rule, "source"),
        ports=_ports(rule, "destination"),
    )


def entering(group: Fields) -> list[nsg.Rule]:
    """A group's rules about traffic to those who are in it."""
    return [rule_of(rule) for rule in rules_of(group) if inbound(rule)]


def forwards(balancer: Fields) -> tuple[dict[str, Forward], dict[str, Forward]]:
    """What a load balancer hands on from public addresses, by backend pool and by inbound NAT rule."""
    # https://learn.microsoft.com/azure/load-balancer/skus
    secure = balancer.word("sku.name", {"Basic": False, "Standard": True, "Gateway": True}, default=False)
    fronts = {
        AzureSubscription.resource(front.text("id"))
        for front in balancer.parts("properties.frontendIPConfigurations")
        if front.has("properties.publicIPAddress.id") or front.has("properties.publicIPPrefix.id")
    }
    pools: dict[str, Forward] = {}
    nat: dict[str, Forward] = {}
    for kind in ("loadBalancingRules", "inboundNatRules"):
        for rule in balancer.parts(f"properties.{kind}"):
            front = AzureSubscription.resource(rule.text("properties.frontendIPConfiguration.id", ""))
            if front in fronts:
                into = _joined_services(rule)
                if kind == "inboundNatRules":
                    nat[AzureSubscription.resource(rule.text("id"))] = Forward(secure, into)
                for pool in _pools(rule):
                    known = pools.get(pool, Forward(secure, ())).services
                    pools[pool] = Forward(secure, nsg.joined((*known, *into)))
    return pools, nat


def _pools(rule: Fields) -> Iterable[str]:
    named = [rule.text("properties.backendAddressPool.id", "")]
    named += [pool.text("id") for pool in rule.parts("properties.backendAddressPools")]
    return {AzureSubscription.resource(pool) for pool in named if pool}


def _joined_services(rule: Fields) -> nsg.Spans:
    protocols = rule.word("properties.protocol", _FORWARDED)
    port = rule.number("properties.backendPort")
    # Port 0 stands for every port, as it does in rules for all protocols.
    some = (port, port) if port else (None, None)
    return nsg.joined(span for protocol in protocols for span in nsg.service(protocol, *some))


def _addresses(rule: Fields, side: str) -> tuple[str, ...]:
    path = f"properties.{side}AddressPrefix"
    groups = (
        AzureSubscription.resource(group.text("id"))
        for group in rule.parts(f"properties.{side}ApplicationSecurityGroups")
    )
    words = (rule.text(path, ""), *rule.texts(f"{path}es"), *groups)
    found = tuple(word.strip() for word in words if word.strip())
    if not found or not all(nsg.addressed(word) for word in found):
        raise rule.strange(path, f"addresses, a service tag or application groups, not {', '.join(found)!r}")
    return found


def _ports(rule: Fields, side: str) -> tuple[str, ...]:
    path = f"properties.{side}PortRange"
    words = (rule.text(path, ""), *rule.texts(f"{path}s"))
    found = tuple(word.strip() for word in words if word.strip())
    if not found or not all(nsg.ported(word) for word in found):
        raise rule.strange(path, f"ports, not {', '.join(found)!r}")
    return found
