"""Backup on Azure: vaults, what they protect, and what stores keep by themselves."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from scanner import AzureSubscription, Fields, Resource, check

from . import BackupInstance, Machine, ProtectedItem, Replicated, Schedule, Vault

Health = Literal["normal", "warning", "critical", "unknown"]

_VAULTS = "Microsoft.RecoveryServices/vaults/read"
_ITEMS = "Microsoft.RecoveryServices/vaults/backupProtectedItems/read"
_POLICIES = "Microsoft.RecoveryServices/vaults/backupPolicies/read"
_COPIES = "Microsoft.RecoveryServices/vaults/replicationProtectedItems/read"
_MACHINES = "Microsoft.Compute/virtualMachines/read"

_ON = {"Enabled": True, "Disabled": False}
_SOFT_DELETE = {"AlwaysON": (True, True), "Enabled": (True, False), "Disabled": (False, False)}
_SOFT_DELETE_OF_VAULT = {"AlwaysOn": (True, True), "On": (True, False), "Off": (False, False)}
"""Whether it is on, and whether it is so for good."""
_IMMUTABLE = {"Locked": (True, True), "Unlocked": (True, False), "Disabled": (False, False)}
_GEO = {"GeoRedundant": True, "LocallyRedundant": False, "ZoneRedundant": False}
_PROTECTED = {
    "Protected": True,
    "IRPending": False,
    "ProtectionError": False,
    "ProtectionStopped": False,
    "ProtectionPaused": False,
    "BackupsSuspended": False,
}
_CONFIGURED = {
    "ProtectionConfigured": True,
    "UpdatingProtection": True,
    "RetentionSchedulesSuspended": True,
    "NotProtected": False,
    "ConfiguringProtection": False,
    "ConfiguringProtectionFailed": False,
    "BackupSchedulesSuspended": False,
    "ProtectionStopped": False,
    "ProtectionError": False,
    "SoftDeleting": False,
    "SoftDeleted": False,
}
_HEALTH: dict[str, Health] = {
    "Normal": "normal",
    "Warning": "warning",
    "Critical": "critical",
    "None": "unknown",
}
_REPLICATED = "protected"
_DAYS = {"Days": 1, "Weeks": 7, "Months": 30, "Years": 365}
"""The fewest days that a unit of a retention may have, to a day or two of a month."""
_NEVER = 2001
_KINDS = {
    kind: kind
    for kind in ("AzureIaasVM", "AzureSql", "AzureStorage", "AzureWorkload", "GenericProtectionPolicy", "MAB")
}
"""The kinds of policies of which it is known where they say for how long they keep things."""
_WHOLE = {"Full", "SnapshotFull"}
"""What a policy for databases calls backups from which alone one can restore."""


@check(_VAULTS)
def recovery_vaults(subscription: AzureSubscription) -> Iterator[Vault]:
    """How Recovery Services vaults guard the backups in them."""
    for vault in subscription.all(_VAULTS):
        with subscription.reading(vault.id):
            security = vault.part("properties.securitySettings")
            soft, soft_locked = security.word("softDeleteSettings.softDeleteState", _SOFT_DELETE)
            days = security.number("softDeleteSettings.softDeleteRetentionPeriodInDays") if soft else None
            # Left out by vaults that never had it on:
            # https://learn.microsoft.com/azure/backup/backup-azure-immutable-vault-concept
            immutable, locked = security.word("immutabilitySettings.state", _IMMUTABLE, (False, False))
            copies = vault.part("properties.redundancySettings")
            yield Vault(
                **vault.about,
                soft_delete=soft,
                soft_delete_days=days,
                soft_delete_locked=soft_locked,
                immutable=immutable,
                immutability_locked=locked,
                geo_redundant=copies.word("standardTierStorageRedundancy", _GEO),
                cross_region_restore=copies.word("crossRegionRestore", _ON, default=False),
            )


@check("Microsoft.DataProtection/backupVaults/read")
def backup_vaults(subscription: AzureSubscription) -> Iterator[Vault]:
    """How Backup vaults guard the backups in them.

    Snapshots that stay beside what they are of, in the operational store, are not in the vault.
    """
    for vault in subscription.all("Microsoft.DataProtection/backupVaults/read"):
        with subscription.reading(vault.id):
            security = vault.part("properties.securitySettings")
            soft, soft_locked = security.word("softDeleteSettings.state", _SOFT_DELETE_OF_VAULT)
            immutable, locked = security.word("immutabilitySettings.state", _IMMUTABLE, (False, False))
            stores = vault.parts("properties.storageSettings")
            if not stores:
                raise vault.strange("properties.storageSettings", "a store at least")
            restoring = "properties.featureSettings.crossRegionRestoreSettings.state"
            yield Vault(
                **vault.about,
                soft_delete=soft,
                soft_delete_days=_kept_deleted(security.part("softDeleteSettings")) if soft else None,
                soft_delete_locked=soft_locked,
                immutable=immutable,
                immutability_locked=locked,
                geo_redundant=any(
                    store.word("type", _GEO)
                    for store in stores
                    if store.text("datastoreType") == "VaultStore"
                ),
                cross_region_restore=vault.word(restoring, _ON, default=False),
            )


def _kept_deleted(settings: Fields) -> int:
    # It is published as a number with a fraction: 14.0 is 14.
    told = settings.held.get("retentionDurationInDays")
    return int(told) if isinstance(told, float) else settings.number("retentionDurationInDays")


@check(_VAULTS, _POLICIES)
def backup_policies(subscription: AzureSubscription) -> Iterator[Schedule]:
    """For how long the policies of Recovery Services vaults keep daily backups.

    Each vault is made with policies of its own, which nothing may use. Months and years are counted as 30
    and 365 days. Of databases it is the full backups that are meant.
    """

    def read(vault: Resource) -> list[Schedule]:
        seen = []
        for policy in subscription.all(_POLICIES, of=vault.id):
            with subscription.reading(policy.id):
                schedule = Schedule(
                    **policy.about,
                    kind=policy.text("properties.backupManagementType"),
                    daily_retention_days=_daily(policy),
                    items=policy.number("properties.protectedItemsCount", 0),
                    links=(vault.id,),
                )
                seen.append(schedule)
        return seen

    for found in subscription.each(subscription.all(_VAULTS), read):
        yield from found


@check(_VAULTS, _ITEMS, _POLICIES)
def protected_items(subscription: AzureSubscription) -> Iterator[ProtectedItem]:
    """What Recovery Services vaults back up, since when, and for how long they keep daily backups of it.

    Linked is what is backed up, as far as it is a resource of Azure's.
    """

    def listed(vault: Resource) -> list[Resource]:
        return list(subscription.all(_ITEMS, of=vault.id))

    def read(item: Resource) -> ProtectedItem:
        # What is not backed up any more has no policy, which is written as an empty text.
        named = item.text("properties.policyId", "")
        policy = subscription.one(_POLICIES, subscription.resource(named)) if named else None
        source = item.text("properties.sourceResourceId", "")
        return ProtectedItem(
            **item.about,
            backed_up=_is_protected(item),
            kind=item.text("properties.workloadType"),
            last_backup_at=_made(item),
            daily_retention_days=None if policy is None else _daily(policy),
            links=(subscription.resource(source),) if source else (),
        )

    found = subscription.each(subscription.all(_VAULTS), listed)
    yield from subscription.each((item for items in found for item in items), read)


@check(
    "Microsoft.DataProtection/backupVaults/read", "Microsoft.DataProtection/backupVaults/backupInstances/read"
)
def backup_instances(subscription: AzureSubscription) -> Iterator[BackupInstance]:
    """What Backup vaults back up: disks, blobs, databases, clusters. Linked is what is backed up."""

    def read(vault: Resource) -> list[BackupInstance]:
        seen = []
        need = "Microsoft.DataProtection/backupVaults/backupInstances/read"
        for instance in subscription.all(need, of=vault.id):
            with subscription.reading(instance.id):
                fact = BackupInstance(
                    **instance.about,
                    backed_up=instance.word("properties.currentProtectionState", _CONFIGURED),
                    kind=instance.text("properties.dataSourceInfo.datasourceType"),
                    links=(subscription.resource(instance.text("properties.dataSourceInfo.resourceID")),),
                )
                seen.append(fact)
        return seen

    for found in subscription.each(subscription.all("Microsoft.DataProtection/backupVaults/read"), read):
        yield from found


@check(_MACHINES, _VAULTS, _ITEMS)
def virtual_machines(subscription: AzureSubscription) -> Iterator[Machine]:
    """Whether each virtual machine is backed up by a Recovery Services vault.

    Such a vault is always in the machine's own subscription. Backups of single disks, and what programs
    within the machine make, do not count.
    """
    items: dict[str, list[Resource]] = defaultdict(list)
    for vault in subscription.all(_VAULTS):
        for item in subscription.all(_ITEMS, of=vault.id):
            if item.text("properties.backupManagementType", "") == "AzureIaasVM":
                items[subscription.resource(item.text("properties.sourceResourceId"))].append(item)
    for machine in subscription.all(_MACHINES):
        with subscription.reading(machine.id):
            mine = items[machine.id]
            made = [_made(item) for item in mine]
            yield Machine(
                **machine.about,
                backed_up=any(_is_protected(item) for item in mine),
                last_backup_at=max((moment for moment in made if moment is not None), default=None),
                scale_set=machine.has("properties.virtualMachineScaleSet"),
                links=tuple(sorted(item.id for item in mine)),
            )


@check(_MACHINES, _VAULTS, _COPIES)
def replicated_machines(subscription: AzureSubscription) -> Iterator[Replicated]:
    """Whether each virtual machine is replicated by Azure Site Recovery, to another region or zone.

    Looked through are the vaults of the machine's own subscription.
    """
    copies: dict[str, Resource] = {}
    for vault in subscription.all(_VAULTS):
        for found in subscription.all(_COPIES, of=vault.id):
            # Only these are of machines in Azure; others are of machines elsewhere.
            if found.text("properties.providerSpecificDetails.instanceType", "") == "A2A":
                of = found.text("properties.providerSpecificDetails.fabricObjectId")
                copies[subscription.resource(of)] = found
    for machine in subscription.all(_MACHINES):
        with subscription.reading(machine.id):
            copy = copies.get(machine.id)
            replicated = copy is not None and copy.text("properties.protectionState").lower() == _REPLICATED
            yield Replicated(
                **machine.about,
                replicated=replicated,
                replication_health=_health(copy) if replicated and copy is not None else None,
                scale_set=machine.has("properties.virtualMachineScaleSet"),
                links=() if copy is None else (copy.id,),
            )


def _health(copy: Resource) -> Health:
    return copy.word("properties.replicationHealth", _HEALTH)


def _is_protected(item: Resource) -> bool:
    """Whether backups are on; what was deleted is still listed while it can be brought back."""
    deleted = item.flag("properties.isScheduledForDeferredDelete", default=False)
    return item.word("properties.protectionState", _PROTECTED) and not deleted


def _made(item: Resource) -> datetime | None:
    """When the newest copy was made; Azure Backup writes the year 2001 as well as 1 where there is none.

    https://github.com/hashicorp/terraform-provider-azurerm/pull/3822
    """
    made = item.moment("properties.lastRecoveryPoint", None)
    return None if made is None or made.year <= _NEVER else made


def _daily(policy: Resource) -> int | None:
    """For how many days a policy keeps daily copies; None when it keeps none."""
    policy.word("properties.backupManagementType", _KINDS)
    kept = [_kept(retention) for retention in _retentions(policy.part("properties"))]
    return max((days for days in kept if days is not None), default=None)


def _retentions(policy: Fields) -> Iterator[Fields]:
    """What a policy says of keeping whole copies; each kind of policy says it in its own way.

    https://learn.microsoft.com/rest/api/backup/protection-policies/get
    """
    yield policy.part("retentionPolicy")
    yield policy.part("vaultRetentionPolicy.vaultRetention")
    for each in policy.parts("subProtectionPolicy"):
        if each.text("policyType") in _WHOLE:
            yield each.part("retentionPolicy")


def _kept(retention: Fields) -> int | None:
    # A simple policy keeps whatever its schedule makes for as long.
    simple = retention.text("retentionPolicyType", "") == "SimpleRetentionPolicy"
    duration = retention.part("retentionDuration" if simple else "dailySchedule.retentionDuration")
    if not duration.held:
        return None
    return duration.number("count") * duration.word("durationType", _DAYS)
