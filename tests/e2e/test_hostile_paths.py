"""What lies beside the command, or where PYTHON* variables point, has no say in what it imports."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND, run
from tests.e2e.environment import Environment

NAMES = (
    *("scanner", "checks", "policies", "reporters"),
    *("click", "yaml", "msgspec", "jsonschema", "rich", "jinja2"),
    *("json", "typing", "subprocess", "sitecustomize", "usercustomize"),
)
CONFIGURATION = """\
targets:
  - hosts: {name: here, transport: local}
policies: [./house.yaml]
"""
POLICY = """\
policy: house
title: House rules
source: us
controls:
  - control: "1"
    title: Releases
    owner: CTO
    requirements:
      - {check: patching.host.release, expect: {cycle: {not: {const: null}}}, severity: low}
"""


class Hostile:
    """A folder in which everything, when it is imported, leaves a mark."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder = folder
        self.mark = folder.parent / "mark"
        for name in NAMES:
            self._plant(f"{name}/__init__.py" if form == "folders" else f"{name}.py")
        self._plant("startup.py")
        self._plant("evil/__init__.py")
        distribution = folder / "evil-1.0.dist-info"
        distribution.mkdir()
        (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
        groups = ("checks", "reporters", "policies")
        (distribution / "entry_points.txt").write_text(
            "".join(f"[wardround.{group}]\nevil = evil\n" for group in groups)
        )
        (folder / "wardround.yaml").write_text(CONFIGURATION)
        (folder / "house.yaml").write_text(POLICY)

    def _plant(self, name: str) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"open({str(self.mark)!r}, 'a').write(__name__ + '\\n')\n")

    @property
    def imported(self) -> list[str]:
        """What left its mark."""
        return self.mark.read_text().split() if self.mark.exists() else []

    @property
    def environments(self) -> dict[str, dict[str, str]]:
        """Variables by which Python is told to import something."""
        here = str(self.folder)
        return {
            "nothing": {},
            "relative paths": {"PYTHONPATH": ".:"},
            "everything": {
                "PYTHONPATH": here,
                "PYTHONHOME": here,
                "PYTHONPLATLIBDIR": here,
                "PYTHONUSERBASE": here,
                "PYTHONSTARTUP": str(self.folder / "startup.py"),
                "PYTHONINSPECT": "1",
            },
        }


@pytest.fixture(params=["folders", "files"])
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Hostile:
    folder = tmp_path / "hostile"
    folder.mkdir()
    return Hostile(folder, request.param)


@pytest.fixture(params=["this environment", "one of its own", "by a link"])
def command(request: pytest.FixtureRequest, tmp_path: Path, installed: Environment) -> Path:
    """The command as it is installed for development, into an environment, and as pipx and uv link it."""
    if request.param == "this environment":
        return COMMAND
    if request.param == "by a link":
        link = tmp_path / "bin" / "wardround"
        link.parent.mkdir()
        link.symlink_to(installed.command)
        return link
    return installed.command


def test_it_would_be_imported_by_a_python_that_heeds_the_variables(hostile: Hostile) -> None:
    subprocess.run(
        [sys.executable, "-c", "import checks"],
        cwd=hostile.folder.parent,
        env={"PYTHONPATH": str(hostile.folder)},
        check=False,
    )

    assert {"sitecustomize", "checks"} <= set(hostile.imported)


def test_nothing_of_it_is_imported(hostile: Hostile, command: Path) -> None:
    for told, variables in hostile.environments.items():
        result = run(hostile.folder, "checks", "list", "encryption.*", command=command, **variables)
        assert result.returncode == 0, (told, result.stderr)
        assert "encryption.host.file_systems: " in result.stdout
        assert (told, hostile.imported) == (told, [])


def test_nor_by_a_scan(hostile: Hostile) -> None:
    result = run(hostile.folder, "scan", "-f", "html=out.html", PYTHONPATH=str(hostile.folder))

    assert (result.returncode, hostile.imported) == (0, []), result.stderr
    assert (hostile.folder / "out.html").exists()


def test_a_relative_path_to_the_command_finds_its_own_python(
    hostile: Hostile, installed: Environment
) -> None:
    beside = Path(os.path.relpath(installed.command, hostile.folder))

    result = run(hostile.folder, "--version", command=beside, PYTHONPATH=".")

    assert (result.returncode, hostile.imported) == (0, []), result.stderr


def test_without_a_python_beside_it_the_systems_is_used_and_told_apart(
    tmp_path: Path, installed: Environment
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(installed.command, alone / "wardround")
    other = tmp_path / "other"
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", other], check=True)

    found = run(tmp_path, "--version", command=alone / "wardround", PATH=_path(installed.folder / "bin"))
    lacking = run(tmp_path, "--version", command=alone / "wardround", PATH=_path(other / "bin"))

    assert (found.returncode, found.stderr) == (0, "")
    assert (lacking.returncode, lacking.stdout) == (2, "")
    assert lacking.stderr == (
        f"wardround: {other}/bin/python3: No module named 'scanner': "
        "install it into an environment of its own, as pipx and uv tool do\n"
    )


def _path(first: Path) -> str:
    return f"{first}:{os.environ['PATH']}"
