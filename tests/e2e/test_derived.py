"""Derived checks, from outside: a host and the account that its disks are in; two runs after each other."""

import base64
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from checks.storage.host import cloud_file_systems
from scanner import collect, plugins
from scanner.evidence import Writer
from scanner.policy import read
from scanner.targets import Target
from scanner.targets.accounts import AwsTarget
from scanner.targets.host import HostTarget
from scanner.targets.probe import Deadline, Output, Probe, Questions
from tests.e2e.command import run
from tests.moto import ACCOUNT, Moto

EXAMPLE = Path(__file__).parents[2] / "examples" / "awakened"
AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
POLICY = """\
policy: house
title: House rules
source: us
controls:
  - control: c
    title: Encryption
    owner: CISO
    requirements:
      - {id: hosts, check: encryption.host.file_systems, expect: {encrypted: true}, severity: high}
      - {id: clouds, check: encryption.evidence.host_file_systems, expect: {encrypted: true}, severity: high}
      - id: patients
        check: encryption.evidence.host_file_systems
        when: {phi: true}
        expect: {key_manager: customer}
        severity: high
"""
MOUNTS, SWAPS, ATTRIBUTES, LINKS, MAKER, _, _, IDENTITIES = cloud_file_systems.needs


@dataclass(frozen=True)
class Told(HostTarget):
    """A host that was asked already; what it is asked beside that was not run."""

    answers: Mapping[str, Output] | None = None

    def _here(self, questions: Questions, password: str, deadline: Deadline) -> tuple[str, Probe]:
        del questions, password, deadline
        return "audit@ehr-1", Probe(self.answers or {}, frozenset())


def _instance(volumes: Mapping[str, str]) -> Told:
    """An EC2 instance with one file system on each of these volumes."""
    mounts, numbers, serials = [], [], []
    for number, (point, volume) in enumerate(volumes.items()):
        disk = f"nvme{number}n1"
        mounts.append(f"{28 + number} 1 259:{number} / {point} rw shared:1 - xfs /dev/{disk} rw\n")
        numbers.append(f"/sys/class/block/{disk}/dev:259:{number}\n")
        serials.append(f"/sys/block/{disk}/device/serial:{volume.replace('-', '')}\n")
    return Told(
        name="ehr-1",
        transport="local",
        tags={"phi": "true"},
        answers={
            MOUNTS: Output(0, "".join(mounts)),
            SWAPS: Output(0, "Filename Type Size Used Priority\n"),
            ATTRIBUTES: Output(2, "".join(numbers)),
            LINKS: Output(2, ""),
            MAKER: Output(0, "Amazon EC2\n1.0\nAmazon EC2\n"),
            IDENTITIES: Output(0, "/sys/class/dmi/id/board_asset_tag:i-0a1b2c3d\n" + "".join(serials)),
        },
    )


def _collected(folder: Path, *targets: Target) -> None:
    (folder / "house.yaml").write_text(POLICY)
    collect.collect(
        [read(POLICY.encode(), "house.yaml").policy],
        plugins.checks(),
        targets,
        Writer(folder / "evidence"),
        tool=collect.Tool("wardround", "0"),
        now=lambda: AT,
    )


def _evaluated(folder: Path) -> dict[str, Any]:
    result = run(folder, "evaluate", "evidence", "-p", "./house.yaml", "-f", "json")
    assert result.stderr == ""
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def _outcomes(report: dict[str, Any]) -> dict[tuple[str, str | None], tuple[str, list[str]]]:
    return {
        (found["requirement"], found["resource"]): (found["outcome"], found["reasons"])
        for found in report["findings"]
    }


@pytest.fixture
def account(moto_server: Moto, monkeypatch: pytest.MonkeyPatch) -> AwsTarget:
    moto_server.reset()
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    return AwsTarget(name="hospital", account=ACCOUNT, regions=("us-east-1",))


def _volume(*, encrypted: bool, region: str = "us-east-1") -> str:
    ec2 = boto3.client("ec2", region_name=region)
    made = ec2.create_volume(AvailabilityZone=f"{region}a", Size=1, Encrypted=encrypted)
    return str(made["VolumeId"])


def test_a_host_and_the_account_its_volumes_are_in(tmp_path: Path, account: AwsTarget) -> None:
    safe, bare = _volume(encrypted=True), _volume(encrypted=False)
    elsewhere = _volume(encrypted=True, region="us-west-2")
    volumes = {"/": safe, "/srv": bare, "/far": elsewhere, "/lent": "vol-0123456789abcdef0"}
    _collected(tmp_path, account, _instance(volumes))

    report = _evaluated(tmp_path)
    outcomes = _outcomes(report)

    said = {resource: outcome for (name, resource), outcome in outcomes.items() if name == "clouds"}
    missing = "not-collected (encryption.aws.ebs_volumes): {} was not seen, and the configuration leaves out "
    assert said.keys() == {f"host:ehr-1:{point}" for point in volumes}
    assert said["host:ehr-1:/"] == ("pass", [])
    assert said["host:ehr-1:/srv"] == ("fail", ["encrypted is false; expected true"])
    for point, volume in (("/far", elsewhere), ("/lent", "vol-0123456789abcdef0")):
        outcome, (reason,) = said[f"host:ehr-1:{point}"]
        assert outcome == "error"
        assert reason.startswith(missing.format(volume))
    # Of a cloud's host nobody else speaks.
    assert not [key for key in outcomes if key[0] == "hosts"]
    # What the inventory says of the host is known of its file systems, and moto's keys are customers'.
    assert outcomes["patients", "host:ehr-1:/"] == ("pass", [])
    assert outcomes["patients", "host:ehr-1:/srv"] == ("fail", ['key_manager is null; expected "customer"'])


def test_a_host_alone_is_an_error_that_names_what_would_mend_it(tmp_path: Path) -> None:
    _collected(tmp_path, _instance({"/": "vol-0123456789abcdef0"}))

    report = _evaluated(tmp_path)

    assert _outcomes(report)["clouds", "host:ehr-1:/"] == (
        "error",
        ["not-collected (encryption.aws.ebs_volumes): vol-0123456789abcdef0 was not seen"],
    )
    assert [entry["mend"] for entry in report["unreadable"]] == [
        "scan the AWS account that owns vol-0123456789abcdef0"
    ]
    assert run(tmp_path, "evaluate", "evidence", "-p", "./house.yaml", "-q").returncode == 3


def _credentials(**used: str) -> tuple[str, str]:
    """IAM's credential report of users with a password, who last used it at these moments."""
    columns = (
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
        "access_key_1_active,access_key_1_last_used_date,access_key_2_active,access_key_2_last_used_date"
    )
    rows = [
        f"{name},arn:aws:iam::{ACCOUNT}:user/{name},2020-01-01T00:00:00+00:00,true,{moment},"
        "2020-01-01T00:00:00+00:00,false,N/A,false,N/A"
        for name, moment in used.items()
    ]
    content = base64.b64encode("\n".join([columns, *rows]).encode()).decode()
    body = (
        '<GetCredentialReportResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<GetCredentialReportResult><Content>{content}</Content><ReportFormat>text/csv</ReportFormat>"
        "<GeneratedTime>2026-11-21T00:00:00Z</GeneratedTime></GetCredentialReportResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCredentialReportResponse>"
    )
    return "200 OK", body


@pytest.fixture
def slept(tmp_path: Path, moto_server: Moto) -> Path:
    """The example, with the evidence of a first run in which one user has not been seen since 2024."""
    moto_server.reset()
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    moto_server.instead["iam:GetCredentialReport"] = _credentials(
        ada="2026-11-19T08:00:00+00:00", bob="2024-02-01T08:00:00+00:00", eve="no_information"
    )
    collected = run(tmp_path, "collect", "--bundle", "monday", **moto_server.environment)
    assert collected.returncode == 0, collected.stderr
    moto_server.instead["iam:GetCredentialReport"] = _credentials(
        ada="2026-11-20T08:00:00+00:00", bob="2026-11-20T03:00:00+00:00", eve="no_information"
    )
    return tmp_path


def test_an_account_that_came_alive(slept: Path, moto_server: Moto) -> None:
    scanned = run(
        slept, "scan", "--bundle", "tuesday", "--before", "monday", "-fjson", **moto_server.environment
    )
    assert scanned.returncode == 1, scanned.stderr
    users = {
        found["resource"].rpartition("/")[2]: (found["outcome"], found["facts"]["last_used_at"])
        for found in json.loads(scanned.stdout)["findings"]
    }
    assert users == {"ada": ("pass", "2026-11-20T08:00:00Z"), "bob": ("fail", "2026-11-20T03:00:00Z")}

    again = run(slept, "evaluate", "tuesday", "-p", "./awakened.yaml", "--before", "monday", "-fjson")
    assert (again.returncode, again.stdout) == (1, scanned.stdout)


def test_the_first_run_of_all_says_that_it_has_nothing_to_compare_to(slept: Path, moto_server: Moto) -> None:
    scanned = run(slept, "scan", "-f", "json", **moto_server.environment)
    report = json.loads(scanned.stdout)

    assert scanned.returncode == 3, scanned.stderr
    assert [(found["outcome"], found["resource"]) for found in report["findings"]] == [("error", None)]
    assert report["unreadable"][0]["mend"] == "give the bundle of an earlier run with --before"
