"""Segmentation on AWS: which networks things are put in, and which addresses they are given."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from scanner import AwsRegion, check

from ..semantics import networks
from .vpc_facts import ClusterSettings, ControlPlane, LaunchSettings, Notebook, PlacedFunction

_CHOSEN = ["$Default", "$Latest"]
_EVERYBODY = "0.0.0.0/0"


@check("eks:ListClusters", "eks:DescribeCluster")
def eks_clusters(region: AwsRegion) -> Iterator[ControlPlane]:
    """Who reaches the control planes of EKS clusters, from outside and from their own network."""

    def read(name: str) -> ControlPlane:
        cluster = region.call("eks:DescribeCluster", name=name)["cluster"]
        # A cluster that runs elsewhere and is only registered has no such part.
        placed = cluster.get("resourcesVpcConfig") or {}
        public = placed.get("endpointPublicAccess", False)
        allowed = tuple(placed.get("publicAccessCidrs") or (_EVERYBODY,)) if public else ()
        return ControlPlane(
            resource=arn(name),
            publicly_accessible=public,
            private_path=placed.get("endpointPrivateAccess", False),
            anyone=networks.anyone(allowed),
            allowed_addresses=allowed,
            tags=region.tags(cluster.get("tags")),
            links=tuple(
                region.arn("ec2", f"security-group/{group}") for group in placed.get("securityGroupIds") or ()
            ),
        )

    def arn(name: str) -> str:
        return region.arn("eks", f"cluster/{name}")

    yield from region.each((str(name) for name in region.all("eks:ListClusters")), read, resource=arn)


@check("sagemaker:ListNotebookInstances", "sagemaker:DescribeNotebookInstance")
def sagemaker_notebooks(region: AwsRegion) -> Iterator[Notebook]:
    """Whether notebooks of SageMaker reach the internet past the customer's own network."""

    def read(listed: Mapping[str, Any]) -> Notebook:
        name = listed["NotebookInstanceName"]
        told = region.call("sagemaker:DescribeNotebookInstance", NotebookInstanceName=name)
        return Notebook(
            resource=listed["NotebookInstanceArn"],
            direct_internet=told["DirectInternetAccess"] == "Enabled",
            own_network=bool(told.get("SubnetId")),
            links=tuple(
                region.arn("ec2", f"security-group/{group}") for group in told.get("SecurityGroups") or ()
            ),
        )

    yield from region.each(
        region.all("sagemaker:ListNotebookInstances"),
        read,
        resource=lambda listed: str(listed["NotebookInstanceArn"]),
    )


@check("emr:GetBlockPublicAccessConfiguration")
def emr_settings(region: AwsRegion) -> Iterator[ClusterSettings]:
    """Whether EMR refuses to launch clusters whose security groups let the public in."""
    told = region.call("emr:GetBlockPublicAccessConfiguration")["BlockPublicAccessConfiguration"]
    permitted = told.get("PermittedPublicSecurityGroupRuleRanges") or ()
    yield ClusterSettings(
        resource=region.arn("elasticmapreduce", "block-public-access"),
        public_rules_blocked=told.get("BlockPublicSecurityGroupRules", False),
        permitted_ports=tuple(
            str(networks.Ports("tcp", each["MinRange"], each.get("MaxRange", each["MinRange"])))
            for each in permitted
        ),
    )


@check("lambda:ListFunctions")
def lambda_functions(region: AwsRegion) -> Iterator[PlacedFunction]:
    """Whether functions are in a VPC of the customer's."""
    for function in region.all("lambda:ListFunctions"):
        placed = function.get("VpcConfig") or {}
        yield PlacedFunction(
            resource=function["FunctionArn"],
            own_network=bool(placed.get("VpcId")),
            links=tuple(
                region.arn("ec2", f"security-group/{group}") for group in placed.get("SecurityGroupIds") or ()
            ),
        )


@check("autoscaling:DescribeLaunchConfigurations")
def launch_configurations(region: AwsRegion) -> Iterator[LaunchSettings]:
    """Whether launch configurations give instances public addresses."""
    for configuration in region.all("autoscaling:DescribeLaunchConfigurations"):
        yield LaunchSettings(
            resource=configuration["LaunchConfigurationARN"],
            public_addresses=_given(configuration.get("AssociatePublicIpAddress")),
        )


@check("ec2:DescribeLaunchTemplateVersions")
def launch_templates(region: AwsRegion) -> Iterator[LaunchSettings]:
    """Whether launch templates give instances public addresses: their default and their latest version."""
    # Without the name of a template these words ask for all of them; one version may be both.
    listed = region.all("ec2:DescribeLaunchTemplateVersions", Versions=_CHOSEN)
    for (template, number), version in {
        (each["LaunchTemplateId"], each["VersionNumber"]): each for each in listed
    }.items():
        interfaces = (version.get("LaunchTemplateData") or {}).get("NetworkInterfaces") or ()
        said = [each.get("AssociatePublicIpAddress") for each in interfaces]
        withheld = bool(said) and None not in said
        yield LaunchSettings(
            resource=region.arn("ec2", f"launch-template/{template}/version/{number}"),
            public_addresses=_given(True if True in said else False if withheld else None),
            links=(region.arn("ec2", f"launch-template/{template}"),),
        )


def _given(said: bool | None) -> Literal["given", "withheld", "by-subnet"]:
    if said is None:
        return "by-subnet"
    return "given" if said else "withheld"
