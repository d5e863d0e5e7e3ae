"""What lies under a mounted file system: block devices, and whether each path down passes encryption."""

import re
from collections.abc import Iterable, Mapping

import msgspec

# cryptsetup gives all its mappings a CRYPT- uuid; verity and integrity only detect changes.
_ENCRYPTS = re.compile(r"CRYPT-(?!VERITY|INTEGRITY|SUBDEV)")
_MEMORY = re.compile(r"(zram|ram)\d+$")
# ZFS volumes, and devices that another program or machine carries: sysfs shows nothing below them.
_ELSEWHERE = re.compile(r"(zd|nbd|rbd|drbd)\d+$")
_SHORTEST = 3
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(msgspec.Struct, frozen=True):
    """One line of /proc/self/mountinfo."""

    device: str
    """Major and minor number: 254:0; the major is 0 where the kernel shows no device."""
    root: str
    """Which part of the file system is mounted; `/` for all of it."""
    point: str
    kind: str
    """The file system's type: ext4, xfs."""
    source: str
    """What it was mounted from: /dev/mapper/data, tank/home."""


class Swap(msgspec.Struct, frozen=True):
    """One line of /proc/swaps."""

    path: str
    file: bool
    """Whether it is a file in a file system, not a device."""


class Devices(msgspec.Struct, frozen=True):
    """The block devices that the kernel shows, by kernel name."""

    numbers: Mapping[str, str]
    """Kernel name by major and minor number."""
    under: Mapping[str, frozenset[str]]
    """The devices that a device lies on: a mapping's or array's members, a partition's disk."""
    uuids: Mapping[str, str]
    """The device mapper's uuid, which says who made a mapping: CRYPT-LUKS2-..., LVM-..."""
    names: Mapping[str, str]
    """Kernel name by the device mapper's name, as in /dev/mapper."""
    files: Mapping[str, str]
    """The file behind a loop device."""
    spread: tuple[frozenset[str], ...] = ()
    """Devices that one btrfs is spread over; a mount names only one of them."""

    def called(self, path: str) -> str | None:
        """The kernel name of a device file; None when the kernel shows no such device."""
        name = path.removeprefix("/dev/mapper/")
        if name != path:
            return self.names.get(name)
        name = path.removeprefix("/dev/").replace("/", "!")
        known = {*self.numbers.values(), *self.under, *self.uuids}
        return name if name in known else self.names.get(_mapper_name(path))

    def bare(self, name: str, above: frozenset[str] = frozenset()) -> frozenset[str]:
        """The disks that it reaches in the clear; none when every way down passes encryption.

        What lies above is not gone into again: no kernel builds circles, but a host may say anything.
        """
        if self.encrypts(name):
            return frozenset()
        lower = self.under.get(name, frozenset()) - above
        below = (self.bare(each, above | {name}) for each in lower)
        return frozenset[str]().union(*below) if lower else frozenset({name})

    def encrypts(self, name: str) -> bool:
        """Whether it is a mapping of dm-crypt's."""
        return _ENCRYPTS.match(self.uuids.get(name, "")) is not None

    def in_memory(self, name: str) -> bool:
        """Whether it is a disk made of memory, where nothing rests."""
        return _MEMORY.match(name) is not None

    def elsewhere(self, name: str) -> bool:
        """Whether sysfs does not show what carries it: a ZFS volume, or another machine over the network."""
        return _ELSEWHERE.match(name) is not None

    def beside(self, name: str) -> frozenset[str]:
        """All devices of the file system that has this one, itself included."""
        return next((members for members in self.spread if name in members), frozenset({name}))


def mounts(lines: Iterable[str]) -> list[Mount]:
    """The mounts of /proc/self/mountinfo, in its order."""
    return [_mount(line.split(" ")) for line in lines if " - " in line]


def options(lines: Iterable[str]) -> dict[str, frozenset[str]]:
    """How each mount point is mounted, as in nodev and ro; of two mounts on one, the last, which is seen."""
    found = {}
    for line in lines:
        before, dash, after = line.partition(" - ")
        fields, behind = before.split(" "), after.split(" ")
        if dash:
            # A file system can be read-only as a whole, whatever its mount says.
            found[_plain(fields[4])] = frozenset(fields[5].split(",")) | ({"ro"} & {*behind[2].split(",")})
    return found


def swaps(lines: Iterable[str]) -> list[Swap]:
    """The swap areas of /proc/swaps."""
    return [
        Swap(path=_plain(line.split()[0]), file=line.split()[1] == "file")
        for line in lines
        if line and not line.startswith("Filename")
    ]


def devices(attributes: Iterable[str], links: Iterable[str]) -> Devices:
    """The devices that sysfs shows.

    Takes lines of `grep ''` over sysfs attributes (`/sys/class/block/sda1/dev:8:1`) and paths of members and
    partitions (`/sys/block/dm-1/slaves/dm-0`, `/sys/block/sda/sda1/partition`,
    `/sys/fs/btrfs/<uuid>/devices/sda1`).
    """
    numbers, uuids, names, files = {}, {}, {}, {}
    for line in attributes:
        path, _, value = line.partition(":")
        kernel_name, *attribute = path.partition("/block/")[2].split("/")
        match attribute:
            case ["dev"]:
                numbers[value] = kernel_name
            case ["dm", "uuid"]:
                uuids[kernel_name] = value
            case ["dm", "name"]:
                names[value] = kernel_name
            case ["loop", "backing_file"]:
                files[kernel_name] = value
    split = [parts for link in links if len(parts := link.split("/")[2:]) > _SHORTEST]
    under = _groups(_lower(*path) for path in split if path[0] == "block" and len(path) == _SHORTEST + 1)
    spread = _groups((path[2], path[-1]) for path in split if path[0] == "fs" and path[-2] == "devices")
    return Devices(numbers, under, uuids, names, files, tuple(spread.values()))


def whole(seen: Iterable[Mount]) -> list[Mount]:
    """One mount of each file system: its root before a part of it, then the first.

    Of file systems mounted over each other it is the last, which is the one that is seen there.
    """
    chosen: dict[tuple[str, str], Mount] = {}
    for mount in seen:
        key = (mount.device, mount.source)
        held = chosen.get(key)
        if held is None or (held.root != "/" and mount.root == "/"):
            chosen[key] = mount
    return list({mount.point: mount for mount in chosen.values()}.values())


def holding(path: str, seen: Iterable[Mount]) -> Mount | None:
    """The mount that a file lies in: the last one among those with the longest mount point above it."""
    above = [mount for mount in seen if f"{path}/".startswith(f"{mount.point.rstrip('/')}/")]
    return max(reversed(above), key=lambda mount: len(mount.point), default=None)


def _mount(fields: list[str]) -> Mount:
    end = fields.index("-")
    return Mount(
        device=fields[2],
        root=_plain(fields[3]),
        point=_plain(fields[4]),
        kind=fields[end + 1],
        source=_plain(fields[end + 2]),
    )


def _plain(field: str) -> str:
    """The kernel writes white space and backslashes as three octal digits."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), field)


def _lower(_: str, name: str, middle: str, last: str) -> tuple[str, str]:
    """A device and what it lies on: its member, or the disk that it is a partition of."""
    return (name, last) if middle == "slaves" else (middle, name)


def _groups(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for name, member in pairs:
        groups.setdefault(name, set()).add(member)
    return {name: frozenset(members) for name, members in groups.items()}


def _mapper_name(path: str) -> str:
    """`/dev/vg/lv` is a link beside `/dev/mapper/vg-lv`, where a hyphen within a name is doubled."""
    parts = path.removeprefix("/dev/").split("/")
    return "-".join(part.replace("-", "--") for part in parts)
