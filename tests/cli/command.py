"""The command, run in this process as its console script runs it."""

import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from scanner import cli
from scanner.evidence import Writer
from scanner.model import Observation, Unreadable
from tests.judging import Told

POLICY = """\
policy: house
title: House rules
source: us
controls:
  - control: c
    title: Encryption
    owner: CTO
    requirements:
      - id: volumes
        check: encryption.aws.ebs_volumes
        expect: {encrypted: true}
        severity: medium
"""


class Result(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


class Command:
    """Runs the command in a folder of its own."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.chdir(folder)
        for name in ("WARDROUND_CONFIG", "WARDROUND_FAIL_ON", "GITHUB_STEP_SUMMARY"):
            monkeypatch.delenv(name, raising=False)

    def __call__(self, *arguments: str) -> Result:
        """Run it, and say how it left."""
        self._monkeypatch.setattr(sys, "argv", ["wardround", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = self._capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Result(left.value.code, said.out, said.err)

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def bundle(self, evidence: Told, name: str = "evidence") -> str:
        """Evidence as a bundle in the folder."""
        writer = Writer(self.folder / name)
        for (target, scope, check), entries in evidence.parts.items():
            listed: list[Observation | Unreadable] = list(entries)
            writer.seal(target, scope, check, listed)
        writer.finish(evidence.manifest)
        return name
