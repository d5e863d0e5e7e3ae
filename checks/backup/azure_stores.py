"""Backup on Azure: what databases and storage accounts keep by themselves."""

import re
from collections.abc import Iterator

from scanner import AzureSubscription, Resource, check

from . import Blobs, CosmosAccount, Redundancy, Server, SoftDelete, SqlDatabase

_UNSUPPORTED = "FeatureNotSupportedForAccount"
"""What Azure answers of a service that an account of this kind does not have."""
_ON = {"Enabled": True, "Disabled": False}
_SQL = {"Geo": True, "GeoZone": True, "Local": False, "Zone": False}
_COSMOS = {"Geo": True, "Local": False, "Zone": False}
_TIERS = {"Continuous7Days": 7 * 24, "Continuous30Days": 30 * 24}
_REDUNDANCY = {
    "Standard_LRS": (False, False),
    "Standard_ZRS": (False, True),
    "Standard_GRS": (True, False),
    "Standard_RAGRS": (True, False),
    "Standard_GZRS": (True, True),
    "Standard_RAGZRS": (True, True),
    "Premium_LRS": (False, False),
    "Premium_ZRS": (False, True),
    "StandardV2_LRS": (False, False),
    "StandardV2_ZRS": (False, True),
    "StandardV2_GRS": (True, False),
    "StandardV2_GZRS": (True, True),
    "PremiumV2_LRS": (False, False),
    "PremiumV2_ZRS": (False, True),
}
"""Whether what is in an account is in another region, and in several zones of its own:
https://learn.microsoft.com/azure/storage/common/storage-redundancy."""
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T[\dHMS.]+)?")
_UNITS = (365, 30, 7, 1)
_SYSTEM = "master"
_WAREHOUSE = "datawarehouse"


@check(
    "Microsoft.Sql/servers/read",
    "Microsoft.Sql/servers/databases/read",
    "Microsoft.Sql/servers/databases/backupLongTermRetentionPolicies/read",
)
def sql_databases(subscription: AzureSubscription) -> Iterator[SqlDatabase]:
    """How long, and where, backups of databases of Azure SQL are kept.

    Azure always makes backups and keeps them for some days; longer retention is a choice. Months and years
    are counted as 30 and 365 days. Dedicated SQL pools have restore points in place of it, and nothing is
    said of them, nor of a server's system database.
    """
    need = "Microsoft.Sql/servers/databases/backupLongTermRetentionPolicies/read"

    def listed(server: Resource) -> list[Resource]:
        held = subscription.all("Microsoft.Sql/servers/databases/read", of=server.id)
        return [database for database in held if _has_backups(database)]

    def read(database: Resource) -> SqlDatabase:
        policy = subscription.one(need, f"{database.id}/backupLongTermRetentionPolicies/default")
        spans = [_days(policy, f"properties.{every}Retention") for every in ("weekly", "monthly", "yearly")]
        return SqlDatabase(
            **database.about,
            geo_redundant=database.word("properties.currentBackupStorageRedundancy", _SQL),
            long_term_retention_days=max(spans) or None,
        )

    found = subscription.each(subscription.all("Microsoft.Sql/servers/read"), listed)
    yield from subscription.each((database for databases in found for database in databases), read)


def _has_backups(database: Resource) -> bool:
    return database.name.lower() != _SYSTEM and _WAREHOUSE not in database.text("kind", "").lower()


def _days(policy: Resource, path: str) -> int:
    """The days of an ISO 8601 duration; none where nothing is kept, which Azure writes as PT0S."""
    found = _DURATION.fullmatch(policy.text(path, "PT0S"))
    if found is None:
        raise policy.strange(path, "a duration")
    return sum(int(count or 0) * days for count, days in zip(found.groups(), _UNITS, strict=True))


@check("Microsoft.DBforPostgreSQL/flexibleServers/read")
def postgresql_servers(subscription: AzureSubscription) -> Iterator[Server]:
    """How long, and where, backups of PostgreSQL flexible servers are kept, which Azure always makes."""
    yield from _servers(subscription, "Microsoft.DBforPostgreSQL/flexibleServers/read", "postgresql")


@check("Microsoft.DBforMySQL/flexibleServers/read")
def mysql_servers(subscription: AzureSubscription) -> Iterator[Server]:
    """How long, and where, backups of MySQL flexible servers are kept, which Azure always makes."""
    yield from _servers(subscription, "Microsoft.DBforMySQL/flexibleServers/read", "mysql")


def _servers(subscription: AzureSubscription, need: str, engine: str) -> Iterator[Server]:
    for server in subscription.all(need):
        with subscription.reading(server.id):
            yield Server(
                **server.about,
                engine=engine,
                geo_redundant=server.word("properties.backup.geoRedundantBackup", _ON),
                retention_days=server.number("properties.backup.backupRetentionDays"),
            )


@check("Microsoft.DocumentDB/databaseAccounts/read")
def cosmos_accounts(subscription: AzureSubscription) -> Iterator[CosmosAccount]:
    """How long, and where, backups of Cosmos DB accounts are kept, which Azure always makes."""
    for account in subscription.all("Microsoft.DocumentDB/databaseAccounts/read"):
        with subscription.reading(account.id):
            policy = account.part("properties.backupPolicy")
            continuous = policy.word("type", {"Continuous": True, "Periodic": False})
            if continuous:
                # An account that was made before there were tiers has 30 days; backups lie in each of its
                # regions: https://learn.microsoft.com/azure/cosmos-db/continuous-backup-restore-introduction
                hours = policy.word("continuousModeProperties.tier", _TIERS, _TIERS["Continuous30Days"])
                apart = len(account.parts("properties.locations")) > 1
            else:
                periodic = policy.part("periodicModeProperties")
                hours = periodic.number("backupRetentionIntervalInHours")
                apart = periodic.word("backupStorageRedundancy", _COSMOS)
            yield CosmosAccount(
                **account.about, continuous=continuous, retention_hours=hours, geo_redundant=apart
            )


@check("Microsoft.Storage/storageAccounts/read")
def storage_accounts(subscription: AzureSubscription) -> Iterator[Redundancy]:
    """Where the copies of storage accounts lie.

    A copy in another region is no backup: what is deleted in one place is deleted in the other.
    """
    for account in subscription.all("Microsoft.Storage/storageAccounts/read"):
        with subscription.reading(account.id):
            geo, zones = account.word("sku.name", _REDUNDANCY)
            yield Redundancy(**account.about, geo_redundant=geo, zone_redundant=zones)


@check("Microsoft.Storage/storageAccounts/read", "Microsoft.Storage/storageAccounts/blobServices/read")
def blobs(subscription: AzureSubscription) -> Iterator[Blobs]:
    """Whether storage accounts keep blobs that are deleted or overwritten.

    Nothing is said of accounts that have no blobs.
    """
    need = "Microsoft.Storage/storageAccounts/blobServices/read"

    def read(account: Resource) -> Blobs | None:
        service = subscription.one(need, f"{account.id}/blobServices/default", absent=_UNSUPPORTED)
        if service is None:
            return None
        # What was never turned on is left out:
        # https://learn.microsoft.com/azure/storage/blobs/soft-delete-blob-overview
        kept = service.part("properties.deleteRetentionPolicy")
        soft = kept.flag("enabled", default=False)
        return Blobs(
            **account.about,
            soft_delete=soft,
            soft_delete_days=kept.number("days") if soft else None,
            containers_soft_delete=service.flag(
                "properties.containerDeleteRetentionPolicy.enabled", default=False
            ),
            versioned=service.flag("properties.isVersioningEnabled", default=False),
            hierarchical=account.flag("properties.isHnsEnabled", default=False),
        )

    for found in subscription.each(subscription.all("Microsoft.Storage/storageAccounts/read"), read):
        if found is not None:
            yield found


@check("Microsoft.Storage/storageAccounts/read", "Microsoft.Storage/storageAccounts/fileServices/read")
def file_shares(subscription: AzureSubscription) -> Iterator[SoftDelete]:
    """Whether storage accounts keep file shares that are deleted.

    Nothing is said of accounts that can have no file shares.
    """
    need = "Microsoft.Storage/storageAccounts/fileServices/read"

    def read(account: Resource) -> SoftDelete | None:
        service = subscription.one(need, f"{account.id}/fileServices/default", absent=_UNSUPPORTED)
        if service is None:
            return None
        # New accounts have it on; of older ones it is left out, and off:
        # https://learn.microsoft.com/azure/storage/files/storage-files-prevent-file-share-deletion
        kept = service.part("properties.shareDeleteRetentionPolicy")
        soft = kept.flag("enabled", default=False)
        return SoftDelete(
            **account.about, soft_delete=soft, soft_delete_days=kept.number("days") if soft else None
        )

    for found in subscription.each(subscription.all("Microsoft.Storage/storageAccounts/read"), read):
        if found is not None:
            yield found
