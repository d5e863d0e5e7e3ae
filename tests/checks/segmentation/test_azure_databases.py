from typing import Any

import pytest

from checks.segmentation import Service
from checks.segmentation.azure_databases import (
    cosmos_accounts,
    mysql_servers,
    postgresql_servers,
    redis_caches,
    sql_servers,
)
from scanner.testing import Check, World, observe, world

from .test_azure_services import (
    ALONE,
    CHOSEN,
    GROUP,
    NEAR,
    OPEN,
    SHUT,
    SUBNET,
    endpoint,
    of,
    resource,
)

EMPTY: dict[str, Any] = {**ALONE, "allowed_addresses": ()}
AZURE: dict[str, Any] = {**EMPTY, "azure_customers": True}
INSIDE: dict[str, Any] = {**SHUT, "private_endpoints": 0, "links": (NEAR,)}
ZEROS = "0.0.0.0"  # noqa: S104 - nobody listens on it


def child(kind: str, server: str, child: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/providers/{kind}/{server}/{child}/{name}",
        "name": name,
        "type": f"{kind}/{child}",
        "properties": properties,
    }


def rule(kind: str, server: str, first: str, last: str) -> dict[str, Any]:
    ends = {"startIpAddress": first, "endIpAddress": last}
    return child(kind, server, "firewallRules", f"from-{first}", ends)


SQL = "Microsoft.Sql/servers"
SERVERS = world(
    sql_servers,
    {
        f"{SQL}/read": [
            resource(SQL, "empty", {"publicNetworkAccess": "Enabled"}),
            resource(SQL, "azure", {"publicNetworkAccess": "Enabled"}),
            resource(SQL, "anyone", {"publicNetworkAccess": "Enabled"}),
            resource(SQL, "chosen", {"publicNetworkAccess": "Enabled"}),
            resource(
                SQL,
                "shut",
                {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [endpoint()]},
            ),
        ],
        f"{SQL}/firewallRules/read": [
            rule(SQL, "azure", ZEROS, ZEROS),
            rule(SQL, "anyone", "0.0.0.1", "255.255.255.255"),
            rule(SQL, "chosen", "198.41.0.4", "198.41.0.4"),
            rule(SQL, "chosen", "198.41.0.9", "198.41.0.12"),
            rule(SQL, "shut", ZEROS, "255.255.255.255"),
        ],
        f"{SQL}/virtualNetworkRules/read": [
            child(
                SQL,
                "chosen",
                "virtualNetworkRules",
                "wards",
                {"virtualNetworkSubnetId": SUBNET, "state": "Ready"},
            )
        ],
    },
)


def test_sql_servers() -> None:
    assert observe(sql_servers, SERVERS) == [
        Service(**of(SQL, "empty"), **EMPTY),
        Service(**of(SQL, "azure"), **AZURE),
        Service(**of(SQL, "anyone"), **{**OPEN, "allowed_addresses": ("0.0.0.1-255.255.255.255",)}),
        Service(
            **of(SQL, "chosen"),
            **{**CHOSEN, "allowed_addresses": ("198.41.0.4", "198.41.0.9-198.41.0.12")},
        ),
        Service(**of(SQL, "shut"), **SHUT),
    ]


def flexible(check: Check, kind: str) -> World:
    inside = {"delegatedSubnetResourceId": SUBNET, "publicNetworkAccess": "Disabled"}
    closed = {"network": {"publicNetworkAccess": "Disabled"}, "privateEndpointConnections": [endpoint()]}
    enabled = {"network": {"publicNetworkAccess": "Enabled"}}
    return world(
        check,
        {
            f"{kind}/read": [
                resource(kind, "inside", {"network": inside}),
                resource(kind, "shut", closed),
                resource(kind, "azure", enabled),
                resource(kind, "chosen", enabled),
                resource(kind, "anyone", enabled),
            ],
            f"{kind}/firewallRules/read": [
                rule(kind, "shut", ZEROS, "255.255.255.255"),
                rule(kind, "azure", ZEROS, ZEROS),
                rule(kind, "chosen", "198.41.0.4", "198.41.0.9"),
                rule(kind, "anyone", ZEROS, "255.255.255.255"),
            ],
        },
    )


FLEXIBLE = [
    (check, kind, flexible(check, kind))
    for check, kind in (
        (postgresql_servers, "Microsoft.DBforPostgreSQL/flexibleServers"),
        (mysql_servers, "Microsoft.DBforMySQL/flexibleServers"),
    )
]


@pytest.mark.parametrize(("check", "kind", "answers"), FLEXIBLE, ids=["postgresql", "mysql"])
def test_flexible_servers(check: Check, kind: str, answers: World) -> None:
    assert observe(check, answers) == [
        Service(**of(kind, "inside"), **INSIDE),
        Service(**of(kind, "shut"), **SHUT),
        Service(**of(kind, "azure"), **AZURE),
        Service(**of(kind, "chosen"), **{**ALONE, "allowed_addresses": ("198.41.0.4-198.41.0.9",)}),
        Service(**of(kind, "anyone"), **{**OPEN, "allowed_addresses": ("0.0.0.0-255.255.255.255",)}),
    ]


COSMOS = "Microsoft.DocumentDB/databaseAccounts"
NAMED = {"ipRules": [{"ipAddressOrRange": "198.41.0.0/24"}]}
SUBNETS = {"virtualNetworkRules": [{"id": SUBNET, "ignoreMissingVNetServiceEndpoint": False}]}
COSMOS_ACCOUNTS = world(
    cosmos_accounts,
    {
        f"{COSMOS}/read": [
            # Subnets are listed, and the filter that would heed them is off.
            resource(COSMOS, "open", {"isVirtualNetworkFilterEnabled": False, "ipRules": [], **SUBNETS}),
            resource(COSMOS, "named", NAMED),
            resource(COSMOS, "azure", {"ipRules": [{"ipAddressOrRange": ZEROS}]}),
            resource(COSMOS, "subnets", {"isVirtualNetworkFilterEnabled": True, "ipRules": [], **SUBNETS}),
            resource(COSMOS, "chosen", {"isVirtualNetworkFilterEnabled": True, **NAMED, **SUBNETS}),
            resource(
                COSMOS,
                "shut",
                {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [endpoint()]},
            ),
        ]
    },
)


def test_cosmos_accounts() -> None:
    assert observe(cosmos_accounts, COSMOS_ACCOUNTS) == [
        Service(**of(COSMOS, name), **facts)
        for name, facts in [
            ("open", OPEN),
            ("named", ALONE),
            ("azure", AZURE),
            ("subnets", {**CHOSEN, "allowed_addresses": ()}),
            ("chosen", CHOSEN),
            ("shut", SHUT),
        ]
    ]


REDIS = "Microsoft.Cache/redis"
CACHES = world(
    redis_caches,
    {
        f"{REDIS}/read": [
            resource(REDIS, "open", {"publicNetworkAccess": "Enabled"}),
            resource(REDIS, "chosen", {"publicNetworkAccess": "Enabled"}),
            resource(REDIS, "inside", {"subnetId": SUBNET}),
            resource(
                REDIS,
                "shut",
                {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [endpoint()]},
            ),
        ],
        f"{REDIS}/firewallRules/read": [
            child(
                REDIS,
                "chosen",
                "firewallRules",
                "clinic",
                {"startIP": "198.41.0.4", "endIP": "198.41.0.9"},
            )
        ],
    },
)


def test_redis_caches() -> None:
    assert observe(redis_caches, CACHES) == [
        Service(**of(REDIS, "open"), **OPEN),
        Service(**of(REDIS, "chosen"), **{**ALONE, "allowed_addresses": ("198.41.0.4-198.41.0.9",)}),
        Service(**of(REDIS, "inside"), **INSIDE),
        Service(**of(REDIS, "shut"), **SHUT),
    ]
