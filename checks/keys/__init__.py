"""Keys: what protects keys and secrets: expiry, rotation, and whether one that is deleted comes back.

A family of its own, since it speaks of keys and of what keeps them, and the family encryption of stores.
"""

from datetime import datetime
from typing import Literal

from scanner import Facts


class KeyStore(Facts):
    """How a store of keys guards them against being deleted."""

    soft_delete: bool
    """Whether what is deleted, the store itself included, can be brought back for some time."""
    soft_delete_days: int | None
    """For how many days it can; none when it cannot."""
    purge_protected: bool
    """Whether nobody, not even an administrator, can end that time early."""


class Vault(KeyStore):
    """How a vault guards keys and secrets against being deleted, and who decides on access to them."""

    role_based: bool
    """Whether access is granted by roles; if not, by a list of the vault's own, which its contributors can
    change in their own favour."""


class Secret(Facts):
    """How long a secret is good for. What it is was not read."""

    enabled: bool
    """Whether it can be used now, its dates apart."""
    expires_at: datetime | None
    """When it ends; none when it never does."""
    rotated_at: datetime
    """When its current version was made."""


class Key(Secret):
    """How long a key is good for, and what replaces it."""

    rotated_automatically: bool
    """Whether a policy makes a new version of it in time, without anybody's doing."""


class Protector(Facts):
    """The key that encrypts the keys of a store."""

    key_manager: Literal["provider", "customer"]
    """Who holds it."""
    rotated_automatically: bool
    """Whether the store takes up a new version of the key by itself; of the
    provider's key it always does."""


class SharedKeys(Facts):
    """The keys that open a whole account to whoever has one."""

    shared_keys: bool
    """Whether they can be used; if not, who wants in has to sign in."""
    rotated_at: datetime | None
    """When the older of them was made; none when some was made before the platform wrote it down."""
    key_max_age_days: int | None
    """After how many days the account reminds of making them anew; none if it never does."""


class CustomerKey(Facts):
    """A key of the customer's that a platform keeps, without versions that could be told apart."""

    enabled: bool
    """Whether it can be used now."""
    deletion_at: datetime | None
    """When it will be deleted; none when nobody asked for that."""
    expires_at: datetime | None
    """When the platform forgets what the customer brought; none when that is not to happen."""
    origin: Literal["provider", "customer", "hsm", "external"]
    """Where it was made: by the platform, by the customer who brought it, in the customer's HSM at the
    platform, or in a store of keys outside of it."""
    multi_region: bool
    """Whether the same key is, or can be, in several regions."""


class KeyRotation(Facts):
    """Whether a key is replaced in time, of those that a platform can replace by itself."""

    rotated_automatically: bool
    """Whether the platform makes new material for it in time, without anybody's doing."""
    rotation_days: int | None
    """Every how many days it does; none when it does not."""


class ManagedSecret(Facts):
    """How often a secret is replaced. What it is was not read."""

    rotated_automatically: bool
    """Whether it is replaced on a schedule, without anybody's doing."""
    rotated_at: datetime | None
    """When that was last done to its end; none when it never was."""
    changed_at: datetime | None
    """When anything about it was last changed, be it only its description; none when nothing ever was."""
    deletion_at: datetime | None
    """When somebody asked for it to be deleted; none when nobody did."""


class Certificate(Facts):
    """How long a certificate is good for."""

    issued: bool
    """Whether it was issued, and not revoked since; it may have ended."""
    expires_at: datetime | None
    """When it ends; none when it was never issued."""
    in_use: bool
    """Whether some service of the platform shows it to visitors."""
    renewed_automatically: bool
    """Whether the platform replaces it in time by itself, as long as the owner of the name answers for it."""


class DiskMapping(Facts):
    """How dm-crypt encrypts a device; of the key itself only its length was kept."""

    format: Literal["LUKS1", "LUKS2", "plain", "other"]
    """Where its parameters come from: a LUKS header, the command that made it, or the format of another
    program, as BitLocker and VeraCrypt."""
    cipher: str
    """The kernel's name for the cipher, mode and initialisation vector: aes-xts-plain64."""
    key_bits: int
    """The length of the key; XTS takes two keys of half that length."""
    key_in_keyring: bool
    """Whether the kernel keeps the key where no program can read it, and not in the mapping's own table."""
    discards: bool
    """Whether the disk is told which blocks are free, and so how much is stored where."""


class DiskKey(Facts):
    """Where the key comes from that opens an encrypted device or dataset."""

    kind: Literal["crypttab", "zfs"]
    """Whether an entry of crypttab says so, or ZFS does of a dataset and all that inherit its key."""
    key_source: Literal["asked", "file", "device", "random", "tpm", "token", "program", "network"]
    """From where: a person, or a program such as clevis that answers for one; a file; another device; made
    anew each time; a TPM; a security token; a program of the house's; a server over the network."""
    key_in_clear: bool
    """Whether it is a file on a disk that the host does not encrypt, so that who takes the disks has the key,
    too. What a cloud encrypts below the host is not considered."""
    unlocked: bool
    """Whether what it opens is open now."""


class EncryptedDirectories(Facts):
    """Which directories are encrypted by themselves, whatever lies below them."""

    fscrypt: tuple[str, ...]
    """Those that the file system encrypts: fscrypt, of ext4 and f2fs."""
    ecryptfs: tuple[str, ...]
    """Where eCryptfs is mounted."""
