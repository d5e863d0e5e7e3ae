"""The road to a host: two jump hosts, a program that connects, and what is remembered of dead ones."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.model import Reason
from scanner.targets import road
from tests import sshd
from tests.entering import ANSWERS, ME, enter, login, refused
from tests.sshd import Sshd

CONNECTING = """\
import os, socket, sys, threading
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def copy(read, write):
    while data := read(65536):
        write(data)
threading.Thread(target=copy, args=(lambda n: os.read(0, n), connection.sendall), daemon=True).start()
copy(connection.recv, lambda data: os.write(1, data))
"""
"""What nc does, for machines that have none."""


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    road.forget()
    yield
    road.forget()


@pytest.fixture(scope="module")
def three() -> Iterator[tuple[Sshd, Sshd, Sshd]]:
    with sshd.running() as first, sshd.running() as second, sshd.running() as host:
        yield first, second, host


@pytest.fixture
def silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def connecting(tmp_path: Path) -> Path:
    path = tmp_path / "connecting.py"
    path.write_text(CONNECTING)
    return path


def test_two_hops_each_by_its_own_key(three: tuple[Sshd, Sshd, Sshd]) -> None:
    first, second, host = three
    before = [len(each.log) for each in three]

    session = enter(host, jump=(login(first), login(second)))

    assert session.probe.answers == ANSWERS
    assert session.identity == (
        f"{ME}@127.0.0.1:{host.port} {host.fingerprint} "
        f"via {ME}@127.0.0.1:{first.port}, {ME}@127.0.0.1:{second.port}"
    )
    logs = [each.log[at:] for each, at in zip(three, before, strict=True)]
    assert [log.count("Accepted publickey") for log in logs] == [1, 1, 1]
    assert [log.count("ctype direct-tcpip") for log in logs] == [1, 1, 0]
    assert [log.count("Starting session") for log in logs] == [0, 0, 1]


def test_hops_that_are_written_with_commas(three: tuple[Sshd, Sshd, Sshd], tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("".join(each.known_hosts.read_text() for each in three))
    for each in three[:2]:
        (each.folder / "authorized_keys").write_text(
            f"{sshd.public(each.user_key)}\n{sshd.public(three[2].user_key)}\n"
        )

    jump = ",".join(f"{ME}@127.0.0.1:{each.port}" for each in three[:2])

    assert enter(three[2], jump=jump, known_hosts=str(known)).probe.answers == ANSWERS


def test_each_hop_is_held_to_its_key_and_named(three: tuple[Sshd, Sshd, Sshd], tmp_path: Path) -> None:
    first, second, host = three
    empty = tmp_path / "known_hosts"
    before = len(second.log)

    reason, detail = refused(host, jump=(login(first), login(second, known_hosts=(str(empty),))))

    assert reason == Reason.UNREACHABLE
    assert detail.startswith(f"jump host {second.user}@127.0.0.1:{second.port}: the host key is not known: ")
    assert "userauth-request" not in second.log[before:]


def test_each_hop_has_its_own_deadline(three: tuple[Sshd, Sshd, Sshd], silent: int) -> None:
    first, second, host = three
    slow = login(second, port=silent, connect_seconds=1)
    began = time.monotonic()

    found = refused(host, jump=(login(first), slow))

    assert found == (Reason.TIMEOUT, f"jump host {slow}: exchanging keys took longer than 1 s")
    assert time.monotonic() - began < 4


def test_a_dead_hop_is_tried_once_for_all_hosts_behind_it(three: tuple[Sshd, Sshd, Sshd]) -> None:
    first, second, host = three
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = login(second, port=listener.getsockname()[1])
    before = len(first.log)

    found = [refused(host, jump=(login(first), dead)) for _ in range(3)]

    assert found[0][1].startswith(f"jump host {dead}: forwarding to 127.0.0.1 port {dead.port}: ")
    assert found == [found[0]] * 3
    assert first.log[before:].count("ctype direct-tcpip") == 1
    # What is wrong with a login says nothing of the next one.
    road.forget()
    wrong = login(first, user="nobody-of-that-name")
    before = len(first.log)
    assert [refused(host, jump=(wrong,))[0] for _ in range(2)] == [Reason.CREDENTIALS] * 2
    assert first.log[before:].count("Connection from") == 2


def test_many_hosts_behind_one_hop_do_not_flood_it(three: tuple[Sshd, Sshd, Sshd]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    first, _, host = three
    with ThreadPoolExecutor(12) as pool:
        sessions = list(pool.map(lambda _: enter(host, jump=(login(first),)), range(12)))

    assert [session.probe.answers for session in sessions] == [ANSWERS] * 12


def test_a_program_that_connects(three: tuple[Sshd, Sshd, Sshd], connecting: Path) -> None:
    host = three[2]
    words = (sys.executable, "-I", str(connecting), host.address, str(host.port))

    session = enter(host, address="not-asked.invalid", known_as=host.place, program=words)

    assert session.probe.answers == ANSWERS
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(connecting) not in listed


def test_a_first_hop_by_a_program(three: tuple[Sshd, Sshd, Sshd], connecting: Path) -> None:
    first, _, host = three
    words = (sys.executable, "-I", str(connecting), first.address, str(first.port))

    assert enter(host, jump=(login(first, program=words),)).probe.answers == ANSWERS


def test_a_program_that_fails_says_why(three: tuple[Sshd, Sshd, Sshd]) -> None:
    host = three[2]

    reason, detail = refused(host, program=("/bin/sh", "-c", "echo no way there >&2; exit 7"))

    assert reason == Reason.UNREACHABLE
    assert detail.startswith("exchanging keys: ")
    assert detail.endswith("; the ProxyCommand sh (status 7): no way there")
    assert refused(host, program=("/no/such/program",)) == (
        Reason.FAILED,
        "ProxyCommand: /no/such/program: No such file or directory",
    )


def test_a_program_that_hangs_is_ended_with_what_it_started(three: tuple[Sshd, Sshd, Sshd]) -> None:
    marker = f"77.{os.getpid()}"
    words = ("/bin/sh", "-c", f"trap '' TERM; sleep {marker} & wait; wait")

    found = refused(three[2], program=words, connect_seconds=0.5)

    assert found[0] == Reason.TIMEOUT
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"sleep {marker}" not in listed
