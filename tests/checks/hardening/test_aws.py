from typing import Any

import pytest

from checks.hardening import (
    BuildProject,
    Container,
    DataCluster,
    DeletionProtection,
    LaunchTemplate,
    Machine,
    MachineDefaults,
    ScalingGroup,
)
from checks.hardening.aws import (
    autoscaling_groups,
    codebuild_projects,
    dynamodb_tables,
    ec2_defaults,
    ec2_instances,
    ecs_containers,
    emr_clusters,
    launch_templates,
)
from scanner.testing import by, look, observe, world

EC2 = "arn:aws:ec2:us-east-1:111122223333:"
TASK = "arn:aws:ecs:us-east-1:111122223333:task-definition/"
GROUP = "arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:id:autoScalingGroupName/"
BUILD = "arn:aws:codebuild:us-east-1:111122223333:project/"
EMR = "arn:aws:elasticmapreduce:us-east-1:111122223333:cluster/"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/"

INSTANCES = world(
    ec2_instances,
    {
        "ec2:DescribeInstances": {
            "Reservations": [
                {
                    "Instances": [
                        {
                            "InstanceId": "i-1",
                            "State": {"Name": "running"},
                            "MetadataOptions": {
                                "HttpTokens": "required",
                                "HttpEndpoint": "enabled",
                                "HttpPutResponseHopLimit": 2,
                            },
                            "IamInstanceProfile": {"Arn": "arn:aws:iam::111122223333:instance-profile/ehr"},
                            "Tags": [{"Key": "phi", "Value": "true"}],
                        },
                        {
                            "InstanceId": "i-2",
                            "State": {"Name": "stopped"},
                            "MetadataOptions": {
                                "HttpTokens": "optional",
                                "HttpEndpoint": "enabled",
                                "HttpPutResponseHopLimit": 1,
                            },
                        },
                    ]
                },
                {
                    "Instances": [
                        {
                            "InstanceId": "i-3",
                            "State": {"Name": "running"},
                            "MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "disabled"},
                        },
                        {"InstanceId": "i-4", "State": {"Name": "terminated"}},
                    ]
                },
            ]
        }
    },
)
DEFAULTS = world(
    ec2_defaults,
    {
        "ec2:GetInstanceMetadataDefaults": {
            "AccountLevel": {"HttpTokens": "required", "HttpTokensEnforced": "enabled"}
        }
    },
)


def version(template: str, number: int, **options: str) -> dict[str, Any]:
    data = {"MetadataOptions": options} if options else {}
    return {"LaunchTemplateId": template, "VersionNumber": number, "LaunchTemplateData": data}


TEMPLATES = world(
    launch_templates,
    {
        "ec2:DescribeLaunchTemplateVersions": lambda Versions: {  # noqa: N803 - as AWS names it
            "LaunchTemplateVersions": [
                version("lt-1", 3, HttpTokens="required", HttpEndpoint="enabled"),
                version("lt-1", 4, HttpTokens="optional"),
                version("lt-2", 1),
                version("lt-2", 1),
                version("lt-3", 1, HttpEndpoint="disabled"),
            ]
            if Versions == ["$Default", "$Latest"]
            else []
        }
    },
)
APP = {
    "name": "app",
    "readonlyRootFilesystem": True,
    "privileged": False,
    "user": "1000:1000",
    "environment": [{"name": "DATABASE_PASSWORD", "value": "not-a-fact"}],
}
TASKS = world(
    ecs_containers,
    {
        "ecs:ListTaskDefinitionFamilies": lambda status: {
            "families": ["portal", "agent", "fax"] if status == "ACTIVE" else []
        },
        "ecs:DescribeTaskDefinition": by(
            "taskDefinition",
            {
                "portal": {
                    "taskDefinition": {
                        "revision": 7,
                        "networkMode": "awsvpc",
                        "containerDefinitions": [APP, {"name": "side"}],
                    }
                },
                "agent": {
                    "taskDefinition": {
                        "revision": 1,
                        "networkMode": "host",
                        "pidMode": "host",
                        "containerDefinitions": [{"name": "watch", "privileged": True, "user": "root"}],
                    }
                },
                "fax": {
                    "taskDefinition": {
                        "revision": 2,
                        "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
                        "containerDefinitions": [{"name": "fax", "user": "ContainerUser"}],
                    }
                },
            },
        ),
    },
)
GROUPS = world(
    autoscaling_groups,
    {
        "autoscaling:DescribeAutoScalingGroups": {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupARN": GROUP + "portal",
                    "HealthCheckType": "EC2,ELB",
                    "TargetGroupARNs": [
                        "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/p/1"
                    ],
                    "Tags": [{"Key": "owner", "Value": "platform"}],
                },
                {
                    "AutoScalingGroupARN": GROUP + "old",
                    "HealthCheckType": "EC2",
                    "TargetGroupARNs": [],
                    "LoadBalancerNames": ["classic"],
                },
                {"AutoScalingGroupARN": GROUP + "batch", "HealthCheckType": "EC2", "TrafficSources": []},
            ]
        }
    },
)


def projects(names: list[str]) -> dict[str, Any]:
    assert len(names) <= 100
    return {
        "projects": [
            {
                "arn": BUILD + name,
                "environment": {"privilegedMode": True} if name == "images" else {},
                "tags": [{"key": "owner", "value": name}],
            }
            for name in names
        ]
    }


PROJECTS = world(
    codebuild_projects,
    {"codebuild:ListProjects": {"projects": ["images", "docs"]}, "codebuild:BatchGetProjects": projects},
)
CLUSTERS = world(
    emr_clusters,
    {
        "emr:ListClusters": lambda ClusterStates: {  # noqa: N803 - as AWS names it
            "Clusters": [
                {"Id": f"j-{number}", "ClusterArn": f"{EMR}j-{number}"}
                for number in (1, 2)
                if "TERMINATED" not in ClusterStates
            ]
        },
        "emr:DescribeCluster": by(
            "ClusterId",
            {
                "j-1": {
                    "Cluster": {
                        "KerberosAttributes": {"Realm": "EC2.INTERNAL", "KdcAdminPassword": ""},
                        "SecurityConfiguration": "clinic",
                        "Tags": [{"Key": "phi", "Value": "true"}],
                    }
                },
                "j-2": {"Cluster": {"KerberosAttributes": {}}},
            },
        ),
    },
)
TABLES = world(
    dynamodb_tables,
    {
        "dynamodb:ListTables": {"TableNames": ["visits", "cache"]},
        "dynamodb:DescribeTable": by(
            "TableName",
            {"visits": {"Table": {"DeletionProtectionEnabled": True}}, "cache": {"Table": {}}},
        ),
    },
)


def test_ec2_instances() -> None:
    assert observe(ec2_instances, INSTANCES) == [
        Machine(
            resource=EC2 + "instance/i-1",
            metadata_service=True,
            metadata_tokens_required=True,
            metadata_hops=2,
            instance_role=True,
            tags={"phi": "true"},
        ),
        Machine(
            resource=EC2 + "instance/i-2",
            metadata_service=True,
            metadata_tokens_required=False,
            metadata_hops=1,
            instance_role=False,
            tags={},
        ),
        Machine(
            resource=EC2 + "instance/i-3",
            metadata_service=False,
            metadata_tokens_required=True,
            metadata_hops=1,
            instance_role=False,
            tags={},
        ),
    ]


def test_ec2_defaults() -> None:
    assert observe(ec2_defaults, DEFAULTS) == [
        MachineDefaults(
            resource=EC2 + "instance-metadata-defaults",
            metadata_tokens_required=True,
            metadata_tokens_enforced=True,
        )
    ]


@pytest.mark.parametrize("answer", [{}, {"AccountLevel": {}}, {"AccountLevel": {"HttpTokens": "optional"}}])
def test_ec2_defaults_that_nobody_chose(answer: dict[str, Any]) -> None:
    assert observe(ec2_defaults, {"ec2:GetInstanceMetadataDefaults": answer}) == [
        MachineDefaults(
            resource=EC2 + "instance-metadata-defaults",
            metadata_tokens_required=False,
            metadata_tokens_enforced=False,
        )
    ]


def test_launch_templates() -> None:
    assert observe(launch_templates, TEMPLATES) == [
        LaunchTemplate(
            resource=f"{EC2}launch-template/{template}/version/{number}",
            metadata_tokens=tokens,
            links=(f"{EC2}launch-template/{template}",),
        )
        for template, number, tokens in (
            ("lt-1", 3, "required"),
            ("lt-1", 4, "optional"),
            ("lt-2", 1, "by-default"),
            ("lt-3", 1, "required"),
        )
    ]


def test_ecs_containers() -> None:
    assert observe(ecs_containers, TASKS) == [
        Container(
            resource=TASK + "portal/app",
            container="app",
            revision=7,
            readonly_root=True,
            privileged=False,
            unprivileged_user=True,
            host_network=False,
            host_processes=False,
            windows=False,
        ),
        Container(
            resource=TASK + "portal/side",
            container="side",
            revision=7,
            readonly_root=False,
            privileged=False,
            unprivileged_user=False,
            host_network=False,
            host_processes=False,
            windows=False,
        ),
        Container(
            resource=TASK + "agent/watch",
            container="watch",
            revision=1,
            readonly_root=False,
            privileged=True,
            unprivileged_user=False,
            host_network=True,
            host_processes=True,
            windows=False,
        ),
        Container(
            resource=TASK + "fax/fax",
            container="fax",
            revision=2,
            readonly_root=False,
            privileged=False,
            unprivileged_user=True,
            host_network=False,
            host_processes=False,
            windows=True,
        ),
    ]


@pytest.mark.parametrize(
    ("user", "unprivileged"),
    [("root", False), ("0", False), ("0:0", False), ("root:staff", False), ("", False), ("app:0", True)],
)
def test_root_by_any_name(user: str, *, unprivileged: bool) -> None:
    (seen,) = observe(
        ecs_containers,
        {
            "ecs:ListTaskDefinitionFamilies": {"families": ["portal"]},
            "ecs:DescribeTaskDefinition": {
                "taskDefinition": {"revision": 1, "containerDefinitions": [{"name": "app", "user": user}]}
            },
        },
    )

    assert isinstance(seen, Container)
    assert seen.unprivileged_user is unprivileged


def test_a_family_that_refuses_is_told_and_the_others_are_seen() -> None:
    sight = look(
        ecs_containers,
        {**TASKS, "ecs:ListTaskDefinitionFamilies": {"families": ["hidden", "portal"]}},
    )

    assert [facts.resource for facts in sight.facts] == [TASK + "portal/app", TASK + "portal/side"]
    assert [refusal.resource for refusal in sight.refusals] == [TASK + "hidden"]


def test_autoscaling_groups() -> None:
    assert observe(autoscaling_groups, GROUPS) == [
        ScalingGroup(
            resource=GROUP + "portal", load_balanced=True, balancer_checked=True, tags={"owner": "platform"}
        ),
        ScalingGroup(resource=GROUP + "old", load_balanced=True, balancer_checked=False, tags={}),
        ScalingGroup(resource=GROUP + "batch", load_balanced=False, balancer_checked=False, tags={}),
    ]


def test_codebuild_projects() -> None:
    assert observe(codebuild_projects, PROJECTS) == [
        BuildProject(resource=BUILD + "images", privileged=True, tags={"owner": "images"}),
        BuildProject(resource=BUILD + "docs", privileged=False, tags={"owner": "docs"}),
    ]


def test_codebuild_projects_are_asked_a_hundred_at_a_time() -> None:
    names = [f"p{number}" for number in range(201)]
    seen = observe(
        codebuild_projects,
        {"codebuild:ListProjects": {"projects": names}, "codebuild:BatchGetProjects": projects},
    )

    assert [facts.resource for facts in seen] == [BUILD + name for name in names]


def test_emr_clusters() -> None:
    assert observe(emr_clusters, CLUSTERS) == [
        DataCluster(
            resource=EMR + "j-1", kerberos=True, security_configuration="clinic", tags={"phi": "true"}
        ),
        DataCluster(resource=EMR + "j-2", kerberos=False, security_configuration=None, tags={}),
    ]


def test_dynamodb_tables() -> None:
    assert observe(dynamodb_tables, TABLES) == [
        DeletionProtection(resource=TABLE + "visits", deletion_protected=True),
        DeletionProtection(resource=TABLE + "cache", deletion_protected=False),
    ]
