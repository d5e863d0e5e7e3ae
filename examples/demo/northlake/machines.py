"""Virtual machines, their disks, how they are kept up to date, and the machines in the wards."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .networks import GROUP as NETWORK
from .networks import address, interface
from .parts import KEYS, Held, ago, called, child, number, resource, subnet

GROUP = "ehr"
_AGENTS = {
    "Linux": (
        ("MDE.Linux", "Microsoft.Azure.AzureDefenderForServers", "MDE.Linux"),
        ("AzureMonitorLinuxAgent", "Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent"),
        ("AzurePolicyforLinux", "Microsoft.GuestConfiguration", "ConfigurationforLinux"),
    ),
    "Windows": (
        ("MDE.Windows", "Microsoft.Azure.AzureDefenderForServers", "MDE.Windows"),
        ("AzureMonitorWindowsAgent", "Microsoft.Azure.Monitor", "AzureMonitorWindowsAgent"),
        ("AzurePolicyforWindows", "Microsoft.GuestConfiguration", "ConfigurationforWindows"),
    ),
}
_IMAGES = {
    "ubuntu-22.04": ("Linux", "Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2"),
    "ubuntu-18.04": ("Linux", "Canonical", "UbuntuServer", "18_04-lts-gen2"),
    "windows-2022": ("Windows", "MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition"),
    "windows-2012": ("Windows", "MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter"),
}


@dataclass(frozen=True, kw_only=True)
class _Machine:
    name: str
    image: str
    at: str
    """The subnet that it is in."""
    phi: bool = True
    kept: bool = True
    """Whether it has the agents, the customer's key and the patching that the hospital wants."""
    running: bool = True
    assessed_days: int | None = 0
    missing: int = 0
    public: bool = False


_MACHINES = (
    _Machine(name="ehr-app-1", image="ubuntu-22.04", at=subnet("ehr")),
    _Machine(name="ehr-app-2", image="ubuntu-22.04", at=subnet("ehr")),
    # Nobody has looked since the last good assessment.
    _Machine(name="pacs-1", image="windows-2022", at=subnet("ehr"), assessed_days=40),
    _Machine(name="radiology-reading", image="windows-2022", at=subnet("desktops"), missing=3),
    # Switched off: nothing can be looked at, and nothing runs.
    _Machine(name="dictation", image="windows-2022", at=subnet("ehr"), running=False, assessed_days=120),
    _Machine(
        name="vendor-jump",
        image="windows-2012",
        at=subnet("vendors"),
        phi=False,
        kept=False,
        assessed_days=None,
        public=True,
    ),
    _Machine(
        name="lab-gateway",
        image="ubuntu-18.04",
        at=called(NETWORK, "Microsoft.Network/virtualNetworks", "laboratory") + "/subnets/analysers",
        kept=False,
        assessed_days=2,
        missing=57,
        public=True,
    ),
)


def resources(now: datetime) -> Iterator[Held]:
    """The machines and what belongs to them."""
    for machine in _MACHINES:
        yield _virtual_machine(machine, now)
        yield _interface(machine)
        yield _disk(f"{machine.name}-os", machine.name, own_key=machine.kept, phi=machine.phi)
        for name, publisher, kind in _AGENTS[_IMAGES[machine.image][0]] if machine.kept else ():
            yield _extension(machine.name, name, publisher, kind)
    yield _disk("ehr-documents", "ehr-app-1", own_key=True, phi=True)
    yield _disk("pacs-cache", "pacs-1", own_key=True, phi=True)
    yield _disk("migration-scratch", None, own_key=False, phi=True)
    yield resource(
        GROUP,
        "Microsoft.Compute/diskEncryptionSets",
        "records",
        {
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "activeKey": {"keyUrl": f"{KEYS}/keys/disks/6a1f"},
            "rotationToLatestKeyVersionEnabled": True,
        },
    )
    yield _just_in_time()
    for name, system, connected in (("ward-3-kiosk", "12", True), ("pharmacy-robot", "9", False)):
        yield _in_the_wards(name, system, connected=connected)


def machine(name: str) -> str:
    """The id of a virtual machine."""
    return called(GROUP, "Microsoft.Compute/virtualMachines", name)


def names() -> Iterator[str]:
    """What the virtual machines are called."""
    return (each.name for each in _MACHINES)


def _tags(phi: bool) -> dict[str, str]:
    return {"owner": "ehr", "phi": "true" if phi else "false"}


def _virtual_machine(machine: _Machine, now: datetime) -> Held:
    system, publisher, offer, sku = _IMAGES[machine.image]
    patching: Held = {"patchMode": "ImageDefault" if system == "Linux" else "AutomaticByOS"}
    if machine.kept:
        patching = {"patchMode": "AutomaticByPlatform", "assessmentMode": "AutomaticByPlatform"}
    settings = "linuxConfiguration" if system == "Linux" else "windowsConfiguration"
    identity = {"identity": {"type": "SystemAssigned"}} if machine.kept else {}
    return resource(
        GROUP,
        "Microsoft.Compute/virtualMachines",
        machine.name,
        {
            "provisioningState": "Succeeded",
            "vmId": number(f"machine {machine.name}"),
            "hardwareProfile": {"vmSize": "Standard_D4s_v3"},
            "osProfile": {
                "computerName": machine.name,
                settings: {"provisionVMAgent": True, "patchSettings": patching},
            },
            "storageProfile": {
                "imageReference": {
                    "publisher": publisher,
                    "offer": offer,
                    "sku": sku,
                    "version": "latest",
                    "exactVersion": "1.0.20260101",
                },
                "osDisk": {
                    "osType": system,
                    "createOption": "FromImage",
                    "name": f"{machine.name}-os",
                    "managedDisk": {"id": called(GROUP, "Microsoft.Compute/disks", f"{machine.name}-os")},
                },
                "dataDisks": [],
            },
            "networkProfile": {
                "networkInterfaces": [{"id": interface(machine.name), "properties": {"primary": True}}]
            },
            "securityProfile": {"encryptionAtHost": machine.kept},
            "instanceView": _view(machine, now),
        },
        tags=_tags(machine.phi),
        **identity,
    )


def _view(machine: _Machine, now: datetime) -> Held:
    power = "running" if machine.running else "deallocated"
    view: Held = {
        "statuses": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Provisioning succeeded",
            },
            {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"},
        ]
    }
    if machine.assessed_days is not None:
        view["patchStatus"] = {
            "availablePatchSummary": {
                "status": "Succeeded",
                "rebootPending": bool(machine.missing),
                "criticalAndSecurityPatchCount": machine.missing,
                "otherPatchCount": 2 * machine.missing,
                "startTime": ago(now, machine.assessed_days + 0.2),
                "lastModifiedTime": ago(now, machine.assessed_days + 0.1),
            }
        }
    return view


def _interface(machine: _Machine) -> Held:
    public = {"publicIPAddress": {"id": address(machine.name)}} if machine.public else {}
    return resource(
        NETWORK,
        "Microsoft.Network/networkInterfaces",
        machine.name,
        {
            "provisioningState": "Succeeded",
            "enableIPForwarding": False,
            "virtualMachine": {"id": called(GROUP, "Microsoft.Compute/virtualMachines", machine.name)},
            "ipConfigurations": [
                {
                    "name": "ipconfig1",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "primary": True,
                        "privateIPAddressVersion": "IPv4",
                        "privateIPAllocationMethod": "Dynamic",
                        "privateIPAddress": f"10.40.1.{4 + len(machine.name)}",
                        "subnet": {"id": machine.at},
                        **public,
                    },
                }
            ],
        },
    )


def _disk(name: str, holder: str | None, *, own_key: bool, phi: bool) -> Held:
    encryption = {"type": "EncryptionAtRestWithPlatformKey"}
    if own_key:
        encryption = {
            "type": "EncryptionAtRestWithCustomerKey",
            "diskEncryptionSetId": called(GROUP, "Microsoft.Compute/diskEncryptionSets", "records"),
        }
    managed = {"managedBy": machine(holder)} if holder else {}
    state = "Attached" if holder else "Unattached"
    return resource(
        GROUP,
        "Microsoft.Compute/disks",
        name,
        {"diskSizeGB": 256, "diskState": state, "encryption": encryption},
        sku={"name": "Premium_LRS"},
        tags=_tags(phi),
        **managed,
    )


def _extension(holder: str, name: str, publisher: str, kind: str) -> Held:
    return child(
        {"id": machine(holder), "type": "Microsoft.Compute/virtualMachines"},
        "extensions",
        name,
        {
            "publisher": publisher,
            "type": kind,
            "typeHandlerVersion": "1.0",
            "provisioningState": "Succeeded",
            "autoUpgradeMinorVersion": True,
        },
    )


def _just_in_time() -> Held:
    """Doors for administrators that are shut but for the hour in which somebody asked."""
    ports = [
        {
            "number": 22,
            "protocol": "TCP",
            "allowedSourceAddressPrefix": "10.40.0.0/16",
            "maxRequestAccessDuration": "PT3H",
        }
    ]
    return {
        "id": called(GROUP, "Microsoft.Security/locations/eastus/jitNetworkAccessPolicies", "default"),
        "name": "default",
        "type": "Microsoft.Security/locations/jitNetworkAccessPolicies",
        "kind": "Basic",
        "location": "eastus",
        "properties": {
            "provisioningState": "Succeeded",
            "virtualMachines": [{"id": machine(name), "ports": ports} for name in ("ehr-app-1", "ehr-app-2")],
        },
    }


def _in_the_wards(name: str, system: str, *, connected: bool) -> Held:
    """A machine of the hospital's own, which Azure Arc knows of."""
    mode = "AutomaticByPlatform" if connected else "ImageDefault"
    return resource(
        "wards",
        "Microsoft.HybridCompute/machines",
        name,
        {
            "status": "Connected" if connected else "Disconnected",
            "agentVersion": "1.47",
            "osType": "linux",
            "osName": "debian",
            "osVersion": system,
            "osProfile": {
                "linuxConfiguration": {"patchSettings": {"patchMode": mode, "assessmentMode": mode}}
            },
        },
        tags={"owner": "wards", "phi": "true"},
    )
