"""This machine as a host: a real shell."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from scanner.declaration import Check
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets import local
from scanner.targets.host import HostSession, HostTarget
from scanner.targets.probe import MAX_HEARD, Deadline, Heard, Output
from scanner.targets.script import MAX_ERRORS


def enter(*needs: str, **options: Any) -> HostSession:
    target = HostTarget(name="here", transport="local", **{"deadline_seconds": 20, **options})
    return target.enter({"a.host.b": Check(lambda _: iter(()), needs)})


def running(marker: str) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if marker in line and "ps -eo" not in line]


def test_this_machine_answers() -> None:
    session = enter("uname -s", "id -un", "cat /nonexistent")
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout

    assert session.identity == f"{user.strip()}@localhost (this machine)"
    assert session.probe.answers == {
        "uname -s": Output(0, os.uname().sysname + "\n"),
        "id -un": Output(0, user),
        "cat /nonexistent": Output(1, "", "cat: /nonexistent: No such file or directory\n"),
    }
    assert session.probe.programs == {"uname", "id", "cat"}


def test_nothing_to_ask_is_no_mistake() -> None:
    probe = HostTarget(name="here", transport="local").enter({}).probe

    assert (probe.answers, probe.programs) == ({}, frozenset())


def test_our_environment_stays_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")

    answer = enter("env").probe.answers["env"]

    assert "geheim" not in answer.text
    assert "LC_ALL=C" in answer.lines


def test_two_streams_larger_than_every_pipe() -> None:
    need = "head -c 6000000 /dev/zero >&2; head -c 3000000 /dev/zero; head -c 6000000 /dev/zero >&2"

    answer = enter(need).probe.answers[need]

    assert (answer.status, len(answer.text), len(answer.errors)) == (0, 3_000_000, MAX_ERRORS)


def test_the_deadline_ends_everything_that_was_started() -> None:
    # Its own timeout(1) would let it live for longer, in a process group of its own.
    marker = f"62.{os.getpid()}"
    script = f"timeout 50 sleep {marker} & sleep {marker} | cat & echo begun; echo said >&2; wait\n"
    began = time.monotonic()

    heard = local.ask(script.encode(), b"over", Deadline(0.5))

    assert heard == Heard(b"begun\n", b"said\n", "deadline")
    assert time.monotonic() - began < 5
    assert running(marker) == []


def test_a_trickle_does_not_move_the_deadline() -> None:
    began = time.monotonic()

    heard = local.ask(b"while :; do echo x; sleep 0.05; done\n", b"over", Deadline(0.5))

    assert heard.ended == "deadline"
    assert 2 <= heard.out.count(b"x\n") <= 11
    assert time.monotonic() - began < 5


def test_a_flood_is_cut() -> None:
    heard = local.ask(b"yes\n", b"over", Deadline(20))

    assert heard.ended == "flood"
    assert MAX_HEARD < len(heard.out) <= MAX_HEARD + 65536


def test_a_shell_that_ends_early_is_heard() -> None:
    script = b"echo early; exit 1\n" + b"# what nobody reads\n" * 50_000

    assert local.ask(script, b"over", Deadline(20)) == Heard(b"early\n", b"", "closed")


def test_what_was_answered_before_the_deadline_is_kept() -> None:
    session = enter("echo a", "sleep 63", "true z", deadline_seconds=6)

    stuck = session.probe.answers.pop("sleep 63")
    assert stuck.reason == Reason.TIMEOUT
    assert session.probe.answers == {"echo a": Output(0, "a\n"), "true z": Output(0, "")}


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    enter("echo a", "head -c 1000000 /dev/zero", "sh -c 'kill -SEGV $$'", "exit 1")

    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_processes_to_spare_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none_left)

    with pytest.raises(ReadError) as caught:
        enter("true")

    assert (caught.value.reason, caught.value.detail) == (
        Reason.FAILED,
        "/bin/sh could not be started here: Resource temporarily unavailable",
    )
