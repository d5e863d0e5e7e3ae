"""Runs that are cut short: interrupted, killed, or out of room; and what --resume makes of them."""

import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scanner.evidence import Bundle
from scanner.model import Plan, Sealed
from scanner.parts import found
from tests import proxy
from tests.e2e import clinic
from tests.e2e.clinic import Collected
from tests.moto import Moto
from tests.proxy import Fault, Proxy, Request, Wire

CONFIGURATION = """\
targets:
  - aws: {name: clinic, account: "123456789012", regions: [us-east-1, us-west-2]}
policies: [clinic.yaml]
"""
ASKED = {
    "encryption.aws.dynamodb_tables": "ListTables",
    "encryption.aws.ebs_volumes": "DescribeVolumes",
    "encryption.aws.efs_file_systems": "DescribeFileSystems",
    "encryption.aws.log_groups": "DescribeLogGroups",
    "encryption.aws.rds_instances": "DescribeDBInstances",
    "mfa.aws.iam_users": "GetCredentialReport",
}
"""What only one check asks."""
COMMAND = (sys.executable, "-I", "-c", "from scanner.cli import main; main()")


@pytest.fixture(scope="module")
def world(moto_server: Moto) -> Iterator[Moto]:
    clinic.seed(moto_server)
    yield moto_server
    moto_server.reset()


class Office:
    """A folder to scan the clinic from, through a proxy."""

    def __init__(self, folder: Path, wire: Proxy) -> None:
        self.folder = folder
        self.wire = wire
        self.bundle = folder / "evidence"
        (folder / "clinic.yaml").write_text(clinic.POLICY)
        (folder / "wardround.yaml").write_text(CONFIGURATION)

    def start(self, *arguments: str, limit: int | None = None, **environment: str) -> subprocess.Popen[str]:
        """The command, running."""
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=kept | self.wire.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))),  # noqa: PLW1509 - a system call, and nothing else
        )

    def run(self, *arguments: str, **options: Any) -> tuple[int, str, str]:
        """The command, run: its status and what it said."""
        with self.start(*arguments, **options) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def resumed(self) -> Collected:
        """The bundle, after whatever was left of it was collected."""
        self.wire.fault = lambda _: None
        status, _, err = self.run("collect", "--bundle", "evidence", "--resume")
        assert status == 0 or "complete; there is nothing to resume" in err, err
        assert sorted(path.name for path in self.bundle.iterdir()) == ["manifest.json", "parts"]
        return Collected.read(self.bundle)


@pytest.fixture
def office(world: Moto, tmp_path: Path) -> Iterator[Office]:
    with proxy.before(world) as wire:
        yield Office(tmp_path, wire)


@pytest.fixture(scope="module")
def whole(world: Moto, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    """A run that nothing came between."""
    with proxy.before(world) as wire:
        office = Office(tmp_path_factory.mktemp("whole"), wire)
        status, _, err = office.run("collect", "--bundle", "evidence")
        assert status == 0, err
        return Collected.read(office.bundle)


def same(one: Collected, other: Collected) -> bool:
    """Whether two runs saw the same; how many calls that took, an interrupt changes."""
    return (one.seen, _plan(one)) == (other.seen, _plan(other))


def _plan(collected: Collected) -> Plan:
    plan = collected.manifest.plan
    targets = tuple(msgspec.structs.replace(target, calls={}) for target in plan.targets)
    return msgspec.structs.replace(plan, targets=targets)


def hanging(*names: str) -> Callable[[Request], Fault | None]:
    """Requests that are never answered."""
    return lambda request: Wire.hang if request.what in names else None


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def parts(office: Office) -> dict[str, dict[str, Sealed]]:
    """What is sealed, by file and check."""
    held = {
        path.relative_to(office.bundle).as_posix(): found(office.bundle, path)
        for path in office.bundle.rglob("*.jsonl.gz")
    }
    return {name: each for name, each in held.items() if each}


def sealed(office: Office) -> int:
    return sum(map(len, parts(office).values()))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_calls_hang_seals_what_there_is(
    office: Office, whole: Collected, ending: signal.Signals
) -> None:
    office.wire.fault = hanging("DescribeVolumes", "DescribeDBInstances")
    with office.start("scan", "--bundle", "evidence", "-f", "html=report.html") as process:
        until(lambda: sealed(office) == 8)
        began = time.monotonic()
        process.send_signal(ending)
        _, err = process.communicate(timeout=10)

    assert (process.returncode, err.splitlines()[-1]) == (130, "interrupted")
    assert time.monotonic() - began < 5
    assert not (office.folder / "report.html").exists()
    manifest = Bundle(office.bundle).manifest
    assert (manifest.complete, manifest.parts) == (False, parts(office))
    before = len(office.wire.asked)
    assert same(office.resumed(), whole)
    again = {request.what for request in office.wire.asked[before:]}
    assert again - {"DescribeKey"} == {
        "GetCallerIdentity",
        "DescribeRegions",
        "DescribeVolumes",
        "DescribeDBInstances",
    }


def test_an_incomplete_bundle_is_judged_as_such(stopped: "Office") -> None:
    status, out, _ = stopped.run("evaluate", "evidence", "-p", "clinic.yaml", "-f", "json")

    report = json.loads(out)
    assert (status, report["run"]["complete"], report["coverage"]["not_evaluated"]) == (1, False, 2)


def test_killed_at_random_and_resumed_it_is_whole(office: Office, whole: Collected) -> None:
    dice = random.Random(1847)  # noqa: S311 - a dice, not a secret
    # A slow world, so that each moment of a run is as likely as the next.
    office.wire.fault = lambda _: slowly
    for _ in range(2):
        with office.start("collect", "--bundle", "evidence", "--resume") as process:
            process.stderr.readline()  # type: ignore[union-attr] # it is a pipe
            time.sleep(dice.uniform(0, 1.5))
            process.kill()

    assert same(office.resumed(), whole)
    assert office.run("collect", "--bundle", "evidence", "--resume") == (
        2,
        "",
        "evidence: complete; there is nothing to resume: judge it with evaluate\n",
    )


def slowly(wire: Wire) -> None:
    time.sleep(0.1)
    wire.pass_on()


def test_killed_in_the_midst_it_cannot_be_judged_but_resumed(office: Office, whole: Collected) -> None:
    office.wire.fault = hanging("DescribeVolumes")
    with office.start("collect", "--bundle", "evidence") as process:
        until(lambda: sealed(office) == 10)
        process.kill()

    status, _, err = office.run("evaluate", "evidence", "-p", "clinic.yaml")
    unfinished = (
        "evidence: the run that writes it has not finished; if it was cut short, go on with it by --resume"
    )
    assert (status, err) == (2, f"{unfinished}\n")
    status, _, err = office.run("collect", "--bundle", "evidence")
    assert (status, err) == (2, f"{unfinished}, or name a new folder\n")
    # What a machine that lost power may leave of what was written last.
    lost = {"encryption.aws.ebs_volumes"}
    for name, held in parts(office).items():
        last = max(held, key=lambda check: held[check].at)
        os.truncate(office.bundle / name, held[last].at + held[last].length - 9)
        lost.add(last)
    before = len(office.wire.asked)
    assert same(office.resumed(), whole)
    again = {request.what for request in office.wire.asked[before:]}
    assert again & {*ASKED.values()} == {ASKED[check] for check in lost & ASKED.keys()}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("wardround.yaml", "us-west-2", "eu-west-1"), "the target clinic has changed"),
        (("wardround.yaml", "name: clinic", "name: other"), "the target clinic is gone"),
        (("wardround.yaml", "policies", "allowed_tags: [team]\npolicies"), "allowed_tags has changed"),
        (("clinic.yaml", "title: Clinic", "title: Clinics"), "the policy clinic has changed"),
        (
            ("clinic.yaml", "encryption.aws.log_groups", "encryption.aws.secrets"),
            "the check encryption.aws.log_groups is gone",
        ),
    ],
)
def test_another_run_is_not_resumed(stopped: Office, changed: tuple[str, str, str], said: str) -> None:
    name, old, new = changed
    path = stopped.folder / name
    before = path.read_text()
    path.write_text(before.replace(old, new))
    asked = len(stopped.wire.asked)
    try:
        status, out, err = stopped.run("collect", "--bundle", "evidence", "--resume")
    finally:
        path.write_text(before)

    assert (status, out) == (2, "")
    assert f"evidence: cannot be resumed: {said}\n" in err
    assert len(stopped.wire.asked) == asked
    assert sealed(stopped) == 10


@pytest.fixture(scope="module")
def stopped(world: Moto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A run that was interrupted, for tests that leave it as it is."""
    with proxy.before(world) as wire:
        office = Office(tmp_path_factory.mktemp("stopped"), wire)
        wire.fault = hanging("DescribeVolumes")
        with office.start("collect", "--bundle", "evidence") as process:
            until(lambda: sealed(office) == 10)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
        yield office


def test_another_identity_does_not_resume(stopped: Office) -> None:
    stopped.wire.fault = lambda request: somebody_else if request.what == "GetCallerIdentity" else None

    status, _, err = stopped.run("collect", "--bundle", "evidence", "--resume")

    assert status == 2
    assert "evidence: cannot be resumed: the target clinic was aws:123456789012 asked as arn:aws:" in err
    assert "now it is aws:123456789012 asked as arn:aws:iam::123456789012:user/mallory\n" in err
    assert sealed(stopped) == 10


def somebody_else(wire: Wire) -> None:
    wire.answer(
        200,
        b"<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId><Account>123456789012</Account>"
        b"<Arn>arn:aws:iam::123456789012:user/mallory</Arn></GetCallerIdentityResult>"
        b"</GetCallerIdentityResponse>",
    )


def test_resume_names_a_bundle(office: Office) -> None:
    status, _, err = office.run("scan", "--resume")

    assert status == 2
    assert "--resume goes on with a bundle: name it with --bundle" in err


def test_two_runs_into_one_folder(office: Office, whole: Collected) -> None:
    go = threading.Event()

    def held(wire: Wire) -> None:
        go.wait(30)
        wire.pass_on()

    office.wire.fault = lambda request: held if request.what == "DescribeVolumes" else None
    with office.start("collect", "--bundle", "evidence") as first:
        until(lambda: sealed(office) == 10)
        for options in ([], ["--resume"]):
            status, _, err = office.run("collect", "--bundle", "evidence", *options)
            holder = f"process {first.pid} on {socket.gethostname()}"
            assert (status, err) == (
                2,
                f"evidence: {holder} is writing it; name another folder, or wait\n",
            )
        go.set()
        assert first.wait(30) == 0
        first.communicate()

    assert same(Collected.read(office.bundle), whole)


def test_a_full_disk_ends_the_run_and_leaves_what_was_whole(office: Office, whole: Collected) -> None:
    report = office.folder / "report.json"
    report.write_text("yesterday's")

    # No file may be larger than this: writing fails as on a disk without room.
    status, _, err = office.run("scan", "--bundle", "evidence", "-f", "json=report.json", limit=300)

    assert status == 2
    assert err.splitlines()[-1].startswith("evidence/")
    assert err.splitlines()[-1].endswith(": File too large")
    assert "Traceback" not in err
    assert report.read_text() == "yesterday's"
    assert not list(office.folder.rglob(".*"))
    assert same(office.resumed(), whole)


def test_a_report_without_room_leaves_the_earlier_one(office: Office) -> None:
    assert office.run("collect", "--bundle", "evidence")[0] == 0
    report = office.folder / "report.json"
    report.write_text("yesterday's")

    status, _, err = office.run(
        "evaluate", "evidence", "-p", "clinic.yaml", "-f", "json=report.json", limit=8000
    )

    assert (status, report.read_text()) == (2, "yesterday's"), err
    assert "File too large" in err
    assert "Traceback" not in err
    with Path("/dev/full").open("w") as full:
        judged = subprocess.run(
            [*COMMAND, "evaluate", "evidence", "-p", "clinic.yaml"],
            cwd=office.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert judged.returncode == 2
    assert "No space left on device" in judged.stderr
    assert "Traceback" not in judged.stderr
