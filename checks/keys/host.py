"""Keys on hosts: how disks are encrypted, and where the keys come from that open them."""

from collections.abc import Iterator
from typing import Literal

from checks.semantics import blocks, disk_keys
from checks.storage import under
from scanner import Host, Reason, check

from . import DiskKey, DiskMapping, EncryptedDirectories

# Without --showkeys it prints zeros, or the name of a key in the kernel's keyring.
_TABLE = "sudo dmsetup table --target crypt"
_CRYPTTAB = "sudo cat /etc/crypttab"
_KEY_FILES = "sudo ls /etc/cryptsetup-keys.d /run/cryptsetup-keys.d"
_DATASET_KEYS = (
    "zfs get -H -t filesystem,volume -o name,property,value encryption,encryptionroot,keylocation,keystatus"
)
_ATTRIBUTES_OF_FILES = (
    "sudo find / /home /root /srv /var /var/lib /opt /data -xdev -maxdepth 1 -type d -exec lsattr -d {} +"
)
_FORMATS: dict[str, Literal["LUKS1", "LUKS2", "plain"]] = {
    "LUKS1": "LUKS1",
    "LUKS2": "LUKS2",
    "PLAIN": "plain",
}


@check(under.ATTRIBUTES, under.LINKS, _TABLE)
def disk_mappings(host: Host) -> Iterator[DiskMapping]:
    """With which cipher, and with how long a key, dm-crypt encrypts each device that is open.

    How a passphrase is turned into a key, and how many of them open a device, is not seen.
    """
    attributes = host.run(under.ATTRIBUTES, ok=(0, 1, 2)).lines
    shown = blocks.devices(attributes, host.run(under.LINKS, ok=(0, 1, 2)).lines)
    formats = {
        name: shown.uuids[device].split("-")[1]
        for name, device in shown.names.items()
        if shown.encrypts(device)
    }
    if not formats:
        return
    tables = host.run(_TABLE).read(disk_keys.tables)
    for name, made_by in sorted(formats.items()):
        resource = f"{host.id}:/dev/mapper/{name}"
        with host.reading(resource):
            table = tables.get(name)
            if table is None:
                raise host.refuse(
                    _TABLE,
                    Reason.INVALID_ANSWER,
                    f"{name} is not in it, or not as dm-crypt's tables are written",
                    "see what `dmsetup table --target crypt` prints on the host",
                )
            yield DiskMapping(
                resource=resource,
                format=_FORMATS.get(made_by, "other"),
                cipher=table.cipher,
                key_bits=table.key_bits,
                key_in_keyring=table.keyring,
                discards=table.discards,
            )


@check(*under.NEEDS, _CRYPTTAB, _KEY_FILES, _DATASET_KEYS)
def unlocking(host: Host) -> Iterator[DiskKey]:
    """Where crypttab and ZFS have the keys from that open disks, and whether these lie in the clear.

    A person who is asked may be a program: clevis answers with a key from a TPM or from a server. Keys within
    the initial RAM disk are not looked for. One observation for each line of crypttab, and each dataset that
    has a key of its own.
    """
    storage = under.read(host)
    # cat ends with 1 where there is none; ls, of two folders, with 2, and busybox with 1.
    automatic = frozenset(host.run(_KEY_FILES, ok=(0, 1, 2)).lines)
    for entry in disk_keys.crypttab(host.run(_CRYPTTAB, ok=(0, 1)).lines, automatic):
        resource = f"{host.id}:/etc/crypttab:{entry.name}"
        with host.reading(resource):
            yield DiskKey(
                resource=resource,
                kind="crypttab",
                key_source=entry.source,
                key_in_clear=bool(entry.file and storage.in_clear(entry.file)),
                unlocked=entry.name in storage.devices.names,
            )
    if not host.has("zfs"):
        return
    for root in disk_keys.encryption_roots(host.run(_DATASET_KEYS).lines):
        resource = f"{host.id}:{root.name}"
        with host.reading(resource):
            yield DiskKey(
                resource=resource,
                kind="zfs",
                key_source=root.source,
                key_in_clear=bool(root.file and storage.in_clear(root.file)),
                unlocked=root.unlocked,
            )


@check(under.MOUNTS, _ATTRIBUTES_OF_FILES)
def directories(host: Host) -> Iterator[EncryptedDirectories]:
    """Which directories near the root are encrypted by fscrypt, and where eCryptfs is mounted.

    It looks at / and what lies right below it, below /home, /root, /srv, /var, /var/lib, /opt and /data; not
    further down.
    """
    listed = host.run(_ATTRIBUTES_OF_FILES, ok=(0, 1))
    if not listed.lines and "lsattr" in listed.errors and "No such file" in listed.errors:
        raise host.refuse(
            _ATTRIBUTES_OF_FILES,
            Reason.NOT_COLLECTED,
            "there is no lsattr to show which directories are encrypted",
            "install e2fsprogs on the host",
        )
    mounts = host.run(under.MOUNTS).read(blocks.mounts)
    yield EncryptedDirectories(
        resource=host.id,
        fscrypt=listed.read(disk_keys.encrypted),
        ecryptfs=tuple(sorted({mount.point for mount in mounts if mount.kind == "ecryptfs"})),
    )
