"""Encryption at rest on Azure.

Most of Azure's stores encrypt what they hold, always, with a key of Azure's where the customer brings none:
https://learn.microsoft.com/azure/security/fundamentals/encryption-models. What is asked of them is whose key
it is.
"""

from collections.abc import Iterator
from typing import Literal

from scanner import AzureSubscription, Fields, Resource, check

from . import AtRest, Cluster, Database, Disk, Doubled, Workspace

Manager = Literal["provider", "customer"]
Held = tuple[Resource, Manager]
"""A database, and who holds its server's key."""

_DISKS: dict[str, tuple[Manager, bool]] = {
    "EncryptionAtRestWithPlatformKey": ("provider", False),
    "EncryptionAtRestWithCustomerKey": ("customer", False),
    "EncryptionAtRestWithPlatformAndCustomerKeys": ("customer", True),
}
"""Who holds the key, and whether there are two."""
_CONFIDENTIAL = "ConfidentialVM_DiskEncryptedWithCustomerKey"
_ACCOUNTS: dict[str, Manager] = {"Microsoft.Storage": "provider", "Microsoft.Keyvault": "customer"}
_COGNITIVE: dict[str, Manager] = {"Microsoft.CognitiveServices": "provider", "Microsoft.KeyVault": "customer"}
_NAMESPACES: dict[str, Manager] = {"Microsoft.KeyVault": "customer"}
_DATABRICKS = {"Default": False, "Microsoft.Keyvault": True}
_REGISTRIES: dict[str, Manager] = {"enabled": "customer", "disabled": "provider"}
_SERVERS: dict[str, Manager] = {"SystemManaged": "provider", "AzureKeyVault": "customer"}
_PROTECTORS: dict[str, Manager] = {"ServiceManaged": "provider", "AzureKeyVault": "customer"}
_STATES = {"Enabled": True, "Disabled": False}
_OS_DISKS = {"Managed": True, "Ephemeral": False}
_SYSTEM = "master"
"""The database that every logical server has for itself, and that nobody can have encrypted:
https://learn.microsoft.com/azure/azure-sql/database/transparent-data-encryption-tde-overview."""


@check("Microsoft.Compute/disks/read")
def disks(subscription: AzureSubscription) -> Iterator[Disk]:
    """Who holds the key of managed disks.

    Azure encrypts every managed disk at rest, and that cannot be turned off. Where a key of Azure's and one
    of the customer's encrypt a disk, one within the other, the customer holds the key; so, too, where a
    confidential machine encrypts its disk with the customer's key. Linked are the machines that have it, and
    the disk encryption set that names its key.
    """
    for disk in subscription.all("Microsoft.Compute/disks/read"):
        with subscription.reading(disk.id):
            confidential = disk.text("properties.securityProfile.securityType", "") == _CONFIDENTIAL
            machines = {disk.text("managedBy", ""), *disk.texts("managedByExtended")} - {""}
            sets = {
                disk.text("properties.encryption.diskEncryptionSetId", ""),
                disk.text("properties.securityProfile.secureVMDiskEncryptionSetId", ""),
            } - {""}
            manager, twice = disk.word("properties.encryption.type", _DISKS)
            yield Disk(
                **disk.about,
                encrypted=True,
                key_manager="customer" if confidential else manager,
                double_encrypted=twice,
                attached=bool(machines),
                links=tuple(sorted({subscription.resource(each) for each in machines | sets})),
            )


@check("Microsoft.Storage/storageAccounts/read")
def storage_accounts(subscription: AzureSubscription) -> Iterator[Doubled]:
    """Who holds the key of storage accounts.

    Azure encrypts everything in a storage account at rest, and that cannot be turned off. A customer's key is
    for blobs and files; queues and tables, and encryption scopes of their own, may have another.
    """
    for account in subscription.all("Microsoft.Storage/storageAccounts/read"):
        with subscription.reading(account.id):
            # It can only be chosen when an account is made, and is left out where it was not:
            # https://learn.microsoft.com/azure/storage/common/infrastructure-encryption-enable
            twice = account.flag("properties.encryption.requireInfrastructureEncryption", default=False)
            yield Doubled(
                **account.about,
                encrypted=True,
                key_manager=account.word("properties.encryption.keySource", _ACCOUNTS),
                double_encrypted=twice,
            )


@check(
    "Microsoft.Sql/servers/read",
    "Microsoft.Sql/servers/encryptionProtector/read",
    "Microsoft.Sql/servers/databases/read",
    "Microsoft.Sql/servers/databases/transparentDataEncryption/read",
)
def sql_databases(subscription: AzureSubscription) -> Iterator[Database]:
    """Whether databases of Azure SQL are encrypted by TDE, and who holds the key.

    The key is the server's, unless a database has one of its own. Of a server's system database nothing is
    said: nobody can encrypt it.
    """

    def read(server: Resource) -> list[Held]:
        manager = _protector(subscription, "Microsoft.Sql/servers/encryptionProtector/read", server)
        databases = subscription.all("Microsoft.Sql/servers/databases/read", of=server.id)
        return [(database, manager) for database in databases if database.name.lower() != _SYSTEM]

    servers = subscription.each(subscription.all("Microsoft.Sql/servers/read"), read)
    need = "Microsoft.Sql/servers/databases/transparentDataEncryption/read"
    yield from _databases(subscription, need, servers)


@check(
    "Microsoft.Sql/managedInstances/read",
    "Microsoft.Sql/managedInstances/encryptionProtector/read",
    "Microsoft.Sql/managedInstances/databases/read",
    "Microsoft.Sql/managedInstances/databases/transparentDataEncryption/read",
)
def managed_instance_databases(subscription: AzureSubscription) -> Iterator[Database]:
    """Whether databases of SQL managed instances are encrypted by TDE, and who holds the key."""

    def read(instance: Resource) -> list[Held]:
        need = "Microsoft.Sql/managedInstances/encryptionProtector/read"
        manager = _protector(subscription, need, instance)
        databases = subscription.all("Microsoft.Sql/managedInstances/databases/read", of=instance.id)
        return [(database, manager) for database in databases]

    instances = subscription.each(subscription.all("Microsoft.Sql/managedInstances/read"), read)
    need = "Microsoft.Sql/managedInstances/databases/transparentDataEncryption/read"
    yield from _databases(subscription, need, instances)


def _protector(subscription: AzureSubscription, need: str, server: Resource) -> Manager:
    """Who holds the key that encrypts the keys of a server's databases; each server has one protector."""
    current = subscription.one(need, f"{server.id}/encryptionProtector/current")
    return current.word("properties.serverKeyType", _PROTECTORS)


def _databases(
    subscription: AzureSubscription, need: str, servers: Iterator[list[Held]]
) -> Iterator[Database]:
    def read(held: Held) -> Database:
        database, manager = held
        state = subscription.one(need, f"{database.id}/transparentDataEncryption/current")
        encrypted = state.word("properties.state", _STATES)
        own = database.text("properties.encryptionProtector", "")
        return Database(
            **database.about,
            engine="sqlserver",
            encrypted=encrypted,
            key_manager=("customer" if own else manager) if encrypted else None,
        )

    # One window over the databases of all servers, as a server may have hundreds.
    databases = (held for server in servers for held in server)
    yield from subscription.each(databases, read, resource=lambda held: held[0].id)


@check("Microsoft.DBforPostgreSQL/flexibleServers/read")
def postgresql_servers(subscription: AzureSubscription) -> Iterator[Database]:
    """Who holds the key of PostgreSQL flexible servers, which Azure always encrypts."""
    yield from _servers(subscription, "Microsoft.DBforPostgreSQL/flexibleServers/read", "postgresql")


@check("Microsoft.DBforMySQL/flexibleServers/read")
def mysql_servers(subscription: AzureSubscription) -> Iterator[Database]:
    """Who holds the key of MySQL flexible servers, which Azure always encrypts."""
    yield from _servers(subscription, "Microsoft.DBforMySQL/flexibleServers/read", "mysql")


def _servers(subscription: AzureSubscription, need: str, engine: str) -> Iterator[Database]:
    for server in subscription.all(need):
        with subscription.reading(server.id):
            # Left out where the key is Azure's:
            # https://learn.microsoft.com/azure/mysql/flexible-server/concepts-customer-managed-key
            manager: Manager = server.word("properties.dataEncryption.type", _SERVERS, "provider")
            yield Database(**server.about, engine=engine, encrypted=True, key_manager=manager)


@check("Microsoft.DocumentDB/databaseAccounts/read")
def cosmos_accounts(subscription: AzureSubscription) -> Iterator[Database]:
    """Who holds the key of Cosmos DB accounts, which Azure always encrypts.

    A customer's key encrypts within Azure's, which stays. The engine is the API's: GlobalDocumentDB, MongoDB.
    """
    for account in subscription.all("Microsoft.DocumentDB/databaseAccounts/read"):
        with subscription.reading(account.id):
            yield Database(
                **account.about,
                engine=account.text("kind"),
                encrypted=True,
                key_manager=_whose(account, "properties.keyVaultKeyUri"),
            )


@check("Microsoft.ContainerService/managedClusters/read")
def aks_clusters(subscription: AzureSubscription) -> Iterator[Cluster]:
    """Whether AKS nodes' system disks are encrypted, and who holds the key.

    Azure encrypts managed disks always; temporary disks, the caches of disks, and ephemeral system disks,
    which lie on the host, only where a node pool encrypts at the host, and then with Azure's key. Data
    volumes are disks or files of their own.
    """
    for cluster in subscription.all("Microsoft.ContainerService/managedClusters/read"):
        with subscription.reading(cluster.id):
            pools = cluster.parts("properties.agentPoolProfiles")
            if not pools:
                raise cluster.strange("properties.agentPoolProfiles", "a node pool at least")
            # Left out, it is off:
            # https://learn.microsoft.com/azure/aks/enable-host-encryption
            at_host = [pool.flag("enableEncryptionAtHost", default=False) for pool in pools]
            managed = [pool.word("osDiskType", _OS_DISKS) for pool in pools]
            own = cluster.text("properties.diskEncryptionSetID", "")
            encrypted = all(host or disk for host, disk in zip(at_host, managed, strict=True))
            manager: Manager = "customer" if own and all(managed) else "provider"
            yield Cluster(
                **cluster.about,
                encrypted=encrypted,
                key_manager=manager if encrypted else None,
                hosts_encrypted=all(at_host),
                secrets_customer_key=cluster.flag(
                    "properties.securityProfile.azureKeyVaultKms.enabled", default=False
                ),
                links=(subscription.resource(own),) if own else (),
            )


@check("Microsoft.RecoveryServices/vaults/read")
def recovery_vaults(subscription: AzureSubscription) -> Iterator[Doubled]:
    """Who holds the key of Recovery Services vaults, which Azure always encrypts."""
    for vault in subscription.all("Microsoft.RecoveryServices/vaults/read"):
        with subscription.reading(vault.id):
            yield _vault(vault, vault.part("properties.encryption"))


@check("Microsoft.DataProtection/backupVaults/read")
def backup_vaults(subscription: AzureSubscription) -> Iterator[Doubled]:
    """Who holds the key of Backup vaults, which Azure always encrypts."""
    for vault in subscription.all("Microsoft.DataProtection/backupVaults/read"):
        with subscription.reading(vault.id):
            yield _vault(vault, vault.part("properties.securitySettings.encryptionSettings"))


def _vault(vault: Resource, settings: Fields) -> Doubled:
    # Without a key of the customer's there are no settings; the second key can be had with one only:
    # https://learn.microsoft.com/azure/backup/encryption-at-rest-with-cmk
    return Doubled(
        **vault.about,
        encrypted=True,
        key_manager=_whose(settings, "keyVaultProperties.keyUri"),
        double_encrypted=settings.word("infrastructureEncryption", _STATES, default=False),
    )


@check("Microsoft.Databricks/workspaces/read")
def databricks_workspaces(subscription: AzureSubscription) -> Iterator[Workspace]:
    """Who holds the keys of Databricks workspaces, which are always encrypted.

    There are three: for what the control plane keeps, for the disks of clusters, and for the workspace's
    storage account. Serverless computing has disks of its own.
    """
    for workspace in subscription.all("Microsoft.Databricks/workspaces/read"):
        with subscription.reading(workspace.id):
            entities = workspace.part("properties.encryption.entities")
            notebooks = entities.word("managedServices.keySource", _DATABRICKS, default=False)
            machines = entities.word("managedDisk.keySource", _DATABRICKS, default=False)
            files = workspace.word(
                "properties.parameters.encryption.value.keySource", _DATABRICKS, default=False
            )
            yield Workspace(
                **workspace.about,
                encrypted=True,
                key_manager="customer" if notebooks and machines and files else "provider",
                notebooks_customer_key=notebooks,
                disks_customer_key=machines,
                files_customer_key=files,
            )


@check("Microsoft.ContainerRegistry/registries/read")
def container_registries(subscription: AzureSubscription) -> Iterator[AtRest]:
    """Who holds the key of container registries, which Azure always encrypts."""
    for registry in subscription.all("Microsoft.ContainerRegistry/registries/read"):
        with subscription.reading(registry.id):
            # The status is that of the customer's key, which not every tier may have:
            # https://learn.microsoft.com/azure/container-registry/tutorial-enable-customer-managed-keys
            manager: Manager = registry.word("properties.encryption.status", _REGISTRIES, "provider")
            yield AtRest(**registry.about, encrypted=True, key_manager=manager)


@check("Microsoft.CognitiveServices/accounts/read")
def cognitive_accounts(subscription: AzureSubscription) -> Iterator[AtRest]:
    """Who holds the key of Azure AI services accounts, which Azure always encrypts."""
    for account in subscription.all("Microsoft.CognitiveServices/accounts/read"):
        with subscription.reading(account.id):
            manager: Manager = account.word("properties.encryption.keySource", _COGNITIVE, "provider")
            yield AtRest(**account.about, encrypted=True, key_manager=manager)


@check("Microsoft.EventHub/namespaces/read")
def event_hub_namespaces(subscription: AzureSubscription) -> Iterator[Doubled]:
    """Who holds the key of Event Hubs namespaces, which Azure always encrypts."""
    yield from _namespaces(subscription, "Microsoft.EventHub/namespaces/read")


@check("Microsoft.ServiceBus/namespaces/read")
def service_bus_namespaces(subscription: AzureSubscription) -> Iterator[Doubled]:
    """Who holds the key of Service Bus namespaces, which Azure always encrypts."""
    yield from _namespaces(subscription, "Microsoft.ServiceBus/namespaces/read")


def _namespaces(subscription: AzureSubscription, need: str) -> Iterator[Doubled]:
    for namespace in subscription.all(need):
        with subscription.reading(namespace.id):
            # A namespace whose key is Azure's has no such settings:
            # https://learn.microsoft.com/azure/event-hubs/configure-customer-managed-key
            settings = namespace.part("properties.encryption")
            yield Doubled(
                **namespace.about,
                encrypted=True,
                key_manager=settings.word("keySource", _NAMESPACES, "provider"),
                double_encrypted=settings.flag("requireInfrastructureEncryption", default=False),
            )


@check("Microsoft.OperationalInsights/workspaces/read", "Microsoft.OperationalInsights/clusters/read")
def log_workspaces(subscription: AzureSubscription) -> Iterator[AtRest]:
    """Who holds the key of Log Analytics workspaces, which Azure always encrypts.

    A customer's key is that of the dedicated cluster that a workspace is linked to.
    """

    def read(workspace: Resource) -> AtRest:
        own = workspace.text("properties.features.clusterResourceId", "")
        manager: Manager = "provider"
        if own:
            cluster = subscription.one(
                "Microsoft.OperationalInsights/clusters/read", subscription.resource(own)
            )
            manager = _whose(cluster, "properties.keyVaultProperties.keyVaultUri")
        return AtRest(
            **workspace.about,
            encrypted=True,
            key_manager=manager,
            links=(subscription.resource(own),) if own else (),
        )

    yield from subscription.each(subscription.all("Microsoft.OperationalInsights/workspaces/read"), read)


@check("Microsoft.HealthcareApis/workspaces/read", "Microsoft.HealthcareApis/workspaces/fhirservices/read")
def fhir_services(subscription: AzureSubscription) -> Iterator[AtRest]:
    """Who holds the key of FHIR services, which Azure always encrypts."""
    yield from _health(subscription, "Microsoft.HealthcareApis/workspaces/fhirservices/read")


@check("Microsoft.HealthcareApis/workspaces/read", "Microsoft.HealthcareApis/workspaces/dicomservices/read")
def dicom_services(subscription: AzureSubscription) -> Iterator[AtRest]:
    """Who holds the key of DICOM services, which Azure always encrypts."""
    yield from _health(subscription, "Microsoft.HealthcareApis/workspaces/dicomservices/read")


def _health(subscription: AzureSubscription, need: str) -> Iterator[AtRest]:
    def read(workspace: Resource) -> list[AtRest]:
        seen = []
        for service in subscription.all(need, of=workspace.id):
            with subscription.reading(service.id):
                key = "properties.encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl"
                seen.append(AtRest(**service.about, encrypted=True, key_manager=_whose(service, key)))
        return seen

    for found in subscription.each(subscription.all("Microsoft.HealthcareApis/workspaces/read"), read):
        yield from found


def _whose(held: Fields, key: str) -> Manager:
    """The customer's, where the settings name a key in a vault."""
    return "customer" if held.text(key, "") else "provider"
