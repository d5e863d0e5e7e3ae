from typing import Any

import pytest

from checks.segmentation import WebApp
from checks.segmentation.azure_web import web_apps
from scanner.testing import observe, world

from .test_azure_services import ALONE, CHOSEN, ENDPOINT, GROUP, OPEN, SHUT, SUBNET, of, resource

SITE = "Microsoft.Web/sites"
HOME = "Microsoft.Web/hostingEnvironments"
HOME_ID = f"{GROUP}/providers/{HOME}/Wards"
LAST = {"ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all"}
NAMED = {"ipAddress": "198.41.0.0/24", "action": "Allow", "priority": 100, "name": "clinic", "tag": "Default"}
NEAR_BY = {"vnetSubnetResourceId": SUBNET, "action": "Allow", "priority": 200, "name": "wards"}
DOOR = {"ipAddress": "AzureFrontDoor.Backend", "tag": "ServiceTag", "action": "Allow", "priority": 300}
HOME_PROFILE = {"id": HOME_ID, "name": "Wards", "type": HOME}
UNTAGGED: dict[str, Any] = {"service_tags": (), "virtual_network_integration": False}
EMPTY: dict[str, Any] = {**ALONE, "allowed_addresses": ()}


def config(site: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/providers/{SITE}/{site}/config/web",
        "name": site,
        "type": f"{SITE}/config",
        "properties": properties,
    }


def connection(site: str, status: str) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/providers/{SITE}/{site}/privateEndpointConnections/1",
        "name": "1",
        "type": f"{SITE}/privateEndpointConnections",
        "properties": {
            "privateEndpoint": {"id": ENDPOINT},
            "privateLinkServiceConnectionState": {"status": status},
        },
    }


def home(mode: str) -> dict[str, Any]:
    lives = {"virtualNetwork": {"id": SUBNET}, "internalLoadBalancingMode": mode}
    return {"id": HOME_ID, "name": "Wards", "type": HOME, "location": "West Europe", "properties": lives}


APPS = world(
    web_apps,
    {
        f"{SITE}/read": [
            resource(SITE, "open", {"publicNetworkAccess": None}, kind="app"),
            resource(SITE, "chosen", {"virtualNetworkSubnetId": SUBNET}, kind="functionapp,linux"),
            resource(SITE, "pending", {"publicNetworkAccess": ""}),
            resource(SITE, "linked", {}),
            resource(SITE, "shut", {"publicNetworkAccess": "Disabled"}),
            resource(SITE, "home", {"hostingEnvironmentProfile": HOME_PROFILE}),
        ],
        f"{SITE}/config/read": [
            config("open", {"ipSecurityRestrictions": [LAST]}),
            config("chosen", {"ipSecurityRestrictions": [NEAR_BY, NAMED]}),
            *(
                config(name, {"ipSecurityRestrictions": [LAST]})
                for name in ("pending", "linked", "shut", "home")
            ),
        ],
        f"{SITE}/privateEndpointConnections/read": [
            connection("pending", "Pending"),
            connection("linked", "Approved"),
            connection("shut", "Approved"),
        ],
        f"{HOME}/read": [home("Web, Publishing")],
    },
)


def test_web_apps() -> None:
    inside = {**SHUT, "private_endpoints": 0, "links": (of(HOME, "wards")["resource"],)}
    assert observe(web_apps, APPS) == [
        WebApp(**of(SITE, "open"), **OPEN, **UNTAGGED),
        WebApp(**of(SITE, "chosen"), **CHOSEN, service_tags=(), virtual_network_integration=True),
        WebApp(**of(SITE, "pending"), **OPEN, **UNTAGGED),
        WebApp(**of(SITE, "linked"), **SHUT, **UNTAGGED),
        WebApp(**of(SITE, "shut"), **SHUT, **UNTAGGED),
        WebApp(**of(SITE, "home"), **inside, service_tags=(), virtual_network_integration=True),
    ]


def seen(properties: dict[str, Any], rules: list[dict[str, Any]], **more: Any) -> list[Any]:
    return observe(
        web_apps,
        {
            f"{SITE}/read": [resource(SITE, "app", properties)],
            f"{SITE}/config/read": [config("app", {"ipSecurityRestrictions": rules, **more})],
            f"{SITE}/privateEndpointConnections/read": [],
            f"{HOME}/read": [home("Publishing")],
        },
    )


DENY = {"action": "Deny", "priority": 50, "name": "not them"}


@pytest.mark.parametrize(
    ("rules", "more", "expected"),
    [
        ([], {}, OPEN),
        ([], {"ipSecurityRestrictionsDefaultAction": "Deny"}, EMPTY),
        ([NAMED], {}, ALONE),
        ([NAMED], {"ipSecurityRestrictionsDefaultAction": "Allow"}, OPEN),
        ([NAMED, {**DENY, "ipAddress": "Any"}], {}, EMPTY),
        ([NAMED, {**DENY, "ipAddress": "Any", "priority": 150}], {}, ALONE),
        (
            [NAMED, {**DENY, "ipAddress": "198.41.0.0/25"}],
            {},
            {**ALONE, "allowed_addresses": ("198.41.0.128/25",)},
        ),
        # Whoever brings another header comes to the next rule.
        ([NAMED, {**DENY, "ipAddress": "Any", "headers": {"x-forwarded-host": ["a.example"]}}], {}, ALONE),
        (
            [{**NAMED, "ipAddress": "198.41.0.0/25, 198.41.0.128/25"}],
            {},
            ALONE,
        ),
        ([{**NAMED, "ipAddress": "198.41.0.0", "subnetMask": "255.255.255.0"}], {}, ALONE),
        ([{**NAMED, "ipAddress": "AnyVnets"}], {}, {**EMPTY, "azure_customers": True}),
    ],
)
def test_access_restrictions(
    rules: list[dict[str, Any]], more: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert seen({}, rules, **more) == [WebApp(**of(SITE, "app"), **expected, **UNTAGGED)]


@pytest.mark.parametrize(
    ("rule", "tags", "azure"),
    [
        (DOOR, ("AzureFrontDoor.Backend",), True),
        ({**DOOR, "headers": {"X-Azure-FDID": ["5a0b"]}}, ("AzureFrontDoor.Backend",), False),
        ({**DOOR, "ipAddress": "AzureCloud.westeurope"}, ("AzureCloud.westeurope",), True),
        (
            {**DOOR, "ipAddress": "ApiManagement,LogicApps"},
            ("ApiManagement", "LogicApps"),
            False,
        ),
        ({**DOOR, "action": "Deny"}, (), False),
    ],
)
def test_service_tags(rule: dict[str, Any], tags: tuple[str, ...], *, azure: bool) -> None:
    facts = {**EMPTY, "azure_customers": azure}
    assert seen({}, [rule]) == [
        WebApp(**of(SITE, "app"), **facts, service_tags=tags, virtual_network_integration=False)
    ]


def test_the_tag_of_the_internet_is_everybody() -> None:
    assert seen({}, [{**DOOR, "ipAddress": "Internet"}]) == [
        WebApp(**of(SITE, "app"), **OPEN, service_tags=("Internet",), virtual_network_integration=False)
    ]


def test_an_environment_that_answers_outside() -> None:
    assert seen({"hostingEnvironmentProfile": HOME_PROFILE}, [LAST]) == [
        WebApp(**of(SITE, "app"), **OPEN, service_tags=(), virtual_network_integration=True)
    ]
