"""Encryption at rest on AWS: what clusters, notebooks, desktops and models keep."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from scanner import AwsRegion, check

from . import AtRest
from .kms import at_rest

_SECRETS = "secrets"


@check("eks:ListClusters", "eks:DescribeCluster", "kms:DescribeKey")
def eks_clusters(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key that encrypts the secrets of EKS clusters before they are stored.

    The disks that they are stored on are always encrypted, with a key of AWS's. The disks of nodes are
    volumes of the account's, and not meant here.
    """

    def arn(name: str) -> str:
        return region.arn("eks", f"cluster/{name}")

    def read(name: str) -> AtRest:
        cluster = region.call("eks:DescribeCluster", name=name)["cluster"]
        keys = [
            config["provider"]["keyArn"]
            for config in cluster.get("encryptionConfig") or ()
            if _SECRETS in config.get("resources", ())
        ]
        return at_rest(region, arn(name), keys[0] if keys else None, tags=region.tags(cluster.get("tags")))

    names: Iterator[Any] = region.all("eks:ListClusters")
    yield from region.each(names, read, resource=arn)


@check("sagemaker:ListEndpointConfigs", "sagemaker:DescribeEndpointConfig", "kms:DescribeKey")
def sagemaker_endpoints(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of the disks that configurations give SageMaker endpoints; all are encrypted."""

    def read(config: dict[str, Any]) -> AtRest:
        name = config["EndpointConfigName"]
        answer = region.call("sagemaker:DescribeEndpointConfig", EndpointConfigName=name)
        return at_rest(region, config["EndpointConfigArn"], answer.get("KmsKeyId"))

    configs = region.all("sagemaker:ListEndpointConfigs")
    yield from region.each(configs, read, resource=itemgetter("EndpointConfigArn"))


@check("sagemaker:ListNotebookInstances", "sagemaker:DescribeNotebookInstance", "kms:DescribeKey")
def sagemaker_notebooks(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of the disks of SageMaker notebook instances, all of which are encrypted."""

    def read(notebook: dict[str, Any]) -> AtRest:
        name = notebook["NotebookInstanceName"]
        answer = region.call("sagemaker:DescribeNotebookInstance", NotebookInstanceName=name)
        return at_rest(region, notebook["NotebookInstanceArn"], answer.get("KmsKeyId"))

    notebooks = region.all("sagemaker:ListNotebookInstances")
    yield from region.each(notebooks, read, resource=itemgetter("NotebookInstanceArn"))


@check("workspaces:DescribeWorkspaces", "kms:DescribeKey")
def workspaces(region: AwsRegion) -> Iterator[AtRest]:
    """Whether both disks of desktops (WorkSpaces) are encrypted, and who holds the key."""

    def arn(desktop: dict[str, Any]) -> str:
        return region.arn("workspaces", f"workspace/{desktop['WorkspaceId']}")

    def read(desktop: dict[str, Any]) -> AtRest:
        both = ("RootVolumeEncryptionEnabled", "UserVolumeEncryptionEnabled")
        return at_rest(
            region,
            arn(desktop),
            desktop.get("VolumeEncryptionKey"),
            encrypted=all(desktop.get(volume, False) for volume in both),
        )

    yield from region.each(region.all("workspaces:DescribeWorkspaces"), read, resource=arn)


@check("dms:DescribeReplicationInstances", "kms:DescribeKey")
def dms_instances(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of the disks of machines that move databases (DMS), all of which are encrypted."""

    def read(instance: dict[str, Any]) -> AtRest:
        return at_rest(region, instance["ReplicationInstanceArn"], instance.get("KmsKeyId"))

    instances = region.all("dms:DescribeReplicationInstances")
    yield from region.each(instances, read, resource=itemgetter("ReplicationInstanceArn"))
