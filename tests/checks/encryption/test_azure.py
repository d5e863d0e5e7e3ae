import pytest

from checks.encryption import AtRest
from checks.encryption.azure import disks, storage_accounts
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"


def disk(name: str, encryption: str, security: str = "TrustedLaunch", **more: object) -> dict[str, object]:
    return {
        "id": f"{GROUP}/providers/Microsoft.Compute/disks/{name}",
        "name": name,
        "type": "Microsoft.Compute/disks",
        "location": "westeurope",
        "sku": {"name": "Premium_LRS", "tier": "Premium"},
        "properties": {
            "diskSizeGB": 128,
            "diskState": "Attached",
            "encryption": {"type": encryption},
            "securityProfile": {"securityType": security},
        },
        **more,
    }


def account(name: str, source: str, **more: object) -> dict[str, object]:
    services = {service: {"enabled": True, "keyType": "Account"} for service in ("blob", "file")}
    return {
        "id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}",
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": "West Europe",
        "kind": "StorageV2",
        "properties": {"encryption": {"keySource": source, "services": services}},
        **more,
    }


VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/"

DISKS = world(
    disks,
    {
        "Microsoft.Compute/disks/read": [
            disk("Records", "EncryptionAtRestWithCustomerKey", tags={"phi": "true"}, managedBy=f"{VM}ehr-1"),
            disk("scratch", "EncryptionAtRestWithPlatformKey"),
            disk(
                "shared",
                "EncryptionAtRestWithPlatformAndCustomerKeys",
                managedBy=f"{VM}ehr-1",
                managedByExtended=[f"{VM}EHR-2", f"{VM}ehr-1"],
            ),
            disk(
                "secret",
                "EncryptionAtRestWithPlatformKey",
                "ConfidentialVM_DiskEncryptedWithCustomerKey",
            ),
        ]
    },
)
ACCOUNTS = world(
    storage_accounts,
    {
        "Microsoft.Storage/storageAccounts/read": [
            account("images", "Microsoft.Keyvault", tags={"owner": "radiology"}),
            account("logs", "Microsoft.Storage"),
        ]
    },
)


def test_disks() -> None:
    machine = f"{ID}/Microsoft.Compute/virtualMachines/"

    assert observe(disks, DISKS) == [
        AtRest(
            resource=f"{ID}/Microsoft.Compute/disks/{name}",
            region="westeurope",
            encrypted=True,
            key_manager=manager,
            tags=tags,
            links=tuple(machine + name for name in machines),
        )
        for name, manager, tags, machines in [
            ("records", "customer", {"phi": "true"}, ["ehr-1"]),
            ("scratch", "provider", {}, []),
            ("shared", "customer", {}, ["ehr-1", "ehr-2"]),
            ("secret", "customer", {}, []),
        ]
    ]


def test_storage_accounts() -> None:
    assert observe(storage_accounts, ACCOUNTS) == [
        AtRest(
            resource=f"{ID}/Microsoft.Storage/storageAccounts/{name}",
            region="westeurope",
            encrypted=True,
            key_manager=manager,
            tags=tags,
        )
        for name, manager, tags in [
            ("images", "customer", {"owner": "radiology"}),
            ("logs", "provider", {}),
        ]
    ]


def test_a_kind_of_encryption_that_is_new_is_a_bug_and_no_guess() -> None:
    with pytest.raises(KeyError, match="EncryptionAtRestWithTea"):
        look(disks, {"Microsoft.Compute/disks/read": [disk("new", "EncryptionAtRestWithTea")]})


def test_a_subscription_without_disks() -> None:
    assert observe(disks, {"Microsoft.Compute/disks/read": []}) == []
