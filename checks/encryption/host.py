"""Encryption at rest on hosts."""

from collections.abc import Iterator

from checks.storage import under
from scanner import Host, check

from . import Volume


@check(*under.NEEDS)
def file_systems(host: Host) -> Iterator[Volume]:
    """Whether mounted file systems and swap are encrypted by the host.

    One observation for each file system on a block device or of ZFS, and each swap area. Encrypted means that
    every path down to a disk passes dm-crypt: verity and integrity mappings only detect changes. Left out are
    what rests in memory (tmpfs, zram) or on another machine (NFS, CIFS), images in formats that nobody can
    write to (snaps), and /boot and the EFI partition, which must be read before a key can be given. What
    the machines of AWS, Azure and Google Cloud mount may be encrypted below them: of those this check says
    nothing; encryption.evidence.host_file_systems and encryption.evidence.azure_file_systems say all.
    """
    storage = under.read(host)
    if storage.cloud:
        return
    for store in storage.stores():
        with host.reading(store.resource):
            encrypted = not storage.bare(store)
            yield Volume(
                resource=store.resource,
                encrypted=encrypted,
                key_manager="customer" if encrypted else None,
                kind=store.kind,
                mount_point=store.mount_point,
                source=store.source,
            )
