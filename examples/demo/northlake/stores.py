"""Storage, keys and backups."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from .machines import machine
from .parts import KEYS, Held, ago, called, child, linked, resource, subnet

GROUP = "stores"
_VAULTS = "Microsoft.RecoveryServices/vaults"


def resources(now: datetime) -> Iterator[Held]:
    """What holds the hospital's files, keys and copies."""
    yield from _accounts(now)
    yield from _keys(now)
    yield from _backups(now)
    yield from _copies_of_disks()


def account(name: str) -> str:
    """The id of a storage account."""
    return called(GROUP, "Microsoft.Storage/storageAccounts", name)


def _accounts(now: datetime) -> Iterator[Held]:
    """Images as they should be kept, the logs' archive, and exports that anybody with the link may read."""
    for name, kept, tags in (
        ("northlakeimaging", True, {"owner": "radiology", "phi": "true"}),
        ("northlakelogs", True, {"owner": "ciso", "phi": "false"}),
        ("northlakeexports", False, {"owner": "research", "phi": "true"}),
    ):
        store = resource(
            GROUP,
            "Microsoft.Storage/storageAccounts",
            name,
            {
                **_encrypted(own_key=kept),
                **_reached(name, kept=kept),
                **_logins(now, kept=kept),
                "isHnsEnabled": False,
            },
            kind="StorageV2",
            sku={"name": "Standard_GRS" if kept else "Standard_LRS", "tier": "Standard"},
            tags=tags,
        )
        yield store
        deleted = {"enabled": True, "days": 30} if kept else {"enabled": False}
        blobs = {"deleteRetentionPolicy": deleted, "containerDeleteRetentionPolicy": deleted}
        yield child(store, "blobServices", "default", {**blobs, "isVersioningEnabled": kept})
        yield child(store, "fileServices", "default", {"shareDeleteRetentionPolicy": deleted})


def _encrypted(*, own_key: bool) -> Held:
    source: Held = {"keySource": "Microsoft.Storage"}
    if own_key:
        told = {"keyname": "storage", "keyvaulturi": KEYS}
        source = {"keySource": "Microsoft.Keyvault", "keyvaultproperties": told}
    services = {"blob": {"enabled": True, "keyType": "Account"}}
    return {"encryption": {**source, "requireInfrastructureEncryption": own_key, "services": services}}


def _reached(name: str, *, kept: bool) -> Held:
    """Who comes to an account, and how."""
    return {
        "allowBlobPublicAccess": not kept,
        "supportsHttpsTrafficOnly": kept,
        "minimumTlsVersion": "TLS1_2" if kept else "TLS1_0",
        "publicNetworkAccess": "Disabled" if kept else "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Deny" if kept else "Allow",
            "ipRules": [],
            "virtualNetworkRules": [],
        },
        "privateEndpointConnections": linked(name) if kept else [],
    }


def _logins(now: datetime, *, kept: bool) -> Held:
    """Whether the account's own keys open it, and how old they are."""
    made = ago(now, 20 if kept else 900)
    return {
        "allowSharedKeyAccess": not kept,
        "defaultToOAuthAuthentication": kept,
        "isSftpEnabled": False,
        "isLocalUserEnabled": False,
        "keyCreationTime": {"key1": made, "key2": made},
        **({"keyPolicy": {"keyExpirationPeriodInDays": 90}} if kept else {}),
    }


def _keys(now: datetime) -> Iterator[Held]:
    """The vault of the hospital's keys, and an older one that can be emptied for good."""
    for name, kept, entries in (
        ("northlake-keys", True, (("records", 200), ("disks", 300), ("storage", 300))),
        ("stmary-vault", False, (("scheduling", None),)),
    ):
        vault = resource(
            GROUP if kept else "legacy",
            "Microsoft.KeyVault/vaults",
            name,
            {
                "sku": {"family": "A", "name": "premium" if kept else "standard"},
                "enableSoftDelete": True,
                "softDeleteRetentionInDays": 90 if kept else 7,
                **({"enablePurgeProtection": True} if kept else {}),
                "enableRbacAuthorization": kept,
                "publicNetworkAccess": "Disabled" if kept else "Enabled",
                "privateEndpointConnections": linked(name) if kept else [],
                **({} if kept else {"networkAcls": _only_from("198.51.100.7")}),
            },
            tags={"owner": "ciso" if kept else "nobody"},
        )
        yield vault
        for key, ends_in_days in entries:
            made, ends = now - timedelta(days=65), {}
            if ends_in_days is not None:
                ends = {"exp": int((now + timedelta(days=ends_in_days)).timestamp())}
            at = int(made.timestamp())
            attributes = {"enabled": True, "created": at, "updated": at, **ends}
            yield child(vault, "keys", key, {"attributes": attributes, **_rotated(kept)}, location="eastus")


def _only_from(address: str) -> Held:
    return {
        "bypass": "None",
        "defaultAction": "Deny",
        "ipRules": [{"value": f"{address}/32"}],
        "virtualNetworkRules": [{"id": subnet("ehr")}],
    }


def _rotated(kept: bool) -> Held:
    if not kept:
        return {}
    action = {"trigger": {"timeAfterCreate": "P11M"}, "action": {"type": "rotate"}}
    return {"rotationPolicy": {"attributes": {"expiryTime": "P1Y"}, "lifetimeActions": [action]}}


def _backups(now: datetime) -> Iterator[Held]:
    """Machines' copies: guarded in one vault; in the laboratory's old and easily deleted."""
    for name, kept, held in (
        ("northlake-backup", True, (("ehr-app-1", 0.5), ("ehr-app-2", 0.5), ("pacs-1", 0.6))),
        ("laboratory-backup", False, (("lab-gateway", 63.0),)),
    ):
        soft = {"softDeleteState": "AlwaysON", "softDeleteRetentionPeriodInDays": 30}
        vault = resource(
            GROUP if kept else "legacy",
            _VAULTS,
            name,
            {
                "provisioningState": "Succeeded",
                "publicNetworkAccess": "Disabled" if kept else "Enabled",
                "privateEndpointConnections": linked(name) if kept else [],
                "securitySettings": {
                    "softDeleteSettings": soft if kept else {"softDeleteState": "Disabled"},
                    "immutabilitySettings": {"state": "Locked" if kept else "Disabled"},
                },
                "redundancySettings": {
                    "standardTierStorageRedundancy": "GeoRedundant" if kept else "LocallyRedundant",
                    "crossRegionRestore": "Enabled" if kept else "Disabled",
                },
                **({"encryption": _own_key("backup")} if kept else {}),
            },
            sku={"name": "RS0", "tier": "Standard"},
            tags={"owner": "it"},
        )
        yield vault
        policy = _nightly(vault, 35 if kept else 7)
        yield policy
        for item, days in held:
            yield _protected(vault, policy, item, ago(now, days), kept=kept)
        if kept:
            yield _replicated(vault, "ehr-app-1")


def _own_key(name: str) -> Held:
    return {"keyVaultProperties": {"keyUri": f"{KEYS}/keys/{name}"}, "infrastructureEncryption": "Enabled"}


def _nightly(vault: Held, days: int) -> Held:
    at = ["2026-01-01T02:00:00Z"]
    return child(
        vault,
        "backupPolicies",
        "nightly",
        {
            "backupManagementType": "AzureIaasVM",
            "policyType": "V2",
            "protectedItemsCount": 3,
            "schedulePolicy": {
                "schedulePolicyType": "SimpleSchedulePolicyV2",
                "scheduleRunFrequency": "Daily",
            },
            "retentionPolicy": {
                "retentionPolicyType": "LongTermRetentionPolicy",
                "dailySchedule": {
                    "retentionTimes": at,
                    "retentionDuration": {"count": days, "durationType": "Days"},
                },
            },
        },
    )


def _protected(vault: Held, policy: Held, name: str, copied: str, *, kept: bool) -> Held:
    container = f"iaasvmcontainerv2;ehr;{name}"
    fabric = f"{vault['id']}/backupFabrics/Azure/protectionContainers"
    return {
        "id": f"{fabric}/{container}/protectedItems/vm;{container}",
        "name": f"vm;{container}",
        "type": f"{_VAULTS}/backupFabrics/protectionContainers/protectedItems",
        "properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "backupManagementType": "AzureIaasVM",
            "workloadType": "VM",
            "friendlyName": name,
            "virtualMachineId": machine(name),
            "sourceResourceId": machine(name),
            "policyId": policy["id"],
            "protectionState": "Protected",
            "protectionStatus": "Healthy" if kept else "Unhealthy",
            "healthStatus": "Passed" if kept else "ActionRequired",
            "lastBackupStatus": "Completed" if kept else "Failed",
            "lastRecoveryPoint": copied,
        },
    }


def _replicated(vault: Held, name: str) -> Held:
    """A machine's other self in another region."""
    kind = f"{_VAULTS}/replicationFabrics/replicationProtectionContainers/replicationProtectedItems"
    container = f"{vault['id']}/replicationFabrics/eastus/replicationProtectionContainers/eastus"
    return {
        "id": f"{container}/replicationProtectedItems/{name}",
        "name": name,
        "type": kind,
        "properties": {
            "friendlyName": name,
            "protectionState": "Protected",
            "replicationHealth": "Normal",
            "providerSpecificDetails": {"instanceType": "A2A", "fabricObjectId": machine(name)},
        },
    }


def _copies_of_disks() -> Iterator[Held]:
    vault = resource(
        GROUP,
        "Microsoft.DataProtection/backupVaults",
        "northlake-disks",
        {
            "storageSettings": [{"datastoreType": "VaultStore", "type": "GeoRedundant"}],
            "securitySettings": {
                "softDeleteSettings": {"state": "AlwaysOn", "retentionDurationInDays": 30},
                "immutabilitySettings": {"state": "Unlocked"},
            },
            "featureSettings": {"crossRegionRestoreSettings": {"state": "Enabled"}},
        },
        tags={"owner": "it"},
    )
    yield vault
    for name, state in (("ehr-documents", "ProtectionConfigured"), ("pacs-cache", "ProtectionStopped")):
        disk = called("ehr", "Microsoft.Compute/disks", name)
        held = {"datasourceType": "Microsoft.Compute/disks", "resourceID": disk, "objectType": "Datasource"}
        properties = {
            "objectType": "BackupInstance",
            "dataSourceInfo": held,
            "currentProtectionState": state,
            "friendlyName": name,
        }
        yield child(vault, "backupInstances", name, properties)
