"""A subscription from outside: the installed command, the real azure-identity, TLS on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests import azure, planted
from tests.azure import GROUP, HERE, SECRET, SUBSCRIPTION, Azure
from tests.e2e.command import run

POLICY = """\
policy: house
title: House rules
source: ourselves
controls:
  - control: H-1
    title: Our own keys
    owner: CTO
    requirements:
      - {check: encryption.azure.disks, expect: {key_manager: customer}, severity: high}
      - {check: encryption.azure.storage_accounts, expect: {encrypted: true}, severity: high}
"""


def disk(name: str, encryption: str) -> dict[str, object]:
    return {
        "id": f"{GROUP}/Microsoft.Compute/disks/{name}",
        "location": "westeurope",
        "properties": {"encryption": {"type": encryption}},
    }


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Azure]:
    """A subscription with three disks on two pages and an account, and a folder that is about it."""
    private = tmp_path / "server"
    private.mkdir()
    with azure.running(private) as server:
        server.manager.resources = [
            disk("Records", "EncryptionAtRestWithCustomerKey"),
            disk("a", "EncryptionAtRestWithPlatformKey"),
            disk("b", "EncryptionAtRestWithPlatformAndCustomerKeys"),
            {
                "id": f"{GROUP}/Microsoft.Storage/storageAccounts/images",
                "location": "westeurope",
                "properties": {"encryption": {"keySource": "Microsoft.Storage"}},
            },
        ]
        server.manager.page_size = 2
        folder = tmp_path / "scan"
        folder.mkdir()
        (folder / "house.yaml").write_text(POLICY)
        (folder / "wardround.yaml").write_text(
            f"targets:\n  - azure:\n      name: clinic\n      subscription: {SUBSCRIPTION}\n"
            f"      resource_manager: {server.url}\n      authority: {server.url}\n"
            "policies: [./house.yaml]\n"
        )
        yield server


def scan(tmp_path: Path, server: Azure, **environment: str) -> CompletedProcess[str]:
    reports = ("json=report.json", "text", "html=report.html", "sarif=report.sarif", "markdown=summary.md")
    formats = [word for report in reports for word in ("-f", report)]
    own = server.environment | environment
    return run(tmp_path / "scan", "scan", *formats, "--bundle", "bundle", **own)


def report(tmp_path: Path) -> dict[str, list[dict[str, object]]]:
    return json.loads((tmp_path / "scan" / "report.json").read_text())


def outcomes(tmp_path: Path) -> dict[str, object]:
    return {
        str(each["resource"] or each["check"]).rpartition("/")[2]: each["outcome"]
        for each in report(tmp_path)["findings"]
    }


def test_a_subscription_is_scanned_and_no_secret_is_kept(tmp_path: Path, clinic: Azure) -> None:
    result = scan(tmp_path, clinic)

    assert result.returncode == 1, result.stdout + result.stderr
    assert outcomes(tmp_path) == {"records": "pass", "a": "fail", "b": "pass", "images": "pass"}
    (failing,) = [each for each in report(tmp_path)["findings"] if each["outcome"] == "fail"]
    assert failing["resource"] == (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/Microsoft.Compute/disks/a"
    )
    assert (failing["target"], failing["resource_type"], failing["region"]) == (
        f"azure:{SUBSCRIPTION}",
        "Microsoft.Compute/disks",
        "westeurope",
    )
    said = {"out": result.stdout.encode(), "err": result.stderr.encode()}
    kept = planted.files(tmp_path / "scan")
    assert {"report.json", "report.html", "bundle/manifest.json"} <= kept.keys()
    assert planted.found({"the client's secret": SECRET, **clinic.tokens}, kept | said) == []


def test_under_exactly_the_printed_role_nothing_is_refused(tmp_path: Path, clinic: Azure) -> None:
    printed = run(tmp_path / "scan", "permissions", "--for", "azure")
    role = json.loads(printed.stdout)
    assert role["AssignableScopes"] == [HERE]
    clinic.manager.allowed = frozenset(role["Actions"])

    assert scan(tmp_path, clinic).returncode == 1
    whole = outcomes(tmp_path)
    assert "error" not in whole.values()


@pytest.mark.parametrize("action", ["Microsoft.Compute/disks/read", "Microsoft.Storage/storageAccounts/read"])
def test_without_an_action_only_what_declares_it_is_an_error(
    tmp_path: Path, clinic: Azure, action: str
) -> None:
    every = {"Microsoft.Compute/disks/read", "Microsoft.Storage/storageAccounts/read"}
    clinic.manager.allowed = frozenset({"Microsoft.Resources/subscriptions/read"} | every - {action})

    scan(tmp_path, clinic)

    (refused,) = [each for each in report(tmp_path)["unreadable"] if each["need"]]
    assert (refused["need"], refused["reason"]) == (action, "denied")
    assert refused["mend"] == f"allow {action} on {HERE}"
    assert outcomes(tmp_path) == (
        {"encryption.azure.disks": "error", "images": "pass"}
        if "disks" in action
        else {
            "records": "pass",
            "a": "fail",
            "b": "pass",
            "encryption.azure.storage_accounts": "error",
        }
    )


def test_a_subscription_that_cannot_be_entered_ends_with_4(tmp_path: Path, clinic: Azure) -> None:
    result = scan(tmp_path, clinic, AZURE_CLIENT_SECRET="wrong-one")  # noqa: S106 - it is none

    assert result.returncode == 4, result.stdout + result.stderr
    assert "AADSTS7000215: Invalid client secret provided." in result.stdout
    assert "Attempted credentials" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
