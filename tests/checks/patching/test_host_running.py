from typing import Any

import pytest

from checks.patching.host_running import RunningKernel, RunningPrograms, kernel, programs
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

MAPS, NAMES = programs.needs
RUNNING, BUILD, PACKAGE, MODULES, LIVE = kernel.needs

# Addresses as /proc prints them; the memfd and the file in /tmp are programs' own.
MAPPED = """\
/proc/812/maps:7fbd5a74d000-7fbd5a757000 r--p 00000000 00:01 1024    /memfd:sealed-91173221a7ea (deleted)
/proc/812/maps:7fbd5a757000-7fbd5a82a000 r-xp 0000a000 00:01 1024    /memfd:sealed-91173221a7ea (deleted)
/proc/812/maps:7ffd1d5f0000-7ffd1d611000 rw-p 00000000 00:00 0                          [stack]
/proc/901/maps:7f10a8a28000-7f10a8bb0000 r-xp 00028000 08:01 131 /usr/lib/libssl.so.3 (deleted)
/proc/901/maps:7f10a8bb0000-7f10a8c00000 r--p 001b0000 08:01 131 /usr/lib/libssl.so.3 (deleted)
/proc/901/maps:7ffc1d5f0000-7ffc1d611000 rw-p 00000000 00:00 0                          [stack]
/proc/902/maps:55d0a8a28000-55d0a8bb0000 r-xp 00028000 08:01 132 /usr/sbin/nginx (deleted)
/proc/902/maps:7f10a8a28000-7f10a8bb0000 r-xp 00028000 08:01 133 /tmp/jit.so (deleted)
/proc/902/maps:7ffb1d5f0000-7ffb1d611000 rw-p 00000000 00:00 0                          [stack]
"""
PROCESSES = "      1 systemd\n    812 pipewire\n    901 nginx\n    902 nginx: worker process\n"
OLD = world(programs, {MAPS: Output(2, MAPPED), NAMES: PROCESSES})

DEBIAN = world(
    kernel,
    {
        RUNNING: "6.1.0-40-amd64\n",
        BUILD: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)\n",
        PACKAGE: "6.1.153-1",
        MODULES: "6.1.0-37-amd64\n6.1.0-40-amd64\n",
        LIVE: Output(2, ""),
    },
)
ALPINE = {RUNNING: "6.6.50-0-lts\n", MODULES: "6.6.51-0-lts\n", LIVE: Output(1, "")}


def test_programs_that_run_what_is_replaced() -> None:
    assert observe(programs, OLD) == [
        RunningPrograms(
            resource="host:ehr-1",
            outdated_processes=2,
            outdated_programs=("nginx", "nginx: worker process"),
            outdated_files=("/usr/lib/libssl.so.3", "/usr/sbin/nginx"),
        )
    ]


def test_a_host_that_runs_what_is_installed() -> None:
    stacks = "".join(line for line in MAPPED.splitlines(keepends=True) if "[stack]" in line)

    assert observe(programs, {MAPS: stacks, NAMES: PROCESSES}) == [
        RunningPrograms(resource="host:ehr-1", outdated_processes=0, outdated_programs=(), outdated_files=())
    ]


def test_a_grep_that_reads_nothing_is_not_nothing_outdated() -> None:
    sight = look(programs, {MAPS: Output(2, "", "grep: unrecognized option: include=maps\n"), NAMES: ""})

    assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == (
        [],
        [Reason.INVALID_ANSWER],
    )


@pytest.mark.parametrize(
    ("needs", "installed"),
    [
        (DEBIAN, True),
        ({**DEBIAN, PACKAGE: "6.1.158-1"}, False),
        # A container runs the kernel of the machine below it.
        ({**DEBIAN, PACKAGE: Output(1, ""), MODULES: Output(2, "")}, True),
        # Ubuntu gives each build a name of its own.
        ({**DEBIAN, BUILD: "#45-Ubuntu SMP PREEMPT_DYNAMIC\n", PACKAGE: "6.8.0-45.45"}, True),
        ({**ALPINE, RUNNING: "6.6.51-0-lts\n"}, True),
        (ALPINE, False),
    ],
)
def test_kernel(needs: dict[str, Any], installed: bool) -> None:
    assert observe(kernel, needs) == [
        RunningKernel(
            resource="host:ehr-1",
            running=needs[RUNNING].strip(),
            installed=installed,
            live_patches=(),
        )
    ]


def test_live_patches() -> None:
    [seen] = observe(kernel, {**DEBIAN, LIVE: "livepatch_1_2\nkpatch_5_14\n"})

    assert isinstance(seen, RunningKernel)
    assert seen.live_patches == ("kpatch_5_14", "livepatch_1_2")
