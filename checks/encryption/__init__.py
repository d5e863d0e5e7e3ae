"""Encryption at rest."""

from typing import Literal

from scanner import Facts


class AtRest(Facts):
    """How a store protects what it holds."""

    encrypted: bool
    """Whether what is stored is encrypted at rest."""
    key_manager: Literal["provider", "customer"] | None
    """Who holds the key: the provider, or the customer; none when the store is not encrypted."""


class Database(AtRest):
    """How a database protects what it holds."""

    engine: str
    """The database engine, as the platform names it: postgres, aurora-mysql, sqlserver-se."""


class Volume(AtRest):
    """How a mounted file system, or swap, protects what it holds.

    Of what dm-crypt (LUKS, plain, TrueCrypt, BitLocker) or ZFS encrypts, whoever runs the host holds the key,
    so `key_manager` is `customer`. A drive that encrypts itself does not tell the host.
    """

    kind: str
    """The file system's type, as in ext4; swap for swap."""
    mount_point: str | None
    """Where it is mounted; none for swap."""
    source: str
    """What is mounted: the device, file or dataset."""
