from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.backup.host import BackupJob, HostBackup, agent, jobs
from checks.semantics.processes import RUNNING
from scanner.testing import Output, observe, world

BOOTED, TIMERS, UNITS, CRON = jobs.needs

SCHEDULED = {
    BOOTED: "",
    TIMERS: "nightly.timer enabled enabled\nrestic.timer disabled enabled\n",
    UNITS: """\
Id=nightly.service
LoadState=loaded
Result=success
ExecMainStatus=0
ExecMainExitTimestamp=Sat 2026-11-21 01:50:12 UTC
TriggeredBy=nightly.timer
ExecStart={ path=/usr/bin/pgbackrest ; argv[]=/usr/bin/pgbackrest --stanza=ehr backup }

Id=restic@home.service
LoadState=loaded
Result=exit-code
ExecMainStatus=1
ExecMainExitTimestamp=Fri 2026-11-20 01:00:00 UTC
TriggeredBy=restic.timer
ExecStart={ path=/opt/backup ; argv[]=/opt/backup }
""",
    CRON: Output(2, "/etc/os-release:ID=debian\n/etc/cron.d/dump:5 2 * * * postgres pg_dump ehr\n"),
}
KEPT = world(jobs, SCHEDULED)
RUN = world(
    agent,
    {
        **SCHEDULED,
        RUNNING: """\
/proc/1/status:Name:\tsystemd
/proc/1/status:Uid:\t0\t0\t0\t0
/proc/9/status:Name:\tbacula-fd
/proc/9/status:Uid:\t0\t0\t0\t0
""",
    },
)

NIGHTLY = BackupJob(
    resource="host:ehr-1/nightly.service",
    programs=("pgbackrest",),
    scheduled=True,
    by_systemd=True,
    last_result="success",
    last_success_at=datetime(2026, 11, 21, 1, 50, 12, tzinfo=UTC),
)


def test_jobs() -> None:
    assert observe(jobs, KEPT) == [
        NIGHTLY,
        BackupJob(
            resource="host:ehr-1/restic@home.service",
            programs=("restic",),
            scheduled=False,
            by_systemd=True,
            last_result="exit-code",
            last_success_at=None,
        ),
        BackupJob(
            resource="host:ehr-1/etc/cron.d/dump",
            programs=("pg_dump",),
            scheduled=True,
            by_systemd=False,
            last_result=None,
            last_success_at=None,
        ),
    ]


def test_a_job_that_has_not_run_since_the_start_has_no_result() -> None:
    answers = {
        **KEPT,
        CRON: Output(2, ""),
        UNITS: "Id=nightly.service\nLoadState=loaded\nResult=success\nExecMainExitTimestamp=\n"
        "TriggeredBy=nightly.timer\nExecStart={ path=/usr/bin/borg }\n",
    }

    assert observe(jobs, answers) == [
        replace(NIGHTLY, programs=("borg",), last_result=None, last_success_at=None)
    ]


ALONE = "/proc/1/status:Name:\tsystemd\n/proc/1/status:Uid:\t0\t0\t0\t0\n"
HOST = HostBackup(
    resource="host:ehr-1",
    backed_up=True,
    agents=("Bacula",),
    jobs=("/etc/cron.d/dump", "nightly.service"),
)


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, HOST),
        ({RUNNING: ALONE}, replace(HOST, agents=())),
        (
            {RUNNING: ALONE, BOOTED: Output(1, ""), CRON: Output(2, "/etc/os-release:ID=debian\n")},
            replace(HOST, backed_up=False, agents=(), jobs=()),
        ),
    ],
)
def test_agent(needs: dict[str, Any], seen: HostBackup) -> None:
    assert observe(agent, {**RUN, **needs}) == [seen]
