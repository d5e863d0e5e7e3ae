from datetime import UTC, datetime
from typing import Any

import pytest

from checks.backup import BackupInstance, Machine, ProtectedItem, Replicated, Schedule, Vault
from checks.backup.azure import (
    backup_instances,
    backup_policies,
    backup_vaults,
    protected_items,
    recovery_vaults,
    replicated_machines,
    virtual_machines,
)
from scanner.testing import SUBSCRIPTION, Check, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers/"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/"
VAULTS = "Microsoft.RecoveryServices/vaults/read"
ITEMS = "Microsoft.RecoveryServices/vaults/backupProtectedItems/read"
POLICIES = "Microsoft.RecoveryServices/vaults/backupPolicies/read"
COPIES = "Microsoft.RecoveryServices/vaults/replicationProtectedItems/read"
MACHINES = "Microsoft.Compute/virtualMachines/read"
NIGHT = datetime(2026, 11, 20, 23, 5, 1, tzinfo=UTC)


def arm(path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource by its path below a provider, as in Microsoft.Compute/disks/records."""
    provider, *parts = path.split("/")
    return {
        "id": GROUP + path,
        "name": parts[-1],
        "type": "/".join((provider, *parts[::2])),
        "properties": properties,
        **more,
    }


def tracked(path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return arm(path, properties, location="westeurope", **more)


RECOVERY = "Microsoft.RecoveryServices/vaults/"
GUARDED = world(
    recovery_vaults,
    {
        VAULTS: [
            tracked(
                f"{RECOVERY}ehr",
                {
                    "securitySettings": {
                        "softDeleteSettings": {
                            "softDeleteState": "AlwaysON",
                            "softDeleteRetentionPeriodInDays": 30,
                        },
                        "immutabilitySettings": {"state": "Locked"},
                    },
                    "redundancySettings": {
                        "standardTierStorageRedundancy": "GeoRedundant",
                        "crossRegionRestore": "Enabled",
                    },
                },
                tags={"owner": "it"},
            ),
            tracked(
                f"{RECOVERY}new",
                {
                    "securitySettings": {
                        "softDeleteSettings": {
                            "softDeleteState": "Enabled",
                            "softDeleteRetentionPeriodInDays": 14,
                        },
                        "immutabilitySettings": {"state": "Unlocked"},
                    },
                    "redundancySettings": {
                        "standardTierStorageRedundancy": "ZoneRedundant",
                        "crossRegionRestore": "Disabled",
                    },
                },
            ),
            tracked(
                f"{RECOVERY}lab",
                {
                    "securitySettings": {
                        "softDeleteSettings": {
                            "softDeleteState": "Disabled",
                            "softDeleteRetentionPeriodInDays": 0,
                        }
                    },
                    "redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant"},
                },
            ),
        ]
    },
)

BACKUP = "Microsoft.DataProtection/backupVaults/"
BACKUPS = world(
    backup_vaults,
    {
        "Microsoft.DataProtection/backupVaults/read": [
            tracked(
                f"{BACKUP}ehr",
                {
                    "storageSettings": [
                        {"datastoreType": "OperationalStore", "type": "LocallyRedundant"},
                        {"datastoreType": "VaultStore", "type": "GeoRedundant"},
                    ],
                    "securitySettings": {
                        "softDeleteSettings": {"state": "AlwaysOn", "retentionDurationInDays": 30.0},
                        "immutabilitySettings": {"state": "Locked"},
                    },
                    "featureSettings": {"crossRegionRestoreSettings": {"state": "Enabled"}},
                },
            ),
            tracked(
                f"{BACKUP}new",
                {
                    "storageSettings": [{"datastoreType": "VaultStore", "type": "LocallyRedundant"}],
                    "securitySettings": {
                        "softDeleteSettings": {"state": "On", "retentionDurationInDays": 14},
                        "immutabilitySettings": {"state": "Disabled"},
                    },
                },
            ),
            tracked(
                f"{BACKUP}lab",
                {
                    "storageSettings": [{"datastoreType": "OperationalStore", "type": "GeoRedundant"}],
                    "securitySettings": {"softDeleteSettings": {"state": "Off"}},
                },
            ),
        ]
    },
)


def schedule(count: int, unit: str) -> dict[str, Any]:
    return {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": {"retentionDuration": {"count": count, "durationType": unit}},
    }


WEEKLY = {
    "retentionPolicyType": "LongTermRetentionPolicy",
    "weeklySchedule": {
        "daysOfTheWeek": ["Sunday"],
        "retentionDuration": {"count": 12, "durationType": "Weeks"},
    },
}
LOGS = {
    "retentionPolicyType": "SimpleRetentionPolicy",
    "retentionDuration": {"count": 90, "durationType": "Days"},
}


def policy(name: str, kind: str, items: int, **properties: Any) -> dict[str, Any]:
    told = {"backupManagementType": kind, "protectedItemsCount": items, **properties}
    return arm(f"{RECOVERY}ehr/backupPolicies/{name}", told)


ALL_POLICIES = [
    policy("Nightly", "AzureIaasVM", 2, policyType="V2", retentionPolicy=schedule(5, "Weeks")),
    policy("weekly", "AzureIaasVM", 0, retentionPolicy=WEEKLY),
    policy(
        "sql",
        "AzureWorkload",
        1,
        workLoadType="SQLDataBase",
        subProtectionPolicy=[
            {"policyType": "Full", "retentionPolicy": schedule(30, "Days")},
            {"policyType": "Log", "retentionPolicy": LOGS},
        ],
    ),
    policy(
        "shares",
        "AzureStorage",
        0,
        vaultRetentionPolicy={"snapshotRetentionInDays": 5, "vaultRetention": schedule(2, "Months")},
    ),
    policy("simple", "AzureSql", 0, retentionPolicy=LOGS),
]
VAULT = tracked(f"{RECOVERY}ehr", {"provisioningState": "Succeeded"})
SCHEDULES = world(backup_policies, {VAULTS: [VAULT], POLICIES: ALL_POLICIES})

CONTAINER = f"{RECOVERY}ehr/backupFabrics/Azure/protectionContainers/"


HELD = f"{ID}{RECOVERY}ehr/backupfabrics/azure/protectioncontainers/"
GROUPED = f"{HELD}iaasvmcontainer;iaasvmcontainerv2;ehr;"
"""Types that no check reads are in small letters."""


def item(name: str, state: str, **properties: Any) -> dict[str, Any]:
    told = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "sourceResourceId": f"{GROUP}Microsoft.Compute/virtualMachines/{name}",
        "policyId": f"{GROUP}{RECOVERY}ehr/backupPolicies/Nightly",
        "protectionState": state,
        "lastRecoveryPoint": "2026-11-20T23:05:01Z",
        **properties,
    }
    group = f"iaasvmcontainerv2;ehr;{name}"
    return arm(f"{CONTAINER}IaasVMContainer;{group}/protectedItems/VM;{group}", told)


ALL_ITEMS = [
    item("Ehr-1", "Protected"),
    item("ehr-2", "IRPending", lastRecoveryPoint="2001-01-01T00:00:00Z"),
    item("gone", "ProtectionStopped", policyId="", isScheduledForDeferredDelete=True),
    # Deleted and not yet gone for good.
    item("dropped", "Protected", isScheduledForDeferredDelete=True, lastRecoveryPoint=None),
    arm(
        f"{CONTAINER}VMAppContainer;compute;ehr;sql/protectedItems/SQLDataBase;mssqlserver;charts",
        {
            "protectedItemType": "AzureVmWorkloadSQLDatabase",
            "backupManagementType": "AzureWorkload",
            "workloadType": "SQLDataBase",
            "sourceResourceId": f"{GROUP}Microsoft.Compute/virtualMachines/sql",
            "policyId": f"{GROUP}{RECOVERY}ehr/backupPolicies/sql",
            "protectionState": "ProtectionError",
            "lastRecoveryPoint": "2026-11-20T23:05:01Z",
        },
    ),
    arm(
        f"{CONTAINER}Windows;till/protectedItems/FileFolder;1",
        {
            "protectedItemType": "MabFileFolderProtectedItem",
            "backupManagementType": "MAB",
            "workloadType": "FileFolder",
            "protectionState": "Protected",
        },
    ),
]
PROTECTED = world(protected_items, {VAULTS: [VAULT], ITEMS: ALL_ITEMS, POLICIES: ALL_POLICIES})


def machine(name: str, **properties: Any) -> dict[str, Any]:
    return tracked(f"Microsoft.Compute/virtualMachines/{name}", properties)


SET = {"virtualMachineScaleSet": {"id": f"{GROUP}Microsoft.Compute/virtualMachineScaleSets/nodes"}}
ALL_MACHINES = [machine(name) for name in ("ehr-1", "EHR-2", "gone", "dropped", "sql", "lone")] + [
    machine("nodes_1", **SET)
]
COVERED = world(virtual_machines, {MACHINES: ALL_MACHINES, VAULTS: [VAULT], ITEMS: ALL_ITEMS})

DISK = f"{GROUP}Microsoft.Compute/disks/records"


def instance(name: str, state: str) -> dict[str, Any]:
    source = {"datasourceType": "Microsoft.Compute/disks", "resourceID": DISK, "objectType": "Datasource"}
    told = {"dataSourceInfo": source, "currentProtectionState": state, "objectType": "BackupInstance"}
    return arm(f"{BACKUP}ehr/backupInstances/{name}", told)


INSTANCES = world(
    backup_instances,
    {
        "Microsoft.DataProtection/backupVaults/read": [tracked(f"{BACKUP}ehr", {"storageSettings": []})],
        "Microsoft.DataProtection/backupVaults/backupInstances/read": [
            instance("records", "ProtectionConfigured"),
            instance("again", "ProtectionStopped"),
        ],
    },
)


def copy(name: str, state: str, health: str, kind: str = "A2A") -> dict[str, Any]:
    source = {"fabricObjectId": f"{GROUP}Microsoft.Compute/virtualMachines/{name}"} if kind == "A2A" else {}
    return arm(
        f"{RECOVERY}ehr/replicationFabrics/asr-a2a-westeurope/replicationProtectionContainers/west"
        f"/replicationProtectedItems/{name}",
        {
            "protectionState": state,
            "replicationHealth": health,
            "providerSpecificDetails": {"instanceType": kind, **source},
        },
    )


COPIED = world(
    replicated_machines,
    {
        MACHINES: ALL_MACHINES,
        VAULTS: [VAULT],
        COPIES: [
            copy("Ehr-1", "Protected", "Normal"),
            copy("ehr-2", "Protected", "None"),
            copy("sql", "UnprotectedStatesBegin", "Critical"),
            copy("lone", "Protected", "Normal", "HyperVReplicaAzure"),
        ],
    },
)


def test_recovery_vaults() -> None:
    assert observe(recovery_vaults, GUARDED) == [
        Vault(
            resource=ID + RECOVERY + name,
            region="westeurope",
            soft_delete=days is not None,
            soft_delete_days=days,
            soft_delete_locked=name == "ehr",
            immutable=immutable,
            immutability_locked=name == "ehr",
            geo_redundant=name == "ehr",
            cross_region_restore=name == "ehr",
            tags=tags,
        )
        for name, days, immutable, tags in [
            ("ehr", 30, True, {"owner": "it"}),
            ("new", 14, True, {}),
            ("lab", None, False, {}),
        ]
    ]


def test_backup_vaults() -> None:
    assert observe(backup_vaults, BACKUPS) == [
        Vault(
            resource=ID + BACKUP + name,
            region="westeurope",
            soft_delete=days is not None,
            soft_delete_days=days,
            soft_delete_locked=name == "ehr",
            immutable=name == "ehr",
            immutability_locked=name == "ehr",
            geo_redundant=name == "ehr",
            cross_region_restore=name == "ehr",
            tags={},
        )
        for name, days in [("ehr", 30), ("new", 14), ("lab", None)]
    ]


def test_backup_policies() -> None:
    assert observe(backup_policies, SCHEDULES) == [
        Schedule(
            resource=f"{ID}{RECOVERY}ehr/backupPolicies/{name}",
            kind=kind,
            daily_retention_days=days,
            items=items,
            tags={},
            links=(f"{ID}{RECOVERY}ehr",),
        )
        for name, kind, days, items in [
            ("nightly", "AzureIaasVM", 35, 2),
            ("weekly", "AzureIaasVM", None, 0),
            ("sql", "AzureWorkload", 30, 1),
            ("shares", "AzureStorage", 60, 0),
            ("simple", "AzureSql", 90, 0),
        ]
    ]


def test_protected_items() -> None:
    of = f"{ID}Microsoft.Compute/virtualMachines/"

    assert observe(protected_items, PROTECTED) == [
        ProtectedItem(
            resource=resource,
            backed_up=backed_up,
            kind=kind,
            last_backup_at=made,
            daily_retention_days=days,
            tags={},
            links=links,
        )
        for resource, backed_up, kind, made, days, links in [
            (
                f"{GROUPED}ehr-1/protecteditems/vm;iaasvmcontainerv2;ehr;ehr-1",
                True,
                "VM",
                NIGHT,
                35,
                (f"{of}ehr-1",),
            ),
            (
                f"{GROUPED}ehr-2/protecteditems/vm;iaasvmcontainerv2;ehr;ehr-2",
                False,
                "VM",
                None,
                35,
                (f"{of}ehr-2",),
            ),
            (
                f"{GROUPED}gone/protecteditems/vm;iaasvmcontainerv2;ehr;gone",
                False,
                "VM",
                NIGHT,
                None,
                (f"{of}gone",),
            ),
            (
                f"{GROUPED}dropped/protecteditems/vm;iaasvmcontainerv2;ehr;dropped",
                False,
                "VM",
                None,
                35,
                (f"{of}dropped",),
            ),
            (
                f"{HELD}vmappcontainer;compute;ehr;sql/protecteditems/sqldatabase;mssqlserver;charts",
                False,
                "SQLDataBase",
                NIGHT,
                30,
                (f"{of}sql",),
            ),
            (
                f"{HELD}windows;till/protecteditems/filefolder;1",
                True,
                "FileFolder",
                None,
                None,
                (),
            ),
        ]
    ]


def test_backups_of_virtual_machines() -> None:
    assert observe(virtual_machines, COVERED) == [
        Machine(
            resource=f"{ID}Microsoft.Compute/virtualMachines/{name}",
            region="westeurope",
            backed_up=name == "ehr-1",
            last_backup_at=made,
            scale_set=name == "nodes_1",
            tags={},
            links=(f"{GROUPED}{name}/protecteditems/vm;iaasvmcontainerv2;ehr;{name}",) if listed else (),
        )
        for name, made, listed in [
            ("ehr-1", NIGHT, True),
            ("ehr-2", None, True),
            ("gone", NIGHT, True),
            ("dropped", None, True),
            # The database in it is backed up; the machine is not.
            ("sql", None, False),
            ("lone", None, False),
            ("nodes_1", None, False),
        ]
    ]


@pytest.mark.parametrize("need", [VAULTS, ITEMS])
def test_no_machine_is_said_to_lack_a_backup_when_vaults_could_not_be_read(need: str) -> None:
    sight = look(virtual_machines, COVERED, denied=[need])

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [None]


def test_backup_instances() -> None:
    assert observe(backup_instances, INSTANCES) == [
        BackupInstance(
            resource=f"{ID}{BACKUP}ehr/backupInstances/{name}",
            backed_up=name == "records",
            kind="Microsoft.Compute/disks",
            tags={},
            links=(f"{ID}Microsoft.Compute/disks/records",),
        )
        for name in ("records", "again")
    ]


def test_replicated_machines() -> None:
    fabric = f"{ID}{RECOVERY}ehr/replicationfabrics/asr-a2a-westeurope/replicationprotectioncontainers/west/"

    assert observe(replicated_machines, COPIED) == [
        Replicated(
            resource=f"{ID}Microsoft.Compute/virtualMachines/{name}",
            region="westeurope",
            replicated=health is not None,
            replication_health=health,
            scale_set=name == "nodes_1",
            tags={},
            links=(f"{fabric}replicationprotecteditems/{name}",) if listed else (),
        )
        for name, health, listed in [
            ("ehr-1", "normal", True),
            ("ehr-2", "unknown", True),
            ("gone", None, False),
            ("dropped", None, False),
            ("sql", None, True),
            ("lone", None, False),
            ("nodes_1", None, False),
        ]
    ]


@pytest.mark.parametrize(
    ("check", "need", "held", "detail"),
    [
        (
            backup_vaults,
            "Microsoft.DataProtection/backupVaults/read",
            [tracked(f"{BACKUP}odd", {"securitySettings": {"softDeleteSettings": {"state": "Off"}}})],
            "properties.storageSettings is missing; expected a store at least",
        ),
        (
            recovery_vaults,
            VAULTS,
            [tracked(f"{RECOVERY}odd", {"redundancySettings": {"crossRegionRestore": "Disabled"}})],
            ("properties.securitySettings.softDeleteSettings.softDeleteState is missing; expected a text"),
        ),
    ],
)
def test_what_is_not_told_is_refused(check: Check, need: str, held: list[Any], detail: str) -> None:
    sight = look(check, {need: held})

    assert sight.facts == []
    assert [refusal.error.detail for refusal in sight.refusals] == [detail]


def test_a_kind_of_policy_that_is_new_is_refused() -> None:
    sight = look(backup_policies, {VAULTS: [VAULT], POLICIES: [policy("odd", "Teapots", 1)]})

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [f"{ID}{RECOVERY}ehr/backupPolicies/odd"]
