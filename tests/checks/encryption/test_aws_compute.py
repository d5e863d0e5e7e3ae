from checks.encryption import AtRest
from checks.encryption.aws_compute import (
    dms_instances,
    eks_clusters,
    sagemaker_endpoints,
    sagemaker_notebooks,
    workspaces,
)
from scanner.testing import by, observe, world

HERE = "us-east-1:111122223333:"
OURS = f"arn:aws:kms:{HERE}key/ours"
AWSS = f"arn:aws:kms:{HERE}key/awss"
DESCRIBED = by(
    "KeyId",
    {
        OURS: {"KeyMetadata": {"KeyId": "ours", "KeyManager": "CUSTOMER"}},
        "ours": {"KeyMetadata": {"KeyId": "ours", "KeyManager": "CUSTOMER"}},
        AWSS: {"KeyMetadata": {"KeyId": "awss", "KeyManager": "AWS"}},
    },
)
DESKTOP = f"arn:aws:workspaces:{HERE}workspace/"

CLUSTERS = world(
    eks_clusters,
    {
        "eks:ListClusters": {"clusters": ["emr", "portal", "odd"]},
        "eks:DescribeCluster": by(
            "name",
            {
                "emr": {
                    "cluster": {
                        "tags": {"phi": "true"},
                        "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": OURS}}],
                    }
                },
                "portal": {"cluster": {"name": "portal", "tags": {}}},
                "odd": {
                    "cluster": {"encryptionConfig": [{"resources": ["others"], "provider": {"keyArn": OURS}}]}
                },
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
ENDPOINTS = world(
    sagemaker_endpoints,
    {
        "sagemaker:ListEndpointConfigs": {
            "EndpointConfigs": [
                {
                    "EndpointConfigName": name,
                    "EndpointConfigArn": f"arn:aws:sagemaker:{HERE}endpoint-config/{name}",
                }
                for name in ("triage", "test")
            ]
        },
        "sagemaker:DescribeEndpointConfig": by(
            "EndpointConfigName",
            {"triage": {"KmsKeyId": "ours"}, "test": {"EndpointConfigName": "test"}},
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
NOTEBOOKS = world(
    sagemaker_notebooks,
    {
        "sagemaker:ListNotebookInstances": {
            "NotebookInstances": [
                {
                    "NotebookInstanceName": name,
                    "NotebookInstanceArn": f"arn:aws:sagemaker:{HERE}notebook-instance/{name}",
                }
                for name in ("triage", "test")
            ]
        },
        "sagemaker:DescribeNotebookInstance": by(
            "NotebookInstanceName",
            {"triage": {"KmsKeyId": "ours"}, "test": {"NotebookInstanceName": "test"}},
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
DESKTOPS = world(
    workspaces,
    {
        "workspaces:DescribeWorkspaces": {
            "Workspaces": [
                {
                    "WorkspaceId": "ws-1",
                    "VolumeEncryptionKey": OURS,
                    "RootVolumeEncryptionEnabled": True,
                    "UserVolumeEncryptionEnabled": True,
                },
                {
                    "WorkspaceId": "ws-2",
                    "VolumeEncryptionKey": "alias/aws/workspaces",
                    "RootVolumeEncryptionEnabled": True,
                    "UserVolumeEncryptionEnabled": True,
                },
                {
                    "WorkspaceId": "ws-3",
                    "VolumeEncryptionKey": OURS,
                    "RootVolumeEncryptionEnabled": False,
                    "UserVolumeEncryptionEnabled": True,
                },
                {"WorkspaceId": "ws-4"},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)
MOVERS = world(
    dms_instances,
    {
        "dms:DescribeReplicationInstances": {
            "ReplicationInstances": [
                {"ReplicationInstanceArn": f"arn:aws:dms:{HERE}rep:A", "KmsKeyId": OURS},
                {"ReplicationInstanceArn": f"arn:aws:dms:{HERE}rep:B", "KmsKeyId": AWSS},
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)


def test_eks_clusters() -> None:
    arn = f"arn:aws:eks:{HERE}cluster/"
    assert observe(eks_clusters, CLUSTERS) == [
        AtRest(resource=arn + "emr", encrypted=True, key_manager="customer", tags={"phi": "true"}),
        AtRest(resource=arn + "portal", encrypted=True, key_manager="provider", tags={}),
        AtRest(resource=arn + "odd", encrypted=True, key_manager="provider", tags={}),
    ]


def test_sagemaker_endpoints() -> None:
    arn = f"arn:aws:sagemaker:{HERE}endpoint-config/"
    assert observe(sagemaker_endpoints, ENDPOINTS) == [
        AtRest(resource=arn + "triage", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "test", encrypted=True, key_manager="provider"),
    ]


def test_sagemaker_notebooks() -> None:
    arn = f"arn:aws:sagemaker:{HERE}notebook-instance/"
    assert observe(sagemaker_notebooks, NOTEBOOKS) == [
        AtRest(resource=arn + "triage", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "test", encrypted=True, key_manager="provider"),
    ]


def test_workspaces_are_encrypted_when_both_disks_are() -> None:
    assert observe(workspaces, DESKTOPS) == [
        AtRest(resource=DESKTOP + "ws-1", encrypted=True, key_manager="customer"),
        AtRest(resource=DESKTOP + "ws-2", encrypted=True, key_manager="provider"),
        AtRest(resource=DESKTOP + "ws-3", encrypted=False, key_manager=None),
        AtRest(resource=DESKTOP + "ws-4", encrypted=False, key_manager=None),
    ]


def test_dms_instances() -> None:
    arn = f"arn:aws:dms:{HERE}rep:"
    assert observe(dms_instances, MOVERS) == [
        AtRest(resource=arn + "A", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "B", encrypted=True, key_manager="provider"),
    ]
