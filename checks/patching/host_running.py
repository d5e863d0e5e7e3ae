"""Patching on hosts: whether what is installed is also what runs."""

from collections.abc import Iterator

from checks.semantics import outdated, packages
from scanner import Facts, Host, Reason, check

# Options without wildcards, so that sudoers can allow just this. Below a process, its memory map is the one
# file called maps that is of interest; the folders that are left out hold many more, and one per thread.
_MAPS = (
    "sudo grep -rHs -m 200 --include=maps --exclude-dir=attr --exclude-dir=bus --exclude-dir=driver"
    " --exclude-dir=fd --exclude-dir=fdinfo --exclude-dir=fs --exclude-dir=irq --exclude-dir=map_files"
    " --exclude-dir=net --exclude-dir=ns --exclude-dir=sys --exclude-dir=task"
    " -e deleted -e stack /proc"
)
_NAMES = "sudo ps -e -o pid=,comm="
_RUNNING = "uname -r"
_BUILD = "uname -v"
_KERNEL_PACKAGE = "dpkg-query -W -f '${Version}' \"linux-image-$(uname -r)\""
_MODULES = "ls /lib/modules"
_LIVE = "ls /sys/kernel/livepatch"

_TOLD = 50


class RunningPrograms(Facts):
    """Which programs run code that is not what is installed."""

    outdated_processes: int
    """How many processes run a program or library whose file was replaced or deleted since they started."""
    outdated_programs: tuple[str, ...]
    """The names of the first fifty of their programs."""
    outdated_files: tuple[str, ...]
    """The first fifty of the files that they still run and that are replaced or gone."""


class RunningKernel(Facts):
    """Which kernel runs, and whether it is one that is installed."""

    running: str
    """The kernel's release, as uname tells it."""
    installed: bool
    """Whether the host still has that kernel's modules, and of Debian's kernels the very build; true in a
    container, which has no kernel of its own."""
    live_patches: tuple[str, ...]
    """The live patches that the running kernel has loaded: they mend it without a reboot, for a time."""


@check(_MAPS, _NAMES)
def programs(host: Host) -> Iterator[RunningPrograms]:
    """Programs that still run what an update has replaced, and so what it mended.

    Read from the processes' memory maps, whatever the distribution; programs in containers count too. A
    library that was deleted by hand looks the same. BusyBox's grep cannot
    tell, so that Alpine needs GNU's.
    """
    # grep ends with 2 where a process ended meanwhile. Each process has a stack: that it is read is seen.
    lines = host.run(_MAPS, ok=(0, 2)).lines
    if not any(line.endswith("[stack]") for line in lines):
        raise host.refuse(
            _MAPS,
            Reason.INVALID_ANSWER,
            "it found no process's memory map",
            "install GNU grep on the host; let the login read /proc",
        )
    found = outdated.outdated(lines)
    names = host.run(_NAMES).read(outdated.names)
    pids = {each.pid for each in found}
    yield RunningPrograms(
        resource=host.id,
        outdated_processes=len(pids),
        outdated_programs=tuple(sorted({names[pid] for pid in pids if pid in names})[:_TOLD]),
        outdated_files=tuple(sorted({each.path for each in found})[:_TOLD]),
    )


@check(_RUNNING, _BUILD, _KERNEL_PACKAGE, _MODULES, _LIVE)
def kernel(host: Host) -> Iterator[RunningKernel]:
    """Whether the running kernel is one that is installed, and which live patches it has.

    Alpine and others replace a kernel and its modules in place; Debian builds some anew under the same name.
    Whether a newer one is installed beside it is said by the check of reboots.
    """
    running = next(iter(host.run(_RUNNING).lines), "")
    # ls ends with 1 or 2 where there is no such folder: no kernel of its own, nothing that can be patched.
    modules = host.run(_MODULES, ok=(0, 1, 2)).lines
    same_build = True
    if host.has("dpkg-query"):
        # dpkg-query ends with 1 where no package has that kernel, as in a container.
        version = host.run(_KERNEL_PACKAGE, ok=(0, 1)).text.strip()
        same_build = packages.same_debian_build(host.run(_BUILD).text, version)
    yield RunningKernel(
        resource=host.id,
        running=running,
        installed=(running in modules or not modules) and same_build,
        live_patches=host.run(_LIVE, ok=(0, 1, 2)).read(packages.module_names),
    )
