"""Storage of Azure's machines: where their disks lie."""

from collections.abc import Iterator

from scanner import AzureSubscription, Fields, check

from . import MachineDisks


@check("Microsoft.Compute/virtualMachines/read")
def virtual_machines(subscription: AzureSubscription) -> Iterator[MachineDisks]:
    """Whether virtual machines have managed disks only, and encrypt what stays on their host.

    Managed disks are encrypted in any case; temporary disks and caches only at the host. A size without a
    temporary disk, and disks without a cache, leave nothing there. Azure Disk Encryption, within the machine,
    is another way, and is not seen here.
    """
    for machine in subscription.all("Microsoft.Compute/virtualMachines/read"):
        with subscription.reading(machine.id):
            storage = machine.part("properties.storageProfile")
            if not storage.has("osDisk"):
                raise machine.strange("properties.storageProfile.osDisk", "an object")
            system, data = storage.part("osDisk"), storage.parts("dataDisks")
            places = {"system": system, **{f"lun {disk.number('lun')}": disk for disk in data}}
            disks = [system, *data]
            yield MachineDisks(
                **machine.about,
                machine=machine.text("properties.vmId").lower(),
                disks=tuple(
                    f"{place}={subscription.resource(_managed(disk))}"
                    for place, disk in places.items()
                    if _managed(disk)
                ),
                # https://learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks
                system_disk_temporary=system.text("diffDiskSettings.option", "") == "Local",
                managed_disks=not any(disk.has("vhd") for disk in disks),
                # Left out where nobody asked for it:
                # https://learn.microsoft.com/azure/virtual-machines/disk-encryption
                encrypted_at_host=machine.flag("properties.securityProfile.encryptionAtHost", default=False),
            )


def _managed(disk: Fields) -> str:
    return disk.text("managedDisk.id", "")
