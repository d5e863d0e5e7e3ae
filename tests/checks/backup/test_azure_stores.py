from typing import Any

import pytest

from checks.backup import Blobs, CosmosAccount, Redundancy, Server, SoftDelete, SqlDatabase
from checks.backup.azure_stores import (
    blobs,
    cosmos_accounts,
    file_shares,
    mysql_servers,
    postgresql_servers,
    sql_databases,
    storage_accounts,
)
from scanner.testing import SUBSCRIPTION, Error, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers/"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/"
ACCOUNTS = "Microsoft.Storage/storageAccounts/read"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/read"
SHARES = "Microsoft.Storage/storageAccounts/fileServices/read"
LONG = "Microsoft.Sql/servers/databases/backupLongTermRetentionPolicies/read"


def arm(path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource by its path below a provider, as in Microsoft.Sql/servers/clinic."""
    provider, *parts = path.split("/")
    return {
        "id": GROUP + path,
        "name": parts[-1],
        "type": "/".join((provider, *parts[::2])),
        "properties": properties,
        **more,
    }


def tracked(path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return arm(path, properties, location="westeurope", **more)


SERVER = "Microsoft.Sql/servers/clinic"


def database(name: str, redundancy: str, **more: Any) -> dict[str, Any]:
    told = {"status": "Online", "currentBackupStorageRedundancy": redundancy}
    return tracked(f"{SERVER}/databases/{name}", told, **{"kind": "v12.0,user"} | more)


def policy(name: str, weekly: str | None, monthly: str, yearly: str) -> dict[str, Any]:
    told = {"weeklyRetention": weekly, "monthlyRetention": monthly, "yearlyRetention": yearly}
    return arm(f"{SERVER}/databases/{name}/backupLongTermRetentionPolicies/default", told)


SQL = world(
    sql_databases,
    {
        "Microsoft.Sql/servers/read": [tracked(SERVER, {"state": "Ready"})],
        "Microsoft.Sql/servers/databases/read": [
            database("master", "Geo", kind="v12.0,system"),
            database("warehouse", "Geo", kind="v12.0,user,datawarehouse"),
            database("Charts", "GeoZone", tags={"phi": "true"}),
            database("billing", "Geo"),
            database("test", "Local"),
        ],
        LONG: [
            policy("charts", None, "P12M", "P6Y"),
            policy("billing", "P12W", "P3M", "P0D"),
            policy("test", "PT0S", "PT0S", "PT0S"),
        ],
    },
)

FLEXIBLE = [
    ("records", "Enabled", 35),
    ("lab", "Disabled", 7),
]
POSTGRESQL = world(
    postgresql_servers,
    {
        "Microsoft.DBforPostgreSQL/flexibleServers/read": [
            tracked(
                f"Microsoft.DBforPostgreSQL/flexibleServers/{name}",
                {"backup": {"geoRedundantBackup": apart, "backupRetentionDays": days}},
            )
            for name, apart, days in FLEXIBLE
        ]
    },
)
MYSQL = world(
    mysql_servers,
    {
        "Microsoft.DBforMySQL/flexibleServers/read": [
            tracked(
                f"Microsoft.DBforMySQL/flexibleServers/{name}",
                {"backup": {"geoRedundantBackup": apart, "backupRetentionDays": days}},
            )
            for name, apart, days in FLEXIBLE
        ]
    },
)

COSMOS = "Microsoft.DocumentDB/databaseAccounts/"
PLACES = [{"locationName": place, "failoverPriority": n} for n, place in enumerate(("West Europe", "North"))]


def cosmos(name: str, backup: dict[str, Any], places: int = 1) -> dict[str, Any]:
    return tracked(f"{COSMOS}{name}", {"backupPolicy": backup, "locations": PLACES[:places]})


def periodic(redundancy: str) -> dict[str, Any]:
    told = {"backupIntervalInMinutes": 240, "backupRetentionIntervalInHours": 8}
    return {
        "type": "Periodic",
        "periodicModeProperties": told | {"backupStorageRedundancy": redundancy},
    }


ACCOUNTS_OF_COSMOS = world(
    cosmos_accounts,
    {
        "Microsoft.DocumentDB/databaseAccounts/read": [
            cosmos(
                "charts",
                {"type": "Continuous", "continuousModeProperties": {"tier": "Continuous7Days"}},
                places=2,
            ),
            cosmos("old", {"type": "Continuous"}),
            cosmos("plain", periodic("Geo")),
            cosmos("lab", periodic("Zone"), places=2),
        ]
    },
)

STORAGE = "Microsoft.Storage/storageAccounts/"


def account(name: str, sku: str = "Standard_LRS", **more: Any) -> dict[str, Any]:
    return tracked(STORAGE + name, {"isHnsEnabled": name == "lake"}, sku={"name": sku}, **more)


SKUS = {
    "Standard_LRS": (False, False),
    "Standard_RAGRS": (True, False),
    "Standard_RAGZRS": (True, True),
    "Premium_ZRS": (False, True),
}
REDUNDANT = world(
    storage_accounts,
    {ACCOUNTS: [account(sku.replace("_", "").lower(), sku) for sku in SKUS]},
)
BLOB_SERVICES = world(
    blobs,
    {
        ACCOUNTS: [account("images", tags={"phi": "true"}), account("lake"), account("plain")],
        BLOBS: [
            arm(
                f"{STORAGE}images/blobServices/default",
                {
                    "deleteRetentionPolicy": {"enabled": True, "days": 14},
                    "containerDeleteRetentionPolicy": {"enabled": True, "days": 7},
                    "isVersioningEnabled": True,
                },
            ),
            arm(
                f"{STORAGE}lake/blobServices/default", {"deleteRetentionPolicy": {"enabled": True, "days": 7}}
            ),
            arm(f"{STORAGE}plain/blobServices/default", {"deleteRetentionPolicy": {"enabled": False}}),
        ],
    },
)
FILE_SERVICES = world(
    file_shares,
    {
        ACCOUNTS: [account("scans"), account("old")],
        SHARES: [
            arm(
                f"{STORAGE}scans/fileServices/default",
                {"shareDeleteRetentionPolicy": {"enabled": True, "days": 7}},
            ),
            arm(f"{STORAGE}old/fileServices/default", {}),
        ],
    },
)


def test_databases_of_a_sql_server() -> None:
    assert observe(sql_databases, SQL) == [
        SqlDatabase(
            resource=f"{ID}{SERVER}/databases/{name}",
            region="westeurope",
            geo_redundant=name != "test",
            long_term_retention_days=days,
            tags=tags,
        )
        for name, days, tags in [
            ("charts", 6 * 365, {"phi": "true"}),
            ("billing", 90, {}),
            ("test", None, {}),
        ]
    ]


def test_a_duration_that_is_none_is_refused() -> None:
    odd = [policy("charts", "a while", "PT0S", "PT0S"), policy("billing", "P1W", "PT0S", "PT0S")]
    told = {**SQL, LONG: [*odd, policy("test", "PT0S", "PT0S", "PT0S")]}

    sight = look(sql_databases, told)

    assert [facts.resource.rpartition("/")[2] for facts in sight.facts] == ["billing", "test"]
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (f"{ID}{SERVER}/databases/charts", "properties.weeklyRetention is a str; expected a duration")
    ]


def test_flexible_servers() -> None:
    seen = [*observe(postgresql_servers, POSTGRESQL), *observe(mysql_servers, MYSQL)]

    assert seen == [
        Server(
            resource=f"{ID}{provider}/flexibleServers/{name}",
            region="westeurope",
            engine=engine,
            geo_redundant=apart == "Enabled",
            retention_days=days,
            tags={},
        )
        for provider, engine in [
            ("Microsoft.DBforPostgreSQL", "postgresql"),
            ("Microsoft.DBforMySQL", "mysql"),
        ]
        for name, apart, days in FLEXIBLE
    ]


def test_cosmos_accounts() -> None:
    assert observe(cosmos_accounts, ACCOUNTS_OF_COSMOS) == [
        CosmosAccount(
            resource=ID + COSMOS + name,
            region="westeurope",
            continuous=continuous,
            retention_hours=hours,
            geo_redundant=apart,
            tags={},
        )
        for name, continuous, hours, apart in [
            ("charts", True, 168, True),
            ("old", True, 720, False),
            ("plain", False, 8, True),
            ("lab", False, 8, False),
        ]
    ]


def test_storage_accounts() -> None:
    assert observe(storage_accounts, REDUNDANT) == [
        Redundancy(
            resource=ID + STORAGE + sku.replace("_", "").lower(),
            region="westeurope",
            geo_redundant=geo,
            zone_redundant=zones,
            tags={},
        )
        for sku, (geo, zones) in SKUS.items()
    ]


def test_blobs() -> None:
    assert observe(blobs, BLOB_SERVICES) == [
        Blobs(
            resource=ID + STORAGE + name,
            region="westeurope",
            soft_delete=days is not None,
            soft_delete_days=days,
            containers_soft_delete=name == "images",
            versioned=name == "images",
            hierarchical=name == "lake",
            tags=tags,
        )
        for name, days, tags in [("images", 14, {"phi": "true"}), ("lake", 7, {}), ("plain", None, {})]
    ]


def test_file_shares() -> None:
    assert observe(file_shares, FILE_SERVICES) == [
        SoftDelete(
            resource=ID + STORAGE + name,
            region="westeurope",
            soft_delete=days is not None,
            soft_delete_days=days,
            tags={},
        )
        for name, days in [("scans", 7), ("old", None)]
    ]


@pytest.mark.parametrize(("check", "need"), [(blobs, BLOBS), (file_shares, SHARES)])
def test_an_account_without_the_service_is_none_of_the_checks_concern(check: Any, need: str) -> None:
    answers = {ACCOUNTS: [account("premium", "Premium_LRS")], need: Error("FeatureNotSupportedForAccount")}

    assert observe(check, answers) == []
