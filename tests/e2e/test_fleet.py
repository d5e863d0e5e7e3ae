"""Two Debian releases, booted for real, in one run."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests import fleet
from tests.e2e.command import run

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
      - {check: segmentation.host.listeners, expect: {every_address: false}, severity: low}
"""


def scanned(folder: Path, machines: Any) -> dict[str, Any]:
    fleet.configured(folder, machines, "./house.yaml")
    (folder / "house.yaml").write_text(POLICY)
    result = run(folder, "scan", "-f", "json")
    assert result.returncode == 0, result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    assert set(report["run"]["identities"]) == {f"host:{each.name}" for each in machines}
    unreachable = [each["reasons"] for each in report["findings"] if each["outcome"] == "error"]
    assert (report["coverage"]["unreachable"], unreachable) == (0, [])
    return report


def cycles(report: dict[str, Any]) -> dict[str, str]:
    return {
        each["target"]: each["facts"]["cycle"]
        for each in report["findings"]
        if each["check"] == "patching.host.release"
    }


def test_two_releases_in_one_run(tmp_path: Path) -> None:
    if os.environ.get("CI") == "true":
        assert fleet.why_not() is None
    try:
        with fleet.booted(tmp_path) as machines:
            report = scanned(tmp_path, machines)
    except fleet.NotBootedError as reason:
        if os.environ.get("CI") == "true":
            raise
        with fleet.plain() as machines:
            report = scanned(tmp_path, machines)
        assert len(cycles(report)) == len(machines)
        pytest.skip(f"no machine was booted: {reason}; this machine's own sshd stood in")

    assert cycles(report) == {f"host:{name}": cycle for name, cycle in fleet.RELEASES.items()}
    # Each shows its own network, and not this machine's.
    listening = [each for each in report["findings"] if each["check"] == "segmentation.host.listeners"]
    assert {each["facts"]["port"] for each in listening if each["facts"].get("port")} <= {22}
    assert not list(Path("/run/netns").glob(f"wr{os.getpid() % 100_000}-*"))
