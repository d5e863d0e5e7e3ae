"""Encryption at rest on Azure."""

from collections.abc import Iterator
from typing import Literal

from scanner import AzureSubscription, check

from . import AtRest

Manager = Literal["provider", "customer"]

# What these do not list was not thought of: it is a bug to be told, and not a guess.
_DISKS: dict[str, Manager] = {
    "EncryptionAtRestWithPlatformKey": "provider",
    "EncryptionAtRestWithCustomerKey": "customer",
    "EncryptionAtRestWithPlatformAndCustomerKeys": "customer",
}
_CONFIDENTIAL = "ConfidentialVM_DiskEncryptedWithCustomerKey"
_ACCOUNTS: dict[str, Manager] = {"microsoft.storage": "provider", "microsoft.keyvault": "customer"}


@check("Microsoft.Compute/disks/read")
def disks(subscription: AzureSubscription) -> Iterator[AtRest]:
    """Who holds the key of managed disks.

    Azure encrypts every managed disk at rest, and that cannot be turned off. Where a key of Azure's and one
    of the customer's encrypt a disk, one within the other, the customer holds the key; so, too, where a
    confidential machine encrypts its disk with the customer's key.
    """
    for disk in subscription.all("Microsoft.Compute/disks/read"):
        properties = disk["properties"]
        confidential = (properties.get("securityProfile") or {}).get("securityType") == _CONFIDENTIAL
        machines = {disk.get("managedBy"), *(disk.get("managedByExtended") or ())} - {None}
        yield AtRest(
            resource=subscription.resource(disk["id"]),
            region=subscription.region(disk),
            encrypted=True,
            key_manager="customer" if confidential else _DISKS[properties["encryption"]["type"]],
            tags=subscription.tags(disk.get("tags")),
            links=tuple(sorted(subscription.resource(machine) for machine in machines)),
        )


@check("Microsoft.Storage/storageAccounts/read")
def storage_accounts(subscription: AzureSubscription) -> Iterator[AtRest]:
    """Who holds the key of storage accounts.

    Azure encrypts everything in a storage account at rest, and that cannot be turned off. A customer's key is
    for blobs and files; queues and tables, and encryption scopes of their own, may have another.
    """
    for account in subscription.all("Microsoft.Storage/storageAccounts/read"):
        encryption = account["properties"]["encryption"]
        yield AtRest(
            resource=subscription.resource(account["id"]),
            region=subscription.region(account),
            encrypted=True,
            key_manager=_ACCOUNTS[encryption["keySource"].lower()],
            tags=subscription.tags(account.get("tags")),
        )
