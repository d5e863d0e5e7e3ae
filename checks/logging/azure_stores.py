"""What keeps logs on Azure."""

from collections.abc import Iterator

from scanner import AzureSubscription, check

from . import FOREVER_DAYS, Application, LogGroup

_UNLIMITED = -1


@check("Microsoft.OperationalInsights/workspaces/read")
def workspaces(subscription: AzureSubscription) -> Iterator[LogGroup]:
    """How long Log Analytics workspaces keep what can be searched, which is two years at most.

    A table may have its own time, and may keep what is older out of reach of searches for up to twelve years;
    that is not read.
    """
    for workspace in subscription.all("Microsoft.OperationalInsights/workspaces/read"):
        with subscription.reading(workspace.id):
            days = workspace.number("properties.retentionInDays")
            # https://learn.microsoft.com/rest/api/loganalytics/workspaces/list
            forever = days == _UNLIMITED
            yield LogGroup(
                **workspace.about, retention_days=FOREVER_DAYS if forever else days, kept_forever=forever
            )


@check("Microsoft.Insights/components/read")
def applications(subscription: AzureSubscription) -> Iterator[Application]:
    """Where Application Insights keeps the telemetry of applications."""
    for component in subscription.all("Microsoft.Insights/components/read"):
        with subscription.reading(component.id):
            workspace = component.text("properties.WorkspaceResourceId", "")
            yield Application(
                **component.about,
                workspace_based=bool(workspace),
                links=(subscription.resource(workspace),) if workspace else (),
            )
