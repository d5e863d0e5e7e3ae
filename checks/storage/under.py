"""What was read of a host's storage, and the disks that lie under it."""

from collections.abc import Iterator

import msgspec

from checks.semantics import blocks
from scanner import Host, Reason

MOUNTS = "cat /proc/self/mountinfo"
SWAPS = "cat /proc/swaps"
ATTRIBUTES = (
    "grep -sH . /sys/class/block/*/dev /sys/block/dm-*/dm/uuid /sys/block/dm-*/dm/name"
    " /sys/block/loop*/loop/backing_file"
)
LINKS = "ls -d /sys/block/*/slaves/* /sys/block/*/*/partition /sys/fs/btrfs/*/devices/*"
MAKER = "cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/bios_version /sys/class/dmi/id/chassis_asset_tag"
DATASETS = "zfs get -H -t filesystem,volume -o name,value encryption"
POOLS = "zpool status -L -P"
NEEDS = (MOUNTS, SWAPS, ATTRIBUTES, LINKS, MAKER, DATASETS, POOLS)
"""What a check declares that reads a host's storage."""

AWS, AZURE, GOOGLE = "AWS", "Azure", "Google Cloud"

_READ_ONLY_FORMATS = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"})
_BOOT = frozenset({"/boot", "/boot/efi", "/efi"})
_NOWHERE = frozenset({"tmpfs", "ramfs", "rootfs"})
# Every Azure machine has this tag, and no Hyper-V machine elsewhere.
_CLOUDS = {"amazon": AWS, "google": GOOGLE, "7783-7084-3265-9085-8269-3286-77": AZURE}


class Store(msgspec.Struct, frozen=True):
    """A file system on a block device or of ZFS, or a swap area."""

    resource: str
    kind: str
    """The file system's type, as in ext4; swap for swap."""
    mount_point: str | None
    source: str
    held: blocks.Mount | blocks.Swap


class Storage(msgspec.Struct, frozen=True):
    """A host's mounts, swap areas and block devices."""

    host: Host
    mounts: tuple[blocks.Mount, ...]
    areas: tuple[blocks.Swap, ...]
    devices: blocks.Devices
    cloud: str | None
    """Whose machine it is, where the firmware names a cloud."""

    def stores(self) -> Iterator[Store]:
        """Where something rests on this host's own disks.

        Left out are what rests in memory (tmpfs, zram) or on another machine (NFS, CIFS), images in formats
        that nobody can write to (snaps), and /boot and the EFI partition, which must be read before a key can
        be given.
        """
        for mount in blocks.whole(self._resting()):
            yield Store(f"{self.host.id}:{mount.point}", mount.kind, mount.point, mount.source, mount)
        for area in self.areas:
            name = self.devices.called(area.path)
            if not (name and self.devices.in_memory(name)):
                yield Store(f"{self.host.id}:{area.path}", "swap", None, area.path, area)

    def bare(self, store: Store) -> frozenset[str]:
        """The disks that it reaches without the host encrypting; none when every way down is encrypted.

        Raises:
            ReadError: what lies below it cannot be seen from here.
        """
        held = store.held
        if isinstance(held, blocks.Mount):
            return self._mounted(held)
        if held.file:
            return self._around(held.path)
        name = self.devices.called(held.path)
        if name is None:
            raise self._unknown(SWAPS, f"swap on {held.path}: no such block device can be seen")
        return self._under(name)

    def in_clear(self, path: str) -> bool:
        """Whether a file rests on a disk without the host encrypting it; in memory, nothing rests.

        Raises:
            ReadError: what lies below it cannot be seen from here.
        """
        mount = blocks.holding(path, self.mounts)
        return not (mount and mount.kind in _NOWHERE) and bool(self._around(path))

    def _resting(self) -> Iterator[blocks.Mount]:
        for mount in self.mounts:
            if mount.kind in _READ_ONLY_FORMATS | _NOWHERE or mount.point in _BOOT:
                continue
            name = self.devices.numbers.get(mount.device)
            if name and self.devices.in_memory(name):
                continue
            # A container's or live system's root lies on what it cannot see: that is said, not passed over.
            seen = name or mount.kind in ("btrfs", "zfs") or not mount.device.startswith("0:")
            if seen or mount.point == "/":
                yield mount

    def _mounted(self, mount: blocks.Mount) -> frozenset[str]:
        if mount.kind == "zfs":
            return self._dataset(mount.source)
        name = self.devices.numbers.get(mount.device) or self.devices.called(mount.source)
        if name is None:
            raise self._unknown(
                ATTRIBUTES, f"{mount.kind} on {mount.source}: no block device can be seen below it"
            )
        return self._under(name)

    def _under(self, name: str) -> frozenset[str]:
        lower = self.devices.files.get(name)
        if lower is not None:
            return self._around(lower)
        disks = frozenset[str]().union(*map(self.devices.bare, self.devices.beside(name)))
        if unseen := sorted(filter(self.devices.elsewhere, disks)):
            raise self._unknown(LINKS, f"{unseen[0]}: what carries it cannot be seen from here")
        return disks

    def _around(self, path: str) -> frozenset[str]:
        mount = blocks.holding(path, self.mounts)
        if mount is None:
            raise self._unknown(MOUNTS, f"{path} lies in no file system that can be seen")
        return self._mounted(mount)

    def _dataset(self, dataset: str) -> frozenset[str]:
        """ZFS encrypts a dataset itself, or each of its pool's devices is encrypted."""
        said = dict(line.split("\t", 1) for line in self.host.run(DATASETS).lines if "\t" in line)
        if said.get(dataset, "-") not in ("off", "-"):
            return frozenset()
        members = _pool_members(self.host.run(POOLS).lines, dataset.partition("/")[0])
        names = [self.devices.called(member) for member in members]
        if not names or None in names:
            raise self._unknown(POOLS, f"the devices of the pool of {dataset} cannot all be seen")
        return frozenset().union(*(self._under(name) for name in names if name))

    def _unknown(self, command: str, detail: str) -> Exception:
        return self.host.refuse(
            command, Reason.NOT_COLLECTED, detail, "scan the machine that the storage belongs to"
        )


def read(host: Host) -> Storage:
    """What a host tells of its storage; its check declares NEEDS.

    Raises:
        ReadError: it does not tell.
    """
    # grep and ls end with 2 when one of the patterns matches nothing, as on a host without loop devices.
    attributes = host.run(ATTRIBUTES, ok=(0, 1, 2)).lines
    return Storage(
        host,
        tuple(host.run(MOUNTS).read(blocks.mounts)),
        tuple(host.run(SWAPS).read(blocks.swaps)),
        blocks.devices(attributes, host.run(LINKS, ok=(0, 1, 2)).lines),
        _cloud(host.run(MAKER, ok=(0, 1)).text),
    )


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
