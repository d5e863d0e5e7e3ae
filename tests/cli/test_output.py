"""Where reports go."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from scanner import plugins
from tests.cli.command import Command
from tests.judging import AWS, EAST, planned, refused, saw, target, told

FORMATS = sorted(plugins.reporters())
LOUD = [name for name in FORMATS if name != "github"]


@pytest.fixture
def bundle(command: Command) -> str:
    entries = [saw("v1", encrypted=True), saw("v2", encrypted=False), refused("v3")]
    evidence = told([planned()], [target(EAST)], {(AWS, "us-east-1", "encryption.aws.ebs_volumes"): entries})
    return command.bundle(evidence)


@pytest.mark.parametrize("name", LOUD)
def test_standard_output_carries_one_report(command: Command, bundle: str, name: str) -> None:
    shown = command("evaluate", bundle, "-p", "house.yaml", "-f", name)
    written = command("evaluate", bundle, "-p", "house.yaml", "-f", f"{name}=out/report", "-q")

    assert shown.err == ""
    assert shown.out == (command.folder / "out/report").read_text()
    assert (written.out, written.err) == ("", "")


def test_annotations_go_to_standard_error(command: Command, bundle: str) -> None:
    result = command("evaluate", bundle, "-p", "house.yaml", "-f", "github", "-f", "json")

    assert result.out.startswith('{"format":1,')
    assert result.err
    assert "::" in result.err


def test_several_reports_and_what_is_said_of_them(command: Command, bundle: str) -> None:
    result = command(
        "evaluate", bundle, "-p", "house.yaml", "-f", "json=a.json", "-f", "text", "-f", "sarif=b"
    )

    assert result.err == "json: a.json\nsarif: b\n"
    assert result.out.startswith("Falls short")
    assert sorted(path.name for path in command.folder.iterdir()) == ["a.json", "b", "evidence", "house.yaml"]


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        (["jsno"], "-f jsno: unknown format 'jsno' (did you mean 'json'?)"),
        (["zzz=x"], f"-f zzz=x: unknown format 'zzz'; known are {', '.join(FORMATS)}"),
        (
            ["json", "sarif"],
            "standard output carries one report; give sarif a path, as in -f sarif=report.sarif",
        ),
        (["text", "text"], "standard output carries one report; give text a path, as in -f text=report.text"),
    ],
)
def test_formats_are_checked_before_anything_is_read(command: Command, formats: list[str], said: str) -> None:
    options = [option for wanted in formats for option in ("-f", wanted)]

    result = command("evaluate", "nowhere", "-p", "nowhere.yaml", *options)

    assert result.status == 2
    assert said in result.err


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_shown_again_from_json_with_the_same_bytes(
    command: Command, bundle: str, name: str
) -> None:
    evaluated = command(
        "evaluate", bundle, "-p", "house.yaml", "-f", "json=report.json", "-f", f"{name}=first"
    )
    again = command("report", "report.json", "-f", f"{name}=again")

    assert (evaluated.status, again.status) == (0, 0)
    assert (command.folder / "again").read_bytes() == (command.folder / "first").read_bytes()
    assert (command.folder / "first").stat().st_size > 0


def test_a_file_is_for_its_owner_and_replaces_what_was_there(command: Command, bundle: str) -> None:
    before = command.write("report.json", "before")
    before.chmod(0o644)

    formats = ("-f", "json=report.json", "-f", "text=new/report.txt")
    command("evaluate", bundle, "-p", "house.yaml", *formats)

    assert before.read_text().startswith('{"format":1,')
    for path in (before, command.folder / "new/report.txt"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (command.folder / "new").stat().st_mode & 0o077 == 0


def test_a_file_is_written_whole_or_not_at_all(
    command: Command, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any, out: io.TextIOBase) -> None:
        out.write("half a rep")
        raise RuntimeError("oops")

    monkeypatch.setattr(plugins.reporters()["json"], "write", broken)
    before = command.write("report.json", "before")

    result = command("evaluate", bundle, "-p", "house.yaml", "-f", "json=report.json")

    assert result.status == 70
    assert before.read_text() == "before"
    assert sorted(path.name for path in command.folder.iterdir()) == ["evidence", "house.yaml", "report.json"]


def test_a_file_that_cannot_be_written_is_said(command: Command, bundle: str) -> None:
    command.write("file", "")

    result = command("evaluate", bundle, "-p", "house.yaml", "-f", "json=file/report.json")

    assert result.status == 2
    assert result.err.endswith(f"Error: -f json=file/report.json: {command.folder}/file is not a folder\n")


def test_a_folder_is_no_file(command: Command, bundle: str) -> None:
    (command.folder / "folder").mkdir()

    result = command("evaluate", bundle, "-p", "house.yaml", "-f", "json=folder")

    assert result.status == 2
    assert result.err.endswith("Error: -f json=folder: it is a folder\n")


def test_a_pipe_is_written_to_and_not_replaced(command: Command, bundle: str) -> None:
    pipe = command.folder / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = command("evaluate", bundle, "-p", "house.yaml", "-f", "text=pipe")
        said = os.read(reading, 1 << 20)
    finally:
        os.close(reading)

    assert result.status == 0
    assert pipe.is_fifo()
    assert said.startswith(b"Falls short")


def test_a_link_stays_a_link(command: Command, bundle: str) -> None:
    real = command.write("real.json", "before")
    link = command.folder / "link.json"
    link.symlink_to(real)

    command("evaluate", bundle, "-p", "house.yaml", "-f", "json=link.json")

    assert link.is_symlink()
    assert real.read_text().startswith('{"format":1,')


def test_githubs_summary_is_appended_to(
    command: Command, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = command.write("summary.md", "before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    command("evaluate", bundle, "-p", "house.yaml", "-f", "github", "-f", "markdown=expected.md")

    expected = Path(command.folder / "expected.md").read_text()
    assert summary.read_text() == "before\n" + expected


def test_ages_may_be_counted_to_another_day(command: Command, bundle: str) -> None:
    asked = [
        command("evaluate", bundle, "-p", "house.yaml", "-f", "json", *options).out
        for options in ([], ["--as-of", "2027-01-01"], ["--as-of", "2027-01-01T00:00:00Z"])
    ]

    assert '"as_of":"2026-11-21T03:00:00Z"' in asked[0]
    assert '"as_of":"2027-01-01T00:00:00Z"' in asked[1]
    assert asked[1] == asked[2]


def test_the_schemas_are_json(command: Command) -> None:
    for arguments in (["report", "--schema"], ["policy", "schema"]):
        result = command(*arguments)
        assert (result.status, result.err) == (0, "")
        assert result.out.startswith("{\n")
