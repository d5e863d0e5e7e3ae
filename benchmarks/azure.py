"""A subscription of 2,000 resources, 50 ms away: how many calls, how long, how much CPU and memory.

To repeat: `make bench-azure`, or `python -I benchmarks/azure.py` in an environment that has wardround and
the packages of its tests; it takes half a minute. A server of the tests' (TLS on loopback) holds a
subscription and answers everything after 50 ms; `wardround collect` reads it for the shipped policy, in a
process of its own that the kernel is asked about. The time is that of collecting, logging in included. It is
read three times: as it is; without the pace that Azure's bucket of reads asks for (250 at once, then 25 a
second), to see what is made of calls in flight; and with ten times as many disks and interfaces, which cost
no more calls than pages, to see whether memory grows.

The status is 1 when the server was asked anything twice, when the number of calls is not that of the formula
below, when the second takes more than 1.5 times of (calls x latency / calls in flight), the first more than
1.5 times of what the bucket allows, or when memory grows by more than 20 MB.

The formula: a listing of a whole subscription is a call per page; what a resource has of its own costs a call
per resource, as `EACH` tells.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # python -I leaves it out

from tests import azure  # noqa: E402 - it is beside this folder

LATENCY = 0.05
PAGE = 500
IN_FLIGHT = 8
AT_ONCE, PER_SECOND = 250, 25
SLACK = 1.5
MOST_GROWTH = 20.0
GROUP = azure.GROUP
WORLD = {
    "Microsoft.Authorization/roleAssignments": 200,
    "Microsoft.Compute/disks": 500,
    "Microsoft.Compute/virtualMachines": 150,
    "Microsoft.KeyVault/vaults": 10,
    "Microsoft.Network/networkInterfaces": 300,
    "Microsoft.Network/networkSecurityGroups": 100,
    "Microsoft.Network/publicIPAddresses": 100,
    "Microsoft.Network/virtualNetworks": 40,
    "Microsoft.Security/assessments": 540,
    "Microsoft.Sql/servers": 10,
    "Microsoft.Storage/storageAccounts": 40,
    "Microsoft.Web/sites": 10,
}
"""What there is in the subscription: 2,000 in all."""
GROWS = ("Microsoft.Compute/disks", "Microsoft.Network/networkInterfaces")
EACH = {
    # Extensions.
    "Microsoft.Compute/virtualMachines": 1,
    # Keys, secrets, diagnostic settings.
    "Microsoft.KeyVault/vaults": 3,
    # Administrators, auditing, databases, the key, firewall, both vulnerability assessments, networks' rules.
    "Microsoft.Sql/servers": 8,
    # Blobs, files, diagnostic settings of the blobs.
    "Microsoft.Storage/storageAccounts": 3,
    # Configuration, publishing, diagnostic settings.
    "Microsoft.Web/sites": 3,
}
"""The calls that each resource of a type costs."""
WHERE_NAMED = {"Microsoft.OperationalInsights/clusters", "Microsoft.Web/hostingEnvironments"}
"""What is listed only where something names one of it; here nothing does."""
CALLS_OF_ITS_OWN = 1
"""The subscription's own settings, which are not a listing of resources."""


@dataclass(frozen=True)
class Taken:
    """What a run took: the collecting itself, and CPU and memory of the process."""

    seconds: float
    cpu: float
    megabytes: float
    calls: int
    twice: int


def main() -> int:
    """Measure, print, and tell by the status whether it is within bounds."""
    if sys.argv[1:2] == ["collect"]:
        return _collect(sys.argv[2:])
    with tempfile.TemporaryDirectory(prefix="wardround-azure-") as place:
        folder = Path(place)
        (folder / "server").mkdir()
        with azure.running(folder / "server") as server:
            server.delay, server.manager.page_size = LATENCY, PAGE
            _furnish(server, 1)
            paced = _taken(server, folder / "paced", pace=True)
            free = _taken(server, folder / "free", pace=False)
            _furnish(server, 10)
            many = _taken(server, folder / "many", pace=False)
    return _told(paced, free, many)


def _told(paced: Taken, free: Taken, many: Taken) -> int:
    expected = _calls(1)
    least = free.calls * LATENCY / IN_FLIGHT
    bucket = max(least, (paced.calls - AT_ONCE) / PER_SECOND)
    growth = many.megabytes - free.megabytes
    print(
        f"{sum(WORLD.values()):,} resources, {LATENCY * 1000:g} ms away: {paced.calls} calls, by the formula"
    )
    print(f"{expected}; asked twice: {paced.twice}")
    for name, taken, bound in (("at Azure's pace", paced, bucket), ("without it", free, least)):
        print(
            f"{name:16}{taken.seconds:6.1f} s, {taken.seconds / bound:.2f} times of {bound:.1f} s (at most "
            f"{SLACK}); CPU {taken.cpu:.1f} s, {1000 * taken.cpu / taken.calls:.1f} ms a call; "
            f"{taken.megabytes:.0f} MB"
        )
    print(
        f"{_count(10):,} resources: {many.calls} calls, CPU {many.cpu:.1f} s, {many.megabytes:.0f} MB: "
        f"it grows by {growth:.0f} MB, at most {MOST_GROWTH:g}"
    )
    wrong = (
        paced.twice + free.twice + many.twice > 0
        or {paced.calls, free.calls} != {expected}
        or many.calls != _calls(10)
        or free.seconds > SLACK * least
        or paced.seconds > SLACK * bucket
        or growth > MOST_GROWTH
    )
    return int(wrong)


def _count(times: int) -> int:
    return sum(number * (times if kind in GROWS else 1) for kind, number in WORLD.items())


def _calls(times: int) -> int:
    """By the formula."""
    from scanner import AzureSubscription, plan, plugins
    from scanner.cli.configuration import named
    from scanner.targets import arm_types

    (policy,) = named(["hipaa-security-rule"])
    asked = plan.asked([policy.policy], plugins.checks()).values()
    needs = {need for check in asked if check.on is AzureSubscription for need in check.needs}
    # A child is listed below its parent; a listing of everything has a provider and a type.
    whole = [need for need in needs if arm_types.kind_of(need).count("/") == 1]
    calls = 1 + CALLS_OF_ITS_OWN
    for need in whole:
        kind = arm_types.kind_of(need)
        if kind == "Microsoft.Insights/diagnosticSettings" or kind in WHERE_NAMED:
            continue
        number = WORLD.get(kind, 0) * (times if kind in GROWS else 1)
        calls += max(1, math.ceil(number / PAGE))
    return calls + sum(EACH[kind] * WORLD[kind] for kind in EACH)


def _furnish(server: azure.Azure, times: int) -> None:
    server.manager.resources = [
        _made(kind, number)
        for kind, each in WORLD.items()
        for number in range(each * (times if kind in GROWS else 1))
    ]


def _made(kind: str, number: int) -> dict[str, Any]:
    place = azure.HERE + "/providers" if kind.startswith("Microsoft.Authorization/") else GROUP
    return {
        "id": f"{place}/{kind}/r{number:06}",
        "name": f"r{number:06}",
        "type": kind,
        "location": "westeurope",
        "kind": KINDS.get(kind, ""),
        "tags": {"phi": "true", "owner": f"ward-{number % 40}"},
        "properties": PROPERTIES.get(kind, lambda _: {})(number),
    }


def _interface(number: int) -> dict[str, Any]:
    subnet = f"{GROUP}/Microsoft.Network/virtualNetworks/r{number % 40:06}/subnets/wards"
    return {
        "ipConfigurations": [
            {"name": "first", "properties": {"subnet": {"id": subnet}, "privateIPAddress": "10.0.0.4"}}
        ]
    }


def _disk(number: int) -> dict[str, Any]:
    kind = "EncryptionAtRestWithCustomerKey" if number % 3 else "EncryptionAtRestWithPlatformKey"
    return {"diskState": "Attached", "diskSizeGB": 128, "encryption": {"type": kind}}


KINDS = {"Microsoft.Storage/storageAccounts": "StorageV2", "Microsoft.Web/sites": "app,linux"}
PROPERTIES = {
    "Microsoft.Compute/disks": _disk,
    "Microsoft.Network/networkInterfaces": _interface,
}


def _taken(server: azure.Azure, folder: Path, *, pace: bool) -> Taken:
    """Collect in a process of its own, and ask kernel and server what it took."""
    folder.mkdir()
    (folder / "wardround.yaml").write_text(
        f"targets:\n  - azure:\n      name: clinic\n      subscription: {azure.SUBSCRIPTION}\n"
        f"      resource_manager: {server.url}\n      authority: {server.url}\n"
        "policies: [hipaa-security-rule]\n"
    )
    server.calls.clear()
    command = [sys.executable, "-I", __file__, "collect", "pace" if pace else "free", str(folder)]
    process = subprocess.Popen(command, env={**os.environ, **server.environment})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"collecting ended with {process.returncode}")
    asked = [call for call in server.calls if "api-version" in call]
    manifest = json.loads((folder / "bundle" / "manifest.json").read_text())
    started, finished = (datetime.fromisoformat(manifest[f"{word}_at"]) for word in ("started", "finished"))
    return Taken(
        (finished - started).total_seconds(),
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        len(asked),
        len(asked) - len(set(asked)),
    )


def _collect(arguments: list[str]) -> int:
    """As the command does it; without Azure's pace, if that is asked for."""
    from scanner.cli import main as command
    from scanner.targets import arm

    pace, folder = arguments
    if pace == "free":
        arm.READS_AT_ONCE, arm.READS_PER_SECOND = 10**9, 10**9
    os.chdir(folder)
    sys.argv = ["wardround", "collect", "-q", "--bundle", "bundle"]
    try:
        command()
    except SystemExit as ended:
        return int(ended.code or 0) if str(ended.code or 0).isdigit() else 70
    return 0


if __name__ == "__main__":
    sys.exit(main())
