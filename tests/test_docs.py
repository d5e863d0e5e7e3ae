"""What README, CHECKS and --help say is what the code does."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanner import plugins
from scanner.cli import HELP
from scanner.cli.configuration import SCHEMA
from scanner.cli.group import wardround
from scanner.cli.manual import check_manual
from scanner.documents import mistakes, parse
from scanner.expect import WORDS
from scanner.plan import facts
from scanner.policy import read, resolved
from scanner.report import Status
from scanner.targets.inventory import INVENTORY

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^    (wardround [^#\n>]*)", FENCED.sub("", README), re.MULTILINE)


def _block(start: str) -> str:
    (block,) = [block for block in BLOCKS if block.startswith(start)]
    return block


def test_the_configurations_and_the_inventory_are_well_formed() -> None:
    configurations = [block for block in BLOCKS if block.startswith("targets:")]
    assert len(configurations) == 2
    assert [mistakes(parse(block, "README.md"), SCHEMA) for block in configurations] == [[], []]
    assert mistakes(parse(_block("hosts:"), "README.md"), INVENTORY) == []


def test_the_policy_is_well_formed_and_its_slip_is_told() -> None:
    policy = _block("policy: house")
    checks = facts(plugins.checks())
    assert resolved(read(policy.encode(), "policies/house.yaml"), checks, strict=True).policy == "house"

    slip = policy.replace("encrypted: true", "encrpyted: true", 1)
    with pytest.raises(Exception, match="encrpyted") as error:
        resolved(read(slip.encode(), "policies/house.yaml"), checks, strict=True)
    (told,) = re.findall(r"^    (policies/house.yaml:.*)$", README, re.MULTILINE)
    assert str(error.value).splitlines()[0].startswith(told)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_one(command: str) -> None:
    name, *rest = command.split()[1:]
    found = wardround.commands[name]
    if name in {"policy", "checks"}:
        found = found.commands[rest.pop(0)]  # type: ignore[attr-defined]
    options = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= options


@pytest.mark.parametrize("command", [line for line in COMMANDS if re.search(r" (policy|checks) ", line)])
def test_commands_that_show_do_show(command: str) -> None:
    arguments = [word.strip("'") for word in command.split()[1:]]
    result = CliRunner().invoke(wardround, arguments)
    assert (result.exit_code, bool(result.stdout)) == (0, True)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "examples/plugin/README.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    links = set(re.findall(r"\]\((?!https:)([^)#]+)\)", FENCED.sub("", page.read_text())))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_section_that_is_linked_is_there() -> None:
    titles = re.findall(r"^## (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    linked = set(re.findall(r"\]\(#([^)]+)\)", README))
    assert len(linked) == 4
    assert linked <= anchors


def test_the_language_is_told_whole() -> None:
    words = set(re.findall(r"\w+", README.partition("closed list:")[2].partition("for moments")[0]))
    assert set(WORDS) <= words


def test_every_exit_status_is_told() -> None:
    told = {int(status) for status in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    helped = CliRunner().invoke(wardround, ["--help"]).stdout
    assert told == {status.value for status in Status}
    assert {int(status) for status in re.findall(r"^    (\d+) ", helped, re.MULTILINE)} == told


def test_help_is_what_the_command_says_of_itself(golden: Callable[..., None]) -> None:
    golden(Path(HELP), CliRunner().invoke(wardround, ["--help"], prog_name="wardround").stdout)


def test_every_format_is_told() -> None:
    section = README.partition("## Formats")[2].partition("##")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(plugins.reporters())


def test_the_manual_of_checks(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "CHECKS.md", _manual())


def _manual() -> str:
    checks = plugins.checks()
    pages = [
        "\n".join([f"## {name}", "", "```text", *list(check_manual(name))[1:], "```"]) for name in checks
    ]
    head = (
        "# The checks\n\nWhat each looks at, the facts it states, and what it needs: what `wardround checks "
        "explain` prints. Written by `make golden`, and kept true by a test.\n"
    )
    return head + "".join(f"\n{page}\n" for page in pages)
