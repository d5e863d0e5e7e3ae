"""The shortest way over a connection says and hears what botocore's own way does."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import botocore.awsrequest
import botocore.exceptions
import botocore.httpsession
import pytest
from botocore.awsrequest import AWSRequest

from scanner.targets.quick.sessions import Trusting
from tests.targets.quick.server import Said, Server, Then
from tests.tls import Authority

LARGE = b"x" * 200_000
ANSWERS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc",
    "nothing": b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    "a refusal": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
    "moved": b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
    "much": b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + LARGE,
    "pieces": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc",
    "an old one": b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "one to wait for": b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    "a header twice": b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:2\r\nContent-Length: 0\r\n\r\n",
    "a header that goes on": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n  2\r\nContent-Length: 0\r\n\r\n",
    "letters": b"HTTP/1.1 200 OK\r\nX-A: r\xe4ka\r\nContent-Length: 0\r\n\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\nConnection: close\r\n\r\nabc",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na",
    "a part": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc",
    "some pieces": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "another HTTP": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "silence": b"",
}
SIGNED = {"User-Agent": b"wardround", "X-Amz-Date": b"20261101T030000Z", "Authorization": b"AWS4"}


def said(name: str) -> list[Said]:
    """What is said again and again, and then gone where that is how it ends."""
    text = ANSWERS[name]
    ends = not text or b"close" in text or name == "some pieces"
    return [Said(text, Then.ENDS if ends else Then.STAYS)]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def sessions(authority: Authority) -> Iterator[tuple[Any, Any]]:
    """Ours and botocore's."""
    given = {"verify": str(authority.certificate), "timeout": (5, 5)}
    with closing(Trusting(**given)) as ours, closing(botocore.httpsession.URLLib3Session(**given)) as stock:
        yield ours, stock


def heard(session: Any, port: int, method: str = "GET", body: Any = None, **headers: Any) -> Any:
    request = AWSRequest(
        method=method, url=f"https://localhost:{port}/a%20b?c=d", headers={**SIGNED, **headers}, data=body
    ).prepare()
    try:
        answer = session.send(request)
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        return type(error)
    return (
        answer.status_code,
        sorted((name.lower(), value) for name, value in answer.headers.items()),
        answer.content,
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_heard_as_botocore_hears_them(authority: Authority, name: str) -> None:
    with (
        closing(Server(said(name), authority.context("localhost"))) as server,
        sessions(authority) as (ours, stock),
    ):
        told = [heard(ours, server.port) for _ in range(2)]

        assert told == [heard(stock, server.port) for _ in range(2)]


@pytest.mark.parametrize(
    ("method", "body", "headers"),
    [
        ("GET", None, {}),
        ("POST", b"Action=ListUsers", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", '{"a": "ö"}', {"X-Amz-Target": "a.B"}),
        ("POST", b"", {}),
        ("PUT", None, {"Expect": b"100-continue"}),
        ("GET", None, {"Host": "elsewhere.example"}),
        ("GET", None, {"Accept-Encoding": "gzip"}),
        ("GET", None, {"X-A": "b\r\nX-C: d"}),
        ("GET", None, {"X-A": b"b\nX-C: d"}),
        ("GET", None, {"X-A": "räka"}),
    ],
)
def test_questions_are_put_as_botocore_puts_them(
    authority: Authority, method: str, body: Any, headers: dict[str, Any]
) -> None:
    asked: list[list[Any]] = []
    with (
        closing(Server(said("a length"), authority.context("localhost"))) as server,
        sessions(authority) as each,
    ):
        for session in each:
            server.asked.clear()
            told = [heard(session, server.port, method, body, **headers) for _ in range(2)]
            asked.append([told, *map(parted, server.asked)])

    assert asked[0] == asked[1]


def parted(question: bytes) -> tuple[bytes, list[bytes], bytes]:
    """A question's first line, its headers in any order, its body."""
    head, _, body = question.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    return line, sorted(header.lower() for header in headers), body


@pytest.mark.parametrize("name", ["a length", "nothing", "a refusal", "much", "pieces", "one to wait for"])
def test_a_connection_is_used_again(authority: Authority, name: str) -> None:
    with (
        closing(Server(said(name), authority.context("localhost"))) as server,
        sessions(authority) as (ours, _),
    ):
        told = [heard(ours, server.port) for _ in range(3)]
        connections = server.connections
        ours.leave({"elsewhere.example"})
        heard(ours, server.port)
        kept = server.connections
        ours.leave({"localhost"})
        heard(ours, server.port)

    assert (connections, kept, server.connections) == (1, 1, 2)
    assert told[0] == told[1] == told[2]


def test_an_answer_that_is_read_in_parts_is_whole(authority: Authority) -> None:
    request = AWSRequest(method="GET", url="https://localhost", headers=SIGNED, stream_output=True)
    with (
        closing(Server(said("much"), authority.context("localhost"))) as server,
        sessions(authority) as (ours, _),
    ):
        request.url = f"https://localhost:{server.port}/"
        answer = ours.send(request.prepare())
        parts = [answer.raw.read(150_000), answer.raw.read(150_000), answer.raw.read(1)]

    assert parts == [LARGE[:150_000], LARGE[150_000:], b""]
