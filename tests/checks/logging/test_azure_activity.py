from typing import Any

import pytest

from checks.logging import ActivityAlerts, LogStore, ResourceLog
from checks.logging.azure_activity import activity_alerts, activity_log, activity_log_stores
from scanner.testing import SUBSCRIPTION, Error, look, observe, world

HERE = f"/subscriptions/{SUBSCRIPTION}"
OTHER = "/subscriptions/11111111-2222-3333-4444-555555555555"
SETTINGS = "Microsoft.Insights/diagnosticSettings"
STORAGE = "Microsoft.Storage/storageAccounts"
ALERTS = "Microsoft.Insights/activityLogAlerts"
GROUPS = "Microsoft.Insights/actionGroups"
WORKSPACE = "Microsoft.OperationalInsights/workspaces/soc"


def at(of: str, group: str = "SOC", subscription: str = HERE) -> str:
    return f"{subscription}/resourceGroups/{group}/providers/{of}"


def setting(name: str, *categories: str, enabled: bool = True, **to: str) -> dict[str, Any]:
    return {
        "id": f"{HERE}/providers/microsoft.insights/diagnosticSettings/{name}",
        "name": name,
        "type": SETTINGS,
        "properties": {"logs": [{"category": each, "enabled": enabled} for each in categories], **to},
    }


def store(name: str, source: str, subscription: str = HERE) -> dict[str, Any]:
    return {
        "id": at(f"{STORAGE}/{name}", subscription=subscription),
        "name": name,
        "type": STORAGE,
        "location": "westeurope",
        "tags": {"owner": "soc"},
        "kind": "StorageV2",
        "properties": {"encryption": {"keySource": source}},
    }


WHOLE = ("Administrative", "Security", "Alert", "Policy")
ACTIVITY = world(
    activity_log,
    {
        f"{SETTINGS}/read": [
            setting("soc", *WHOLE, workspaceId=at(WORKSPACE)),
            setting("archive", "Administrative", "ServiceHealth", storageAccountId=at(f"{STORAGE}/archive")),
            setting("nowhere", "Autoscale"),
        ]
    },
)


def test_activity_log() -> None:
    assert observe(activity_log, ACTIVITY) == [
        ResourceLog(
            resource=HERE,
            logged=True,
            audit_logged=True,
            categories=("Administrative", "Alert", "Policy", "Security", "ServiceHealth"),
            sent_to=("storage", "workspace"),
            links=(at(WORKSPACE, "soc"), at(f"{STORAGE}/archive", "soc")),
        )
    ]


@pytest.mark.parametrize(
    ("told", "logged"),
    [
        ([], False),
        ([setting("soc", "Administrative", "Security", "Alert", workspaceId=at(WORKSPACE))], True),
        ([setting("soc", *WHOLE, enabled=False, workspaceId=at(WORKSPACE))], False),
        ([setting("soc", *WHOLE)], False),
    ],
)
def test_an_activity_log_that_does_not_tell_who_did_what(told: list[dict[str, Any]], logged: bool) -> None:
    (log,) = observe(activity_log, {f"{SETTINGS}/read": told})

    assert isinstance(log, ResourceLog)
    assert (log.logged, log.audit_logged) == (logged, False)


STORES = world(
    activity_log_stores,
    {
        f"{SETTINGS}/read": [
            setting("archive", *WHOLE, storageAccountId=at(f"{STORAGE}/archive")),
            setting("again", *WHOLE, storageAccountId=at(f"{STORAGE}/Archive", "soc")),
            setting("central", *WHOLE, storageAccountId=at(f"{STORAGE}/central", subscription=OTHER)),
            setting("off", *WHOLE, enabled=False, storageAccountId=at(f"{STORAGE}/unused")),
            setting("soc", *WHOLE, workspaceId=at(WORKSPACE)),
        ],
        f"{STORAGE}/read": [
            store("archive", "Microsoft.Keyvault"),
            store("central", "Microsoft.Storage", OTHER),
            store("unused", "Microsoft.Storage"),
        ],
    },
)


def test_activity_log_stores() -> None:
    assert observe(activity_log_stores, STORES) == [
        LogStore(
            resource=at(f"{STORAGE}/{name}", "soc", subscription),
            region="westeurope",
            tags={"owner": "soc"},
            customer_key=customer,
        )
        for name, subscription, customer in [("central", OTHER, False), ("archive", HERE, True)]
    ]


def test_an_account_of_another_subscription_may_be_out_of_sight() -> None:
    told = [setting("central", *WHOLE, storageAccountId=at(f"{STORAGE}/central", subscription=OTHER))]

    sight = look(activity_log_stores, {f"{SETTINGS}/read": told, f"{STORAGE}/read": []})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.code) for refusal in sight.refusals] == [
        (at(f"{STORAGE}/central", "soc", OTHER), "ResourceNotFound")
    ]


def is_(field: str, value: str) -> dict[str, Any]:
    return {"field": field, "equals": value}


def alert(name: str, *conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": at(f"{ALERTS}/{name}"),
        "name": name,
        "type": ALERTS,
        "location": "Global",
        "properties": {
            "scopes": [HERE],
            "condition": {"allOf": list(conditions)},
            "actions": {"actionGroups": [{"actionGroupId": at(f"{GROUPS}/oncall")}]},
            **more,
        },
    }


def action_group(
    name: str, *, enabled: bool = True, subscription: str = HERE, **receivers: Any
) -> dict[str, Any]:
    return {
        "id": at(f"{GROUPS}/{name}", subscription=subscription),
        "name": name,
        "type": GROUPS,
        "location": "Global",
        "properties": {"groupShortName": name, "enabled": enabled, **receivers},
    }


MAIL = {"emailReceivers": [{"name": "soc", "emailAddress": "soc@clinic.example", "status": "Enabled"}]}
HOOK = {"webhookReceivers": [{"name": "pager", "serviceUri": "https://pager.example"}]}
ONCALL = action_group("oncall", **MAIL)
ADMINISTRATIVE = is_("category", "Administrative")


def operation(name: str) -> dict[str, Any]:
    return is_("operationName", name)


NSG = "Microsoft.Network/networkSecurityGroups"
NONE = dict.fromkeys(ActivityAlerts.__annotations__, False)


def alerts(*on: str) -> ActivityAlerts:
    return ActivityAlerts(resource=HERE, **{**NONE, **{f"alert_on_{name}": True for name in on}})


WRITES = [
    ("policy_assignment", "Microsoft.Authorization/policyAssignments"),
    ("network_security_group", NSG),
    ("security_rule", f"{NSG}/securityRules"),
    ("security_solution", "Microsoft.Security/securitySolutions"),
    ("sql_firewall_rule", "Microsoft.Sql/servers/firewallRules"),
    ("public_ip", "Microsoft.Network/publicIPAddresses"),
]
CHANGES = [(f"{name}_{verb}", f"{kind}/{verb}") for name, kind in WRITES for verb in ("write", "delete")]
INCIDENT = is_("properties.incidentType", "Incident")
HEALTH = is_("category", "ServiceHealth")

WATCHED = world(
    activity_alerts,
    {
        f"{GROUPS}/read": [ONCALL],
        f"{ALERTS}/read": [
            *(alert(name, ADMINISTRATIVE, operation(changed)) for name, changed in CHANGES),
            alert("health", HEALTH),
        ],
    },
)


def test_activity_alerts() -> None:
    assert observe(activity_alerts, WATCHED) == [alerts(*(name for name, _ in CHANGES), "service_health")]


@pytest.mark.parametrize(("name", "changed"), CHANGES, ids=[name for name, _ in CHANGES])
def test_each_alert_is_of_one_change(name: str, changed: str) -> None:
    told = {f"{GROUPS}/read": [ONCALL], f"{ALERTS}/read": [alert("one", ADMINISTRATIVE, operation(changed))]}

    assert observe(activity_alerts, told) == [alerts(name)]


DELETED = operation(f"{NSG}/delete")
DELETED_ALERT = "network_security_group_delete"


@pytest.mark.parametrize(
    ("conditions", "on"),
    [
        (
            [is_("Category", "administrative"), operation("MICROSOFT.network/networksecuritygroups/DELETE")],
            True,
        ),
        ([DELETED], True),
        ([ADMINISTRATIVE, DELETED, is_("status", "Succeeded")], True),
        ([ADMINISTRATIVE, DELETED, is_("status", "Failed")], False),
        ([ADMINISTRATIVE, DELETED, is_("level", "Informational")], True),
        ([ADMINISTRATIVE, DELETED, is_("level", "Error")], False),
        ([ADMINISTRATIVE, DELETED, is_("resourceType", NSG)], True),
        ([ADMINISTRATIVE, DELETED, is_("resourceProvider", "Microsoft.Network")], True),
        ([ADMINISTRATIVE, DELETED, is_("resourceGroup", "ehr")], False),
        ([ADMINISTRATIVE, DELETED, is_("caller", "mallory@clinic.example")], False),
        ([is_("category", "Policy"), DELETED], False),
        ([ADMINISTRATIVE, {"field": "operationName", "containsAny": ["x/y/z", f"{NSG}/delete"]}], True),
        ([ADMINISTRATIVE, {"field": "operationName", "containsAny": ["x/y/z"]}], False),
        ([ADMINISTRATIVE, {"anyOf": [operation("x/y/z"), DELETED]}], True),
        ([ADMINISTRATIVE, {"anyOf": [operation("x/y/z"), operation("a/b/c")]}], False),
        ([], False),
    ],
)
def test_conditions_that_leave_something_out_do_not_count(conditions: list[dict[str, Any]], on: bool) -> None:
    told = {f"{GROUPS}/read": [ONCALL], f"{ALERTS}/read": [alert("one", *conditions)]}

    assert observe(activity_alerts, told) == [alerts(DELETED_ALERT) if on else alerts()]


def test_an_alert_of_everything_administrative_is_of_each_change() -> None:
    told = {f"{GROUPS}/read": [ONCALL], f"{ALERTS}/read": [alert("all", ADMINISTRATIVE)]}

    assert observe(activity_alerts, told) == [alerts(*(name for name, _ in CHANGES))]


@pytest.mark.parametrize(
    ("conditions", "on"),
    [
        ([HEALTH, INCIDENT], True),
        ([HEALTH, {"anyOf": [is_("properties.incidentType", "Maintenance"), INCIDENT]}], True),
        ([HEALTH, is_("properties.incidentType", "Maintenance")], False),
        ([HEALTH, is_("properties.impactedServices[*].ServiceName", "Backup")], False),
    ],
)
def test_incidents_of_any_service(conditions: list[dict[str, Any]], on: bool) -> None:
    told = {f"{GROUPS}/read": [ONCALL], f"{ALERTS}/read": [alert("one", *conditions)]}

    assert observe(activity_alerts, told) == [alerts("service_health") if on else alerts()]


CALLED = {"actionGroups": [{"actionGroupId": at(f"{GROUPS}/central", subscription=OTHER)}]}


@pytest.mark.parametrize(
    ("groups", "more", "on"),
    [
        ([ONCALL], {"enabled": True}, True),
        ([ONCALL], {"enabled": False}, False),
        ([ONCALL], {"scopes": [HERE.upper() + "/"]}, True),
        ([ONCALL], {"scopes": [f"{HERE}/resourceGroups/ehr", HERE]}, True),
        ([ONCALL], {"scopes": [f"{HERE}/resourceGroups/ehr"]}, False),
        ([ONCALL], {"scopes": [OTHER]}, False),
        ([ONCALL], {"actions": {"actionGroups": []}}, False),
        ([action_group("oncall", enabled=False, **MAIL)], {}, False),
        ([action_group("oncall")], {}, False),
        ([action_group("oncall", **HOOK)], {}, True),
        (
            [action_group("oncall", emailReceivers=[{**MAIL["emailReceivers"][0], "status": "Disabled"}])],
            {},
            False,
        ),
        ([action_group("another", **MAIL)], {}, False),
        ([action_group("central", subscription=OTHER, **HOOK)], {"actions": CALLED}, True),
        ([action_group("central", subscription=OTHER, enabled=False, **HOOK)], {"actions": CALLED}, False),
        ([], {"actions": CALLED}, False),
    ],
)
def test_an_alert_counts_when_it_is_on_and_reaches_somebody(
    groups: list[dict[str, Any]], more: dict[str, Any], on: bool
) -> None:
    told = {f"{GROUPS}/read": groups, f"{ALERTS}/read": [alert("one", ADMINISTRATIVE, DELETED, **more)]}

    assert observe(activity_alerts, told) == [alerts(DELETED_ALERT) if on else alerts()]


def test_whether_a_group_out_of_sight_reaches_somebody_is_not_guessed() -> None:
    def told(of: str) -> Any:
        return [] if of == HERE else Error("AuthorizationFailed")

    sight = look(
        activity_alerts,
        {f"{GROUPS}/read": told, f"{ALERTS}/read": [alert("one", ADMINISTRATIVE, DELETED, actions=CALLED)]},
    )

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.code) for refusal in sight.refusals] == [
        (None, "AuthorizationFailed")
    ]
