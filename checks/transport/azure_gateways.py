"""Encryption in transit where Azure lets visitors in: application gateways and API Management."""

from collections.abc import Iterator
from datetime import UTC, datetime

from scanner import AzureSubscription, Fields, Resource, check

from . import InTransit, Version

_POLICIES: dict[str, Version] = {
    "AppGwSslPolicy20150501": "TLSv1.0",
    "AppGwSslPolicy20170401": "TLSv1.1",
    "AppGwSslPolicy20170401S": "TLSv1.2",
    "AppGwSslPolicy20220101": "TLSv1.2",
    "AppGwSslPolicy20220101S": "TLSv1.2",
}
"""https://learn.microsoft.com/azure/application-gateway/application-gateway-ssl-policy-overview."""
_PROTOCOLS: dict[str, Version] = {
    "TLSv1_0": "TLSv1.0",
    "TLSv1_1": "TLSv1.1",
    "TLSv1_2": "TLSv1.2",
    "TLSv1_3": "TLSv1.3",
}
_IN_TLS = {"Http": False, "Tcp": False, "Https": True, "Tls": True}


@check("Microsoft.Network/applicationGateways/read")
def application_gateways(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether application gateways listen in TLS only, and from which version on.

    A listener without TLS that sends everybody on to HTTPS counts as turning them away. What the gateway says
    to the machines behind it is another matter.
    """
    for gateway in subscription.all("Microsoft.Network/applicationGateways/read"):
        with subscription.reading(gateway.id):
            held = gateway.part("properties")
            listeners = [*held.parts("httpListeners"), *held.parts("listeners")]
            secure = {_id(one) for one in listeners if one.word("properties.protocol", _IN_TLS)}
            yield InTransit(
                **gateway.about,
                tls_required=all(_id(one) in secure or _sent_on(held, _id(one), secure) for one in listeners),
                min_tls=min((_least(held, one) for one in listeners if _id(one) in secure), default=None),
            )


def _id(part: Fields, path: str = "id") -> str:
    return part.text(path, "").lower()


def _sent_on(gateway: Fields, listener: str, secure: set[str]) -> bool:
    """Whether whatever this listener hears is answered by sending it to one in TLS."""
    safe = {
        _id(redirect)
        for redirect in gateway.parts("redirectConfigurations")
        if _id(redirect, "properties.targetListener.id") in secure
        or redirect.text("properties.targetUrl", "").lower().startswith("https://")
    }
    rules = [
        rule
        for rule in gateway.parts("requestRoutingRules")
        if _id(rule, "properties.httpListener.id") == listener
    ]
    return bool(rules) and all(_redirects(gateway, rule) <= safe for rule in rules)


def _redirects(gateway: Fields, rule: Fields) -> set[str]:
    """Where a rule sends visitors on; an empty name stands for whoever it does not."""
    if rule.word("properties.ruleType", {"Basic": True, "PathBasedRouting": False}):
        return {_id(rule, "properties.redirectConfiguration.id")}
    named = _id(rule, "properties.urlPathMap.id")
    found = {""}
    for paths in (each.part("properties") for each in gateway.parts("urlPathMaps") if _id(each) == named):
        found = {_id(path, "properties.redirectConfiguration.id") for path in paths.parts("pathRules")}
        found.add(_id(paths, "defaultRedirectConfiguration.id"))
    return found


def _least(gateway: Fields, listener: Fields) -> Version:
    """The oldest version that a listener takes: its profile's, else the gateway's, else the default."""
    profile = _id(listener, "properties.sslProfile.id")
    profiles = [each for each in gateway.parts("sslProfiles") if profile and _id(each) == profile]
    policies = [each.part("properties.sslPolicy") for each in profiles] + [gateway.part("sslPolicy")]
    for policy in policies:
        if policy.has("policyName"):
            return policy.word("policyName", _POLICIES)
        if policy.has("minProtocolVersion"):
            return policy.word("minProtocolVersion", _PROTOCOLS)
        # What older gateways say instead; none of them takes 1.3.
        off = {name.lower() for name in policy.texts("disabledSslProtocols")}
        if off:
            return min(_PROTOCOLS[name] for name in _PROTOCOLS if name.lower() not in off)
    return gateway.word("defaultPredefinedSslPolicy", _POLICIES)


_API_MANAGEMENT = "Microsoft.ApiManagement/service/read"
_APIS = "Microsoft.ApiManagement/service/apis/read"
_TLS = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols."
_SWITCH = {"True": True, "False": False}
_OLD = datetime(2018, 4, 2, tzinfo=UTC)
"""API Management services made before this day let old protocols in unless told not to:
https://learn.microsoft.com/rest/api/apimanagement/api-management-service/list."""
_TAKEN: tuple[tuple[str, Version | None], ...] = (("Ssl30", None), ("Tls10", "TLSv1.0"), ("Tls11", "TLSv1.1"))


@check(_API_MANAGEMENT, _APIS)
def api_management_services(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether API Management offers its APIs in TLS only, and from which version on.

    APIs of workspaces are not read. Where even SSL 3.0 is taken, there is no oldest version of TLS.
    """

    def read(service: Resource) -> InTransit:
        offered = {
            protocol.lower()
            for api in subscription.all(_APIS, of=service.id)
            # One that does not say is offered in HTTPS.
            for protocol in api.texts("properties.protocols")
        }
        return InTransit(**service.about, tls_required=offered <= {"https", "wss"}, min_tls=_oldest(service))

    yield from subscription.each(subscription.all(_API_MANAGEMENT), read)


def _oldest(service: Resource) -> Version | None:
    settings = service.part("properties.customProperties")
    unsaid = service.moment("properties.createdAtUtc") < _OLD
    for name, version in _TAKEN:
        if settings.word(f"{_TLS}{name}", _SWITCH, unsaid):
            return version
    return "TLSv1.2"
