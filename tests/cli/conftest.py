from pathlib import Path

import pytest

from tests.cli.command import POLICY, Command


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, in an empty folder but for a policy."""
    made = Command(tmp_path, monkeypatch, capsys)
    made.write("house.yaml", POLICY)
    return made
