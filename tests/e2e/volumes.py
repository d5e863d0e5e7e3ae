"""An account of four volumes, for what is about waivers and context."""

import boto3
from botocore.config import Config

from tests.moto import CREDENTIALS, Moto

REGION = "us-east-1"


def seeded(server: Moto) -> dict[str, str]:
    """The ids of the volumes that an emptied server has now, by what they are for."""
    server.reset()
    client = boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=server.url,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )

    def volume(*, encrypted: bool, **tags: str) -> str:
        tagged = [{"Key": name, "Value": value} for name, value in tags.items()]
        made = client.create_volume(
            AvailabilityZone=f"{REGION}a",
            Size=8,
            Encrypted=encrypted,
            # The key that Moto makes for EBS says that it is a customer's.
            **({"KmsKeyId": "alias/aws/ebs"} if encrypted else {}),
            TagSpecifications=[{"ResourceType": "volume", "Tags": tagged}] if tagged else [],
        )
        return str(made["VolumeId"])

    return {
        "archive": volume(encrypted=False, environment="archive"),
        "lab": volume(encrypted=False, environment="lab", owner="research"),
        "imaging": volume(encrypted=True, environment="prod"),
        "spare": volume(encrypted=True),
    }
