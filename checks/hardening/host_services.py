"""Hardening of hosts: network services of an older time."""

from collections.abc import Iterator

from checks.semantics import legacy
from checks.semantics.units import enabled
from scanner import Facts, Host, Reason, check

_NAMES = " ".join((*legacy.SERVERS, *legacy.CLIENTS, *legacy.WRAPPERS))
_DPKG = f"dpkg-query -W -f '${{db:Status-Status}} ${{Package}}\\n' {_NAMES}"
_RPM = f"rpm -q --qf '%{{NAME}}\\n' {_NAMES}"
_APK = f"apk info -e {_NAMES}"
_SERVICES = "systemctl list-unit-files --no-legend --type=service"
_SOCKETS = "systemctl list-unit-files --no-legend --type=socket"
_RUNLEVELS = "ls /etc/runlevels/boot /etc/runlevels/default"
_INETD = "grep -Hs . /etc/inetd.conf /etc/xinetd.d/*"
_LISTENING = "grep -Hs -e ' 0A ' -e ' 07 ' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6"


class LegacyServices(Facts):
    """Services that trust addresses and send passwords in the clear: rsh, telnet, talk, NIS, TFTP, finger."""

    servers_installed: tuple[str, ...]
    """The packages of such services, of inetd and xinetd, and of Quagga, that are installed."""
    clients_installed: tuple[str, ...]
    """The packages that are installed with which one goes to such a service elsewhere."""
    wrappers_installed: tuple[str, ...]
    """The packages of TCP wrappers that are installed; a packet filter has taken their place."""
    servers_enabled: tuple[str, ...]
    """The services of these that are started with the host, or when somebody connects."""
    inetd_services: tuple[str, ...]
    """The services of these that inetd or xinetd is told to start when it runs."""
    servers_listening: tuple[str, ...]
    """The services of these on whose ports something listens: telnet, rlogin, rexec, talk, TFTP, finger. rsh
    is not told, since its port is also that of syslog servers; NIS has no port of its own."""


@check(_DPKG, _RPM, _APK, _SERVICES, _SOCKETS, _RUNLEVELS, _INETD, _LISTENING)
def legacy_services(host: Host) -> Iterator[LegacyServices]:
    """Which network services of an older time are installed, started, or listened for.

    By their packages' names on each distribution, their units or OpenRC's scripts, and their ports.
    """
    installed = _installed(host)
    # grep ends with 1 where nothing matches, and with 2 where one of the files does not exist.
    told = host.run(_INETD, ok=(0, 1, 2)).lines
    sockets = host.run(_LISTENING, ok=(0, 1, 2)).lines
    yield LegacyServices(
        resource=host.id,
        servers_installed=legacy.named(installed, legacy.SERVERS),
        clients_installed=legacy.named(installed, legacy.CLIENTS),
        wrappers_installed=legacy.named(installed, legacy.WRAPPERS),
        servers_enabled=legacy.started(_started(host)),
        inetd_services=legacy.under_inetd(told),
        servers_listening=legacy.listening(sockets),
    )


def _installed(host: Host) -> list[str]:
    """Those of the packages that each of the host's package managers has."""
    found: list[str] = []
    if host.has("dpkg-query"):
        # It ends with 1 where it does not know all of them.
        lines = host.run(_DPKG, ok=(0, 1)).lines
        found += [line.removeprefix("installed ") for line in lines if line.startswith("installed ")]
    # rpm and apk end with how many are not installed; what went wrong is on standard error.
    if host.has("rpm"):
        found += [line for line in _listed(host, _RPM) if " " not in line]
    if host.has("apk"):
        found += _listed(host, _APK)
    return found


def _listed(host: Host, command: str) -> tuple[str, ...]:
    said = host.run(command, ok=range(126))
    if "error:" in said.errors.lower():
        raise host.refuse(
            command, Reason.FAILED, "the database of packages could not be read", "see why on the host"
        )
    return said.lines


def _started(host: Host) -> set[str]:
    # ls ends with 1 or 2 where there are no runlevels of OpenRC.
    scripts = set(host.run(_RUNLEVELS, ok=(0, 1, 2)).lines)
    if not host.has("systemctl"):
        return scripts
    return scripts | host.run(_SERVICES).read(enabled) | host.run(_SOCKETS).read(enabled)
