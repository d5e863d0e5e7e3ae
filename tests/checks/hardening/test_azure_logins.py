from typing import Any

import pytest

from checks.hardening import ClusterLogin, DirectoryLogin, Login, StorageLogin
from checks.hardening.azure_logins import (
    ai_services,
    cosmos_accounts,
    event_hub_namespaces,
    kubernetes_clusters,
    mysql_servers,
    postgresql_servers,
    redis_caches,
    search_services,
    service_bus_namespaces,
    sql_servers,
    storage_accounts,
    web_app_publishing,
)
from scanner.testing import TENANT, Check, World, observe, world

from .test_azure import SITE, below, of, resource

PUBLISHING = world(
    web_app_publishing,
    {
        f"{SITE}/read": [resource(SITE, name, {}) for name in ("neither", "ftp", "scm")],
        f"{SITE}/basicPublishingCredentialsPolicies/read": [
            below(SITE, f"{site}/basicPublishingCredentialsPolicies/{way}", {"allow": site == way})
            for site in ("neither", "ftp", "scm")
            for way in ("ftp", "scm")
        ],
    },
)


def test_web_app_publishing() -> None:
    assert observe(web_app_publishing, PUBLISHING) == [
        Login(**of(SITE, name), local_authentication=allowed)
        for name, allowed in [("neither", False), ("ftp", True), ("scm", True)]
    ]


AKS = "Microsoft.ContainerService/managedClusters"
CLUSTERS = world(
    kubernetes_clusters,
    {
        f"{AKS}/read": [
            resource(AKS, "old", {"enableRBAC": False}),
            resource(
                AKS,
                "both",
                {"enableRBAC": True, "aadProfile": {"managed": True, "tenantID": TENANT}},
            ),
            resource(
                AKS,
                "directory",
                {
                    "enableRBAC": True,
                    "disableLocalAccounts": True,
                    "aadProfile": {"managed": True, "enableAzureRBAC": True, "tenantID": TENANT},
                },
            ),
        ]
    },
)


def test_kubernetes_clusters() -> None:
    assert observe(kubernetes_clusters, CLUSTERS) == [
        ClusterLogin(
            **of(AKS, name),
            role_based_access=roles,
            local_authentication=local,
            directory_authentication=directory,
            directory_authorization=azure,
        )
        for name, roles, local, directory, azure in [
            ("old", False, True, False, False),
            ("both", True, True, True, False),
            ("directory", True, False, True, True),
        ]
    ]


ACCOUNT = "Microsoft.Storage/storageAccounts"
NO_KEYS = {"allowSharedKeyAccess": False, "defaultToOAuthAuthentication": True}
ACCOUNTS = world(
    storage_accounts,
    {
        f"{ACCOUNT}/read": [
            resource(ACCOUNT, "old", {}),
            resource(ACCOUNT, "sftp", {**NO_KEYS, "isSftpEnabled": True}),
            resource(ACCOUNT, "nobody", {**NO_KEYS, "isSftpEnabled": True, "isLocalUserEnabled": False}),
            resource(ACCOUNT, "directory", {**NO_KEYS, "isSftpEnabled": False}),
        ]
    },
)


def test_storage_accounts() -> None:
    assert observe(storage_accounts, ACCOUNTS) == [
        StorageLogin(
            **of(ACCOUNT, name),
            local_authentication=local,
            directory_authentication=True,
            directory_by_default=default,
        )
        for name, local, default in [
            ("old", True, False),
            ("sftp", True, True),
            ("nobody", False, True),
            ("directory", False, True),
        ]
    ]


def logins(kind: str, *expected: tuple[str, bool, bool]) -> list[DirectoryLogin]:
    return [
        DirectoryLogin(**of(kind, name), local_authentication=local, directory_authentication=directory)
        for name, local, directory in expected
    ]


SQL = "Microsoft.Sql/servers"


def administrator(server: str, **more: Any) -> dict[str, Any]:
    told = {"administratorType": "ActiveDirectory", "login": "dba", "tenantId": TENANT, **more}
    return below(SQL, f"{server}/administrators/ActiveDirectory", told)


SERVERS = world(
    sql_servers,
    {
        f"{SQL}/read": [resource(SQL, name, {}) for name in ("own", "both", "directory")],
        f"{SQL}/administrators/read": [
            administrator("both", azureADOnlyAuthentication=False),
            administrator("directory", azureADOnlyAuthentication=True),
        ],
    },
)


def test_sql_servers() -> None:
    assert observe(sql_servers, SERVERS) == logins(
        SQL, ("own", True, False), ("both", True, True), ("directory", False, True)
    )


POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers"


def auth(directory: str, password: str) -> dict[str, Any]:
    return {"authConfig": {"activeDirectoryAuth": directory, "passwordAuth": password}}


POSTGRESQL_SERVERS = world(
    postgresql_servers,
    {
        f"{POSTGRESQL}/read": [
            resource(POSTGRESQL, "old", {}),
            resource(POSTGRESQL, "both", auth("Enabled", "Enabled")),
            resource(POSTGRESQL, "directory", auth("Enabled", "Disabled")),
        ]
    },
)


def test_postgresql_servers() -> None:
    assert observe(postgresql_servers, POSTGRESQL_SERVERS) == logins(
        POSTGRESQL, ("old", True, False), ("both", True, True), ("directory", False, True)
    )


MYSQL = "Microsoft.DBforMySQL/flexibleServers"
MYSQL_SERVERS = world(
    mysql_servers,
    {
        f"{MYSQL}/read": [resource(MYSQL, name, {}) for name in ("own", "both", "directory")],
        f"{MYSQL}/configurations/read": [
            *(
                below(MYSQL, f"{name}/configurations/aad_auth_only", {"value": "OFF"})
                for name in ("own", "both")
            ),
            below(MYSQL, "both/configurations/require_secure_transport", {"value": "ON"}),
            below(MYSQL, "directory/configurations/aad_auth_only", {"value": "ON"}),
        ],
        f"{MYSQL}/administrators/read": [
            below(MYSQL, f"{name}/administrators/ActiveDirectory", {"administratorType": "ActiveDirectory"})
            for name in ("both", "directory")
        ],
    },
)


def test_mysql_servers() -> None:
    assert observe(mysql_servers, MYSQL_SERVERS) == logins(
        MYSQL, ("own", True, False), ("both", True, True), ("directory", False, True)
    )


COSMOS = "Microsoft.DocumentDB/databaseAccounts"
COSMOS_ACCOUNTS = world(
    cosmos_accounts,
    {
        f"{COSMOS}/read": [
            resource(COSMOS, "keys", {}, kind="MongoDB"),
            resource(COSMOS, "directory", {"disableLocalAuth": True}, kind="GlobalDocumentDB"),
        ]
    },
)


def test_cosmos_accounts() -> None:
    assert observe(cosmos_accounts, COSMOS_ACCOUNTS) == [
        Login(**of(COSMOS, "keys"), local_authentication=True),
        Login(**of(COSMOS, "directory"), local_authentication=False),
    ]


REDIS = "Microsoft.Cache/redis"


def entra(told: str) -> dict[str, Any]:
    return {"redisConfiguration": {"aad-enabled": told}}


CACHES = world(
    redis_caches,
    {
        f"{REDIS}/read": [
            resource(REDIS, "keys", {"redisConfiguration": {"maxclients": "1000"}}),
            resource(REDIS, "off", {**entra("false"), "disableAccessKeyAuthentication": False}),
            resource(REDIS, "directory", {**entra("True"), "disableAccessKeyAuthentication": True}),
        ]
    },
)


def test_redis_caches() -> None:
    assert observe(redis_caches, CACHES) == logins(
        REDIS, ("keys", True, False), ("off", True, False), ("directory", False, True)
    )


SEARCH = "Microsoft.Search/searchServices"
SEARCHES = world(
    search_services,
    {
        f"{SEARCH}/read": [
            resource(SEARCH, "keys", {"disableLocalAuth": False, "authOptions": {"apiKeyOnly": {}}}),
            resource(
                SEARCH,
                "both",
                {
                    "disableLocalAuth": False,
                    "authOptions": {"aadOrApiKey": {"aadAuthFailureMode": "http403"}},
                },
            ),
            resource(SEARCH, "directory", {"disableLocalAuth": True, "authOptions": None}),
        ]
    },
)


def test_search_services() -> None:
    assert observe(search_services, SEARCHES) == logins(
        SEARCH, ("keys", True, False), ("both", True, True), ("directory", False, True)
    )


def switched(check: Check, kind: str) -> World:
    listed = [resource(kind, "keys", {}), resource(kind, "directory", {"disableLocalAuth": True})]
    return world(check, {f"{kind}/read": listed})


SWITCHED = [
    (check, kind, switched(check, kind))
    for check, kind in (
        (event_hub_namespaces, "Microsoft.EventHub/namespaces"),
        (service_bus_namespaces, "Microsoft.ServiceBus/namespaces"),
        (ai_services, "Microsoft.CognitiveServices/accounts"),
    )
]


@pytest.mark.parametrize(("check", "kind", "answers"), SWITCHED, ids=["events", "messages", "ai"])
def test_services_with_one_switch(check: Check, kind: str, answers: World) -> None:
    assert observe(check, answers) == logins(kind, ("keys", True, True), ("directory", False, True))
