from typing import Any

import pytest

from checks.encryption import AtRest, Cluster, Database, Disk, Doubled, Workspace
from checks.encryption.azure import (
    aks_clusters,
    backup_vaults,
    cognitive_accounts,
    container_registries,
    cosmos_accounts,
    databricks_workspaces,
    dicom_services,
    disks,
    event_hub_namespaces,
    fhir_services,
    log_workspaces,
    managed_instance_databases,
    mysql_servers,
    postgresql_servers,
    recovery_vaults,
    service_bus_namespaces,
    sql_databases,
    storage_accounts,
)
from scanner.testing import SUBSCRIPTION, Check, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers/"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/"
KEY = "https://ehr-keys.vault.azure.net/keys/ehr"


def arm(path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource by its path below a provider, as in Microsoft.Compute/disks/records."""
    provider, *parts = path.split("/")
    return {
        "id": GROUP + path,
        "name": parts[-1],
        "type": "/".join((provider, *parts[::2])),
        "location": "westeurope",
        "properties": properties,
        **more,
    }


def disk(name: str, encryption: str, security: str = "TrustedLaunch", **more: Any) -> dict[str, Any]:
    properties = {
        "diskSizeGB": 128,
        "diskState": "Attached",
        "encryption": {"type": encryption},
        "securityProfile": {"securityType": security},
    }
    return arm(f"Microsoft.Compute/disks/{name}", properties, sku={"name": "Premium_LRS"}, **more)


def account(name: str, source: str, twice: bool | None = None, **more: Any) -> dict[str, Any]:
    services = {service: {"enabled": True, "keyType": "Account"} for service in ("blob", "file")}
    encryption = {"keySource": source, "services": services, "requireInfrastructureEncryption": twice}
    return arm(
        f"Microsoft.Storage/storageAccounts/{name}",
        {"encryption": encryption},
        **{"kind": "StorageV2", "location": "West Europe"} | more,
    )


def part(path: str, properties: dict[str, Any]) -> dict[str, Any]:
    """A resource that has no place of its own."""
    return {name: value for name, value in arm(path, properties).items() if name != "location"}


VM = f"{GROUP}Microsoft.Compute/virtualMachines/"
SET = "Microsoft.Compute/diskEncryptionSets/ehr"

DISKS = world(
    disks,
    {
        "Microsoft.Compute/disks/read": [
            disk("Records", "EncryptionAtRestWithCustomerKey", tags={"phi": "true"}, managedBy=f"{VM}ehr-1")
            | {
                "properties": {
                    "encryption": {
                        "type": "EncryptionAtRestWithCustomerKey",
                        "diskEncryptionSetId": GROUP + SET,
                    }
                }
            },
            disk("scratch", "EncryptionAtRestWithPlatformKey"),
            disk(
                "shared",
                "EncryptionAtRestWithPlatformAndCustomerKeys",
                managedBy=f"{VM}ehr-1",
                managedByExtended=[f"{VM}EHR-2", f"{VM}ehr-1"],
            ),
            disk(
                "secret",
                "EncryptionAtRestWithPlatformKey",
                "ConfidentialVM_DiskEncryptedWithCustomerKey",
            ),
        ]
    },
)
ACCOUNTS = world(
    storage_accounts,
    {
        "Microsoft.Storage/storageAccounts/read": [
            account("images", "Microsoft.Keyvault", twice=True, tags={"owner": "radiology"}),
            account("logs", "Microsoft.Storage"),
        ]
    },
)


SERVER = "Microsoft.Sql/servers/clinic"
SQL = world(
    sql_databases,
    {
        "Microsoft.Sql/servers/read": [arm(SERVER, {"state": "Ready"}, kind="v12.0")],
        "Microsoft.Sql/servers/encryptionProtector/read": [
            arm(f"{SERVER}/encryptionProtector/current", {"serverKeyType": "ServiceManaged"})
        ],
        "Microsoft.Sql/servers/databases/read": [
            arm(f"{SERVER}/databases/master", {"status": "Online"}, kind="v12.0,system"),
            arm(f"{SERVER}/databases/charts", {"status": "Online"}, tags={"phi": "true"}),
            arm(f"{SERVER}/databases/billing", {"encryptionProtector": KEY}),
            arm(f"{SERVER}/databases/test", {"status": "Online"}),
        ],
        "Microsoft.Sql/servers/databases/transparentDataEncryption/read": [
            part(f"{SERVER}/databases/{name}/transparentDataEncryption/Current", {"state": state})
            for name, state in [("charts", "Enabled"), ("billing", "Enabled"), ("test", "Disabled")]
        ],
    },
)

INSTANCE = "Microsoft.Sql/managedInstances/ward"
MANAGED = world(
    managed_instance_databases,
    {
        "Microsoft.Sql/managedInstances/read": [arm(INSTANCE, {"state": "Ready"})],
        "Microsoft.Sql/managedInstances/encryptionProtector/read": [
            part(f"{INSTANCE}/encryptionProtector/current", {"serverKeyType": "AzureKeyVault", "uri": KEY})
        ],
        "Microsoft.Sql/managedInstances/databases/read": [
            arm(f"{INSTANCE}/databases/{name}", {"status": "Online"}) for name in ("charts", "test")
        ],
        "Microsoft.Sql/managedInstances/databases/transparentDataEncryption/read": [
            part(f"{INSTANCE}/databases/{name}/transparentDataEncryption/current", {"state": state})
            for name, state in [("charts", "Enabled"), ("test", "Disabled")]
        ],
    },
)

KUBERNETES = "Microsoft.ContainerService/managedClusters/"
AKS = world(
    aks_clusters,
    {
        "Microsoft.ContainerService/managedClusters/read": [
            arm(
                f"{KUBERNETES}ehr",
                {
                    "diskEncryptionSetID": GROUP + SET,
                    "agentPoolProfiles": [
                        {"name": "system", "osDiskType": "Managed", "enableEncryptionAtHost": True}
                    ],
                    "securityProfile": {"azureKeyVaultKms": {"enabled": True, "keyId": KEY}},
                },
            ),
            arm(
                f"{KUBERNETES}mixed",
                {
                    "diskEncryptionSetID": GROUP + SET,
                    "agentPoolProfiles": [
                        {"name": "system", "osDiskType": "Managed"},
                        {"name": "work", "osDiskType": "Ephemeral", "enableEncryptionAtHost": True},
                    ],
                },
            ),
            arm(
                f"{KUBERNETES}lab",
                {
                    "agentPoolProfiles": [
                        {"name": "system", "osDiskType": "Ephemeral", "enableEncryptionAtHost": False}
                    ]
                },
            ),
        ]
    },
)

BRICKS = "Microsoft.Databricks/workspaces/"
CUSTOMER = {"keySource": "Microsoft.Keyvault"}
DATABRICKS = world(
    databricks_workspaces,
    {
        "Microsoft.Databricks/workspaces/read": [
            arm(
                f"{BRICKS}research",
                {
                    "encryption": {"entities": {"managedServices": CUSTOMER, "managedDisk": CUSTOMER}},
                    "parameters": {"encryption": {"type": "Object", "value": CUSTOMER}},
                },
            ),
            arm(
                f"{BRICKS}partly",
                {
                    "encryption": {"entities": {"managedDisk": CUSTOMER}},
                    "parameters": {"encryption": {"type": "Object", "value": {"keySource": "Default"}}},
                },
            ),
            arm(f"{BRICKS}plain", {"parameters": {"requireInfrastructureEncryption": {"value": False}}}),
        ]
    },
)

LOG_WORKSPACE = "Microsoft.OperationalInsights/workspaces/"
LOG_CLUSTER = "Microsoft.OperationalInsights/clusters/"
WORKSPACES = world(
    log_workspaces,
    {
        "Microsoft.OperationalInsights/workspaces/read": [
            arm(f"{LOG_WORKSPACE}audit", {"features": {"clusterResourceId": f"{GROUP}{LOG_CLUSTER}Own"}}),
            arm(f"{LOG_WORKSPACE}dear", {"features": {"clusterResourceId": f"{GROUP}{LOG_CLUSTER}big"}}),
            arm(f"{LOG_WORKSPACE}plain", {"features": {"enableDataExport": False}}),
        ],
        "Microsoft.OperationalInsights/clusters/read": [
            arm(
                f"{LOG_CLUSTER}own",
                {
                    "keyVaultProperties": {
                        "keyVaultUri": "https://ehr-keys.vault.azure.net",
                        "keyName": "logs",
                    }
                },
            ),
            # Azure answers so of a cluster that was given no key.
            arm(f"{LOG_CLUSTER}big", {"keyVaultProperties": {"keyVaultUri": "", "keyName": ""}}),
        ],
    },
)

HEALTH = "Microsoft.HealthcareApis/workspaces/clinic"
OWN_KEY = {"encryption": {"customerManagedKeyEncryption": {"keyEncryptionKeyUrl": KEY}}}
FHIR = world(
    fhir_services,
    {
        "Microsoft.HealthcareApis/workspaces/read": [arm(HEALTH, {"publicNetworkAccess": "Disabled"})],
        "Microsoft.HealthcareApis/workspaces/fhirservices/read": [
            arm(f"{HEALTH}/fhirservices/charts", OWN_KEY, kind="fhir-R4"),
            arm(f"{HEALTH}/fhirservices/trial", {"publicNetworkAccess": "Disabled"}, kind="fhir-R4"),
        ],
    },
)
DICOM = world(
    dicom_services,
    {
        "Microsoft.HealthcareApis/workspaces/read": [arm(HEALTH, {"publicNetworkAccess": "Disabled"})],
        "Microsoft.HealthcareApis/workspaces/dicomservices/read": [
            arm(f"{HEALTH}/dicomservices/images", OWN_KEY),
        ],
    },
)

OWN_VAULT = {"keyVaultProperties": {"keyUri": KEY}, "infrastructureEncryption": "Enabled"}
OWN_SPACE = {
    "encryption": {
        "keySource": "Microsoft.KeyVault",
        "keyVaultProperties": [{"keyName": "ehr", "keyVaultUri": "https://ehr-keys.vault.azure.net"}],
        "requireInfrastructureEncryption": True,
    }
}
FLEXIBLE = {"dataEncryption": {"type": "AzureKeyVault", "primaryKeyURI": KEY}}
BY_KEY: list[tuple[Check, str, dict[str, Any], dict[str, Any], type[AtRest], dict[str, Any]]] = [
    (
        recovery_vaults,
        "Microsoft.RecoveryServices/vaults",
        {"encryption": OWN_VAULT},
        {"provisioningState": "Succeeded"},
        Doubled,
        {"double_encrypted": True},
    ),
    (
        backup_vaults,
        "Microsoft.DataProtection/backupVaults",
        {"securitySettings": {"encryptionSettings": {"state": "Enabled", **OWN_VAULT}}},
        {"securitySettings": {"softDeleteSettings": {"state": "On"}}},
        Doubled,
        {"double_encrypted": True},
    ),
    (
        event_hub_namespaces,
        "Microsoft.EventHub/namespaces",
        OWN_SPACE,
        {"kafkaEnabled": True},
        Doubled,
        {"double_encrypted": True},
    ),
    (
        service_bus_namespaces,
        "Microsoft.ServiceBus/namespaces",
        OWN_SPACE,
        {"status": "Active"},
        Doubled,
        {"double_encrypted": True},
    ),
    (
        container_registries,
        "Microsoft.ContainerRegistry/registries",
        {"encryption": {"status": "enabled", "keyVaultProperties": {"keyIdentifier": KEY}}},
        {"encryption": {"status": "disabled"}},
        AtRest,
        {},
    ),
    (
        cognitive_accounts,
        "Microsoft.CognitiveServices/accounts",
        {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {"keyName": "ehr"}}},
        {"encryption": {"keySource": "Microsoft.CognitiveServices"}},
        AtRest,
        {},
    ),
    (
        postgresql_servers,
        "Microsoft.DBforPostgreSQL/flexibleServers",
        FLEXIBLE,
        {"dataEncryption": {"type": "SystemManaged"}},
        Database,
        {"engine": "postgresql"},
    ),
    (
        mysql_servers,
        "Microsoft.DBforMySQL/flexibleServers",
        FLEXIBLE,
        {"version": "8.0.21"},
        Database,
        {"engine": "mysql"},
    ),
    (
        cosmos_accounts,
        "Microsoft.DocumentDB/databaseAccounts",
        {"keyVaultKeyUri": KEY},
        {"databaseAccountOfferType": "Standard"},
        Database,
        {"engine": "MongoDB"},
    ),
]

for _check, _kind, _own, _plain, _, _more in BY_KEY:
    _extra = {"kind": "MongoDB"} if _check is cosmos_accounts else {}
    _listed = [arm(f"{_kind}/own", _own, **_extra), arm(f"{_kind}/plain", _plain, **_extra)]
    world(_check, {f"{_kind}/read": _listed})


def test_disks() -> None:
    machine = f"{ID}Microsoft.Compute/virtualMachines/"

    assert observe(disks, DISKS) == [
        Disk(
            resource=f"{ID}Microsoft.Compute/disks/{name}",
            region="westeurope",
            encrypted=True,
            key_manager=manager,
            double_encrypted=name == "shared",
            attached=name in {"records", "shared"},
            tags=tags,
            links=tuple(links),
        )
        for name, manager, tags, links in [
            ("records", "customer", {"phi": "true"}, [ID + SET, f"{machine}ehr-1"]),
            ("scratch", "provider", {}, []),
            ("shared", "customer", {}, [f"{machine}ehr-1", f"{machine}ehr-2"]),
            ("secret", "customer", {}, []),
        ]
    ]


def test_storage_accounts() -> None:
    assert observe(storage_accounts, ACCOUNTS) == [
        Doubled(
            resource=f"{ID}Microsoft.Storage/storageAccounts/{name}",
            region="westeurope",
            encrypted=True,
            key_manager=manager,
            double_encrypted=twice,
            tags=tags,
        )
        for name, manager, twice, tags in [
            ("images", "customer", True, {"owner": "radiology"}),
            ("logs", "provider", False, {}),
        ]
    ]


def test_databases_of_a_sql_server() -> None:
    assert observe(sql_databases, SQL) == [
        Database(
            resource=f"{ID}{SERVER}/databases/{name}",
            region="westeurope",
            engine="sqlserver",
            encrypted=manager is not None,
            key_manager=manager,
            tags=tags,
        )
        for name, manager, tags in [
            ("charts", "provider", {"phi": "true"}),
            ("billing", "customer", {}),
            ("test", None, {}),
        ]
    ]


def test_a_protector_that_is_refused_leaves_the_databases_unsaid() -> None:
    sight = look(sql_databases, SQL, denied=["Microsoft.Sql/servers/encryptionProtector/read"])

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [ID + SERVER]


def test_databases_of_a_managed_instance() -> None:
    assert observe(managed_instance_databases, MANAGED) == [
        Database(
            resource=f"{ID}{INSTANCE}/databases/{name}",
            region="westeurope",
            engine="sqlserver",
            encrypted=manager is not None,
            key_manager=manager,
            tags={},
        )
        for name, manager in [("charts", "customer"), ("test", None)]
    ]


def test_aks_clusters() -> None:
    assert observe(aks_clusters, AKS) == [
        Cluster(
            resource=ID + KUBERNETES + name,
            region="westeurope",
            encrypted=manager is not None,
            key_manager=manager,
            hosts_encrypted=hosts,
            secrets_customer_key=secrets,
            tags={},
            links=links,
        )
        for name, manager, hosts, secrets, links in [
            ("ehr", "customer", True, True, (ID + SET,)),
            ("mixed", "provider", False, False, (ID + SET,)),
            ("lab", None, False, False, ()),
        ]
    ]


def test_databricks_workspaces() -> None:
    assert observe(databricks_workspaces, DATABRICKS) == [
        Workspace(
            resource=ID + BRICKS + name,
            region="westeurope",
            encrypted=True,
            key_manager="customer" if name == "research" else "provider",
            notebooks_customer_key=notebooks,
            disks_customer_key=machines,
            files_customer_key=files,
            tags={},
        )
        for name, notebooks, machines, files in [
            ("research", True, True, True),
            ("partly", False, True, False),
            ("plain", False, False, False),
        ]
    ]


def test_log_workspaces() -> None:
    assert observe(log_workspaces, WORKSPACES) == [
        AtRest(
            resource=ID + LOG_WORKSPACE + name,
            region="westeurope",
            encrypted=True,
            key_manager=manager,
            tags={},
            links=links,
        )
        for name, manager, links in [
            ("audit", "customer", (f"{ID}{LOG_CLUSTER}own",)),
            ("dear", "provider", (f"{ID}{LOG_CLUSTER}big",)),
            ("plain", "provider", ()),
        ]
    ]


def test_health_data_services() -> None:
    seen = [*observe(fhir_services, FHIR), *observe(dicom_services, DICOM)]

    assert seen == [
        AtRest(
            resource=f"{ID}{HEALTH}/{name}",
            region="westeurope",
            encrypted=True,
            key_manager=manager,
            tags={},
        )
        for name, manager in [
            ("fhirservices/charts", "customer"),
            ("fhirservices/trial", "provider"),
            ("dicomservices/images", "customer"),
        ]
    ]


@pytest.mark.parametrize("case", BY_KEY, ids=lambda case: case[0].where)
def test_stores_that_are_always_encrypted(
    case: tuple[Check, str, dict[str, Any], dict[str, Any], type[AtRest], dict[str, Any]],
) -> None:
    check, kind, own, plain, facts, more = case
    extra = {"kind": "MongoDB"} if check is cosmos_accounts else {}
    answers = {f"{kind}/read": [arm(f"{kind}/own", own, **extra), arm(f"{kind}/plain", plain, **extra)]}
    less = {name: False if value is True else value for name, value in more.items()}

    assert observe(check, answers) == [
        facts(
            resource=f"{ID}{kind}/{name}",
            region="westeurope",
            encrypted=True,
            key_manager=manager,
            tags={},
            **told,
        )
        for name, manager, told in [("own", "customer", more), ("plain", "provider", less)]
    ]


def test_a_kind_of_encryption_that_is_new_is_refused_and_no_guess() -> None:
    listed = [disk("new", "EncryptionAtRestWithTea"), disk("old", "EncryptionAtRestWithPlatformKey")]

    sight = look(disks, {"Microsoft.Compute/disks/read": listed})

    assert [facts.resource for facts in sight.facts] == [f"{ID}Microsoft.Compute/disks/old"]
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}Microsoft.Compute/disks/new",
            (
                "properties.encryption.type is 'EncryptionAtRestWithTea'; known are "
                "EncryptionAtRestWithPlatformKey, EncryptionAtRestWithCustomerKey, "
                "EncryptionAtRestWithPlatformAndCustomerKeys"
            ),
        )
    ]


def test_a_subscription_without_disks() -> None:
    assert observe(disks, {"Microsoft.Compute/disks/read": []}) == []


def test_a_cluster_without_node_pools_is_refused() -> None:
    sight = look(
        aks_clusters, {"Microsoft.ContainerService/managedClusters/read": [arm(f"{KUBERNETES}odd", {})]}
    )

    assert sight.facts == []
    assert [refusal.error.detail for refusal in sight.refusals] == [
        "properties.agentPoolProfiles is missing; expected a node pool at least"
    ]
