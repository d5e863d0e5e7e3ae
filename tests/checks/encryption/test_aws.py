from checks.encryption import AtRest
from checks.encryption.aws import ebs_volumes
from scanner.testing import observe, world

ARN = "arn:aws:ec2:us-east-1:111122223333:volume/"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"

VOLUMES = world(
    ebs_volumes,
    {
        "ec2:DescribeVolumes": {
            "Volumes": [
                {"VolumeId": "vol-1", "Encrypted": True, "KmsKeyId": KEY},
                {"VolumeId": "vol-2", "Encrypted": False},
            ]
        }
    },
)


def test_ebs_volumes() -> None:
    assert observe(ebs_volumes, VOLUMES) == [
        AtRest(resource=ARN + "vol-1", encrypted=True, key_manager="customer", tags={}),
        AtRest(resource=ARN + "vol-2", encrypted=False, key_manager=None, tags={}),
    ]
