"""The demonstration, as `make demo` runs it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from examples.demo import northlake
from examples.demo.northlake import Held
from examples.demo.northlake.parts import number
from scanner.targets.arm_types import LISTINGS, kind_of
from tests.azure import SUBSCRIPTION, TENANT
from tests.azure.manager import ALIASES
from tests.shapes import PATH_ENTITIES, graph_mistakes, mistakes

RUN = Path(__file__).parents[1] / "examples" / "demo" / "run.py"
SECONDS = 120
# Debian does not have the folders of servers on a user's PATH.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/sbin"])
HAS_SSHD = shutil.which("sshd", path=PATH) is not None or os.environ.get("CI") == "true"
HOSTS = ["here", "here-ssh"] if HAS_SSHD else ["here"]
SPELT = {kind_of(need).lower(): kind_of(need) for need in LISTINGS}
LISTED = {named: SPELT[kind] for kind, named in ALIASES.items()}
"""The types by which some are listed, by those that their ids name."""
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

Done = subprocess.CompletedProcess[str]
Demo = tuple[Path, Done]
"""The folder that was written, and what was said."""


def run(folder: Path, *options: str, **environment: str) -> Done:
    return subprocess.run(
        [sys.executable, "-I", RUN, *options],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    (folder / "temporary").mkdir()
    # Somebody's real account, profile and proxy, which must have no say.
    (folder / "aws").write_text("[profile real]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\n")
    foreign = {
        "AWS_CONFIG_FILE": str(folder / "aws"),
        "AWS_PROFILE": "real",
        "AWS_SESSION_TOKEN": "geheim",
        "AZURE_AUTHORITY_HOST": "https://127.0.0.1:9",
        "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere",
        "AZURE_TOKEN_CREDENTIALS": "dev",
        "IDENTITY_ENDPOINT": "https://127.0.0.1:9",
        "REQUESTS_CA_BUNDLE": "/nowhere",
    }
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}
    done = run(folder, **foreign, **proxies, TMPDIR=str(folder / "temporary"))
    assert done.returncode == 0, done.stderr
    return folder / "demo-report", done


def test_every_file_is_there(demo: Demo) -> None:
    folder, done = demo

    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            "azure.log",
            "bundle",
            "configuration",
            "moto.log",
            "report.html",
            "report.json",
            "report.sarif",
            *(["sshd.log"] if HAS_SSHD else []),
        ]
    )
    assert (folder / "bundle" / "manifest.json").is_file()
    assert "northlake-record-exports" in (folder / "report.html").read_text()
    for name in ("report.html", "report.sarif", "report.json", "bundle"):
        assert f"demo-report/{name}" in done.stderr


def test_every_target_was_entered(demo: Demo) -> None:
    folder, done = demo
    manifest = json.loads((folder / "bundle" / "manifest.json").read_text())

    entered = {
        target["id"]: sorted(scope["name"] for scope in target["scopes"] if scope["state"] == "entered")
        for target in manifest["plan"]["targets"]
    }

    assert entered == {
        "aws:123456789012": ["account", "us-east-1", "us-west-2"],
        f"azure:{SUBSCRIPTION}": ["subscription"],
        f"entra:{TENANT}": ["tenant"],
        **{f"host:{name}": ["host"] for name in HOSTS},
    }
    for target in entered:
        assert f"({target}), asked as " in done.stdout


def test_the_hospital_is_kept_well_in_places(demo: Demo) -> None:
    assert outcomes(demo, "encryption.*", "encryption.aws.rds_instances") == {
        "ehr-records": "pass",
        "appointments": "pass",
        "billing": "fail",
        "laboratory": "fail",
    }


def test_the_subscription_is_kept_well_in_places(demo: Demo) -> None:
    assert outcomes(demo, "encryption.*", "encryption.azure.sql_databases") == {
        "records": "pass",
        "imaging-index": "pass",
        "appointments": "pass",
        "patients-2017": "fail",
    }
    assert outcomes(demo, "azure-databases-azure-customers", "segmentation.azure_databases.sql_servers") == {
        "northlake-patients": "pass",
        "stmary-scheduling": "fail",
    }
    # Both groups have a rule that lets in remote desktops from anywhere; one of them has another before it.
    admin_ports = outcomes(demo, "azure-nsg-admin-ports")
    assert {name: admin_ports[name] for name in ("rdp-for-home-reading", "rdp-for-the-vendor")} == {
        "rdp-for-home-reading": "pass",
        "rdp-for-the-vendor": "fail",
    }
    assert outcomes(demo, "azure-vault-recovery") == {"northlake-keys": "pass", "stmary-vault": "fail"}
    assert outcomes(demo, "azure-vm-backup-recent") == {
        **dict.fromkeys(("ehr-app-1", "ehr-app-2", "pacs-1"), "pass"),
        "lab-gateway": "fail",
        **dict.fromkeys(("dictation", "radiology-reading", "vendor-jump"), "not-applicable"),
    }


def test_ages_are_counted_from_today(demo: Demo) -> None:
    assert outcomes(demo, "azure-updates-assessed") == {
        **dict.fromkeys(("ehr-app-1", "ehr-app-2", "lab-gateway", "radiology-reading"), "pass"),
        # Forty days ago, and never.
        **dict.fromkeys(("pacs-1", "vendor-jump"), "fail"),
        # Switched off.
        "dictation": "not-applicable",
    }


def test_the_tenant_is_kept_well_in_places(demo: Demo) -> None:
    names = {user["id"]: user["userPrincipalName"] for user in listed(northlake.entries(NOW)["/users"])}
    asked = {names[user]: outcome for user, outcome in outcomes(demo, "entra-admin-mfa").items()}

    # One account for emergencies is left out; the policy for everybody only reports, that for guests is off.
    assert {name for name, outcome in asked.items() if outcome == "fail"} == {
        "audit_assessors.example#EXT#@northlake.example",
        "emergency-1@northlake.example",
        "support_imaging-vendor.example#EXT#@northlake.example",
    }
    assert outcomes(demo, "entra-mfa-for-all") == {TENANT: "fail"}
    assert outcomes(demo, "entra-legacy-authentication") == {TENANT: "pass"}
    assert sorted(outcomes(demo, "entra-foreign-administrators").values()) == ["fail", "pass", "pass"]
    # Who has left and still owns the subscription is known when both are seen.
    holders = outcomes(demo, "azure-blocked-holders")
    assert holders[number("dolores.haze-Owner")] == "fail"
    assert holders[number("amelia.okafor-Owner")] == "pass"


def test_what_was_withheld_is_told_with_its_mend(demo: Demo) -> None:
    folder, _ = demo
    report = json.loads((folder / "report.json").read_text())

    told = {
        (each["reason"], each["need"], each["mend"])
        for each in report["unreadable"]
        if each["target"].startswith(("azure:", "entra:"))
    }

    assert told == {
        (
            "unregistered",
            "Microsoft.GuestConfiguration/guestConfigurationAssignments/read",
            (
                "register Microsoft.GuestConfiguration: "
                "az provider register --namespace Microsoft.GuestConfiguration"
            ),
        ),
        (
            "denied",
            "Microsoft.KeyVault/vaults/secrets/read",
            f"allow Microsoft.KeyVault/vaults/secrets/read on /subscriptions/{SUBSCRIPTION}",
        ),
        (
            "denied",
            "Directory.Read.All /oauth2PermissionGrants",
            "grant Directory.Read.All on Microsoft Graph, as application permission with consent",
        ),
    }
    assert set(outcomes(demo, "azure-secret-expiry").values()) == {"error"}


def test_the_subscription_is_of_the_shape_that_is_published() -> None:
    held = northlake.resources(NOW)

    assert [(each["id"], wrong) for each in held for wrong in mistakes(kind(each["id"]), each)] == []
    assert len({each["id"].lower() for each in held}) == len(held)
    assert {kind(each["id"]) for each in held} <= {kind_of(need) for need in LISTINGS}


def test_the_tenant_is_of_the_shape_that_is_published() -> None:
    held = northlake.entries(NOW)
    of = {path: re.sub(r"(?<=/)[0-9a-f]{8}-[0-9a-f-]{27}(?=/)", "{id}", path) for path in held}

    # Models of the beta are not published as those of the other version are.
    assert set(of.values()) - PATH_ENTITIES.keys() == {"/reports/servicePrincipalSignInActivities"}
    assert [
        (path, wrong)
        for path, entries in held.items()
        if of[path] in PATH_ENTITIES
        for entry in listed(entries)
        for wrong in graph_mistakes(PATH_ENTITIES[of[path]], entry)
    ] == []


def test_whoever_has_a_role_in_the_subscription_is_in_the_tenant() -> None:
    tenant = northlake.entries(NOW)
    users = {user["id"] for user in listed(tenant["/users"])}
    holders = {
        each["properties"]["principalId"]
        for each in northlake.resources(NOW)
        if each["properties"].get("principalType") == "User"
    }

    assert len(users) == 31
    assert holders
    assert holders <= users


def test_the_sarif_can_be_read(demo: Demo) -> None:
    folder, _ = demo
    sarif = json.loads((folder / "report.sarif").read_text())

    assert sarif["version"] == "2.1.0"
    assert len(sarif["runs"][0]["results"]) > 10


def test_nothing_stays_behind(demo: Demo) -> None:
    folder, _ = demo

    assert gone(folder)
    assert list((folder.parent / "temporary").iterdir()) == []


def test_it_ends_everything_when_it_is_ended(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-I", RUN],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr
        said = next(line for line in process.stderr if line.startswith(("demo: wardround scan", "Traceback")))
        before = alive(tmp_path / "demo-report")
        process.send_signal(signal.SIGTERM)
        status = process.wait(SECONDS)

    assert said.startswith("demo: wardround scan")
    assert len(before) > 1
    assert status == 128 + signal.SIGTERM
    assert gone(tmp_path / "demo-report")
    assert list(temporary.iterdir()) == []


def test_it_replaces_its_own_files_only_and_hands_on_what_went_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "demo-report"
    (folder / "bundle").mkdir(parents=True)
    for name in ("report.html", "mine.txt"):
        (folder / name).write_text("earlier")

    done = run(tmp_path, "-p", "no-such-policy")

    assert done.returncode == 2
    assert "unknown policy 'no-such-policy'" in done.stderr
    assert sorted(path.name for path in folder.iterdir() if not path.name.endswith(".log")) == [
        "configuration",
        "mine.txt",
    ]


def outcomes(demo: Demo, requirement: str, check: str = "") -> dict[str, str]:
    """The outcomes of one requirement, by the last word of each resource's id."""
    folder, _ = demo
    findings: list[dict[str, Any]] = json.loads((folder / "report.json").read_text())["findings"]
    return {
        re.split("[/:]", each["resource"])[-1]: each["outcome"]
        for each in findings
        if each["requirement"].endswith(f"/{requirement}") and check in {"", each["check"]}
    }


def listed(held: list[Held] | Held) -> list[Held]:
    return held if isinstance(held, list) else [held]


def kind(resource: str) -> str:
    """The type by which a resource is listed."""
    provider, *parts = resource.rpartition("/providers/")[2].split("/")
    named = "/".join([provider, *parts[::2]])
    return LISTED.get(named.lower(), named)


def gone(folder: Path) -> bool:
    """Sessions of sshd are nobody's children by then: they may take a moment."""
    until = time.monotonic() + 5
    while alive(folder) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(folder)


def alive(folder: Path) -> list[str]:
    """The processes of a demonstration: they stand in the folder above, or write their log into this one."""
    return [
        process.name
        for process in Path("/proc").glob("[0-9]*")
        if stands_in(process) == folder.parent or str(folder) in command(process)
    ]


def stands_in(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:
        return None


def command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
