"""Backup: whether what is lost or spoilt can be brought back, from how long ago, and from how far away.

Three questions: whether a thing is backed up (`Protected` and below), how what is deleted or overwritten is
kept (`SoftDelete` and below), and whether there is a copy in another region (`geo_redundant`).
"""

from datetime import datetime
from typing import Literal

from scanner import Facts


class Protected(Facts):
    """Whether a thing is backed up."""

    backed_up: bool
    """Whether backups of it are on: not stopped or suspended, not failing, not waiting for the first one."""


class Machine(Protected):
    """Whether a machine is backed up."""

    last_backup_at: datetime | None
    """When its newest copy was made; none when there is none."""
    scale_set: bool
    """Whether it is one of a set of machines that are made and thrown away as they are needed."""


class ProtectedItem(Protected):
    """Something that a vault backs up, or did."""

    kind: str
    """What it is, as the platform names it: VM, SQLDataBase, AzureFileShare, FileFolder."""
    last_backup_at: datetime | None
    """When its newest copy was made; none when there is none."""
    daily_retention_days: int | None
    """For how many days a daily copy is kept; none when the schedule keeps no daily one, or there is none."""


class BackupInstance(Protected):
    """Something that a Backup vault backs up, or did."""

    kind: str
    """What it is, as the platform names it: Microsoft.Compute/disks."""


class Replicated(Facts):
    """Whether a machine can be taken up again in another place, from a copy that is kept up to date."""

    replicated: bool
    """Whether a copy is kept up to date now: the first one was made, and nobody stopped it."""
    replication_health: Literal["normal", "warning", "critical", "unknown"] | None
    """How the platform says the copying goes; none when the machine is not replicated."""
    scale_set: bool
    """Whether it is one of a set of machines that are made and thrown away as they are needed."""


class Schedule(Facts):
    """What a backup policy has made and kept."""

    kind: str
    """What it is for, as the platform names it: AzureIaasVM, AzureWorkload, AzureStorage."""
    daily_retention_days: int | None
    """For how many days a daily copy is kept; none when it keeps no daily one."""
    items: int
    """How many things it is used for."""


class SoftDelete(Facts):
    """Whether what is deleted can be brought back."""

    soft_delete: bool
    """Whether what is deleted is kept for some time."""
    soft_delete_days: int | None
    """For how many days; none when it is not kept."""


class Vault(SoftDelete):
    """How a vault guards the backups in it."""

    soft_delete_locked: bool
    """Whether nobody can turn that off."""
    immutable: bool
    """Whether a backup cannot be deleted, nor its retention be shortened, before its time."""
    immutability_locked: bool
    """Whether nobody can turn that off."""
    geo_redundant: bool
    """Whether a copy of what it holds lies in another region."""
    cross_region_restore: bool
    """Whether that copy can be used at any time, and not only when the platform gives its region up."""


class Blobs(SoftDelete):
    """How a storage account keeps blobs that are deleted or overwritten."""

    containers_soft_delete: bool
    """Whether a deleted container is kept for some time, too."""
    versioned: bool
    """Whether what is overwritten stays as an older version."""
    hierarchical: bool
    """Whether the account is a data lake: those have no versions."""


class Redundancy(Facts):
    """Where copies of a store lie."""

    geo_redundant: bool
    """Whether one lies in another region."""
    zone_redundant: bool
    """Whether they lie in several buildings of the region."""


class SqlDatabase(Facts):
    """How long, and where, backups of a database are kept. Those of the last days are always made."""

    geo_redundant: bool
    """Whether a copy of them lies in another region."""
    long_term_retention_days: int | None
    """For how long the oldest is kept; none when none is kept for longer than the last days."""


class Server(Facts):
    """How long, and where, the backups are kept that a database server always makes."""

    engine: str
    """The database engine: postgresql, mysql."""
    geo_redundant: bool
    """Whether a copy of them lies in another region."""
    retention_days: int
    """For how many days they are kept."""


class CosmosAccount(Facts):
    """How long, and where, the backups are kept that a Cosmos DB account always makes."""

    continuous: bool
    """Whether any moment can be restored, and by the customer; if not, some moments, by Azure's support."""
    retention_hours: int
    """For how many hours they are kept."""
    geo_redundant: bool
    """Whether a copy of them lies in another region."""
