"""The mappings: what others ask for, and the check and requirement that decide it, or why none does."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner import plan, plugins
from scanner.cli.configuration import named
from scanner.model import Control, Requirement
from scanner.policy import resolved

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "policies" / "mappings"
LISTS = ROOT / "tests" / "lists"
POLICY = "hipaa-security-rule"
COLUMNS = ["id", "title", "check", "requirement", "reason"]
NAMES = sorted(path.stem for path in LISTS.glob("*.txt"))
TITLES = {
    "aws-config-hipaa": (
        "AWS Config's conformance pack for HIPAA",
        "The rules of Operational Best Practices for HIPAA Security.",
    ),
    "azure-hipaa-hitrust": (
        "Azure's built-in initiative HITRUST/HIPAA, version 14.13.0",
        "The definitions that a machine can decide; the other 496 of the initiative ask for a person's word.",
    ),
    "prowler-aws-hipaa": (
        "Prowler's checks for HIPAA on AWS, version 5.40",
        "What its compliance file for HIPAA names.",
    ),
    "prowler-azure-hipaa": (
        "Prowler's checks for HIPAA on Azure, version 5.40",
        "What its compliance file for HIPAA names.",
    ),
    "ssg-hipaa": (
        "ComplianceAsCode's profile for HIPAA on Linux",
        "The rules of controls/hipaa.yml (August 2026), on whatever product they are for.",
    ),
}
EVERY = pytest.mark.parametrize("name", NAMES)
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    text = (FOLDER / f"{name}.csv").read_text()
    reader = csv.DictReader(io.StringIO(text))
    assert reader.fieldnames == COLUMNS
    return list(reader)


def listed(name: str) -> list[str]:
    lines = (LISTS / f"{name}.txt").read_text().splitlines()
    return [line.partition(" ")[0] for line in lines if not line.startswith("#")]


@pytest.fixture(scope="module")
def requirements() -> dict[str, tuple[Control, Requirement]]:
    (read,) = named([POLICY])
    policy = resolved(read, plan.facts(plugins.checks()), strict=True)
    return {item.id: (control, item) for control in policy.controls for item in control.requirements}


def test_every_list_is_mapped() -> None:
    assert NAMES == sorted(path.stem for path in FOLDER.glob("*.csv")) == sorted(TITLES)


@EVERY
def test_everything_that_is_listed_is_mapped_and_nothing_else(name: str) -> None:
    assert list(dict.fromkeys(row["id"] for row in rows(name))) == listed(name)


@EVERY
def test_a_row_names_what_decides_it_or_says_why_nothing_does(name: str) -> None:
    wrong = [row for row in rows(name) if bool(row["check"] and row["requirement"]) == bool(row["reason"])]
    half = [row for row in rows(name) if bool(row["check"]) != bool(row["requirement"])]
    decided = {row["id"] for row in rows(name) if row["check"]}
    both = [row["id"] for row in rows(name) if row["reason"] and row["id"] in decided]

    assert (wrong, half, both) == ([], [], [])
    assert len(decided) > len(listed(name)) / 2


@EVERY
def test_what_is_named_is_there_and_belongs_together(
    name: str, requirements: dict[str, tuple[Control, Requirement]]
) -> None:
    checks = plugins.checks()
    wrong = [
        row
        for row in rows(name)
        if row["check"]
        and (
            row["check"] not in checks
            or row["requirement"] not in requirements
            or row["check"] not in requirements[row["requirement"]][1].checks
        )
    ]

    assert wrong == []


def test_the_page(
    golden: Callable[[Path, str], None], requirements: dict[str, tuple[Control, Requirement]]
) -> None:
    head = (
        "# What others ask for\n\nEach rule of these lists, and the check and the requirement of the policy "
        f"`{POLICY}` that decide it, or why none does. Written by `make golden` from policies/mappings, "
        "and kept complete and true by a test.\n"
    )
    golden(ROOT / "MAPPINGS.md", head + "".join(part for name in NAMES for part in page(name, requirements)))


def page(name: str, requirements: dict[str, tuple[Control, Requirement]]) -> Iterator[str]:
    title, told = TITLES[name]
    found = rows(name)
    decided = {row["id"] for row in found if row["check"]}
    yield f"\n## {title}\n\n{told} {len(listed(name))} are listed; {len(decided)} are decided.\n\n"
    yield "| rule | check | expectation | requirement |\n| --- | --- | --- | --- |\n"
    for row in found:
        rule = cell(row["title"])
        if row["check"]:
            _, item = requirements[row["requirement"]]
            when = f"when {said(item.when)}: " if item.when else ""
            yield f"| {rule} | `{row['check']}` | {when}{said(item.expect)} | {cell(item.id)} |\n"
        else:
            yield f"| {rule} | none | not decided: {cell(row['reason'])} | |\n"


def said(expectation: dict[str, Any]) -> str:
    return ", ".join(f"`{fact}: {cell(flow(wanted))}`" for fact, wanted in expectation.items())


def flow(value: Any) -> str:
    """A value as YAML has it on one line."""
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case dict():
            return "{" + ", ".join(f"{name}: {flow(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(flow(each) for each in value) + "]"
        case _:
            return str(value)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
