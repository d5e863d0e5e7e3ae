"""Each folder of examples does what it says, when somebody copies it."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.command import run

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def attestations(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "attestations", tmp_path / "attestations"))


def judged(folder: Path, day: str) -> tuple[int, str]:
    bundle = folder.parent / f"evidence-{day}"
    collected = run(folder, "collect", "--bundle", str(bundle))
    assert (collected.returncode, collected.stdout) == (0, ""), collected.stderr
    done = run(folder, "evaluate", str(bundle), "-p", "house-statements.yaml", "--as-of", day)
    assert done.stderr == ""
    return done.returncode, " ".join(done.stdout.split())


def test_attestations_hold_while_they_are_young(attestations: Path) -> None:
    status, said = judged(attestations, "2026-11-21")

    assert status == 0
    assert said.startswith("Nothing falls short of what these policies ask of what was looked at.")


def test_attestations_grow_old_and_contracts_end(attestations: Path) -> None:
    status, said = judged(attestations, "2027-10-01")

    assert status == 1
    assert said.startswith("Falls short: 1 critical and 2 high findings.")
    assert "signed_at is 2026-09-14T00:00:00Z (382 days ago); expected at most 365 days ago" in said
    assert "expires_at is 2027-06-30T23:59:59Z (92 days ago); expected null or at least 30 days ahead" in said


def test_evidence_that_was_changed_no_longer_backs_its_statement(attestations: Path) -> None:
    with (attestations / "attestations/evidence/risk-analysis-2026.md").open("a") as evidence:
        evidence.write("| health record | none |\n")

    status, said = judged(attestations, "2026-11-21")

    assert status == 1
    assert "evidence_intact is false; expected true" in said


def test_what_nobody_stated_falls_short(attestations: Path) -> None:
    (attestations / "attestations/workforce.yaml").unlink()

    status, said = judged(attestations, "2026-11-21")

    assert status == 1
    assert said.startswith("Falls short: 1 high finding.")
    assert "there is none whose topic is " in said
