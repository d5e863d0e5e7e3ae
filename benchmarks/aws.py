"""What a scan of an AWS account costs: calls, time, CPU and memory.

To repeat: `make bench-aws`, or `python -I benchmarks/aws.py` in an environment that has wardround and what
its development needs. `wardround collect` looks with the shipped policy at a synthetic account of 3,000
resources in 17 regions, in 3 of which somebody works (aws_world.py). A process of ours answers in AWS's
place, over TLS, under AWS's own host names, 50 ms after it was asked; nothing leaves the machine. Connecting
costs what it costs here: no latency is added to it.

The status is 1 when one of these does not hold:

- the calls are those that `World.calls` counts, for each operation, and the pages beyond the first of each
  listing are as many as the account fills; nothing is asked twice (polling for a report aside);
- the time on the wall, the best of three, is at most 1.5 times calls x latency / calls in flight;
- CPU time, of the kernel and of starting up included, is at most 3 ms per call;
- resident memory peaks at 170 MB at most, and at no more than 40 MB above that when the account holds
  100,000 resources.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# Beside this file, where -I does not look.
from aws_things import ACCOUNT  # noqa: E402
from aws_world import World, per_bucket  # noqa: E402

from scanner import plan, plugins  # noqa: E402
from scanner.cli.configuration import named  # noqa: E402
from scanner.targets.boto import ACCOUNT_IN_FLIGHT  # noqa: E402

LATENCY = 0.05
LARGE = 100_000
ROUNDS = 3
"""How often the small account is scanned; the fastest counts for time, as the machine has other work."""
MOST_TIMES, MOST_MILLISECONDS, MOST_MEGABYTES, MOST_GROWTH = 1.5, 3.0, 170.0, 40.0
POLICY = "hipaa-security-rule"
POLLING = ("iam:GenerateCredentialReport",)
ENTERING = {"sts:GetCallerIdentity": {"AwsAccount"}, "ec2:DescribeRegions": {"AwsAccount"}}
CONFIGURATION = f"""\
targets:
  - aws: {{name: clinic, account: "{ACCOUNT}"}}
policies: [{POLICY}]
"""


@dataclass(frozen=True)
class Spent:
    """What a scan took."""

    seconds: float
    cpu: float
    megabytes: float
    asked: dict[str, Any]

    @property
    def calls(self) -> int:
        """How many calls were made, pages included."""
        return sum(self.asked["calls"].values()) + sum(self.asked["pages"].values()) + self.asked["retries"]


def main() -> int:
    """Measure, print, and tell by the status whether every bound holds."""
    needs = needed()
    world = World()
    with tempfile.TemporaryDirectory(prefix="wardround-aws-") as folder:
        runs = [_scanned(Path(folder) / f"small-{number}", world, needs) for number in range(ROUNDS)]
        small = min(runs, key=lambda run: run.seconds)
        large = small if "small" in sys.argv else _scanned(Path(folder) / "large", world.larger(LARGE), needs)
    wrong = [line for run in runs for line in _differences(world, needs, run)]
    for line in wrong:
        print(line)
    ideal = small.calls * LATENCY / ACCOUNT_IN_FLIGHT
    times, each = small.seconds / ideal, small.cpu * 1000 / small.calls
    most = max(run.megabytes for run in runs)
    growth = large.megabytes - most
    asked = small.asked
    print(
        f"{world.resources:,} resources: {small.calls:,} calls, {len(asked['twice'])} of them twice, "
        f"{asked['connections']} connections, {asked['most']} at a time at most"
    )
    print(f"{ROUNDS} times: " + ", ".join(f"{run.seconds:.1f} s ({run.cpu:.1f} s of CPU)" for run in runs))
    print(
        f"{small.seconds:.1f} s, {times:.2f} times {ideal:.1f} s, at most {MOST_TIMES:g}\n"
        f"{small.cpu:.1f} s of CPU, {each:.2f} ms a call, at most {MOST_MILLISECONDS:g}\n"
        f"{most:.0f} MB, at most {MOST_MEGABYTES:g}; "
        f"{growth:+.0f} MB with {LARGE:,} resources ({large.calls:,} calls, {large.seconds:.0f} s), "
        f"at most {MOST_GROWTH:g}"
    )
    return int(
        bool(wrong)
        or times > MOST_TIMES
        or each > MOST_MILLISECONDS
        or most > MOST_MEGABYTES
        or growth > MOST_GROWTH
    )


def needed() -> dict[str, set[str]]:
    """The operations that the shipped policy needs, and on which kinds of views."""
    checks = plan.asked([read.policy for read in named([POLICY])], plugins.checks())
    needs: dict[str, set[str]] = dict(ENTERING)
    for check in checks.values():
        if check.on.__name__ in {"AwsAccount", "AwsRegion"}:
            for need in check.needs:
                needs.setdefault(need, set()).add(check.on.__name__)
    return needs


def _differences(world: World, needs: dict[str, set[str]], spent: Spent) -> Iterator[str]:
    """Where the calls are not those that were to be made."""
    asked = spent.asked
    wanted = {
        need: world.buckets if per_bucket(need) else world.calls(need, kinds) for need, kinds in needs.items()
    }
    made = Counter(asked["calls"])
    for need in sorted(needs):
        if made[need] != wanted[need]:
            yield f"{need}: {made[need]} calls instead of {wanted[need]}"
        if asked["pages"].get(need, 0) != world.pages(need):
            yield f"{need}: {asked['pages'].get(need, 0)} further pages instead of {world.pages(need)}"
    for what, times in asked["twice"].items():
        if not what.startswith(POLLING):
            yield f"asked {times} times: {what}"
    for what, times in asked["unknown"].items():
        yield f"nobody knows what was asked {times} times: {what}"
    if asked["retries"]:
        yield f"{asked['retries']} calls were made again"


def _scanned(folder: Path, world: World, needs: dict[str, set[str]]) -> Spent:
    folder.mkdir()
    (folder / "wardround.yaml").write_text(CONFIGURATION, "utf-8")
    with _server(folder, world, needs) as proxy:
        command = [sys.executable, "-I", "-c", "from scanner.cli import main; main()"]
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, "collect", "--bundle", str(folder / "evidence")],
            cwd=folder,
            env=_environment(folder, proxy),
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"wardround collect ended with {process.returncode}")
        with build_opener(ProxyHandler({})).open(proxy) as answer:
            asked = json.load(answer)
    _assert_read(folder / "evidence")
    return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, asked)


def _assert_read(bundle: Path) -> None:
    """Hold that what was asked was also understood: a scan that fails early is a quick one."""
    from scanner.evidence import Bundle
    from scanner.model import Unreadable

    evidence = Bundle(bundle)
    unread = Counter(
        f"{check.id}: {entry.reason}: {entry.detail}"
        for target in evidence.manifest.plan.targets
        for scope in target.scopes
        for check in evidence.manifest.plan.checks
        for entry in evidence.part(target.id, scope.name, check.id) or ()
        if isinstance(entry, Unreadable)
    )
    if unread:
        print("\n".join(f"could not be read, {times} times: {what}" for what, times in unread.items()))


@contextmanager
def _server(folder: Path, world: World, needs: dict[str, set[str]]) -> Iterator[str]:
    told = {"folder": str(folder), "world": asdict(world), "needs": sorted(needs), "latency": LATENCY}
    process = subprocess.Popen(
        [sys.executable, "-I", str(HERE / "aws_server.py"), json.dumps(told)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdin
    try:
        port = int(process.stdout.readline())
        before = _cpu(process.pid)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        print(f"the server beside it: {usage.ru_utime + usage.ru_stime - before:.1f} s of CPU")


def _cpu(process: int) -> float:
    """Seconds of CPU time that a process has taken."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _environment(folder: Path, proxy: str) -> dict[str, str]:
    """Credentials that nobody has, and nobody to talk to but the server, whom all else is trusted beside."""
    import botocore

    trusted = folder / "trusted.pem"
    shipped = Path(botocore.__file__).parent / "cacert.pem"
    trusted.write_bytes(shipped.read_bytes() + (folder / "authority.pem").read_bytes())
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HTTPS_PROXY": proxy,
        "AWS_CA_BUNDLE": str(trusted),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


if __name__ == "__main__":
    sys.exit(main())
