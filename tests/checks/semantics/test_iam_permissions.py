from typing import Any

import pytest

from checks.semantics.iam import statements
from checks.semantics.iam_permissions import (
    BY_KEY,
    BY_PASSWORD,
    decrypts,
    everything,
    gives_access,
    only_sets_up,
    subscribes,
    whole_services,
)


def said(*entries: dict[str, Any]) -> Any:
    return statements({"Version": "2012-10-17", "Statement": list(entries)})


def allow(actions: Any, on: Any = "*", **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": on, "Condition": condition}


def deny(actions: Any, on: Any = "*", **condition: Any) -> dict[str, Any]:
    return allow(actions, on, **condition) | {"Effect": "Deny"}


def allow_but(actions: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "NotAction": actions, "Resource": "*"}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([allow("*")], True),
        ([allow("*:*")], True),
        ([allow(["s3:Get*", "*"], "arn:aws:*:*:*:*")], True),
        ([allow("*", Bool={"aws:MultiFactorAuthPresent": "true"})], True),
        ([allow("*"), deny("*", StringNotEquals={"aws:RequestedRegion": "us-east-1"})], True),
        ([allow("*"), deny("*")], False),
        ([allow("*", "arn:aws:s3:::records/*")], False),
        ([allow("s3:*")], False),
        ([allow_but("iam:*")], False),
        ([deny("*")], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:*:*:*:*"}], False),
    ],
)
def test_everything(entries: list[dict[str, Any]], expected: bool) -> None:
    assert everything(said(*entries)) is expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([allow("iam:*")], True),
        ([allow("iam:Put*", "arn:aws:iam::111122223333:role/*")], True),
        ([allow_but("s3:*")], True),
        # One's own keys, one role by its name, what no policy is given by, and with a boundary only.
        ([allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}")], False),
        ([allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/ci")], False),
        ([allow(["iam:Get*", "iam:PassRole"])], False),
        ([allow("iam:*", StringEquals={"iam:PermissionsBoundary": "arn:aws:iam::1:policy/b"})], False),
        ([allow_but("iam:*")], False),
        ([allow("*"), deny("iam:*")], False),
        ([allow("*"), deny(["iam:Put*", "iam:Attach*"])], True),
        ([allow(["iam:PutUserPolicy", "s3:*"]), deny("iam:*")], False),
    ],
)
def test_gives_access(entries: list[dict[str, Any]], expected: bool) -> None:
    assert gives_access(said(*entries)) is expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([allow("kms:Decrypt")], True),
        ([allow("kms:ReEncrypt*", "arn:aws:kms:*:111122223333:key/*")], True),
        ([allow("kms:*", "arn:aws:kms:us-east-1:111122223333:key/*")], True),
        ([allow("kms:*", StringEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"})], True),
        ([allow("kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/1234abcd")], False),
        ([allow("kms:Decrypt", StringEquals={"kms:ResourceAliases": "alias/records"})], False),
        ([allow("kms:Decrypt", StringEquals={"aws:ResourceTag/team": "billing"})], False),
        ([allow(["kms:Encrypt", "kms:Describe*"])], False),
    ],
)
def test_decrypts(entries: list[dict[str, Any]], expected: bool) -> None:
    assert decrypts(said(*entries)) is expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([allow("aws-marketplace:*")], True),
        ([allow("aws-marketplace:Subscribe")], True),
        ([allow("aws-marketplace:Subscribe", StringEquals={"aws-marketplace:ProductId": "p"})], False),
        ([allow("aws-marketplace:View*")], False),
    ],
)
def test_subscribes(entries: list[dict[str, Any]], expected: bool) -> None:
    assert subscribes(said(*entries)) is expected


def test_whole_services() -> None:
    assert whole_services(said(allow(["S3:*", "ec2:Get*"]), allow("kms:*", "arn:x"), deny("kms:*"))) == (
        "s3",
    )
    assert whole_services(said(allow("*"))) == ("*",)
    assert whole_services(said(allow_but("iam:*"))) == ("*",)
    assert whole_services(said(allow(["s3:*Object", "ec2:**"]))) == ("ec2",)


PASSWORD_ONLY = {"aws:MultiFactorAuthPresent": "false"}


@pytest.mark.parametrize(
    ("entries", "at_console", "for_keys"),
    [
        ([], True, True),
        ([allow("s3:*")], False, False),
        ([allow(["iam:List*", "iam:EnableMFADevice"])], True, True),
        ([allow("s3:*"), deny("*", BoolIfExists=PASSWORD_ONLY)], True, True),
        ([allow("s3:*"), deny("*", Bool=PASSWORD_ONLY)], True, False),
        ([allow("s3:*"), deny("*", Null={"aws:MultiFactorAuthAge": "true"})], True, True),
        ([allow("s3:*", Bool={"aws:MultiFactorAuthPresent": "true"})], True, True),
        ([allow("s3:*", BoolIfExists={"aws:MultiFactorAuthPresent": "true"})], True, False),
        ([allow("s3:*", NumericLessThan={"aws:MultiFactorAuthAge": "3600"})], True, True),
        ([allow("s3:*"), deny("s3:Put*", BoolIfExists=PASSWORD_ONLY)], False, False),
        (
            [allow("s3:*"), deny("*", BoolIfExists=PASSWORD_ONLY, Bool={"aws:ViaAWSService": "false"})],
            True,
            True,
        ),
        (
            [allow("s3:*"), deny("*", BoolIfExists=PASSWORD_ONLY, IpAddress={"aws:SourceIp": "10.0.0.0/8"})],
            False,
            False,
        ),
        ([allow("iam:DeactivateMFADevice")], False, False),
    ],
)
def test_what_is_left_without_a_second_factor(
    entries: list[dict[str, Any]], at_console: bool, for_keys: bool
) -> None:
    assert (only_sets_up(said(*entries), BY_PASSWORD), only_sets_up(said(*entries), BY_KEY)) == (
        at_console,
        for_keys,
    )
