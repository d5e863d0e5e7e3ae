from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.logging.host_records import (
    Clock,
    LogFile,
    LogRetention,
    NewestEvent,
    clock,
    log_files,
    log_retention,
    newest_event,
)
from checks.semantics.rotation import rotations
from scanner.testing import Output, look, observe, world

NEWEST, FILES = newest_event.needs
_, ROTATION = log_retention.needs
KERNEL, CHRONY, NTP = clock.needs

STAT = Output(
    1,
    """\
755 root root 1795312979 /
640 root adm 1795313000 /var/log/auth.log
644 root adm 1795313100 /var/log/syslog
664 root utmp 1795399999 /var/log/wtmp
""",
)
JOURNAL = "1795313200.123456 ehr-1 sshd[712]: Accepted publickey for scanner\n"
# Debian 12's, shortened; rsyslog's block names its files on lines of their own.
CONFIGURED = """\
/etc/os-release:ID=debian
/etc/logrotate.conf:# see "man logrotate" for details
/etc/logrotate.conf:weekly
/etc/logrotate.conf:rotate 4
/etc/logrotate.conf:create
/etc/logrotate.conf:include /etc/logrotate.d
/etc/logrotate.d/apt:/var/log/apt/term.log {
/etc/logrotate.d/apt:  rotate 12
/etc/logrotate.d/apt:  monthly
/etc/logrotate.d/apt:}
/etc/logrotate.d/rsyslog:/var/log/syslog
/etc/logrotate.d/rsyslog:/var/log/mail.log
/etc/logrotate.d/rsyslog:/var/log/auth.log
/etc/logrotate.d/rsyslog:{
/etc/logrotate.d/rsyslog:	rotate 52
/etc/logrotate.d/rsyslog:	weekly
/etc/logrotate.d/rsyslog:	postrotate
/etc/logrotate.d/rsyslog:		/usr/lib/rsyslog/rsyslog-rotate
/etc/logrotate.d/rsyslog:	endscript
/etc/logrotate.d/rsyslog:}
/etc/logrotate.d/rsyslog.dpkg-old:/var/log/auth.log {
/etc/logrotate.d/rsyslog.dpkg-old:	rotate 1
/etc/logrotate.d/rsyslog.dpkg-old:}
"""

NOTED = world(newest_event, {NEWEST: JOURNAL, FILES: STAT})
world(log_files, {FILES: STAT})
STAYING = world(log_retention, {FILES: STAT, ROTATION: Output(2, CONFIGURED)})
TIMED = world(
    clock,
    {
        KERNEL: "NTPSynchronized=yes\n",
        CHRONY: Output(1, "506 Cannot talk to daemon\n"),
        NTP: "",
    },
)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_newest_event() -> None:
    assert observe(newest_event, NOTED) == [
        NewestEvent(resource="host:ehr-1", newest_event_at=at(1795313200))
    ]


def test_without_a_journal_its_files_tell() -> None:
    assert observe(newest_event, {FILES: STAT}) == [
        NewestEvent(resource="host:ehr-1", newest_event_at=at(1795313100))
    ]
    assert observe(newest_event, {FILES: Output(1, "755 root root 1 /\n"), NEWEST: ""}) == [
        NewestEvent(resource="host:ehr-1", newest_event_at=None)
    ]


AUTH = LogFile(
    resource="host:ehr-1/var/log/auth.log",
    path="/var/log/auth.log",
    mode="640",
    owner="root",
    group="adm",
    private=True,
    unalterable=True,
    written_at=at(1795313000),
)


def test_log_files() -> None:
    stat = Output(
        1, "755 root root 1 /\n640 root adm 1795313000 /var/log/auth.log\n666 x y 5 /var/log/secure\n"
    )

    assert observe(log_files, {FILES: stat}) == [
        AUTH,
        replace(
            AUTH,
            resource="host:ehr-1/var/log/secure",
            path="/var/log/secure",
            mode="666",
            owner="x",
            group="y",
            private=False,
            unalterable=False,
            written_at=at(5),
        ),
    ]


def test_a_refused_sudo_is_no_host_without_logs() -> None:
    sight = look(log_files, {FILES: Output(1, "", "sudo: a password is required\n")})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [FILES])


def kept(days: int | None, *, rotated: bool = True) -> list[LogRetention]:
    return [
        LogRetention(resource=f"host:ehr-1{path}", path=path, rotated=rotated, retention_days=days)
        for path in ("/var/log/auth.log", "/var/log/syslog")
    ]


@pytest.mark.parametrize(
    ("configured", "seen"),
    [
        (CONFIGURED, kept(364)),
        (CONFIGURED.replace("\tweekly", "\tdaily"), kept(52)),
        (CONFIGURED.replace("\tweekly", "\tmaxage 30"), kept(30)),
        (CONFIGURED.replace("\tweekly", "\tmaxsize 100M"), kept(0)),
        (CONFIGURED.replace("\trotate 52", ""), kept(28)),
        ("/etc/logrotate.d/all:/var/log/*log {\n/etc/logrotate.d/all:rotate 9\n", kept(63)),
        ("/etc/os-release:ID=debian\n", kept(None, rotated=False)),
    ],
)
def test_log_retention(configured: str, seen: list[LogRetention]) -> None:
    assert observe(log_retention, {**STAYING, ROTATION: Output(2, configured)}) == seen


@given(
    st.lists(st.sampled_from(["{", "}", "/a", "/b {", "rotate 3", "rotate x", "daily", "size 1k", '"/c" {']))
)
def test_no_configuration_breaks_it(lines: list[str]) -> None:
    assert all(rule.kept_days >= 0 for rule in rotations(f"/etc/logrotate.d/x:{line}" for line in lines))


TIME = Clock(resource="host:ehr-1", synchronised=True, source="kernel", offset_milliseconds=None)
WRONG = Clock(resource="host:ehr-1", synchronised=False, source=None, offset_milliseconds=None)
# As chronyc -c prints it.
TRACKED = (
    "A9FEA97B,169.254.169.123,4,1795312979,-0.0123,0.000002,0.000004,-12.1,0.0,0.01,0.0003,0.0004,16,Normal\n"
)
PEERS = """\
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
*192.0.2.7       .GPS.            1 u   41   64  377    0.321   -2.500   0.101
"""


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, TIME),
        ({KERNEL: "NTPSynchronized=no\n"}, WRONG),
        ({CHRONY: TRACKED}, replace(TIME, source="chrony", offset_milliseconds=13)),
        (
            {CHRONY: TRACKED.replace("Normal", "Not synchronised"), KERNEL: "NTPSynchronized=no\n"},
            WRONG,
        ),
        ({NTP: PEERS}, replace(TIME, source="ntpd", offset_milliseconds=3)),
        ({NTP: PEERS.replace("*", "+"), KERNEL: Output(1, "")}, WRONG),
    ],
)
def test_clock(needs: dict[str, Any], seen: Clock) -> None:
    assert observe(clock, {**TIMED, **needs}) == [seen]


def test_where_no_program_tells_nothing_is_said() -> None:
    sight = look(clock, {KERNEL: Output(1, "", "Failed to connect to bus: Host is down\n")})

    assert (sight.facts, len(sight.refusals)) == ([], 1)
