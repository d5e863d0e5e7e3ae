"""Storage: which disks carry what a host keeps.

A family of its own, since it states where something rests and not how well it is kept: from within a machine
nobody sees whether its provider encrypts a disk, and what the family encryption states has to be so on every
platform. Derived checks join the two.
"""

from scanner import Facts


class CloudFileSystem(Facts):
    """A file system, or swap, of a machine in a cloud.

    Its links are the ids of the instance and of the volumes.
    """

    kind: str
    """The file system's type, as in ext4; swap for swap."""
    mount_point: str | None
    """Where it is mounted; none for swap."""
    source: str
    """What is mounted: the device, file or dataset."""
    encrypted_by_host: bool
    """Whether nothing of it reaches a disk but through the host's own encryption."""
    instance: str | None
    """The machine's id at its provider, as in i-0123456789abcdef0; none where the firmware tells none."""
    volumes: tuple[str, ...]
    """The ids of the volumes that it reaches in the clear, as in vol-0123456789abcdef0."""
    instance_store: bool
    """Whether it also reaches, in the clear, disks that belong to the machine itself and end with it."""


class AzureFileSystem(Facts):
    """A file system, or swap, of a machine in Azure, which calls its disks by their places."""

    kind: str
    """The file system's type, as in ext4; swap for swap."""
    mount_point: str | None
    """Where it is mounted; none for swap."""
    source: str
    """What is mounted: the device, file or dataset."""
    encrypted_by_host: bool
    """Whether nothing of it reaches a disk but through the host's own encryption."""
    machine: str
    """The machine's id, as its firmware tells it: the first three parts of it are turned round on machines of
    the first generation."""
    places: tuple[str, ...]
    """Where the disks are that it reaches in the clear: system, or `lun 3`."""
    temporary: bool
    """Whether it also reaches, in the clear, disks that belong to the machine itself and end with it."""


class MachineDisks(Facts):
    """Where a machine in a cloud keeps what it writes."""

    machine: str
    """The machine's own id, by which its firmware calls it, too."""
    disks: tuple[str, ...]
    """Its managed disks, each after its place: `system=/subscriptions/...`, `lun 3=/subscriptions/...`."""
    system_disk_temporary: bool
    """Whether the system disk lies on the machine's host, and ends with the machine."""

    managed_disks: bool
    """Whether all its lasting disks are disks of the platform's, and none is a file in a storage account."""
    encrypted_at_host: bool
    """Whether what stays on the machine's host is encrypted there: temporary disks, and caches."""
