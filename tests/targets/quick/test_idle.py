"""A connection that was kept is asked again, and whatever became of it meanwhile, nobody notices."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import botocore.httpsession
import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ReadTimeoutError

from scanner.targets.quick import sessions
from scanner.targets.quick.sessions import Trusting
from tests.targets.quick.server import Said, Server, Then
from tests.tls import Authority

WELL = Said(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell")
SILENCE = Said(b"")
BROKEN = {
    "a part": Said(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Then.ENDS),
    "some pieces": Said(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", Then.ENDS),
    "a piece of no length": Said(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabc\r\n", Then.ENDS),
    "half of a header": Said(b"HTTP/1.1 200 OK\r\nContent-Le", Then.ENDS),
    "too many headers": Said(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", Then.ENDS),
    "a header without end": Said(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", Then.ENDS),
    "no HTTP": Said(b"SSH-2.0-OpenSSH_9.9\r\n\r\n", Then.ENDS),
    "another HTTP": Said(b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", Then.ENDS),
    "nothing": Said(b"", Then.ENDS),
    "nothing, politely": Said(b"", Then.ENDS_POLITELY),
    "a reset": Said(b"", Then.BREAKS),
}
FRESH = {"just used": 60.0, "looked at": 0.0}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def asking(authority: Authority, *said: Said, host: str = "localhost") -> Iterator[tuple[Server, Trusting]]:
    """A server, and a session of ours that trusts it."""
    with (
        closing(Server(said, authority.context(host))) as server,
        closing(Trusting(verify=str(authority.certificate), timeout=(5, 0.5))) as session,
    ):
        yield server, session


def heard(session: Any, port: int, host: str = "localhost") -> Any:
    headers = {"User-Agent": b"wardround", "Authorization": b"AWS4"}
    request = AWSRequest(method="POST", url=f"https://{host}:{port}/", headers=headers, data=b"Action=List")
    try:
        answer = session.send(request.prepare())
    except BotoCoreError as error:
        return type(error)
    return answer.status_code, answer.content


@pytest.mark.parametrize("fresh", FRESH.values(), ids=FRESH)
def test_a_connection_that_is_there_is_asked_again(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, fresh: float
) -> None:
    monkeypatch.setattr(sessions, "_FRESH_SECONDS", fresh)
    with asking(authority, WELL) as (server, session):
        told = [heard(session, server.port) for _ in range(4)]

    assert told == [(200, b"well")] * 4
    assert (len(server.asked), server.connections) == (4, 1)
    assert len(set(server.asked)) == 1


@pytest.mark.parametrize("fresh", FRESH.values(), ids=FRESH)
@pytest.mark.parametrize("how", [Then.ENDS, Then.ENDS_POLITELY, Then.BREAKS])
def test_one_that_the_other_end_closed_is_replaced(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, how: Then, fresh: float
) -> None:
    monkeypatch.setattr(sessions, "_FRESH_SECONDS", fresh)
    with asking(authority, WELL._replace(then=how), WELL) as (server, session):
        first = heard(session, server.port)
        server.ended.get(timeout=5)
        told = [heard(session, server.port) for _ in range(2)]

    assert first == (200, b"well")
    assert told == [(200, b"well")] * 2
    assert (len(server.asked), server.connections) == (3, 2)


def test_silence_is_borne_for_as_long_as_was_agreed(authority: Authority) -> None:
    with asking(authority, WELL, SILENCE, WELL) as (server, session):
        heard(session, server.port)
        began = time.monotonic()
        told = heard(session, server.port)
        took = time.monotonic() - began
        asked = len(server.asked)
        after = heard(session, server.port)

    assert told is ReadTimeoutError
    assert 0.4 < took < 2
    assert asked == 2
    assert after == (200, b"well")
    assert server.connections == 2  # what may yet come over the first answers nobody's question


def test_pieces_are_read_to_their_end(authority: Authority) -> None:
    pieces = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n"
    )
    with asking(authority, WELL, Said(pieces), WELL) as (server, session):
        told = [heard(session, server.port) for _ in range(3)]

    assert told == [(200, b"well"), (200, b"abcde"), (200, b"well")]
    assert (len(server.asked), server.connections) == (3, 1)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_heard_as_botocore_hears_it(authority: Authority, name: str) -> None:
    stock = botocore.httpsession.URLLib3Session(verify=str(authority.certificate), timeout=(5, 5))
    with asking(authority, WELL, BROKEN[name]) as (server, session):
        told = [heard(session, server.port) for _ in range(2)]
    with asking(authority, WELL, BROKEN[name]) as (server, _), closing(stock):
        expected = [heard(stock, server.port) for _ in range(2)]

    assert told == expected


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - {"a part", "half of a header"}))
def test_what_was_broken_once_is_asked_anew(authority: Authority, name: str) -> None:
    with asking(authority, WELL, BROKEN[name], WELL) as (server, session):
        told = [heard(session, server.port) for _ in range(2)]

    assert told == [(200, b"well")] * 2
    assert (len(server.asked), server.connections) == (3, 2)


def test_after_a_part_the_next_answer_is_whole(authority: Authority) -> None:
    with asking(authority, WELL, BROKEN["a part"], WELL) as (server, session):
        told = [heard(session, server.port) for _ in range(3)]

    assert told == [(200, b"well"), (200, b"abc"), (200, b"well")]
    assert (len(server.asked), server.connections) == (3, 2)


def test_whoever_asks_at_once_has_connections_of_their_own(authority: Authority) -> None:
    with asking(authority, WELL) as (server, session):
        heard(session, server.port)
        told: list[Any] = []
        threads = [
            threading.Thread(target=lambda: told.extend(heard(session, server.port) for _ in range(20)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert told == [(200, b"well")] * 80
    assert len(server.asked) == 81
    assert server.connections <= 4


def test_whoever_leaves_a_host_stays_with_the_others(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *more, **how: named("127.0.0.1", *more, **how))
    with (
        asking(authority, WELL) as (here, session),
        asking(authority, WELL, host="elsewhere.example") as (there, _),
    ):
        told = [heard(session, here.port), heard(session, there.port, "elsewhere.example")]
        session.leave({"elsewhere.example"})
        there.ended.get(timeout=5)
        assert here.ended.empty()
        told += [heard(session, here.port), heard(session, there.port, "elsewhere.example")]

    assert told == [(200, b"well")] * 4
    assert (here.connections, there.connections) == (1, 2)


def test_whoever_closes_a_session_closes_what_it_kept(authority: Authority) -> None:
    with asking(authority, WELL) as (server, session):
        heard(session, server.port)
        session.close()
        server.ended.get(timeout=5)
        again = heard(session, server.port)

    assert again == (200, b"well")
    assert server.connections == 2
