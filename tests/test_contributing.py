"""CONTRIBUTING's example is a check that works, word for word."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_example_is_a_whole_check(tmp_path: Path) -> None:
    for folder in ("checks", "policies", "reporters", "scanner"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "checks").mkdir(parents=True)
    (tmp_path / "tests" / "__init__.py").touch()
    shutil.copy(ROOT / "tests" / "checks" / "__init__.py", tmp_path / "tests" / "checks")
    shutil.copy(ROOT / "tests" / "checks" / "test_every_check.py", tmp_path / "tests" / "checks")
    shutil.copy(ROOT / "tests" / "worlds.py", tmp_path / "tests")
    named = re.findall(r"^`([\w/.]+)`[^\n]*\n\n```\w+\n(.*?)```", _page(), re.DOTALL | re.MULTILINE)
    for name, text in named:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "tests" / "checks" / "vaults" / "__init__.py").touch()

    assert len(named) == 4
    tested = _run(
        tmp_path,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests",
        "-k",
        "vaults.aws or test_backup_vaults",
    )
    assert "6 passed" in tested.stdout, tested.stdout + tested.stderr
    linted = _run(
        tmp_path, "-c", "from scanner.cli import main; main()", "policy", "lint", "policies/vaults.yaml"
    )
    assert linted.stdout == ("policies/vaults.yaml: well formed: 1 control, 1 requirement, 1 check\n"), (
        linted.stderr
    )


def _page() -> str:
    return (ROOT / "CONTRIBUTING.md").read_text()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
