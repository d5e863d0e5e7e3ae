"""Databases: the patients' as it should be, and the old server that nobody shut."""

from collections.abc import Iterator

from .parts import KEYS, TENANT, Held, child, linked, resource, subnet

GROUP = "databases"
ANYBODY_IN_AZURE = ("AllowAllWindowsAzureIps", "0.0.0.0", "0.0.0.0")  # noqa: S104 - Azure's sign for itself
_ANYWHERE = ("everywhere", "0.0.0.0", "255.255.255.255")  # noqa: S104 - what somebody opened


def resources() -> Iterator[Held]:
    """Every database of the hospital that is Azure's to run."""
    yield from _patients()
    yield from _legacy()
    yield from _billing()
    yield from _flexible()
    yield _consents()
    yield resource(
        GROUP,
        "Microsoft.Cache/redis",
        "portal-sessions",
        {
            "redisVersion": "6.0",
            "updateChannel": "Stable",
            "redisConfiguration": {"aad-enabled": "True"},
            "disableAccessKeyAuthentication": True,
            "enableNonSslPort": False,
            "minimumTlsVersion": "1.2",
            "publicNetworkAccess": "Disabled",
            "privateEndpointConnections": linked("portal-sessions"),
        },
        tags={"owner": "portal", "phi": "true"},
    )


def _patients() -> Iterator[Held]:
    """The patients' records: the hospital's key, an audit, no way in but the network's own."""
    server = resource(
        GROUP,
        "Microsoft.Sql/servers",
        "northlake-patients",
        {
            "state": "Ready",
            "version": "12.0",
            "minimalTlsVersion": "1.2",
            "publicNetworkAccess": "Disabled",
            "privateEndpointConnections": linked("northlake-patients"),
        },
        kind="v12.0",
        tags={"owner": "ehr", "phi": "true"},
    )
    yield server
    yield child(
        server,
        "encryptionProtector",
        "current",
        {
            "serverKeyType": "AzureKeyVault",
            "serverKeyName": "northlake-keys_records_6a1f",
            "uri": f"{KEYS}/keys/records/6a1f",
            "autoRotationEnabled": True,
        },
    )
    workspace = {"state": "Enabled", "isAzureMonitorTargetEnabled": True, "retentionDays": 0}
    actions = ["SUCCESSFUL_DATABASE_AUTHENTICATION_GROUP", "FAILED_DATABASE_AUTHENTICATION_GROUP"]
    audit = workspace | {"auditActionsAndGroups": [*actions, "BATCH_COMPLETED_GROUP"]}
    yield child(server, "auditingSettings", "Default", audit)
    yield child(server, "sqlVulnerabilityAssessments", "default", {"state": "Enabled"})
    yield _directory_administrator(server)
    for name, keeps in (
        ("records", ("P8W", "P12M", "P6Y")),
        ("imaging-index", ("P4W", "P12M", "PT0S")),
        ("master", None),
    ):
        yield from _database(server, name, encrypted=name != "master", keeps=keeps)


def _legacy() -> Iterator[Held]:
    """The server of a hospital that was taken over: open to every customer of Azure, and forgotten."""
    server = resource(
        "legacy",
        "Microsoft.Sql/servers",
        "stmary-scheduling",
        {
            "state": "Ready",
            "version": "12.0",
            "minimalTlsVersion": "1.0",
            "publicNetworkAccess": "Enabled",
            "privateEndpointConnections": [],
        },
        kind="v12.0",
        tags={"phi": "true"},
    )
    yield server
    yield child(
        server,
        "encryptionProtector",
        "current",
        {"serverKeyType": "ServiceManaged", "serverKeyName": "ServiceManaged"},
    )
    yield child(server, "auditingSettings", "Default", {"state": "Disabled", "retentionDays": 0})
    yield child(server, "sqlVulnerabilityAssessments", "default", {"state": "Disabled"})
    for rule, start, end in (ANYBODY_IN_AZURE, ("old-clinic", "198.51.100.7", "198.51.100.7")):
        yield child(server, "firewallRules", rule, {"startIpAddress": start, "endIpAddress": end})
    none = ("PT0S", "PT0S", "PT0S")
    for name, encrypted in (("appointments", True), ("patients-2017", False)):
        yield from _database(server, name, encrypted=encrypted, keeps=none)


def _database(
    server: Held, name: str, *, encrypted: bool, keeps: tuple[str, str, str] | None
) -> Iterator[Held]:
    database = child(
        server,
        "databases",
        name,
        {"status": "Online", "currentBackupStorageRedundancy": "Geo" if encrypted else "Local"},
        location="eastus",
        kind="v12.0,system" if name == "master" else "v12.0,user",
        tags=server["tags"],
    )
    yield database
    yield child(
        database, "transparentDataEncryption", "current", {"state": "Enabled" if encrypted else "Disabled"}
    )
    if keeps:
        told = dict(zip(("weeklyRetention", "monthlyRetention", "yearlyRetention"), keeps, strict=True))
        yield child(database, "backupLongTermRetentionPolicies", "default", told)


def _directory_administrator(server: Held) -> Held:
    administrator = {
        "administratorType": "ActiveDirectory",
        "login": "Database administrators",
        "tenantId": TENANT,
        "azureADOnlyAuthentication": True,
    }
    return child(server, "administrators", "ActiveDirectory", administrator)


def _billing() -> Iterator[Held]:
    instance = resource(
        GROUP,
        "Microsoft.Sql/managedInstances",
        "northlake-billing",
        {
            "state": "Ready",
            "vCores": 8,
            "minimalTlsVersion": "1.2",
            "publicDataEndpointEnabled": False,
            "subnetId": subnet("databases"),
            "privateEndpointConnections": [],
        },
        tags={"owner": "billing", "phi": "true"},
    )
    yield instance
    protector = {"serverKeyType": "ServiceManaged", "serverKeyName": "ServiceManaged"}
    yield child(instance, "encryptionProtector", "current", protector)
    yield child(
        instance,
        "vulnerabilityAssessments",
        "default",
        {
            "storageContainerPath": "https://northlakelogs.blob.core.windows.net/scans/",
            "recurringScans": {
                "isEnabled": True,
                "emailSubscriptionAdmins": True,
                "emails": ["security@northlake.example"],
            },
        },
    )
    database = child(instance, "databases", "claims", {"status": "Online"}, location="eastus")
    yield database
    yield child(database, "transparentDataEncryption", "current", {"state": "Enabled"})


def _flexible() -> Iterator[Held]:
    """PostgreSQL and MySQL: the portal's within the network, research's open, a website's out of support."""
    portal, research = _postgresql("northlake-portal", kept=True), _postgresql("research-cohorts", kept=False)
    for server, kept in ((portal, True), (research, False)):
        yield server
        for name, value in (
            ("require_secure_transport", "on" if kept else "off"),
            ("ssl_min_protocol_version", "TLSv1.2"),
            ("log_checkpoints", "on"),
            ("logfiles.download_enable", "on" if kept else "off"),
            ("log_connections", "on" if kept else "off"),
            ("log_disconnections", "on" if kept else "off"),
            ("connection_throttle.enable", "on"),
            ("logfiles.retention_days", "7" if kept else "3"),
        ):
            source = "system-default" if kept else "user-override"
            yield child(server, "configurations", name, {"value": value, "source": source})
    rule, start, end = _ANYWHERE
    yield child(research, "firewallRules", rule, {"startIpAddress": start, "endIpAddress": end})
    yield from _website()


def _postgresql(name: str, *, kept: bool) -> Held:
    own_key = {"type": "AzureKeyVault", "primaryKeyURI": f"{KEYS}/keys/portal"}
    within = {"delegatedSubnetResourceId": subnet("databases"), "publicNetworkAccess": "Disabled"}
    return resource(
        GROUP,
        "Microsoft.DBforPostgreSQL/flexibleServers",
        name,
        {
            "state": "Ready",
            "version": "16" if kept else "12",
            "minorVersion": "4" if kept else "22",
            "dataEncryption": own_key if kept else {"type": "SystemManaged"},
            "authConfig": {
                "activeDirectoryAuth": "Enabled",
                "passwordAuth": "Disabled" if kept else "Enabled",
            },
            "backup": {
                "geoRedundantBackup": "Enabled" if kept else "Disabled",
                "backupRetentionDays": 35 if kept else 7,
            },
            "network": within if kept else {"publicNetworkAccess": "Enabled"},
            "privateEndpointConnections": [],
        },
        tags={"owner": "portal" if kept else "research", "phi": "true"},
    )


def _website() -> Iterator[Held]:
    server = resource(
        GROUP,
        "Microsoft.DBforMySQL/flexibleServers",
        "northlake-website",
        {
            "state": "Ready",
            "version": "5.7",
            "dataEncryption": {"type": "SystemManaged"},
            "backup": {"geoRedundantBackup": "Disabled", "backupRetentionDays": 7},
            "network": {"publicNetworkAccess": "Enabled"},
            "privateEndpointConnections": [],
        },
        tags={"owner": "communications", "phi": "false"},
    )
    yield server
    rule, start, end = ANYBODY_IN_AZURE
    yield child(server, "firewallRules", rule, {"startIpAddress": start, "endIpAddress": end})
    for name, value in (
        ("require_secure_transport", "ON"),
        ("tls_version", "TLSv1.2,TLSv1.3"),
        ("aad_auth_only", "OFF"),
        ("audit_log_enabled", "OFF"),
        ("audit_log_events", "CONNECTION"),
    ):
        yield child(server, "configurations", name, {"value": value, "source": "system-default"})


def _consents() -> Held:
    return resource(
        GROUP,
        "Microsoft.DocumentDB/databaseAccounts",
        "northlake-consents",
        {
            "databaseAccountOfferType": "Standard",
            "keyVaultKeyUri": f"{KEYS}/keys/consents",
            "disableLocalAuth": True,
            "minimalTlsVersion": "Tls12",
            "publicNetworkAccess": "Disabled",
            "privateEndpointConnections": linked("northlake-consents"),
            "isVirtualNetworkFilterEnabled": False,
            "ipRules": [],
            "virtualNetworkRules": [],
            "capabilities": [],
            "backupPolicy": {
                "type": "Continuous",
                "continuousModeProperties": {"tier": "Continuous30Days"},
            },
            "locations": [
                {"locationName": "East US", "failoverPriority": 0},
                {"locationName": "Central US", "failoverPriority": 1},
            ],
        },
        kind="GlobalDocumentDB",
        tags={"owner": "ehr", "phi": "true"},
    )
