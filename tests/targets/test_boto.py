"""What botocore's errors mean, and how an answer is read to its end."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import botocore.exceptions as errors
import botocore.session
import pytest
from botocore.parsers import ResponseParserError

from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets import answers
from scanner.targets.boto import (
    ACCOUNT_IN_FLIGHT,
    ATTEMPTS,
    EARNED,
    FIRST_IN_FLIGHT,
    IN_FLIGHT,
    Boto,
    translated,
)
from scanner.targets.memo import Page
from tests.tls import serving

NEED = "s3:GetBucketEncryption"
RETRY = "try again; if it stays, see the detail"
LOGIN = "give credentials: a profile, AWS_PROFILE, or a role"
RENEW = "give credentials that are valid in us-east-1, and renew them if they expired"
REACH = "see whether s3 in us-east-1 can be reached from here"
QUIET = "run when the account's other automation is quiet"
ALLOW = "allow s3:GetEncryptionConfiguration"


def answered(
    code: str, message: str = "no", status: int = 400, operation: str = "GetBucketEncryption"
) -> Any:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return errors.ClientError(response, operation)


@pytest.mark.parametrize(
    ("error", "reason", "mend"),
    [
        (answered("AccessDenied"), Reason.DENIED, ALLOW),
        (answered("AccessDeniedException"), Reason.DENIED, ALLOW),
        (answered("UnauthorizedOperation"), Reason.DENIED, ALLOW),
        (answered("403", status=403), Reason.DENIED, ALLOW),
        (answered("AccessDenied", operation="AssumeRole"), Reason.DENIED, "allow sts:AssumeRole"),
        (answered("ExpiredToken"), Reason.CREDENTIALS, RENEW),
        (answered("InvalidClientTokenId"), Reason.CREDENTIALS, RENEW),
        (answered("UnrecognizedClientException"), Reason.CREDENTIALS, RENEW),
        (answered("SignatureDoesNotMatch"), Reason.CREDENTIALS, RENEW),
        (answered("Throttling"), Reason.THROTTLED, QUIET),
        (answered("RequestLimitExceeded"), Reason.THROTTLED, QUIET),
        (answered("SomethingNew", status=429), Reason.THROTTLED, QUIET),
        (answered("InternalError", status=500), Reason.FAILED, RETRY),
        (answered("NoSuchBucket", status=404), Reason.FAILED, RETRY),
        (errors.NoCredentialsError(), Reason.CREDENTIALS, LOGIN),
        (errors.PartialCredentialsError(provider="env", cred_var="x"), Reason.CREDENTIALS, LOGIN),
        (errors.CredentialRetrievalError(provider="x", error_msg="y"), Reason.CREDENTIALS, LOGIN),
        (errors.ProfileNotFound(profile="x"), Reason.CREDENTIALS, LOGIN),
        (errors.SSOTokenLoadError(error_msg="x"), Reason.CREDENTIALS, LOGIN),
        (errors.ConnectTimeoutError(endpoint_url="http://x"), Reason.TIMEOUT, REACH),
        (errors.ReadTimeoutError(endpoint_url="http://x"), Reason.TIMEOUT, REACH),
        (errors.EndpointConnectionError(endpoint_url="http://x"), Reason.UNREACHABLE, REACH),
        (errors.SSLError(endpoint_url="http://x", error="y"), Reason.UNREACHABLE, REACH),
        (errors.ProxyConnectionError(proxy_url="http://x"), Reason.UNREACHABLE, REACH),
        (errors.ConnectionClosedError(endpoint_url="http://x"), Reason.UNREACHABLE, REACH),
        (ResponseParserError("Unable to parse response"), Reason.INVALID_ANSWER, RETRY),
        (errors.ParamValidationError(report="Missing"), Reason.FAILED, RETRY),
        (errors.NoRegionError(), Reason.FAILED, RETRY),
    ],
)
def test_errors_mean(error: Exception, reason: Reason, mend: str) -> None:
    told = translated(NEED, "us-east-1", error)

    assert (told.reason, told.mend) == (reason, mend)


def test_what_aws_said_is_kept_on_one_line_and_not_for_ever() -> None:
    told = translated(NEED, "us-east-1", answered("AccessDenied", "not\n  you" + "!" * 400))

    assert (told.need, told.code) == (NEED, "AccessDenied")
    assert told.detail == "AccessDenied: not you" + "!" * (300 - len("AccessDenied: not you"))


class Client:
    """A client that answers one operation, as botocore's does, with these pages."""

    def __init__(self, pages: list[Page], paginator: Any = None) -> None:
        self.meta = SimpleNamespace(
            events=SimpleNamespace(register_first=lambda *_: None),
            service_model=SimpleNamespace(service_id=SimpleNamespace(hyphenize=lambda: "clinic")),
            endpoint_url="http://localhost",
        )
        self.asked: list[dict[str, Any]] = []
        self._pages = iter(pages)
        self._paginator = paginator

    def can_paginate(self, name: str) -> bool:
        del name
        return self._paginator is not None

    def get_paginator(self, name: str) -> Any:
        del name
        return SimpleNamespace(paginate=self._paginator)

    def __getattr__(self, name: str) -> Any:
        def operation(**parameters: Any) -> Page:
            self.asked.append({"operation": name} | parameters)
            return next(self._pages)

        return operation

    def close(self) -> None: ...


def made(create: Callable[..., Any]) -> Any:
    """A session that makes clients so, and lists no regions."""
    return SimpleNamespace(
        create_client=create,
        get_component=lambda _: None,
        get_partition_for_region=lambda _: "aws",
        get_available_regions=lambda *_: [],
    )


def read(need: str, client: Client, **parameters: Any) -> list[Page]:
    session = made(lambda *_, **__: client)
    with closing(Boto(session)) as boto:
        return list(boto.pages(need, "us-east-1", parameters))


@pytest.mark.parametrize(
    ("need", "operation", "asked", "answered_"),
    [
        ("ec2:DescribeLockedSnapshots", "describe_locked_snapshots", "NextToken", "NextToken"),
        ("lightsail:GetBuckets", "get_buckets", "pageToken", "nextPageToken"),
        (
            "s3:ListBucketInventoryConfigurations",
            "list_bucket_inventory_configurations",
            "ContinuationToken",
            "NextContinuationToken",
        ),
        ("cognito-idp:ListUserImportJobs", "list_user_import_jobs", "PaginationToken", "PaginationToken"),
    ],
)
def test_a_listing_without_a_paginator_is_read_to_its_end(
    need: str, operation: str, asked: str, answered_: str
) -> None:
    client = Client([{"Things": [1], answered_: "t1"}, {"Things": [2], answered_: "t2"}, {"Things": [3]}])

    pages = read(need, client, Name="x")

    assert [page["Things"] for page in pages] == [[1], [2], [3]]
    assert client.asked == [
        {"operation": operation, "Name": "x"},
        {"operation": operation, "Name": "x", asked: "t1"},
        {"operation": operation, "Name": "x", asked: "t2"},
    ]


def test_one_answer_is_asked_for_once_and_bears_no_metadata() -> None:
    client = Client([{"AccountAliases": [], "ResponseMetadata": {"RequestId": "1"}}])

    assert read("iam:GetAccountSummary", client) == [{"AccountAliases": []}]
    assert len(client.asked) == 1


def test_an_answer_that_goes_on_and_does_not_say_how_is_refused() -> None:
    client = Client([{"DeliveryStreamNames": ["a"], "HasMoreDeliveryStreams": True}])

    with pytest.raises(ReadError) as caught:
        read("firehose:ListDeliveryStreams", client)

    assert caught.value.detail == "the answer goes on, and how to ask for the rest is not known"


class Slow(Client):
    """Answers nobody until so many have asked at the same time, once it is told how many these are."""

    def __init__(self) -> None:
        super().__init__([])
        self.now = self.most = self.wanted = 0
        self._lock, self._enough = threading.Lock(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        def operation(**_: Any) -> Page:
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
                if self.now == self.wanted:
                    self._enough.set()
            if self.wanted:
                # Whoever comes too many comes now.
                self._enough.wait(5)
                time.sleep(0.05)
            with self._lock:
                self.now -= 1
            return {}

        return operation


def at_once(client: Slow, boto: Boto, wanted: int, regions: Sequence[str]) -> int:
    """How many calls are in flight at the same time when all of these are asked."""
    client.wanted = wanted
    with ThreadPoolExecutor(len(regions)) as pool:
        for each in [
            pool.submit(lambda region: list(boto.pages("iam:GetAccountSummary", region, {})), region)
            for region in regions
        ]:
            each.result(10)
    return client.most


def test_calls_at_a_time_are_few_at_first() -> None:
    client = Slow()
    with closing(Boto(made(lambda *_, **__: client))) as boto:
        assert at_once(client, boto, FIRST_IN_FLIGHT, ["us-east-1"] * FIRST_IN_FLIGHT * 2) == FIRST_IN_FLIGHT


def test_calls_at_a_time_are_bounded_however_many_were_answered() -> None:
    client = Slow()
    with closing(Boto(made(lambda *_, **__: client))) as boto:
        for _ in range(IN_FLIGHT * EARNED * 2):
            list(boto.pages("iam:GetAccountSummary", "us-east-1", {}))

        assert at_once(client, boto, IN_FLIGHT, ["us-east-1"] * (IN_FLIGHT + 8)) == IN_FLIGHT


def test_clients_are_made_once_for_each_service_and_region_and_closed() -> None:
    asked: list[tuple[str, str]] = []
    closed: list[int] = []

    def create(service: str, *, region_name: str, config: Any) -> Any:
        asked.append((service, region_name))
        assert config.max_pool_connections == IN_FLIGHT
        client = Client([{}] * 9)
        client.close = lambda: closed.append(1)  # type: ignore[method-assign]
        return client

    session = made(create)
    with closing(Boto(session)) as boto:
        for region in ("us-east-1", "us-west-2", "us-east-1"):
            list(boto.pages("iam:GetAccountSummary", region, {}))

        boto.leave("iam", "us-west-2")
        boto.leave("iam", "eu-west-1")
        assert len(closed) == 1

    assert asked == [("iam", "us-east-1"), ("iam", "us-west-2")]
    assert len(closed) == 3


def test_calls_to_an_account_are_bounded_whatever_they_ask() -> None:
    client = Slow()
    regions = [f"region-{number}" for number in range(ACCOUNT_IN_FLIGHT + 24)]
    with closing(Boto(made(lambda *_, **__: client))) as boto:
        assert at_once(client, boto, ACCOUNT_IN_FLIGHT, regions) == ACCOUNT_IN_FLIGHT
        assert boto.calls.total() == len(regions)


def test_calls_are_counted_by_service() -> None:
    session = made(lambda *_, **__: Client([{}] * 9))
    with closing(Boto(session)) as boto:
        for need in ("iam:GetAccountSummary", "kms:ListKeys", "iam:GetAccountSummary"):
            list(boto.pages(need, "us-east-1", {}))

        assert boto.calls == {"iam": 2, "kms": 1}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A server that throttles every first seven attempts of each call, and who was answered in the end."""
    attempts: Counter[str] = Counter()
    answered: list[str] = []

    def answer(_: Any, body: bytes) -> tuple[int, bytes]:
        (name,) = parse_qs(body.decode())["UserName"]
        attempts[name] += 1
        if attempts[name] < ATTEMPTS:
            return 400, b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
        answered.append(name)
        return 200, b"<GetUserResponse><GetUserResult><User/></GetUserResult></GetUserResponse>"

    with serving(answer) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        yield answered


@pytest.mark.usefixtures("nowhere")
def test_a_storm_of_throttling_loses_nothing(served: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "BACKOFF_SECONDS", 0.001)
    # Botocore's own retries would give up after a hundred, all calls to a service counted together.
    names = [f"person-{number}" for number in range(60)]
    with closing(Boto(botocore.session.Session())) as boto, ThreadPoolExecutor(8) as pool:
        pages = list(
            pool.map(lambda name: list(boto.pages("iam:GetUser", "us-east-1", {"UserName": name})), names)
        )

    assert pages == [[{"User": {}}]] * len(names)
    assert sorted(served) == sorted(names)


@pytest.mark.usefixtures("nowhere")
def test_every_attempt_waits_for_its_turn(served: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[float] = []

    class Paced:
        def __init__(self, at_once: int, per_second: float) -> None:
            assert at_once == 1
            self._per_second = per_second

        def take(self) -> None:
            taken.append(self._per_second)

    monkeypatch.setattr(answers, "BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr("scanner.targets.boto.Pace", Paced)
    with closing(Boto(botocore.session.Session(), max_rps=7.5)) as boto:
        list(boto.pages("iam:GetUser", "us-east-1", {"UserName": "one"}))

    assert served == ["one"]
    assert taken == [7.5] * ATTEMPTS


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Boto]:
    """Clients of a service that is not there."""
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    with closing(Boto(botocore.session.Session())) as boto:
        yield boto


def test_wrong_parameters_are_refused_before_anything_is_asked(nowhere: Boto) -> None:
    with pytest.raises(ReadError) as caught:
        list(nowhere.pages("s3:GetBucketEncryption", "us-east-1", {"Bucekt": "x"}))

    assert caught.value.reason is Reason.FAILED
    assert 'Unknown parameter in input: "Bucekt"' in caught.value.detail
