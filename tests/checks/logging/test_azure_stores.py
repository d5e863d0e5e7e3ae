from typing import Any

from checks.logging import Application, LogGroup
from checks.logging.azure_stores import applications, workspaces
from scanner.testing import SUBSCRIPTION, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/SOC/providers"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/soc/providers"
WORKSPACE = "Microsoft.OperationalInsights/workspaces"
COMPONENT = "Microsoft.Insights/components"


def made(of_type: str, name: str, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{of_type}/{name}",
        "name": name,
        "type": of_type,
        "location": "westeurope",
        "tags": {"owner": "soc"},
        "properties": properties,
    }


WORKSPACES = world(
    workspaces,
    {
        f"{WORKSPACE}/read": [
            made(WORKSPACE, "soc", retentionInDays=730, sku={"name": "PerGB2018"}),
            made(WORKSPACE, "old", retentionInDays=-1, sku={"name": "Standard"}),
        ]
    },
)
APPLICATIONS = world(
    applications,
    {
        f"{COMPONENT}/read": [
            made(
                COMPONENT,
                "portal",
                Application_Type="web",
                IngestionMode="LogAnalytics",
                WorkspaceResourceId=f"{GROUP}/{WORKSPACE}/SOC",
            ),
            made(COMPONENT, "classic", Application_Type="web", IngestionMode="ApplicationInsights"),
        ]
    },
)


def test_workspaces() -> None:
    assert observe(workspaces, WORKSPACES) == [
        LogGroup(
            resource=f"{ID}/{WORKSPACE}/{name}",
            region="westeurope",
            tags={"owner": "soc"},
            retention_days=days,
            kept_forever=forever,
        )
        for name, days, forever in [("soc", 730, False), ("old", 36500, True)]
    ]


def test_applications() -> None:
    assert observe(applications, APPLICATIONS) == [
        Application(
            resource=f"{ID}/{COMPONENT}/{name}",
            region="westeurope",
            tags={"owner": "soc"},
            workspace_based=bool(links),
            links=links,
        )
        for name, links in [("portal", (f"{ID}/{WORKSPACE}/soc",)), ("classic", ())]
    ]
