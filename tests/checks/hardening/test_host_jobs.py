from dataclasses import replace
from typing import Any

import pytest

from checks.hardening.host_jobs import Jobs, jobs
from scanner.testing import Output, observe, world

RUNNING, BOOTED, SERVICES, RUNLEVEL, CRASH, MAIL = jobs.needs

WORKING = world(
    jobs,
    {
        RUNNING: """\
/proc/1/status:Name:\tsystemd
/proc/1/status:Uid:\t0\t0\t0\t0
/proc/80/status:Name:\tcrond
/proc/80/status:Uid:\t0\t0\t0\t0
""",
        BOOTED: "",
        SERVICES: "crond.service enabled enabled\nkdump.service enabled enabled\n",
        RUNLEVEL: Output(2, "/\n"),
        CRASH: "0\n",
        MAIL: Output(2, "/\n/usr/sbin/sendmail\n"),
    },
)
WORK = Jobs(
    resource="host:ehr-1", cron_running=True, cron_enabled=True, crash_dumps=True, mail_delivered=True
)


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, WORK),
        (
            {SERVICES: "crond.service disabled enabled\n", MAIL: Output(2, "/\n")},
            replace(WORK, cron_enabled=False, crash_dumps=False, mail_delivered=False),
        ),
        ({SERVICES: "cron.service enabled enabled\n", CRASH: "1\n"}, WORK),
        (
            {RUNNING: "/proc/1/status:Name:\tinit\n", SERVICES: "kdump-tools.service enabled enabled\n"},
            replace(WORK, cron_running=False, cron_enabled=False),
        ),
        (
            {
                BOOTED: Output(1, ""),
                RUNLEVEL: Output(1, "/\n/etc/runlevels/default/crond\n"),
                CRASH: Output(1, ""),
            },
            replace(WORK, crash_dumps=False),
        ),
    ],
)
def test_jobs(needs: dict[str, Any], seen: Jobs) -> None:
    assert observe(jobs, {**WORKING, **needs}) == [seen]
