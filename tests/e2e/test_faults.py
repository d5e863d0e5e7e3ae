"""What networks and services do, done to a scan: nothing is lost or invented, and time is bounded."""

import hashlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.model import Reason, Unreadable
from scanner.targets import answers, boto
from tests import proxy
from tests.e2e import clinic
from tests.e2e.clinic import assert_nothing_lost_or_invented, collect, statuses
from tests.moto import Moto
from tests.proxy import Fault, Proxy, Request, Wire, failing

CONFIGURATION = """\
targets:
  - aws: {name: clinic, account: "123456789012", regions: [us-east-1, us-west-2]}
policies: [clinic.yaml]
"""
IMPATIENT = """\
from scanner.targets import answers, boto
boto.READ_SECONDS, answers.PATIENCE_SECONDS, boto.ATTEMPTS = 1, 1, 2
from scanner.cli import main
main()
"""
"""The command, but for its patience."""


@pytest.fixture(scope="module")
def world(moto_server: Moto) -> Iterator[Moto]:
    clinic.seed(moto_server)
    yield moto_server
    moto_server.reset()


@pytest.fixture
def wire(world: Moto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy before the clinic, and a scanner that tries twice."""
    monkeypatch.setattr(boto, "ATTEMPTS", 2)
    with proxy.before(world) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner that does not wait long; long enough for a busy machine."""
    monkeypatch.setattr(boto, "READ_SECONDS", 2)
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 2)


@pytest.fixture(scope="module")
def calm(world: Moto, tmp_path_factory: pytest.TempPathFactory) -> clinic.Seen:
    """What is seen when nothing goes wrong."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.environment.items():
            patch.setenv(name, value)
        seen = collect(tmp_path_factory.mktemp("calm") / "evidence").seen
    assert Counter(len(entries) for entries in seen.values()) == {1: 8, 3: 4}
    return seen


def html(wire: Wire) -> None:
    """The page of a network that wants you to log in first."""
    wire.answer(
        200, b"<html><body><p>Welcome to the guests' network</p></body></html>", {"Content-Type": "text/html"}
    )


def halved(wire: Wire) -> None:
    """An answer whose second half some gateway lost."""
    wire.pass_on(lambda body: body[: len(body) // 2])


FAULTS: list[tuple[str, Fault, Reason]] = [
    ("denied", failing(403, "AccessDenied"), Reason.DENIED),
    ("throttled", failing(400, "Throttling", "Rate exceeded"), Reason.THROTTLED),
    ("unavailable", failing(503, "ServiceUnavailable"), Reason.FAILED),
    ("reset", Wire.reset, Reason.UNREACHABLE),
    ("cut", lambda wire: wire.pass_on(cut=True), Reason.INVALID_ANSWER),
    ("halved", halved, Reason.INVALID_ANSWER),
    ("empty", lambda wire: wire.pass_on(lambda _: b""), Reason.INVALID_ANSWER),
    ("a page", html, Reason.INVALID_ANSWER),
]
PASSING = {"throttled", "reset", "cut", "halved"}


def unlucky(request: Request, salt: object) -> bool:
    """Half of all requests, the same ones in every run, whichever port the proxy has."""
    name = re.sub(r":\d+", "", f"{salt} {request.region} {request.name}")
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def not_at_the_door(request: Request) -> bool:
    return request.service != "sts" and request.what != "DescribeRegions"


@pytest.mark.parametrize(("fault", "reason"), [pytest.param(*f[1:], id=f[0]) for f in FAULTS])
def test_a_fault_that_stays(
    wire: Proxy, calm: clinic.Seen, tmp_path: Path, fault: Fault, reason: Reason
) -> None:
    struck: set[str] = set()

    def strike(request: Request) -> Fault | None:
        if not_at_the_door(request) and unlucky(request, reason):
            struck.add(request.name)
            return fault
        return None

    wire.fault = strike
    collected = collect(tmp_path / "evidence")

    # Of S3, botocore calls what is no XML an internal error.
    reasons = {reason, Reason.FAILED} if reason is Reason.INVALID_ANSWER else {reason}
    assert_nothing_lost_or_invented(calm, collected.seen, reasons)
    assert struck
    assert list(collected.refusals())


@pytest.mark.parametrize("fault", [pytest.param(f[1], id=f[0]) for f in FAULTS if f[0] in PASSING])
def test_a_fault_that_passes_costs_nothing(
    wire: Proxy, calm: clinic.Seen, tmp_path: Path, fault: Fault
) -> None:
    wire.fault = lambda request: fault if request.attempt == 1 and unlucky(request, 1) else None

    assert collect(tmp_path / "evidence").seen == calm


def test_a_storm_of_throttling_costs_nothing(
    wire: Proxy, calm: clinic.Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boto, "ATTEMPTS", 8)
    monkeypatch.setattr(answers, "BACKOFF_SECONDS", 0.01)
    throttled = failing(400, "Throttling", "Rate exceeded")
    wire.fault = lambda request: throttled if request.attempt < 8 else None

    assert collect(tmp_path / "evidence").seen == calm


@pytest.mark.parametrize("seed", range(3))
def test_many_faults_at_once(wire: Proxy, calm: clinic.Seen, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a dice, not a secret

    def strike(request: Request) -> Fault | None:
        return dice.choice(FAULTS)[1] if not_at_the_door(request) and dice.random() < 0.4 else None

    wire.fault = strike
    collected = collect(tmp_path / "evidence")

    assert_nothing_lost_or_invented(calm, collected.seen, {fault[2] for fault in FAULTS})


def test_credentials_that_expire_in_mid_scan(wire: Proxy, calm: clinic.Seen, tmp_path: Path) -> None:
    wire.fault = lambda _: failing(400, "ExpiredToken", "it expired") if len(wire.asked) > 8 else None

    collected = collect(tmp_path / "evidence")

    assert_nothing_lost_or_invented(calm, collected.seen, {Reason.CREDENTIALS})
    assert {refusal.mend.partition(" in ")[0] for refusal in collected.refusals()} == {
        "give credentials that are valid"
    }


@pytest.mark.usefixtures("impatient")
def test_a_silent_region_costs_little_time_and_nothing_else(
    wire: Proxy, calm: clinic.Seen, tmp_path: Path
) -> None:
    wire.fault = lambda request: Wire.hang if request.region == "us-west-2" else None

    collected = collect(tmp_path / "evidence")

    asked = Counter(request.service for request in wire.asked if request.region == "us-west-2")
    # Each service is given up after two tries, however many checks would ask it.
    assert max(asked.values()) <= 4
    assert statuses(collected.manifest)["us-west-2"] == "entered"
    assert_nothing_lost_or_invented(calm, collected.seen, {Reason.TIMEOUT})
    assert {where for where, entries in collected.seen.items() if isinstance(entries[0], Unreadable)} == {
        where for where in calm if where[0] == "us-west-2"
    }


@pytest.mark.usefixtures("impatient")
def test_a_service_that_falls_silent_is_not_asked_on_and_on(
    wire: Proxy, calm: clinic.Seen, tmp_path: Path
) -> None:
    wire.fault = lambda request: Wire.hang if "clinic-" in request.what else None

    collected = collect(tmp_path / "evidence")

    assert_nothing_lost_or_invented(calm, collected.seen, {Reason.TIMEOUT})
    assert {refusal.resource for refusal in collected.refusals()} == {
        f"arn:aws:s3:::clinic-{name}" for name in ("bills", "charts", "images")
    }


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder to scan the clinic from."""
    (tmp_path / "clinic.yaml").write_text(clinic.POLICY)
    (tmp_path / "wardround.yaml").write_text(CONFIGURATION)
    return tmp_path


def command(
    office: Path, *arguments: str, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(office), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-I", "-c", IMPATIENT, *arguments],
        cwd=office,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=before,
    )


@pytest.mark.parametrize("fault", [Wire.hang, Wire.reset], ids=["silent", "resetting"])
def test_nothing_that_can_be_reached_ends_with_4(wire: Proxy, office: Path, fault: Fault) -> None:
    wire.fault = lambda _: fault

    began = time.monotonic()
    result = command(office, "scan", **wire.environment)

    assert (result.returncode, time.monotonic() - began < 15) == (4, True), result.stderr
    assert "Nothing can be said: no target could be entered." in result.stdout


def test_a_host_that_hangs_or_is_not_there_keeps_nobody_waiting(wire: Proxy, office: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, socket.create_server(("127.0.0.1", 0)) as closed:
        ports = {"mute": mute.getsockname()[1], "gone": closed.getsockname()[1]}
        closed.close()
        more = "".join(
            f"  - hosts: {{name: {name}, address: 127.0.0.1, port: {port}, connect_seconds: 1}}\n"
            for name, port in ports.items()
        )
        (office / "clinic.yaml").write_text(
            clinic.POLICY + "      - {check: encryption.host.*, expect: {encrypted: true}, severity: high}\n"
        )
        (office / "wardround.yaml").write_text(CONFIGURATION.replace("policies:", more + "policies:"))

        began = time.monotonic()
        result = command(office, "scan", "-f", "json", **wire.environment)

    assert time.monotonic() - began < 15
    report = json.loads(result.stdout)
    refused = {entry["target"]: entry["reason"] for entry in report["unreadable"]}
    assert refused == {"host:gone": "unreachable", "host:mute": "timeout"}
    assert report["coverage"]["evaluated"] == 12
    assert report["coverage"]["unreachable"] == 2
