"""What hosts do by themselves: jobs by schedule, memory dumps, mail."""

from collections.abc import Iterator

from checks.detection.asked import run_by_system
from checks.semantics.processes import RUNNING
from checks.semantics.units import enabled
from scanner import Facts, Host, check

_SERVICES = "systemctl list-unit-files --no-legend --type=service"
_BOOTED = "test -d /run/systemd/system"
_RUNLEVEL = "ls -d / /etc/runlevels/default/crond /etc/runlevels/default/kdump"
_CRASH = "cat /sys/kernel/kexec_crash_loaded"
_MAIL = "ls -d / /usr/sbin/sendmail /usr/lib/sendmail"
_CRON = ("cron", "crond", "busybox-crond", "cronie")
_CRON_UNITS = frozenset({"cron.service", "crond.service", "cronie.service"})
_DUMPS = frozenset({"kdump.service", "kdump-tools.service"})


class Jobs(Facts):
    """Whether jobs by schedule are carried out, and what a crash would leave behind."""

    cron_running: bool
    """Whether a cron daemon runs."""
    cron_enabled: bool
    """Whether one is started with the machine."""
    crash_dumps: bool
    """Whether the machine writes its memory, with whatever patient data is in it, to disk when the kernel
    fails: kdump is started with the machine, or a kernel that does so is loaded."""
    mail_delivered: bool
    """Whether a mail program is installed, by which daemons and jobs reach somebody."""


@check(RUNNING, _BOOTED, _SERVICES, _RUNLEVEL, _CRASH, _MAIL)
def jobs(host: Host) -> Iterator[Jobs]:
    """Whether cron runs, a crash would write memory to disk, and jobs can send mail.

    Containers share the kernel of the machine that they run on, and are not asked whether it would crash.
    """
    found = run_by_system(host)
    booted = host.run(_BOOTED, ok=(0, 1)).status == 0
    on = host.run(_SERVICES).read(enabled) if booted else frozenset()
    # ls and cat end with 1 or 2 where a file does not exist; the root folder always does.
    levels = host.run(_RUNLEVEL, ok=(0, 1, 2)).lines
    loaded = host.run(_CRASH, ok=(0, 1)).text.strip() == "1"
    yield Jobs(
        resource=host.id,
        cron_running=any(map(found.run, _CRON)),
        cron_enabled=bool(on & _CRON_UNITS) or any(level.endswith("/crond") for level in levels),
        crash_dumps=bool(on & _DUMPS) or loaded or any(level.endswith("/kdump") for level in levels),
        mail_delivered=len(host.run(_MAIL, ok=(0, 1, 2)).lines) > 1,
    )
