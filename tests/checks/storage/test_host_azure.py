import pytest

from checks.encryption.host import file_systems as encrypted_file_systems
from checks.storage import AzureFileSystem
from checks.storage.host import cloud_file_systems
from checks.storage.host_azure import file_systems
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

MOUNTS, SWAPS, ATTRIBUTES, LINKS, MAKER, DATASETS, POOLS, MACHINE, PLACES, NAMESPACES = file_systems.needs
AZURE = "Microsoft Corporation\nHyper-V UEFI Release v4.1\n7783-7084-3265-9085-8269-3286-77\n"
VM_ID = "1a2b3c4d-5e6f-4a1b-8c2d-0123456789ab"
BUS = "/sys/bus/vmbus/devices"

# The second generation: all disks on two buses; and NVMe beside them, as no one machine has both.
SECOND = world(
    file_systems,
    {
        MOUNTS: """\
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
33 28 253:1 / /srv rw,relatime shared:24 - xfs /dev/mapper/vg-srv rw
34 28 253:0 / /safe rw,relatime shared:25 - ext4 /dev/mapper/safe rw
35 28 8:17 / /mnt rw shared:29 - ext4 /dev/sdb1 rw
36 28 259:0 / /nvme rw shared:29 - ext4 /dev/nvme0n1 rw
37 28 259:1 / /data rw shared:29 - ext4 /dev/nvme0n2 rw
38 28 0:42 / /tank rw shared:29 - zfs tank rw
""",
        SWAPS: """\
Filename				Type		Size		Used		Priority
/dev/nvme1n1                            partition	1003516		0		-2
""",
        ATTRIBUTES: Output(
            2,
            """\
/sys/class/block/sda/dev:8:0
/sys/class/block/sda1/dev:8:1
/sys/class/block/sdb/dev:8:16
/sys/class/block/sdb1/dev:8:17
/sys/class/block/sdc/dev:8:32
/sys/class/block/sdd/dev:8:48
/sys/class/block/sde/dev:8:64
/sys/class/block/nvme0n1/dev:259:0
/sys/class/block/nvme0n2/dev:259:1
/sys/class/block/nvme1n1/dev:259:2
/sys/class/block/dm-0/dev:253:0
/sys/class/block/dm-1/dev:253:1
/sys/block/dm-0/dm/uuid:CRYPT-LUKS2-4a8d9b0f5b1e4a7fa0c1d2e3f4051627-safe
/sys/block/dm-1/dm/uuid:LVM-Zk1
/sys/block/dm-0/dm/name:safe
/sys/block/dm-1/dm/name:vg-srv
""",
        ),
        LINKS: Output(
            2,
            """\
/sys/block/dm-0/slaves/sde
/sys/block/dm-1/slaves/sdc
/sys/block/dm-1/slaves/sdd
/sys/block/sda/sda1/partition
/sys/block/sdb/sdb1/partition
""",
        ),
        MAKER: AZURE,
        DATASETS: "tank\toff\n",
        POOLS: "  pool: tank\n\t  /dev/sdd ONLINE 0 0 0\n",
        MACHINE: f"{VM_ID.upper()}\n",
        PLACES: f"""\
{BUS}/f8b3781a-1e82-4818-a1c3-63d806ec15bb/host0/target0:0:0/0:0:0:0/block/sda
{BUS}/f8b3781a-1e82-4818-a1c3-63d806ec15bb/host0/target0:0:0/0:0:0:1/block/sdb
{BUS}/f8b3781a-1e82-4818-a1c3-63d806ec15bb/host0/target0:0:0/0:0:0:2/block/sr0
{BUS}/f8b3781b-1e82-4818-a1c3-63d806ec15bb/host1/target1:0:0/1:0:0:0/block/sdc
{BUS}/f8b3781b-1e82-4818-a1c3-63d806ec15bb/host1/target1:0:0/1:0:0:12/block/sdd
{BUS}/f8b3781b-1e82-4818-a1c3-63d806ec15bb/host1/target1:0:0/1:0:0:13/block/sde
""",
        NAMESPACES: """\
/sys/block/nvme0n1/nsid:1
/sys/block/nvme0n2/nsid:5
/sys/block/nvme1n1/nsid:1
/sys/block/nvme0n1/device/model:MSFT NVMe Accelerator v1.0              \n\
/sys/block/nvme0n2/device/model:MSFT NVMe Accelerator v1.0              \n\
/sys/block/nvme1n1/device/model:Microsoft NVMe Direct Disk v2           \n\
""",
    },
)
FIRST = {
    **SECOND,
    PLACES: f"""\
{BUS}/00000000-0000-8899-0000-000000000000/host2/target2:0:0/2:0:0:0/block/sda
{BUS}/00000000-0001-8899-0000-000000000000/host3/target3:0:1/3:0:1:0/block/sdb
{BUS}/f8b3781b-1e82-4818-a1c3-63d806ec15bb/host5/target5:0:0/5:0:0:0/block/sdc
{BUS}/f8b3781c-1e82-4818-a1c3-63d806ec15bb/host5/target5:0:0/5:0:0:12/block/sdd
""",
}


def system(path: str, kind: str, source: str, *places: str, temporary: bool = False) -> AzureFileSystem:
    return AzureFileSystem(
        resource=f"host:ehr-1:{path}",
        kind=kind,
        mount_point=None if kind == "swap" else path,
        source=source,
        encrypted_by_host=not places and not temporary,
        machine=VM_ID,
        places=places,
        temporary=temporary,
    )


@pytest.mark.parametrize("told", [SECOND, FIRST])
def test_places_of_the_disks_under_file_systems(told: dict[str, str]) -> None:
    assert observe(file_systems, told) == [
        system("/", "ext4", "/dev/sda1", "system"),
        system("/srv", "xfs", "/dev/mapper/vg-srv", "lun 0", "lun 12"),
        system("/safe", "ext4", "/dev/mapper/safe"),
        system("/mnt", "ext4", "/dev/sdb1", temporary=True),
        system("/nvme", "ext4", "/dev/nvme0n1", "system"),
        system("/data", "ext4", "/dev/nvme0n2", "lun 3"),
        system("/tank", "zfs", "tank", "lun 12"),
        system("/dev/nvme1n1", "swap", "/dev/nvme1n1", temporary=True),
    ]


def test_it_alone_speaks_of_azures_machines_and_of_no_others() -> None:
    assert observe(file_systems, {**SECOND, MAKER: "Dell Inc.\n2.19.1\n\n"}) == []
    for other in (encrypted_file_systems, cloud_file_systems):
        assert observe(other, SECOND) == []


def test_disks_whose_place_is_not_seen_are_refused() -> None:
    sight = look(file_systems, {**SECOND, PLACES: Output(2, ""), NAMESPACES: Output(2, "")})

    assert sight.facts == [system("/safe", "ext4", "/dev/mapper/safe")]
    assert [(refusal.resource, refusal.error.need) for refusal in sight.refusals] == [
        ("host:ehr-1:/", PLACES),
        ("host:ehr-1:/srv", PLACES),
        ("host:ehr-1:/mnt", PLACES),
        ("host:ehr-1:/nvme", NAMESPACES),
        ("host:ehr-1:/data", NAMESPACES),
        ("host:ehr-1:/tank", PLACES),
        ("host:ehr-1:/dev/nvme1n1", NAMESPACES),
    ]


@pytest.mark.parametrize("said", ["\n", "Not Specified\n"])
def test_firmware_that_tells_no_machine_is_refused(said: str) -> None:
    sight = look(file_systems, {**SECOND, MACHINE: said})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.reason) for refusal in sight.refusals] == [
        (None, Reason.INVALID_ANSWER)
    ]
