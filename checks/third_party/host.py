"""Third parties on hosts: programs by which somebody outside reaches them."""

from collections.abc import Iterator

from checks.detection.asked import run_by_system
from checks.semantics import remote_access as known
from checks.semantics.processes import RUNNING
from checks.semantics.units import enabled
from scanner import Host, check

from . import RemoteAccess

_BOOTED = "test -d /run/systemd/system"
_SERVICES = "systemctl list-unit-files --no-legend --type=service"


@check(RUNNING, _BOOTED, _SERVICES)
def remote_access(host: Host) -> Iterator[RemoteAccess]:
    """Which programs for remote support, remote management and tunnels a host runs, or starts with itself.

    TeamViewer, AnyDesk, ScreenConnect, agents of maintenance companies, ngrok, Tailscale and the like: they
    call out to their maker's relays, so that no firewall is in the way of whoever calls in. They are known by
    the names of their processes, whoever runs these, and of their services. What the cloud's own agents may
    do is the cloud's to say, and VPNs that the house runs itself are not among them.
    """
    running = run_by_system(host)
    started: frozenset[str] = frozenset()
    if host.run(_BOOTED, ok=(0, 1)).status == 0:
        started = host.run(_SERVICES).read(enabled)
    for seen in known.found(running, started):
        program = seen.program
        yield RemoteAccess(
            resource=f"{host.id}:{program.name}",
            program=program.name,
            purpose=program.purpose,
            running=seen.running,
            enabled=seen.enabled,
        )
