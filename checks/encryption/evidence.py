"""Encryption at rest of what one target keeps and another one carries."""

from collections.abc import Iterator
from typing import Any

from scanner import Evidence, check

from . import Volume

_LYING = "storage.host.cloud_file_systems"
_CARRYING = "encryption.aws.ebs_volumes"


@check(_LYING, _CARRYING)
def host_file_systems(evidence: Evidence) -> Iterator[Volume]:
    """Whether file systems and swap of machines in a cloud are encrypted, by the host or below it.

    It speaks of the hosts of which encryption.host.file_systems is silent, and of each of their file systems.
    What an EC2 instance does not encrypt itself is joined to the EBS volumes below by their ids: both the
    host and the AWS account that owns the volumes have to be targets of the same run. An instance's own NVMe
    disks are encrypted by AWS in hardware. Where several volumes lie below, all of them have to be encrypted;
    the key is the provider's if any is.
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
            encrypted = all(state["encrypted"] for state in states)
            managers = {state["key_manager"] for state in states}
            yield Volume(
                resource=system.resource,
                kind=system.facts["kind"],
                mount_point=system.facts["mount_point"],
                source=system.facts["source"],
                links=tuple(volume.resource for volume in volumes),
                encrypted=encrypted,
                key_manager=("provider" if "provider" in managers else "customer") if encrypted else None,
            )


def _volume(arn: str) -> str:
    return arn.rpartition("/")[2]
