from checks.encryption import AtRest, Disk, Volume
from checks.encryption.evidence import azure_file_systems, host_file_systems
from checks.storage import AzureFileSystem, CloudFileSystem, MachineDisks
from scanner import Facts
from scanner.model import Reason, Unreadable
from scanner.testing import look, observe, world

LYING, CARRYING = host_file_systems.needs
ARN = "arn:aws:ec2:us-east-1:111122223333:volume/"


def system(path: str, *volumes: str, instance_store: bool = False) -> CloudFileSystem:
    return CloudFileSystem(
        resource=f"host:ehr-1:{path}",
        kind="xfs",
        mount_point=path,
        source="/dev/md0",
        encrypted_by_host=not volumes and not instance_store,
        instance="i-1",
        volumes=volumes,
        instance_store=instance_store,
    )


def volume(name: str, manager: str | None) -> AtRest:
    return AtRest(resource=ARN + name, encrypted=manager is not None, key_manager=manager)


def kept(path: str, *volumes: str, manager: str | None) -> Volume:
    return Volume(
        resource=f"host:ehr-1:{path}",
        kind="xfs",
        mount_point=path,
        source="/dev/md0",
        encrypted=manager is not None,
        key_manager=manager,
        links=tuple(ARN + name for name in volumes),
    )


def refused(check: str, resource: str | None, detail: str = "AccessDenied") -> Unreadable:
    return Unreadable(
        check=check,
        target="t",
        scope="s",
        resource=resource,
        reason=Reason.DENIED,
        detail=detail,
        need="kms:DescribeKey",
        mend="allow kms:DescribeKey",
    )


VOLUMES: list[Facts | Unreadable] = [
    volume("vol-a", "customer"),
    volume("vol-b", "provider"),
    volume("vol-c", None),
    volume("vol-nobodys", None),
]
WORLD = world(
    host_file_systems,
    {
        LYING: [
            system("/a", "vol-a"),
            system("/ab", "vol-a", "vol-b"),
            system("/ac", "vol-a", "vol-c"),
            system("/c", "vol-c"),
            system("/luks"),
            system("/own", instance_store=True),
            system("/mixed", "vol-a", instance_store=True),
        ],
        CARRYING: VOLUMES,
    },
)


def test_a_file_system_is_as_encrypted_as_all_that_lies_below() -> None:
    assert observe(host_file_systems, WORLD) == [
        kept("/a", "vol-a", manager="customer"),
        kept("/ab", "vol-a", "vol-b", manager="provider"),
        kept("/ac", "vol-a", "vol-c", manager=None),
        kept("/c", "vol-c", manager=None),
        kept("/luks", manager="customer"),
        kept("/own", manager="provider"),
        kept("/mixed", "vol-a", manager="provider"),
    ]


def test_a_volume_that_was_not_seen_is_refused_and_what_would_show_it_is_said() -> None:
    sight = look(
        host_file_systems, {LYING: [system("/a", "vol-a"), system("/x", "vol-x")], CARRYING: VOLUMES}
    )

    assert sight.facts == [kept("/a", "vol-a", manager="customer")]
    (refusal,) = sight.refusals
    assert (refusal.resource, refusal.error.reason, refusal.error.need) == (
        "host:ehr-1:/x",
        Reason.NOT_COLLECTED,
        CARRYING,
    )
    assert refusal.error.detail == "vol-x was not seen"
    assert refusal.error.mend == "scan the AWS account that owns vol-x"


def test_a_volume_that_refused_is_told_of_the_file_system_and_only_where_one_lies_on_it() -> None:
    volumes = [VOLUMES[0], refused(CARRYING, ARN + "vol-b"), refused(CARRYING, ARN + "vol-nobodys")]
    sight = look(host_file_systems, {LYING: [system("/b", "vol-b")], CARRYING: volumes})

    assert sight.facts == []
    (refusal,) = sight.refusals
    assert refusal.resource == "host:ehr-1:/b"
    assert (refusal.error.reason, refusal.error.mend) == (Reason.DENIED, "allow kms:DescribeKey")
    assert refusal.error.detail == "world, everywhere: kms:DescribeKey: AccessDenied"


def test_a_region_that_refused_matters_only_to_what_may_lie_there() -> None:
    volumes = [VOLUMES[0], refused(CARRYING, None, "region closed")]
    systems = [system("/a", "vol-a"), system("/x", "vol-x")]
    sight = look(host_file_systems, {LYING: systems, CARRYING: volumes})

    assert sight.facts == [kept("/a", "vol-a", manager="customer")]
    (refusal,) = sight.refusals
    assert (refusal.resource, refusal.error.reason) == ("host:ehr-1:/x", Reason.DENIED)
    assert refusal.error.detail == ("vol-x was not seen; world, everywhere: kms:DescribeKey: region closed")
    assert refusal.error.mend == "allow kms:DescribeKey; scan the AWS account that owns vol-x"


def test_what_a_host_refused_stays_refused() -> None:
    sight = look(host_file_systems, {LYING: [refused(LYING, "host:ehr-1:/xen")], CARRYING: VOLUMES})

    assert [(refusal.resource, refusal.error.need) for refusal in sight.refusals] == [
        ("host:ehr-1:/xen", LYING)
    ]


IN_AZURE, MACHINES, DISKS = azure_file_systems.needs
MACHINE = "1a2b3c4d-5e6f-4a1b-8c2d-0123456789ab"
# The same as the firmware of a machine of the first generation has it.
TURNED = "4d3c2b1a-6f5e-1b4a-8c2d-0123456789ab"
OTHER = "99999999-0000-4000-8000-000000000000"
GROUP = "/subscriptions/s/resourceGroups/ehr/providers/Microsoft.Compute"


def azure(path: str, *places: str, machine: str = MACHINE, temporary: bool = False) -> AzureFileSystem:
    return AzureFileSystem(
        resource=f"host:ehr-1:{path}",
        kind="xfs",
        mount_point=path,
        source="/dev/sda1",
        encrypted_by_host=not places and not temporary,
        machine=machine,
        places=places,
        temporary=temporary,
    )


def machine(
    name: str, vm_id: str, *disks: str, at_host: bool = False, ephemeral: bool = False
) -> MachineDisks:
    return MachineDisks(
        resource=f"{GROUP}/virtualMachines/{name}",
        machine=vm_id,
        disks=disks,
        system_disk_temporary=ephemeral,
        managed_disks=True,
        encrypted_at_host=at_host,
    )


def disk(name: str, manager: str) -> Disk:
    return Disk(
        resource=f"{GROUP}/disks/{name}",
        encrypted=True,
        key_manager=manager,
        double_encrypted=False,
        attached=True,
    )


def carried(path: str, manager: str | None, *links: str) -> Volume:
    return Volume(
        resource=f"host:ehr-1:{path}",
        kind="xfs",
        mount_point=path,
        source="/dev/sda1",
        encrypted=manager is not None,
        key_manager=manager,
        links=tuple(f"{GROUP}/{link}" for link in links),
    )


AT_PLACES = (f"system={GROUP}/disks/os", f"lun 3={GROUP}/disks/records")
AZURE = world(
    azure_file_systems,
    {
        IN_AZURE: [
            azure("/", "system"),
            azure("/srv", "lun 3"),
            azure("/both", "lun 3", "system", machine=TURNED),
            azure("/mnt", temporary=True),
            azure("/luks", machine=OTHER),
            azure("/own", "system", machine="00000000-0000-0000-0000-000000000002"),
            azure("/scratch", temporary=True, machine="00000000-0000-0000-0000-000000000002"),
        ],
        MACHINES: [
            machine("ehr", MACHINE, *AT_PLACES),
            machine("own", "00000000-0000-0000-0000-000000000002", at_host=True, ephemeral=True),
        ],
        DISKS: [disk("os", "provider"), disk("records", "customer"), disk("nobodys", "provider")],
    },
)


def test_azure_disks_below_file_systems() -> None:
    assert observe(azure_file_systems, AZURE) == [
        carried("/", "provider", "virtualMachines/ehr", "disks/os"),
        carried("/srv", "customer", "virtualMachines/ehr", "disks/records"),
        carried("/both", "provider", "virtualMachines/ehr", "disks/records", "disks/os"),
        # Nobody asked for encryption at host.
        carried("/mnt", None, "virtualMachines/ehr"),
        carried("/luks", "customer"),
        carried("/own", "provider", "virtualMachines/own"),
        carried("/scratch", "provider", "virtualMachines/own"),
    ]


def test_a_machine_or_disk_of_azure_that_was_not_seen_is_refused() -> None:
    unseen = [azure("/", "system", machine=OTHER), azure("/srv", "lun 3"), azure("/new", "lun 7")]
    sight = look(azure_file_systems, {**AZURE, IN_AZURE: unseen, DISKS: [disk("os", "provider")]})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.need, refusal.error.detail) for refusal in sight.refusals] == [
        ("host:ehr-1:/", MACHINES, f"{OTHER} was not seen"),
        ("host:ehr-1:/srv", DISKS, f"{GROUP}/disks/records was not seen"),
        ("host:ehr-1:/new", DISKS, f"{GROUP}/virtualMachines/ehr, lun 7 was not seen"),
    ]
    assert sight.refusals[0].error.mend == f"scan the Azure subscription that has the machine {OTHER}"


def test_a_machine_of_azure_that_refused_may_be_any_that_is_missing() -> None:
    machines = [*AZURE[MACHINES], refused(MACHINES, f"{GROUP}/virtualMachines/odd")]
    systems = [azure("/", "system"), azure("/x", "system", machine=OTHER)]
    sight = look(azure_file_systems, {**AZURE, IN_AZURE: systems, MACHINES: machines})

    assert sight.facts == [carried("/", "provider", "virtualMachines/ehr", "disks/os")]
    (refusal,) = sight.refusals
    assert (refusal.resource, refusal.error.reason) == ("host:ehr-1:/x", Reason.DENIED)
