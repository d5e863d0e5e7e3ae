from typing import Any

import pytest

from checks.transport import InTransit
from checks.transport.azure_gateways import api_management_services, application_gateways
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"
GATEWAY = "Microsoft.Network/applicationGateways"
HERE = f"{GROUP}/{GATEWAY}/front"
SERVICE = "Microsoft.ApiManagement/service"


def part(collection: str, name: str, **properties: Any) -> dict[str, Any]:
    return {"id": f"{HERE}/{collection}/{name}", "name": name, "properties": properties}


def to(collection: str, name: str) -> dict[str, str]:
    # Azure mixes capitals in what refers to something.
    return {"id": f"{HERE.upper()}/{collection}/{name}"}


def gateway(**properties: Any) -> dict[str, Any]:
    return {
        "id": HERE,
        "name": "front",
        "type": GATEWAY,
        "location": "westeurope",
        "properties": {"sku": {"name": "WAF_v2", "tier": "WAF_v2"}, **properties},
    }


def seen(resource: str, *, required: bool, version: str | None) -> InTransit:
    return InTransit(
        resource=f"{ID}/{resource}", region="westeurope", tags={}, tls_required=required, min_tls=version
    )


HTTPS = part("httpListeners", "https", protocol="Https")
HTTP = part("httpListeners", "http", protocol="Http")
NEW = {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"}
SENT_ON = part(
    "redirectConfigurations", "on", redirectType="Permanent", targetListener=to("httpListeners", "https")
)
AWAY = part("redirectConfigurations", "away", redirectType="Found", targetUrl="HTTPS://ehr.example/")
ASTRAY = part("redirectConfigurations", "astray", redirectType="Found", targetUrl="http://ehr.example/")


def rule(listener: str, **properties: Any) -> dict[str, Any]:
    return part(
        "requestRoutingRules",
        listener,
        **{"ruleType": "Basic", "httpListener": to("httpListeners", listener), **properties},
    )


def basic(redirect: str) -> dict[str, Any]:
    return rule("http", redirectConfiguration=to("redirectConfigurations", redirect))


def by_path(otherwise: dict[str, Any], **path: Any) -> dict[str, Any]:
    return {
        "requestRoutingRules": [
            rule("http", ruleType="PathBasedRouting", urlPathMap=to("urlPathMaps", "map"))
        ],
        "urlPathMaps": [
            part("urlPathMaps", "map", pathRules=[part("pathRules", "one", **path)], **otherwise)
        ],
    }


GATEWAYS = world(
    application_gateways,
    {
        f"{GATEWAY}/read": [
            gateway(
                httpListeners=[HTTPS, HTTP],
                requestRoutingRules=[
                    rule("https", backendAddressPool=to("backendAddressPools", "app")),
                    basic("on"),
                ],
                redirectConfigurations=[SENT_ON],
                sslPolicy=NEW,
            )
        ]
    },
)


def test_application_gateways() -> None:
    assert observe(application_gateways, GATEWAYS) == [
        seen(f"{GATEWAY}/front", required=True, version="TLSv1.2")
    ]


REDIRECTS = [SENT_ON, AWAY, ASTRAY]
FORWARDED = {"backendAddressPool": to("backendAddressPools", "app")}


@pytest.mark.parametrize(
    ("properties", "required"),
    [
        ({"requestRoutingRules": [basic("away")]}, True),
        ({"requestRoutingRules": [basic("astray")]}, False),
        ({"requestRoutingRules": [basic("gone")]}, False),
        ({"requestRoutingRules": [rule("http", **FORWARDED)]}, False),
        ({"requestRoutingRules": [basic("on"), rule("http", **FORWARDED)]}, False),
        ({"requestRoutingRules": [rule("https", **FORWARDED)]}, False),
        (
            by_path(
                {"defaultRedirectConfiguration": to("redirectConfigurations", "on")},
                redirectConfiguration=to("redirectConfigurations", "away"),
            ),
            True,
        ),
        (by_path({"defaultRedirectConfiguration": to("redirectConfigurations", "on")}, **FORWARDED), False),
        (by_path({}, redirectConfiguration=to("redirectConfigurations", "on")), False),
        (
            {
                "requestRoutingRules": [
                    rule("http", ruleType="PathBasedRouting", urlPathMap=to("urlPathMaps", "gone"))
                ]
            },
            False,
        ),
    ],
)
def test_a_listener_without_tls_may_send_everybody_on(properties: dict[str, Any], required: bool) -> None:
    listed = gateway(
        httpListeners=[HTTPS, HTTP], redirectConfigurations=REDIRECTS, sslPolicy=NEW, **properties
    )

    assert observe(application_gateways, {f"{GATEWAY}/read": [listed]}) == [
        seen(f"{GATEWAY}/front", required=required, version="TLSv1.2")
    ]


OLD = {"policyType": "Custom", "minProtocolVersion": "TLSv1_1", "cipherSuites": []}


@pytest.mark.parametrize(
    ("properties", "version"),
    [
        ({"httpListeners": [HTTPS], "sslPolicy": OLD}, "TLSv1.1"),
        (
            {"httpListeners": [HTTPS], "sslPolicy": {"disabledSslProtocols": ["TLSv1_0", "TLSv1_1"]}},
            "TLSv1.2",
        ),
        ({"httpListeners": [HTTPS], "defaultPredefinedSslPolicy": "AppGwSslPolicy20150501"}, "TLSv1.0"),
        (
            {
                "httpListeners": [
                    HTTPS,
                    part("httpListeners", "own", protocol="Https", sslProfile=to("sslProfiles", "own")),
                    part("httpListeners", "plain", protocol="Https", sslProfile=to("sslProfiles", "plain")),
                ],
                "sslProfiles": [part("sslProfiles", "own", sslPolicy=OLD), part("sslProfiles", "plain")],
                "sslPolicy": NEW,
            },
            "TLSv1.1",
        ),
        ({"listeners": [part("listeners", "sql", protocol="Tls")], "sslPolicy": NEW}, "TLSv1.2"),
        ({"httpListeners": []}, None),
    ],
)
def test_the_oldest_version_of_any_listener(properties: dict[str, Any], version: str | None) -> None:
    assert observe(application_gateways, {f"{GATEWAY}/read": [gateway(**properties)]}) == [
        seen(f"{GATEWAY}/front", required=True, version=version)
    ]


def test_listeners_that_do_not_ask_for_tls() -> None:
    listed = gateway(listeners=[part("listeners", "hl7", protocol="Tcp")], sslPolicy=NEW)

    assert observe(application_gateways, {f"{GATEWAY}/read": [listed]}) == [
        seen(f"{GATEWAY}/front", required=False, version=None)
    ]


def test_a_gateway_that_tells_no_policy_is_refused() -> None:
    sight = look(application_gateways, {f"{GATEWAY}/read": [gateway(httpListeners=[HTTPS])]})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/{GATEWAY}/front",
            "properties.defaultPredefinedSslPolicy is missing; expected a text",
        )
    ]


PREFIX = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols."


def service(name: str, created: str, **settings: str) -> dict[str, Any]:
    properties = {PREFIX + protocol: value for protocol, value in settings.items()}
    return {
        "id": f"{GROUP}/{SERVICE}/{name}",
        "name": name,
        "type": SERVICE,
        "location": "West Europe",
        "sku": {"name": "Standard", "capacity": 1},
        "properties": {"createdAtUtc": created, "customProperties": properties or None},
    }


def api(of: str, name: str, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{SERVICE}/{of}/apis/{name}",
        "name": name,
        "type": f"{SERVICE}/apis",
        "properties": {"path": name, "isCurrent": True, **properties},
    }


SERVICES = world(
    api_management_services,
    {
        f"{SERVICE}/read": [
            service("new", "2024-05-01T08:00:00Z"),
            service("told", "2017-05-01T08:00:00Z", Ssl30="False", Tls10="False", Tls11="True"),
            service("kept", "2024-05-01T08:00:00Z", Tls10="True"),
            service("old", "2018-04-01T23:00:00Z"),
        ],
        f"{SERVICE}/apis/read": [
            api("new", "fhir", protocols=["https"]),
            api("new", "events", protocols=["wss"]),
            api("new", "quiet"),
            api("told", "fhir", protocols=["http", "https"]),
            api("kept", "chat", protocols=["ws"]),
        ],
    },
)


def test_api_management_services() -> None:
    assert observe(api_management_services, SERVICES) == [
        seen(f"{SERVICE}/{name}", required=required, version=version)
        for name, required, version in [
            ("new", True, "TLSv1.2"),
            ("told", False, "TLSv1.1"),
            ("kept", False, "TLSv1.0"),
            ("old", True, None),
        ]
    ]
