"""Hosts, from outside: the installed command, a real sshd."""

import json
from pathlib import Path

from tests import sshd
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
      - {check: segmentation.host.listeners, when: {phi: true}, expect: {every_address: false}, severity: low}
"""


def _configured(folder: Path, server: sshd.Sshd, known_hosts: Path) -> None:
    (folder / "house.yaml").write_text(POLICY)
    (folder / "hosts.yaml").write_text(
        f"hosts:\n  - {{name: ehr-1, address: {server.address}, port: {server.port}, "
        "tags: {phi: 'true'}}\n"
    )
    login = f"user: {server.user}, identity: {server.user_key}, known_hosts: {known_hosts}"
    (folder / "wardround.yaml").write_text(
        f"targets:\n  - hosts: {{name: ehr, inventory: hosts.yaml, {login}}}\n"
        "  - hosts: {name: here, transport: local}\n"
        "policies: [./house.yaml]\n"
    )


def test_a_host_over_ssh_and_this_machine(tmp_path: Path) -> None:
    with sshd.running() as server:
        _configured(tmp_path, server, server.known_hosts)
        result = run(tmp_path, "scan", "-f", "json")
        fingerprint = server.fingerprint
    report = json.loads(result.stdout)
    assert result.returncode == 0, result.stderr
    assert report["run"]["identities"]["host:ehr-1"].endswith(fingerprint)
    decided = {
        (finding["target"], finding["outcome"])
        for finding in report["findings"]
        if finding["check"] == "segmentation.host.listeners"
    }
    assert {outcome for target, outcome in decided if target == "host:here"} == {"not-applicable"}
    assert {outcome for target, outcome in decided if target == "host:ehr-1"} <= {"pass", "fail"}


def test_an_unknown_host_key_is_in_the_report_with_the_line_that_would_add_it(tmp_path: Path) -> None:
    with sshd.running() as server:
        nobody = tmp_path / "known_hosts"
        nobody.touch()
        _configured(tmp_path, server, nobody)
        result = run(tmp_path, "scan", "-t", "ehr")
        line = f"{server.place} {sshd.public(server.host_key)}"
        fingerprint = server.fingerprint
    assert result.returncode == 4
    assert line in result.stdout
    assert fingerprint in result.stdout
    assert nobody.read_text() == ""


def test_one_dead_host_does_not_hide_the_others(tmp_path: Path) -> None:
    with sshd.running() as server:
        _configured(tmp_path, server, server.known_hosts)
    result = run(tmp_path, "scan", "-f", "json")
    report = json.loads(result.stdout)
    assert result.returncode == 0, result.stderr  # what could not be seen is below --fail-on
    assert report["coverage"]["unreachable"] == 2
    assert {finding["target"] for finding in report["findings"]} == {"host:ehr-1", "host:here"}
    assert run(tmp_path, "scan", "--fail-on", "low", "-q").returncode in {1, 3}
