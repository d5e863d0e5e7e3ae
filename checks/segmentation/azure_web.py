"""Who reaches Azure's web apps and function apps: access restrictions and private endpoints."""

from collections.abc import Iterator

from scanner import AzureSubscription, Fields, Resource, check

from ..semantics.allow_lists import EVERYONE, Rule, first_match
from . import WebApp
from .reach import Wall, is_approved, reach

_SITES = "Microsoft.Web/sites/read"
_CONFIG = "Microsoft.Web/sites/config/read"
_CONNECTIONS = "Microsoft.Web/sites/privateEndpointConnections/read"
_ENVIRONMENTS = "Microsoft.Web/hostingEnvironments/read"

_ALL = ("0.0.0.0/0", "::/0")
_ANY_SUBNET = "AnyVnets"
_LAST = 2**31 - 1
"""The priority of the rule that Azure puts last."""
_INTERNAL = {"None": False, "Publishing": False, "Web": True, "Web, Publishing": True}
_FRONT_DOOR = "AzureFrontDoor.Backend"
_FRONT_DOOR_ID = "x-azure-fdid"


@check(_SITES, _CONFIG, _CONNECTIONS, _ENVIRONMENTS)
def web_apps(subscription: AzureSubscription) -> Iterator[WebApp]:
    """Who reaches web apps, function apps and workflows, and whether what they call goes through a network.

    Deployment slots are not looked at, nor who reaches the site by which an app is deployed.
    """

    def read(site: Resource) -> WebApp:
        config = subscription.one(_CONFIG, f"{site.id}/config/web")
        connections = [each for each in subscription.all(_CONNECTIONS, site.id) if is_approved(each)]
        inside = _internal(subscription, site)
        rules = sorted(
            config.parts("properties.ipSecurityRestrictions"), key=lambda rule: rule.number("priority", _LAST)
        )
        allowed = [rule for rule in rules if _allows(rule)]
        ranges = first_match(map(_rule, rules), otherwise=_otherwise(config, rules))
        subnet = site.text("properties.virtualNetworkSubnetId", "")
        wall = Wall(
            EVERYONE if ranges == _ALL else ranges,
            sorted({rule.text("vnetSubnetResourceId") for rule in allowed if _of_subnet(rule)}),
            any(map(_lets_in_azure, allowed)),
        )
        facts = reach(
            connections,
            public=not inside and _answers(site, bool(connections)),
            wall=wall,
            inside=[inside] if inside else [],
        )
        return WebApp(
            **site.about,
            **facts,
            service_tags=_tags(allowed) if facts["publicly_accessible"] else (),
            virtual_network_integration=bool(subnet) or site.has("properties.hostingEnvironmentProfile.id"),
        )

    yield from subscription.each(subscription.all(_SITES), read)


def _internal(subscription: AzureSubscription, site: Fields) -> str:
    """The id of the environment that keeps an app within a virtual network; empty when none does."""
    environment = site.text("properties.hostingEnvironmentProfile.id", "")
    if not environment:
        return ""
    told = subscription.one(_ENVIRONMENTS, environment)
    internal = told.word("properties.internalLoadBalancingMode", _INTERNAL, default=False)
    return environment if internal else ""


def _answers(site: Fields, has_private_endpoint: bool) -> bool:
    """Whether an app's public address answers; unless told, it does until there is a private endpoint.

    https://learn.microsoft.com/azure/app-service/overview-access-restrictions#app-access
    """
    told = site.word(
        "properties.publicNetworkAccess", {"Enabled": True, "Disabled": False, "": None}, default=None
    )
    return not has_private_endpoint if told is None else told


def _otherwise(config: Fields, rules: list[Fields]) -> bool:
    """Whether what no rule names is let in: unless told, when there are no rules.

    https://learn.microsoft.com/azure/app-service/overview-access-restrictions#unmatched-rule
    """
    told = {"Allow": True, "Deny": False}
    return config.word("properties.ipSecurityRestrictionsDefaultAction", told, default=not rules)


def _allows(rule: Fields) -> bool:
    return rule.word("action", {"Allow": True, "Deny": False}, default=True)


def _rule(rule: Fields) -> Rule:
    # A rule that asks for a header decides about those alone who bring it; anybody can bring most of them.
    return Rule(_allows(rule), _ranges(rule), always=not rule.part("headers").held)


def _ranges(rule: Fields) -> tuple[str, ...]:
    """The address ranges that a rule is about; none for one about subnets or service tags."""
    named = _sources(rule)
    if rule.text("tag", "").lower() == "servicetag":
        return _ALL if "Internet" in named else ()
    if _of_subnet(rule) or named == (_ANY_SUBNET,):
        return ()
    if named == ("Any",):
        return _ALL
    mask = rule.text("subnetMask", "")
    return tuple(f"{source}/{mask}" if mask and "/" not in source else source for source in named)


def _of_subnet(rule: Fields) -> bool:
    return rule.has("vnetSubnetResourceId")


def _sources(rule: Fields) -> tuple[str, ...]:
    return tuple(source.strip() for source in rule.text("ipAddress", "").split(",") if source.strip())


def _tags(allowed: list[Fields]) -> tuple[str, ...]:
    tagged = (rule for rule in allowed if rule.text("tag", "").lower() == "servicetag")
    return tuple(sorted({source for rule in tagged for source in _sources(rule)}))


def _lets_in_azure(rule: Fields) -> bool:
    """Whether other customers' machines come in by a rule.

    Azure's addresses are theirs, too, so is any subnet, and so is Front Door unless it must say whose it is:
    https://learn.microsoft.com/azure/app-service/app-service-ip-restrictions
    """
    sources = _sources(rule)
    own = _FRONT_DOOR_ID in {name.lower() for name in rule.part("headers").held}
    return (
        sources == (_ANY_SUBNET,)
        or any(source.partition(".")[0] == "AzureCloud" for source in sources)
        or (_FRONT_DOOR in sources and not own)
    )
