from checks.encryption import AtRest, Volume
from checks.encryption.evidence import host_file_systems
from checks.storage import CloudFileSystem
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
