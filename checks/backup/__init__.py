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


class Copied(Facts):
    """Whether there is a copy of a thing, and how old the newest is: its age tells whether they go on."""

    protected: bool
    """Whether the platform's backup service has a copy of it, or of the machine that it belongs to."""
    last_backup_at: datetime | None
    """When the newest copy was made, by that service or otherwise; none when there is none."""


class CopiedMachine(Copied):
    """Whether there is a copy of a machine, or of its disk, and how old the newest is."""

    scale_set: bool
    """Whether it is, or belongs to, one of a set of machines that are made and thrown away as they are
    needed."""


class Plan(Facts):
    """What a plan of AWS Backup has made and kept."""

    daily_retention_days: int | None
    """For how many days a daily copy is kept, be it in another vault; none when it keeps no daily one."""
    geo_redundant: bool
    """Whether it makes a copy in another region."""
    other_account: bool
    """Whether it makes a copy in another account, out of reach of this one's administrators."""
    selections: int
    """How many selections say what it is used for."""


class BackupVault(Facts):
    """How a vault of AWS Backup guards the backups in it."""

    immutable: bool
    """Whether a backup cannot be deleted, nor its retention be shortened, before its time."""
    immutable_for_good_at: datetime | None
    """From when on nobody can turn that off; none when somebody can, or when it is off."""
    min_retention_days: int | None
    """For how many days backups have to be kept; none when no least is enforced."""
    max_retention_days: int | None
    """For how many days they may be kept; none when no most is enforced."""
    recovery_points: int
    """How many backups it holds, roughly."""


class VaultPolicy(Facts):
    """What a vault's own policy says of whoever wants to delete backups."""

    deletion_denied: bool
    """Whether it denies everybody, without a condition, to delete a backup, to shorten for how long one is
    kept, and to change the policy."""
    immutable: bool
    """Whether a lock of the vault forbids that in any case, but for changing the policy."""
    recovery_points: int
    """How many backups it holds, roughly."""


class RestoreTest(Facts):
    """Whether it is tried out that what a vault holds can be brought back."""

    restore_tested: bool
    """Whether a plan for testing takes backups of the vault."""
    last_test_at: datetime | None
    """When such a plan was last carried out; none when none was."""
    recovery_points: int
    """How many backups it holds, roughly."""


class Kept(Facts):
    """How long a store keeps the copies that it makes by itself."""

    retention_days: int
    """For how many days; 0 when it makes none."""


class Snapshots(Kept):
    """How long, and where, a store keeps the copies that it makes by itself."""

    geo_redundant: bool
    """Whether copies of them are kept in another region, too."""


class RdsDatabase(Snapshots):
    """How a database keeps copies of itself, and outlives the loss of one building."""

    engine: str
    """The database engine: postgres, aurora-mysql, docdb."""
    zone_redundant: bool
    """Whether another machine, in another building, takes over by itself."""
    deletion_protected: bool
    """Whether nobody can delete it without turning that off first."""
    replica: bool
    """Whether it follows another database, which can be restored in its place."""


class PointInTime(Facts):
    """Whether any moment of the last days can be restored."""

    continuous: bool
    """Whether it can."""
    retention_days: int | None
    """For how many days back; none when it cannot."""


class Versions(Facts):
    """Whether what is overwritten or deleted stays."""

    versioned: bool
    """Whether what is overwritten stays as an older version."""
    mfa_delete: bool
    """Whether only the root user with a second factor can delete an older version."""


class ObjectLock(Facts):
    """Whether what is stored can be kept from being deleted or overwritten."""

    object_lock: bool
    """Whether objects can be locked for a time."""
    default_lock: Literal["governance", "compliance"] | None
    """How each new object is locked, which some may undo (governance) or nobody (compliance); none when new
    objects are not locked unless somebody asks for it."""
    default_lock_days: int | None
    """For how many days it is; none when it is not. A year is counted as 365."""


class ObjectReplication(Facts):
    """Whether what is stored is copied elsewhere as it comes in."""

    replicated: bool
    """Whether a rule that is on copies new objects, be they only some, into another bucket."""
    replicated_whole: bool
    """Whether such a rule copies all of them."""


class OldVersions(Facts):
    """What becomes of older versions."""

    versioned: bool
    """Whether what is overwritten stays as an older version."""
    lifecycle_rules: int
    """How many rules are on that delete, or move to cheaper storage, what has grown old."""
    old_versions_days: int | None
    """After how many days the first older versions are deleted; none when no rule deletes any."""
