"""Settings of AWS's resources that make them harder to misuse."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal

from scanner import AwsRegion, check

from . import (
    BuildProject,
    Container,
    DataCluster,
    DeletionProtection,
    LaunchTemplate,
    Machine,
    MachineDefaults,
    ScalingGroup,
)

Tokens = Literal["required", "optional", "by-default"]

_GONE = frozenset({"shutting-down", "terminated"})
_LIVE = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
_ROOT = frozenset({"", "0", "root"})
_TOKENS: dict[str | None, Tokens] = {"required": "required", "optional": "optional"}
_PROJECTS_AT_ONCE = 100
"""How many projects codebuild:BatchGetProjects takes."""


@check("ec2:DescribeInstances")
def ec2_instances(region: AwsRegion) -> Iterator[Machine]:
    """Whether EC2 instances demand a token before they hand out credentials, and have a role to hand out."""
    for reservation in region.all("ec2:DescribeInstances"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] not in _GONE:
                options = instance.get("MetadataOptions", {})
                asked = options.get("HttpEndpoint", "enabled") == "enabled"
                yield Machine(
                    resource=region.arn("ec2", f"instance/{instance['InstanceId']}"),
                    metadata_service=asked,
                    metadata_tokens_required=not asked or options.get("HttpTokens") == "required",
                    metadata_hops=options.get("HttpPutResponseHopLimit", 1),
                    instance_role=bool(instance.get("IamInstanceProfile")),
                    tags=region.tags(instance.get("Tags")),
                )


@check("ec2:GetInstanceMetadataDefaults")
def ec2_defaults(region: AwsRegion) -> Iterator[MachineDefaults]:
    """Whether new instances of each region demand a token unless their launch says otherwise."""
    chosen = region.call("ec2:GetInstanceMetadataDefaults").get("AccountLevel") or {}
    yield MachineDefaults(
        resource=region.arn("ec2", "instance-metadata-defaults"),
        metadata_tokens_required=chosen.get("HttpTokens") == "required",
        metadata_tokens_enforced=chosen.get("HttpTokensEnforced") == "enabled",
    )


@check("ec2:DescribeLaunchTemplateVersions")
def launch_templates(region: AwsRegion) -> Iterator[LaunchTemplate]:
    """Whether launch templates have instances demand a token: their default and their latest version."""
    # Without the name of a template these words ask for all of them; one version may be both.
    listed = region.all("ec2:DescribeLaunchTemplateVersions", Versions=["$Default", "$Latest"])
    for (template, number), version in {
        (each["LaunchTemplateId"], each["VersionNumber"]): each for each in listed
    }.items():
        options = (version.get("LaunchTemplateData") or {}).get("MetadataOptions") or {}
        off = options.get("HttpEndpoint") == "disabled"
        yield LaunchTemplate(
            resource=region.arn("ec2", f"launch-template/{template}/version/{number}"),
            metadata_tokens="required" if off else _TOKENS.get(options.get("HttpTokens"), "by-default"),
            links=(region.arn("ec2", f"launch-template/{template}"),),
        )


@check("ecs:ListTaskDefinitionFamilies", "ecs:DescribeTaskDefinition")
def ecs_containers(region: AwsRegion) -> Iterator[Container]:
    """What the containers of ECS's task definitions may do beyond their own walls.

    Of each family the newest active revision is looked at, which is what runs unless somebody asks for
    another one by its number; there may be thousands of those.
    """

    def arn(family: str) -> str:
        return region.arn("ecs", f"task-definition/{family}")

    def read(family: str) -> list[Container]:
        task = region.call("ecs:DescribeTaskDefinition", taskDefinition=family)["taskDefinition"]
        return [_container(arn(family), task, container) for container in task["containerDefinitions"]]

    families: Iterator[Any] = region.all("ecs:ListTaskDefinitionFamilies", status="ACTIVE")
    for containers in region.each(families, read, resource=arn):
        yield from containers


@check("autoscaling:DescribeAutoScalingGroups")
def autoscaling_groups(region: AwsRegion) -> Iterator[ScalingGroup]:
    """Whether Auto Scaling replaces the machines that a load balancer finds broken."""
    for group in region.all("autoscaling:DescribeAutoScalingGroups"):
        yield ScalingGroup(
            resource=group["AutoScalingGroupARN"],
            load_balanced=any(
                group.get(kind) for kind in ("LoadBalancerNames", "TargetGroupARNs", "TrafficSources")
            ),
            # One word, or several with commas between them.
            balancer_checked="ELB" in group["HealthCheckType"].split(","),
            tags=region.tags(group.get("Tags")),
        )


@check("codebuild:ListProjects", "codebuild:BatchGetProjects")
def codebuild_projects(region: AwsRegion) -> Iterator[BuildProject]:
    """Whether CodeBuild's builds may do what root may on the machine below."""
    names: Iterator[Any] = region.all("codebuild:ListProjects")
    while some := list(islice(names, _PROJECTS_AT_ONCE)):
        for project in region.call("codebuild:BatchGetProjects", names=some)["projects"]:
            yield BuildProject(
                resource=project["arn"],
                privileged=project["environment"].get("privilegedMode", False),
                tags=region.tags(project.get("tags")),
            )


@check("emr:ListClusters", "emr:DescribeCluster")
def emr_clusters(region: AwsRegion) -> Iterator[DataCluster]:
    """Whether the machines of EMR's clusters prove who they are; clusters that have ended are left out."""

    def read(listed: dict[str, Any]) -> DataCluster:
        cluster = region.call("emr:DescribeCluster", ClusterId=listed["Id"])["Cluster"]
        return DataCluster(
            resource=listed["ClusterArn"],
            kerberos=bool((cluster.get("KerberosAttributes") or {}).get("Realm")),
            security_configuration=cluster.get("SecurityConfiguration") or None,
            tags=region.tags(cluster.get("Tags")),
        )

    clusters = region.all("emr:ListClusters", ClusterStates=_LIVE)
    yield from region.each(clusters, read, resource=lambda cluster: str(cluster["ClusterArn"]))


@check("dynamodb:ListTables", "dynamodb:DescribeTable")
def dynamodb_tables(region: AwsRegion) -> Iterator[DeletionProtection]:
    """Whether DynamoDB tables are protected from deletion."""

    def arn(name: str) -> str:
        return region.arn("dynamodb", f"table/{name}")

    def read(name: str) -> DeletionProtection:
        table = region.call("dynamodb:DescribeTable", TableName=name)["Table"]
        return DeletionProtection(
            resource=arn(name), deletion_protected=table.get("DeletionProtectionEnabled", False)
        )

    names: Iterator[Any] = region.all("dynamodb:ListTables")
    yield from region.each(names, read, resource=arn)


def _container(family: str, task: dict[str, Any], container: dict[str, Any]) -> Container:
    system = (task.get("runtimePlatform") or {}).get("operatingSystemFamily", "")
    # A user may have a group behind it: 0:0, root:wheel.
    user = container.get("user", "").partition(":")[0]
    return Container(
        resource=f"{family}/{container['name']}",
        container=container["name"],
        revision=task["revision"],
        readonly_root=container.get("readonlyRootFilesystem", False),
        privileged=container.get("privileged", False),
        unprivileged_user=user not in _ROOT,
        host_network=task.get("networkMode") == "host",
        host_processes=task.get("pidMode") == "host",
        windows=system.startswith("WINDOWS"),
    )
