import pytest

from checks.encryption.host import file_systems
from checks.storage import CloudFileSystem
from checks.storage.host import cloud_file_systems
from scanner.declaration import Check
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

MOUNTS, SWAPS, ATTRIBUTES, LINKS, MAKER, DATASETS, POOLS, IDENTITIES = cloud_file_systems.needs
NITRO = "Amazon EC2\n1.0\nAmazon EC2\n"

# A root volume, a mirror of a volume and an instance store, LUKS over a volume, a pool, swap.
EC2 = world(
    cloud_file_systems,
    {
        MOUNTS: """\
28 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw
31 28 259:2 / /boot/efi rw,relatime shared:20 - vfat /dev/nvme0n1p15 rw
33 28 9:0 / /srv rw,relatime shared:24 - xfs /dev/md0 rw
34 28 253:0 / /safe rw,relatime shared:25 - ext4 /dev/mapper/safe rw
35 28 0:42 / /tank rw shared:29 - zfs tank rw
36 28 0:44 / /mnt/nfs rw shared:31 - nfs4 10.0.0.5:/export rw
""",
        SWAPS: """\
Filename				Type		Size		Used		Priority
/dev/nvme3n1                            partition	1003516		0		-2
""",
        ATTRIBUTES: Output(
            2,
            """\
/sys/class/block/nvme0n1/dev:259:0
/sys/class/block/nvme0n1p1/dev:259:1
/sys/class/block/nvme0n1p15/dev:259:2
/sys/class/block/nvme1n1/dev:259:3
/sys/class/block/nvme2n1/dev:259:4
/sys/class/block/nvme3n1/dev:259:5
/sys/class/block/nvme4n1/dev:259:6
/sys/class/block/md0/dev:9:0
/sys/class/block/dm-0/dev:253:0
/sys/block/dm-0/dm/uuid:CRYPT-LUKS2-4a8d9b0f5b1e4a7fa0c1d2e3f4051627-safe
/sys/block/dm-0/dm/name:safe
""",
        ),
        LINKS: Output(
            2,
            """\
/sys/block/dm-0/slaves/nvme2n1
/sys/block/md0/slaves/nvme1n1
/sys/block/md0/slaves/nvme3n1
/sys/block/nvme0n1/nvme0n1p1/partition
/sys/block/nvme0n1/nvme0n1p15/partition
""",
        ),
        MAKER: NITRO,
        DATASETS: "tank\toff\n",
        POOLS: "  pool: tank\n\t  /dev/nvme4n1 ONLINE 0 0 0\n",
        IDENTITIES: """\
/sys/class/dmi/id/board_asset_tag:i-0a1b2c3d4e5f60718
/sys/block/nvme0n1/device/serial:vol0aaaaaaaaaaaaaaa0
/sys/block/nvme1n1/device/serial:vol0aaaaaaaaaaaaaaa1
/sys/block/nvme2n1/device/serial:vol0aaaaaaaaaaaaaaa2
/sys/block/nvme3n1/device/serial:AWS1A2B3C4D5E6F70819
/sys/block/nvme4n1/device/serial:vol0aaaaaaaaaaaaaaa4
/sys/block/nvme0n1/device/model:Amazon Elastic Block Store              \n\
/sys/block/nvme3n1/device/model:Amazon EC2 NVMe Instance Storage        \n\
""",
    },
)
INSTANCE = "i-0a1b2c3d4e5f60718"


def system(path: str, kind: str, source: str, *disks: int, **changes: object) -> CloudFileSystem:
    volumes = tuple(f"vol-0aaaaaaaaaaaaaaa{disk}" for disk in disks)
    values = {
        "links": (INSTANCE, *volumes),
        "mount_point": path,
        "instance": INSTANCE,
        "instance_store": False,
        "encrypted_by_host": False,
    } | changes
    return CloudFileSystem(resource=f"host:ehr-1:{path}", kind=kind, source=source, volumes=volumes, **values)


def test_volumes_under_file_systems() -> None:
    assert observe(cloud_file_systems, EC2) == [
        system("/", "ext4", "/dev/nvme0n1p1", 0),
        system("/srv", "xfs", "/dev/md0", 1, instance_store=True),
        system("/safe", "ext4", "/dev/mapper/safe", encrypted_by_host=True),
        system("/tank", "zfs", "tank", 4),
        system("/dev/nvme3n1", "swap", "/dev/nvme3n1", mount_point=None, instance_store=True),
    ]


def test_a_machine_in_no_cloud_has_none() -> None:
    assert observe(cloud_file_systems, {**EC2, MAKER: "Dell Inc.\n2.19.1\n\n"}) == []


@pytest.mark.parametrize("tag", ["", "/sys/class/dmi/id/board_asset_tag:Not Specified\n"])
def test_firmware_that_tells_no_instance(tag: str) -> None:
    told = tag + "".join(EC2[IDENTITIES].splitlines(keepends=True)[1:])
    first = observe(cloud_file_systems, {**EC2, IDENTITIES: told})[0]

    assert first == system("/", "ext4", "/dev/nvme0n1p1", 0, instance=None, links=("vol-0aaaaaaaaaaaaaaa0",))


@pytest.mark.parametrize(
    ("makers", "said", "mend"),
    [
        ("Xen\n4.11.amazon\n\n", "which of AWS's disks nvme0n1 is", "move it to a Nitro instance"),
        ("Google\nGoogle\n\n", "which of Google Cloud's disks", "see what Google Cloud says"),
    ],
)
def test_disks_without_a_name_are_refused(makers: str, said: str, mend: str) -> None:
    sight = look(cloud_file_systems, {**EC2, MAKER: makers, IDENTITIES: Output(2, "")})

    # What lies in LUKS is encrypted whoever carries it.
    (safe,) = sight.facts
    assert safe == system(
        "/safe", "ext4", "/dev/mapper/safe", encrypted_by_host=True, instance=None, links=()
    )
    assert [refusal.resource for refusal in sight.refusals] == [
        f"host:ehr-1:{path}" for path in ("/", "/srv", "/tank", "/dev/nvme3n1")
    ]
    first = sight.refusals[0].error
    assert first.reason is Reason.NOT_COLLECTED
    assert said in first.detail
    assert first.mend.startswith(mend)


@pytest.mark.parametrize("makers", ["Dell Inc.\n", NITRO, "Xen\n4.11.amazon\n", "Google\nGoogle\n"])
@pytest.mark.parametrize("changes", [{}, {POOLS: ""}, {DATASETS: Output(1, "", "permission denied")}])
def test_each_file_system_is_one_checks_business(makers: str, changes: dict[str, str]) -> None:
    told = {**EC2, MAKER: makers, **changes}

    def spoken(check: Check) -> list[str | None]:
        sight = look(check, told)
        refused = {refusal.resource for refusal in sight.refusals}
        return [*(facts.resource for facts in sight.facts), *refused]

    assert sorted(spoken(file_systems) + spoken(cloud_file_systems), key=str) == [
        f"host:ehr-1:{path}" for path in ("/", "/dev/nvme3n1", "/safe", "/srv", "/tank")
    ]
