from typing import Any

import pytest

from checks.transport import Deployment, InTransit, WebSite
from checks.transport.azure import (
    cosmos_accounts,
    event_hub_namespaces,
    iot_hubs,
    managed_instances,
    mysql_servers,
    postgresql_servers,
    redis_caches,
    service_bus_namespaces,
    sql_servers,
    storage_accounts,
    web_deployments,
    web_sites,
)
from scanner.declaration import Check
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"


def made(of_type: str, name: str, *, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{of_type}/{name}",
        "name": name,
        "type": of_type,
        "location": "West Europe",
        "tags": {"phi": "true"},
        "properties": properties,
        **more,
    }


def seen(kind: str, name: str, *, required: bool, version: str | None) -> InTransit:
    return InTransit(
        resource=f"{ID}/{kind}/{name}",
        region="westeurope",
        tags={"phi": "true"},
        tls_required=required,
        min_tls=version,
    )


SIMPLE: list[tuple[Check, str, list[tuple[dict[str, Any], bool, str | None]]]] = [
    (
        storage_accounts,
        "Microsoft.Storage/storageAccounts",
        [
            ({"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"}, True, "TLSv1.2"),
            ({"supportsHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_1"}, False, "TLSv1.1"),
            ({"supportsHttpsTrafficOnly": True}, True, "TLSv1.0"),
        ],
    ),
    (
        sql_servers,
        "Microsoft.Sql/servers",
        [
            ({"version": "12.0", "minimalTlsVersion": "1.2"}, True, "TLSv1.2"),
            ({"version": "12.0", "minimalTlsVersion": "1.0"}, True, "TLSv1.0"),
            ({"version": "12.0", "minimalTlsVersion": "None"}, False, None),
            ({"version": "12.0"}, False, None),
        ],
    ),
    (
        managed_instances,
        "Microsoft.Sql/managedInstances",
        [
            ({"vCores": 8, "minimalTlsVersion": "1.2"}, True, "TLSv1.2"),
            ({"vCores": 8, "minimalTlsVersion": "None"}, False, None),
        ],
    ),
    (
        redis_caches,
        "Microsoft.Cache/redis",
        [
            ({"enableNonSslPort": False, "minimumTlsVersion": "1.1"}, True, "TLSv1.1"),
            ({"enableNonSslPort": True, "minimumTlsVersion": "1.2"}, False, "TLSv1.2"),
            ({"sslPort": 6380}, True, "TLSv1.2"),
        ],
    ),
    (
        cosmos_accounts,
        "Microsoft.DocumentDB/databaseAccounts",
        [
            ({"minimalTlsVersion": "Tls12"}, True, "TLSv1.2"),
            ({"minimalTlsVersion": "Tls11"}, True, "TLSv1.1"),
            ({"minimalTlsVersion": "Tls"}, True, "TLSv1.0"),
            ({"databaseAccountOfferType": "Standard"}, True, "TLSv1.0"),
        ],
    ),
    (
        event_hub_namespaces,
        "Microsoft.EventHub/namespaces",
        [({"minimumTlsVersion": "1.2"}, True, "TLSv1.2"), ({"status": "Active"}, True, None)],
    ),
    (
        service_bus_namespaces,
        "Microsoft.ServiceBus/namespaces",
        [({"minimumTlsVersion": "1.0"}, True, "TLSv1.0"), ({"status": "Active"}, True, None)],
    ),
    (
        iot_hubs,
        "Microsoft.Devices/IotHubs",
        [({"minTlsVersion": "1.2"}, True, "TLSv1.2"), ({"state": "Active"}, True, None)],
    ),
]

WORLDS = {
    check: world(
        check,
        {
            f"{kind}/read": [
                made(kind, f"one{number}", properties=properties)
                for number, (properties, _, _) in enumerate(cases)
            ]
        },
    )
    for check, kind, cases in SIMPLE
}


@pytest.mark.parametrize(("check", "kind", "cases"), SIMPLE, ids=[kind for _, kind, _ in SIMPLE])
def test_what_a_resource_says_of_itself(
    check: Check, kind: str, cases: list[tuple[dict[str, Any], bool, str | None]]
) -> None:
    assert observe(check, WORLDS[check]) == [
        seen(kind, f"one{number}", required=required, version=version)
        for number, (_, required, version) in enumerate(cases)
    ]


def test_a_storage_account_that_does_not_say_whether_it_takes_http_is_refused() -> None:
    silent = made("Microsoft.Storage/storageAccounts", "silent", properties={"minimumTlsVersion": "TLS1_2"})

    sight = look(storage_accounts, {"Microsoft.Storage/storageAccounts/read": [silent]})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/Microsoft.Storage/storageAccounts/silent",
            "properties.supportsHttpsTrafficOnly is missing; expected true or false",
        )
    ]


SITE = "Microsoft.Web/sites"


def site(name: str, kind: str, **properties: Any) -> dict[str, Any]:
    return made(SITE, name, properties={"state": "Running", "siteConfig": None, **properties}, kind=kind)


def settings(name: str, **properties: Any) -> dict[str, Any]:
    usual = {
        "minTlsVersion": "1.2",
        "scmMinTlsVersion": "1.2",
        "ftpsState": "Disabled",
        "http20Enabled": True,
    }
    return {
        "id": f"{GROUP}/{SITE}/{name}/config/web",
        "name": "web",
        "type": f"{SITE}/config",
        "properties": {**usual, **properties},
    }


SITES = {
    f"{SITE}/read": [
        site("portal", "app,linux", httpsOnly=True, clientCertEnabled=True, clientCertMode="Required"),
        site(
            "intake", "functionapp,linux", httpsOnly=False, clientCertEnabled=False, clientCertMode="Required"
        ),
        site("flow", "functionapp,workflowapp", httpsOnly=True),
        site("api", "app", httpsOnly=True, clientCertEnabled=True, clientCertMode="OptionalInteractiveUser"),
        site(
            "lab",
            "app",
            httpsOnly=True,
            clientCertEnabled=True,
            clientCertMode="Required",
            clientCertExclusionPaths="/health",
        ),
    ],
    f"{SITE}/config/read": [
        settings("portal"),
        settings("intake", minTlsVersion="1.0", http20Enabled=False, ftpsState="AllAllowed"),
        settings("flow", minTlsVersion="1.3", scmMinTlsVersion="1.0", ftpsState="FtpsOnly"),
        settings("api"),
        settings("lab", http20Enabled=None),
    ],
}
VISITED = world(web_sites, SITES)
DEPLOYED = world(web_deployments, SITES)


def test_web_sites() -> None:
    assert observe(web_sites, VISITED) == [
        WebSite(
            resource=f"{ID}/{SITE}/{name}",
            region="westeurope",
            tags={"phi": "true"},
            kind=kind,
            tls_required=required,
            min_tls=version,
            client_certificate=certificate,
            http2=http2,
        )
        for name, kind, required, version, certificate, http2 in [
            ("portal", "app", True, "TLSv1.2", "required", True),
            ("intake", "function", False, "TLSv1.0", None, False),
            ("flow", "workflow", True, "TLSv1.3", None, True),
            ("api", "app", True, "TLSv1.2", "optional", True),
            ("lab", "app", True, "TLSv1.2", "optional", False),
        ]
    ]


def test_web_deployments() -> None:
    assert observe(web_deployments, DEPLOYED) == [
        Deployment(
            resource=f"{ID}/{SITE}/{name}",
            region="westeurope",
            tags={"phi": "true"},
            kind=kind,
            tls_required=ftp != "plain",
            min_tls=version,
            ftp=ftp,
        )
        for name, kind, version, ftp in [
            ("portal", "app", "TLSv1.2", None),
            ("intake", "function", "TLSv1.2", "plain"),
            ("flow", "workflow", "TLSv1.0", "tls"),
            ("api", "app", "TLSv1.2", None),
            ("lab", "app", "TLSv1.2", None),
        ]
    ]


MYSQL = "Microsoft.DBforMySQL/flexibleServers"
POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers"


def parameter(server: str, name: str, value: str) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{server}/configurations/{name}",
        "name": name,
        "type": f"{server.rpartition('/')[0]}/configurations",
        "properties": {"value": value, "source": "user-override"},
    }


MYSQLS = world(
    mysql_servers,
    {
        f"{MYSQL}/read": [
            made(MYSQL, "ehr", properties={"version": "8.0.21"}),
            made(MYSQL, "old", properties={"version": "5.7"}),
        ],
        f"{MYSQL}/configurations/read": [
            parameter(f"{MYSQL}/ehr", "require_secure_transport", "ON"),
            parameter(f"{MYSQL}/ehr", "tls_version", "TLSv1.3,TLSv1.2"),
            parameter(f"{MYSQL}/ehr", "audit_log_enabled", "ON"),
            parameter(f"{MYSQL}/old", "require_secure_transport", "OFF"),
            parameter(f"{MYSQL}/old", "tls_version", "TLSv1,TLSV1.2"),
        ],
    },
)
POSTGRESQLS = world(
    postgresql_servers,
    {
        f"{POSTGRESQL}/read": [
            made(POSTGRESQL, "ehr", properties={"version": "16"}),
            made(POSTGRESQL, "old", properties={"version": "12"}),
        ],
        f"{POSTGRESQL}/configurations/read": [
            parameter(f"{POSTGRESQL}/ehr", "require_secure_transport", "on"),
            parameter(f"{POSTGRESQL}/ehr", "ssl_min_protocol_version", "TLSv1.3"),
            parameter(f"{POSTGRESQL}/old", "require_secure_transport", "off"),
            parameter(f"{POSTGRESQL}/old", "ssl_min_protocol_version", "TLSv1.2"),
        ],
    },
)


def test_mysql_servers() -> None:
    assert observe(mysql_servers, MYSQLS) == [
        seen(MYSQL, "ehr", required=True, version="TLSv1.2"),
        seen(MYSQL, "old", required=False, version="TLSv1.0"),
    ]


def test_postgresql_servers() -> None:
    assert observe(postgresql_servers, POSTGRESQLS) == [
        seen(POSTGRESQL, "ehr", required=True, version="TLSv1.3"),
        seen(POSTGRESQL, "old", required=False, version="TLSv1.2"),
    ]


@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        (
            [("tls_version", "TLSv1.2")],
            "configurations.require_secure_transport is missing; expected a server parameter",
        ),
        (
            [("require_secure_transport", "ON"), ("tls_version", "TLSv9")],
            "properties.value is a str; expected versions of TLS",
        ),
        (
            [("require_secure_transport", "perhaps"), ("tls_version", "TLSv1.2")],
            "properties.value is 'perhaps'; known are on, off",
        ),
    ],
)
def test_what_a_server_does_not_tell_is_refused(parameters: list[tuple[str, str]], detail: str) -> None:
    sight = look(
        mysql_servers,
        {
            f"{MYSQL}/read": [made(MYSQL, "odd", properties={})],
            f"{MYSQL}/configurations/read": [parameter(f"{MYSQL}/odd", *each) for each in parameters],
        },
    )

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (f"{ID}/{MYSQL}/odd", detail)
    ]
