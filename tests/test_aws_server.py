"""The AWS of worlds, asked by stock botocore: what it decodes is what was meant, and it goes on to an end."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from scanner.testing import Error
from tests import moto
from tests.aws.server import Worlds

ARN = "arn:aws:kafka:us-east-1:111122223333:cluster/lab/a-b c?d/e"
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("ec2:DescribeSnapshots", {"OwnerIds": ["self", "1"], "Filters": [{"Name": "a", "Values": ["b", "c"]}]}),
    ("ec2:DescribeVolumes", {"DryRun": False, "MaxResults": 5}),
    (
        "rds:DescribeDBInstances",
        {"Filters": [{"Name": "a", "Values": ["b", "c"]}, {"Name": "d", "Values": []}]},
    ),
    ("elb:DescribeLoadBalancers", {"LoadBalancerNames": ["a"]}),
    ("elbv2:DescribeLoadBalancers", {"LoadBalancerArns": ["a", "b"], "PageSize": 3}),
    ("iam:GetAccountAuthorizationDetails", {"Filter": ["User", "Role"]}),
    ("sns:GetTopicAttributes", {"TopicArn": "a/b c&d=e"}),
    ("kms:DescribeKey", {"KeyId": "alias/a", "GrantTokens": ["b"]}),
    ("sqs:GetQueueAttributes", {"QueueUrl": "https://q/1", "AttributeNames": ["All"]}),
    ("kafka:DescribeClusterV2", {"ClusterArn": ARN}),
    ("mq:DescribeBroker", {"BrokerId": "b-1"}),
    ("lambda:GetPolicy", {"FunctionName": "a:b", "Qualifier": "1"}),
    (
        "guardduty:GetFindingsStatistics",
        {"DetectorId": "1", "FindingCriteria": {"Criterion": {"a": {"Gte": 4}}}},
    ),
    ("backup:ListBackupVaults", {"ByShared": True, "MaxResults": 7}),
    ("s3:GetBucketPolicy", {"Bucket": "charts", "ExpectedBucketOwner": "1"}),
    ("s3:GetBucketLifecycleConfiguration", {"Bucket": "charts"}),
    ("s3control:GetPublicAccessBlock", {"AccountId": "111122223333"}),
    ("cloudfront:GetDistributionConfig", {"Id": "E1"}),
]


@pytest.fixture(scope="module")
def worlds() -> Iterator[Worlds]:
    worlds = Worlds()
    with pytest.MonkeyPatch.context() as patch, moto.running(lambda _: worlds) as server:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield worlds


def client(service: str) -> Any:
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return closing(botocore.session.get_session().create_client(service, config=config))


@pytest.mark.parametrize(("need", "given"), ASKED, ids=[need for need, _ in ASKED])
def test_what_is_decoded_is_what_was_meant(worlds: Worlds, need: str, given: dict[str, Any]) -> None:
    meant: list[dict[str, Any]] = []

    def hear(**parameters: Any) -> Error:
        meant.append(parameters)
        return Error("Nothing")

    service, _, operation = need.partition(":")
    worlds.world = {need: hear}
    with client(service) as asking, pytest.raises(ClientError) as refused:
        getattr(asking, xform_name(operation))(**given)

    assert meant == [given]
    assert refused.value.response["Error"]["Code"] == "Nothing"


@pytest.mark.parametrize(
    ("need", "lists", "items"),
    [
        ("ec2:DescribeVolumes", "Volumes", [{"VolumeId": name} for name in "abc"]),
        ("rds:DescribeDBInstances", "DBInstances", [{"DBInstanceIdentifier": name} for name in "abc"]),
        ("kms:ListKeys", "Keys", [{"KeyId": name} for name in "abc"]),
        ("dynamodb:ListTables", "TableNames", ["a", "b", "c"]),
        ("lambda:ListFunctions", "Functions", [{"FunctionName": name} for name in "abc"]),
        ("s3:ListBuckets", "Buckets", [{"Name": name} for name in "abc"]),
    ],
)
def test_a_listing_goes_on_to_its_end(worlds: Worlds, need: str, lists: str, items: list[Any]) -> None:
    worlds.world = {need: {lists: items}}
    service, _, operation = need.partition(":")
    with client(service) as asking:
        pages = list(asking.get_paginator(xform_name(operation)).paginate())

    assert [page[lists] for page in pages] == [items[:1], items[1:]]


def test_in_a_storm_a_question_is_answered_after_its_refusals(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds.world = {"kms:ListKeys": {"Keys": []}}
    monkeypatch.setattr(worlds, "storm", 1)
    with client("kms") as asking:
        with pytest.raises(ClientError, match="ThrottlingException"):
            asking.list_keys()
        assert asking.list_keys()["Keys"] == []
    worlds.throttled.clear()
