"""Network services of an older time, which trust addresses and send passwords in the clear."""

import re
from collections.abc import Iterable

SERVERS = (
    *("rsh-server", "rsh-redone-server", "krb5-appl-servers"),
    *("telnet-server", "telnetd", "telnetd-ssl", "inetutils-telnetd", "busybox-extras"),
    *("talk-server", "talkd", "inetutils-talkd", "ntalkd"),
    *("xinetd", "openbsd-inetd", "inetutils-inetd", "rlinetd", "inetutils-servers"),
    *("ypserv", "ypbind", "ypbind-mt", "nis"),
    *("tftp-server", "tftpd", "tftpd-hpa", "atftpd", "tftp-hpa", "atftp"),
    *("finger-server", "fingerd", "inetutils-ftpd", "quagga", "zebra"),
)
"""Packages that wait for others, as the Red Hat family, SUSE, Debian, Ubuntu and Alpine call them."""
CLIENTS = (
    *("rsh", "rsh-client", "rsh-redone-client"),
    *("telnet", "telnet-ssl", "inetutils-telnet"),
    *("talk", "inetutils-talk", "ytalk"),
    *("tftp", "yp-tools"),
)
"""Packages that go to others."""
WRAPPERS = ("tcp_wrappers", "tcpd")
"""Packages of TCP wrappers' own programs, which services of an inetd stand behind. The library (libwrap)
is no service."""

_UNITS = frozenset(
    {
        *("rsh", "rlogin", "rexec", "telnet", "telnetd", "inetutils-telnetd", "in.telnetd"),
        *("talk", "ntalk", "inetutils-talkd"),
        *("xinetd", "inetd", "openbsd-inetd", "inetutils-inetd", "rlinetd"),
        *("ypbind", "ypserv", "yppasswdd", "ypxfrd", "nis"),
        *("tftp", "tftpd", "tftpd-hpa", "atftpd", "in.tftpd"),
        *("finger", "fingerd", "zebra", "quagga", "ripd", "ripngd"),
    }
)
_INETD_SERVICES = {
    "shell": "rsh",
    "rsh": "rsh",
    "login": "rlogin",
    "rlogin": "rlogin",
    "exec": "rexec",
    "rexec": "rexec",
    "telnet": "telnet",
    "telnets": "telnet",
    "talk": "talk",
    "ntalk": "talk",
    "tftp": "tftp",
    "finger": "finger",
}
# Port 514 is left out: TCP's is rsh's, but syslog servers take messages there as well.
_PORTS = {
    ("tcp", 23): "telnet",
    ("tcp", 79): "finger",
    ("tcp", 512): "rexec",
    ("tcp", 513): "rlogin",
    ("udp", 69): "tftp",
    ("udp", 517): "talk",
    ("udp", 518): "talk",
}
_SOCKET = re.compile(
    r"/proc/net/(?P<protocol>tcp|udp)6?:\s*[0-9]+: [0-9A-Fa-f]+:(?P<port>[0-9A-Fa-f]{4}) \S+ (0A|07) "
)
_XINETD = re.compile(r"\s*(?:service\s+(?P<service>\S+)|disable\s*=\s*(?P<disabled>\S+))")


def named(lines: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Which of these packages a package manager listed as installed, one name per line."""
    return tuple(sorted({line.strip() for line in lines} & set(wanted)))


def started(units: Iterable[str]) -> tuple[str, ...]:
    """Which of these units, or scripts of OpenRC, are such a service's."""
    return tuple(sorted(unit for unit in set(units) if _stem(unit) in _UNITS))


def under_inetd(lines: Iterable[str]) -> tuple[str, ...]:
    """Such services that an inetd or xinetd is told to start; each line after its file's path."""
    found: set[str] = set()
    current = ""
    for line in lines:
        path, _, text = line.partition(":")
        if text.lstrip().startswith("#"):
            continue
        if path.startswith("/etc/xinetd"):
            setting = _XINETD.match(text)
            if setting and setting["service"]:
                current = _INETD_SERVICES.get(setting["service"], "")
                found.add(current)
            elif setting and setting["disabled"].lower() == "yes":
                found.discard(current)
        elif text.split():
            found.add(_INETD_SERVICES.get(text.split()[0].rpartition(":")[2], ""))
    return tuple(sorted(found - {""}))


def listening(lines: Iterable[str]) -> tuple[str, ...]:
    """Such services whose ports are waited on, by lines of /proc/net/tcp, tcp6, udp and udp6."""
    found = (_SOCKET.match(line) for line in lines)
    ports = {(socket["protocol"], int(socket["port"], 16)) for socket in found if socket}
    return tuple(sorted({_PORTS[port] for port in ports if port in _PORTS}))


def _stem(unit: str) -> str:
    """`telnet` of telnet.socket, telnet@.service and /etc/init.d's telnet."""
    return re.sub(r"@?\.(service|socket)$", "", unit)
