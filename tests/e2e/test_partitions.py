"""GovCloud and China: accounts whose regions, names and addresses are their partition's own."""

import json
from pathlib import Path

import boto3
import botocore.session
import pytest

from scanner.targets.boto import Boto
from tests.e2e.command import run
from tests.moto import ACCOUNT, CREDENTIALS, Moto

POLICY = """\
policy: house
title: House rules
source: us
controls:
  - control: c
    title: Encryption
    owner: CISO
    requirements:
      - {check: encryption.aws.ebs_volumes, expect: {encrypted: true}, severity: high}
      - {check: mfa.aws.root_user, expect: {mfa_active: true}, severity: critical}
      - {check: encryption.aws.s3_buckets, expect: {encrypted: true}, severity: high}
"""
PARTITIONS = {
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1"),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
}


@pytest.mark.parametrize("partition", PARTITIONS)
def test_an_account_of_another_partition_is_seen_in_its_own_regions_and_names(
    tmp_path: Path, moto_server: Moto, partition: str
) -> None:
    home, other = PARTITIONS[partition]
    moto_server.reset()
    keys = {
        "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    }
    ec2 = boto3.client("ec2", region_name=other, endpoint_url=moto_server.url, **keys)
    volume = ec2.create_volume(AvailabilityZone=f"{other}a", Size=1, Encrypted=False)["VolumeId"]
    s3 = boto3.client("s3", region_name=home, endpoint_url=moto_server.url, **keys)
    s3.create_bucket(Bucket="patients", CreateBucketConfiguration={"LocationConstraint": home})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket="patients", ServerSideEncryptionConfiguration={"Rules": [rule]})
    (tmp_path / "house.yaml").write_text(POLICY)
    (tmp_path / "wardround.yaml").write_text(
        f'targets:\n  - aws: {{name: hospital, account: "{ACCOUNT}", regions: [{home}, {other}]}}\n'
        "policies: [house.yaml]\n"
    )

    result = run(tmp_path, "scan", "-f", "json", **moto_server.environment | {"AWS_DEFAULT_REGION": other})

    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    assert {(found["resource"], found["outcome"]) for found in report["findings"]} == {
        (f"arn:{partition}:ec2:{other}:{ACCOUNT}:volume/{volume}", "fail"),
        (f"arn:{partition}:iam::{ACCOUNT}:root", "fail"),
        (f"arn:{partition}:s3:::patients", "pass"),
    }
    asked = {call.region for call in moto_server.calls if call.service != "s3"}
    assert {home, other} <= asked
    assert {name for name in asked if not name.startswith(home.split("-", maxsplit=1)[0])} == set()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-gov-west-1", "kms-fips.us-gov-west-1.amazonaws.com"),
        ("us-east-1", "kms-fips.us-east-1.amazonaws.com"),
    ],
)
def test_who_asks_for_fips_endpoints_gets_them(
    monkeypatch: pytest.MonkeyPatch, region: str, host: str
) -> None:
    for name, value in (
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        *CREDENTIALS.items(),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    caller = Boto(botocore.session.Session())

    assert caller._client("kms", region).meta.endpoint_url == f"https://{host}"  # noqa: SLF001 - where it would ask
    caller.close()
