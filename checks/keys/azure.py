"""Keys on Azure: key vaults and what they hold, and the keys of stores."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from scanner import AzureSubscription, Resource, check

from . import Key, KeyStore, Protector, Secret, SharedKeys, Vault

Manager = Literal["provider", "customer"]

_PROTECTORS: dict[str, Manager] = {"ServiceManaged": "provider", "AzureKeyVault": "customer"}
_SOFT_DELETE_DAYS = 90
"""How long deleted things are kept where nothing else is said:
https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview."""


@check("Microsoft.KeyVault/vaults/read")
def vaults(subscription: AzureSubscription) -> Iterator[Vault]:
    """Whether key vaults can be brought back when they are deleted, and who decides on access to them."""
    for vault in subscription.all("Microsoft.KeyVault/vaults/read"):
        with subscription.reading(vault.id):
            # Left out by vaults made before each got it; roles and protection are left out where nobody asked
            # for them: https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/get
            yield Vault(
                **vault.about,
                **_kept(vault, soft_delete=vault.flag("properties.enableSoftDelete", default=False)),
                role_based=vault.flag("properties.enableRbacAuthorization", default=False),
            )


@check("Microsoft.KeyVault/managedHSMs/read")
def managed_hsms(subscription: AzureSubscription) -> Iterator[KeyStore]:
    """Whether managed HSMs can be brought back when they are deleted.

    Soft delete cannot be turned off; protection against purging is a choice.
    """
    for hsm in subscription.all("Microsoft.KeyVault/managedHSMs/read"):
        with subscription.reading(hsm.id):
            yield KeyStore(**hsm.about, **_kept(hsm, soft_delete=True))


def _kept(store: Resource, *, soft_delete: bool) -> dict[str, Any]:
    days = store.number("properties.softDeleteRetentionInDays", _SOFT_DELETE_DAYS)
    return {
        "soft_delete": soft_delete,
        "soft_delete_days": days if soft_delete else None,
        "purge_protected": soft_delete and store.flag("properties.enablePurgeProtection", default=False),
    }


@check("Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/keys/read")
def vault_keys(subscription: AzureSubscription) -> Iterator[Key]:
    """When keys of key vaults expire, and whether they are rotated.

    A key that belongs to a certificate is replaced with it, and has no rotation policy. Neither the key nor
    what is encrypted with it can be read so.
    """
    need = "Microsoft.KeyVault/vaults/keys/read"

    def listed(vault: Resource) -> list[Resource]:
        return list(subscription.all(need, of=vault.id))

    def read(known: Resource) -> Key:
        # Of the rotation policy only the key itself tells.
        key = subscription.one(need, known.id)
        actions = key.parts("properties.rotationPolicy.lifetimeActions")
        kinds = {action.text("action.type").lower() for action in actions}
        return Key(**_lifetime(key), rotated_automatically="rotate" in kinds)

    found = subscription.each(subscription.all("Microsoft.KeyVault/vaults/read"), listed)
    yield from subscription.each((key for keys in found for key in keys), read)


@check("Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/secrets/read")
def vault_secrets(subscription: AzureSubscription) -> Iterator[Secret]:
    """When secrets of key vaults expire. Their values are not told by this interface, and never asked for."""

    def read(vault: Resource) -> list[Secret]:
        seen = []
        for secret in subscription.all("Microsoft.KeyVault/vaults/secrets/read", of=vault.id):
            with subscription.reading(secret.id):
                seen.append(Secret(**_lifetime(secret)))
        return seen

    for found in subscription.each(subscription.all("Microsoft.KeyVault/vaults/read"), read):
        yield from found


def _lifetime(held: Resource) -> dict[str, Any]:
    return {
        **held.about,
        "enabled": held.flag("properties.attributes.enabled"),
        "expires_at": held.moment("properties.attributes.exp", None),
        # A version never changes, so it was made when its predecessor was replaced.
        "rotated_at": held.moment("properties.attributes.created"),
    }


@check("Microsoft.Compute/diskEncryptionSets/read")
def disk_encryption_sets(subscription: AzureSubscription) -> Iterator[Protector]:
    """Whether disk encryption sets take up new versions of their keys.

    Where two keys encrypt the disks, this is about the customer's.
    """
    for held in subscription.all("Microsoft.Compute/diskEncryptionSets/read"):
        with subscription.reading(held.id):
            yield Protector(
                **held.about,
                key_manager="customer",
                # Left out where nobody asked for it:
                # https://learn.microsoft.com/azure/virtual-machines/disk-encryption
                rotated_automatically=held.flag(
                    "properties.rotationToLatestKeyVersionEnabled", default=False
                ),
            )


@check("Microsoft.Sql/servers/read", "Microsoft.Sql/servers/encryptionProtector/read")
def sql_servers(subscription: AzureSubscription) -> Iterator[Protector]:
    """Who holds the key that protects the databases of an Azure SQL server, and whether it is rotated."""
    servers = subscription.all("Microsoft.Sql/servers/read")
    yield from _protectors(subscription, servers, "Microsoft.Sql/servers/encryptionProtector/read")


@check("Microsoft.Sql/managedInstances/read", "Microsoft.Sql/managedInstances/encryptionProtector/read")
def sql_managed_instances(subscription: AzureSubscription) -> Iterator[Protector]:
    """Who holds the key that protects the databases of a SQL managed instance, and whether it is rotated."""
    instances = subscription.all("Microsoft.Sql/managedInstances/read")
    yield from _protectors(subscription, instances, "Microsoft.Sql/managedInstances/encryptionProtector/read")


def _protectors(
    subscription: AzureSubscription, servers: Iterator[Resource], need: str
) -> Iterator[Protector]:
    def read(server: Resource) -> Protector:
        current = subscription.one(need, f"{server.id}/encryptionProtector/current")
        manager = current.word("properties.serverKeyType", _PROTECTORS)
        own = current.flag("properties.autoRotationEnabled", default=False)
        # Azure replaces its own: https://learn.microsoft.com/azure/azure-sql/database/transparent-data-encryption-tde-overview
        return Protector(
            **server.about, key_manager=manager, rotated_automatically=manager == "provider" or own
        )

    yield from subscription.each(servers, read)


@check("Microsoft.Storage/storageAccounts/read")
def storage_accounts(subscription: AzureSubscription) -> Iterator[SharedKeys]:
    """When the keys of storage accounts were made, and whether they open anything.

    Azure has noted it since 2021; an account whose keys are older has to have them made anew once.
    """
    for account in subscription.all("Microsoft.Storage/storageAccounts/read"):
        with subscription.reading(account.id):
            made: list[datetime | None] = [
                account.moment(f"properties.keyCreationTime.{key}", None) for key in ("key1", "key2")
            ]
            known = [moment for moment in made if moment is not None]
            yield SharedKeys(
                **account.about,
                # Left out, they can be used:
                # https://learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent
                shared_keys=account.flag("properties.allowSharedKeyAccess", default=True),
                rotated_at=min(known) if len(known) == len(made) else None,
                key_max_age_days=account.number("properties.keyPolicy.keyExpirationPeriodInDays", None),
            )
