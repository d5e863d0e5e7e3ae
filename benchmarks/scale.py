"""What one process can judge: CPU time per 100,000 evaluations, and memory that does not grow with them.

To repeat: `make scale`, or `python -I benchmarks/scale.py` in an environment that has wardround; it takes
some minutes, and 1 GB in the temporary folder. Two bundles are written, of 10,000 and of 100,000 resources:
volumes in 17 regions of 8 accounts, a third of them in one region, and users; a few of them cannot be read.
A policy of five requirements, of which one depends on tags and two take ages, makes about 24,000
and 240,000 findings of them, an evaluation each. Every step is a process of its own, asked of the
kernel for its CPU time (user and system) and its peak of resident memory. What a finding costs is the
difference of the two bundles over the difference of their findings, so that starting up does not count.

The status is 1 when judging takes more than 3 s of CPU per 100,000 evaluations, or when the peak of a step
grows by more than 64 MB from the small bundle to the large. What grows when judging is what is known of
resources by their names: tags, for the requirements that depend on them.

On two shared cores under Python 3.11: judging takes 1.7 s of CPU per 100,000 evaluations and 49 MB at most
(41 MB of a tenth of the findings); reading report.json and writing a format of it takes 0.5 s (github,
text, sarif), 1 s (json, markdown) and 4 s (html) per 100,000 findings, and 54 MB at most.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scanner import plan, plugins
from scanner.evidence import Entry, Writer
from scanner.model import FORMAT, Manifest, Observation, Plan, Reason, Scope, TargetRecord, Unreadable

SMALL, LARGE = 10_000, 100_000
MOST_SECONDS = 3.0
MOST_GROWTH = 64.0
AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
REGIONS = tuple(
    f"{area}-{side}-{number}"
    for area in ("us", "eu", "ap")
    for side in ("east", "west", "north")
    for number in (1, 2)
)[:17]
ACCOUNTS = tuple(f"{number:012}" for number in range(111122223330, 111122223338))
VOLUMES, USERS, FACTORS = "encryption.aws.ebs_volumes", "accounts.aws.iam_users", "mfa.aws.iam_users"
FORMATS = ("json", "text", "html", "sarif", "github", "markdown")
POLICY = """\
policy: scale
title: Scale
source: benchmarks/scale.py
controls:
  - control: volumes
    title: Volumes
    owner: CISO
    requirements:
      - {check: encryption.aws.ebs_volumes, expect: {encrypted: true}, severity: high}
      - id: patients
        check: encryption.aws.ebs_volumes
        when: {phi: true}
        expect: {key_manager: customer}
        severity: critical
  - control: users
    title: Users
    owner: CISO
    requirements:
      - id: dormant
        check: accounts.aws.iam_users
        when: {active: true}
        expect: {last_seen_at: {maxAgeDays: 90}, active_access_keys: {maximum: 1}}
        severity: medium
      - id: changed
        check: accounts.aws.iam_users
        when: {console_access: true}
        expect: {password_changed_at: {anyOf: [{const: null}, {maxAgeDays: 365}]}}
        severity: low
      - {check: mfa.aws.iam_users, when: {console_access: true}, expect: {mfa_active: true}, severity: high}
"""


@dataclass(frozen=True)
class Spent:
    """What a process took."""

    seconds: float
    megabytes: float


def main() -> int:
    """Measure, print, and tell by the status whether it is quick and flat enough."""
    if sys.argv[1:2] == ["judge"]:
        return _judge(Path(sys.argv[2]), sys.argv[3])
    with tempfile.TemporaryDirectory(prefix="wardround-scale-") as folder:
        steps = {resources: _measured(Path(folder), resources) for resources in (SMALL, LARGE)}
    few, many = (findings for findings, _ in steps.values())
    print(f"{'':18}{few:>9,} findings   {many:>9,} findings   per 100,000   growth")
    seconds, growth = {}, {}
    for step, small in steps[SMALL][1].items():
        large = steps[LARGE][1][step]
        seconds[step] = (large.seconds - small.seconds) / (many - few) * 100_000
        growth[step] = large.megabytes - small.megabytes
        print(
            f"{step:16}{small.seconds:8.2f} s {small.megabytes:5.0f} MB{large.seconds:12.2f} s "
            f"{large.megabytes:5.0f} MB{seconds[step]:12.2f} s{growth[step]:6.0f} MB"
        )
    slow = seconds["judge"] > MOST_SECONDS
    print(f"judged in {seconds['judge']:.2f} s of CPU per 100,000 evaluations, at most {MOST_SECONDS:g}")
    print(f"the peak grows by {max(growth.values()):.0f} MB, at most {MOST_GROWTH:g}")
    return int(slow or max(growth.values()) > MOST_GROWTH)


def _measured(folder: Path, resources: int) -> tuple[int, dict[str, Spent]]:
    """How many findings there are of so many resources, and what each step takes."""
    bundle = folder / f"bundle-{resources}"
    policy = folder / "policy.yaml"
    policy.write_text(POLICY, "utf-8")
    write(bundle, resources)
    ours = [sys.executable, "-I", __file__]
    command = [sys.executable, "-I", "-c", "from scanner.cli import main; main()"]
    report = folder / f"report-{resources}.json"
    spent = {
        "judge": _spent([*ours, "judge", str(bundle), str(policy)]),
        "evaluate -f json": _spent(
            [*command, "evaluate", str(bundle), "-p", str(policy), "-f", f"json={report}"]
        ),
    }
    for name in FORMATS:
        spent[f"report -f {name}"] = _spent(
            [*command, "report", str(report), "-f", f"{name}={folder / name}"]
        )
    with report.open("rb") as lines:
        findings = sum(line.startswith(b'{"id"') for line in lines)
    return findings, spent


def _spent(command: list[str]) -> Spent:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _judge(bundle: Path, policy: str) -> int:
    """Judge as the command does, and show nothing."""
    from scanner.cli import run
    from scanner.cli.configuration import grounds, named

    report = run.judged(grounds(named([policy]), None, None), bundle)
    return int(
        sum(1 for _ in report.findings) != sum(map(sum, (found.values() for found in report.tally.values())))
    )


def write(folder: Path, resources: int) -> None:
    """A bundle of so many resources: three in five are volumes, the others users."""
    writer = Writer(folder)
    volumes, users = resources * 3 // 5, resources * 2 // 5
    targets = []
    for place, account in enumerate(ACCOUNTS):
        target = f"aws:{account}"
        for number, region in enumerate(REGIONS):
            share = (
                volumes // 3
                if not place and not number
                else volumes * 2 // 3 // (len(ACCOUNTS) * len(REGIONS))
            )
            writer.seal(target, region, VOLUMES, _volumes(target, region, share))
        names = range(users // len(ACCOUNTS))
        writer.seal(target, "account", USERS, (_user(target, number) for number in names))
        writer.seal(target, "account", FACTORS, (_factor(target, number) for number in names))
        scopes = (
            Scope(name="account", on="AwsAccount"),
            *(Scope(name=name, on="AwsRegion") for name in REGIONS),
        )
        targets.append(TargetRecord(id=target, name=account, kind="aws", identity=None, scopes=scopes))
    checks = {name: check for name, check in plugins.checks().items() if name in {VOLUMES, USERS, FACTORS}}
    writer.finish(
        Manifest(
            format=FORMAT,
            run="scale",
            tool="wardround",
            version="0",
            started_at=AT,
            finished_at=AT,
            complete=True,
            plan=Plan(checks=plan.planned(checks, plan.facts(checks)), targets=tuple(targets)),
            policies=(),
            parts={},
        )
    )


def _volumes(target: str, region: str, number: int) -> Iterator[Entry]:
    account = target.removeprefix("aws:")
    for index in range(number):
        name = f"arn:aws:ec2:{region}:{account}:volume/vol-{index:017x}"
        if index % 1000 == 999:
            yield Unreadable(
                check=VOLUMES,
                target=target,
                scope=region,
                resource=name,
                reason=Reason.DENIED,
                detail="AccessDenied: not authorized to perform kms:DescribeKey",
                need="kms:DescribeKey",
                mend="allow kms:DescribeKey",
            )
            continue
        managers = ("customer", "provider", None)
        manager = managers[index % 3 if index % 5 else 2]
        tags = {
            "phi": str(index % 4 == 0).lower(),
            "owner": f"ward-{index % 40}",
            "environment": "production",
        }
        facts = {"encrypted": manager is not None, "key_manager": manager}
        yield _saw(VOLUMES, target, region, name, facts=facts, tags=tags)


def _user(target: str, index: int) -> Observation:
    seen = AT - timedelta(days=index % 200, seconds=index)
    facts = {
        "active": index % 10 > 0,
        "last_used_at": None if index % 7 == 0 else seen.isoformat(),
        "last_seen_at": seen.isoformat(),
        "created_at": "2020-01-01T00:00:00Z",
        "console_access": index % 2 == 0,
        "active_access_keys": index % 3,
        "password_changed_at": (AT - timedelta(days=index % 700)).isoformat() if index % 2 == 0 else None,
    }
    return _saw(USERS, target, "account", _user_arn(target, index), facts=facts)


def _factor(target: str, index: int) -> Observation:
    facts = {"mfa_active": index % 9 > 0, "console_access": index % 2 == 0}
    return _saw(FACTORS, target, "account", _user_arn(target, index), facts=facts)


def _user_arn(target: str, index: int) -> str:
    return f"arn:aws:iam::{target.removeprefix('aws:')}:user/staff/person-{index:06}"


def _saw(check: str, target: str, scope: str, resource: str, **seen: Any) -> Observation:
    return Observation(
        check=check,
        target=target,
        scope=scope,
        resource=resource,
        resource_type="ec2:volume" if check == VOLUMES else "iam:user",
        region=scope if check == VOLUMES else None,
        at=AT,
        **seen,
    )


if __name__ == "__main__":
    sys.exit(main())
