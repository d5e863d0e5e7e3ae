"""Each folder of examples does what it says, when somebody copies it."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e import volumes
from tests.e2e.command import run
from tests.moto import Moto

EXAMPLES = Path(__file__).parents[1] / "examples"


WRITTEN = date(2026, 11, 21)
"""The day on which the examples were written, and their dates are about."""
# As if it were tomorrow: nobody judges by a day before the evidence was collected.
PASSED = datetime.now(UTC).date() + timedelta(days=1) - WRITTEN


def on(day: str) -> str:
    """The day that lies from today as this one did from the day on which the examples were written."""
    return (date.fromisoformat(day) + PASSED).isoformat()


def copied(name: str, folder: Path) -> Path:
    """An example, its dates as if it had been written now."""
    copy = Path(shutil.copytree(EXAMPLES / name, folder / name))
    for path in copy.rglob("*.yaml"):
        path.write_text(re.sub(r"\b20\d\d-\d\d-\d\d\b", lambda day: on(day[0]), path.read_text()))
    return copy


@pytest.fixture
def attestations(tmp_path: Path) -> Path:
    return copied("attestations", tmp_path)


def judged(folder: Path, day: str) -> tuple[int, str]:
    bundle = folder.parent / f"evidence-{day}"
    collected = run(folder, "collect", "--bundle", str(bundle))
    assert (collected.returncode, collected.stdout) == (0, ""), collected.stderr
    done = run(folder, "evaluate", str(bundle), "-p", "house-statements.yaml", "--as-of", day)
    assert done.stderr == ""
    return done.returncode, " ".join(done.stdout.split())


def test_attestations_hold_while_they_are_young(attestations: Path) -> None:
    status, said = judged(attestations, on("2026-11-21"))

    assert status == 0
    assert said.startswith("Nothing falls short of what these policies ask of what was looked at.")


def test_attestations_grow_old_and_contracts_end(attestations: Path) -> None:
    status, said = judged(attestations, on("2027-10-01"))

    assert status == 1
    assert said.startswith("Falls short: 1 critical and 2 high findings.")
    signed, ended = on("2026-09-14"), on("2027-06-30")
    assert f"signed_at is {signed}T00:00:00Z (382 days ago); expected at most 365 days ago" in said
    assert f"expires_at is {ended}T23:59:59Z (92 days ago); expected null or at least 30 days ahead" in said


def test_evidence_that_was_changed_no_longer_backs_its_statement(attestations: Path) -> None:
    with (attestations / "attestations/evidence/risk-analysis-2026.md").open("a") as evidence:
        evidence.write("| health record | none |\n")

    status, said = judged(attestations, on("2026-11-21"))

    assert status == 1
    assert "evidence_intact is false; expected true" in said


def test_what_nobody_stated_falls_short(attestations: Path) -> None:
    (attestations / "attestations/workforce.yaml").unlink()

    status, said = judged(attestations, on("2026-11-21"))

    assert status == 1
    assert said.startswith("Falls short: 1 high finding.")
    assert "there is none whose topic is " in said


@pytest.fixture
def waivers(tmp_path: Path, moto_server: Moto) -> Iterator[Path]:
    """The folder, with the id of a volume of ours, and what it saw of an account."""
    folder = copied("waivers", tmp_path)
    ids = volumes.seeded(moto_server)
    context = folder / "context.yaml"
    context.write_text(context.read_text().replace("vol-0123456789abcdef0", ids["imaging"]))
    collected = run(folder, "collect", "--bundle", "evidence", **moto_server.environment)
    assert (collected.returncode, collected.stdout) == (0, ""), collected.stderr
    yield folder
    moto_server.reset()


def accepted(folder: Path, day: str) -> tuple[int, str]:
    files = ("-p", "house.yaml", "--waivers", "waivers.yaml", "--context", "context.yaml")
    done = run(folder, "evaluate", "evidence", *files, "--as-of", day)
    assert done.stderr == ""
    return done.returncode, " ".join(done.stdout.split())


def test_waivers_hold_until_they_end(waivers: Path) -> None:
    status, said = accepted(waivers, on("2026-12-31"))

    assert status == 1
    assert said.startswith("Falls short: 2 critical findings. 2 findings are waived. ")
    assert f"1 ending within 30 days. {on('2026-12-31')}, ends today, waives 1 finding" in said
    assert "patient data, 50,000 records, owner imaging" in said

    status, said = accepted(waivers, on("2027-01-01"))

    assert status == 1
    assert said.startswith("Falls short: 2 critical and 1 high findings. 1 finding is waived. ")
    assert f"Waivers 2 waivers: 1 expired. {on('2026-12-31')}, expired 1 day ago: waives nothing" in said


def test_the_waivers_example_is_a_configuration_as_well(waivers: Path, moto_server: Moto) -> None:
    done = run(waivers, "scan", "-q", **moto_server.environment)

    assert (done.returncode, done.stderr) == (1, "")
    assert "Judged by the waivers file as well" in done.stdout
    assert "Judged by the context file as well" in done.stdout
