"""Which of Azure's services answer on public addresses, of those that Azure gives no firewall to be read."""

from collections.abc import Iterator

from scanner import AzureSubscription, check

from . import AnalyticsWorkspace, Linked
from .reach import answers, approved, linked


@check("Microsoft.Sql/managedInstances/read")
def sql_managed_instances(subscription: AzureSubscription) -> Iterator[Linked]:
    """Whether managed instances of SQL Server answer on a public address, too.

    They live in a virtual network, and from where they are reached the security group of their subnet says.
    """
    for instance in subscription.all("Microsoft.Sql/managedInstances/read"):
        with subscription.reading(instance.id):
            yield Linked(
                **instance.about,
                **linked(
                    approved(instance),
                    public=instance.flag("properties.publicDataEndpointEnabled", default=False),
                    inside=[instance.text("properties.subnetId")],
                ),
            )


@check("Microsoft.RecoveryServices/vaults/read")
def recovery_vaults(subscription: AzureSubscription) -> Iterator[Linked]:
    """Whether Recovery Services vaults take backups from public addresses; they have no firewall."""
    yield from _unwalled(subscription, "Microsoft.RecoveryServices/vaults/read")


@check("Microsoft.HealthcareApis/services/read")
def healthcare_apis(subscription: AzureSubscription) -> Iterator[Linked]:
    """Whether the Azure API for FHIR answers on public addresses; it has no firewall."""
    yield from _unwalled(subscription, "Microsoft.HealthcareApis/services/read")


@check("Microsoft.HealthcareApis/workspaces/read", "Microsoft.HealthcareApis/workspaces/fhirservices/read")
def fhir_services(subscription: AzureSubscription) -> Iterator[Linked]:
    """Whether FHIR services answer on public addresses; they have no firewall."""
    yield from _healthcare(subscription, "Microsoft.HealthcareApis/workspaces/fhirservices/read")


@check("Microsoft.HealthcareApis/workspaces/read", "Microsoft.HealthcareApis/workspaces/dicomservices/read")
def dicom_services(subscription: AzureSubscription) -> Iterator[Linked]:
    """Whether DICOM services answer on public addresses; they have no firewall."""
    yield from _healthcare(subscription, "Microsoft.HealthcareApis/workspaces/dicomservices/read")


@check("Microsoft.MachineLearningServices/workspaces/read")
def machine_learning_workspaces(subscription: AzureSubscription) -> Iterator[Linked]:
    """Whether machine learning workspaces answer on public addresses.

    A list of addresses that they may be told to let in is not looked at.
    """
    for workspace in subscription.all("Microsoft.MachineLearningServices/workspaces/read"):
        with subscription.reading(workspace.id):
            # Older workspaces say it by another name, which counted once there was a private endpoint:
            # https://learn.microsoft.com/azure/machine-learning/how-to-configure-private-link
            open_always = workspace.flag("properties.allowPublicAccessWhenBehindVnet", default=False)
            connections = approved(workspace)
            told = workspace.has("properties.publicNetworkAccess")
            yield Linked(
                **workspace.about,
                **linked(connections, public=answers(workspace) if told else open_always or not connections),
            )


@check("Microsoft.Databricks/workspaces/read")
def databricks_workspaces(subscription: AzureSubscription) -> Iterator[AnalyticsWorkspace]:
    """Whether Databricks workspaces answer on public addresses, and where their compute nodes are.

    Lists of addresses that a workspace lets in are kept within it, and not looked at.
    """
    for workspace in subscription.all("Microsoft.Databricks/workspaces/read"):
        with subscription.reading(workspace.id):
            network = workspace.text("properties.parameters.customVirtualNetworkId.value", "")
            link = linked(approved(workspace), public=answers(workspace))
            if network:
                link["links"] = tuple(sorted({*link["links"], subscription.resource(network)}))
            yield AnalyticsWorkspace(
                **workspace.about,
                **link,
                nodes_publicly_accessible=not workspace.flag("properties.parameters.enableNoPublicIp.value"),
                own_virtual_network=bool(network),
            )


def _unwalled(subscription: AzureSubscription, need: str) -> Iterator[Linked]:
    """Services that are open or closed, and nothing between."""
    for item in subscription.all(need):
        with subscription.reading(item.id):
            yield Linked(**item.about, **linked(approved(item), public=answers(item)))


def _healthcare(subscription: AzureSubscription, need: str) -> Iterator[Linked]:
    """What is in workspaces of Azure Health Data Services.

    Private endpoints are a workspace's, for all of its services:
    https://learn.microsoft.com/azure/healthcare-apis/healthcare-apis-configure-private-link
    """
    for workspace in subscription.all("Microsoft.HealthcareApis/workspaces/read"):
        for service in subscription.all(need, workspace.id):
            with subscription.reading(service.id):
                connections = approved(workspace) or approved(service)
                both = answers(workspace) and answers(service)
                yield Linked(**service.about, **linked(connections, public=both))
