"""The demonstration, as `make demo` runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / "examples" / "demo" / "run.py"
SECONDS = 60
# Debian does not have the folders of servers on a user's PATH.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/sbin"])
HAS_SSHD = shutil.which("sshd", path=PATH) is not None or os.environ.get("CI") == "true"
HOSTS = ["here", "here-ssh"] if HAS_SSHD else ["here"]

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
    # Somebody's real account, profile and proxy, which must have no say.
    (folder / "aws").write_text("[profile real]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\n")
    foreign = {"AWS_CONFIG_FILE": str(folder / "aws"), "AWS_PROFILE": "real", "AWS_SESSION_TOKEN": "geheim"}
    done = run(folder, **foreign, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="*")
    assert done.returncode == 0, done.stderr
    return folder / "demo-report", done


def test_every_file_is_there(demo: Demo) -> None:
    folder, done = demo

    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
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
        **{f"host:{name}": ["host"] for name in HOSTS},
    }
    for target in entered:
        assert f"({target}), asked as " in done.stdout


def test_the_hospital_is_kept_well_in_places(demo: Demo) -> None:
    folder, _ = demo
    report = json.loads((folder / "report.json").read_text())

    of_databases = {
        finding["resource"].rpartition(":")[2]: finding["outcome"]
        for finding in report["findings"]
        if finding["check"] == "encryption.aws.rds_instances"
        and finding["requirement"].endswith("encryption.*")
    }

    assert of_databases == {
        "ehr-records": "pass",
        "appointments": "pass",
        "billing": "fail",
        "laboratory": "fail",
    }


def test_the_sarif_can_be_read(demo: Demo) -> None:
    folder, _ = demo
    sarif = json.loads((folder / "report.sarif").read_text())

    assert sarif["version"] == "2.1.0"
    assert len(sarif["runs"][0]["results"]) > 10


def test_nothing_stays_behind(demo: Demo) -> None:
    folder, _ = demo

    # moto's server stands in the folder; sshd writes its log there.
    left = [
        process.name
        for process in Path("/proc").glob("[0-9]*")
        if working_folder(process) == folder.parent or str(folder) in command(process)
    ]

    assert left == []


def working_folder(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:
        return None


def command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_it_runs_again_where_it_ran_and_hands_on_what_went_wrong(demo: Demo) -> None:
    folder, _ = demo
    (folder / "mine.txt").write_text("kept")

    done = run(folder.parent, "-p", "no-such-policy")

    assert done.returncode == 2
    assert "no-such-policy" in done.stderr
    assert (folder / "mine.txt").read_text() == "kept"
    assert not (folder / "report.html").exists()
