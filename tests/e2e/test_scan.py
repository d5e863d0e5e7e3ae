"""The command, from outside: a hospital in moto's server, looked at by the installed wardround."""

import importlib.util
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner import plugins
from tests.e2e.command import run
from tests.moto import Call, Moto

ROOT = Path(__file__).parents[2]
FORMATS = tuple(plugins.reporters())
CONFIGURATION = """\
targets:
  - aws: {name: hospital, account: "123456789012", regions: [us-east-1, us-west-2]}
policies: [hipaa-security-rule]
"""


class Hospital:
    """A seeded account, and a folder to look at it from."""

    def __init__(self, folder: Path, server: Moto) -> None:
        self.folder = folder
        self.server = server
        self.asked: list[Call] = []
        """What the server was asked by the scan that the fixture `scanned` made."""

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command, in this folder."""
        return run(self.folder, *arguments, **environment)

    def scan(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A scan of the account."""
        return self.run("scan", *arguments, **self.server.environment)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory, moto_server: Moto) -> Iterator[Hospital]:
    moto_server.reset()
    spec = importlib.util.spec_from_file_location("hospital", ROOT / "examples" / "demo" / "hospital.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.seed(moto_server.url)
    folder = tmp_path_factory.mktemp("hospital")
    (folder / "wardround.yaml").write_text(CONFIGURATION)
    yield Hospital(folder, moto_server)
    moto_server.reset()


@pytest.fixture(scope="module")
def scanned(hospital: Hospital) -> Path:
    """A folder with every report of one scan, its bundle, and what the server was asked."""
    hospital.server.calls.clear()
    wanted = [f"-f{name}={hospital.folder / 'scan' / name}" for name in FORMATS]
    result = hospital.scan(*wanted, "--bundle", "evidence")
    hospital.asked = list(hospital.server.calls)
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    return hospital.folder


READ_BY_POST = {
    "POST /detector/ID/findings/statistics",  # guardduty:GetFindingsStatistics
    "POST /getAlternateContact",  # account:GetAlternateContact
    "POST /status/batch/get",  # inspector2:BatchGetAccountStatus
}


def test_no_call_is_made_twice(hospital: Hospital, scanned: Path) -> None:
    asked = Counter(hospital.asked)
    twice = {call: times for call, times in asked.items() if times > 1}
    assert {call.what for call in twice} <= {"GenerateCredentialReport"}  # it is polled
    assert len(asked) > 60
    assert (scanned / "evidence" / "manifest.json").exists()


def test_only_reading_calls_were_made(hospital: Hospital, scanned: Path) -> None:
    assert scanned
    said = {re.sub("/[0-9a-f]{32}/", "/ID/", call.what) for call in hospital.asked if call.service != "sts"}
    writing = {what for what in said if not what.startswith(("Get", "List", "Describe", "BatchGet", "GET"))}
    # IAM compiles the report that GetCredentialReport reads; S3 Control and Lambda are asked with GET, and
    # some services are asked with POST for what they only tell.
    assert writing == {"GenerateCredentialReport", *READ_BY_POST}


def test_the_report_knows_the_hospital(scanned: Path) -> None:
    report = json.loads((scanned / "scan" / "json").read_text())
    outcomes = {(finding["check"], finding["outcome"]) for finding in report["findings"]}
    for check in ("encryption.aws.ebs_volumes", "encryption.aws.rds_instances", "mfa.aws.iam_users"):
        assert {(check, "pass"), (check, "fail")} <= outcomes
    coverage = report["coverage"]
    assert coverage["expected"] == sum(
        coverage[kind] for kind in ("evaluated", "not_evaluated", "unreachable", "excluded")
    )
    assert coverage["excluded"] > 0


@pytest.mark.parametrize("name", FORMATS)
def test_evaluate_says_the_same_offline(hospital: Hospital, scanned: Path, name: str) -> None:
    path = scanned / "evaluate" / name
    result = hospital.run("evaluate", "evidence", "-p", "hipaa-security-rule", f"-f{name}={path}")
    assert result.returncode == 1, result.stderr
    assert path.read_bytes() == (scanned / "scan" / name).read_bytes()


@pytest.mark.parametrize("name", FORMATS)
def test_report_shows_the_same_again(hospital: Hospital, scanned: Path, name: str) -> None:
    path = scanned / "report" / name
    result = hospital.run("report", str(scanned / "scan" / "json"), f"-f{name}={path}")
    assert result.returncode == 0, result.stderr
    assert path.read_bytes() == (scanned / "scan" / name).read_bytes()


def test_collect_then_evaluate_finds_the_same(hospital: Hospital, scanned: Path) -> None:
    collected = hospital.run("collect", "--bundle", "again", **hospital.server.environment)
    assert collected.returncode == 0, collected.stderr
    judged = hospital.run("evaluate", "again", "-p", "hipaa-security-rule", "-f", "json")
    assert judged.returncode == 1, judged.stderr

    def verdicts(text: str) -> list[tuple[str, str]]:
        return [(finding["id"], finding["outcome"]) for finding in json.loads(text)["findings"]]

    assert verdicts(judged.stdout) == verdicts((scanned / "scan" / "json").read_text())


def test_a_bundle_is_never_written_over(hospital: Hospital, scanned: Path) -> None:
    before = (scanned / "evidence" / "manifest.json").read_bytes()
    result = hospital.scan("--bundle", "evidence")
    assert (result.returncode, result.stdout) == (2, "")
    assert "evidence: not empty" in result.stderr
    assert (scanned / "evidence" / "manifest.json").read_bytes() == before


def test_another_account_is_not_entered(hospital: Hospital, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CONFIGURATION.replace("123456789012", "999999999999"))
    result = hospital.scan("-c", str(other))
    assert result.returncode == 4
    assert "Nothing can be said: no target could be entered." in result.stdout
    assert "the credentials are of account 123456789012; expected 999999999999" in result.stdout
