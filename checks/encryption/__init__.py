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


class Doubled(AtRest):
    """How a store whose content may be encrypted twice protects it."""

    double_encrypted: bool
    """Whether two keys encrypt it, one within the other, so that losing one of them gives nothing away."""


class Disk(Doubled):
    """How a cloud's disk protects what it holds."""

    attached: bool
    """Whether a machine has it, be it running or not."""


class BackupVault(AtRest):
    """How a vault protects the backups in it: encrypted where all of them are."""

    recovery_points: int
    """How many backups it holds."""
    recovery_points_encrypted: int
    """How many of them are encrypted."""


class Cluster(AtRest):
    """How a Kubernetes cluster protects what its nodes and its control plane hold."""

    hosts_encrypted: bool
    """Whether, on every node, temporary disks and the caches of disks are encrypted as well."""
    secrets_customer_key: bool
    """Whether the cluster's secrets are encrypted with a key of the customer's before etcd stores them."""


class Workspace(AtRest):
    """How an analytics workspace protects what it holds; the key is the customer's where all three are."""

    notebooks_customer_key: bool
    """Whether the customer's key encrypts what the control plane keeps: notebooks, queries, secrets."""
    disks_customer_key: bool
    """Whether the customer's key encrypts the disks of the machines that compute."""
    files_customer_key: bool
    """Whether the customer's key encrypts the workspace's own storage."""


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
