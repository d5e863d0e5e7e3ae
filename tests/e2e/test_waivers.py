"""Waivers and the context file, from outside: the installed command, moto's server, every format."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner import plugins
from tests.e2e import volumes
from tests.e2e.command import run
from tests.moto import ACCOUNT, Moto

FORMATS = tuple(plugins.reporters())
ARN = f"arn:aws:ec2:{volumes.REGION}:{ACCOUNT}:volume/"
POLICY = """\
policy: house
title: House rules
source: us
controls:
  - control: c
    title: Encryption
    owner: CTO
    requirements:
      - {id: encrypted, check: encryption.aws.ebs_volumes, expect: {encrypted: true}, severity: high}
      - id: own-key
        check: encryption.aws.ebs_volumes
        when: {phi: true}
        expect: {key_manager: customer}
        severity: critical
"""
CONFIGURATION = f"""\
targets:
  - aws: {{name: clinic, account: "{ACCOUNT}", regions: [{volumes.REGION}]}}
policies: [./house.yaml]
"""


class Clinic:
    """An account of four volumes, a folder to look at it from, and the evidence of one look."""

    def __init__(self, folder: Path, server: Moto, ids: dict[str, str]) -> None:
        self.folder = folder
        self.server = server
        self.ids = ids

    def write(self, name: str, text: str) -> str:
        """A file in the folder."""
        (self.folder / name).write_text(text)
        return name

    def scan(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A scan of the account."""
        return run(self.folder, "scan", *arguments, **self.server.environment)

    def evaluate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What the evidence says, offline."""
        return run(self.folder, "evaluate", "evidence", "-p", "house.yaml", *arguments)

    def outcomes(self, report: dict[str, Any]) -> dict[tuple[str, str], str]:
        """Outcomes by requirement and what the volume is for; `waived` behind those that are."""
        names = {ARN + volume: name for name, volume in self.ids.items()}
        return {
            (finding["requirement"], names[finding["resource"]]): finding["outcome"]
            + (" waived" if finding["waiver"] else "")
            for finding in report["findings"]
        }


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, moto_server: Moto) -> Iterator[Clinic]:
    made = Clinic(tmp_path_factory.mktemp("clinic"), moto_server, volumes.seeded(moto_server))
    made.write("house.yaml", POLICY)
    made.write("wardround.yaml", CONFIGURATION)
    collected = run(made.folder, "collect", "--bundle", "evidence", **moto_server.environment)
    assert collected.returncode == 0, collected.stderr
    yield made
    moto_server.reset()


def waivers(expires: str) -> str:
    return (
        "waivers:\n"
        f"  - {{owner: CTO, reason: moves, expires: {expires}, requirement: encrypted, resource: '{ARN}*'}}\n"
    )


def test_what_is_waived_fails_and_does_not_count_until_its_day_is_over(clinic: Clinic) -> None:
    clinic.write("waivers.yaml", waivers("2027-03-31"))
    given = ("--waivers", "waivers.yaml", "-f", "json", "--as-of")

    bare = clinic.evaluate("-f", "json", "--as-of", "2027-03-31T23:59:59Z")
    last = clinic.evaluate(*given, "2027-03-31T23:59:59Z")
    over = clinic.evaluate(*given, "2027-04-01T00:00:00Z")

    assert (bare.returncode, last.returncode, over.returncode) == (1, 0, 1)
    failing = {("encrypted", "archive"): "fail", ("encrypted", "lab"): "fail"}
    reports = [json.loads(result.stdout) for result in (bare, last, over)]
    assert clinic.outcomes(reports[0]).items() >= failing.items()
    assert clinic.outcomes(reports[1]) == {
        place: outcome + (" waived" if place in failing else "")
        for place, outcome in clinic.outcomes(reports[0]).items()
    }
    assert clinic.outcomes(reports[2]) == clinic.outcomes(reports[0])
    assert [report["verdict"] for report in reports[1:]] == [
        (
            "Nothing but what is waived falls short of what these policies ask of what was looked at. "
            "2 findings are waived."
        ),
        "Falls short: 2 high findings.",
    ]
    assert [[result["findings"] for result in report["waivers"]] for report in reports] == [[], [2], [0]]


def test_every_format_says_that_something_is_waived(clinic: Clinic) -> None:
    clinic.write("waivers.yaml", waivers("2027-03-31"))
    wanted = [f"-f{name}={clinic.folder / 'said' / name}" for name in FORMATS]

    result = clinic.evaluate("--waivers", "waivers.yaml", "--as-of", "2027-03-15", *wanted)

    assert result.returncode == 0, result.stderr
    said = {name: (clinic.folder / "said" / name).read_text() for name in FORMATS}
    assert {name for name, text in said.items() if "waived" in text} == set(FORMATS)
    assert {name for name, text in said.items() if "ends in 16 days" in text} >= {"text", "html", "markdown"}
    assert json.loads(said["sarif"])["runs"][0]["results"] == []
    again = [f"-f{name}={clinic.folder / 'again' / name}" for name in FORMATS]
    shown = run(clinic.folder, "report", str(clinic.folder / "said" / "json"), *again)
    assert shown.returncode == 0, shown.stderr
    assert {name: (clinic.folder / "again" / name).read_text() for name in FORMATS} == said


def test_a_malformed_waiver_stops_the_command_before_anything_is_asked(clinic: Clinic) -> None:
    entry = "  - {owner: CTO, reason: soon, expires: 2027-02-30, control: c}\n"
    clinic.write("wrong.yaml", waivers("2027-03-31") + entry)
    clinic.write("scan.yaml", f"{CONFIGURATION}waivers: wrong.yaml\n")
    clinic.server.calls.clear()

    scanned = clinic.scan("-c", "scan.yaml")
    judged = clinic.evaluate("--waivers", "wrong.yaml")

    for result in (scanned, judged):
        assert (result.returncode, result.stdout) == (2, "")
        assert "wrong.yaml:3: expires: there is no day 2027-02-30" in result.stderr
    assert clinic.server.calls == []


def test_a_scan_is_told_by_its_configuration(clinic: Clinic) -> None:
    day = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    listed = clinic.write("waivers.yaml", waivers(day))
    imaging = ARN + clinic.ids["imaging"]
    known = clinic.write(
        "context.yaml", f"resources:\n  - {{resource: '{imaging}', phi: true, owner: pacs}}\n"
    )
    clinic.write("scan.yaml", f"{CONFIGURATION}waivers: {listed}\ncontext: {known}\n")

    result = clinic.scan("-c", "scan.yaml", "-f", "json", "--bundle", "kept")

    assert result.returncode == 1, result.stderr
    report = json.loads(result.stdout)
    digests = {
        name: hashlib.sha256((clinic.folder / f"{name}.yaml").read_bytes()).hexdigest()
        for name in ("context", "waivers")
    }
    assert report["run"]["files"] == digests
    manifest = json.loads((clinic.folder / "kept" / "manifest.json").read_text())
    assert manifest["context"] == digests["context"]
    assert clinic.outcomes(report) == {
        ("encrypted", "archive"): "fail waived",
        ("encrypted", "lab"): "fail waived",
        ("encrypted", "imaging"): "pass",
        ("encrypted", "spare"): "pass",
        ("own-key", "archive"): "not-applicable",
        ("own-key", "lab"): "not-applicable",
        ("own-key", "imaging"): "fail",
        ("own-key", "spare"): "not-applicable",
    }
    again = run(
        clinic.folder, "evaluate", "kept", "-p", "house.yaml", "--waivers", listed, "--context", known, "-f",
        "json",
    )  # fmt: skip
    assert again.stdout == result.stdout


def test_context_decides_what_holds_patient_data(clinic: Clinic) -> None:
    known = clinic.write(
        "phi.yaml",
        f"resources:\n"
        f"  - {{resource: '{ARN}*', phi: true, owner: pacs}}\n"
        f"  - {{resource: '{ARN}{clinic.ids['lab']}', phi: false, records: 7}}\n",
    )

    without = clinic.evaluate("-f", "json")
    told = clinic.evaluate("-f", "json", "--context", known)

    keys = {place for place in clinic.outcomes(json.loads(told.stdout)) if place[0] == "own-key"}
    assert {clinic.outcomes(json.loads(without.stdout))[place] for place in keys} == {"not-applicable"}
    outcomes = clinic.outcomes(json.loads(told.stdout))
    assert {name: outcomes["own-key", name] for name in clinic.ids} == {
        "archive": "fail",
        "lab": "not-applicable",
        "imaging": "fail",
        "spare": "fail",
    }
    text = clinic.evaluate("--context", known).stdout
    assert f"{ARN}{clinic.ids['imaging']} (clinic, us-east-1); patient data, owner pacs\n" in text
    assert f"{ARN}{clinic.ids['lab']} (clinic, us-east-1); 7 records, owner pacs\n" in text
    assert "Judged by the context file as well; sha256 " in text
