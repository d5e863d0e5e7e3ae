"""Backup on AWS: AWS Backup, and what it has copies of."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any

from scanner import AwsRegion, check

from . import BackupVault, Copied, CopiedMachine, Plan, RestoreTest, VaultPolicy
from .denials import guards_backups
from .schedules import DEFAULT, daily

Copies = dict[str, datetime | None]

_FOREVER_DAYS = 36500
_PROTECTED = "backup:ListProtectedResources"
_GROUP = "aws:autoscaling:groupName"
"""The tag that only Auto Scaling can set."""


@check("backup:ListBackupPlans", "backup:GetBackupPlan", "backup:ListBackupSelections")
def backup_plans(region: AwsRegion) -> Iterator[Plan]:
    """For how long plans of AWS Backup keep copies of every day, and whether some go to another region.

    What is kept forever counts as kept for a hundred years. A plan of the whole organization is listed in
    each of its accounts.
    """

    def read(plan: dict[str, Any]) -> Plan:
        rules = region.call("backup:GetBackupPlan", BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
        places = [
            copy["DestinationBackupVaultArn"].split(":")
            for rule in rules
            for copy in rule.get("CopyActions", ())
        ]
        kept = [_kept(rule) for rule in rules if daily(rule.get("ScheduleExpression") or DEFAULT)]
        return Plan(
            resource=plan["BackupPlanArn"],
            daily_retention_days=max(kept, default=None),
            geo_redundant=any(place[3] != region.name for place in places),
            other_account=any(place[4] != region.id for place in places),
            selections=len(
                list(region.all("backup:ListBackupSelections", BackupPlanId=plan["BackupPlanId"]))
            ),
        )

    yield from region.each(region.all("backup:ListBackupPlans"), read, resource=itemgetter("BackupPlanArn"))


def _kept(rule: dict[str, Any]) -> int:
    """For how many days what a rule makes, or a copy of it, is kept."""
    lives = [rule.get("Lifecycle", {}), *(copy.get("Lifecycle", {}) for copy in rule.get("CopyActions", ()))]
    # One that goes when it was copied is not what is kept.
    days = [life.get("DeleteAfterDays", -1) for life in lives if not life.get("DeleteAfterEvent")]
    return max(_FOREVER_DAYS if each < 0 else each for each in days) if days else 0


@check("backup:ListBackupVaults")
def backup_vaults(region: AwsRegion) -> Iterator[BackupVault]:
    """Whether vaults of AWS Backup are locked against deleting backups early, and how long they keep them.

    A lock in governance mode can be taken off by whoever may.
    """
    for vault in region.all("backup:ListBackupVaults"):
        locked = vault.get("Locked", False)
        yield BackupVault(
            resource=vault["BackupVaultArn"],
            immutable=locked,
            immutable_for_good_at=vault.get("LockDate") if locked else None,
            min_retention_days=vault.get("MinRetentionDays"),
            max_retention_days=vault.get("MaxRetentionDays"),
            recovery_points=vault["NumberOfRecoveryPoints"],
        )


@check("backup:ListBackupVaults", "backup:GetBackupVaultAccessPolicy")
def vault_policies(region: AwsRegion) -> Iterator[VaultPolicy]:
    """Whether policies of vaults keep everybody from deleting backups."""

    def read(vault: dict[str, Any]) -> VaultPolicy:
        told = region.call(
            "backup:GetBackupVaultAccessPolicy",
            absent="ResourceNotFoundException",
            BackupVaultName=vault["BackupVaultName"],
        )
        return VaultPolicy(
            resource=vault["BackupVaultArn"],
            deletion_denied=told is not None and guards_backups(told["Policy"]),
            immutable=vault.get("Locked", False),
            recovery_points=vault["NumberOfRecoveryPoints"],
        )

    vaults = region.all("backup:ListBackupVaults")
    yield from region.each(vaults, read, resource=itemgetter("BackupVaultArn"))


@check("backup:ListBackupVaults", "backup:ListRestoreTestingPlans", "backup:GetRestoreTestingPlan")
def restore_tests(region: AwsRegion) -> Iterator[RestoreTest]:
    """Whether AWS Backup tries out to restore what a vault holds.

    A plan names vaults, and then kinds of things in them; of the kinds nothing is said here.
    """
    plans = [
        region.call("backup:GetRestoreTestingPlan", RestoreTestingPlanName=plan["RestoreTestingPlanName"])
        for plan in region.all("backup:ListRestoreTestingPlans")
    ]
    for vault in region.all("backup:ListBackupVaults"):
        tests = [
            plan["RestoreTestingPlan"]
            for plan in plans
            if _takes_from(plan["RestoreTestingPlan"]["RecoveryPointSelection"], vault["BackupVaultArn"])
        ]
        yield RestoreTest(
            resource=vault["BackupVaultArn"],
            restore_tested=bool(tests),
            last_test_at=_newest(test.get("LastExecutionTime") for test in tests),
            recovery_points=vault["NumberOfRecoveryPoints"],
        )


def _takes_from(selection: dict[str, Any], vault: str) -> bool:
    included, excluded = (
        any(fnmatchcase(vault, pattern) for pattern in selection.get(which, ()))
        for which in ("IncludeVaults", "ExcludeVaults")
    )
    return included and not excluded


@check("ec2:DescribeInstances", _PROTECTED)
def ec2_instances(region: AwsRegion) -> Iterator[CopiedMachine]:
    """Whether AWS Backup has copies of instances, and from when the newest is.

    Images that were made otherwise, and copies of single volumes, do not count here.
    """
    copies = _copies(region)
    for instance in _instances(region):
        arn = region.arn("ec2", f"instance/{instance['InstanceId']}")
        yield CopiedMachine(
            resource=arn,
            protected=arn in copies,
            last_backup_at=copies.get(arn),
            scale_set=_scaled(instance),
            tags=region.tags(instance.get("Tags")),
        )


@check("ec2:DescribeVolumes", "ec2:DescribeInstances", "ec2:DescribeSnapshots", _PROTECTED)
def ebs_volumes(region: AwsRegion) -> Iterator[CopiedMachine]:
    """Whether there are copies of EBS volumes, and from when the newest is.

    A snapshot of the account's counts, whoever made it; and a backup of an instance, which holds its volumes.
    """
    copies = _copies(region)
    snapshots = _snapshots(region)
    scaled = {instance["InstanceId"] for instance in _instances(region) if _scaled(instance)}
    for volume in region.all("ec2:DescribeVolumes"):
        owners = [held["InstanceId"] for held in volume.get("Attachments", ()) if held.get("InstanceId")]
        arn = region.arn("ec2", f"volume/{volume['VolumeId']}")
        of = (arn, *(region.arn("ec2", f"instance/{owner}") for owner in owners))
        yield CopiedMachine(
            resource=arn,
            protected=any(each in copies for each in of),
            last_backup_at=_newest([snapshots.get(volume["VolumeId"]), *(copies.get(each) for each in of)]),
            scale_set=any(owner in scaled for owner in owners),
            tags=region.tags(volume.get("Tags")),
            links=of[1:],
        )


@check("rds:DescribeDBInstances", _PROTECTED)
def rds_instances(region: AwsRegion) -> Iterator[Copied]:
    """Whether AWS Backup has copies of database instances; clusters are copied as a whole, and not meant."""
    copies = _copies(region)
    for instance in region.all("rds:DescribeDBInstances"):
        if not instance.get("DBClusterIdentifier"):
            yield _copied(region, copies, instance["DBInstanceArn"], tags=instance.get("TagList"))


@check("rds:DescribeDBClusters", _PROTECTED)
def rds_clusters(region: AwsRegion) -> Iterator[Copied]:
    """Whether AWS Backup has copies of database clusters (Aurora, DocumentDB, Neptune, RDS)."""
    copies = _copies(region)
    for cluster in region.all("rds:DescribeDBClusters"):
        # AWS Backup may call a cluster by the id that it keeps when it is renamed.
        lasting = region.arn("rds", f"cluster:{cluster.get('DbClusterResourceId')}")
        yield _copied(region, copies, cluster["DBClusterArn"], lasting, tags=cluster.get("TagList"))


@check("dynamodb:ListTables", _PROTECTED)
def dynamodb_tables(region: AwsRegion) -> Iterator[Copied]:
    """Whether AWS Backup has copies of DynamoDB tables."""
    copies = _copies(region)
    names: Iterator[Any] = region.all("dynamodb:ListTables")
    for name in names:
        arn = region.arn("dynamodb", f"table/{name}")
        yield Copied(resource=arn, protected=arn in copies, last_backup_at=copies.get(arn))


@check("efs:DescribeFileSystems", _PROTECTED)
def efs_file_systems(region: AwsRegion) -> Iterator[Copied]:
    """Whether AWS Backup has copies of EFS file systems."""
    copies = _copies(region)
    for system in region.all("efs:DescribeFileSystems"):
        yield _copied(region, copies, system["FileSystemArn"], tags=system.get("Tags"))


@check("fsx:DescribeFileSystems", _PROTECTED)
def fsx_file_systems(region: AwsRegion) -> Iterator[Copied]:
    """Whether AWS Backup has copies of FSx file systems."""
    copies = _copies(region)
    for system in region.all("fsx:DescribeFileSystems"):
        yield _copied(region, copies, system["ResourceARN"], tags=system.get("Tags"))


def _copies(region: AwsRegion) -> Copies:
    """When AWS Backup last copied what it has copies of, by its ARN."""
    return {held["ResourceArn"]: held.get("LastBackupTime") for held in region.all(_PROTECTED)}


def _snapshots(region: AwsRegion) -> dict[str, datetime]:
    """When the account's newest snapshot of each volume was made."""
    newest: dict[str, datetime] = {}
    for snapshot in region.all("ec2:DescribeSnapshots", OwnerIds=["self"]):
        if snapshot["State"] == "completed" and snapshot.get("VolumeId"):
            volume, made = snapshot["VolumeId"], snapshot["StartTime"]
            newest[volume] = max(made, newest.get(volume, made))
    return newest


def _copied(region: AwsRegion, copies: Copies, *arns: str, tags: list[dict[str, str]] | None) -> Copied:
    """What there is of a thing that goes by these ARNs, its own first."""
    return Copied(
        resource=arns[0],
        protected=any(arn in copies for arn in arns),
        last_backup_at=_newest(copies.get(arn) for arn in arns),
        tags=region.tags(tags),
    )


def _newest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _instances(region: AwsRegion) -> Iterator[dict[str, Any]]:
    for reservation in region.all("ec2:DescribeInstances"):
        for instance in reservation["Instances"]:
            # A terminated instance is listed for another hour.
            if instance["State"]["Name"] != "terminated":
                yield instance


def _scaled(instance: dict[str, Any]) -> bool:
    return any(tag["Key"] == _GROUP for tag in instance.get("Tags") or ())
