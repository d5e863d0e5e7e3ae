"""Encryption at rest on hosts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from checks.semantics import blocks
from scanner import Host, Reason, check

from . import AtRest

_MOUNTS = "cat /proc/self/mountinfo"
_SWAPS = "cat /proc/swaps"
_ATTRIBUTES = (
    "grep -sH . /sys/class/block/*/dev /sys/block/dm-*/dm/uuid /sys/block/dm-*/dm/name"
    " /sys/block/loop*/loop/backing_file"
)
_LINKS = "ls -d /sys/block/*/slaves/* /sys/block/*/*/partition /sys/fs/btrfs/*/devices/*"
_MAKER = "cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/bios_version /sys/class/dmi/id/chassis_asset_tag"
_DATASETS = "zfs get -H -o name,value encryption"
_POOLS = "zpool status -L -P"

_READ_ONLY_FORMATS = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"})
_BOOT = frozenset({"/boot", "/boot/efi", "/efi"})
_NOWHERE = frozenset({"tmpfs", "ramfs", "rootfs"})
# Every Azure machine has this tag, and no Hyper-V machine elsewhere.
_CLOUDS = {"amazon": "AWS", "google": "Google Cloud", "7783-7084-3265-9085-8269-3286-77": "Azure"}


class Volume(AtRest):
    """How a mounted file system, or swap, protects what it holds.

    `encrypted` is about dm-crypt (LUKS, plain, TrueCrypt, BitLocker) or ZFS below it; whoever runs the host
    holds the key, so `key_manager` is `customer`. A drive that encrypts itself does not tell the host.
    """

    kind: str
    """The file system's type, as in ext4; swap for swap."""
    mount_point: str | None
    """Where it is mounted; none for swap."""
    source: str
    """What is mounted: the device, file or dataset."""


@dataclass(frozen=True)
class _Sight:
    """What was read of a host's storage."""

    host: Host
    mounts: tuple[blocks.Mount, ...]
    devices: blocks.Devices
    cloud: str | None

    def encrypted(self, name: str) -> bool:
        """Whether nothing of the file system on this device, or swap, reaches a disk in the clear."""
        lower = self.devices.files.get(name)
        if lower is not None:
            return self.around(lower)
        found = all(self.devices.encrypted(member) for member in self.devices.beside(name))
        if not found and self.cloud:
            raise self.host.refuse(
                _MAKER,
                Reason.NOT_COLLECTED,
                f"not encrypted by the host; whether {self.cloud} encrypts the disk cannot be seen from here",
                f"see what {self.cloud} says of this machine's disks (on AWS: encryption.aws.ebs_volumes)",
            )
        return found

    def around(self, path: str) -> bool:
        """Whether the file system that a file lies in is encrypted."""
        mount = blocks.holding(path, self.mounts)
        if mount is None:
            raise self.unknown(_MOUNTS, f"{path} lies in no file system that can be seen")
        return self.mounted(mount)

    def mounted(self, mount: blocks.Mount) -> bool:
        """Whether a mounted file system is encrypted."""
        if mount.kind == "zfs":
            return _dataset_encrypted(self, mount.source)
        name = self.devices.numbers.get(mount.device) or self.devices.called(mount.source)
        if name is None:
            raise self.unknown(
                _ATTRIBUTES, f"{mount.kind} on {mount.source}: no block device can be seen below it"
            )
        return self.encrypted(name)

    def unknown(self, command: str, detail: str) -> Exception:
        """A refusal: the storage below cannot be seen from here."""
        return self.host.refuse(
            command, Reason.NOT_COLLECTED, detail, "scan the machine that the storage belongs to"
        )


@check(_MOUNTS, _SWAPS, _ATTRIBUTES, _LINKS, _MAKER, _DATASETS, _POOLS)
def file_systems(host: Host) -> Iterator[Volume]:
    """Whether mounted file systems and swap are encrypted by the host.

    One observation for each file system on a block device or of ZFS, and each swap area. Encrypted means that
    every path down to a disk passes dm-crypt: verity and integrity mappings only detect changes. Left out are
    what rests in memory (tmpfs, zram) or on another machine (NFS, CIFS), images in formats that nobody can
    write to (snaps), and /boot and the EFI partition, which must be read before a key can be given. In a
    cloud, a disk that the host does not encrypt may be encrypted below it, so it is refused.
    """
    seen = tuple(blocks.mounts(host.run(_MOUNTS).lines))
    areas = blocks.swaps(host.run(_SWAPS).lines)
    # grep and ls end with 2 when one of the patterns matches nothing, as on a host without loop devices.
    devices = blocks.devices(host.run(_ATTRIBUTES, ok=(0, 1, 2)).lines, host.run(_LINKS, ok=(0, 1, 2)).lines)
    sight = _Sight(host, seen, devices, _cloud(host.run(_MAKER, ok=(0, 1)).text))
    for mount in blocks.whole(_resting(seen, devices)):
        resource = f"{host.id}:{mount.point}"
        with host.reading(resource):
            encrypted = sight.mounted(mount)
            yield _volume(resource, mount.kind, mount.point, mount.source, encrypted=encrypted)
    for area in areas:
        name = devices.called(area.path)
        if name and devices.in_memory(name):
            continue
        resource = f"{host.id}:{area.path}"
        with host.reading(resource):
            yield _volume(resource, "swap", None, area.path, encrypted=_swap_encrypted(sight, area))


def _resting(seen: tuple[blocks.Mount, ...], devices: blocks.Devices) -> Iterator[blocks.Mount]:
    for mount in seen:
        if mount.kind in _READ_ONLY_FORMATS | _NOWHERE or mount.point in _BOOT:
            continue
        name = devices.numbers.get(mount.device)
        if name and devices.in_memory(name):
            continue
        # A container's or live system's root lies on what it cannot see: that is said, not passed over.
        if name or mount.kind in ("btrfs", "zfs") or not mount.device.startswith("0:") or mount.point == "/":
            yield mount


def _swap_encrypted(sight: _Sight, area: blocks.Swap) -> bool:
    if area.file:
        return sight.around(area.path)
    name = sight.devices.called(area.path)
    if name is None:
        raise sight.unknown(_SWAPS, f"swap on {area.path}: no such block device can be seen")
    return sight.encrypted(name)


def _dataset_encrypted(sight: _Sight, dataset: str) -> bool:
    """ZFS encrypts a dataset itself, or each of its pool's devices is encrypted."""
    said = dict(line.split("\t", 1) for line in sight.host.run(_DATASETS).lines if "\t" in line)
    if said.get(dataset, "-") not in ("off", "-"):
        return True
    members = _pool_members(sight.host.run(_POOLS).lines, dataset.partition("/")[0])
    names = [sight.devices.called(member) for member in members]
    if not names or None in names:
        raise sight.unknown(_POOLS, f"the devices of the pool of {dataset} cannot all be seen")
    return all(sight.encrypted(name) for name in names if name)


def _pool_members(lines: tuple[str, ...], wanted: str) -> list[str]:
    pool, members = "", []
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word == "pool:":
            pool = rest.strip()
        elif pool == wanted and word.startswith("/"):
            members.append(word)
    return members


def _cloud(makers: str) -> str | None:
    return next((cloud for mark, cloud in _CLOUDS.items() if mark in makers.lower()), None)


def _volume(resource: str, kind: str, point: str | None, source: str, *, encrypted: bool) -> Volume:
    holder: Literal["customer"] | None = "customer" if encrypted else None
    return Volume(
        resource=resource,
        encrypted=encrypted,
        key_manager=holder,
        kind=kind,
        mount_point=point,
        source=source,
    )
