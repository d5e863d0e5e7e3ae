from typing import Any

from checks.storage import MachineDisks
from checks.storage.azure import virtual_machines
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers/Microsoft.Compute/"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/Microsoft.Compute/virtualMachines/"
DISK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/Microsoft.Compute/disks/"
VM_ID = "1a2b3c4d-5e6f-4a1b-8c2d-0123456789ab"
VHD = {"vhd": {"uri": "https://ehrdisks.blob.core.windows.net/vhds/os.vhd"}}


def managed(name: str) -> dict[str, Any]:
    return {"name": name, "caching": "ReadWrite", "managedDisk": {"id": f"{GROUP}disks/{name}"}}


def machine(name: str, system: dict[str, Any], *data: dict[str, Any], **more: Any) -> dict[str, Any]:
    lettered = [{"lun": lun, "createOption": "Attach", **disk} for lun, disk in enumerate(data)]
    return {
        "id": f"{GROUP}virtualMachines/{name}",
        "name": name,
        "type": "Microsoft.Compute/virtualMachines",
        "location": "westeurope",
        "properties": {
            "vmId": VM_ID.upper(),
            "storageProfile": {"osDisk": system, "dataDisks": lettered},
            **more,
        },
    }


MACHINES = world(
    virtual_machines,
    {
        "Microsoft.Compute/virtualMachines/read": [
            machine(
                "Ehr",
                managed("system"),
                managed("records"),
                securityProfile={"encryptionAtHost": True, "securityType": "TrustedLaunch"},
            ),
            machine("old", VHD),
            machine(
                "mixed",
                managed("mixed") | {"diffDiskSettings": {"option": "Local"}},
                managed("more") | {"lun": 5},
                VHD,
            ),
        ]
    },
)


def test_virtual_machines() -> None:
    assert observe(virtual_machines, MACHINES) == [
        MachineDisks(
            resource=ID + name,
            region="westeurope",
            managed_disks=name == "ehr",
            encrypted_at_host=name == "ehr",
            machine=VM_ID,
            disks=tuple(f"{place}={DISK}{disk}" for place, disk in disks.items()),
            system_disk_temporary=name == "mixed",
            tags={},
        )
        for name, disks in {
            "ehr": {"system": "system", "lun 0": "records"},
            "old": {},
            "mixed": {"system": "mixed", "lun 5": "more"},
        }.items()
    ]


def test_a_machine_whose_disks_are_not_told_is_refused() -> None:
    odd = machine("odd", managed("odd")) | {"properties": {"storageProfile": {"diskControllerType": "SCSI"}}}

    sight = look(virtual_machines, {"Microsoft.Compute/virtualMachines/read": [odd]})

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [f"{ID}odd"]
