"""README's three readers do what it tells them: in CI, every night, and once as an auditor."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from tests.e2e.command import COMMAND
from tests.moto import Moto

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINES = re.findall(r"^    ((?:wardround|examples/auditor/\w+) .*)$", FENCED.sub("", README), re.MULTILINE)
DENIED = (
    "400 Bad Request",
    '{"__type": "AccessDeniedException", "message": "not authorized to perform this"}',
)
NO_VOLUMES = (
    "403 Forbidden",
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>",
)
CONFIGURATION = """\
targets:
  - aws: {name: clinic, account: "123456789012", regions: [us-east-1]}
policies: [./house.yaml]
"""
HOUSE = """\
policy: house
title: House rules
source: us
controls:
  - control: c
    title: Encryption
    owner: CTO
    requirements:
      - id: volumes
        check: encryption.aws.ebs_volumes
        expect: {encrypted: true}
        severity: high
"""

Done = subprocess.CompletedProcess[str]


@dataclass
class Clinic:
    """A small account in moto's server, and a folder to look at it from."""

    server: Moto
    folder: Path

    def run(self, *command: str | Path, folder: Path | None = None, **environment: str) -> Done:
        """Run a command as one does who has the account's credentials."""
        return self.offline(*command, folder=folder, **self.server.environment | environment)

    def offline(self, *command: str | Path, folder: Path | None = None, **environment: str) -> Done:
        """Run a command as one does who has nothing but the folder."""
        path = f"{COMMAND.parent}:{os.environ['PATH']}"
        kept = {"PATH": path, "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command,
            cwd=folder or self.folder,
            env=kept | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def volume(self, *, encrypted: bool) -> str:
        """One more volume; its id."""
        ec2 = boto3.client(
            "ec2",
            region_name="us-east-1",
            endpoint_url=self.server.url,
            aws_access_key_id="demo",
            aws_secret_access_key="demo",  # noqa: S106 - moto takes any
        )
        made = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, Encrypted=encrypted)
        return str(made["VolumeId"])


@pytest.fixture
def clinic(tmp_path: Path, moto_server: Moto) -> Iterator[Clinic]:
    with opened(tmp_path, moto_server) as made:
        yield made


@contextmanager
def opened(folder: Path, moto_server: Moto) -> Iterator[Clinic]:
    """A clinic with two volumes."""
    moto_server.reset()
    # Moto has no answer to it, and a server's error is asked again and again.
    moto_server.instead["ssm:DescribeInstanceInformation"] = DENIED
    made = Clinic(moto_server, folder)
    made.volume(encrypted=True)
    made.volume(encrypted=False)
    moto_server.calls.clear()
    yield made
    moto_server.reset()


def copied(clinic: Clinic, name: str) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / name, clinic.folder / name))


# README's own lines.


def test_every_line_of_the_readme_does_what_it_should(clinic: Clinic) -> None:
    folder = clinic.folder
    for name in ("auditor", "waivers"):
        shutil.copytree(ROOT / "examples" / name, folder / "examples" / name)
    for name in ("waivers.yaml", "context.yaml"):
        shutil.copy(ROOT / "examples" / "waivers" / name, folder)
    local = "  - hosts: {name: here, transport: local}\n"
    text = CONFIGURATION.replace("policies: [./house.yaml]", f"{local}policies: [hipaa-security-rule]")
    (folder / "wardround.yaml").write_text(text)
    # Nobody can log in to Azure here; what to allow there can be told all the same.
    azure = (
        "  - azure: {name: wards, subscription: 00001111-2222-3333-4444-555566667777}\n"
        "  - entra: {name: staff, tenant: 99990000-aaaa-bbbb-cccc-ddddeeeeffff}\n"
    )
    (folder / "everything.yaml").write_text(text.replace(local, local + azure))

    digest = "DIGEST"
    for line in LINES:
        chosen = "everything.yaml" if line.startswith("wardround permissions") else "wardround.yaml"
        done = clinic.run("bash", "-c", line.replace("DIGEST", digest), WARDROUND_CONFIG=chosen)
        status = {"scan": {1}, "evaluate": {1}, "diff": {0, 1, 3}}.get(line.split()[1], {0})
        assert done.returncode in status, (line, done.stdout, done.stderr)
        assert done.stdout or ">" in line or "=" in line or "--bundle" in line, line
        assert "Traceback" not in done.stderr, (line, done.stderr)
        if line.startswith("examples/auditor/audit"):
            digest = done.stdout.split()[-2]

    written = (
        "report.html report.sarif report.json iam-policy.json role.json graph-permissions.json sudoers "
        "march.html report.md tuesday.json"
    )
    assert [name for name in written.split() if not (folder / name).stat().st_size] == []
    assert len(LINES) >= 18


# The CI team.

Yaml = dict[str, Any]


@pytest.fixture
def workflow() -> Yaml:
    text = (ROOT / "examples/ci/.github/workflows/wardround.yml").read_text()
    read: Yaml = yaml.safe_load(text)
    return read


@dataclass
class Job:
    """A job's steps as the runner takes them, but for the actions of others."""

    clinic: Clinic
    steps: list[Yaml]
    folder: Path

    def __post_init__(self) -> None:
        self.ran: dict[str, Done] = {}
        self.outputs: dict[str, str] = {}
        self.summary = self.clinic.folder / "summary.md"
        shim = self.clinic.folder / "bin" / "pipx"
        shim.parent.mkdir()
        shim.write_text('#!/bin/sh\necho "pipx $*"\n')
        shim.chmod(0o755)

    def run(self) -> "Job":
        for step in self.steps:
            if "run" in step and self._wanted(step):
                self.ran[step["name"]] = self._step(step)
        return self

    def _wanted(self, step: Yaml) -> bool:
        """What `if` says; without one, a step runs only while none has failed."""
        if "if" not in step:
            return not any(done.returncode for done in self.ran.values())
        known = re.sub(r"steps\.scan\.outputs\.(\w+)", lambda m: repr(self.outputs.get(m[1], "")), step["if"])
        assert re.fullmatch(r"always\(\) && '\w*' != ''", known), known
        return "&& '' !=" not in known

    def _step(self, step: Yaml) -> Done:
        values = {
            "${{ vars.WARDROUND_SOURCE }}": "wardround.whl",
            "${{ steps.scan.outputs.status }}": self.outputs.get("status", ""),
        }
        told = self.clinic.folder / "output"
        told.write_text("")
        environment = {name: values[value] for name, value in step.get("env", {}).items()}
        files = {"GITHUB_OUTPUT": str(told), "GITHUB_STEP_SUMMARY": str(self.summary)}
        path = f"{self.clinic.folder / 'bin'}:{COMMAND.parent}:{os.environ['PATH']}"
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
        done = self.clinic.run(*shell, folder=self.folder, **environment, **files, PATH=path)
        self.outputs |= dict(line.split("=", 1) for line in told.read_text().splitlines())
        return done


def job(clinic: Clinic, workflow: Yaml, name: str) -> Job:
    return Job(clinic, workflow["jobs"][name]["steps"], copied(clinic, "ci"))


def test_the_workflow_may_do_what_it_needs_and_nothing_else(workflow: Yaml) -> None:
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "lint": {"contents": "read"},
        "scan": {"actions": "read", "contents": "read", "id-token": "write", "security-events": "write"},
    }
    assert {name: job["if"] for name, job in workflow["jobs"].items()} == {
        "lint": "github.event_name == 'pull_request'",
        "scan": "github.event_name != 'pull_request'",
    }
    # YAML reads a bare `on` as true.
    assert set(workflow[True]) == {"schedule", "workflow_dispatch", "pull_request"}


def test_the_workflow_runs_nobody_elses_words(workflow: Yaml) -> None:
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []
    assert [uses for step in steps if (uses := step.get("uses")) and not _pinned(uses)] == []
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())
    lint = workflow["jobs"]["lint"]
    assert "ROLE" not in str(lint)
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False, False]


def _pinned(uses: str) -> bool:
    return bool(re.fullmatch(r"[\w-]+(/[\w-]+)+@(v\d+|[0-9a-f]{40})", uses))


def test_everything_is_uploaded_before_the_run_may_fail(workflow: Yaml) -> None:
    steps = workflow["jobs"]["scan"]["steps"]
    after = [step.get("uses", step.get("run", ""))[:23] for step in steps[3:]]
    assert after == [
        "mkdir wardround-report\n",
        "github/codeql-action/up",
        "actions/upload-artifact",
        "case $STATUS in\n  0) ec",
    ]
    assert [step["if"] for step in steps[4:] if not step["if"].startswith("always() && ")] == []


def test_readme_shows_the_workflow_as_it_is(workflow: Yaml) -> None:
    (shown,) = re.findall(r"```yaml\n(- name: Scan\n.*?)```", README, re.DOTALL)
    assert yaml.safe_load(shown) == workflow["jobs"]["scan"]["steps"][3:5]


def test_a_scan_in_ci(clinic: Clinic, workflow: Yaml) -> None:
    run = job(clinic, workflow, "scan").run()

    assert {name: done.returncode for name, done in run.ran.items()} == {"Install": 0, "Scan": 0, "Decide": 1}
    assert run.ran["Install"].stdout == "pipx install wardround.whl\n"
    assert run.outputs == {"status": "1", "sarif": "wardround-report/wardround.sarif"}
    annotations = re.findall(r"^::error (.*?)::", run.ran["Scan"].stderr, re.MULTILINE)
    assert annotations
    assert "vol-" in run.summary.read_text()
    report = run.folder / "wardround-report"
    assert sorted(path.name for path in report.iterdir()) == ["report.html", "report.json", "wardround.sarif"]
    sarif = json.loads((report / "wardround.sarif").read_text())
    assert "encryption.aws.ebs_volumes" in json.dumps(sarif["runs"][0]["results"])
    assert run.ran["Decide"].stdout == "::error title=wardround::something falls short: see the summary\n"


@pytest.mark.parametrize(
    ("slip", "status", "said"),
    [
        (("1234567", "7654321"), 4, "no target could be entered"),
        (("policies:", "polices:"), 2, "the configuration or a policy is wrong"),
    ],
)
def test_a_scan_in_ci_that_saw_nothing_uploads_nothing(
    clinic: Clinic, workflow: Yaml, slip: tuple[str, str], status: int, said: str
) -> None:
    run = job(clinic, workflow, "scan")
    path = run.folder / "wardround.yaml"
    path.write_text(path.read_text().replace(*slip))
    run.run()

    assert run.outputs == {"status": str(status)}
    assert run.ran["Scan"].returncode == 0
    assert run.ran["Decide"].returncode == status
    assert f"::error title=wardround::{said}" in run.ran["Decide"].stdout


def test_a_pull_request_is_held_to_what_the_checks_state(clinic: Clinic, workflow: Yaml) -> None:
    good = job(clinic, workflow, "lint").run()

    assert [done.returncode for done in good.ran.values()] == [0, 0, 0]
    allowed = json.loads(good.ran["Configuration, and what it must be allowed"].stdout)
    assert "ec2:DescribeVolumes" in json.dumps(allowed)
    assert clinic.server.calls == []

    path = good.folder / "policies" / "house.yaml"
    path.write_text(path.read_text().replace("encrypted:", "encrpyted:"))
    bad = Job.run(_again(good))
    assert [done.returncode for done in bad.ran.values()] == [0, 2]
    assert "did you mean 'encrypted'?" in bad.ran["Policies"].stderr


def _again(job: Job) -> Job:
    shutil.rmtree(job.clinic.folder / "bin")
    return Job(job.clinic, job.steps, job.folder)


# The nightly round.


@dataclass
class Nights:
    """A machine that makes its round every night."""

    clinic: Clinic
    script: Path

    def __post_init__(self) -> None:
        self.state = self.clinic.folder / "state"
        self.log = self.clinic.folder / "log" / "nightly.jsonl"
        self.configuration = self.clinic.folder / "wardround.yaml"
        self.configuration.write_text(CONFIGURATION)
        (self.clinic.folder / "house.yaml").write_text(HOUSE)

    def __call__(self, **environment: str) -> Done:
        """One night."""
        done = self.clinic.run(
            self.script,
            WARDROUND_CONFIG=str(self.configuration),
            WARDROUND_STATE=str(self.state),
            WARDROUND_LOG=str(self.log),
            **environment,
        )
        assert done.stderr == ""
        return done

    @property
    def listed(self) -> list[Path]:
        return sorted(path for path in self.state.iterdir() if path.is_dir())

    @property
    def latest(self) -> str:
        return (self.state / "latest").read_text().strip()

    def logged(self) -> list[str]:
        """Every line of the log, each a JSON object."""
        return [json.loads(line)["message"] for line in self.log.read_text().splitlines()]


@pytest.fixture
def nights(clinic: Clinic) -> Nights:
    return Nights(clinic, copied(clinic, "cron") / "wardround-nightly")


def test_a_week_of_nights(clinic: Clinic, nights: Nights) -> None:
    first = nights()
    assert (first.returncode, first.stdout.count("\n")) == (0, 1)
    assert first.stdout.startswith("wardround: the first night: nothing to compare with")

    quiet = nights()
    assert (quiet.returncode, quiet.stdout) == (0, "")

    volume = clinic.volume(encrypted=False)
    worse = nights()
    assert worse.returncode == 1
    assert worse.stdout.startswith(
        f"wardround: something fails that did not on {nights.listed[1].name}\nfrom "
    )
    assert "1 fail now, and did not before:\n  high: volumes: " in worse.stdout
    assert f"{volume}: encrypted is false; expected true\n\n1 fail as before\n" in worse.stdout

    clinic.server.instead["ec2:DescribeVolumes"] = NO_VOLUMES
    dark = nights(WARDROUND_KEEP="2")
    assert dark.returncode == 3
    assert "2 failed before, and could not be seen now\n" in dark.stdout

    kept = [(night / "evidence").exists() for night in nights.listed]
    assert kept == [False, False, True, True]
    assert all((night / "report.json").stat().st_size for night in nights.listed)
    assert nights.latest == nights.listed[-1].name
    said = nights.logged()
    assert [line for line in said if line.startswith(("something falls", "nothing seen"))] == [
        *["something falls short"] * 3,
        "nothing seen falls short, but not everything was seen",
    ]
    assert "looking at clinic" in said


def test_a_night_in_which_nothing_could_be_entered_is_not_compared_with(nights: Nights) -> None:
    nights()
    before = nights.latest
    nights.configuration.write_text(CONFIGURATION.replace("1234567", "7654321"))

    done = nights()

    assert done.returncode == 4
    assert done.stdout.startswith("wardround: no target could be entered: see ")
    assert nights.latest == before
    nights.configuration.write_text(CONFIGURATION)
    assert (nights().returncode, nights.logged()[-1]) == (0, f"nothing is worse than on {before}")


def test_a_night_with_a_wrong_configuration_leaves_nothing_behind(nights: Nights) -> None:
    nights.configuration.write_text(CONFIGURATION.replace("targets", "tragets"))

    done = nights()

    assert done.returncode == 2
    assert done.stdout == f"wardround: the configuration or a policy is wrong: see {nights.log}\n"
    assert nights.listed == []
    assert any("tragets" in line for line in nights.log.read_text().splitlines())


def test_two_rounds_at_a_time_are_one_too_many(nights: Nights) -> None:
    nights.state.mkdir()
    with (nights.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = nights()

    assert done.returncode == 75
    assert done.stdout == "wardround: the last round is still on its way; this one is left out\n"
    assert nights.listed == []
    assert nights().returncode == 0


def test_the_line_for_cron() -> None:
    *settings, line = [
        line
        for line in (ROOT / "examples/cron/wardround.cron").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert [name for name, _, value in (text.partition("=") for text in settings) if value] == [
        "MAILTO",
        "PATH",
    ]
    assert line.split() == ["12", "3", "*", "*", "*", "wardround", "wardround-nightly"]


# The auditor.


@dataclass
class Audit:
    """An audit that was made and sealed."""

    clinic: Clinic
    tools: Path
    folder: Path
    digest: str

    def verify(self) -> Done:
        return self.clinic.offline(self.tools / "verify", self.folder.name, self.digest, "-p", "house.yaml")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, moto_server: Moto) -> tuple[Path, str]:
    """The folder in which an audit was made, and the digest that it printed."""
    folder = tmp_path_factory.mktemp("auditor")
    with opened(folder, moto_server) as clinic:
        (folder / "wardround.yaml").write_text(CONFIGURATION)
        (folder / "house.yaml").write_text(HOUSE)
        done = clinic.run(copied(clinic, "auditor") / "audit", "audit 2026")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Falls short: 1 high finding.")
    digest, name = done.stdout.splitlines()[-1].split()
    assert name == "SHA256SUMS"
    return folder, digest


@pytest.fixture
def audit(sealed: tuple[Path, str], tmp_path: Path, moto_server: Moto) -> Audit:
    folder = shutil.copytree(sealed[0], tmp_path / "carried elsewhere")
    return Audit(Clinic(moto_server, folder), folder / "auditor", folder / "audit 2026", sealed[1])


def test_an_audit_holds(audit: Audit) -> None:
    done = audit.verify()

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "verify: sealed as it was, and the evidence says what the report says\n",
        "",
    )
    sealed = (audit.folder / "SHA256SUMS").read_text()
    assert all(name in sealed for name in ("./evidence/manifest.json", "./report.html", "./evidence/parts/"))


def test_an_audit_is_judged_again_as_of_another_day(audit: Audit) -> None:
    policy = ("-p", "house.yaml", "--as-of", "2031-01-01")
    done = audit.clinic.offline(COMMAND, "evaluate", audit.folder / "evidence", *policy)

    assert done.returncode == 1
    assert "2031-01-01" in done.stdout


@pytest.mark.parametrize("name", ["report.html", "evidence/manifest.json", "part", "SHA256SUMS", "new"])
def test_an_audit_that_was_changed_does_not_hold(audit: Audit, name: str) -> None:
    parts = sorted((audit.folder / "evidence" / "parts").rglob("*.gz"))
    path = parts[0] if name == "part" else audit.folder / name
    with path.open("ab") as file:
        file.write(b"\n")

    done = audit.verify()

    assert (done.returncode, done.stdout.count("FAILED") + done.stderr.count("not sealed")) == (1, 1)


def test_a_report_that_was_sealed_anew_is_found_out(audit: Audit) -> None:
    report = audit.folder / "report.json"
    report.write_text(report.read_text().replace("encrypted is false", "encrypted is fine"))
    reseal = "find . -type f ! -name SHA256SUMS -exec sha256sum {} + >SHA256SUMS; sha256sum SHA256SUMS"
    done = audit.clinic.offline("sh", "-c", reseal, folder=audit.folder)
    audit.digest = done.stdout.split()[0]

    done = audit.verify()

    assert done.returncode == 1
    assert "verify: the evidence says something else than the report" in done.stderr


def test_an_audit_that_could_not_look_is_not_sealed(clinic: Clinic) -> None:
    tools = copied(clinic, "auditor")
    (clinic.folder / "wardround.yaml").write_text(CONFIGURATION.replace("1234567", "7654321"))
    (clinic.folder / "house.yaml").write_text(HOUSE)

    done = clinic.run(tools / "audit", "audit")

    assert done.returncode == 4
    assert "nothing is sealed" in done.stderr
    assert not (clinic.folder / "audit" / "SHA256SUMS").exists()
