"""The activity log of Azure subscriptions: where it goes, and of what somebody is told at once."""

from collections.abc import Collection, Iterator, Mapping

from scanner import AzureSubscription, Fields, Resource, check

from ..semantics import azure_diagnostics
from . import ActivityAlerts, LogStore, ResourceLog

_SETTINGS = "Microsoft.Insights/diagnosticSettings/read"
_ACCOUNTS = "Microsoft.Storage/storageAccounts/read"
_ALERTS = "Microsoft.Insights/activityLogAlerts/read"
_GROUPS = "Microsoft.Insights/actionGroups/read"


@check(_SETTINGS)
def activity_log(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """Where the activity log of the subscription goes; Azure itself keeps it for 90 days only.

    Who did what stands in Administrative, Security, Alert and Policy.
    """
    logs = azure_diagnostics.logs(subscription.all(_SETTINGS))
    yield ResourceLog(
        resource=subscription.resource(subscription.id),
        logged=bool(logs.categories),
        audit_logged=logs.audits(("Administrative", "Alert", "Policy", "Security")),
        categories=logs.categories,
        sent_to=logs.sent_to,
        links=tuple(subscription.resource(place) for place in logs.places),
    )


_KEYS = {"Microsoft.Storage": False, "Microsoft.Keyvault": True}


@check(_SETTINGS, _ACCOUNTS)
def activity_log_stores(subscription: AzureSubscription) -> Iterator[LogStore]:
    """How storage accounts that get the activity log are encrypted; they may be another subscription's."""
    stores = {
        subscription.resource(setting.text("properties.storageAccountId", ""))
        for setting in subscription.all(_SETTINGS)
        if "storage" in azure_diagnostics.logs([setting]).sent_to
    }

    def read(store: str) -> LogStore:
        account = subscription.one(_ACCOUNTS, store)
        return LogStore(**account.about, customer_key=account.word("properties.encryption.keySource", _KEYS))

    yield from subscription.each(sorted(stores), read, resource=str)


@check(_ALERTS, _GROUPS)
def activity_alerts(subscription: AzureSubscription) -> Iterator[ActivityAlerts]:
    """Of which changes to the subscription somebody is told, and whether of incidents of Azure's services.

    Rules that hold alerts back for a while (alert processing rules) are not looked at.
    """
    groups = {group.id: _tells(group) for group in subscription.all(_GROUPS)}
    whole = subscription.resource(subscription.id)

    def tells(group: str) -> bool:
        if group in groups or group.startswith(f"{whole}/"):
            # One of ours that was not listed is gone.
            return groups.get(group, False)
        found = subscription.one(_GROUPS, group, absent="ResourceNotFound")
        return found is not None and _tells(found)

    alerts = [
        alert
        for alert in subscription.all(_ALERTS)
        if alert.flag("properties.enabled", default=True)
        and whole in {subscription.resource(scope) for scope in alert.texts("properties.scopes")}
        and any(tells(group) for group in sorted(_called(subscription, alert)))
    ]

    def alerted(event: Mapping[str, Collection[str]]) -> bool:
        return any(_heeds(alert, event) for alert in alerts)

    def told(operation: str) -> bool:
        return alerted(_administrative(operation))

    yield ActivityAlerts(
        resource=whole,
        alert_on_policy_assignment_write=told("Microsoft.Authorization/policyAssignments/write"),
        alert_on_policy_assignment_delete=told("Microsoft.Authorization/policyAssignments/delete"),
        alert_on_network_security_group_write=told("Microsoft.Network/networkSecurityGroups/write"),
        alert_on_network_security_group_delete=told("Microsoft.Network/networkSecurityGroups/delete"),
        alert_on_security_rule_write=told("Microsoft.Network/networkSecurityGroups/securityRules/write"),
        alert_on_security_rule_delete=told("Microsoft.Network/networkSecurityGroups/securityRules/delete"),
        alert_on_security_solution_write=told("Microsoft.Security/securitySolutions/write"),
        alert_on_security_solution_delete=told("Microsoft.Security/securitySolutions/delete"),
        alert_on_sql_firewall_rule_write=told("Microsoft.Sql/servers/firewallRules/write"),
        alert_on_sql_firewall_rule_delete=told("Microsoft.Sql/servers/firewallRules/delete"),
        alert_on_public_ip_write=told("Microsoft.Network/publicIPAddresses/write"),
        alert_on_public_ip_delete=told("Microsoft.Network/publicIPAddresses/delete"),
        alert_on_service_health=alerted(_INCIDENT),
    )


def _called(subscription: AzureSubscription, alert: Resource) -> set[str]:
    actions = alert.parts("properties.actions.actionGroups")
    return {subscription.resource(action.text("actionGroupId")) for action in actions}


_RECEIVERS = (
    "armRoleReceivers",
    "automationRunbookReceivers",
    "azureAppPushReceivers",
    "azureFunctionReceivers",
    "emailReceivers",
    "eventHubReceivers",
    "itsmReceivers",
    "logicAppReceivers",
    "smsReceivers",
    "voiceReceivers",
    "webhookReceivers",
)


def _tells(group: Resource) -> bool:
    """Whether an action group is on, and has a receiver that did not leave it."""
    receivers = [each for kind in _RECEIVERS for each in group.parts(f"properties.{kind}")]
    return group.flag("properties.enabled") and any(
        each.text("status", "") != "Disabled" for each in receivers
    )


_INCIDENT = {"category": {"servicehealth"}, "properties.incidenttype": {"incident"}}


def _administrative(operation: str) -> dict[str, set[str]]:
    """What an activity log says of an operation that went well, whoever asked for it and on what."""
    kind = operation.rpartition("/")[0].lower()
    return {
        "category": {"administrative"},
        "level": {"informational"},
        "operationname": {operation.lower()},
        "resourceprovider": {kind.partition("/")[0]},
        "resourcetype": {kind},
        "status": {"started", "accepted", "succeeded"},
    }


def _heeds(alert: Resource, event: Mapping[str, Collection[str]]) -> bool:
    """Whether an alert goes off at every event of this sort: a condition on anything else narrows it down."""
    conditions = alert.parts("properties.condition.allOf")
    return bool(conditions) and all(
        any(_holds(option, event) for option in condition.parts("anyOf") or [condition])
        for condition in conditions
    )


def _holds(condition: Fields, event: Mapping[str, Collection[str]]) -> bool:
    # Neither names nor values of fields heed capitals:
    # https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/create-or-update
    wanted = {condition.text("equals", ""), *condition.texts("containsAny")}
    said = event.get(condition.text("field").lower(), ())
    return any(each.lower() in said for each in wanted)
