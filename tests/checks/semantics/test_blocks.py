import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import blocks
from checks.semantics.blocks import Mount

ATTRIBUTES = """\
/sys/class/block/sda/dev:8:0
/sys/class/block/sda1/dev:8:1
/sys/class/block/sdb/dev:8:16
/sys/class/block/sdc/dev:8:32
/sys/class/block/sdd/dev:8:48
/sys/class/block/nvme0n1/dev:259:0
/sys/class/block/bcache0/dev:252:0
/sys/class/block/md127/dev:9:127
/sys/class/block/nbd0/dev:43:0
/sys/class/block/zd16/dev:230:16
/sys/class/block/cciss!c0d0/dev:104:0
/sys/block/dm-0/dm/uuid:mpath-3600508b400105e210000900000490000
/sys/block/dm-1/dm/uuid:LVM-pool-tmeta
/sys/block/dm-2/dm/uuid:LVM-pool-tdata
/sys/block/dm-3/dm/uuid:LVM-pool-tpool
/sys/block/dm-4/dm/uuid:LVM-thin
/sys/block/dm-5/dm/uuid:CRYPT-PLAIN-swap
/sys/block/dm-6/dm/uuid:CRYPT-LUKS2-a-over
/sys/block/dm-7/dm/uuid:CRYPT-SUBDEV-CRYPT-LUKS2-b
/sys/block/dm-8/dm/uuid:stratis-1-private-x
/sys/block/dm-0/dm/name:mpatha
/sys/block/dm-4/dm/name:vg-thin
/sys/block/loop0/loop/backing_file:/srv/a b.img
""".splitlines()
LINKS = """\
/sys/block/sda/sda1/partition
/sys/block/bcache0/slaves/sdb
/sys/block/bcache0/slaves/nvme0n1
/sys/block/md127/slaves/dm-6
/sys/block/md127/slaves/sda1
/sys/block/dm-0/slaves/sdc
/sys/block/dm-0/slaves/sdd
/sys/block/dm-1/slaves/dm-6
/sys/block/dm-2/slaves/dm-5
/sys/block/dm-3/slaves/dm-1
/sys/block/dm-3/slaves/dm-2
/sys/block/dm-4/slaves/dm-3
/sys/block/dm-5/slaves/sdc
/sys/block/dm-6/slaves/sdd
/sys/block/dm-7/slaves/sdd
/sys/fs/btrfs/1f2e/devices/sdc
/sys/fs/btrfs/1f2e/devices/sdd
/sys/fs/btrfs/features/raid1c34
""".splitlines()
DEVICES = blocks.devices(ATTRIBUTES, LINKS)


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("sda1", {"sda"}),
        # The cache holds the same data in the clear.
        ("bcache0", {"sdb", "nvme0n1"}),
        ("md127", {"sda"}),
        ("dm-0", {"sdc", "sdd"}),
        # A thin volume lies on its pool, and that on data and metadata.
        ("dm-4", set()),
        ("dm-5", set()),
        ("dm-6", set()),
        # The layer of checksums below LUKS2 with integrity hides nothing by itself.
        ("dm-7", {"sdd"}),
        ("nbd0", {"nbd0"}),
    ],
)
def test_disks_that_are_reached_in_the_clear(name: str, bare: set[str]) -> None:
    assert DEVICES.bare(name) == bare


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/dev/sda1", "sda1"),
        ("/dev/mapper/mpatha", "dm-0"),
        ("/dev/dm-4", "dm-4"),
        ("/dev/vg/thin", "dm-4"),
        ("/dev/cciss/c0d0", "cciss!c0d0"),
        ("/dev/sdz", None),
        ("tmpfs", None),
    ],
)
def test_names_of_device_files(path: str, name: str | None) -> None:
    assert DEVICES.called(path) == name


def test_where_nothing_rests_and_what_is_carried_elsewhere() -> None:
    names = ["zram0", "ram1", "nbd0", "rbd3", "drbd0", "zd16", "sda", "md127", "bcache0"]

    assert [name for name in names if DEVICES.in_memory(name)] == ["zram0", "ram1"]
    assert [name for name in names if DEVICES.elsewhere(name)] == ["nbd0", "rbd3", "drbd0", "zd16"]


def test_all_devices_of_a_btrfs() -> None:
    assert DEVICES.beside("sdd") == {"sdc", "sdd"}
    assert DEVICES.beside("sdb") == {"sdb"}
    assert DEVICES.files == {"loop0": "/srv/a b.img"}


def mount(
    point: str, device: str = "8:1", root: str = "/", kind: str = "ext4", source: str = "/dev/a"
) -> Mount:
    return Mount(device=device, root=root, point=point, kind=kind, source=source)


def test_one_mount_of_each_file_system() -> None:
    part, all_of_it = mount("/bound", root="/srv"), mount("/", root="/")
    over = mount("/x", device="0:9", kind="overlay", source="overlay")

    assert blocks.whole([part, all_of_it, mount("/again"), over]) == [all_of_it, over]
    # Mounted over each other: only the last is seen.
    assert blocks.whole([mount("/x"), over]) == [over]


@pytest.mark.parametrize(
    ("path", "point"),
    [("/srv/a/b", "/srv/a"), ("/srv/ab", "/srv"), ("/srv", "/srv"), ("/etc/x", "/")],
)
def test_the_mount_that_a_file_lies_in(path: str, point: str) -> None:
    found = blocks.holding(path, [mount("/"), mount("/srv"), mount("/srv/a")])

    assert found == mount(point)


def test_the_last_of_mounts_over_each_other_has_the_file() -> None:
    assert blocks.holding("/a", [mount("/"), mount("/", source="/dev/b")]) == mount("/", source="/dev/b")
    assert blocks.holding("/a", []) is None


@given(st.lists(st.text()), st.lists(st.text().map("/sys/block/{}/x/y".format)))
def test_no_attribute_crashes_it(attributes: list[str], links: list[str]) -> None:
    blocks.devices([f"/sys/block/{attribute}" for attribute in attributes], links)


def test_a_circle_ends() -> None:
    lines = ["/sys/block/dm-0/slaves/dm-1", "/sys/block/dm-1/slaves/dm-0"]

    assert blocks.devices([], lines).bare("dm-0") == {"dm-1"}
