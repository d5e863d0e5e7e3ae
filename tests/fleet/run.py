"""`make fleet`: boots two Debian releases, scans them in one run, and says which were booted."""

import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests import fleet

COMMAND = Path(sysconfig.get_path("scripts")) / "wardround"


def scan(folder: Path, machines: Sequence[fleet.Machine]) -> int:
    """Scan them, and print the report."""
    for machine in machines:
        print(machine.said, flush=True)
    fleet.configured(folder, machines, "hipaa-security-rule")
    result = subprocess.run(
        [COMMAND, "scan", "-c", folder / "wardround.yaml", "--fail-on", "none", "--allow-incomplete"],
        check=False,
    )
    return result.returncode


def main() -> int:
    """Boot, or let this machine's own sshd stand in, and scan."""
    with tempfile.TemporaryDirectory(prefix="wardround-fleet-") as name:
        folder = Path(name)
        try:
            with fleet.booted(folder) as machines:
                return scan(folder, machines)
        except fleet.NotBootedError as reason:
            print(f"no machine was booted: {reason}; this machine's own sshd stands in", flush=True)
        with fleet.plain() as machines:
            return scan(folder, machines)


if __name__ == "__main__":
    sys.exit(main())
