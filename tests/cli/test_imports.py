"""What is imported by whom, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from scanner.cli.group import wardround
from tests.cli.command import POLICY

SDKS = ("boto3", "botocore", "paramiko", "azure", "cryptography")
WRAPPER = """\
import sys
from scanner.cli import main
sys.argv = ["wardround", *sys.argv[1:]]
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported(folder: Path, *arguments: str) -> set[str]:
    """The top-level packages that were imported when the command had run."""
    result = subprocess.run(
        [sys.executable, "-I", "-c", WRAPPER, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(result.stderr.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], *([name, "-h"] for name in wardround.commands)]
)
def test_help_imports_click_and_next_to_nothing(tmp_path: Path, arguments: list[str]) -> None:
    found = imported(tmp_path, *arguments)

    assert not found & {*SDKS, "yaml", "jsonschema", "msgspec", "rich", "jinja2", "checks", "reporters"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["policy", "lint", "house.yaml"],
        ["policy", "list"],
        ["policy", "schema"],
        ["checks", "list"],
        ["checks", "explain", "encryption.aws.ebs_volumes"],
        ["report", "--schema"],
    ],
)
def test_the_manual_imports_no_sdk(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "house.yaml").write_text(POLICY)

    assert not imported(tmp_path, *arguments) & set(SDKS)


def test_the_door_imports_nothing() -> None:
    code = "import sys, scanner; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert not {name.partition(".")[0] for name in result.stdout.split()} & {
        *SDKS,
        "msgspec",
        "click",
        "yaml",
    }


def test_hostile_folders_beside_the_command_are_not_imported(tmp_path: Path) -> None:
    for name in ("checks", "scanner", "reporters", "policies"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('hijacked')\n")

    assert "checks" in imported(tmp_path, "checks", "list")
