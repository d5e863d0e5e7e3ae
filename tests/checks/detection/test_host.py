from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.detection.asked import SCHEDULES
from checks.detection.host import (
    EndpointDetection,
    IntegrityChecking,
    LoginGuard,
    MalwareScanning,
    endpoint_agents,
    integrity,
    login_guard,
    malware,
)
from checks.semantics.processes import RUNNING
from scanner.testing import Output, look, observe, world

BOOTED, TIMERS, UNITS, CRON = SCHEDULES
DATABASES = integrity.needs[0]
_, FAIL2BAN = login_guard.needs
_, DEFENDER, FALCON = endpoint_agents.needs
DEFINITIONS = malware.needs[1]


def run(*names: str, user: int = 0) -> str:
    listed = ["systemd", *names]
    return "".join(
        f"/proc/{number}/status:Name:\t{name[:15]}\n/proc/{number}/status:Uid:\t{user}\t0\t0\t0\n"
        for number, name in enumerate(listed, 1)
    )


QUIET = {
    BOOTED: "",
    TIMERS: "logrotate.timer enabled enabled\n",
    UNITS: "Id=aidecheck.service\nLoadState=not-found\n",
    CRON: Output(2, "/etc/os-release:ID=debian\n"),
    RUNNING: Output(2, run("sshd")),
}
BY_TIMER = {
    TIMERS: "dailyaidecheck.timer enabled enabled\n",
    UNITS: """\
Id=dailyaidecheck.service
LoadState=loaded
Result=success
ExecMainStatus=0
ExecMainExitTimestamp=Sat 2026-11-21 03:12:45 UTC
TriggeredBy=dailyaidecheck.timer
ExecStart={ path=/usr/share/aide/bin/dailyaidecheck ; argv[]=dailyaidecheck --systemdservice }
""",
}

CHECKED = world(
    integrity,
    {**QUIET, **BY_TIMER, DATABASES: Output(1, "1795312979 /\n1790000000 /var/lib/aide/aide.db\n")},
)
MADE = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
INTACT = IntegrityChecking(
    resource="host:ehr-1",
    integrity_checked=True,
    checkers=("AIDE",),
    database_at=MADE,
    scheduled=True,
    last_success_at=datetime(2026, 11, 21, 3, 12, 45, tzinfo=UTC),
)
UNSEEN = IntegrityChecking(
    resource="host:ehr-1",
    integrity_checked=False,
    checkers=(),
    database_at=None,
    scheduled=False,
    last_success_at=None,
)
NONE = Output(1, "1795312979 /\n")


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, INTACT),
        ({DATABASES: NONE}, replace(INTACT, integrity_checked=False, checkers=(), database_at=None)),
        ({TIMERS: "dailyaidecheck.timer disabled enabled\n"}, replace(UNSEEN, database_at=MADE)),
        (
            {UNITS: BY_TIMER[UNITS].replace("Result=success", "Result=exit-code")},
            replace(INTACT, last_success_at=None),
        ),
        (
            {BOOTED: Output(1, ""), CRON: Output(2, "/etc/cron.daily/aide:exec /usr/bin/aide --check\n")},
            replace(INTACT, last_success_at=None),
        ),
        (
            {**QUIET, DATABASES: NONE, RUNNING: run("wazuh-syscheckd")},
            replace(UNSEEN, integrity_checked=True, checkers=("Wazuh",)),
        ),
        ({**QUIET, DATABASES: NONE}, UNSEEN),
    ],
)
def test_integrity(needs: dict[str, Any], seen: IntegrityChecking) -> None:
    assert observe(integrity, {**CHECKED, **needs}) == [seen]


@pytest.mark.parametrize(
    ("need", "answer"),
    [
        # sudo, when it refuses, ends with 1 as stat does where a file is not there.
        (DATABASES, Output(1, "", "sudo: a password is required\n")),
        (CRON, Output(1, "", "sudo: a password is required\n")),
        (RUNNING, Output(2, "/proc/812/status:Name:\tbash\n/proc/812/status:Uid:\t1000\n")),
    ],
)
def test_what_was_not_shown_is_a_refusal(need: str, answer: Output) -> None:
    sight = look(integrity, {**CHECKED, need: answer})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [need])


GUARDED = world(
    login_guard,
    {
        RUNNING: run("fail2ban-server"),
        FAIL2BAN: "Status\n|- Number of jail:\t2\n`- Jail list:\tnginx-http-auth, sshd\n",
    },
)
GUARD = LoginGuard(
    resource="host:ehr-1", guarded=True, guards=("fail2ban",), jails=("nginx-http-auth", "sshd")
)


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, GUARD),
        (
            {FAIL2BAN: "Status\n|- Number of jail:\t0\n`- Jail list:\t\n"},
            replace(GUARD, guarded=False, jails=()),
        ),
        ({RUNNING: run("crowdsec")}, replace(GUARD, guards=("CrowdSec",), jails=())),
        ({RUNNING: run("sshd")}, LoginGuard(resource="host:ehr-1", guarded=False, guards=(), jails=())),
    ],
)
def test_login_guard(needs: dict[str, Any], seen: LoginGuard) -> None:
    assert observe(login_guard, {**GUARDED, **needs}) == [seen]


BOTH = ("CrowdStrike Falcon", "Microsoft Defender for Endpoint")
WATCHED = world(
    endpoint_agents,
    {
        RUNNING: run("falcon-sensor", "wdavdaemon"),
        DEFENDER: "healthy          : true\nreal_time_protection_enabled : true [managed]\n",
        FALCON: 'aid="0123456789abcdef", rfm-state=false.\n',
    },
)
WATCH = EndpointDetection(resource="host:ehr-1", endpoint_detection=True, agents=BOTH, unhealthy=())


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, WATCH),
        ({DEFENDER: "healthy : false\n"}, replace(WATCH, unhealthy=BOTH[1:])),
        (
            {DEFENDER: "healthy : true\nreal_time_protection_enabled : false\n"},
            replace(WATCH, unhealthy=BOTH[1:]),
        ),
        ({FALCON: 'aid="0123", rfm-state=true.\n'}, replace(WATCH, unhealthy=BOTH[:1])),
        (
            {FALCON: "aid is not set.\n", DEFENDER: "healthy : false\n"},
            replace(WATCH, endpoint_detection=False, unhealthy=BOTH),
        ),
        (
            {RUNNING: run("wazuh-agentd")},
            replace(WATCH, endpoint_detection=False, agents=(), unhealthy=("Wazuh",)),
        ),
        ({RUNNING: run("falcon-sensor", user=1000)}, replace(WATCH, endpoint_detection=False, agents=())),
        ({RUNNING: run("s1-agent")}, replace(WATCH, agents=("SentinelOne",))),
    ],
)
def test_endpoint_agents(needs: dict[str, Any], seen: EndpointDetection) -> None:
    assert observe(endpoint_agents, {**WATCHED, **needs}) == [seen]


SCANNED = world(
    malware,
    {
        **QUIET,
        CRON: Output(2, "/etc/cron.d/clam:0 3 * * * root clamscan -ri /srv\n"),
        DEFINITIONS: Output(
            1, "1795312979 /\n1795000000 /var/lib/clamav/daily.cld\n1 /var/lib/clamav/main.cvd\n"
        ),
    },
)
SCAN = MalwareScanning(
    resource="host:ehr-1",
    malware_protection=True,
    scanners=("ClamAV",),
    definitions_at=datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, SCAN),
        ({DEFINITIONS: NONE}, replace(SCAN, malware_protection=False, definitions_at=None)),
        ({CRON: QUIET[CRON], RUNNING: run("clamd")}, replace(SCAN, malware_protection=False, scanners=())),
        (
            {CRON: QUIET[CRON], RUNNING: run("wdavdaemon"), DEFINITIONS: NONE},
            replace(SCAN, scanners=BOTH[1:], definitions_at=None),
        ),
        ({CRON: QUIET[CRON], RUNNING: run("osqueryd")}, replace(SCAN, malware_protection=False, scanners=())),
    ],
)
def test_malware(needs: dict[str, Any], seen: MalwareScanning) -> None:
    assert observe(malware, {**SCANNED, **needs}) == [seen]
