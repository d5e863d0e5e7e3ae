from typing import Any

import pytest

from checks.logging import MysqlLog, PostgresqlLog, SqlAudit
from checks.logging.azure_databases import mysql_servers, postgresql_servers, sql_servers
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"
SQL = "Microsoft.Sql/servers"
AUDITING = f"{SQL}/auditingSettings"
SETTINGS = "Microsoft.Insights/diagnosticSettings"
POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers"
MYSQL = "Microsoft.DBforMySQL/flexibleServers"


def server(of_type: str, name: str) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{of_type}/{name}",
        "name": name,
        "type": of_type,
        "location": "West Europe",
        "tags": {"phi": "true"},
        "properties": {"fullyQualifiedDomainName": f"{name}.example"},
    }


def about(of_type: str, name: str) -> dict[str, Any]:
    return {"resource": f"{ID}/{of_type}/{name}", "region": "westeurope", "tags": {"phi": "true"}}


ACTIONS = ["SUCCESSFUL_DATABASE_AUTHENTICATION_GROUP", "BATCH_COMPLETED_GROUP"]
BLOBS = "https://archive.blob.core.windows.net"


def audit(name: str, **properties: Any) -> dict[str, Any]:
    usual = {
        "state": "Enabled",
        "storageEndpoint": "",
        "retentionDays": 0,
        "auditActionsAndGroups": ACTIONS,
        "isAzureMonitorTargetEnabled": False,
    }
    return {
        "id": f"{GROUP}/{SQL}/{name}/auditingSettings/Default",
        "name": "Default",
        "type": AUDITING,
        "properties": {**usual, **properties},
    }


def setting(name: str, log: dict[str, Any], database: str = "master", **to: str) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{SQL}/{name}/databases/{database}/providers/{SETTINGS}/soc",
        "name": "soc",
        "type": SETTINGS,
        "properties": {"logs": [log], **to},
    }


TO_WORKSPACE = {"workspaceId": f"{GROUP}/Microsoft.OperationalInsights/workspaces/soc"}
TO_EVENT_HUB = {
    "eventHubAuthorizationRuleId": f"{GROUP}/Microsoft.EventHub/namespaces/n/authorizationRules/r"
}
EVENTS = {"category": "SQLSecurityAuditEvents", "enabled": True}

CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], tuple[str, ...], int | None]] = {
    "forever": (audit("forever", storageEndpoint=BLOBS), [], ("storage",), 36500),
    "quarter": (audit("quarter", storageEndpoint=BLOBS, retentionDays=90), [], ("storage",), 90),
    "both": (
        audit("both", storageEndpoint=BLOBS, retentionDays=30, isAzureMonitorTargetEnabled=True),
        [setting("both", EVENTS, **TO_WORKSPACE)],
        ("storage", "workspace"),
        30,
    ),
    "monitor": (
        audit("monitor", isAzureMonitorTargetEnabled=True),
        [setting("monitor", {"categoryGroup": "audit", "enabled": True}, **TO_EVENT_HUB)],
        ("event-hub",),
        None,
    ),
    "lost": (
        audit("lost", isAzureMonitorTargetEnabled=True),
        [
            setting("lost", {"category": "SQLInsights", "enabled": True}, **TO_WORKSPACE),
            setting("lost", EVENTS, "ehr", **TO_WORKSPACE),
        ],
        (),
        None,
    ),
    "unasked": (audit("unasked"), [setting("unasked", EVENTS, **TO_WORKSPACE)], (), None),
    "off": (
        audit("off", state="Disabled", storageEndpoint=BLOBS, isAzureMonitorTargetEnabled=True),
        [setting("off", EVENTS, **TO_WORKSPACE)],
        (),
        None,
    ),
}
SERVERS = world(
    sql_servers,
    {
        f"{SQL}/read": [server(SQL, name) for name in CASES],
        f"{AUDITING}/read": [told for told, _, _, _ in CASES.values()],
        f"{SETTINGS}/read": [each for _, told, _, _ in CASES.values() for each in told],
    },
)


def test_sql_servers() -> None:
    assert observe(sql_servers, SERVERS) == [
        SqlAudit(
            **about(SQL, name),
            logged=bool(sent_to),
            action_groups=() if name == "off" else tuple(sorted(ACTIONS)),
            sent_to=sent_to,
            retention_days=days,
        )
        for name, (_, _, sent_to, days) in CASES.items()
    ]


def parameter(of: str, name: str, value: str) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{of}/configurations/{name}",
        "name": name,
        "type": f"{of.rpartition('/')[0]}/configurations",
        "properties": {"value": value, "source": "user-override"},
    }


LOGS = {
    "log_connections": "on",
    "log_disconnections": "on",
    "log_checkpoints": "on",
    "logfiles.download_enable": "on",
    "logfiles.retention_days": "7",
}
SERVERS_OF_POSTGRESQL: list[tuple[str, dict[str, str], tuple[bool, bool, bool, int | None]]] = [
    ("ehr", {}, (True, True, True, 7)),
    ("quiet", {"log_connections": "off", "log_disconnections": "off"}, (False, False, True, 7)),
    ("new", {"log_connections": "receipt,authentication", "log_checkpoints": "off"}, (True, True, False, 7)),
    ("newer", {"log_connections": "", "logfiles.download_enable": "off"}, (False, True, True, None)),
]
POSTGRESQLS = world(
    postgresql_servers,
    {
        f"{POSTGRESQL}/read": [server(POSTGRESQL, name) for name, _, _ in SERVERS_OF_POSTGRESQL],
        f"{POSTGRESQL}/configurations/read": [
            parameter(f"{POSTGRESQL}/{name}", *each)
            for name, changed, _ in SERVERS_OF_POSTGRESQL
            for each in {**LOGS, **changed}.items()
        ],
    },
)


def test_postgresql_servers() -> None:
    assert observe(postgresql_servers, POSTGRESQLS) == [
        PostgresqlLog(
            **about(POSTGRESQL, name),
            connections_logged=connections,
            disconnections_logged=disconnections,
            checkpoints_logged=checkpoints,
            file_retention_days=days,
        )
        for name, _, (connections, disconnections, checkpoints, days) in SERVERS_OF_POSTGRESQL
    ]


@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        (
            {name: value for name, value in LOGS.items() if name != "log_connections"},
            "configurations.log_connections is missing; expected a server parameter",
        ),
        ({**LOGS, "logfiles.retention_days": "ever"}, "properties.value is a str; expected a number"),
    ],
)
def test_what_a_server_does_not_tell_is_refused(parameters: dict[str, str], detail: str) -> None:
    sight = look(
        postgresql_servers,
        {
            f"{POSTGRESQL}/read": [server(POSTGRESQL, "odd")],
            f"{POSTGRESQL}/configurations/read": [
                parameter(f"{POSTGRESQL}/odd", *each) for each in parameters.items()
            ],
        },
    )

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (f"{ID}/{POSTGRESQL}/odd", detail)
    ]


AUDITS = [
    ("ehr", "ON", "connection, DDL,GENERAL", ("CONNECTION", "DDL", "GENERAL")),
    ("deaf", "ON", "DDL", ("DDL",)),
    ("empty", "ON", "", ()),
    ("off", "OFF", "CONNECTION", ()),
]
MYSQLS = world(
    mysql_servers,
    {
        f"{MYSQL}/read": [server(MYSQL, name) for name, _, _, _ in AUDITS],
        f"{MYSQL}/configurations/read": [
            each
            for name, on, events, _ in AUDITS
            for each in (
                parameter(f"{MYSQL}/{name}", "audit_log_enabled", on),
                parameter(f"{MYSQL}/{name}", "audit_log_events", events),
            )
        ],
    },
)


def test_mysql_servers() -> None:
    assert observe(mysql_servers, MYSQLS) == [
        MysqlLog(
            **about(MYSQL, name),
            logged=bool(events),
            connections_logged="CONNECTION" in events,
            events=events,
        )
        for name, _, _, events in AUDITS
    ]
