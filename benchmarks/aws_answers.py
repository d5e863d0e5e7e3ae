"""What the synthetic account answers, as the services write it."""

import struct
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_things import ACCOUNT, AT, HOME, Answer, credential_report, master
from aws_world import BUSY, REGIONS, World, page_size
from botocore.model import OperationModel, Shape
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from scanner.targets import operations

_DEPTH = 3
_PAGING = ("token", "marker")
_POLICIES = ("policy", "policydocument")
_POLICY = '{"Version": "2012-10-17", "Statement": []}'
_SCALARS: Mapping[str, Any] = {
    "boolean": False,
    "integer": 1,
    "long": 1,
    "float": 1.0,
    "double": 1.0,
    "timestamp": AT,
    "blob": b"clinic",
}
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Answers:
    """Every answer of one account, made once."""

    def __init__(self, world: World) -> None:
        """Make none yet."""
        self._world = world
        self.body = cache(self._body)

    def _body(self, need: str, region: str, token: str) -> tuple[int, dict[str, str], bytes]:
        """The status, headers and body by which a service answers in a region, from this token on."""
        model = operations.model(need)
        said = self._said(need, model, region, token)
        if model.service_model.resolved_protocol == "smithy-rpc-v2-cbor":
            return 200, {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}, cbor(said)
        protocol = model.service_model.resolved_protocol
        service, _, operation = need.partition(":")
        shapes = get_service_model(service).operation_model(operation)
        serialized = get_serializer_class(service, protocol)(shapes).serialize(said)
        body = serialized["body"]
        headers = {name.lower(): value for name, value in serialized["headers"].items()}
        return serialized["status_code"], headers, body.encode() if isinstance(body, str) else body

    def _said(self, need: str, model: OperationModel, region: str, token: str) -> Answer:
        singly = _singly(need, region, self._world)
        if singly is not None:
            return singly
        listed = self._world.lists.get((need, region))
        shape = model.output_shape
        made: Answer = _plain(shape, 0) if shape else {}
        described = operations.paginator(need)
        if described and isinstance(described["output_token"], str):
            made.pop(described["output_token"], None)
        if listed is None:
            return made
        at, size = int(token or 0), page_size(need) if described else len(listed)
        name = operations.listing(need) if need != "cloudtrail:DescribeTrails" else "trailList"
        member = shape.members[name].member
        made[name] = [_filled(item, member) for item in listed[at : at + size]]
        if described and at + size < len(listed):
            made[described["output_token"].split("||")[0].strip()] = str(at + size)
            if "more_results" in described:
                made[described["more_results"]] = True
        return made


def _singly(need: str, region: str, world: World) -> Answer | None:
    """An answer of its own: to what is asked about one thing, or about the account."""
    of = master(region, need)
    answers: dict[str, Answer] = {
        "sts:GetCallerIdentity": {
            "Account": ACCOUNT,
            "Arn": f"arn:aws:iam::{ACCOUNT}:user/auditor",
            "UserId": "AIDA",
        },
        "ec2:DescribeRegions": {
            "Regions": [{"RegionName": name, "OptInStatus": "opt-in-not-required"} for name in REGIONS]
        },
        "iam:GenerateCredentialReport": {"State": "COMPLETE"},
        "iam:GetAccountSummary": {
            "SummaryMap": {"AccountMFAEnabled": 1, "AccountPasswordPresent": 1, "AccountAccessKeysPresent": 0}
        },
        "kms:DescribeKey": {"KeyMetadata": {"KeyId": "1", "Arn": of, "KeyManager": "CUSTOMER"}},
        "dynamodb:DescribeTable": {"Table": {"SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": of}}},
        "ec2:GetEbsEncryptionByDefault": {"EbsEncryptionByDefault": region in BUSY},
        "ec2:GetEbsDefaultKmsKeyId": {"KmsKeyId": of},
        "eks:DescribeCluster": {"cluster": {"name": "c", "version": "1.34"}},
        "opensearch:DescribeDomain": {
            "DomainStatus": {
                "DomainId": "d",
                "DomainName": "d",
                "ARN": "d",
                "EngineVersion": "OpenSearch_2.19",
                "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": of},
                "ClusterConfig": {},
            }
        },
        "s3:GetBucketEncryption": {
            "ServerSideEncryptionConfiguration": {
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {
                            "SSEAlgorithm": "aws:kms",
                            "KMSMasterKeyID": of,
                        }
                    }
                ]
            }
        },
        "inspector2:BatchGetAccountStatus": {
            "accounts": [
                {
                    "accountId": ACCOUNT,
                    "state": {"status": "DISABLED", "errorCode": "ALREADY_ENABLED", "errorMessage": ""},
                    "resourceState": {
                        key: {"status": "DISABLED", "errorCode": "ALREADY_ENABLED", "errorMessage": ""}
                        for key in ("ec2", "ecr")
                    },
                }
            ],
            "failedAccounts": [],
        },
        "s3:GetBucketOwnershipControls": {
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        },
        "s3:GetBucketReplication": {
            "ReplicationConfiguration": {
                "Role": "r",
                "Rules": [{"Status": "Disabled", "Destination": {"Bucket": "b"}}],
            }
        },
        "s3:GetPublicAccessBlock": {"PublicAccessBlockConfiguration": dict.fromkeys(_BLOCKS, True)},
        "s3control:GetPublicAccessBlock": {"PublicAccessBlockConfiguration": dict.fromkeys(_BLOCKS, True)},
        "ssm:DescribeInstancePatchStates": {"InstancePatchStates": []},
    }
    if need == "iam:GetCredentialReport":
        return {"Content": credential_report(world.users), "ReportFormat": "text/csv", "GeneratedTime": AT}
    if need == "s3:ListBuckets":
        return {"Buckets": world.lists[need, HOME], "Owner": {"ID": "1"}}
    return answers.get(need)


def _plain(shape: Shape, depth: int) -> Any:
    """The plainest thing of a shape: lists and maps are empty, and nothing goes on."""
    if shape.type_name == "structure":
        return {
            name: _POLICY if name.lower().endswith(_POLICIES) and _text(member) else _plain(member, depth + 1)
            for name, member in shape.members.items()
            if depth < _DEPTH and not name.lower().endswith(_PAGING)
        }
    if shape.type_name in {"list", "map"}:
        return [] if shape.type_name == "list" else {}
    if shape.type_name == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else "clinic"
    return _SCALARS[shape.type_name]


def _text(shape: Shape) -> bool:
    return shape.type_name == "string" and not getattr(shape, "enum", None)


def _filled(item: Any, shape: Shape) -> Any:
    """A listed thing with what its service tells of each and the world does not, names apart."""
    if not isinstance(item, dict):
        return item
    more = {name: member for name, member in shape.members.items() if name not in item and not _text(member)}
    return {**{name: _plain(member, 1) for name, member in more.items()}, **item}


def cbor(said: Any) -> bytes:  # noqa: PLR0911 - a line for each type
    """Some CBOR (RFC 8949), as far as answers need it."""
    match said:
        case bool():
            return b"\xf5" if said else b"\xf4"
        case int():
            return _head(0, said) if said >= 0 else _head(1, -1 - said)
        case float():
            return b"\xfb" + struct.pack(">d", said)
        case bytes():
            return _head(2, len(said)) + said
        case str():
            return _head(3, len(said.encode())) + said.encode()
        case list():
            return _head(4, len(said)) + b"".join(map(cbor, said))
        case dict():
            return _head(5, len(said)) + b"".join(cbor(each) for pair in said.items() for each in pair)
        case _:  # a moment
            return b"\xc1" + cbor(said.timestamp())


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for more, (size, most) in enumerate(((">B", 8), (">H", 16), (">I", 32), (">Q", 64))):
        if number < 1 << most:
            return bytes([major << 5 | 24 + more]) + struct.pack(size, number)
    raise ValueError(number)
