from datetime import UTC, datetime
from typing import Any

from checks.keys import Key, KeyStore, Protector, Secret, SharedKeys, Vault
from checks.keys.azure import (
    disk_encryption_sets,
    managed_hsms,
    sql_managed_instances,
    sql_servers,
    storage_accounts,
    vault_keys,
    vault_secrets,
    vaults,
)
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers/"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/"
MADE = datetime(2026, 1, 2, tzinfo=UTC)
ENDS = datetime(2027, 1, 2, tzinfo=UTC)


def arm(path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource by its path below a provider, as in Microsoft.KeyVault/vaults/ehr."""
    provider, *parts = path.split("/")
    return {
        "id": GROUP + path,
        "name": parts[-1],
        "type": "/".join((provider, *parts[::2])),
        "properties": properties,
        **more,
    }


def tracked(path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return arm(path, properties, location="westeurope", **more)


STORE = "Microsoft.KeyVault/vaults/ehr"
OLD = "Microsoft.KeyVault/vaults/old"
SKU = {"family": "A", "name": "standard"}

VAULTS = world(
    vaults,
    {
        "Microsoft.KeyVault/vaults/read": [
            tracked(
                STORE,
                {
                    "sku": SKU,
                    "enableSoftDelete": True,
                    "softDeleteRetentionInDays": 30,
                    "enablePurgeProtection": True,
                    "enableRbacAuthorization": True,
                },
                tags={"owner": "security"},
            ),
            tracked(
                "Microsoft.KeyVault/vaults/new",
                {"sku": SKU, "enableSoftDelete": True, "enableRbacAuthorization": False},
            ),
            tracked(OLD, {"sku": SKU, "softDeleteRetentionInDays": 90}),
        ]
    },
)

HSMS = world(
    managed_hsms,
    {
        "Microsoft.KeyVault/managedHSMs/read": [
            tracked(
                "Microsoft.KeyVault/managedHSMs/ehr",
                {"enableSoftDelete": True, "softDeleteRetentionInDays": 7, "enablePurgeProtection": True},
            ),
            tracked("Microsoft.KeyVault/managedHSMs/lab", {"enablePurgeProtection": False}),
        ]
    },
)


def attributes(*, ends: bool, enabled: bool = True) -> dict[str, Any]:
    told = {"enabled": enabled, "created": int(MADE.timestamp()), "updated": int(ENDS.timestamp())}
    return {"attributes": told | ({"exp": int(ENDS.timestamp())} if ends else {})}


def key(name: str, *actions: str, ends: bool) -> dict[str, Any]:
    policy = {
        "attributes": {"expiryTime": "P2Y"},
        "lifetimeActions": [
            {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": action}} for action in actions
        ],
    }
    properties = {**attributes(ends=ends), "rotationPolicy": policy if actions else None}
    return arm(f"{STORE}/keys/{name}", properties, location="westeurope")


KEYS = world(
    vault_keys,
    {
        "Microsoft.KeyVault/vaults/read": [tracked(STORE, {"sku": SKU}), tracked(OLD, {"sku": SKU})],
        "Microsoft.KeyVault/vaults/keys/read": [
            key("disks", "rotate", "notify", ends=True),
            key("backups", "notify", ends=True),
            key("forever", ends=False),
        ],
    },
)
SECRETS = world(
    vault_secrets,
    {
        "Microsoft.KeyVault/vaults/read": [tracked(STORE, {"sku": SKU}), tracked(OLD, {"sku": SKU})],
        "Microsoft.KeyVault/vaults/secrets/read": [
            arm(f"{STORE}/secrets/database", attributes(ends=True)),
            arm(f"{OLD}/secrets/mail", attributes(ends=False, enabled=False)),
        ],
    },
)

SET = "Microsoft.Compute/diskEncryptionSets/"
SETS = world(
    disk_encryption_sets,
    {
        "Microsoft.Compute/diskEncryptionSets/read": [
            tracked(
                f"{SET}ehr",
                {
                    "encryptionType": "EncryptionAtRestWithCustomerKey",
                    "activeKey": {"keyUrl": "https://ehr.vault.azure.net/keys/disks/1"},
                    "rotationToLatestKeyVersionEnabled": True,
                },
            ),
            tracked(f"{SET}pinned", {"encryptionType": "EncryptionAtRestWithCustomerKey"}),
        ]
    },
)

OWN = {"serverKeyType": "AzureKeyVault", "serverKeyName": "ehr_sql_1"}
SERVER = "Microsoft.Sql/servers/"
SERVERS = world(
    sql_servers,
    {
        "Microsoft.Sql/servers/read": [
            tracked(SERVER + name, {"state": "Ready"}) for name in ("clinic", "lab", "pinned")
        ],
        "Microsoft.Sql/servers/encryptionProtector/read": [
            arm(f"{SERVER}clinic/encryptionProtector/current", OWN | {"autoRotationEnabled": True}),
            arm(
                f"{SERVER}lab/encryptionProtector/current",
                {"serverKeyType": "ServiceManaged", "autoRotationEnabled": False},
            ),
            arm(f"{SERVER}pinned/encryptionProtector/current", OWN),
        ],
    },
)
INSTANCE = "Microsoft.Sql/managedInstances/ward"
INSTANCES = world(
    sql_managed_instances,
    {
        "Microsoft.Sql/managedInstances/read": [tracked(INSTANCE, {"state": "Ready"})],
        "Microsoft.Sql/managedInstances/encryptionProtector/read": [
            arm(f"{INSTANCE}/encryptionProtector/current", OWN | {"autoRotationEnabled": True}),
        ],
    },
)

ACCOUNT = "Microsoft.Storage/storageAccounts/"
ACCOUNTS = world(
    storage_accounts,
    {
        "Microsoft.Storage/storageAccounts/read": [
            tracked(
                f"{ACCOUNT}images",
                {
                    "keyCreationTime": {
                        "key1": "2026-10-01T00:00:00.0000000Z",
                        "key2": "2026-01-02T00:00:00Z",
                    },
                    "keyPolicy": {"keyExpirationPeriodInDays": 90},
                    "allowSharedKeyAccess": True,
                },
                tags={"phi": "true"},
            ),
            tracked(
                f"{ACCOUNT}closed",
                {
                    "keyCreationTime": {"key1": "2026-01-02T00:00:00Z", "key2": None},
                    "allowSharedKeyAccess": False,
                },
            ),
            tracked(f"{ACCOUNT}old", {"keyCreationTime": {"key1": None, "key2": None}}),
        ]
    },
)


def test_vaults() -> None:
    assert observe(vaults, VAULTS) == [
        Vault(
            resource=f"{ID}Microsoft.KeyVault/vaults/{name}",
            region="westeurope",
            soft_delete=days is not None,
            soft_delete_days=days,
            purge_protected=protected,
            role_based=roles,
            tags=tags,
        )
        for name, days, protected, roles, tags in [
            ("ehr", 30, True, True, {"owner": "security"}),
            ("new", 90, False, False, {}),
            ("old", None, False, False, {}),
        ]
    ]


def test_managed_hsms() -> None:
    assert observe(managed_hsms, HSMS) == [
        KeyStore(
            resource=f"{ID}Microsoft.KeyVault/managedHSMs/{name}",
            region="westeurope",
            soft_delete=True,
            soft_delete_days=days,
            purge_protected=protected,
            tags={},
        )
        for name, days, protected in [("ehr", 7, True), ("lab", 90, False)]
    ]


def test_keys_of_vaults() -> None:
    assert observe(vault_keys, KEYS) == [
        Key(
            resource=f"{ID}{STORE}/keys/{name}",
            region="westeurope",
            enabled=True,
            expires_at=ends,
            rotated_at=MADE,
            rotated_automatically=rotated,
            tags={},
        )
        for name, ends, rotated in [("disks", ENDS, True), ("backups", ENDS, False), ("forever", None, False)]
    ]


def test_secrets_of_vaults() -> None:
    assert observe(vault_secrets, SECRETS) == [
        Secret(
            resource=f"{ID}{name}",
            enabled=enabled,
            expires_at=ends,
            rotated_at=MADE,
            tags={},
        )
        for name, enabled, ends in [
            (f"{STORE}/secrets/database", True, ENDS),
            (f"{OLD}/secrets/mail", False, None),
        ]
    ]


def test_a_secret_of_which_nothing_is_told_is_refused() -> None:
    told = {**SECRETS, "Microsoft.KeyVault/vaults/secrets/read": [arm(f"{STORE}/secrets/odd", {})]}

    sight = look(vault_secrets, told)

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [f"{ID}{STORE}/secrets/odd"]


def test_disk_encryption_sets() -> None:
    assert observe(disk_encryption_sets, SETS) == [
        Protector(
            resource=ID + SET + name,
            region="westeurope",
            key_manager="customer",
            rotated_automatically=rotated,
            tags={},
        )
        for name, rotated in [("ehr", True), ("pinned", False)]
    ]


def test_protectors_of_sql() -> None:
    assert [*observe(sql_servers, SERVERS), *observe(sql_managed_instances, INSTANCES)] == [
        Protector(
            resource=ID + name,
            region="westeurope",
            key_manager=manager,
            rotated_automatically=rotated,
            tags={},
        )
        for name, manager, rotated in [
            (f"{SERVER}clinic", "customer", True),
            (f"{SERVER}lab", "provider", True),
            (f"{SERVER}pinned", "customer", False),
            (INSTANCE, "customer", True),
        ]
    ]


def test_keys_of_storage_accounts() -> None:
    assert observe(storage_accounts, ACCOUNTS) == [
        SharedKeys(
            resource=ID + ACCOUNT + name,
            region="westeurope",
            shared_keys=usable,
            rotated_at=made,
            key_max_age_days=days,
            tags=tags,
        )
        for name, usable, made, days, tags in [
            ("images", True, MADE, 90, {"phi": "true"}),
            ("closed", False, None, None, {}),
            ("old", True, None, None, {}),
        ]
    ]
