"""What open ports mean, whatever filters the packets."""

from collections.abc import Collection
from typing import TypedDict

from ..semantics.networks import Ports


class Exposed(TypedDict):
    """The facts of `Exposure`."""

    public: bool
    admin_ports: bool
    database_ports: bool
    anyone: bool
    anyone_ports: tuple[str, ...]
    anyone_admin_ports: bool
    anyone_ssh: bool
    anyone_rdp: bool
    anyone_http: bool
    anyone_ftp: bool
    anyone_udp: bool
    public_database_ports: bool


def exposed(every: Collection[Ports], public: Collection[Ports], anyone: Collection[Ports]) -> Exposed:
    """What is open, and to whom.

    Args:
        every: what is open to anybody at all.
        public: what of it is open to some address of the public internet.
        anyone: what of it is open to the internet at large.
    """

    def some(protocol: str, *numbers: int) -> bool:
        return any(ports.has(protocol, number) for ports in anyone for number in numbers)

    return Exposed(
        public=bool(public),
        admin_ports=any(ports.admin for ports in every),
        database_ports=any(ports.database for ports in every),
        anyone=bool(anyone),
        anyone_ports=tuple(_text(ports) for ports in anyone),
        anyone_admin_ports=any(ports.admin for ports in anyone),
        anyone_ssh=some("tcp", 22),
        anyone_rdp=some("tcp", 3389) or some("udp", 3389),
        anyone_http=some("tcp", 80),
        anyone_ftp=some("tcp", 20, 21),
        anyone_udp=any(ports.protocol == "udp" or ports.every for ports in anyone),
        public_database_ports=any(ports.database for ports in public),
    )


def _text(ports: Ports) -> str:
    if ports.every:
        return "all"
    return ports.protocol if ports.first is None else f"{ports.protocol}/{ports}"
