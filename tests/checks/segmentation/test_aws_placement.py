from typing import Any

import pytest

from checks.segmentation.aws_placement import (
    eks_clusters,
    emr_settings,
    lambda_functions,
    launch_configurations,
    launch_templates,
    sagemaker_notebooks,
)
from checks.segmentation.vpc_facts import (
    ClusterSettings,
    ControlPlane,
    LaunchSettings,
    Notebook,
    PlacedFunction,
)
from scanner.testing import Error, by, observe, world

ACCOUNT = "us-east-1:111122223333:"
GROUP = (f"arn:aws:ec2:{ACCOUNT}security-group/sg-1",)


def cluster(**placed: Any) -> dict[str, Any]:
    return {"cluster": {"resourcesVpcConfig": placed}}


EKS = world(
    eks_clusters,
    {
        "eks:ListClusters": {"clusters": ["open", "office", "inner", "registered"]},
        "eks:DescribeCluster": by(
            "name",
            {
                "open": {
                    "cluster": {
                        "resourcesVpcConfig": {
                            "endpointPublicAccess": True,
                            "endpointPrivateAccess": False,
                            "publicAccessCidrs": ["0.0.0.0/0"],
                            "securityGroupIds": ["sg-1"],
                        },
                        "tags": {"phi": "true"},
                    }
                },
                "office": cluster(
                    endpointPublicAccess=True, endpointPrivateAccess=True, publicAccessCidrs=["8.8.8.0/24"]
                ),
                "inner": cluster(
                    endpointPublicAccess=False, endpointPrivateAccess=True, publicAccessCidrs=["0.0.0.0/0"]
                ),
                "registered": {"cluster": {}},
            },
        ),
    },
)


def test_eks_clusters() -> None:
    seen: list[tuple[str, bool, bool, bool, tuple[str, ...], dict[str, str], tuple[str, ...]]] = [
        ("open", True, False, True, ("0.0.0.0/0",), {"phi": "true"}, GROUP),
        ("office", True, True, False, ("8.8.8.0/24",), {}, ()),
        ("inner", False, True, False, (), {}, ()),
        ("registered", False, False, False, (), {}, ()),
    ]
    assert observe(eks_clusters, EKS) == [
        ControlPlane(
            resource=f"arn:aws:eks:{ACCOUNT}cluster/{name}",
            publicly_accessible=public,
            private_path=private,
            anyone=anyone,
            allowed_addresses=allowed,
            tags=tags,
            links=links,
        )
        for name, public, private, anyone, allowed, tags, links in seen
    ]


BOOK = f"arn:aws:sagemaker:{ACCOUNT}notebook-instance/"
NOTEBOOKS = world(
    sagemaker_notebooks,
    {
        "sagemaker:ListNotebookInstances": {
            "NotebookInstances": [
                {"NotebookInstanceName": name, "NotebookInstanceArn": f"{BOOK}{name}"}
                for name in ("open", "inner")
            ]
        },
        "sagemaker:DescribeNotebookInstance": by(
            "NotebookInstanceName",
            {
                "open": {"DirectInternetAccess": "Enabled"},
                "inner": {
                    "DirectInternetAccess": "Disabled",
                    "SubnetId": "subnet-1",
                    "SecurityGroups": ["sg-1"],
                },
            },
        ),
    },
)


def test_sagemaker_notebooks() -> None:
    assert observe(sagemaker_notebooks, NOTEBOOKS) == [
        Notebook(resource=f"{BOOK}open", direct_internet=True, own_network=False),
        Notebook(resource=f"{BOOK}inner", direct_internet=False, own_network=True, links=GROUP),
    ]


EMR = world(
    emr_settings,
    {
        "emr:GetBlockPublicAccessConfiguration": {
            "BlockPublicAccessConfiguration": {
                "BlockPublicSecurityGroupRules": True,
                "PermittedPublicSecurityGroupRuleRanges": [
                    {"MinRange": 22, "MaxRange": 22},
                    {"MinRange": 8000, "MaxRange": 8010},
                    {"MinRange": 9000},
                ],
            }
        }
    },
)


@pytest.mark.parametrize(
    ("answers", "blocked", "ports"),
    [
        (EMR, True, ("22", "8000-8010", "9000")),
        (
            {
                "emr:GetBlockPublicAccessConfiguration": {
                    "BlockPublicAccessConfiguration": {"BlockPublicSecurityGroupRules": False}
                }
            },
            False,
            (),
        ),
    ],
)
def test_emr_settings(answers: Any, blocked: bool, ports: tuple[str, ...]) -> None:
    assert observe(emr_settings, answers) == [
        ClusterSettings(
            resource=f"arn:aws:elasticmapreduce:{ACCOUNT}block-public-access",
            public_rules_blocked=blocked,
            permitted_ports=ports,
        )
    ]


LAMBDA = f"arn:aws:lambda:{ACCOUNT}function:"
FUNCTIONS = world(
    lambda_functions,
    {
        "lambda:ListFunctions": {
            "Functions": [
                {
                    "FunctionArn": f"{LAMBDA}hl7",
                    "VpcConfig": {"VpcId": "vpc-1", "SecurityGroupIds": ["sg-1"]},
                },
                {"FunctionArn": f"{LAMBDA}left", "VpcConfig": {"VpcId": "", "SubnetIds": []}},
                {"FunctionArn": f"{LAMBDA}fax"},
            ]
        }
    },
)


def test_lambda_functions() -> None:
    assert observe(lambda_functions, FUNCTIONS) == [
        PlacedFunction(resource=f"{LAMBDA}hl7", own_network=True, links=GROUP),
        PlacedFunction(resource=f"{LAMBDA}left", own_network=False),
        PlacedFunction(resource=f"{LAMBDA}fax", own_network=False),
    ]


LAUNCH = f"arn:aws:autoscaling:{ACCOUNT}launchConfiguration:id:launchConfigurationName/"
CONFIGURATIONS = world(
    launch_configurations,
    {
        "autoscaling:DescribeLaunchConfigurations": {
            "LaunchConfigurations": [
                {"LaunchConfigurationARN": f"{LAUNCH}a", "AssociatePublicIpAddress": True},
                {"LaunchConfigurationARN": f"{LAUNCH}b", "AssociatePublicIpAddress": False},
                {"LaunchConfigurationARN": f"{LAUNCH}c"},
            ]
        }
    },
)


def test_launch_configurations() -> None:
    assert observe(launch_configurations, CONFIGURATIONS) == [
        LaunchSettings(resource=f"{LAUNCH}a", public_addresses="given"),
        LaunchSettings(resource=f"{LAUNCH}b", public_addresses="withheld"),
        LaunchSettings(resource=f"{LAUNCH}c", public_addresses="by-subnet"),
    ]


def version(name: str, number: int, *said: bool | None) -> dict[str, Any]:
    interfaces = [{} if each is None else {"AssociatePublicIpAddress": each} for each in said]
    return {
        "LaunchTemplateId": name,
        "VersionNumber": number,
        "LaunchTemplateData": {"NetworkInterfaces": interfaces},
    }


def versions(**asked: Any) -> Any:
    """Without these words AWS wants the name of one template."""
    if asked != {"Versions": ["$Default", "$Latest"]}:
        return Error("MissingParameter")
    return {
        "LaunchTemplateVersions": [
            version("lt-1", 1, True, None),
            version("lt-1", 2, False),
            version("lt-1", 2, False),
            version("lt-2", 7),
            version("lt-3", 1, None, False),
            {"LaunchTemplateId": "lt-4", "VersionNumber": 1},
        ]
    }


TEMPLATES = world(launch_templates, {"ec2:DescribeLaunchTemplateVersions": versions})


def test_launch_templates() -> None:
    base = f"arn:aws:ec2:{ACCOUNT}launch-template/"
    seen: list[tuple[str, int, Any]] = [
        ("lt-1", 1, "given"),
        ("lt-1", 2, "withheld"),
        ("lt-2", 7, "by-subnet"),
        ("lt-3", 1, "by-subnet"),
        ("lt-4", 1, "by-subnet"),
    ]
    assert observe(launch_templates, TEMPLATES) == [
        LaunchSettings(
            resource=f"{base}{name}/version/{number}", public_addresses=given, links=(f"{base}{name}",)
        )
        for name, number, given in seen
    ]
