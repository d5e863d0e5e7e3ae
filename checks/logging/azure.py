"""Resource logs on Azure: what services write into Azure Monitor's logs by their diagnostic settings.

A service logs nothing of what happens within it until a diagnostic setting sends its logs somewhere. The
categories of every type: https://learn.microsoft.com/azure/azure-monitor/reference/logs-index.
"""

from collections.abc import Collection, Iterator

from scanner import AzureSubscription, Resource, check

from ..semantics import azure_diagnostics
from ..semantics.azure_sites import Kind, kind_of
from . import ResourceLog, WebSite

_SETTINGS = "Microsoft.Insights/diagnosticSettings/read"


def _logs(subscription: AzureSubscription, of: str) -> azure_diagnostics.Logs:
    return azure_diagnostics.logs(subscription.all(_SETTINGS, of=of))


def _log(
    subscription: AzureSubscription, item: Resource, wanted: Collection[str], below: str = ""
) -> ResourceLog:
    logs = _logs(subscription, item.id + below)
    return ResourceLog(
        **item.about,
        logged=bool(logs.categories),
        audit_logged=logs.audits(wanted),
        categories=logs.categories,
        sent_to=logs.sent_to,
        links=tuple(subscription.resource(place) for place in logs.places),
    )


def _logged(subscription: AzureSubscription, need: str, *wanted: str) -> Iterator[ResourceLog]:
    yield from subscription.each(subscription.all(need), lambda item: _log(subscription, item, wanted))


def _children(
    subscription: AzureSubscription, parents: str, need: str, *wanted: str
) -> Iterator[ResourceLog]:
    def read(parent: Resource) -> list[ResourceLog]:
        held = subscription.all(need, of=parent.id)
        return list(subscription.each(held, lambda item: _log(subscription, item, wanted)))

    for found in subscription.each(subscription.all(parents), read):
        yield from found


@check("Microsoft.KeyVault/vaults/read", _SETTINGS)
def key_vaults(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What key vaults log; AuditEvent tells who used which key or secret."""
    yield from _logged(subscription, "Microsoft.KeyVault/vaults/read", "AuditEvent")


@check("Microsoft.KeyVault/managedHSMs/read", _SETTINGS)
def managed_hsms(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What managed HSMs log; AuditEvent tells who used which key."""
    yield from _logged(subscription, "Microsoft.KeyVault/managedHSMs/read", "AuditEvent")


@check("Microsoft.Storage/storageAccounts/read", _SETTINGS)
def blob_services(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What storage accounts log of blobs; StorageRead, StorageWrite and StorageDelete tell who did what.

    Accounts for files only have no blobs. The older logging into a container named $logs is not looked at.
    """

    def read(account: Resource) -> ResourceLog:
        wanted = ("StorageRead", "StorageWrite", "StorageDelete")
        return _log(subscription, account, wanted, below="/blobServices/default")

    accounts = subscription.all("Microsoft.Storage/storageAccounts/read")
    yield from subscription.each((each for each in accounts if each.text("kind") != "FileStorage"), read)


_COSMOS = {
    "EnableCassandra": "CassandraRequests",
    "EnableGremlin": "GremlinRequests",
    "EnableTable": "TableApiRequests",
}


@check("Microsoft.DocumentDB/databaseAccounts/read", _SETTINGS)
def cosmos_accounts(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What Cosmos DB accounts log; who did what stands in ControlPlaneRequests and in their API's requests.

    These are DataPlaneRequests for NoSQL, and MongoRequests, CassandraRequests, GremlinRequests and
    TableApiRequests for the others.
    """

    def read(account: Resource) -> ResourceLog:
        able = {capability.text("name", "") for capability in account.parts("properties.capabilities")}
        requests = {_COSMOS[name] for name in able & _COSMOS.keys()}
        if account.text("kind", "") == "MongoDB":
            requests.add("MongoRequests")
        return _log(subscription, account, {"ControlPlaneRequests", *(requests or {"DataPlaneRequests"})})

    yield from subscription.each(subscription.all("Microsoft.DocumentDB/databaseAccounts/read"), read)


@check("Microsoft.DBforPostgreSQL/flexibleServers/read", _SETTINGS)
def postgresql_servers(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What PostgreSQL flexible servers send away of their log; PostgreSQLLogs holds what they record.

    What that is, is up to their parameters: see `logging.azure_databases.postgresql_servers`.
    """
    yield from _logged(subscription, "Microsoft.DBforPostgreSQL/flexibleServers/read", "PostgreSQLLogs")


@check("Microsoft.DBforMySQL/flexibleServers/read", _SETTINGS)
def mysql_servers(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What MySQL flexible servers send away of their logs; MySqlAuditLogs holds the audit.

    What is audited is up to their parameters: see `logging.azure_databases.mysql_servers`.
    """
    yield from _logged(subscription, "Microsoft.DBforMySQL/flexibleServers/read", "MySqlAuditLogs")


@check("Microsoft.Sql/managedInstances/read", _SETTINGS)
def managed_instances(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What SQL managed instances log; SQLSecurityAuditEvents holds the audit.

    What is audited is defined in SQL, within the instance, and Azure does not tell it.
    """
    yield from _logged(subscription, "Microsoft.Sql/managedInstances/read", "SQLSecurityAuditEvents")


@check(
    "Microsoft.HealthcareApis/workspaces/read",
    "Microsoft.HealthcareApis/workspaces/fhirservices/read",
    _SETTINGS,
)
def fhir_services(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What FHIR services log; AuditLogs tells who read or changed which record."""
    parents = "Microsoft.HealthcareApis/workspaces/read"
    need = "Microsoft.HealthcareApis/workspaces/fhirservices/read"
    yield from _children(subscription, parents, need, "AuditLogs")


@check(
    "Microsoft.HealthcareApis/workspaces/read",
    "Microsoft.HealthcareApis/workspaces/dicomservices/read",
    _SETTINGS,
)
def dicom_services(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What DICOM services log; AuditLogs tells who read or changed which image."""
    parents = "Microsoft.HealthcareApis/workspaces/read"
    need = "Microsoft.HealthcareApis/workspaces/dicomservices/read"
    yield from _children(subscription, parents, need, "AuditLogs")


@check("Microsoft.HealthcareApis/services/read", _SETTINGS)
def azure_apis_for_fhir(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What Azure API for FHIR, the forerunner of FHIR services, logs; AuditLogs tells who did what."""
    yield from _logged(subscription, "Microsoft.HealthcareApis/services/read", "AuditLogs")


@check("Microsoft.Databricks/workspaces/read", _SETTINGS)
def databricks_workspaces(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What Databricks workspaces log; who did what stands in six categories, on the premium plan only.

    These are accounts, dbfs, notebook, secrets, unityCatalog and workspace.
    """
    wanted = ("accounts", "dbfs", "notebook", "secrets", "unityCatalog", "workspace")
    yield from _logged(subscription, "Microsoft.Databricks/workspaces/read", *wanted)


@check("Microsoft.DataFactory/factories/read", _SETTINGS)
def data_factories(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What data factories log; ActivityRuns, PipelineRuns and TriggerRuns tell what moved, and why."""
    wanted = ("ActivityRuns", "PipelineRuns", "TriggerRuns")
    yield from _logged(subscription, "Microsoft.DataFactory/factories/read", *wanted)


@check("Microsoft.StreamAnalytics/streamingjobs/read", _SETTINGS)
def stream_analytics_jobs(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What Stream Analytics jobs log; Authoring and Execution tell who changed them and what they did."""
    yield from _logged(subscription, "Microsoft.StreamAnalytics/streamingjobs/read", "Authoring", "Execution")


@check("Microsoft.Search/searchServices/read", _SETTINGS)
def search_services(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What search services log; OperationLogs tells of queries and of changes."""
    yield from _logged(subscription, "Microsoft.Search/searchServices/read", "OperationLogs")


@check("Microsoft.CognitiveServices/accounts/read", _SETTINGS)
def cognitive_accounts(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What AI services log; Audit and RequestResponse tell who handled keys and who asked."""
    yield from _logged(subscription, "Microsoft.CognitiveServices/accounts/read", "Audit", "RequestResponse")


@check("Microsoft.Batch/batchAccounts/read", _SETTINGS)
def batch_accounts(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What Batch accounts log; AuditLog tells who did what."""
    yield from _logged(subscription, "Microsoft.Batch/batchAccounts/read", "AuditLog")


@check("Microsoft.Devices/IotHubs/read", _SETTINGS)
def iot_hubs(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What IoT hubs log; Connections and DeviceIdentityOperations tell who came and who enrolled them."""
    wanted = ("Connections", "DeviceIdentityOperations")
    yield from _logged(subscription, "Microsoft.Devices/IotHubs/read", *wanted)


@check("Microsoft.Logic/workflows/read", _SETTINGS)
def logic_apps(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What workflows of Logic Apps log; WorkflowRuntime tells what ran.

    Workflows of the standard plan are web sites: see `logging.azure.web_sites`.
    """
    yield from _logged(subscription, "Microsoft.Logic/workflows/read", "WorkflowRuntime")


@check("Microsoft.EventHub/namespaces/read", _SETTINGS)
def event_hub_namespaces(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What Event Hubs namespaces log; OperationalLogs tells who managed, RuntimeAuditLogs who used them.

    Only premium and dedicated ones can log who used them.
    """

    def read(namespace: Resource) -> ResourceLog:
        dedicated = bool(namespace.text("properties.clusterArmId", ""))
        return _log(subscription, namespace, _messaging(namespace, dedicated=dedicated))

    yield from subscription.each(subscription.all("Microsoft.EventHub/namespaces/read"), read)


@check("Microsoft.ServiceBus/namespaces/read", _SETTINGS)
def service_bus_namespaces(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What Service Bus namespaces log; OperationalLogs tells who managed, RuntimeAuditLogs who used them.

    Only premium ones can log who used them.
    """

    def read(namespace: Resource) -> ResourceLog:
        return _log(subscription, namespace, _messaging(namespace))

    yield from subscription.each(subscription.all("Microsoft.ServiceBus/namespaces/read"), read)


def _messaging(namespace: Resource, *, dedicated: bool = False) -> tuple[str, ...]:
    # https://learn.microsoft.com/azure/event-hubs/monitor-event-hubs-reference#runtime-audit-logs
    used = dedicated or namespace.text("sku.name") == "Premium"
    return ("OperationalLogs", "RuntimeAuditLogs") if used else ("OperationalLogs",)


@check("Microsoft.ContainerService/managedClusters/read", _SETTINGS)
def kubernetes_clusters(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What the control plane of AKS clusters logs; kube-audit tells who asked it for what.

    The smaller kube-audit-admin leaves out who read what, such as secrets.
    """
    yield from _logged(subscription, "Microsoft.ContainerService/managedClusters/read", "kube-audit")


@check("Microsoft.ContainerRegistry/registries/read", _SETTINGS)
def container_registries(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What container registries log; who came, and what was pushed and pulled, stands in two categories.

    These are ContainerRegistryLoginEvents and ContainerRegistryRepositoryEvents.
    """
    wanted = ("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents")
    yield from _logged(subscription, "Microsoft.ContainerRegistry/registries/read", *wanted)


@check("Microsoft.Network/applicationGateways/read", _SETTINGS)
def application_gateways(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What application gateways log; ApplicationGatewayAccessLog tells who asked for what."""
    need = "Microsoft.Network/applicationGateways/read"
    yield from _logged(subscription, need, "ApplicationGatewayAccessLog")


@check("Microsoft.Network/bastionHosts/read", _SETTINGS)
def bastion_hosts(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What bastions log; BastionAuditLogs tells who went to which machine."""
    yield from _logged(subscription, "Microsoft.Network/bastionHosts/read", "BastionAuditLogs")


@check("Microsoft.ApiManagement/service/read", _SETTINGS)
def api_management_services(subscription: AzureSubscription) -> Iterator[ResourceLog]:
    """What API Management logs; GatewayLogs tells who called which API."""
    yield from _logged(subscription, "Microsoft.ApiManagement/service/read", "GatewayLogs")


_SITES: dict[Kind, tuple[str, ...]] = {
    "app": ("AppServiceAuditLogs", "AppServiceHTTPLogs"),
    "function": ("FunctionAppLogs",),
    "workflow": ("WorkflowRuntime",),
}


@check("Microsoft.Web/sites/read", _SETTINGS)
def web_sites(subscription: AzureSubscription) -> Iterator[WebSite]:
    """What web apps, function apps and workflows log.

    Who did what stands in AppServiceHTTPLogs and AppServiceAuditLogs for web apps (who asked for what, and
    who logged in to change it), in FunctionAppLogs for function apps and in WorkflowRuntime for workflows.
    Logs that are only kept with the site itself do not count, and deployment slots are not read.
    """

    def read(site: Resource) -> WebSite:
        logs = _logs(subscription, site.id)
        kind = kind_of(site.text("kind", ""))
        return WebSite(
            **site.about,
            kind=kind,
            logged=bool(logs.categories),
            audit_logged=logs.audits(_SITES[kind]),
            http_logged=logs.covers({"AppServiceHTTPLogs"}),
            categories=logs.categories,
            sent_to=logs.sent_to,
            links=tuple(subscription.resource(place) for place in logs.places),
        )

    yield from subscription.each(subscription.all("Microsoft.Web/sites/read"), read)
