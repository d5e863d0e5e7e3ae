"""Storage of hosts in Azure: at which of the machine's places the disks are that lie under what it keeps."""

import re
from collections.abc import Iterator, Mapping

from scanner import Host, Reason, check

from . import AzureFileSystem
from .under import AZURE, NEEDS, Store, read

_MACHINE = "sudo cat /sys/class/dmi/id/product_uuid"
_PLACES = "ls -d /sys/bus/vmbus/devices/*/host*/target*/*/block/*"
_NAMESPACES = "grep -sH . /sys/block/nvme*/nsid /sys/block/nvme*/device/model"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLACE = re.compile(
    r"/sys/bus/vmbus/devices/(?P<bus>[^/]+)/.*/\d+:\d+:\d+:(?P<lun>\d+)/block/(?P<disk>[^/]+)"
)
_TOLD = re.compile(r"/sys/block/(?P<what>[^:]+):(?P<value>.*)")
# What the buses are for, and namespaces: https://github.com/Azure/azure-vm-utils, udev/80-azure-disk.rules.
_FIRST_GENERATION = {"00000000-0000-": "system", "00000000-0001-": "temporary"}
_OWN = "f8b3781a-1e82-4818-a1c3-63d806ec15bb"
_DATA = frozenset(f"f8b3781{letter}-1e82-4818-a1c3-63d806ec15bb" for letter in "bcd")
_REMOTE = "MSFT NVMe Accelerator v1.0"
_LOCAL = "Microsoft NVMe Direct Disk"


@check(*NEEDS, _MACHINE, _PLACES, _NAMESPACES)
def file_systems(host: Host) -> Iterator[AzureFileSystem]:
    """Which disks of an Azure machine lie under file systems and swap that it does not encrypt itself.

    A disk is known by its place: the virtual bus that it is on and its number there, or the number of its
    NVMe namespace. Only the subscription tells which disk is at which place. Hosts that are not in Azure have
    none of this.
    """
    storage = read(host)
    if storage.cloud != AZURE:
        return
    machine = host.run(_MACHINE).text.strip().lower()
    if not _UUID.fullmatch(machine):
        raise host.refuse(
            _MACHINE,
            Reason.INVALID_ANSWER,
            "the firmware tells no id of the machine",
            "see why /sys/class/dmi/id/product_uuid holds none",
        )
    places = {
        # grep and ls end with 2 when one of the patterns matches nothing; busybox ends with 1.
        **dict(_on_buses(host.run(_PLACES, ok=(0, 1, 2)).lines)),
        **dict(_namespaces(host.run(_NAMESPACES, ok=(0, 1, 2)).lines)),
    }
    for store in storage.stores():
        with host.reading(store.resource):
            yield _file_system(store, machine, _found(host, sorted(storage.bare(store)), places))


def _file_system(store: Store, machine: str, places: frozenset[str]) -> AzureFileSystem:
    return AzureFileSystem(
        resource=store.resource,
        kind=store.kind,
        mount_point=store.mount_point,
        source=store.source,
        encrypted_by_host=not places,
        machine=machine,
        places=tuple(sorted(places - {"temporary"})),
        temporary="temporary" in places,
    )


def _found(host: Host, disks: list[str], places: Mapping[str, str]) -> frozenset[str]:
    for disk in disks:
        if disk not in places:
            raise host.refuse(
                _NAMESPACES if disk.startswith("nvme") else _PLACES,
                Reason.NOT_COLLECTED,
                f"not encrypted by the host; at which place of the machine {disk} is cannot be seen, "
                "and so not whether Azure encrypts it",
                "see what Azure says of this machine's disks, or encrypt it within the host",
            )
    return frozenset(places[disk] for disk in disks)


def _on_buses(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Kernel name and place of the disks on Hyper-V's buses."""
    for found in filter(None, map(_PLACE.fullmatch, lines)):
        bus, lun = found["bus"], int(found["lun"])
        first = next((place for start, place in _FIRST_GENERATION.items() if bus.startswith(start)), None)
        if first:
            yield found["disk"], first
        elif bus in _DATA:
            yield found["disk"], f"lun {lun}"
        elif bus == _OWN and lun in (0, 1):
            yield found["disk"], ("system", "temporary")[lun]


def _namespaces(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Kernel name and place of NVMe disks: Azure counts the system disk as 1, and data disks from 2."""
    told = {found["what"]: found["value"].strip() for line in lines if (found := _TOLD.fullmatch(line))}
    for what, value in told.items():
        disk, _, attribute = what.partition("/")
        model = told.get(f"{disk}/device/model", "")
        if attribute != "nsid" or not value.isdecimal():
            continue
        if model.startswith(_LOCAL):
            yield disk, "temporary"
        elif model == _REMOTE and int(value) > 0:
            yield disk, "system" if value == "1" else f"lun {int(value) - 2}"
