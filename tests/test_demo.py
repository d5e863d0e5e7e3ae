"""The demonstration, as `make demo` runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
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

    assert gone(folder)


def test_it_ends_everything_when_it_is_ended(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-I", RUN], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
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
