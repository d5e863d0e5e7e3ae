"""Backup of hosts: who makes copies of what is on them, and when that last went well."""

from collections.abc import Iterator
from datetime import datetime

from checks.detection.asked import SCHEDULES, run_by_system, started
from checks.semantics import agents
from checks.semantics.processes import RUNNING
from scanner import Facts, Host, check

_PROGRAMS = frozenset(
    {
        *("restic", "borg", "borgmatic", "borgbackup", "kopia", "duplicity", "duply", "tarsnap"),
        *("rsnapshot", "rdiff-backup", "sanoid", "syncoid", "backupninja"),
        *("pgbackrest", "wal-g", "barman", "pg_basebackup", "pg_dump", "pg_dumpall", "autopostgresqlbackup"),
        *("mysqldump", "mariabackup", "xtrabackup", "mongodump"),
    }
)


class HostBackup(Facts):
    """Who makes copies of what is on a host, as the host itself knows."""

    backed_up: bool
    """Whether an agent for backups runs, or a program for backups is started by schedule. A cloud's copies
    of the whole machine are not seen from within."""
    agents: tuple[str, ...]
    """The agents that run: Bacula, Veeam, ..."""
    jobs: tuple[str, ...]
    """The services and cron files that are started by schedule and speak of a program for backups."""


class BackupJob(Facts):
    """A program for backups that is, or could be, started by schedule."""

    programs: tuple[str, ...]
    """The programs that it speaks of: restic, pgbackrest."""
    scheduled: bool
    """Whether a timer that is on starts it, or cron does."""
    by_systemd: bool
    """Whether systemd starts it, and so knows how it ended; cron does not keep that."""
    last_result: str | None
    """How it last ended, in systemd's words: success, exit-code, timeout; none when it has not since the
    machine started, or cron starts it."""
    last_success_at: datetime | None
    """When it last ended, if that went well; none when not, and as above."""


@check(RUNNING, *SCHEDULES)
def agent(host: Host) -> Iterator[HostBackup]:
    """Whether something on the host makes backups: an agent that runs, or a program by schedule.

    Programs are known by their names in systemd's units, cron's tables and the scripts in cron's folders; one
    that a script elsewhere starts is not seen.
    """
    running = agents.running(run_by_system(host), "backup")
    jobs = tuple(sorted(one.name for one in started(host, _PROGRAMS) if one.scheduled))
    yield HostBackup(resource=host.id, backed_up=bool(running or jobs), agents=running, jobs=jobs)


@check(*SCHEDULES)
def jobs(host: Host) -> Iterator[BackupJob]:
    """Which programs for backups are started by schedule, and when that last went well.

    Systemd forgets how a service ended when the machine starts anew, until it has run again.
    """
    for one in started(host, _PROGRAMS):
        yield BackupJob(
            resource=f"{host.id}/{one.name.lstrip('/')}",
            programs=tuple(sorted(one.programs)),
            scheduled=one.scheduled,
            by_systemd=one.name.endswith(".service"),
            last_result=one.result,
            last_success_at=one.last_success_at,
        )
