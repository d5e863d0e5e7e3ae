"""Storage of Azure's machines: where their disks lie."""

from collections.abc import Iterator

from scanner import AzureSubscription, check

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
            disks = [storage.part("osDisk"), *storage.parts("dataDisks")]
            yield MachineDisks(
                **machine.about,
                managed_disks=not any(disk.has("vhd") for disk in disks),
                # Left out where nobody asked for it:
                # https://learn.microsoft.com/azure/virtual-machines/disk-encryption
                encrypted_at_host=machine.flag("properties.securityProfile.encryptionAtHost", default=False),
            )
