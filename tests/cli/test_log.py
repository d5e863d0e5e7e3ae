import io
import json
import os
import pty
import subprocess
import sysconfig
import time
import weakref
from pathlib import Path
from typing import ClassVar

import pytest

from scanner.cli import ticker
from scanner.cli.log import Log, coloured
from scanner.cli.ticker import shown
from scanner.progress import Progress

COMMAND = Path(sysconfig.get_path("scripts")) / "wardround"
COLOUR_WORDS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM")
CONFIGURATION = "targets:\n  - hosts: {name: here, transport: local}\npolicies: [./house.yaml]\n"
POLICY = """\
policy: house
title: House
source: us
controls:
  - control: "1"
    title: Releases
    owner: CTO
    requirements:
      - {check: patching.host.release, expect: {cycle: {not: {const: null}}}, severity: low}
"""


class _Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Session:
    calls: ClassVar[dict[str, int]] = {"ec2": 4, "iam": 3}


@pytest.fixture(autouse=True)
def _uncoloured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COLOUR_WORDS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("color", "environment", "stream", "expected"),
    [
        ("auto", {}, io.StringIO(), False),
        ("auto", {}, _Tty(), True),
        ("auto", {"NO_COLOR": "1"}, _Tty(), False),
        ("auto", {"NO_COLOR": ""}, _Tty(), True),
        ("auto", {"TERM": "dumb"}, _Tty(), False),
        ("auto", {"FORCE_COLOR": "1"}, io.StringIO(), True),
        ("auto", {"FORCE_COLOR": "0"}, io.StringIO(), False),
        ("auto", {"CLICOLOR_FORCE": "1"}, io.StringIO(), True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, _Tty(), False),
        ("always", {"NO_COLOR": "1"}, io.StringIO(), True),
        ("never", {"FORCE_COLOR": "1"}, _Tty(), False),
    ],
)
def test_who_decides_about_colour(
    monkeypatch: pytest.MonkeyPatch,
    color: str,
    environment: dict[str, str],
    stream: io.StringIO,
    *,
    expected: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert coloured(stream, color).isatty() is expected


def test_a_line_of_log_is_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    Log().say("looking")
    Log(as_json=True).say("looking\n\x1b[2J", targets=2)
    Log(quiet=True).say("looking")
    text, line = capsys.readouterr().err.splitlines()
    assert text == "looking"
    said = json.loads(line)
    assert (said["level"], said["message"], said["targets"]) == ("info", "looking\n\x1b[2J", 2)
    assert "\x1b" not in line


def _counted() -> Progress:
    progress = Progress(targets=3)
    progress.entered(_Session(), 5)  # type: ignore[arg-type]  # all that is asked of a session here
    progress.checked()
    progress.left()
    return progress


def test_progress_counts_targets_checks_and_calls() -> None:
    assert _counted().line() == "1 of 3 targets, 1 of 5 checks, 7 calls"


def test_progress_keeps_the_calls_of_who_is_done_and_not_what_they_answered() -> None:
    progress = Progress(targets=1)
    session = _Session()
    alive = weakref.ref(session)
    progress.entered(session, 1)  # type: ignore[arg-type]  # as above
    progress.ended(session)  # type: ignore[arg-type]  # as above

    del session

    assert (progress.calls, alive()) == (7, None)


def test_progress_is_a_plain_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ticker, "EVERY_SECONDS", 0.01)
    with shown(_counted(), Log()):
        time.sleep(0.1)
    lines = capsys.readouterr().err.splitlines()
    assert set(lines) == {"1 of 3 targets, 1 of 5 checks, 7 calls, 0 s"}


def test_progress_is_silent_when_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ticker, "EVERY_SECONDS", 0.01)
    with shown(_counted(), Log(quiet=True)):
        time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_progress_and_colour_and_a_file_neither(tmp_path: Path) -> None:
    (tmp_path / "wardround.yaml").write_text(CONFIGURATION)
    (tmp_path / "house.yaml").write_text(POLICY)
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "HOME": str(tmp_path)}
    seen = _on_a_terminal([str(COMMAND), "scan"], tmp_path, environment)
    assert "\x1b[1m" in seen
    assert "\r\x1b[K" in seen
    plain = _on_a_terminal([str(COMMAND), "scan", "--color", "never", "-q"], tmp_path, environment)
    assert "\x1b" not in plain
    piped = subprocess.run(
        [COMMAND, "scan"], cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False
    )
    assert b"\x1b" not in piped.stdout + piped.stderr


def _on_a_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    reader, writer = pty.openpty()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=writer, stderr=writer, stdin=subprocess.DEVNULL
    ) as process:
        os.close(writer)
        seen = b""
        while True:
            try:
                said = os.read(reader, 65536)
            except OSError:  # the terminal is gone with its last writer
                break
            if not said:
                break
            seen += said
        process.wait(timeout=60)
    os.close(reader)
    return seen.decode()
