"""Programs by which somebody outside reaches a host, past firewalls: they call their maker's relays.

Each is known by the names of its processes, cut to 15 letters as the kernel does, and of its services, as its
maker's packages and installers have them. See the advisory AA23-025A of CISA on how such programs are abused:
https://www.cisa.gov/news-events/cybersecurity-advisories/aa23-025a
"""

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from .processes import Processes

Purpose = Literal["remote-control", "remote-management", "tunnel", "network"]


class Program(msgspec.Struct, frozen=True):
    """One product."""

    name: str
    purpose: Purpose
    processes: frozenset[str]
    """Any of these, where it runs."""
    services: frozenset[str]
    """Its services of systemd, without the suffix; some carry the id of whoever installed them."""


class Found(msgspec.Struct, frozen=True):
    """A product that a host has."""

    program: Program
    running: bool
    enabled: bool


def _programs(purpose: Purpose, named: Mapping[str, tuple[str, str]]) -> tuple[Program, ...]:
    return tuple(
        Program(name, purpose, frozenset(processes.split()), frozenset(services.split()))
        for name, (processes, services) in named.items()
    )


# By product: its processes, its services. ScreenConnect's process is called java, so only its service tells.
_REMOTE_CONTROL = _programs(
    "remote-control",
    {
        "TeamViewer": ("teamviewerd TeamViewer TeamViewer_Desktop", "teamviewerd"),
        "AnyDesk": ("anydesk", "anydesk"),
        "ScreenConnect": ("", "connectwisecontrol-* screenconnect-*"),
        "Splashtop": ("SRStreamer SRAgent SRFeature", "SRStreamer splashtop-streamer"),
        "RustDesk": ("rustdesk", "rustdesk"),
        "DWService": ("dwagent dwagsvc", "dwagent"),
        "BeyondTrust": ("bomgar-scc sra-scc", "bomgar-* sra-*"),
        "Chrome Remote Desktop": (
            "chrome-remote-desktop-host chrome-remote-desktop",
            "chrome-remote-desktop*",
        ),
        "NoMachine": ("nxserver.bin nxd nxnode.bin", "nxserver"),
        "HopToDesk": ("hoptodesk", "hoptodesk"),
        "tmate": ("tmate", "tmate"),
        "sshx": ("sshx", "sshx"),
    },
)
_REMOTE_MANAGEMENT = _programs(
    "remote-management",
    {
        "Atera": ("AteraAgent", "AteraAgent atera-agent"),
        "NinjaOne": ("ninjarmm-linagent", "ninjarmm-agent"),
        "MeshCentral": ("meshagent", "meshagent"),
        "Tactical RMM": ("tacticalagent", "tacticalagent"),
        "N-able": ("nagent rmmagentd", "nagent rmmagent"),
        "Datto RMM": ("CagService", "cag CagService"),
        "ConnectWise Automate": ("ltechagent", "ltechagent"),
        "ManageEngine Endpoint Central": ("dcservice dcondemand", "dcservice"),
        "Remote.It": ("remoteit remoteit-agent connectd", "remoteit* connectd*"),
    },
)
_TUNNEL = _programs(
    "tunnel",
    {
        "ngrok": ("ngrok", "ngrok"),
        # https://github.com/cloudflare/cloudflared: cmd/cloudflared/linux_service.go.
        "cloudflared": ("cloudflared", "cloudflared"),
        "frp": ("frpc", "frpc frpc@*"),
        "Chisel": ("chisel", "chisel chisel-client"),
        "bore": ("bore", "bore"),
        "Pinggy": ("pinggy", "pinggy"),
        "playit.gg": ("playit playitd", "playit"),
    },
)
_NETWORK = _programs(
    "network",
    {
        # https://github.com/tailscale/tailscale: cmd/tailscaled/tailscaled.service.
        "Tailscale": ("tailscaled", "tailscaled"),
        # https://github.com/zerotier/ZeroTierOne: debian/zerotier-one.service.
        "ZeroTier": ("zerotier-one", "zerotier-one"),
        "NetBird": ("netbird", "netbird"),
        "LogMeIn Hamachi": ("hamachid", "logmein-hamachi"),
        "Twingate": ("twingate-connector twingated", "twingate-connector twingate"),
        "Netmaker": ("netclient", "netclient"),
    },
)
PROGRAMS = (*_REMOTE_CONTROL, *_REMOTE_MANAGEMENT, *_TUNNEL, *_NETWORK)

_NAME_LENGTH = 15


def found(processes: Processes, enabled: Collection[str]) -> Iterable[Found]:
    """Which products run, or are started with the machine.

    Args:
        processes: what runs.
        enabled: the units of systemd that are started with the machine.
    """
    for program in PROGRAMS:
        running = any(name[:_NAME_LENGTH] in processes.anybodys for name in program.processes)
        started = any(
            fnmatchcase(unit.removesuffix(".service"), service)
            for unit in enabled
            for service in program.services
        )
        if running or started:
            yield Found(program, running, started)
