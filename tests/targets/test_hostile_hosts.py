"""Hosts that hang, flood, lie or break, over a real sshd: each ends, and what it did not say is refused."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanner.declaration import Check
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets.host import HostTarget
from scanner.targets.probe import Answer, Output
from tests import logins, sshd


@pytest.fixture(scope="module")
def server() -> Iterator[sshd.Sshd]:
    with sshd.running() as running:
        yield running


def ask(server: sshd.Sshd, *needs: str, **options: Any) -> dict[str, Answer]:
    given = {"deadline_seconds": 30, "command_seconds": 20, "user": server.user, **options}
    target = HostTarget(
        name="web",
        address=server.address,
        port=server.port,
        identity=str(server.user_key),
        known_hosts=str(server.known_hosts),
        **given,
    )
    return dict(target.enter({"a.host.b": Check(lambda _: iter(()), needs)}).probe.answers)


def left(marker: str, seconds: float = 10) -> list[str]:
    """The processes with a word among their arguments that are still there when they had time to end."""
    until = time.monotonic() + seconds
    while True:
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        found = [line for line in listed.splitlines() if marker in line]
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.05)


def told(refused: Answer) -> tuple[Reason, str]:
    assert isinstance(refused, ReadError)
    return (refused.reason, refused.detail)


def installed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{program} is not installed")
        pytest.skip(f"{program} is not installed")
    return found


MUCH = (Reason.INVALID_ANSWER, "answered more than 4 MiB")


def test_output_without_end_and_lines_without_end(server: sshd.Sshd) -> None:
    endless = ("yes", "cat /dev/zero", "head -c 100000000 /dev/zero | tr '\\000' x", "cat /dev/urandom")
    answers = ask(server, *endless, "yes >&2", "echo a")

    assert [told(answers[need]) for need in endless] == [MUCH] * 4
    assert answers["echo a"] == Output(0, "a\n")
    assert told(answers["yes >&2"])[0] == Reason.TIMEOUT


def test_noise_and_escapes_come_back_as_they_are_and_are_not_shown(server: sshd.Sshd) -> None:
    need = r"printf '\033]0;evil\007\033[2J\r\000\377'; printf '\033[31mno\n' >&2; exit 9"
    answer = ask(server, need)[need]

    assert answer == Output(9, "\x1b]0;evil\x07\x1b[2J\r\x00\ufffd", "\x1b[31mno\n")
    assert "\x1b" not in repr(answer)


def test_a_command_that_heeds_no_signal_but_the_last(server: sshd.Sshd) -> None:
    marker = f"71.{os.getpid()}"
    stuck = f"trap '' TERM HUP INT; while :; do sleep {marker}; done"
    answers = ask(server, stuck, "echo a", command_seconds=1)

    assert told(answers[stuck]) == (Reason.TIMEOUT, "did not end within 1 s, or was killed")
    assert answers["echo a"] == Output(0, "a\n")
    assert left(marker) == []


def test_a_read_that_nobody_ends_loses_one_lane_only(server: sshd.Sshd, tmp_path: Path) -> None:
    """A stand-in for a dead NFS server: a FIFO without a writer, opened by what timeout(1) cannot reach."""
    os.mkfifo(tmp_path / "dead")
    marker = f"72.{os.getpid()}"
    # A session of its own, which holds on to the command's output.
    hung = f"setsid sh -c 'cat {tmp_path}/dead; sleep {marker}' & sleep 0.1"
    needs = [f"echo {number}" for number in range(30)]
    answers = ask(server, hung, *needs, command_seconds=1, deadline_seconds=8)
    with (tmp_path / "dead").open("w"):
        pass
    ended = subprocess.run(["pkill", "-f", f"^sleep {marker}$"], check=False).returncode

    assert told(answers[hung]) == (Reason.TIMEOUT, "did not end before the host's deadline")
    assert [answers[need] for need in needs] == [Output(0, f"{number}\n") for number in range(30)]
    assert ended in {0, 1}


def test_the_deadline_ends_what_was_started(server: sshd.Sshd) -> None:
    marker = f"73.{os.getpid()}"
    stuck = [f"sleep {marker}{number} | cat" for number in range(6)]
    # Nothing on the host measures time: only our deadline is left.
    answers = ask(server, *stuck, "echo a", deadline_seconds=4, command_seconds=60)

    assert {told(answers[need])[0] for need in stuck} == {Reason.TIMEOUT}
    assert left(marker) == []


def test_a_connection_that_is_cut_leaves_nothing_running(server: sshd.Sshd) -> None:
    marker = f"74.{os.getpid()}"
    with relay(server.port) as (port, cut):
        known = server.folder / "known_hosts_of_the_relay"
        known.write_text(f"[127.0.0.1]:{port} {sshd.public(server.host_key)}\n")
        threading.Thread(target=_cut_when, args=(marker, cut), daemon=True).start()
        target = HostTarget(
            name="web",
            address="127.0.0.1",
            port=port,
            user=server.user,
            identity=str(server.user_key),
            known_hosts=str(known),
            deadline_seconds=30,
        )
        needs = ("echo a", *(f"sleep {marker}{number}" for number in range(4)))
        probe = target.enter({"a.host.b": Check(lambda _: iter(()), needs)}).probe

    cut_off = (Reason.UNREACHABLE, "the connection ended before the answer")
    assert [told(probe.answers[need]) for need in needs[1:]] == [cut_off] * 4
    assert left(marker) == []


def _cut_when(marker: str, cut: threading.Event) -> None:
    """Cut when all four are running: each is a timeout(1), a shell and a sleep."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if sum(line.startswith(f"sleep {marker}") for line in listed.splitlines()) == 4:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    cut.set()


@contextmanager
def relay(port: int) -> Iterator[tuple[int, threading.Event]]:
    """A way to a port of this machine that can be cut."""
    import socket

    cut = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def carry() -> None:
            near, _ = listener.accept()
            with near, socket.create_connection(("127.0.0.1", port)) as far:
                near.settimeout(0.02)
                far.settimeout(0.02)
                while not cut.is_set():
                    for source, sink in ((near, far), (far, near)):
                        try:
                            chunk = source.recv(65536)
                        except TimeoutError:
                            continue
                        if not chunk:
                            return
                        sink.sendall(chunk)

        thread = threading.Thread(target=carry, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], cut
        finally:
            cut.set()
            thread.join(5)


def test_background_jobs_of_a_command_do_not_stay(server: sshd.Sshd) -> None:
    marker = f"75.{os.getpid()}"
    answers = ask(server, f"sleep {marker} >/dev/null 2>&1 & echo a")

    assert list(answers.values()) == [Output(0, "a\n")]
    assert left(marker) == []


@pytest.mark.parametrize("moved", ["+ 400000000", "- 400000000"])
def test_a_clock_that_is_years_off(moved: str, tmp_path: Path) -> None:
    date = tmp_path / "date"
    date.write_text(f'#!/bin/sh\n[ "$1" = +%s ] && echo $(($(/usr/bin/date +%s) {moved}))\n')
    date.chmod(0o755)
    forced = f"ForceCommand sed 's|^PATH=/usr/sbin|PATH={tmp_path}:/usr/sbin|' | /bin/sh -s"
    # sed hands the script on when it ends, and it ends with the script: EOF is what tells it to.
    with sshd.running(forced.replace("sed ", "sed -u ")) as server:
        assert ask(server, "echo a", "date +%s > /dev/null") == {
            "echo a": Output(0, "a\n"),
            "date +%s > /dev/null": Output(0, ""),
        }


def test_a_clock_that_jumps_ends_early_and_says_so(tmp_path: Path) -> None:
    date = tmp_path / "date"
    date.write_text(
        f"#!/bin/sh\nif [ -e {tmp_path}/ran ]; then echo 4000000000; "
        f"else : >{tmp_path}/ran; echo 1000000000; fi\n"
    )
    date.chmod(0o755)
    forced = f"ForceCommand sed -u 's|^PATH=/usr/sbin|PATH={tmp_path}:/usr/sbin|' | /bin/sh -s"
    with sshd.running(forced) as server:
        answers = ask(server, "echo a", "echo b")

    late = (Reason.TIMEOUT, "the host's deadline came before it")
    assert [told(answer) for answer in answers.values()] == [late] * 2


def test_a_login_shell_of_another_kind() -> None:
    fish = installed("fish")
    with sshd.running() as server, logins.login() as user:
        subprocess.run(["usermod", "-s", fish, user], check=True, capture_output=True)
        assert ask(server, "id -un", "echo a", user=user) == {
            "id -un": Output(0, f"{user}\n"),
            "echo a": Output(0, "a\n"),
        }


def test_a_login_shell_that_lets_nobody_in() -> None:
    with sshd.running() as server, logins.login() as user:
        subprocess.run(["usermod", "-s", "/usr/sbin/nologin", user], check=True, capture_output=True)
        with pytest.raises(ReadError) as caught:
            ask(server, "id -un", user=user)

    reason, detail = told(caught.value)
    said = "the login shell did not run /bin/sh; it printed: This account is currently not available."
    # sshd says besides that the user has no home.
    assert (caught.value.need, reason, detail.startswith(f"logged in, but {said}")) == (
        None,
        Reason.INVALID_ANSWER,
        True,
    )


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system without a byte to spare, read-only besides."""
    if os.geteuid() != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("only root can mount")
        pytest.skip("only root can mount")
    folder = tmp_path / "full"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], check=True)
    try:
        with (folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * 4096):
                    pass
            except OSError:
                ballast.flush()
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("mode", ["rw", "ro"])
def test_a_full_disk(full: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", full], check=True)
    needs = ("echo a", "head -c 3000000 /dev/zero", 'echo "$HOME"', f"echo b > {full}/b")
    with sshd.running(f"SetEnv HOME={full} TMPDIR={full}") as server:
        answers = ask(server, *needs)

    assert [answers[need].status for need in needs[:3]] == [0, 0, 0]
    assert len(answers[needs[1]].text) == 3_000_000
    assert answers[needs[2]].text == f"{full}\n"
    assert answers[needs[3]].status != 0


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    stamp = tmp_path / "stamp"
    stamp.touch()
    before = sorted(Path("/dev/shm").iterdir())  # noqa: S108 - looked at, not written to
    with sshd.running(f"SetEnv HOME={home} TMPDIR={home}") as apart:
        ask(
            apart,
            "echo a",
            "head -c 3000000 /dev/zero",
            "cat <<E\nb\nE",
            "sh -c 'kill -SEGV $$'",
            "sleep 0.1",
        )
    newer = subprocess.run(["find", home, "-newer", stamp], capture_output=True, text=True, check=True).stdout

    assert newer.splitlines() in ([], [str(home)])
    assert sorted(home.iterdir()) == []
    assert sorted(Path("/dev/shm").iterdir()) == before  # noqa: S108 - as above
