from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import agents, scheduled
from checks.semantics.processes import Processes, processes

# As systemctl show prints it, shortened.
SHOWN = """\
ExecMainStatus=0
ExecMainExitTimestamp=Sat 2026-11-21 01:50:12 UTC
ExecStart={ path=/usr/local/bin/restic ; argv[]=/usr/local/bin/restic backup /srv ; ignore_errors=no ; pid=0 }
Id=nightly.service
LoadState=loaded
Result=success
TriggeredBy=nightly.timer

Id=aidecheck.service
LoadState=not-found
Result=success
ExecMainExitTimestamp=

Id=borg.timer
"""


def test_units() -> None:
    nightly, aide = scheduled.units(SHOWN.splitlines())

    assert nightly.last_success_at == datetime(2026, 11, 21, 1, 50, 12, tzinfo=UTC)
    assert nightly.starts({"restic", "borg"}) == {"restic"}
    assert nightly.scheduled(frozenset({"nightly.timer"}))
    assert not nightly.scheduled(frozenset({"other.timer"}))
    assert (aide.loaded, aide.ended_at, aide.last_success_at) == (False, None, None)


def test_jobs() -> None:
    lines = [
        "/etc/os-release:ID=debian",
        "/etc/crontab:# restic is gone",
        "/etc/crontab:PATH=/opt/borg/bin:/usr/bin",
        "/etc/crontab:17 1 * * * root /usr/local/sbin/backup-restic --all",
        "/etc/cron.daily/db:  pg_dump clinic | restic backup --stdin",
        "/var/spool/cron/root:0 2 * * * borgmatic",
        "/home/restic:restic",
        "no separator",
    ]

    assert scheduled.started(scheduled.jobs(lines), {"restic", "borgmatic", "pg_dump", "borg"}) == {
        "/etc/crontab": {"restic"},
        "/etc/cron.daily/db": {"pg_dump", "restic"},
        "/var/spool/cron/root": {"borgmatic"},
    }


@given(st.text())
def test_no_text_breaks_them(text: str) -> None:
    lines = [text, f"Id={text}.service", f"ExecMainExitTimestamp={text}", f"/etc/crontab:{text}"]

    scheduled.units(lines)
    scheduled.started(scheduled.jobs(lines), {"aide"})
    processes([text, f"/proc/1/status:Name:\t{text}", f"/proc/1/status:Uid:\t{text}"])


def test_only_the_systems_own_processes_count() -> None:
    lines = [
        "/proc/1/status:Name:\tsystemd",
        "/proc/1/status:Uid:\t0\t0\t0\t0",
        "/proc/90/status:Name:\tamazon-cloudwat",
        "/proc/90/status:Uid:\t998\t998\t998\t998",
        "/proc/91/status:Name:\tfalcon-sensor",
        "/proc/91/status:Uid:\t1000\t1000\t1000\t1000",
        "/proc/92/status:Name:\tgone",
    ]
    found = processes(lines)

    assert found == Processes(
        frozenset({"systemd", "amazon-cloudwat"}),
        whole=True,
        anybodys=frozenset({"systemd", "amazon-cloudwat", "falcon-sensor", "gone"}),
    )
    assert agents.running(found, "log-sending") == ("Amazon CloudWatch agent",)
    assert agents.running(found, "endpoint-detection") == ()


def test_a_product_of_several_processes() -> None:
    half = Processes(frozenset({"ds_agent"}), whole=True)
    whole = Processes(frozenset({"ds_agent", "ds_am"}), whole=True)

    assert agents.running(half, "endpoint-detection") == ()
    assert agents.broken(half, "endpoint-detection") == ("Trend Micro Deep Security",)
    assert agents.running(whole, "endpoint-detection") == ("Trend Micro Deep Security",)
    assert agents.broken(whole, "endpoint-detection") == ()
