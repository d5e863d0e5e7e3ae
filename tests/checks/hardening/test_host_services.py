from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.hardening.host_services import LegacyServices, legacy_services
from checks.semantics import legacy
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

DPKG, RPM, APK, SERVICES, SOCKETS, RUNLEVELS, INETD, LISTENING = legacy_services.needs

# Lines of /proc/net as Linux 6 prints them: telnet waits, somebody is connected to 22, TFTP waits over IPv6.
PORTS = """\
/proc/net/tcp:   0: 00000000:0017 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 138 1
/proc/net/tcp:   1: 0100007F:0200 0100007F:0A07 01 00000000:00000000 00:00000000 00000000     0        0 139 1
/proc/net/tcp:   2: 00000000:0202 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 140 1
/proc/net/udp6:  77: 00000000000000000000000000000000:0045 00000000000000000000000000000000:0000 07 0 0 0 0
"""
OLD = world(
    legacy_services,
    {
        DPKG: Output(1, "not-installed nis\ninstalled telnet\ninstalled tcpd\nconfig-files xinetd\n"),
        RPM: Output(44, "package rsh-server is not installed\nrsh-server\nypbind\n"),
        APK: Output(44, "busybox-extras\n"),
        SERVICES: "ypbind.service enabled disabled\nsshd.service enabled enabled\nzebra.service disabled -\n",
        SOCKETS: "rlogin.socket enabled -\ntelnet@.socket enabled-runtime -\nsshd.socket enabled -\n",
        RUNLEVELS: "/etc/runlevels/default:\nsshd\nxinetd\n",
        INETD: """\
/etc/inetd.conf:#telnet stream tcp nowait telnetd /usr/sbin/tcpd in.telnetd
/etc/inetd.conf:#<off># ftp stream tcp nowait root /usr/sbin/tcpd in.ftpd
/etc/inetd.conf:shell stream tcp nowait root /usr/sbin/tcpd in.rshd
/etc/xinetd.d/talk:service ntalk
/etc/xinetd.d/talk:{
/etc/xinetd.d/talk:\tdisable = no
/etc/xinetd.d/tftp:service tftp
/etc/xinetd.d/tftp:\tdisable = yes
/etc/xinetd.d/time:service time
""",
        LISTENING: PORTS,
    },
)
NOTHING = {
    SERVICES: "",
    SOCKETS: "",
    RUNLEVELS: Output(2, ""),
    INETD: Output(2, ""),
    LISTENING: Output(1, ""),
}


def services(**facts: tuple[str, ...]) -> LegacyServices:
    names = ("servers_installed", "clients_installed", "wrappers_installed", "servers_enabled")
    none: dict[str, Any] = dict.fromkeys((*names, "inetd_services", "servers_listening"), ())
    return LegacyServices(resource="host:ehr-1", **{**none, **facts})


def test_everything_old_at_once() -> None:
    assert observe(legacy_services, OLD) == [
        services(
            servers_installed=("busybox-extras", "rsh-server", "ypbind"),
            clients_installed=("telnet",),
            wrappers_installed=("tcpd",),
            servers_enabled=("rlogin.socket", "telnet@.socket", "xinetd", "ypbind.service"),
            inetd_services=("rsh", "talk"),
            servers_listening=("telnet", "tftp"),
        )
    ]


@pytest.mark.parametrize(
    "needs",
    [
        {**NOTHING, DPKG: Output(1, "")},
        {**NOTHING, RPM: Output(45, "package rsh is not installed\n")},
        {RUNLEVELS: "sshd\n", INETD: Output(1, ""), LISTENING: Output(1, ""), APK: Output(45, "")},
    ],
    ids=["Debian", "Red Hat", "Alpine"],
)
def test_a_host_without_any(needs: dict[str, Any]) -> None:
    assert observe(legacy_services, needs) == [services()]


@pytest.mark.parametrize(
    ("need", "answer"),
    [
        (RPM, Output(45, "", "error: cannot open Packages database in /var/lib/rpm\n")),
        (APK, Output(1, "", "ERROR: Unable to read database\n")),
        (DPKG, Output(2, "", "dpkg-query: error: failed to open package info file\n")),
    ],
)
def test_a_broken_database_is_not_nothing_installed(need: str, answer: Output) -> None:
    sight = look(legacy_services, {**NOTHING, need: answer})

    assert (sight.facts, [(refusal.error.need, refusal.error.reason) for refusal in sight.refusals]) == (
        [],
        [(need, Reason.FAILED)],
    )


@given(st.lists(st.from_regex(r"\A/(etc/inetd.conf|etc/xinetd.d/x|proc/net/tcp):[ -~]*\Z")))
def test_no_line_breaks_the_readers(lines: list[str]) -> None:
    legacy.under_inetd(lines)
    legacy.listening(lines)
