"""What is asked by the shortest way, and what is understood of the answers, is what stock botocore's are."""

import copy
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import botocore.auth
import botocore.client
import botocore.endpoint
import botocore.exceptions
import botocore.parsers
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from scanner.plugins import checks
from scanner.targets import operations, quick
from scanner.targets.aws import Aws
from scanner.targets.quick import direct
from scanner.targets.quick.plans import planned

NEEDS = sorted({need for check in checks().values() if issubclass(check.on, Aws) for need in check.needs})
REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1")
MOMENT = datetime(2026, 11, 1, 3, 4, 5)  # noqa: DTZ001 - botocore's are so
INVOCATION = "00000000-0000-4000-8000-000000000000"
TEXT = "ä b/ü:+~*"

FAILED = (
    botocore.exceptions.ClientError,
    botocore.exceptions.BotoCoreError,
    botocore.parsers.ResponseParserError,
)

Answered = tuple[int, dict[str, str], bytes]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment that stays, temporary credentials, and nothing that the machine has configured."""
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token/with+=signs")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: MOMENT)
    monkeypatch.setattr(direct, "moment", lambda: "20261101T030405Z")
    monkeypatch.setattr(direct, "UUID", lambda **_: INVOCATION)
    monkeypatch.setattr(botocore.endpoint.uuid, "uuid4", lambda: INVOCATION)
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _: None)


class Both:
    """A client, its stock calls and its direct ones, and what went over the wire of either."""

    def __init__(self, service: str, region: str, answers: Callable[[], Iterator[Answered]]) -> None:
        import botocore.session

        session = botocore.session.Session()
        session.register_component("data_loader", operations.models())
        self.client = quick.create_client(
            session,
            service,
            region,
            Config(
                retries={"mode": "standard", "total_max_attempts": 3},
                s3={"addressing_style": "path"},
                user_agent_extra="wardround",
            ),
        )
        self.answers = answers
        self.stock = self.client._make_api_call  # noqa: SLF001 - there is no other way to it
        self.client.meta.events.register("before-send", self._send)
        quick.shorten(self.client)
        self.direct = self.client._make_api_call  # noqa: SLF001 - there is no other way to it

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        headers = {_text(name).lower(): _text(value) for name, value in request.headers.items()}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        self._wire.append((request.method, request.url, headers, body))
        status, told, said = next(self._left)
        raw = io.BytesIO(said)
        raw.stream = lambda: iter([said])  # type: ignore[attr-defined]
        return AWSResponse(request.url, status, told, raw)

    def by(self, call: Any, operation: str, parameters: Any) -> tuple[list[Any], Any]:
        """What one way of calling sent, and what it made of the answer."""
        self._wire: list[Any] = []
        self._left = self.answers()
        try:
            answer = call(operation, copy.deepcopy(parameters))
        except FAILED as error:
            return self._wire, (type(error).__name__, str(error), getattr(error, "response", None))
        return self._wire, answer

    def same(self, operation: str, parameters: Any) -> tuple[list[Any], Any]:
        """What both ways sent and made of it, which is one thing, the first time and again."""
        stock = self.by(self.stock, operation, parameters)
        for _ in range(2):
            assert self.by(self.direct, operation, parameters) == stock
        return stock


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


def always(status: int, body: bytes, **headers: str) -> Callable[[], Iterator[Answered]]:
    def answers() -> Iterator[Answered]:
        while True:
            yield status, {name.replace("_", "-"): value for name, value in headers.items()}, body

    return answers


def some(shape: Any, depth: int = 0) -> Any:
    """A value of a shape, with letters that have to be encoded; at the top everything that there is."""
    kind = shape.type_name
    if kind == "structure":
        names = shape.required_members if depth else shape.members
        return {name: some(shape.members[name], depth + 1) for name in names}
    if kind == "list":
        return [some(shape.member, depth + 1)]
    if kind == "map":
        return {TEXT: some(shape.value, depth + 1)}
    if kind == "string":
        enum = getattr(shape, "enum", None)
        return enum[0] if enum else TEXT + "x" * shape.metadata.get("min", 0)
    if kind in {"integer", "long"}:
        return max(7, shape.metadata.get("min", 0))
    return {"boolean": True, "double": 1.5, "float": 1.5, "timestamp": MOMENT, "blob": b"x"}[kind]


def parameters(model: Any) -> Iterator[dict[str, Any]]:
    """What is required, and all that there is."""
    shape = model.input_shape
    members = dict(shape.members) if shape else {}
    for names in ([*(shape.required_members if shape else ())], [*members]):
        given = {name: some(members[name], 1) for name in names}
        given |= {"Bucket": "clinic-1"} if "Bucket" in given else {}
        given |= {"AccountId": "111122223333"} if "AccountId" in given else {}
        yield given | ({"StreamName": "clinic"} if given.pop("StreamARN", None) else {})


@pytest.mark.parametrize("region", REGIONS)
def test_what_is_asked_is_what_stock_asks(region: str) -> None:
    both: dict[str, Both] = {}
    for need in NEEDS:
        service, _, operation = need.partition(":")
        if service not in both:
            both[service] = Both(service, region, always(403, b"{}", x_amzn_requestid="1"))
        one = both[service]
        for given in parameters(one.client.meta.service_model.operation_model(operation)):
            wire, _ = one.same(operation, given)
            assert len(wire) == 1, need


@pytest.mark.parametrize("region", REGIONS)
def test_hardly_anything_is_left_to_stock(region: str) -> None:
    left = []
    for service in sorted({need.partition(":")[0] for need in NEEDS}):
        client = Both(service, region, always(403, b"{}")).client
        calls = client._make_api_call  # noqa: SLF001 - there is no other way to it
        assert isinstance(calls, direct.Direct)
        names = [need.partition(":")[2] for need in NEEDS if need.startswith(f"{service}:")]
        left += [f"{service}:{name}" for name in names if planned(calls._inside, name) is None]  # noqa: SLF001 - there is no other way to it

    # Until it was asked once, its model says that the account's number is put before the host.
    assert {*left} <= {"s3control:GetPublicAccessBlock"}


POLICY = "%7B%22Statement%22%3A%5B%5D%7D"
ANSWERS = [
    ("iam", "GetRole", {"RoleName": "r"}, 200,
     (f"<GetRoleResponse><GetRoleResult><Role><AssumeRolePolicyDocument>{POLICY}</AssumeRolePolicyDocument>"
     "</Role></GetRoleResult></GetRoleResponse>")),
    ("iam", "GetRole", {"RoleName": "r"}, 404,
     "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>"),
    ("sqs", "GetQueueAttributes", {"QueueUrl": "https://q"}, 400,
     json.dumps({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"})),
    ("dynamodb", "DescribeTable", {"TableName": "t"}, 400,
     json.dumps({"__type": "x#ResourceNotFoundException", "message": "no"})),
    ("dynamodb", "DescribeTable", {"TableName": "t"}, 200, json.dumps({"Table": {"CreationDateTime": 1.5}})),
    ("s3", "GetBucketPolicy", {"Bucket": "clinic-1"}, 404,
     "<Error><Code>NoSuchBucketPolicy</Code><BucketName>clinic-1</BucketName></Error>"),
    ("s3", "GetBucketAcl", {"Bucket": "clinic-1"}, 200, "<Error><Code>InternalError</Code></Error>"),
    ("s3", "GetBucketAcl", {"Bucket": "clinic.with.dots"}, 200,
     "<AccessControlPolicy><Owner><ID>1</ID></Owner></AccessControlPolicy>"),
    ("s3", "GetBucketAcl", {"Bucket": "Not a bucket"}, 200, ""),
    ("s3", "GetBucketAcl", {"Bukcet": "clinic-1"}, 200, ""),
    ("ec2", "DescribeVolumes", {"Filters": [{"Name": "a", "Values": ["b"]}]}, 503, "<html>busy</html>"),
    ("ec2", "DescribeVolumes", {"Filters": [{"Name": "a", "Values": ["b"]}]}, 200,
     "<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>"),
    ("ec2", "DescribeVolumes", {}, 400,
     "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"),
    ("apigateway", "GetRestApis", {}, 200, json.dumps({"items": [{"id": "1", "createdDate": 1}]})),
    ("s3", "GetObject", {"Bucket": "clinic-1", "Key": "k"}, 403, "<Error><Code>AccessDenied</Code></Error>"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "given", "status", "body"), ANSWERS)
def test_what_is_understood_is_what_stock_understands(
    service: str, operation: str, given: Any, status: int, body: str
) -> None:
    both = Both(service, "us-east-1", always(status, body.encode(), x_amz_request_id="7", server="x"))

    both.same(operation, given)


def test_a_call_that_failed_is_made_again_as_stock_makes_it() -> None:
    def answers() -> Iterator[Answered]:
        yield 503, {}, b""
        yield 200, {}, b"<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>"

    wire, answer = Both("ec2", "us-east-1", answers).same("DescribeVolumes", {})

    assert [headers["amz-sdk-request"] for _, _, headers, _ in wire] == [
        "attempt=1; max=3",
        "attempt=2; max=3",
    ]
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_bucket_that_is_elsewhere_is_asked_after_there() -> None:
    def answers() -> Iterator[Answered]:
        yield 301, {"x-amz-bucket-region": "eu-central-1"}, b"<Error><Code>PermanentRedirect</Code></Error>"
        while True:
            yield 200, {}, b"<AccessControlPolicy><Owner><ID>1</ID></Owner></AccessControlPolicy>"

    stock, ours = (Both("s3", "eu-west-1", answers) for _ in range(2))
    given = {"Bucket": "clinic-1"}
    first = stock.by(stock.stock, "GetBucketAcl", given)
    assert ours.by(ours.direct, "GetBucketAcl", given) == first
    ours.answers = stock.answers = always(200, b"<AccessControlPolicy/>")
    again = stock.by(stock.stock, "GetBucketAcl", given)

    assert ours.by(ours.direct, "GetBucketAcl", given) == again
    assert [url for _, url, _, _ in (*first[0], *again[0])] == [
        "https://s3.eu-west-1.amazonaws.com/clinic-1?acl",
        "https://s3.eu-central-1.amazonaws.com/clinic-1?acl",
        "https://s3.eu-central-1.amazonaws.com/clinic-1?acl",
    ]


@pytest.mark.parametrize(
    "event", ["provide-client-params", "before-call", "request-created", "before-sign", "response-received"]
)
def test_whoever_else_wants_to_hear_of_a_call_is_told_by_stock(event: str) -> None:
    both = Both("ec2", "us-east-1", always(200, b"<DescribeVolumesResponse/>"))
    heard: list[str] = []
    both.client.meta.events.register(f"{event}.ec2", lambda **told: heard.append(told["event_name"]))

    both.by(both.direct, "DescribeVolumes", {})

    assert heard == [f"{event}.ec2.DescribeVolumes"]


def test_clients_of_botocores_that_were_not_tested_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "TESTED", ((1, 0), (1, 1)))
    both = Both("ec2", "us-east-1", always(200, b"<DescribeVolumesResponse/>"))

    assert not isinstance(both.direct, direct.Direct)


def test_nobody_asks_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    both = Both("ec2", "us-east-1", always(200, b""))

    assert both.same("DescribeVolumes", {})[1][0] == "NoCredentialsError"
