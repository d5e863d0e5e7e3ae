"""Logs: what is written down, where it goes, how long it is kept, and what nobody writes down."""

from collections.abc import Iterator

from .parts import HERE, Held, below, called, child, resource
from .stores import account

GROUP = "watch"
_WORKSPACES = "Microsoft.OperationalInsights/workspaces"
_SOC = called(GROUP, _WORKSPACES, "northlake-soc")


def resources() -> Iterator[Held]:
    """Where logs go, and the settings that send them there."""
    yield from _places()
    yield from _activity()
    yield from _flows()
    for of in _logged():
        yield _sends(of, "allLogs")
    yield _sends(account("northlakeimaging") + "/blobServices/default", "audit")
    yield below(
        called("databases", "Microsoft.Sql/servers", "northlake-patients") + "/databases/master",
        "Microsoft.Insights/diagnosticSettings",
        "audit",
        {"workspaceId": _SOC, "logs": [{"category": "SQLSecurityAuditEvents", "enabled": True}]},
    )


def _logged() -> Iterator[str]:
    """What has its logs sent to the security team; everything else has not."""
    for group, kind, name in (
        ("stores", "Microsoft.KeyVault/vaults", "northlake-keys"),
        ("databases", "Microsoft.DocumentDB/databaseAccounts", "northlake-consents"),
        ("databases", "Microsoft.DBforPostgreSQL/flexibleServers", "northlake-portal"),
        ("databases", "Microsoft.Sql/managedInstances", "northlake-billing"),
        ("services", "Microsoft.Web/sites", "northlake-portal"),
        ("services", "Microsoft.EventHub/namespaces", "northlake-hl7"),
        ("services", "Microsoft.ContainerService/managedClusters", "northlake-interfaces"),
        ("services", "Microsoft.ApiManagement/service", "northlake-api"),
        ("services", "Microsoft.HealthcareApis/workspaces", "northlake/fhirservices/records"),
        ("services", "Microsoft.Devices/IotHubs", "northlake-monitors"),
        ("network", "Microsoft.Network/applicationGateways", "portal"),
        ("network", "Microsoft.Network/bastionHosts", "clinical"),
    ):
        yield called(group, kind, name)


def _sends(of: str, group: str) -> Held:
    logs = [{"categoryGroup": group, "enabled": True}]
    return below(of, "Microsoft.Insights/diagnosticSettings", "to-soc", {"workspaceId": _SOC, "logs": logs})


def _places() -> Iterator[Held]:
    """The security team's workspace, and one that a project left behind."""
    for name, days, owner in (("northlake-soc", 730, "ciso"), ("portal-pilot", 30, "nobody")):
        yield resource(
            GROUP,
            _WORKSPACES,
            name,
            {"sku": {"name": "PerGB2018"}, "retentionInDays": days, "features": {}},
            tags={"owner": owner},
        )
    yield below(_SOC, "Microsoft.SecurityInsights/onboardingStates", "default", {"customerManagedKey": False})
    yield resource(
        GROUP,
        "Microsoft.Insights/components",
        "portal",
        {"Application_Type": "web", "WorkspaceResourceId": _SOC},
        kind="web",
    )


def _activity() -> Iterator[Held]:
    """The subscription's own log, and the few changes of which somebody is told at once."""
    categories = ("Administrative", "Security", "Alert", "Policy")
    yield below(
        HERE,
        "Microsoft.Insights/diagnosticSettings",
        "activity",
        {
            "workspaceId": _SOC,
            "storageAccountId": account("northlakelogs"),
            "logs": [{"category": name, "enabled": True} for name in categories],
        },
    )
    team = resource(
        GROUP,
        "Microsoft.Insights/actionGroups",
        "security-team",
        {
            "groupShortName": "security",
            "enabled": True,
            "emailReceivers": [
                {"name": "team", "emailAddress": "security@northlake.example", "status": "Enabled"}
            ],
        },
        location="Global",
    )
    yield team
    for name, operation in (
        ("policy-assigned", "Microsoft.Authorization/policyAssignments/write"),
        ("policy-taken-away", "Microsoft.Authorization/policyAssignments/delete"),
        ("security-rules", "Microsoft.Network/networkSecurityGroups/securityRules/write"),
        ("sql-firewalls", "Microsoft.Sql/servers/firewallRules/write"),
    ):
        conditions = [
            {"field": "category", "equals": "Administrative"},
            {"field": "operationName", "equals": operation},
        ]
        yield resource(
            GROUP,
            "Microsoft.Insights/activityLogAlerts",
            name,
            {
                "enabled": True,
                "scopes": [HERE],
                "condition": {"allOf": conditions},
                "actions": {"actionGroups": [{"actionGroupId": team["id"]}]},
            },
            location="Global",
        )


def _flows() -> Iterator[Held]:
    """Who spoke to whom in the clinical network; of the laboratory's nobody writes it down."""
    watcher = resource(
        "NetworkWatcherRG",
        "Microsoft.Network/networkWatchers",
        "NetworkWatcher_eastus",
        {"provisioningState": "Succeeded"},
    )
    yield watcher
    yield child(
        watcher,
        "flowLogs",
        "clinical",
        {
            "enabled": True,
            "targetResourceId": called("network", "Microsoft.Network/virtualNetworks", "clinical"),
            "storageId": account("northlakelogs"),
            "retentionPolicy": {"enabled": True, "days": 90},
            "flowAnalyticsConfiguration": {
                "networkWatcherFlowAnalyticsConfiguration": {"enabled": True, "workspaceResourceId": _SOC}
            },
            "provisioningState": "Succeeded",
        },
        location="eastus",
    )
