"""What several families' checks ask of hosts: what runs, what is scheduled, when files were written."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from checks.semantics import packages, scheduled
from checks.semantics.processes import RUNNING, Processes, processes
from checks.semantics.units import enabled
from scanner import Host, Reason

_BOOTED = "test -d /run/systemd/system"
_TIMERS = "systemctl list-unit-files --no-legend --type=timer"
# One list of programs for both commands, so that a host is asked once for all checks.
_UNITS = (
    "env TZ=UTC systemctl show -p Id -p LoadState -p Result -p ExecMainStatus -p ExecMainExitTimestamp"
    " -p TriggeredBy -p ExecStart aidecheck.service dailyaidecheck.service"
    " $(grep -rlsE '^ExecStart=.*(aide|tripwire|rkhunter|clamscan|clamdscan|restic|borg|kopia|duplicity|duply"
    "|rsnapshot|rdiff-backup|pgbackrest|wal-g|barman|pg_basebackup|pg_dump|mysqldump|mariabackup|xtrabackup"
    "|mongodump|sanoid|syncoid|backupninja|autopostgresqlbackup|tarsnap)' /etc/systemd/system"
    " /usr/lib/systemd/system /lib/systemd/system"
    " | sed -e 's,\\.d/[^/]*$,,' -e 's,.*/,,' -e 's/@\\.service$/@*.service/'"
    " | sort -u)"
)
_CRON = (
    "sudo grep -RHs -e ^ID= -e aide -e tripwire -e rkhunter -e clamscan -e clamdscan -e restic -e borg"
    " -e kopia -e duplicity -e duply -e rsnapshot -e rdiff-backup -e pgbackrest -e wal-g -e barman"
    " -e pg_basebackup -e pg_dump -e mysqldump -e mariabackup -e xtrabackup -e mongodump -e sanoid -e syncoid"
    " -e backupninja -e autopostgresqlbackup -e tarsnap /etc/os-release /etc/crontab /etc/anacrontab"
    " /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly /etc/periodic"
    " /etc/crontabs /var/spool/cron"
)
SCHEDULES = (_BOOTED, _TIMERS, _UNITS, _CRON)
"""What a check declares that asks what is started by schedule."""


class Started(msgspec.Struct, frozen=True):
    """A service of systemd, or a file of cron's, that speaks of programs that were asked for."""

    name: str
    """The service's name, or the file's."""
    programs: frozenset[str]
    scheduled: bool
    """Whether a timer that is on starts it, or cron does."""
    result: str | None
    """How it last ended, in systemd's words; none where it has not since the start, or cron does it."""
    last_success_at: datetime | None
    """When it last ended, if that went well; none as above."""


def run_by_system(host: Host) -> Processes:
    """What runs as root or as a system's account.

    Raises:
        ReadError: the kernel hides processes from this login.
    """
    # grep ends with 2 when a process went away meanwhile.
    found = host.run(RUNNING, ok=(0, 2)).read(processes)
    if not found.whole:
        raise host.refuse(
            RUNNING,
            Reason.DENIED,
            "the kernel hides other users' processes from this login",
            "log in as root, or mount /proc with a gid= that the login has",
        )
    return found


def moments(host: Host, command: str) -> dict[str, datetime]:
    """When files were last written, by a declared `stat -c '%Y %n' / ...`; what does not exist is left out.

    Raises:
        ReadError: stat did not run: it does not even see the root folder.
    """
    # stat ends with 1 where a file does not exist, and so does a sudo that refuses.
    found = host.run(command, ok=(0, 1)).read(packages.moments)
    if "/" not in found:
        raise host.refuse(
            command,
            Reason.DENIED,
            "does not even see the root folder",
            "let the login run it through sudo",
        )
    return {path: moment for path, moment in found.items() if path != "/"}


def started(host: Host, programs: Collection[str]) -> list[Started]:
    """The services and cron's files that speak of some programs; those of the lists above can be asked for.

    Raises:
        ReadError: one of the two was not told.
    """
    found = []
    # Without systemd as the first process its timers do not run, whatever is installed.
    if host.run(_BOOTED, ok=(0, 1)).status == 0:
        on = host.run(_TIMERS).read(enabled)
        for unit in host.run(_UNITS).read(scheduled.units):
            named = unit.starts(programs)
            if named and unit.loaded:
                result = unit.result if unit.ended_at else None
                found.append(Started(unit.name, named, unit.scheduled(on), result, unit.last_success_at))
    # A line of os-release always matches, so 1 is no answer; grep ends with 2 where a folder does not exist.
    by_file = scheduled.started(host.run(_CRON, ok=(0, 2)).read(scheduled.jobs), programs)
    found += [
        Started(file, named, scheduled=True, result=None, last_success_at=None)
        for file, named in by_file.items()
    ]
    return found
