"""Reading ahead: the same bytes, fewer questions to the system, and an end for whoever waits."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from scanner.targets.ahead import ReadAhead


@pytest.fixture
def ends() -> Iterator[tuple[ReadAhead, socket.socket]]:
    ours, its = socket.socketpair()
    with ours, its:
        yield ReadAhead(ours), its


def test_bytes_come_whole_in_order_and_never_more_than_asked_for(
    ends: tuple[ReadAhead, socket.socket],
) -> None:
    ahead, host = ends
    host.sendall(b"SSH-2.0\r\n" + bytes(range(200)))
    host.close()

    assert ahead.recv(7) == b"SSH-2.0"
    assert [len(ahead.recv(most)) for most in (2, 16, 200)] == [2, 16, 184]
    assert ahead.recv(1) == b""


def test_what_came_together_is_asked_for_once(ends: tuple[ReadAhead, socket.socket]) -> None:
    ahead, host = ends
    host.sendall(b"12345")
    assert ahead.recv(1) == b"1"
    ahead.settimeout(0)

    # Nothing is left in the system: what follows was held.
    assert b"".join(ahead.recv(1) for _ in range(4)) == b"2345"
    ahead._connection.settimeout(0.01)  # noqa: SLF001 - its own is a second at least
    with pytest.raises(TimeoutError):
        ahead.recv(1)


def test_closing_ends_a_wait(ends: tuple[ReadAhead, socket.socket]) -> None:
    ahead, _ = ends
    ahead.settimeout(60)
    ended = threading.Event()

    def wait() -> None:
        with suppress(OSError):  # it is the end, or the socket is no more
            assert ahead.recv(1) == b""
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    time.sleep(0.05)
    assert not ended.is_set()
    ahead.close()

    assert ended.wait(10)


def test_it_is_a_socket_otherwise(ends: tuple[ReadAhead, socket.socket]) -> None:
    ahead, host = ends
    ahead.send(b"hello")

    assert host.recv(5) == b"hello"
    assert ahead.fileno() > 0
