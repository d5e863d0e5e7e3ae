"""Tags in bulk, from outside: requirements that depend on tags which no listing brings."""

import json
from pathlib import Path

import boto3
import pytest

from tests.e2e.command import run
from tests.moto import ACCOUNT, CREDENTIALS, Moto

POLICY = """\
policy: house
title: House rules
source: us
controls:
  - control: c
    title: Logging
    owner: CISO
    requirements:
      - check: logging.aws.s3_buckets
        when: {phi: true}
        expect: {logged: true}
        severity: high
"""
DENIED = ("400 Bad Request", '{"__type": "AccessDeniedException", "message": "no tag:GetResources"}')


@pytest.fixture
def hospital(tmp_path: Path, moto_server: Moto) -> Path:
    """An account with a bucket of patients', one of somebody's, and one that nobody tagged."""
    moto_server.reset()
    s3 = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=moto_server.url,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    for name, tags in (("patients", {"phi": "true"}), ("website", {"owner": "press"}), ("nobodys", {})):
        s3.create_bucket(Bucket=name)
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": listed})
    (tmp_path / "house.yaml").write_text(POLICY)
    (tmp_path / "wardround.yaml").write_text(
        f'targets:\n  - aws: {{name: hospital, account: "{ACCOUNT}"}}\npolicies: [house.yaml]\n'
    )
    return tmp_path


def _scanned(hospital: Path, server: Moto) -> dict[str, tuple[str, list[str]]]:
    result = run(hospital, "scan", "-f", "json", **server.environment)
    return {
        found["resource"].removeprefix("arn:aws:s3:::"): (found["outcome"], found["reasons"])
        for found in json.loads(result.stdout)["findings"]
    }


def test_what_is_not_among_the_tagged_has_no_tags(hospital: Path, moto_server: Moto) -> None:
    assert _scanned(hospital, moto_server) == {
        "patients": ("fail", ["logged is false; expected true"]),
        "website": ("not-applicable", ["phi is false; expected true"]),
        "nobodys": ("not-applicable", ["phi is false; expected true"]),
    }
    # A bucket whose region moto does not tell may be in any: every region was asked, and none twice.
    asked = [call.region for call in moto_server.calls if call.what == "GetResources"]
    assert "us-east-1" in asked
    assert len(asked) == len(set(asked)) > 10


def test_where_tags_were_refused_only_what_depends_on_them_is_an_error(
    hospital: Path, moto_server: Moto
) -> None:
    moto_server.instead["tagging:GetResources"] = DENIED
    unknown = ("error", ["its tags were not read, and this depends on its phi"])

    assert _scanned(hospital, moto_server) == dict.fromkeys(("patients", "website", "nobodys"), unknown)

    (hospital / "house.yaml").write_text(POLICY.replace("        when: {phi: true}\n", ""))
    failing = ("fail", ["logged is false; expected true"])
    assert _scanned(hospital, moto_server) == dict.fromkeys(("patients", "website", "nobodys"), failing)
