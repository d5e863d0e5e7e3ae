from collections.abc import Sequence
from typing import Any

import pytest

from checks.segmentation import ManagedCluster, Service, Store
from checks.segmentation.azure_services import (
    ai_services,
    container_registries,
    event_hub_namespaces,
    iot_hubs,
    key_vaults,
    kubernetes_clusters,
    managed_hsms,
    search_services,
    service_bus_namespaces,
    storage_accounts,
)
from scanner import AzureSubscription
from scanner.testing import SUBSCRIPTION, Check, Error, World, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/Wards"
SUBNET = f"{NETWORK}/subnets/Data"
NEAR = AzureSubscription.resource(SUBNET)
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe-1"
LINK = AzureSubscription.resource(ENDPOINT)

OPEN: dict[str, Any] = {
    "publicly_accessible": True,
    "anyone": True,
    "allowed_addresses": ("0.0.0.0/0",),
    "azure_customers": True,
    "virtual_networks": 0,
    "private_endpoints": 0,
    "private_path": False,
}
SHUT: dict[str, Any] = {
    "publicly_accessible": False,
    "anyone": False,
    "allowed_addresses": (),
    "azure_customers": False,
    "virtual_networks": 0,
    "private_endpoints": 1,
    "private_path": True,
    "links": (LINK,),
}
CHOSEN: dict[str, Any] = {
    **OPEN,
    "anyone": False,
    "allowed_addresses": ("198.41.0.0/24",),
    "azure_customers": False,
    "virtual_networks": 1,
    "private_path": True,
    "links": (NEAR,),
}
ALONE: dict[str, Any] = {**CHOSEN, "virtual_networks": 0, "private_path": False, "links": ()}


def resource(kind: str, name: str, properties: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "location": "West Europe",
        "properties": properties,
        **more,
    }


def endpoint(status: str = "Approved", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/connections/1",
        "properties": {
            "privateEndpoint": {"id": ENDPOINT},
            "privateLinkServiceConnectionState": {"status": status, "description": "by the CTO"},
            **more,
        },
    }


def denying(key: str = "value", **more: Any) -> dict[str, Any]:
    return {"defaultAction": "Deny", "ipRules": [{key: "198.41.0.0/24"}], **more}


def names(facts: Sequence[Any]) -> dict[str, Any]:
    return {each.resource.rpartition("/")[2]: each for each in facts}


def of(kind: str, name: str) -> dict[str, Any]:
    return {"resource": f"{ID}/{kind}/{name}", "region": "westeurope", "tags": {}}


ACCOUNT = "Microsoft.Storage/storageAccounts"
RULES = {"virtualNetworkRules": [{"id": SUBNET, "action": "Allow", "state": "Succeeded"}]}
ACCOUNTS = world(
    storage_accounts,
    {
        f"{ACCOUNT}/read": [
            resource(ACCOUNT, "old", {"networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"}}),
            resource(
                ACCOUNT,
                "chosen",
                {
                    "publicNetworkAccess": "Enabled",
                    "allowBlobPublicAccess": False,
                    "networkAcls": denying(bypass="AzureServices", **RULES),
                },
            ),
            resource(
                ACCOUNT,
                "shut",
                {
                    "publicNetworkAccess": "Disabled",
                    "allowBlobPublicAccess": False,
                    "networkAcls": {"defaultAction": "Allow", **RULES},
                    "privateEndpointConnections": [endpoint(), endpoint("Pending")],
                },
                tags={"phi": "true"},
            ),
        ]
    },
)


def test_storage_accounts() -> None:
    assert observe(storage_accounts, ACCOUNTS) == [
        Store(**of(ACCOUNT, "old"), **OPEN, public_access_blocked=False),
        Store(**of(ACCOUNT, "chosen"), **CHOSEN, public_access_blocked=True),
        Store(**{**of(ACCOUNT, "shut"), "tags": {"phi": "true"}}, **SHUT, public_access_blocked=True),
    ]


def test_a_perimeter_is_refused_and_no_guess() -> None:
    listed = [resource(ACCOUNT, "new", {"publicNetworkAccess": "SecuredByPerimeter"})]

    sight = look(storage_accounts, {f"{ACCOUNT}/read": listed})

    assert sight.facts == []
    assert [refusal.error.detail for refusal in sight.refusals] == [
        "properties.publicNetworkAccess is 'SecuredByPerimeter'; known are Enabled, Disabled"
    ]


def guarded(check: Check, kind: str, connection: dict[str, Any]) -> World:
    rules = {"virtualNetworkRules": [{"id": SUBNET}]}
    return world(
        check,
        {
            f"{kind}/read": [
                resource(kind, "new", {}),
                resource(kind, "chosen", {"networkAcls": denying(**rules)}),
                resource(
                    kind,
                    "shut",
                    {
                        "publicNetworkAccess": "Disabled",
                        "networkAcls": denying(**rules),
                        "privateEndpointConnections": [connection],
                    },
                ),
            ]
        },
    )


GUARDED = [
    (check, kind, guarded(check, kind, endpoint()))
    for check, kind in (
        (key_vaults, "Microsoft.KeyVault/vaults"),
        (managed_hsms, "Microsoft.KeyVault/managedHSMs"),
        (ai_services, "Microsoft.CognitiveServices/accounts"),
    )
]


@pytest.mark.parametrize(("check", "kind", "answers"), GUARDED, ids=lambda value: str(value)[:40])
def test_services_with_the_commonest_access_list(check: Check, kind: str, answers: World) -> None:
    assert observe(check, answers) == [
        Service(**of(kind, "new"), **OPEN),
        Service(**of(kind, "chosen"), **CHOSEN),
        Service(**of(kind, "shut"), **SHUT),
    ]


REGISTRY = "Microsoft.ContainerRegistry/registries"
REGISTRIES = world(
    container_registries,
    {
        f"{REGISTRY}/read": [
            resource(REGISTRY, "basic", {"publicNetworkAccess": "Enabled"}, sku={"name": "Basic"}),
            resource(REGISTRY, "chosen", {"networkRuleSet": denying()}, sku={"name": "Premium"}),
            resource(
                REGISTRY,
                "shut",
                {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [endpoint()]},
                sku={"name": "Premium"},
            ),
        ]
    },
)


def test_container_registries() -> None:
    assert observe(container_registries, REGISTRIES) == [
        Service(**of(REGISTRY, "basic"), **OPEN),
        Service(**of(REGISTRY, "chosen"), **ALONE),
        Service(**of(REGISTRY, "shut"), **SHUT),
    ]


SEARCH = "Microsoft.Search/searchServices"
SEARCHES = world(
    search_services,
    {
        f"{SEARCH}/read": [
            resource(SEARCH, "open", {"publicNetworkAccess": "enabled", "networkRuleSet": {"ipRules": []}}),
            resource(
                SEARCH,
                "chosen",
                {
                    "publicNetworkAccess": "enabled",
                    "networkRuleSet": {"ipRules": [{"value": "198.41.0.0/24"}]},
                },
            ),
            resource(
                SEARCH,
                "shut",
                {"publicNetworkAccess": "disabled", "privateEndpointConnections": [endpoint()]},
            ),
        ]
    },
)


def test_search_services() -> None:
    assert observe(search_services, SEARCHES) == [
        Service(**of(SEARCH, "open"), **OPEN),
        Service(**of(SEARCH, "chosen"), **ALONE),
        Service(**of(SEARCH, "shut"), **SHUT),
    ]


HUBS = "Microsoft.EventHub/namespaces"
BUSES = "Microsoft.ServiceBus/namespaces"


def rule_set(kind: str, namespace: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/providers/{kind}/{namespace}/networkRuleSets/default",
        "name": "default",
        "type": f"{kind}/networkRuleSets",
        "location": "West Europe",
        "properties": properties,
    }


def namespaces(check: Check, kind: str, without: str) -> World:
    near = {"virtualNetworkRules": [{"subnet": {"id": SUBNET}, "ignoreMissingVnetServiceEndpoint": False}]}
    premium = {"name": "Premium", "tier": "Premium"}
    return world(
        check,
        {
            f"{kind}/read": [
                resource(kind, "small", {"publicNetworkAccess": "Enabled"}, sku={"name": without}),
                resource(kind, "empty", {"publicNetworkAccess": "Enabled"}, sku=premium),
                resource(kind, "chosen", {"publicNetworkAccess": "Enabled"}, sku=premium),
                resource(kind, "subnets", {}, sku=premium),
                resource(kind, "shut", {"privateEndpointConnections": [endpoint()]}, sku=premium),
            ],
            f"{kind}/networkRuleSets/read": [
                rule_set(kind, "small", {"defaultAction": "Deny", "ipRules": [{"ipMask": "198.41.0.0/24"}]}),
                # It denies, and names nobody: Azure lets in everybody.
                rule_set(kind, "empty", {"defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}),
                rule_set(kind, "chosen", denying("ipMask", publicNetworkAccess="Enabled", **near)),
                rule_set(kind, "subnets", {"defaultAction": "Deny", "ipRules": [], **near}),
                rule_set(kind, "shut", {"defaultAction": "Allow", "publicNetworkAccess": "Disabled"}),
            ],
        },
    )


NAMESPACES = [
    (event_hub_namespaces, HUBS, namespaces(event_hub_namespaces, HUBS, "Basic")),
    (service_bus_namespaces, BUSES, namespaces(service_bus_namespaces, BUSES, "Standard")),
]


@pytest.mark.parametrize(("check", "kind", "answers"), NAMESPACES, ids=[HUBS, BUSES])
def test_namespaces(check: Check, kind: str, answers: World) -> None:
    assert observe(check, answers) == [
        Service(**of(kind, "small"), **OPEN),
        Service(**of(kind, "empty"), **OPEN),
        Service(**of(kind, "chosen"), **CHOSEN),
        Service(**of(kind, "subnets"), **{**CHOSEN, "allowed_addresses": ()}),
        Service(**of(kind, "shut"), **SHUT),
    ]


IOT = "Microsoft.Devices/IotHubs"
APPLIED = {"applyToBuiltInEventHubEndpoint": True}
FILTER = [{"filterName": "clinic", "action": "Reject", "ipMask": "0.0.0.0/0"}]
IOT_HUBS = world(
    iot_hubs,
    {
        f"{IOT}/read": [
            resource(IOT, "filtered", {"ipFilterRules": FILTER}),
            resource(
                IOT, "half", {"networkRuleSets": denying("ipMask", applyToBuiltInEventHubEndpoint=False)}
            ),
            resource(IOT, "chosen", {"networkRuleSets": denying("ipMask", **APPLIED)}),
            resource(
                IOT,
                "shut",
                {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [endpoint()]},
            ),
        ]
    },
)


def test_iot_hubs() -> None:
    assert observe(iot_hubs, IOT_HUBS) == [
        Service(**of(IOT, "filtered"), **OPEN),
        Service(**of(IOT, "half"), **OPEN),
        Service(**of(IOT, "chosen"), **ALONE),
        Service(**of(IOT, "shut"), **SHUT),
    ]


AKS = "Microsoft.ContainerService/managedClusters"
POOL = {"name": "nodepool1", "count": 3}
CLUSTERS = world(
    kubernetes_clusters,
    {
        f"{AKS}/read": [
            resource(AKS, "open", {"agentPoolProfiles": [POOL, {**POOL, "enableNodePublicIP": True}]}),
            resource(
                AKS,
                "chosen",
                {
                    "agentPoolProfiles": [{**POOL, "enableNodePublicIP": False}],
                    "apiServerAccessProfile": {"authorizedIPRanges": ["198.41.0.0/24"]},
                },
            ),
            resource(
                AKS,
                "everybody",
                {"apiServerAccessProfile": {"authorizedIPRanges": ["0.0.0.0/1", "128.0.0.0/1"]}},
            ),
            resource(AKS, "shut", {"apiServerAccessProfile": {"enablePrivateCluster": True}}),
        ]
    },
)


def test_kubernetes_clusters() -> None:
    halves = ("0.0.0.0/1", "128.0.0.0/1")
    assert observe(kubernetes_clusters, CLUSTERS) == [
        ManagedCluster(
            **of(AKS, name),
            publicly_accessible=public,
            private_path=not public,
            anyone=anyone,
            allowed_addresses=addresses,
            nodes_publicly_accessible=nodes,
        )
        for name, public, anyone, addresses, nodes in [
            ("open", True, True, ("0.0.0.0/0",), True),
            ("chosen", True, False, ("198.41.0.0/24",), False),
            ("everybody", True, True, halves, False),
            ("shut", False, False, (), False),
        ]
    ]


def test_a_refused_rule_set_is_of_its_namespace() -> None:
    answers = {**NAMESPACES[0][2], f"{HUBS}/networkRuleSets/read": Error("AuthorizationFailed")}

    sight = look(event_hub_namespaces, answers)

    assert names(sight.facts).keys() == {"small"}
    assert [refusal.resource for refusal in sight.refusals] == [
        f"{ID}/{HUBS}/{name}" for name in ("empty", "chosen", "subnets", "shut")
    ]
