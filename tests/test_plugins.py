import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from scanner import plugins
from scanner.errors import ScannerError

CHECK = '''\
from collections.abc import Iterator
from scanner import AwsRegion, Facts, check

class Thing(Facts):
    """A thing."""
    good: bool

@check("ec2:{operation}")
def things(region: AwsRegion) -> Iterator[Thing]:
    """Whether things are good."""
    yield from ()
'''


class Installed:
    """Packages that are installed for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: list[EntryPoint] = []

    def add(self, group: str, package: str, files: dict[str, str], name: str = "stranger") -> None:
        for path, text in {"__init__.py": "", **files}.items():
            file = self.folder / package / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.entries.append(EntryPoint(name, package, f"wardround.{group}"))


def _forget() -> None:
    """What was found installed is kept; what one test installs must not be."""
    for kept in vars(plugins).values():
        if hasattr(kept, "cache_clear"):
            kept.cache_clear()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    made = Installed(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [entry for entry in made.entries if entry.group == group]
    )
    before = set(sys.modules)
    _forget()
    yield made
    _forget()
    for name in set(sys.modules) - before:
        if name.startswith(("theirs", "others")):
            del sys.modules[name]


def checks() -> list[str]:
    return list(plugins.checks())


def refusal() -> str:
    with pytest.raises(ScannerError) as caught:
        plugins.checks()
    return str(caught.value)


def family(operation: str = "DescribeVolumes") -> dict[str, str]:
    return {"backup/__init__.py": "", "backup/aws.py": CHECK.replace("{operation}", operation)}


def test_a_check_is_called_by_where_it_stands(installed: Installed) -> None:
    installed.add("checks", "theirs1", family())

    assert checks() == ["backup.aws.things"]


def test_a_check_that_is_imported_elsewhere_is_no_second_one(installed: Installed) -> None:
    again = {"backup/more.py": "from .aws import things\n"}
    installed.add("checks", "theirs2", family() | again)

    assert checks() == ["backup.aws.things"]


def test_two_checks_of_one_id_are_an_error(installed: Installed) -> None:
    installed.add("checks", "theirs3", family())
    installed.add("checks", "others3", family(), name="other")

    said = refusal()

    assert said.startswith("check 'backup.aws.things' is installed twice: ")
    assert "theirs3/backup/aws.py:" in said
    assert "others3/backup/aws.py:" in said


def test_a_check_that_is_declared_wrongly_is_said_with_its_place(installed: Installed) -> None:
    installed.add("checks", "theirs4", family("TerminateInstances"))

    assert refusal() == (
        f"{installed.folder}/theirs4/backup/aws.py:8: ec2:TerminateInstances is not a reading operation; "
        "a check may declare Get, List and Describe"
    )


@pytest.mark.parametrize("where", ["__init__.py", "backup/__init__.py", "backup/aws.py"])
@pytest.mark.parametrize("line", ["1 / 0", "import nothing_of_this_name", "]"])
def test_a_plug_in_that_cannot_be_loaded_is_named(installed: Installed, where: str, line: str) -> None:
    package = f"theirs5_{where.count('/')}{len(where)}_{len(line)}"
    installed.add("checks", package, family() | {where: line + "\n"})

    assert refusal().startswith(f"plug-in {package} cannot be loaded: ")


def test_what_is_no_package_is_said(installed: Installed) -> None:
    installed.entries.append(EntryPoint("stranger", "json.decoder", "wardround.checks"))

    assert refusal() == "wardround.checks: stranger = json.decoder is not a package"


def test_reporters_are_modules_that_write(installed: Installed) -> None:
    files = {"csv.py": "def write(report, out):\n    '''CSV.'''\n", "common.py": "x = 1\n"}
    installed.add("reporters", "theirs6", files)

    assert list(plugins.reporters()) == ["csv"]


def test_policies_are_yaml_files(installed: Installed) -> None:
    installed.add("policies", "theirs7", {"house.yaml": "policy: house\n", "readme.md": "x"})

    found = plugins.policies()

    assert {name: file.read_text() for name, file in found.items()} == {"house": "policy: house\n"}


def test_two_policies_of_one_name_are_an_error(installed: Installed) -> None:
    installed.add("policies", "theirs8", {"house.yaml": ""})
    installed.add("policies", "others8", {"house.yaml": ""}, name="other")

    with pytest.raises(ScannerError, match=r"^policy 'house' is installed twice: "):
        plugins.policies()


def test_ours_are_installed() -> None:
    assert {"json", "text", "sarif", "html", "markdown", "github"} <= plugins.reporters().keys()
    assert "encryption.aws.ebs_volumes" in plugins.checks()
    assert "hipaa-security-rule" in plugins.policies()
