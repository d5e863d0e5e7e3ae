"""Encryption at rest of what one target keeps and another one carries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from scanner import Evidence, Observation, check

from . import Volume

_LYING = "storage.host.cloud_file_systems"
_CARRYING = "encryption.aws.ebs_volumes"
_LYING_IN_AZURE = "storage.host_azure.file_systems"
_MACHINES = "storage.azure.virtual_machines"
_DISKS = "encryption.azure.disks"


@check(_LYING, _CARRYING)
def host_file_systems(evidence: Evidence) -> Iterator[Volume]:
    """Whether file systems and swap of machines in a cloud are encrypted, by the host or below it.

    It speaks of each file system of hosts in AWS and Google Cloud, where encryption.host.file_systems is
    silent; azure_file_systems speaks of those in Azure. What an EC2 instance does not encrypt itself is
    joined to the EBS volumes below by their ids: both the host and the AWS account that owns the volumes have
    to be targets of the same run. An instance's own NVMe disks are encrypted by AWS in hardware. Where
    several volumes lie below, all of them have to be encrypted; the key is the provider's if any is.
    """
    systems = list(evidence.all(_LYING))
    wanted = {volume for system in systems for volume in system.facts["volumes"]}
    carrying = evidence.join(_CARRYING, wanted, by=_volume)
    for system in systems:
        with evidence.reading(system.resource):
            volumes = [
                carrying.one(volume, mend=f"scan the AWS account that owns {volume}")
                for volume in system.facts["volumes"]
            ]
            states: list[dict[str, Any]] = [volume.facts for volume in volumes]
            if system.facts["instance_store"]:
                states.append({"encrypted": True, "key_manager": "provider"})
            yield _kept(system, states, tuple(volume.resource for volume in volumes))


@check(_LYING_IN_AZURE, _MACHINES, _DISKS)
def azure_file_systems(evidence: Evidence) -> Iterator[Volume]:
    """Whether file systems and swap of machines in Azure are encrypted, by the host or below it.

    What a machine does not encrypt itself is joined, by the machine's id and the disk's place, to the managed
    disks below: both the host and the subscription have to be targets of the same run. Temporary disks, and
    system disks that lie on the machine's host, are encrypted where the machine asks for encryption at host.
    Files in storage accounts are refused: nobody sees here in which account they lie.
    """
    systems = list(evidence.all(_LYING_IN_AZURE))
    wanted = {name for system in systems for name in _spellings(system.facts["machine"])}
    machines = evidence.join(_MACHINES, wanted, fact="machine")
    carrying = evidence.join(
        _DISKS, {disk for machine in machines.seen.values() for disk in _places(machine).values()}
    )
    disk = partial(
        carrying.one, mend="see which disk is there, and scan the Azure subscription that it is in"
    )
    for system in systems:
        with evidence.reading(system.resource):
            facts = system.facts
            if not facts["places"] and not facts["temporary"]:
                yield _kept(system, [], ())
                continue
            known = [name for name in _spellings(facts["machine"]) if name in machines.seen]
            mend = f"scan the Azure subscription that has the machine {facts['machine']}"
            machine = machines.one(next(iter(known), facts["machine"]), mend=mend)
            yield _in_azure(system, machine, disk)


def _in_azure(system: Observation, machine: Observation, disk: Callable[[str], Observation]) -> Volume:
    on_host = {"system"} if machine.facts["system_disk_temporary"] else set()
    places = system.facts["places"]
    known = _places(machine)
    disks = [
        disk(known.get(place, f"{machine.resource}, {place}")) for place in places if place not in on_host
    ]
    states = [disk.facts for disk in disks]
    if system.facts["temporary"] or on_host.intersection(places):
        at_host = machine.facts["encrypted_at_host"]
        states.append({"encrypted": at_host, "key_manager": "provider" if at_host else None})
    return _kept(system, states, (machine.resource, *(disk.resource for disk in disks)))


def _kept(system: Observation, states: Sequence[Mapping[str, Any]], links: tuple[str, ...]) -> Volume:
    """As encrypted as all that lies below; the host encrypts where nothing does in the clear."""
    encrypted = all(state["encrypted"] for state in states)
    managers = {state["key_manager"] for state in states}
    return Volume(
        resource=system.resource,
        kind=system.facts["kind"],
        mount_point=system.facts["mount_point"],
        source=system.facts["source"],
        links=links,
        encrypted=encrypted,
        key_manager=("provider" if "provider" in managers else "customer") if encrypted else None,
    )


def _spellings(machine: str) -> tuple[str, ...]:
    """A machine's id, and as firmware before SMBIOS 2.6 has it, whose first three parts are turned round."""
    return machine, str(UUID(bytes=UUID(machine).bytes_le))


def _places(machine: Observation) -> dict[str, str]:
    return dict(disk.split("=", 1) for disk in machine.facts["disks"])


def _volume(arn: str) -> str:
    return arn.rpartition("/")[2]
