"""What databases on Azure are set to record."""

from collections.abc import Iterator, Mapping

from scanner import AzureSubscription, Resource, check

from ..semantics import azure_diagnostics
from ..semantics.azure_diagnostics import Destination
from . import FOREVER_DAYS, MysqlLog, PostgresqlLog, SqlAudit

_SERVERS = "Microsoft.Sql/servers/read"
_AUDITING = "Microsoft.Sql/servers/auditingSettings/read"
_SETTINGS = "Microsoft.Insights/diagnosticSettings/read"


@check(_SERVERS, _AUDITING, _SETTINGS)
def sql_servers(subscription: AzureSubscription) -> Iterator[SqlAudit]:
    """Whether SQL servers audit all their databases, into what, and for how long.

    An audit that is meant for Azure Monitor gets there only by a diagnostic setting of the master database
    that sends SQLSecurityAuditEvents somewhere. Audits of single databases are not read.
    """

    def read(server: Resource) -> SqlAudit:
        audit = subscription.one(_AUDITING, f"{server.id}/auditingSettings/default").part("properties")
        on = audit.word("state", {"Enabled": True, "Disabled": False})
        stored = on and bool(audit.text("storageEndpoint", ""))
        sent_to: set[Destination] = {"storage"} if stored else set()
        if on and audit.flag("isAzureMonitorTargetEnabled", default=False):
            settings = subscription.all(_SETTINGS, of=f"{server.id}/databases/master")
            sent_to |= set(azure_diagnostics.logs(settings, {"SQLSecurityAuditEvents"}).sent_to)
        return SqlAudit(
            **server.about,
            logged=bool(sent_to),
            action_groups=tuple(sorted(audit.texts("auditActionsAndGroups"))) if on else (),
            sent_to=tuple(sorted(sent_to)),
            # Of 0 days: https://learn.microsoft.com/rest/api/sql/server-blob-auditing-policies/get
            retention_days=(audit.number("retentionDays") or FOREVER_DAYS) if stored else None,
        )

    yield from subscription.each(subscription.all(_SERVERS), read)


_POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers"
_MYSQL = "Microsoft.DBforMySQL/flexibleServers"
_SWITCH = {"on": True, "off": False}


@check(f"{_POSTGRESQL}/read", f"{_POSTGRESQL}/configurations/read")
def postgresql_servers(subscription: AzureSubscription) -> Iterator[PostgresqlLog]:
    """What PostgreSQL flexible servers record; see `logging.azure.postgresql_servers` for where it goes."""

    def read(server: Resource) -> PostgresqlLog:
        told = _parameters(subscription, f"{_POSTGRESQL}/configurations/read", server)
        kept = _parameter(server, told, "logfiles.download_enable").word("properties.value", _SWITCH)
        days = _parameter(server, told, "logfiles.retention_days")
        if not days.text("properties.value").isdecimal():
            raise days.strange("properties.value", "a number")
        return PostgresqlLog(
            **server.about,
            # From version 18 on it lists what is recorded of a connection; empty is off.
            # https://www.postgresql.org/docs/18/runtime-config-logging.html#GUC-LOG-CONNECTIONS
            connections_logged=_parameter(server, told, "log_connections").text("properties.value").lower()
            not in {"", "off", "false", "no", "0"},
            disconnections_logged=_parameter(server, told, "log_disconnections").word(
                "properties.value", _SWITCH
            ),
            checkpoints_logged=_parameter(server, told, "log_checkpoints").word("properties.value", _SWITCH),
            file_retention_days=int(days.text("properties.value")) if kept else None,
        )

    yield from subscription.each(subscription.all(f"{_POSTGRESQL}/read"), read)


@check(f"{_MYSQL}/read", f"{_MYSQL}/configurations/read")
def mysql_servers(subscription: AzureSubscription) -> Iterator[MysqlLog]:
    """What MySQL flexible servers audit; see `logging.azure.mysql_servers` for where it goes."""

    def read(server: Resource) -> MysqlLog:
        told = _parameters(subscription, f"{_MYSQL}/configurations/read", server)
        on = _parameter(server, told, "audit_log_enabled").word("properties.value", _SWITCH)
        listed = _parameter(server, told, "audit_log_events").text("properties.value").upper().split(",")
        events = {event.strip() for event in listed} - {""} if on else set()
        return MysqlLog(
            **server.about,
            logged=bool(events),
            connections_logged="CONNECTION" in events,
            events=tuple(sorted(events)),
        )

    yield from subscription.each(subscription.all(f"{_MYSQL}/read"), read)


def _parameters(subscription: AzureSubscription, need: str, server: Resource) -> dict[str, Resource]:
    return {parameter.name: parameter for parameter in subscription.all(need, of=server.id)}


def _parameter(server: Resource, told: Mapping[str, Resource], name: str) -> Resource:
    if name not in told:
        raise server.strange(f"configurations.{name}", "a server parameter")
    return told[name]
