"""Storage of hosts: a cloud's disks, as they are seen from within its machines."""

import re
from collections.abc import Iterator, Mapping

from scanner import Host, Reason, check

from . import CloudFileSystem
from .under import AWS, AZURE, GOOGLE, MAKER, NEEDS, Store, read

_IDENTITIES = (
    "grep -sH . /sys/class/dmi/id/board_asset_tag /sys/block/nvme*/device/serial"
    " /sys/block/nvme*/device/model"
)
_INSTANCE_STORE = "Amazon EC2 NVMe Instance Storage"
_VOLUME = re.compile(r"vol-?([0-9a-f]+)$")
_TOLD = re.compile(r"/sys/(class/dmi/id|block)/(?P<what>[^:]+):(?P<value>.*)")
_INSTANCE = re.compile(r"i-[0-9a-f]+$")


@check(*NEEDS, _IDENTITIES)
def cloud_file_systems(host: Host) -> Iterator[CloudFileSystem]:
    """Which of a cloud's volumes lie under file systems and swap that its machines do not encrypt themselves.

    EBS gives its volumes' ids to Nitro instances as the serial numbers of NVMe disks, without a call over the
    network; a Xen instance is not told. Disks of Google Cloud do not tell theirs either: what reaches them in
    the clear is refused. Of Azure's, storage.host_azure.file_systems speaks. Hosts that are in no cloud have
    none of this.
    """
    storage = read(host)
    if storage.cloud in (None, AZURE):
        return
    # grep ends with 2 when one of the patterns matches nothing, as on a host without NVMe disks.
    lines = host.run(_IDENTITIES, ok=(0, 1, 2)).lines
    told = {found["what"]: found["value"].strip() for line in lines if (found := _TOLD.match(line))}
    for store in storage.stores():
        with host.reading(store.resource):
            bare = sorted(storage.bare(store))
            if bare and storage.cloud == GOOGLE:
                raise _unnamed(host, MAKER, GOOGLE, store.source)
            yield _file_system(host, store, bare, told)


def _file_system(host: Host, store: Store, disks: list[str], told: Mapping[str, str]) -> CloudFileSystem:
    volumes, instance_store = set(), False
    for disk in disks:
        volume = _VOLUME.match(told.get(f"{disk}/device/serial", ""))
        if volume:
            volumes.add(f"vol-{volume[1]}")
        elif told.get(f"{disk}/device/model") == _INSTANCE_STORE:
            instance_store = True
        else:
            raise _unnamed(host, _IDENTITIES, AWS, disk)
    tag = told.get("board_asset_tag", "")
    instance = tag if _INSTANCE.match(tag) else None
    return CloudFileSystem(
        resource=store.resource,
        links=(*((instance,) if instance else ()), *sorted(volumes)),
        kind=store.kind,
        mount_point=store.mount_point,
        source=store.source,
        encrypted_by_host=not disks,
        instance=instance,
        volumes=tuple(sorted(volumes)),
        instance_store=instance_store,
    )


def _unnamed(host: Host, command: str, cloud: str, disk: str) -> Exception:
    return host.refuse(
        command,
        Reason.NOT_COLLECTED,
        f"not encrypted by the host; which of {cloud}'s disks {disk} is cannot be seen from here, "
        f"and so not whether {cloud} encrypts it",
        "move it to a Nitro instance, whose disks tell which volume they are, or encrypt it within the host"
        if cloud == AWS
        else f"see what {cloud} says of this machine's disks, or encrypt it within the host",
    )
