"""Detection on hosts: changed files, guessed passwords, attackers, malware."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from checks.semantics import agents
from checks.semantics.processes import RUNNING
from scanner import Facts, Host, check

from .asked import SCHEDULES, moments, run_by_system, started

_DATABASES = (
    "sudo stat -c '%Y %n' / /var/lib/aide/aide.db /var/lib/aide/aide.db.gz /var/lib/tripwire"
    " /var/lib/samhain/samhain_file /var/lib/rkhunter/db/rkhunter.dat"
)
_DEFINITIONS = (
    "stat -c '%Y %n' / /var/lib/clamav/daily.cvd /var/lib/clamav/daily.cld /var/lib/clamav/main.cvd"
    " /var/lib/clamav/main.cld"
)
_FAIL2BAN = "sudo fail2ban-client status"
_DEFENDER = "mdatp health"
_FALCON = "sudo /opt/CrowdStrike/falconctl -g --aid --rfm-state"
_CHECKERS = {"aide": "AIDE", "aidecheck": "AIDE", "dailyaidecheck": "AIDE", "tripwire": "Tripwire"}
_SCANNERS = {"rkhunter": "rkhunter", "clamscan": "ClamAV", "clamdscan": "ClamAV"}


class IntegrityChecking(Facts):
    """Whether somebody would notice that files of the system were changed."""

    integrity_checked: bool
    """Whether a program looks for changes: all the time, or by schedule against a database that exists."""
    checkers: tuple[str, ...]
    """The programs that do: AIDE, Tripwire, Samhain, Wazuh, ..."""
    database_at: datetime | None
    """When the newest database that a scheduled one compares to was made; none when there is none."""
    scheduled: bool
    """Whether one is started by a timer that is on, or by cron."""
    last_success_at: datetime | None
    """When one that a timer starts last ended without finding anything; none when none has since the machine
    started, as where cron does it."""


class LoginGuard(Facts):
    """Whether addresses that guess passwords are shut out."""

    guarded: bool
    """Whether a program runs that watches the log-ins over SSH; fail2ban does with a jail for sshd."""
    guards: tuple[str, ...]
    """The programs that run: fail2ban, sshguard, CrowdSec."""
    jails: tuple[str, ...]
    """What fail2ban guards."""


class EndpointDetection(Facts):
    """Whether an agent watches the host for signs of an attack."""

    endpoint_detection: bool
    """Whether one runs, and says that it works where it can say so."""
    agents: tuple[str, ...]
    """The agents that run, with all that belongs to them."""
    unhealthy: tuple[str, ...]
    """The agents that run in part, or say themselves that something is wrong."""


class MalwareScanning(Facts):
    """Whether the host is searched for malware."""

    malware_protection: bool
    """Whether a program watches files as they are used, or searches them by schedule."""
    scanners: tuple[str, ...]
    """The programs that do: endpoint agents, ClamAV, rkhunter."""
    definitions_at: datetime | None
    """When ClamAV's newest definitions were written here; none when there are none."""


@check(_DATABASES, *SCHEDULES, RUNNING)
def integrity(host: Host) -> Iterator[IntegrityChecking]:
    """Whether changes to files of the system would be noticed: AIDE, Tripwire, and agents that watch.

    A checker that runs now and then counts where a timer that is on, or cron, starts it and its database
    exists. What its configuration leaves out, and who reads what it finds, is not seen.
    """
    made = moments(host, _DATABASES)
    database = [moment for path, moment in made.items() if "/aide/" in path or "/tripwire" in path]
    watching = agents.running(run_by_system(host), "integrity")
    begun, ended = _begun(host, _CHECKERS)
    yield IntegrityChecking(
        resource=host.id,
        integrity_checked=bool(watching) or bool(begun and database),
        checkers=tuple(sorted({*watching, *(begun if database else ())})),
        database_at=max(database, default=None),
        scheduled=bool(begun),
        last_success_at=max(ended, default=None),
    )


@check(RUNNING, _FAIL2BAN)
def login_guard(host: Host) -> Iterator[LoginGuard]:
    """Whether addresses that guess passwords over SSH are shut out: fail2ban, sshguard, CrowdSec."""
    guards = agents.running(run_by_system(host), "brute-force")
    jails: tuple[str, ...] = ()
    if "fail2ban" in guards:
        said = (line.partition("Jail list:") for line in host.run(_FAIL2BAN).lines)
        jails = tuple(sorted(name for _, _, names in said for name in names.replace(",", " ").split()))
    yield LoginGuard(
        resource=host.id,
        guarded=any("ssh" in jail for jail in jails) or bool({*guards} - {"fail2ban"}),
        guards=guards,
        jails=jails,
    )


@check(RUNNING, _DEFENDER, _FALCON)
def endpoint_agents(host: Host) -> Iterator[EndpointDetection]:
    """Whether an agent watches the host for signs of an attack, and works.

    Agents are known by the names of the processes that they run as root or as a system's account; root can
    call any program so. Microsoft Defender is asked for its health, CrowdStrike Falcon whether it has an id
    and its full functions.
    """
    found = run_by_system(host)
    run = agents.running(found, "endpoint-detection")
    ill = {*agents.broken(found, "endpoint-detection")}
    if "Microsoft Defender for Endpoint" in run:
        said = dict(_pair(line, ":") for line in host.run(_DEFENDER, ok=(0, 1)).lines)
        if said.get("healthy") != "true" or said.get("real_time_protection_enabled") == "false":
            ill.add("Microsoft Defender for Endpoint")
    if "CrowdStrike Falcon" in run:
        told = host.run(_FALCON).text.lower()
        if 'aid="' not in told or "rfm-state=true" in told:
            ill.add("CrowdStrike Falcon")
    yield EndpointDetection(
        resource=host.id,
        endpoint_detection=bool({*run} - ill),
        agents=run,
        unhealthy=tuple(sorted(ill)),
    )


@check(RUNNING, _DEFINITIONS, *SCHEDULES)
def malware(host: Host) -> Iterator[MalwareScanning]:
    """Whether the host is searched for malware: an endpoint agent, or ClamAV or rkhunter by schedule.

    clamd by itself searches only what it is handed, and so does not count.
    """
    watching = agents.running(run_by_system(host), "endpoint-detection")
    begun, _ = _begun(host, _SCANNERS)
    definitions = [
        at for path, at in moments(host, _DEFINITIONS).items() if path.startswith("/var/lib/clamav")
    ]
    scanners = {*watching} - {"osquery", "Rapid7 Insight"} | begun
    yield MalwareScanning(
        resource=host.id,
        malware_protection=bool(scanners - {"ClamAV"}) or ("ClamAV" in scanners and bool(definitions)),
        scanners=tuple(sorted(scanners)),
        definitions_at=max(definitions, default=None),
    )


def _begun(host: Host, named: Mapping[str, str]) -> tuple[frozenset[str], list[datetime]]:
    """Which products are started by schedule, and when systemd last saw them end well."""
    found = [one for one in started(host, named) if one.scheduled]
    ended = [one.last_success_at for one in found if one.last_success_at]
    return frozenset(named[program] for one in found for program in one.programs), ended


def _pair(line: str, separator: str) -> tuple[str, str]:
    name, _, value = line.partition(separator)
    return name.strip(), value.strip()
