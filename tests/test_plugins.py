import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from scanner import plugins
from scanner.cli.configuration import load
from scanner.declaration import Check
from scanner.errors import ScannerError
from scanner.model import Reason
from scanner.testing import look
from tests.cli.command import POLICY

CHECK = '''\
from collections.abc import Iterator
from scanner import AwsRegion, Facts, Host, check

class Thing(Facts):
    """A thing."""
    good: bool

@check("{need}")
def things(view: {view}) -> Iterator[Thing]:
    """Whether things are good."""
    yield from ()
'''
CACHES = (plugins.checks, plugins.reporters, plugins.policies, plugins._checks)  # noqa: SLF001 - forgotten below
GROUPS = ("checks", "reporters", "policies")


def family(need: str = "ec2:DescribeVolumes", view: str = "AwsRegion") -> dict[str, str]:
    return {"backup/__init__.py": "", "backup/x.py": CHECK.replace("{need}", need).replace("{view}", view)}


class Installed:
    """Distributions that are installed for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: list[str] = []

    def add(self, distribution: str, group: str, package: str, files: dict[str, str]) -> None:
        for path, text in {"__init__.py": "", **files}.items():
            self._write(f"{package}/{path}", text)
        self.packages.append(package)
        self.declare(distribution, group, package)

    def declare(self, distribution: str, group: str, value: str) -> None:
        folder = f"{distribution.replace('-', '_')}-1.0.dist-info"
        self._write(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        self._write(f"{folder}/entry_points.txt", f"[wardround.{group}]\ntheirs = {value}\n")
        importlib.invalidate_caches()

    def _write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """Strangers' distributions; ours is left out unless a test puts `entry_points` back."""
    made = Installed(tmp_path / "site")
    made.folder.mkdir()
    monkeypatch.syspath_prepend(made.folder)
    monkeypatch.setattr(
        plugins,
        "entry_points",
        lambda group: [entry for entry in entry_points(group=group) if entry.dist.name != "wardround"],
    )
    for cached in CACHES:
        cached.cache_clear()
    yield made
    for cached in CACHES:
        cached.cache_clear()
    for name in set(sys.modules):
        if name.partition(".")[0] in made.packages:
            del sys.modules[name]


def refusal(group: str = "checks") -> str:
    with pytest.raises(ScannerError) as caught:
        getattr(plugins, group)()
    assert len(caught.value.messages) == 1
    return caught.value.messages[0]


def test_a_check_is_called_by_where_it_stands(installed: Installed) -> None:
    installed.add("acme", "checks", "theirs1", family())

    assert list(plugins.checks()) == ["backup.x.things"]


def test_a_check_that_is_imported_elsewhere_is_no_second_one(installed: Installed) -> None:
    again = {"backup/more.py": "from .x import things\n"}
    installed.add("acme", "checks", "theirs2", family() | again)

    assert list(plugins.checks()) == ["backup.x.things"]


def test_two_checks_of_one_id_are_an_error_that_names_both(installed: Installed) -> None:
    installed.add("acme", "checks", "theirs3", family())
    installed.add("other-corp", "checks", "others3", family())

    folder = installed.folder
    assert refusal() == (
        f"check 'backup.x.things' is installed twice: by acme ({folder}/theirs3/backup/x.py:8) "
        f"and by other-corp ({folder}/others3/backup/x.py:8)"
    )


def test_a_check_with_the_id_of_one_of_ours_is_an_error(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "entry_points", entry_points)
    ours = {f"encryption/{name.replace('x', 'aws')}": text for name, text in _flat(family()).items()}
    installed.add("acme", "checks", "theirs4", _renamed(ours, "things", "ebs_volumes"))

    said = refusal()

    assert said.startswith("check 'encryption.aws.ebs_volumes' is installed twice: by wardround (")
    assert said.endswith(f"and by acme ({installed.folder}/theirs4/encryption/aws.py:8)")


def _flat(files: dict[str, str]) -> dict[str, str]:
    return {name.rpartition("/")[2]: text for name, text in files.items()}


def _renamed(files: dict[str, str], old: str, new: str) -> dict[str, str]:
    return {name: text.replace(f"def {old}(", f"def {new}(") for name, text in files.items()}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "DescribeVolumes",
            "TerminateInstances",
            "ec2:TerminateInstances is not a reading operation; a check may declare Get, List and Describe",
        ),
        ("view: AwsRegion", "view: int", "the first parameter's type must be what the check is run on"),
        ("Iterator[Thing]", "list[Thing]", "a check returns Iterator[SomeFacts]; found list["),
        ("Iterator[Thing]", "'Iterator[Thin]'", "a check's annotations are read when it is run: "),
        ("good: bool", "good: 'Nowhere'", "its facts have no JSON Schema: NameError: "),
        ("good: bool", "good: complex", "its facts have no JSON Schema: TypeError: "),
        ('"ec2:DescribeVolumes"', "", "a check declares what it needs"),
        ('    """Whether things are good."""\n', "", "a check has a docstring: it is the manual"),
    ],
)
def test_a_check_that_is_declared_wrongly_is_said_with_its_plug_in_and_place(
    installed: Installed, old: str, new: str, said: str
) -> None:
    assert old in family()["backup/x.py"]
    package = f"theirs5_{abs(hash((old, new)))}"
    installed.add(
        "acme", "checks", package, family() | {"backup/x.py": family()["backup/x.py"].replace(old, new)}
    )

    place = f"plug-in acme: {installed.folder}/{package}/backup/x.py:8: "
    assert refusal().startswith(place + said)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("raise ValueError('a\\n\\nb')", "ValueError: a b"),
    ],
)
def test_a_plug_in_that_cannot_be_loaded_is_named(
    installed: Installed, group: str, line: str, said: str
) -> None:
    package = f"theirs6_{group}_{len(line)}"
    installed.add("acme", group, package, {"__init__.py": f"\n{line}\n"})

    place = f"{installed.folder}/{package}/__init__.py:2"
    assert refusal(group) == f"plug-in acme cannot be loaded: {said} ({place})"


@pytest.mark.parametrize("where", ["backup/__init__.py", "backup/x.py"])
@pytest.mark.parametrize("line", ["1 / 0", "]", "import nothing_of_this_name"])
def test_so_is_one_whose_modules_cannot_be_loaded(installed: Installed, where: str, line: str) -> None:
    package = f"theirs7_{len(where)}_{len(line)}"
    installed.add("acme", "checks", package, family() | {where: f"{line}\n"})

    assert refusal().startswith("plug-in acme cannot be loaded: ")


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("value", ["json.decoder", "json:loads"])
def test_what_is_no_package_is_said(installed: Installed, group: str, value: str) -> None:
    installed.declare("acme", group, value)

    assert refusal(group) == f"plug-in acme: wardround.{group}: theirs = {value} is not a package"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("json:nothing", "AttributeError: module 'json' has no attribute 'nothing'"),
    ],
)
def test_what_is_not_there_is_said(installed: Installed, value: str, said: str) -> None:
    installed.declare("acme", "checks", value)

    assert refusal().startswith(f"plug-in acme cannot be loaded: {said}")


def test_reporters_are_modules_that_write(installed: Installed) -> None:
    files = {"csv.py": "def write(report, out):\n    '''CSV.'''\n", "common.py": "x = 1\n"}
    installed.add("acme", "reporters", "theirs8", files)

    assert list(plugins.reporters()) == ["csv"]


def test_policies_are_yaml_files(installed: Installed) -> None:
    installed.add("acme", "policies", "theirs9", {"house.yaml": "policy: house\n", "readme.md": "x"})

    found = plugins.policies()

    assert {name: file.read_text() for name, file in found.items()} == {"house": "policy: house\n"}


@pytest.mark.parametrize(
    ("group", "word", "file", "text"),
    [
        ("policies", "policy", "house.yaml", ""),
        ("reporters", "format", "house.py", "def write(report, out): ...\n"),
    ],
)
def test_two_policies_or_formats_of_one_name_are_an_error_that_names_both(
    installed: Installed, group: str, word: str, file: str, text: str
) -> None:
    installed.add("acme", group, f"theirs10{group}", {file: text})
    installed.add("other-corp", group, f"others10{group}", {file: text})

    folder = installed.folder
    assert refusal(group) == (
        f"{word} 'house' is installed twice: by acme ({folder}/theirs10{group}/{file}) "
        f"and by other-corp ({folder}/others10{group}/{file})"
    )


def hosts(installed: Installed) -> Check:
    installed.add(
        "Acme.Hosts", "checks", f"theirs11_{len(installed.folder.parent.name)}", family("uname -r", "Host")
    )
    return plugins.checks()["backup.x.things"]


@pytest.mark.parametrize("allowed", ["Acme.Hosts", "acme-hosts", "ACME_hosts"])
def test_an_allowed_plug_ins_host_check_is_as_declared(installed: Installed, allowed: str) -> None:
    check = hosts(installed)

    assert plugins.permitted([allowed]) == {"backup.x.things": check}
    assert check.needs == ("uname -r",)


def test_one_that_is_not_allowed_asks_nothing_and_says_so(installed: Installed) -> None:
    check = hosts(installed)

    withheld = plugins.permitted([])["backup.x.things"]

    assert withheld.needs == ()
    assert (withheld.on, withheld.facts, withheld.manual, withheld.where) == (
        check.on,
        check.facts,
        check.manual,
        check.where,
    )
    sight = look(withheld, {"uname -r": "6.1"})
    assert sight.facts == []
    (refused,) = sight.refusals
    assert (refused.resource, refused.error.need, refused.error.reason) == (None, None, Reason.NOT_COLLECTED)
    assert refused.error.detail == "the host commands of the plug-in Acme.Hosts are not allowed"
    assert "add `allow_host_commands: [Acme.Hosts]` to a configuration" in refused.error.mend


def test_calls_of_plug_ins_to_a_cloud_are_held_by_their_kind_and_need_no_word(installed: Installed) -> None:
    installed.add("acme", "checks", "theirs12", family())

    assert plugins.permitted([]) == plugins.checks()


def test_ours_need_no_word() -> None:
    assert plugins.permitted([]) == plugins.checks()


CONFIGURATION = """\
targets:
  - hosts: {name: here, transport: local}
policies: [./house.yaml]
allow_host_commands:
  - ACME
"""


@pytest.fixture
def configured(installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    installed.add("acme", "checks", "theirs13", family("uname -r", "Host"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house.yaml").write_text(POLICY)
    path = tmp_path / "wardround.yaml"
    path.write_text(CONFIGURATION)
    return path


def test_a_configuration_that_the_user_named_can_allow(configured: Path) -> None:
    assert load(configured, ()).allow_host_commands == ("ACME",)


def test_one_that_was_found_cannot(configured: Path) -> None:
    assert load(None, ()).allow_host_commands == ()
    assert configured.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acne", "no plug-in 'acne' with host commands is installed (did you mean 'acme'?)"),
        ("xyz", "no plug-in 'xyz' with host commands is installed; there is acme"),
        ("wardround", "no plug-in 'wardround' with host commands is installed; there is acme"),
    ],
)
def test_what_is_allowed_must_be_installed(configured: Path, name: str, said: str) -> None:
    configured.write_text(CONFIGURATION.replace("ACME", name))

    with pytest.raises(ScannerError) as caught:
        load(configured, ())

    assert caught.value.messages == (f"wardround.yaml:5: {said}",)


def test_ours_are_installed() -> None:
    assert {"json", "text", "sarif", "html", "markdown", "github"} <= plugins.reporters().keys()
    assert "encryption.aws.ebs_volumes" in plugins.checks()
    assert "hipaa-security-rule" in plugins.policies()
