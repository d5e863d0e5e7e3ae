"""Hosts that never answer: each costs one worker and one connection, and delays nobody else."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from scanner import Facts, Host, check
from scanner.collect import TARGETS_AT_ONCE, Collector
from scanner.evidence import Writer
from scanner.model import Reason, TargetRecord
from tests import sshd
from tests.entering import target
from tests.judging import AT

DEAD, LIVE = TARGETS_AT_ONCE - 1, 6
LONG_SECONDS = 60


class _Silent:
    """A port that takes connections and never says anything, until it hangs up."""

    def __init__(self, stack: ExitStack) -> None:
        self._listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = self._listener.getsockname()[1]
        self.taken: list[socket.socket] = []

    def hang_up(self) -> None:
        """Take what came, and end it."""
        self._listener.setblocking(False)
        while True:
            try:
                connection = self._listener.accept()[0]
            except BlockingIOError:
                break
            self.taken.append(connection)
            connection.close()


@pytest.fixture
def silent() -> Iterator[list[_Silent]]:
    with ExitStack() as stack:
        yield [_Silent(stack) for _ in range(DEAD)]


def _reason(record: TargetRecord) -> Reason | None:
    (scope,) = record.scopes
    return scope.unreadable.reason if scope.unreadable else None


def test_the_living_are_done_before_the_dead_are_given_up(tmp_path: Path, silent: list[_Silent]) -> None:
    seen: list[str] = []
    done = threading.Event()

    @check("id -un")
    def login(host: Host) -> Iterator[Facts]:
        """Who logged in."""
        host.run("id -un")
        seen.append(host.id)
        if len(seen) == LIVE:
            done.set()
        yield Facts(resource=host.id)

    def release() -> None:
        done.wait(2 * LONG_SECONDS)
        for each in silent:
            each.hang_up()

    writer = Writer(tmp_path / "bundle")
    collector = Collector({"accounts.host.login": login}, writer, lambda: AT)
    releasing = threading.Thread(target=release)
    releasing.start()
    with sshd.running() as server:
        patient = target(server, deadline_seconds=LONG_SECONDS, connect_seconds=LONG_SECONDS)
        dead = [replace(patient, name=f"a{each.port}", port=each.port) for each in silent]
        live = [replace(patient, name=f"z{number}") for number in range(LIVE)]
        collector.collect([*dead, *live])
    releasing.join()
    for each in silent:
        each.hang_up()
    writer.close()
    writer.journal.release()

    assert sorted(seen) == [each.id for each in live]
    # Hung up on, after all others were done; who had been given up before would be a timeout.
    assert {_reason(collector.said[each.name]) for each in dead} == {Reason.UNREACHABLE}
    assert [len(each.taken) for each in silent] == [1] * DEAD
