import pytest

from checks.encryption import Volume
from checks.encryption.host import file_systems
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

MOUNTS, SWAPS, ATTRIBUTES, LINKS, MAKER, DATASETS, POOLS = file_systems.needs
BARE_METAL = "Dell Inc.\n2.19.1\n\n"

# A laptop-like server: LVM in LUKS, a second disk in the clear, btrfs over two disks, ZFS, loop devices.
HOSPITAL = world(
    file_systems,
    {
        MOUNTS: """\
22 28 0:21 / /proc rw,nosuid shared:13 - proc proc rw
24 28 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=4096k
28 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw
31 28 8:2 / /boot rw,relatime shared:20 - ext4 /dev/sda2 rw
32 31 8:1 / /boot/efi rw,relatime shared:22 - vfat /dev/sda1 rw
33 28 8:17 / /var/lib/pg\\040sql rw,relatime shared:24 - xfs /dev/sdb1 rw
34 28 8:17 /backup /srv/backup rw,relatime shared:24 - xfs /dev/sdb1 rw
35 28 7:0 / /snap/core20/2015 ro,nodev shared:25 - squashfs /dev/loop0 ro
36 28 7:1 / /srv/image rw,relatime shared:26 - ext4 /dev/loop1 rw
37 28 0:40 /@home /home rw,relatime shared:27 - btrfs /dev/sdc rw,subvol=/@home
38 28 0:41 / /tank/clear rw shared:28 - zfs tank/clear rw
39 28 0:42 / /tank/safe rw shared:29 - zfs tank/safe rw
40 28 0:43 / /tmp rw shared:30 - tmpfs tmpfs rw
41 28 0:44 / /mnt/nfs rw shared:31 - nfs4 10.0.0.5:/export rw
42 28 252:0 / /mnt/scratch rw shared:32 - ext4 /dev/zram0 rw
43 28 253:3 / /usr ro,relatime shared:33 - ext4 /dev/mapper/usr-verity ro
""",
        SWAPS: """\
Filename				Type		Size		Used		Priority
/dev/dm-2                               partition	1003516		0		-2
/srv/image/swapfile                     file		524284		0		-3
/dev/zram1                              partition	524284		0		100
""",
        ATTRIBUTES: """\
/sys/class/block/dm-0/dev:253:0
/sys/class/block/dm-1/dev:253:1
/sys/class/block/dm-2/dev:253:2
/sys/class/block/dm-3/dev:253:3
/sys/class/block/dm-4/dev:253:4
/sys/class/block/loop0/dev:7:0
/sys/class/block/loop1/dev:7:1
/sys/class/block/sda/dev:8:0
/sys/class/block/sda1/dev:8:1
/sys/class/block/sda2/dev:8:2
/sys/class/block/sda3/dev:8:3
/sys/class/block/sdb/dev:8:16
/sys/class/block/sdb1/dev:8:17
/sys/class/block/sdc/dev:8:32
/sys/class/block/sdd/dev:8:48
/sys/class/block/zram0/dev:252:0
/sys/class/block/zram1/dev:252:1
/sys/block/dm-0/dm/uuid:CRYPT-LUKS2-4a8d9b0f5b1e4a7fa0c1d2e3f4051627-sda3_crypt
/sys/block/dm-1/dm/uuid:LVM-Zk1
/sys/block/dm-2/dm/uuid:LVM-Zk2
/sys/block/dm-3/dm/uuid:CRYPT-VERITY-77aa-usr
/sys/block/dm-4/dm/uuid:CRYPT-LUKS1-88bb-sdd_crypt
/sys/block/dm-0/dm/name:sda3_crypt
/sys/block/dm-1/dm/name:vg-root
/sys/block/dm-2/dm/name:vg-swap
/sys/block/dm-3/dm/name:usr-verity
/sys/block/dm-4/dm/name:sdd_crypt
/sys/block/loop0/loop/backing_file:/var/lib/snapd/snaps/core20_2015.snap
/sys/block/loop1/loop/backing_file:/var/lib/images/data.img
""",
        LINKS: """\
/sys/block/dm-0/slaves/sda3
/sys/block/dm-1/slaves/dm-0
/sys/block/dm-2/slaves/dm-0
/sys/block/dm-3/slaves/sdb1
/sys/block/dm-4/slaves/sdd
/sys/block/sda/sda1/partition
/sys/block/sda/sda2/partition
/sys/block/sda/sda3/partition
/sys/block/sdb/sdb1/partition
/sys/fs/btrfs/1f2e-33/devices/dm-4
/sys/fs/btrfs/1f2e-33/devices/sdc
""",
        MAKER: BARE_METAL,
        DATASETS: "tank\toff\ntank/clear\toff\ntank/safe\taes-256-gcm\n",
        POOLS: """\
  pool: tank
 state: ONLINE
config:

\tNAME          STATE     READ WRITE CKSUM
\ttank          ONLINE       0     0     0
\t  mirror-0    ONLINE       0     0     0
\t    /dev/dm-0 ONLINE       0     0     0
\t    /dev/sdb1 ONLINE       0     0     0

errors: No known data errors
""",
    },
)

NSPAWN = {
    # A container, as systemd-nspawn shows it: an overlay, and files bound in from the machine's own disk.
    MOUNTS: """\
105 83 0:39 / / rw,relatime shared:3 - overlay d12good rw,lowerdir=roots/d12a,upperdir=ov/d12good/u
106 105 0:41 / /tmp rw,nosuid,nodev shared:4 - tmpfs tmpfs rw,size=2468244k,nr_inodes=409600
113 112 254:0 /usr/lib/os-release /run/host/os-release ro,nosuid shared:9 - ext4 /dev/vda rw,discard
114 112 254:0 /run/systemd/nspawn/propagate/d12good /run/host/incoming ro master:11 - ext4 /dev/vda rw
""",
    SWAPS: "Filename				Type		Size		Used		Priority\n",
    ATTRIBUTES: Output(2, "/sys/class/block/vda/dev:254:0\n/sys/class/block/zram0/dev:253:0\n"),
    LINKS: Output(2, ""),
    MAKER: Output(1, ""),
}


def volume(path: str, kind: str, source: str, *, encrypted: bool, mounted: bool = True) -> Volume:
    return Volume(
        resource=f"host:ehr-1:{path}",
        encrypted=encrypted,
        key_manager="customer" if encrypted else None,
        kind=kind,
        mount_point=path if mounted else None,
        source=source,
    )


def test_every_way_down_to_a_disk_has_to_pass_encryption() -> None:
    assert observe(file_systems, HOSPITAL) == [
        volume("/", "ext4", "/dev/mapper/vg-root", encrypted=True),
        volume("/var/lib/pg sql", "xfs", "/dev/sdb1", encrypted=False),
        volume("/srv/image", "ext4", "/dev/loop1", encrypted=True),
        # One of its two disks is in the clear.
        volume("/home", "btrfs", "/dev/sdc", encrypted=False),
        volume("/tank/clear", "zfs", "tank/clear", encrypted=False),
        volume("/tank/safe", "zfs", "tank/safe", encrypted=True),
        # cryptsetup's verity detects changes and hides nothing.
        volume("/usr", "ext4", "/dev/mapper/usr-verity", encrypted=False),
        volume("/dev/dm-2", "swap", "/dev/dm-2", encrypted=True, mounted=False),
        volume("/srv/image/swapfile", "swap", "/srv/image/swapfile", encrypted=True, mounted=False),
    ]


def test_a_containers_root_is_refused_and_its_neighbours_are_not() -> None:
    sight = look(file_systems, NSPAWN)

    assert sight.facts == [volume("/run/host/os-release", "ext4", "/dev/vda", encrypted=False)]
    assert [(refusal.resource, refusal.error.reason) for refusal in sight.refusals] == [
        ("host:ehr-1:/", Reason.NOT_COLLECTED)
    ]


@pytest.mark.parametrize(
    "makers",
    [
        "Amazon EC2\n1.0\nAmazon EC2\n",
        "Xen\n4.11.amazon\n\n",
        "Google\nGoogle\n\n",
        "Microsoft Corporation\n090008\n7783-7084-3265-9085-8269-3286-77\n",
    ],
)
def test_of_a_clouds_machines_it_says_nothing(makers: str) -> None:
    # encryption.evidence.host_file_systems speaks of them, and refuses where it cannot.
    assert observe(file_systems, {**HOSPITAL, MAKER: makers}) == []
    assert observe(file_systems, {**NSPAWN, MAKER: makers}) == []


def test_hyper_v_at_home_is_no_cloud() -> None:
    assert observe(
        file_systems, {**HOSPITAL, MAKER: "Microsoft Corporation\n090008\n8131-4141\n"}
    ) == observe(file_systems, HOSPITAL)


def test_swap_on_a_device_that_cannot_be_seen_is_refused() -> None:
    swaps = "Filename Type Size Used Priority\n/dev/sdx9 partition 1 0 -2\n"
    sight = look(file_systems, {**NSPAWN, SWAPS: swaps})

    assert [refusal.resource for refusal in sight.refusals] == ["host:ehr-1:/", "host:ehr-1:/dev/sdx9"]


def test_a_pool_whose_devices_cannot_be_seen_is_refused() -> None:
    sight = look(file_systems, {**HOSPITAL, POOLS: "  pool: other\n\t  /dev/sdb1 ONLINE 0 0 0\n"})

    assert [refusal.resource for refusal in sight.refusals] == ["host:ehr-1:/tank/clear"]


@pytest.mark.parametrize("name", ["nbd0", "drbd0", "zd0"])
def test_a_device_that_is_carried_elsewhere_is_refused(name: str) -> None:
    told = {
        **NSPAWN,
        MOUNTS: f"28 1 43:0 / /srv rw,relatime shared:1 - ext4 /dev/{name} rw\n",
        ATTRIBUTES: Output(2, f"/sys/class/block/{name}/dev:43:0\n"),
    }
    sight = look(file_systems, told)

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        ("host:ehr-1:/srv", f"{name}: what carries it cannot be seen from here")
    ]
