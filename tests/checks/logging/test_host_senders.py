from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.logging.host_senders import (
    JournalRetention,
    LogSenders,
    SudoLog,
    journal_retention,
    senders,
    sudo,
)
from checks.semantics import sudo_log, syslog_ng
from scanner.testing import Output, observe, world

RUNNING, RSYSLOG, SYSLOG_NG, UPLOADS, UPLOAD = senders.needs
(SUDOERS,) = sudo.needs
(JOURNAL,) = journal_retention.needs


def run(*names: str) -> str:
    return "".join(
        f"/proc/{number}/status:Name:\t{name[:15]}\n/proc/{number}/status:Uid:\t0\t0\t0\t0\n"
        for number, name in enumerate(("systemd", *names), 1)
    )


# Debian's own configuration of syslog-ng, shortened, with a destination added.
NG = """\
/etc/os-release:ID=debian
/etc/syslog-ng/syslog-ng.conf:@version: 3.38
/etc/syslog-ng/syslog-ng.conf:@include "scl.conf"
/etc/syslog-ng/syslog-ng.conf:# First, don't send everywhere; see below.
/etc/syslog-ng/syslog-ng.conf:source s_src { system(); internal(); };
/etc/syslog-ng/syslog-ng.conf:destination d_auth { file("/var/log/auth.log"); };
/etc/syslog-ng/syslog-ng.conf:filter f_auth { facility(auth, authpriv) and not filter(f_dbg); };
/etc/syslog-ng/syslog-ng.conf:filter f_mail { facility(mail); };
/etc/syslog-ng/syslog-ng.conf:filter f_rest { not facility(auth, authpriv, news); };
/etc/syslog-ng/syslog-ng.conf:log { source(s_src); filter(f_auth); destination(d_auth); };
/etc/syslog-ng/syslog-ng.conf:@include "/etc/syslog-ng/conf.d/*.conf"
/etc/syslog-ng/conf.d/net.conf:destination d_net {
/etc/syslog-ng/conf.d/net.conf:  network("log.example.org" port(6514) transport("tls") tls(ca-dir("/etc")));
/etc/syslog-ng/conf.d/net.conf:};
/etc/syslog-ng/conf.d/net.conf:log { source(s_src); filter(f_auth); destination(d_net); };
"""

SENT = world(
    senders,
    {
        RUNNING: run("rsyslogd", "syslog-ng", "systemd-journald"),
        RSYSLOG: Output(2, "/etc/os-release:ID=debian\n/etc/rsyslog.conf:*.* @@loghost.example.org:514\n"),
        SYSLOG_NG: NG,
        UPLOADS: "active\n",
        UPLOAD: "[Upload]\n# URL=\nURL=https://journal.example.org:19532\n",
    },
)
ALL = LogSenders(
    resource="host:ehr-1",
    forwarded=True,
    senders=("rsyslogd", "syslog-ng", "systemd-journal-upload"),
    forwarded_to=("log.example.org:6514", "loghost.example.org:514"),
    forwarding_encrypted=False,
)
NG_ALONE = replace(
    ALL, senders=("syslog-ng",), forwarded_to=("log.example.org:6514",), forwarding_encrypted=True
)
STOPPED = Output(3, "inactive\n")
NOTHING = replace(ALL, forwarded=False, senders=(), forwarded_to=(), forwarding_encrypted=None)


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, ALL),
        ({UPLOADS: STOPPED, RUNNING: run("syslog-ng")}, NG_ALONE),
        (
            {
                UPLOADS: STOPPED,
                RUNNING: run("syslog-ng"),
                SYSLOG_NG: NG.replace('transport("tls") tls', "no-tls"),
            },
            replace(NG_ALONE, forwarding_encrypted=False),
        ),
        (
            {
                UPLOADS: STOPPED,
                RUNNING: run("syslog-ng"),
                SYSLOG_NG: NG.replace(
                    "filter(f_auth); destination(d_net)", "filter(f_mail); destination(d_net)"
                ),
            },
            replace(NG_ALONE, forwarded=False, senders=()),
        ),
        (
            {
                UPLOADS: STOPPED,
                RUNNING: run("syslog-ng"),
                SYSLOG_NG: NG.replace(
                    "filter(f_auth); destination(d_net)", "filter(f_rest); destination(d_net)"
                ),
            },
            replace(NG_ALONE, forwarded=False, senders=()),
        ),
        (
            {
                UPLOADS: STOPPED,
                RUNNING: run("syslog-ng"),
                SYSLOG_NG: NG.replace("destination(d_net)", "destination(d_auth)"),
            },
            NOTHING,
        ),
        (
            {RUNNING: run("systemd-journald")},
            replace(ALL, senders=("systemd-journal-upload",), forwarded_to=(), forwarding_encrypted=True),
        ),
        (
            {RUNNING: run("systemd-journald"), UPLOAD: "URL=http://journal.example.org\n"},
            replace(ALL, senders=("systemd-journal-upload",), forwarded_to=()),
        ),
        (
            {UPLOADS: STOPPED, RUNNING: run("amazon-cloudwatch-agent")},
            replace(ALL, senders=("Amazon CloudWatch agent",), forwarded_to=(), forwarding_encrypted=True),
        ),
        ({UPLOADS: STOPPED, RUNNING: run("cron")}, NOTHING),
    ],
)
def test_senders(needs: dict[str, Any], seen: LogSenders) -> None:
    assert observe(senders, {**SENT, **needs}) == [seen]


@given(st.lists(st.text(alphabet='log{}();"destination network#@ f', max_size=30)))
def test_no_configuration_breaks_it(lines: list[str]) -> None:
    syslog_ng.forwards(f"/etc/syslog-ng/syslog-ng.conf:{line}" for line in lines)
    sudo_log.settings(f"/etc/sudoers:Defaults {line}" for line in lines)


BECOMING = world(
    sudo,
    {
        SUDOERS: """\
/etc/sudoers:# Defaults !syslog
/etc/sudoers:Defaults	env_reset, mail_badpass
/etc/sudoers:Defaults	secure_path="/usr/sbin:/usr/bin"
/etc/sudoers:Defaults	use_pty,logfile="/var/log/sudo.log"
/etc/sudoers:root	ALL=(ALL:ALL) ALL
/etc/sudoers.d/iolog:Defaults:%dba log_output
/etc/sudoers.d/old.bak:Defaults !syslog
"""
    },
)
BECOME = SudoLog(
    resource="host:ehr-1",
    logged=True,
    to_syslog=True,
    log_file="/var/log/sudo.log",
    sessions_recorded=True,
)
PLAIN = replace(BECOME, log_file=None, sessions_recorded=False)


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        (["Defaults env_reset"], PLAIN),
        (["Defaults !syslog"], replace(PLAIN, logged=False, to_syslog=False)),
        (["Defaults !syslog", "Defaults syslog=authpriv"], PLAIN),
        (["Defaults:alice !syslog"], replace(PLAIN, logged=False, to_syslog=False)),
        (["Defaults !syslog, logfile=/var/log/s"], replace(PLAIN, to_syslog=False, log_file="/var/log/s")),
        (["Defaults logfile=/var/log/s", "Defaults !logfile"], PLAIN),
        (["Defaults !log_output"], PLAIN),
    ],
)
def test_what_sudo_keeps(lines: list[str], seen: SudoLog) -> None:
    answer = "".join(f"/etc/sudoers:{line}\n" for line in lines)

    assert observe(sudo, {SUDOERS: answer}) == [seen]


def test_sudo() -> None:
    assert observe(sudo, BECOMING) == [BECOME]
    assert observe(sudo, {SUDOERS: Output(2, "")}) == []


KEEPING = world(
    journal_retention, {JOURNAL: "[Journal]\n#MaxRetentionSec=0\nMaxRetentionSec=90d 12h\nSystemMaxUse=2G\n"}
)


@pytest.mark.parametrize(
    ("said", "days", "megabytes"),
    [
        (KEEPING[JOURNAL], 90, 2048),
        ("MaxRetentionSec=1year\nSystemMaxUse=500M\n", 365, 500),
        ("MaxRetentionSec=86400\n", 1, None),
        ("MaxRetentionSec=1month\n", 30, None),
        ("MaxRetentionSec=5m\n", 0, None),
        ("MaxRetentionSec=0\n#SystemMaxUse=1G\n", None, None),
        ("MaxRetentionSec=soon\nSystemMaxUse=much\n", None, None),
    ],
)
def test_journal_retention(said: str, days: int | None, megabytes: int | None) -> None:
    assert observe(journal_retention, {JOURNAL: said}) == [
        JournalRetention(resource="host:ehr-1", max_retention_days=days, max_use_megabytes=megabytes)
    ]


def test_without_systemd_there_is_no_journal() -> None:
    assert observe(journal_retention, {}) == []
