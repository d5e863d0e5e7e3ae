"""Patching on AWS: releases that are still mended, and what Systems Manager sees of updates."""

from collections.abc import Iterator
from typing import Any

from scanner import AwsRegion, check

from ..semantics import aws_releases, versions
from . import EngineRelease, Managed, PatchScan, PatchState, Release

_STATES_AT_ONCE = 50
"""How many instances DescribeInstancePatchStates takes."""


@check("rds:DescribeDBInstances", "rds:DescribeDBMajorEngineVersions")
def rds_engines(region: AwsRegion) -> Iterator[EngineRelease]:
    """Until when the engines of database instances (RDS, Aurora, DocumentDB, Neptune) are mended.

    RDS itself is asked about open source engines whose version the packaged list does not have: Aurora MySQL.
    """
    for instance in region.all("rds:DescribeDBInstances"):
        with region.reading(instance["DBInstanceArn"]):
            yield EngineRelease(
                resource=instance["DBInstanceArn"],
                **_rds_engine(region, instance["Engine"], instance["EngineVersion"]),
                auto_minor_version_upgrade=instance["AutoMinorVersionUpgrade"],
                extended_support=instance.get("EngineLifecycleSupport") == "open-source-rds-extended-support",
                tags=region.tags(instance.get("TagList")),
            )


@check("lambda:ListFunctions")
def lambda_runtimes(region: AwsRegion) -> Iterator[Release]:
    """Until when the runtimes of Lambda functions are mended.

    A function that is a container image brings its own runtime, which Lambda neither knows nor mends: it is
    not among these.
    """
    for function in region.all("lambda:ListFunctions"):
        if "Runtime" in function:
            yield Release(
                resource=function["FunctionArn"], **versions.support("aws-lambda", function["Runtime"])
            )


@check("eks:ListClusters", "eks:DescribeCluster")
def eks_clusters(region: AwsRegion) -> Iterator[Release]:
    """Until when the Kubernetes versions of EKS clusters are mended."""

    def arn(name: str) -> str:
        return region.arn("eks", f"cluster/{name}")

    def read(name: str) -> Release:
        cluster = region.call("eks:DescribeCluster", name=name)["cluster"]
        return Release(
            resource=arn(name),
            **versions.support("amazon-eks", cluster["version"]),
            tags=region.tags(cluster.get("tags")),
        )

    names: Iterator[Any] = region.all("eks:ListClusters")
    yield from region.each(names, read, resource=arn)


@check("ec2:DescribeInstances", "ssm:DescribeInstanceInformation")
def ec2_instances(region: AwsRegion) -> Iterator[Managed]:
    """Whether Systems Manager manages the EC2 instances; of others it cannot see the updates."""
    managed = {instance["InstanceId"] for instance in region.all("ssm:DescribeInstanceInformation")}
    for reservation in region.all("ec2:DescribeInstances"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] not in ("shutting-down", "terminated"):
                yield Managed(
                    resource=_arn(region, instance["InstanceId"]),
                    managed=instance["InstanceId"] in managed,
                    tags=region.tags(instance.get("Tags")),
                )


@check("ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates")
def ssm_instances(region: AwsRegion) -> Iterator[PatchScan]:
    """When Systems Manager last looked for updates on each machine it manages, in EC2 or elsewhere."""
    scanned = {state["InstanceId"]: state["OperationEndTime"] for state in _patch_states(region)}
    for instance in region.all("ssm:DescribeInstanceInformation"):
        yield PatchScan(
            resource=_arn(region, instance["InstanceId"]),
            agent_online=instance.get("PingStatus") == "Online",
            scanned_at=scanned.get(instance["InstanceId"]),
        )


@check("ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates")
def ssm_patch_states(region: AwsRegion) -> Iterator[PatchState]:
    """How far behind the machines are on which Systems Manager ever looked for updates.

    A machine on which it never did is not among these; `patching.aws.ssm_instances` has it.
    """
    for state in _patch_states(region):
        yield PatchState(
            resource=_arn(region, state["InstanceId"]),
            scanned_at=state["OperationEndTime"],
            security_updates_missing=state.get("SecurityNonCompliantCount"),
            critical_updates_missing=state.get("CriticalNonCompliantCount"),
            updates_missing=state["MissingCount"],
            updates_failed=state["FailedCount"],
            updates_pending_reboot=state["InstalledPendingRebootCount"],
        )


def _rds_engine(region: AwsRegion, engine: str, version: str) -> versions.Support:
    listed = versions.rds_engine(engine, version)
    if listed["support_end"] != "unlisted" or engine not in aws_releases.OPEN_ENGINES:
        return listed
    return aws_releases.database(engine, version, region.all("rds:DescribeDBMajorEngineVersions"))


def _patch_states(region: AwsRegion) -> Iterator[dict[str, Any]]:
    ids = sorted(instance["InstanceId"] for instance in region.all("ssm:DescribeInstanceInformation"))
    for start in range(0, len(ids), _STATES_AT_ONCE):
        yield from region.all(
            "ssm:DescribeInstancePatchStates", InstanceIds=ids[start : start + _STATES_AT_ONCE]
        )


def _arn(region: AwsRegion, instance: str) -> str:
    """The ARN of an EC2 instance (i-), or of a machine elsewhere that Systems Manager manages (mi-)."""
    if instance.startswith("mi-"):
        return region.arn("ssm", f"managed-instance/{instance}")
    return region.arn("ec2", f"instance/{instance}")
