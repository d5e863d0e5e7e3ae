"""When a service counts as lost, and what is no answer."""

from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from scanner.targets import answers
from scanner.targets.answers import Circuit, Lost, broken

TIMEOUT = ConnectTimeoutError(endpoint_url="http://x")
REFUSED = EndpointConnectionError(endpoint_url="http://x")
GATEWAY = b"<html><body><p>Log in</p></body></html>"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(answers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def attempt(circuit: Circuit, clock: list[float], seconds: float, error: Exception | None) -> Any:
    circuit.sending()
    clock[0] += seconds
    return circuit.ended(1, response=None if error else (object(), {}), caught_exception=error)


def test_silence_makes_a_service_lost(clock: list[float]) -> None:
    circuit = Circuit(8)
    for _ in range(2):
        attempt(circuit, clock, 30, TIMEOUT)

    with pytest.raises(Lost) as caught:
        circuit.sending()

    assert caught.value.error is TIMEOUT


def test_a_short_break_does_not(clock: list[float]) -> None:
    circuit = Circuit(8)
    for _ in range(25):
        attempt(circuit, clock, 1, REFUSED)
    attempt(circuit, clock, 1, None)
    for _ in range(25):
        attempt(circuit, clock, 1, REFUSED)

    circuit.sending()


def test_now_and_then_it_is_tried_again(clock: list[float]) -> None:
    circuit = Circuit(8)
    for _ in range(30):
        attempt(circuit, clock, 1, REFUSED)
    with pytest.raises(Lost):
        circuit.sending()
    clock[0] += 31

    attempt(circuit, clock, 1, REFUSED)
    with pytest.raises(Lost):
        circuit.sending()
    clock[0] += 31
    attempt(circuit, clock, 1, None)
    attempt(circuit, clock, 1, REFUSED)

    circuit.sending()


def test_a_call_is_left_unanswered_twice_at_most() -> None:
    circuit = Circuit(8)
    circuit.sending()

    assert circuit.ended(1, caught_exception=TIMEOUT) is None
    assert circuit.ended(2, caught_exception=TIMEOUT) is False
    assert circuit.ended(2, caught_exception=REFUSED) is None


@pytest.mark.parametrize(
    ("code", "status"), [("Throttling", 400), ("SlowDown", 503), ("RequestLimitExceeded", 503), ("New", 429)]
)
def test_whoever_is_throttled_waits_longer_and_longer(code: str, status: int) -> None:
    circuit = Circuit(8)
    circuit.sending()
    told = (object(), {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}})

    pauses = [circuit.ended(attempts, response=told) for attempts in range(1, 9)]

    longest = [1, 2, 4, 8, 16, 20, 20]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses[:7], longest, strict=True) if pause)
    assert [bool(pause) for pause in pauses] == [True] * 7 + [False]


def test_whoever_is_refused_is_left_to_botocore() -> None:
    circuit = Circuit(8)
    circuit.sending()
    told = (object(), {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}})

    assert circuit.ended(1, response=told) is None


@pytest.mark.parametrize(
    ("service", "operation", "body", "why"),
    [
        ("dynamodb", "ListTables", b'{"TableNames": []}', ""),
        ("dynamodb", "ListTables", b'{"TableNames": [', "no answer"),
        ("dynamodb", "ListTables", b"", "no answer"),
        ("dynamodb", "ListTables", b"[]", "no answer"),
        ("dynamodb", "ListTables", GATEWAY, "no answer"),
        ("lambda", "ListFunctions", b"{}", ""),
        ("lambda", "ListFunctions", GATEWAY, "no answer"),
        ("ec2", "DescribeVolumes", b"<?xml version='1.0'?>\n<DescribeVolumesResponse/>", ""),
        ("ec2", "DescribeVolumes", b"<DescribeVolumesResponse><volumeSet>", "no answer"),
        ("ec2", "DescribeVolumes", GATEWAY, "no answer"),
        ("iam", "ListUsers", b"<x:ListUsersResponse></x:ListUsersResponse>", ""),
        ("iam", "ListUsers", b"<OtherResponse></OtherResponse>", "no answer"),
        ("s3", "ListBuckets", b"<ListAllMyBucketsResult></ListAllMyBucketsResult>", ""),
        ("s3", "ListBuckets", b"", "no answer"),
        ("s3", "ListBuckets", GATEWAY, "no answer"),
        ("s3", "GetBucketPolicy", b"{}", ""),
    ],
)
def test_what_is_no_answer(service: str, operation: str, body: bytes, why: str) -> None:
    model = botocore.session.Session().get_service_model(service).operation_model(operation)

    said = broken(model, {"status_code": 200, "headers": {}, "body": body})

    assert said == (why and f"status 200 and a body that is {why} to {operation}")
    assert broken(model, {"status_code": 500, "headers": {}, "body": body}) == ""
    longer = {"content-length": str(len(body) + 1)}
    assert broken(model, {"status_code": 200, "headers": longer, "body": body}) == (
        f"{len(body)} bytes of an answer of {len(body) + 1}"
    )


def test_what_is_broken_is_asked_for_again_and_then_refused() -> None:
    model = botocore.session.Session().get_service_model("dynamodb").operation_model("ListTables")
    circuit = Circuit(8)
    circuit.sending()
    answer: dict[str, Any] = {"status_code": 200, "headers": {}, "body": b""}

    circuit.parsing(model, answer)

    assert (answer["status_code"], answer["body"]) == (500, b"")
    assert circuit.ended(1, response=(object(), {})) == 0.5
    with pytest.raises(ResponseParserError, match=r"^status 200 and a body that is no answer to ListTables$"):
        circuit.ended(2, response=(object(), {}))
