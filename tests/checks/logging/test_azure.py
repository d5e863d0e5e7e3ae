from typing import Any

import pytest

from checks.logging import ResourceLog, WebSite
from checks.logging.azure import (
    api_management_services,
    application_gateways,
    azure_apis_for_fhir,
    bastion_hosts,
    batch_accounts,
    blob_services,
    cognitive_accounts,
    container_registries,
    cosmos_accounts,
    data_factories,
    databricks_workspaces,
    dicom_services,
    event_hub_namespaces,
    fhir_services,
    iot_hubs,
    key_vaults,
    kubernetes_clusters,
    logic_apps,
    managed_hsms,
    managed_instances,
    mysql_servers,
    postgresql_servers,
    search_services,
    service_bus_namespaces,
    stream_analytics_jobs,
    web_sites,
)
from scanner.declaration import Check
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"
SETTINGS = "Microsoft.Insights/diagnosticSettings"
NEED = f"{SETTINGS}/read"

WORKSPACE = "Microsoft.OperationalInsights/workspaces/soc"
ACCOUNT = "Microsoft.Storage/storageAccounts/archive"
RULE = "Microsoft.EventHub/namespaces/siem/authorizationRules/send"
PARTNER = "Microsoft.Datadog/monitors/dog"
TO_WORKSPACE = {"workspaceId": f"{GROUP}/{WORKSPACE}"}
TO_ACCOUNT = {"storageAccountId": f"{GROUP}/{ACCOUNT}"}
TO_EVENT_HUB = {"eventHubAuthorizationRuleId": f"{GROUP}/{RULE}", "eventHubName": "logs"}
TO_PARTNER = {"marketplacePartnerId": f"{GROUP}/{PARTNER}"}


def resource(of_type: str, name: str, **more: Any) -> dict[str, Any]:
    types = of_type.split("/")[1:]
    path = "/".join(f"{kind}/{part}" for kind, part in zip(types, name.split("/"), strict=True))
    return {
        "id": f"{GROUP}/{of_type.partition('/')[0]}/{path}",
        "name": name.rpartition("/")[2],
        "type": of_type,
        "location": "West Europe",
        "tags": {"phi": "true"},
        "properties": {},
        **more,
    }


def on(*categories: str) -> list[dict[str, Any]]:
    return [{"category": category, "enabled": True} for category in categories]


def group(name: str) -> list[dict[str, Any]]:
    return [{"categoryGroup": name, "category": None, "enabled": True}]


def setting(of: str, name: str, logs: list[dict[str, Any]], **to: str) -> dict[str, Any]:
    return {
        "id": f"{of}/providers/microsoft.insights/diagnosticSettings/{name}",
        "name": name,
        "type": SETTINGS,
        "properties": {"logs": logs, "metrics": [{"category": "AllMetrics", "enabled": True}], **to},
    }


def settings(of: dict[str, Any], wanted: tuple[str, ...], below: str = "") -> list[dict[str, Any]]:
    """What is set of one resource of each sort, by its name."""
    at = of["id"] + below
    return {
        "told": [setting(at, "soc", on(*wanted, "Other"), **TO_WORKSPACE)],
        "split": [
            setting(at, "first", on(wanted[0]), **TO_WORKSPACE),
            setting(at, "second", [*on(*wanted[1:]), *on("Other")], **TO_ACCOUNT),
        ],
        "audit": [setting(at, "siem", group("audit"), **TO_EVENT_HUB)],
        "all": [setting(at, "siem", group("allLogs"), **TO_PARTNER)],
        "little": [
            setting(at, "soc", on("Other"), **TO_WORKSPACE),
            setting(at, "off", [{"category": each, "enabled": False} for each in wanted], **TO_ACCOUNT),
            setting(at, "nowhere", on(*wanted)),
        ],
        "none": [],
    }[of["name"]]


NAMES = ("told", "split", "audit", "all", "little", "none")


def seen(of_type: str, name: str, wanted: tuple[str, ...]) -> ResourceLog:
    categories, sent_to, places = {
        "told": ([*wanted, "Other"], ["workspace"], [WORKSPACE]),
        "split": ([*wanted, "Other"], ["storage", "workspace"], [WORKSPACE, ACCOUNT]),
        "audit": (["audit"], ["event-hub"], [RULE]),
        "all": (["allLogs"], ["partner"], [PARTNER]),
        "little": (["Other"], ["workspace"], [WORKSPACE]),
        "none": ([], [], []),
    }[name.rpartition("/")[2]]
    return ResourceLog(
        **about(of_type, name),
        logged=bool(categories),
        audit_logged=name.rpartition("/")[2] not in {"little", "none"},
        categories=tuple(sorted(categories)),
        sent_to=tuple(sent_to),
        links=tuple(sorted(link(place) for place in places)),
    )


def about(of_type: str, name: str) -> dict[str, Any]:
    listed = resource(of_type, name)
    return {
        "resource": listed["id"].replace("EHR", "ehr"),
        "region": "westeurope",
        "tags": {"phi": "true"},
    }


def link(place: str) -> str:
    # Of a provider that is not scanned, nobody here knows the capitals.
    known = place if not place.startswith("Microsoft.Datadog") else place.lower()
    return f"{ID}/{known.replace('authorizationRules', 'authorizationrules')}"


SIMPLE: list[tuple[Check, str, tuple[str, ...]]] = [
    (key_vaults, "Microsoft.KeyVault/vaults", ("AuditEvent",)),
    (managed_hsms, "Microsoft.KeyVault/managedHSMs", ("AuditEvent",)),
    (postgresql_servers, "Microsoft.DBforPostgreSQL/flexibleServers", ("PostgreSQLLogs",)),
    (mysql_servers, "Microsoft.DBforMySQL/flexibleServers", ("MySqlAuditLogs",)),
    (managed_instances, "Microsoft.Sql/managedInstances", ("SQLSecurityAuditEvents",)),
    (azure_apis_for_fhir, "Microsoft.HealthcareApis/services", ("AuditLogs",)),
    (
        databricks_workspaces,
        "Microsoft.Databricks/workspaces",
        ("accounts", "dbfs", "notebook", "secrets", "unityCatalog", "workspace"),
    ),
    (data_factories, "Microsoft.DataFactory/factories", ("ActivityRuns", "PipelineRuns", "TriggerRuns")),
    (stream_analytics_jobs, "Microsoft.StreamAnalytics/streamingjobs", ("Authoring", "Execution")),
    (search_services, "Microsoft.Search/searchServices", ("OperationLogs",)),
    (cognitive_accounts, "Microsoft.CognitiveServices/accounts", ("Audit", "RequestResponse")),
    (batch_accounts, "Microsoft.Batch/batchAccounts", ("AuditLog",)),
    (iot_hubs, "Microsoft.Devices/IotHubs", ("Connections", "DeviceIdentityOperations")),
    (logic_apps, "Microsoft.Logic/workflows", ("WorkflowRuntime",)),
    (kubernetes_clusters, "Microsoft.ContainerService/managedClusters", ("kube-audit",)),
    (
        container_registries,
        "Microsoft.ContainerRegistry/registries",
        ("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"),
    ),
    (application_gateways, "Microsoft.Network/applicationGateways", ("ApplicationGatewayAccessLog",)),
    (bastion_hosts, "Microsoft.Network/bastionHosts", ("BastionAuditLogs",)),
    (api_management_services, "Microsoft.ApiManagement/service", ("GatewayLogs",)),
]
SIMPLE_WORLDS = {
    check: world(
        check,
        {
            f"{kind}/read": [resource(kind, name) for name in NAMES],
            NEED: [each for name in NAMES for each in settings(resource(kind, name), wanted)],
        },
    )
    for check, kind, wanted in SIMPLE
}


@pytest.mark.parametrize(("check", "kind", "wanted"), SIMPLE, ids=[kind for _, kind, _ in SIMPLE])
def test_what_a_service_logs(check: Check, kind: str, wanted: tuple[str, ...]) -> None:
    assert observe(check, SIMPLE_WORLDS[check]) == [seen(kind, name, wanted) for name in NAMES]


@pytest.mark.parametrize(
    ("check", "kind", "wanted"),
    [case for case in SIMPLE if len(case[2]) > 1],
    ids=[kind for _, kind, wanted in SIMPLE if len(wanted) > 1],
)
def test_it_takes_every_category_to_tell_who_did_what(
    check: Check, kind: str, wanted: tuple[str, ...]
) -> None:
    listed = resource(kind, "told")

    for missing in wanted:
        rest = [category for category in wanted if category != missing]
        told = [setting(listed["id"], "soc", on(*rest), **TO_WORKSPACE)]

        (log,) = observe(check, {f"{kind}/read": [listed], NEED: told})

        assert (log.logged, log.audit_logged, log.categories) == (True, False, tuple(sorted(rest)))


CHILDREN: list[tuple[Check, str]] = [
    (fhir_services, "Microsoft.HealthcareApis/workspaces/fhirservices"),
    (dicom_services, "Microsoft.HealthcareApis/workspaces/dicomservices"),
]
HEALTH = "Microsoft.HealthcareApis/workspaces"
PLACES = [f"{workspace}/{name}" for workspace in ("clinic", "lab") for name in NAMES]
CHILD_WORLDS = {
    check: world(
        check,
        {
            f"{HEALTH}/read": [resource(HEALTH, "clinic"), resource(HEALTH, "lab")],
            f"{kind}/read": [resource(kind, place) for place in PLACES],
            NEED: [each for place in PLACES for each in settings(resource(kind, place), ("AuditLogs",))],
        },
    )
    for check, kind in CHILDREN
}


@pytest.mark.parametrize(("check", "kind"), CHILDREN, ids=[kind for _, kind in CHILDREN])
def test_what_services_of_health_data_log(check: Check, kind: str) -> None:
    assert observe(check, CHILD_WORLDS[check]) == [seen(kind, place, ("AuditLogs",)) for place in PLACES]


STORAGE = "Microsoft.Storage/storageAccounts"
BLOBS = ("StorageDelete", "StorageRead", "StorageWrite")
BLOB_SERVICES = world(
    blob_services,
    {
        f"{STORAGE}/read": [
            *(resource(STORAGE, name, kind="StorageV2") for name in NAMES),
            resource(STORAGE, "files", kind="FileStorage"),
        ],
        NEED: [
            *(
                each
                for name in NAMES
                for each in settings(resource(STORAGE, name), BLOBS, "/blobServices/default")
            ),
            # What is set of the account itself is of its metrics.
            setting(resource(STORAGE, "none")["id"], "metrics", [], **TO_WORKSPACE),
        ],
    },
)


def test_blob_services() -> None:
    assert observe(blob_services, BLOB_SERVICES) == [seen(STORAGE, name, BLOBS) for name in NAMES]


COSMOS = "Microsoft.DocumentDB/databaseAccounts"


def cosmos(name: str, kind: str, *able: str) -> dict[str, Any]:
    capabilities = [{"name": capability} for capability in able]
    return resource(COSMOS, name, kind=kind, properties={"capabilities": capabilities})


ACCOUNTS = {
    "nosql": (cosmos("nosql", "GlobalDocumentDB", "EnableServerless"), ("DataPlaneRequests",)),
    "mongo": (cosmos("mongo", "MongoDB", "EnableMongo"), ("MongoRequests",)),
    "cassandra": (cosmos("cassandra", "GlobalDocumentDB", "EnableCassandra"), ("CassandraRequests",)),
    "gremlin": (cosmos("gremlin", "GlobalDocumentDB", "EnableGremlin"), ("GremlinRequests",)),
    "table": (cosmos("table", "GlobalDocumentDB", "EnableTable"), ("TableApiRequests",)),
}


def cosmos_world(*categories: str) -> dict[str, Any]:
    return {
        f"{COSMOS}/read": [account for account, _ in ACCOUNTS.values()],
        NEED: [
            setting(account["id"], "soc", on(*(categories or wanted), "ControlPlaneRequests"), **TO_WORKSPACE)
            for account, wanted in ACCOUNTS.values()
        ],
    }


COSMOS_ACCOUNTS = world(cosmos_accounts, cosmos_world())


def test_cosmos_accounts() -> None:
    assert observe(cosmos_accounts, COSMOS_ACCOUNTS) == [
        ResourceLog(
            **about(COSMOS, name),
            logged=True,
            audit_logged=True,
            categories=tuple(sorted(("ControlPlaneRequests", *wanted))),
            sent_to=("workspace",),
            links=(link(WORKSPACE),),
        )
        for name, (_, wanted) in ACCOUNTS.items()
    ]


def test_the_requests_of_another_api_do_not_tell_who_did_what() -> None:
    facts = observe(cosmos_accounts, cosmos_world("DataPlaneRequests"))

    assert [log.audit_logged for log in facts] == [True, False, False, False, False]


MESSAGING: list[tuple[Check, str, list[tuple[dict[str, Any], bool]]]] = [
    (
        event_hub_namespaces,
        "Microsoft.EventHub/namespaces",
        [
            (resource("Microsoft.EventHub/namespaces", "standard", sku={"name": "Standard"}), True),
            (resource("Microsoft.EventHub/namespaces", "premium", sku={"name": "Premium"}), False),
            (
                resource(
                    "Microsoft.EventHub/namespaces",
                    "dedicated",
                    sku={"name": "Standard"},
                    properties={"clusterArmId": f"{GROUP}/Microsoft.EventHub/clusters/own"},
                ),
                False,
            ),
        ],
    ),
    (
        service_bus_namespaces,
        "Microsoft.ServiceBus/namespaces",
        [
            (resource("Microsoft.ServiceBus/namespaces", "standard", sku={"name": "Standard"}), True),
            (resource("Microsoft.ServiceBus/namespaces", "premium", sku={"name": "Premium"}), False),
        ],
    ),
]
MESSAGING_WORLDS = {
    check: world(
        check,
        {
            f"{kind}/read": [listed for listed, _ in cases],
            NEED: [
                setting(listed["id"], "soc", on("OperationalLogs"), **TO_WORKSPACE) for listed, _ in cases
            ],
        },
    )
    for check, kind, cases in MESSAGING
}


@pytest.mark.parametrize(("check", "kind", "cases"), MESSAGING, ids=[kind for _, kind, _ in MESSAGING])
def test_only_some_namespaces_can_log_who_used_them(
    check: Check, kind: str, cases: list[tuple[dict[str, Any], bool]]
) -> None:
    assert observe(check, MESSAGING_WORLDS[check]) == [
        ResourceLog(
            **about(kind, listed["name"]),
            logged=True,
            audit_logged=audited,
            categories=("OperationalLogs",),
            sent_to=("workspace",),
            links=(link(WORKSPACE),),
        )
        for listed, audited in cases
    ]


@pytest.mark.parametrize(("check", "kind", "cases"), MESSAGING, ids=[kind for _, kind, _ in MESSAGING])
def test_namespaces_that_log_who_used_them(
    check: Check, kind: str, cases: list[tuple[dict[str, Any], bool]]
) -> None:
    told = [
        setting(listed["id"], "soc", on("RuntimeAuditLogs", "operationallogs"), **TO_WORKSPACE)
        for listed, _ in cases
    ]

    facts = observe(check, {f"{kind}/read": [listed for listed, _ in cases], NEED: told})

    assert [log.audit_logged for log in facts] == [True] * len(cases)


SITE = "Microsoft.Web/sites"
SITES = [
    ("portal", "app,linux", ["AppServiceHTTPLogs", "AppServiceAuditLogs"]),
    ("quiet", "app", ["AppServiceAuditLogs"]),
    ("intake", "functionapp,linux", ["FunctionAppLogs"]),
    ("deaf", "functionapp", ["AppServiceHTTPLogs"]),
    ("flow", "functionapp,workflowapp", ["WorkflowRuntime"]),
    ("silent", "app", []),
]
WEB_SITES = world(
    web_sites,
    {
        f"{SITE}/read": [resource(SITE, name, kind=kind) for name, kind, _ in SITES],
        NEED: [
            setting(resource(SITE, name)["id"], "soc", on(*categories), **TO_WORKSPACE)
            for name, _, categories in SITES
        ],
    },
)


def test_web_sites() -> None:
    assert observe(web_sites, WEB_SITES) == [
        WebSite(
            **about(SITE, name),
            kind=kind,
            logged=bool(categories),
            audit_logged=audited,
            http_logged=http,
            categories=categories,
            sent_to=("workspace",) if categories else (),
            links=(link(WORKSPACE),) if categories else (),
        )
        for name, kind, audited, http, categories in [
            ("portal", "app", True, True, ("AppServiceAuditLogs", "AppServiceHTTPLogs")),
            ("quiet", "app", False, False, ("AppServiceAuditLogs",)),
            ("intake", "function", True, False, ("FunctionAppLogs",)),
            ("deaf", "function", False, True, ("AppServiceHTTPLogs",)),
            ("flow", "workflow", True, False, ("WorkflowRuntime",)),
            ("silent", "app", False, False, ()),
        ]
    ]


def test_every_log_of_a_site_is_among_all_logs_and_requests_not_in_the_audit() -> None:
    listed = [resource(SITE, name, kind="app") for name in ("all", "audit")]
    told = [
        setting(listed[0]["id"], "soc", group("allLogs"), **TO_WORKSPACE),
        setting(listed[1]["id"], "soc", group("audit"), **TO_WORKSPACE),
    ]

    facts = observe(web_sites, {f"{SITE}/read": listed, NEED: told})

    assert [(log.audit_logged, log.http_logged) for log in facts] == [(True, True), (True, False)]


def test_a_setting_that_does_not_say_whether_a_log_is_on_is_refused() -> None:
    listed = resource("Microsoft.KeyVault/vaults", "odd")
    odd = setting(listed["id"], "soc", [{"category": "AuditEvent"}], **TO_WORKSPACE)

    sight = look(key_vaults, {"Microsoft.KeyVault/vaults/read": [listed], NEED: [odd]})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/Microsoft.KeyVault/vaults/odd",
            "properties.logs[0].enabled is missing; expected true or false",
        )
    ]
