"""What hosts send elsewhere, and what sudo and the journal keep of what happens."""

import re
from collections.abc import Iterator

from checks.detection.asked import run_by_system
from checks.semantics import agents, journal, sudo_log, syslog_ng
from checks.semantics.processes import RUNNING
from scanner import Facts, Host, check

_RSYSLOG = "sudo grep -RHs . /etc/os-release /etc/rsyslog.conf /etc/rsyslog.d"
_SYSLOG_NG = "sudo grep -RHs . /etc/os-release /etc/syslog-ng"
# The names of its process and of journald's are the same in the 15 letters that the kernel keeps.
_UPLOADS = "systemctl is-active systemd-journal-upload.service"
_UPLOAD = "systemd-analyze cat-config systemd/journal-upload.conf"
_JOURNAL = "systemd-analyze cat-config systemd/journald.conf"
_SUDOERS = "sudo grep -RHs . /etc/sudoers /etc/sudoers.d"
_SECURE_URL = re.compile(r"\s*URL\s*=\s*(?!http://)\S")


class LogSenders(Facts):
    """Whether records of who logged in leave the host as they are made."""

    forwarded: bool
    """Whether a program that runs sends them: rsyslog, syslog-ng, systemd-journal-upload, or an agent."""
    senders: tuple[str, ...]
    """The programs that do. What an agent is told to send, its console knows."""
    forwarded_to: tuple[str, ...]
    """The places that rsyslog and syslog-ng send to; agents' are not seen."""
    forwarding_encrypted: bool | None
    """Whether all of those get theirs in TLS; agents send in TLS unless told not to. None when nothing is
    sent."""


class SudoLog(Facts):
    """What sudo records of who becomes root."""

    logged: bool
    """Whether each command is recorded, in syslog or in a file of sudo's own."""
    to_syslog: bool
    """Whether it goes to syslog, as it does unless told not to."""
    log_file: str | None
    """The file of its own; none when there is none."""
    sessions_recorded: bool
    """Whether what people type and see is recorded as well (log_output, log_input), for somebody at least."""


class JournalRetention(Facts):
    """For how long journald keeps what it is told."""

    max_retention_days: int | None
    """After how many days it deletes at the latest; none when only room counts."""
    max_use_megabytes: int | None
    """How much room it takes at most; none when it takes its share of the disk: a tenth, up to 4 GB."""


@check(RUNNING, _RSYSLOG, _SYSLOG_NG, _UPLOADS, _UPLOAD)
def senders(host: Host) -> Iterator[LogSenders]:
    """Whether some program sends records of log-ins away as they are made, whichever it is.

    Agents are known by the names of their processes. What rsyslog and syslog-ng send is read from their
    configuration.
    """
    found = run_by_system(host)
    # A line of os-release always matches, so 1 is no answer; grep ends with 2 where a folder does not exist.
    places: list[journal.Forward] = []
    if found.run("rsyslogd"):
        places += host.run(_RSYSLOG, ok=(0, 2)).read(journal.forwards)
    if found.run("syslog-ng"):
        places += host.run(_SYSLOG_NG, ok=(0, 2)).read(syslog_ng.forwards)
    away = [place for place in places if not place.local]
    named = [*agents.running(found, "log-sending")]
    clear = any(not place.encrypted for place in away)
    # It ends with 3 or 4 where the service does not run, and with 1 without systemd.
    if host.has("systemctl") and host.run(_UPLOADS, ok=(0, 1, 3, 4)).status == 0:
        named.append("systemd-journal-upload")
        clear = not any(map(_SECURE_URL.match, host.run(_UPLOAD).lines)) or clear
    if any(place.authentication for place in away):
        named += [name for name in ("rsyslogd", "syslog-ng") if found.run(name)]
    yield LogSenders(
        resource=host.id,
        forwarded=bool(named),
        senders=tuple(sorted(named)),
        forwarded_to=tuple(sorted({place.target for place in away})),
        forwarding_encrypted=not clear if named or away else None,
    )


@check(_SUDOERS)
def sudo(host: Host) -> Iterator[SudoLog]:
    """What sudo records of who becomes root, by the Defaults of its configuration.

    Nothing is said where sudo is not installed.
    """
    # grep ends with 2 where a file does not exist; 1 is no answer.
    lines = host.run(_SUDOERS, ok=(0, 2)).lines
    if not lines:
        return
    said = sudo_log.settings(lines)
    yield SudoLog(
        resource=host.id,
        logged=said.to_syslog or said.log_file is not None,
        to_syslog=said.to_syslog,
        log_file=said.log_file,
        sessions_recorded=said.sessions_recorded,
    )


@check(_JOURNAL)
def journal_retention(host: Host) -> Iterator[JournalRetention]:
    """For how long journald keeps what it is told, by its configuration and drop-ins.

    Nothing is said of a host without systemd.
    """
    if host.has("systemd-analyze"):
        said = host.run(_JOURNAL).read(journal.settings)
        yield JournalRetention(
            resource=host.id,
            max_retention_days=journal.span_days(said.get("MaxRetentionSec", "")),
            max_use_megabytes=journal.size_megabytes(said.get("SystemMaxUse", "")),
        )
