"""How quickly the command starts: the CPU time of `wardround --help` over that of `python -c pass`.

To repeat: `make bench`, or `python -I benchmarks/startup.py` in an environment that has wardround. Byte
code is compiled first, as an installer does. The two are run in turn, so that a machine that gets slower
slows both; a run counts with user and system time, and each program with its median. The status is 1
when the ratio is above 5.
"""

import compileall
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

RUNS = 21
MOST = 5.0


def main() -> int:
    """Measure, print, and tell by the status whether it is quick enough."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    _compile()
    # With an environment's own python, so that both find it in the same way.
    empty = [sys.executable, "-c", "pass"]
    command = [str(Path(sysconfig.get_path("scripts")) / "wardround"), "--help"]
    for program in (empty, command):
        _cpu_seconds(program, environment)
    spent = [(_cpu_seconds(empty, environment), _cpu_seconds(command, environment)) for _ in range(RUNS)]
    base, ours = (statistics.median(program) for program in zip(*spent, strict=True))
    ratio = ours / base
    print(
        f"wardround --help: {ours * 1000:.1f} ms of CPU; python -c pass: {base * 1000:.1f} ms; "
        f"ratio {ratio:.2f}, at most {MOST:g} (medians of {RUNS} runs each)"
    )
    return int(ratio > MOST)


def _compile() -> None:
    for name in ("scanner", "click"):
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            sys.exit(f"{name} is not installed beside {sys.executable}")
        compileall.compile_dir(Path(found.origin).parent, quiet=1)


def _cpu_seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
