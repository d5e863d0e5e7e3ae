import pytest

from checks.keys import DiskKey, DiskMapping, EncryptedDirectories
from checks.keys.host import directories, disk_mappings, unlocking
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

ATTRIBUTES, LINKS, TABLE = disk_mappings.needs
MOUNTS, SWAPS, _, _, MAKER, DATASETS, POOLS, CRYPTTAB, KEY_FILES, DATASET_KEYS = unlocking.needs
_, FLAGS = directories.needs

SHOWN = """\
/sys/class/block/sda/dev:8:0
/sys/class/block/sdb/dev:8:16
/sys/class/block/dm-0/dev:253:0
/sys/class/block/dm-1/dev:253:1
/sys/class/block/dm-2/dev:253:2
/sys/class/block/dm-3/dev:253:3
/sys/class/block/dm-4/dev:253:4
/sys/block/dm-0/dm/uuid:CRYPT-LUKS2-4a8d9b0f5b1e4a7fa0c1d2e3f4051627-root crypt
/sys/block/dm-1/dm/uuid:CRYPT-LUKS1-88bb-data
/sys/block/dm-2/dm/uuid:CRYPT-PLAIN-swap
/sys/block/dm-3/dm/uuid:LVM-Zk1
/sys/block/dm-4/dm/uuid:CRYPT-BITLK-99aa-win
/sys/block/dm-0/dm/name:root crypt
/sys/block/dm-1/dm/name:data
/sys/block/dm-2/dm/name:swap
/sys/block/dm-3/dm/name:vg-lv
/sys/block/dm-4/dm/name:win
"""
BELOW = """\
/sys/block/dm-0/slaves/sda
/sys/block/dm-1/slaves/sdb
/sys/block/dm-2/slaves/sdb
"""
# As dmsetup(8) and the kernel's dm-crypt documentation have it; it prints zeros for the keys.
TABLES = f"""\
data: 0 976277504 crypt aes-cbc-essiv:sha256 {"0" * 32} 0 8:16 4096
root\\x20crypt: 0 497664 crypt aes-xts-plain64 :64:logon:cryptsetup:4a8d9b0f-d0 0 8:0 32768 1 allow_discards
swap: 0 1003516 crypt cipher_null-ecb - 0 8:16 0
win: 0 16 crypt aes-xts-plain64 {"0" * 128} 0 8:16 0
win: 16 999 crypt aes-cbc-eboiv {"0" * 64} 0 8:16 16 1 sector_size:512
"""
MAPPINGS = world(disk_mappings, {ATTRIBUTES: Output(2, SHOWN), LINKS: Output(2, BELOW), TABLE: TABLES})


def mapping(name: str, made_by: str, cipher: str, bits: int, **changes: bool) -> DiskMapping:
    values = {"key_in_keyring": False, "discards": False} | changes
    return DiskMapping(
        resource=f"host:ehr-1:/dev/mapper/{name}", format=made_by, cipher=cipher, key_bits=bits, **values
    )


def test_ciphers_and_keys_of_mappings() -> None:
    assert observe(disk_mappings, MAPPINGS) == [
        mapping("data", "LUKS1", "aes-cbc-essiv:sha256", 128),
        mapping("root crypt", "LUKS2", "aes-xts-plain64", 512, key_in_keyring=True, discards=True),
        mapping("swap", "plain", "cipher_null-ecb", 0),
        mapping("win", "other", "aes-cbc-eboiv", 256),
    ]


def test_a_host_without_mappings_has_none() -> None:
    told = {ATTRIBUTES: "/sys/class/block/sda/dev:8:0\n", LINKS: Output(2, ""), TABLE: Output(1, "", "no")}

    assert observe(disk_mappings, told) == []


def test_a_mapping_that_is_not_told_is_refused() -> None:
    sight = look(disk_mappings, {**MAPPINGS, TABLE: TABLES.replace("data: 0", "data: x")})

    assert [facts.resource for facts in sight.facts] == [
        f"host:ehr-1:/dev/mapper/{name}" for name in ("root crypt", "swap", "win")
    ]
    assert [(refusal.resource, refusal.error.reason) for refusal in sight.refusals] == [
        ("host:ehr-1:/dev/mapper/data", Reason.INVALID_ANSWER)
    ]


KEPT = world(
    unlocking,
    {
        MOUNTS: """\
28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/dm-0 rw
31 28 8:16 / /boot rw,relatime shared:20 - ext4 /dev/sdb rw
32 28 0:42 / /tank rw shared:29 - zfs tank rw
33 28 0:23 / /run rw,nosuid shared:5 - tmpfs tmpfs rw
""",
        SWAPS: "Filename				Type		Size		Used		Priority\n",
        ATTRIBUTES: Output(2, SHOWN),
        LINKS: Output(2, BELOW),
        MAKER: "Dell Inc.\n2.19.1\n\n",
        DATASETS: "tank\toff\n",
        POOLS: "  pool: tank\n\t  /dev/sdb ONLINE 0 0 0\n",
        CRYPTTAB: """\
# <target name> <source device> <key file> <options>
root\\x20crypt UUID=4a8d9b0f none luks,discard
data   /dev/sdb  /boot/data.key   luks
safe   /dev/sdc  /etc/safe.key    luks
pool   /dev/sdd  /tank/pool.key
memory /dev/sde  /run/memory.key
swap   /dev/sdf  /dev/urandom     swap,cipher=aes-xts-plain64,size=512
tpm    /dev/sdg  -                tpm2-device=auto,tpm2-pcrs=7
card   /dev/sdh  none             pkcs11-uri=auto
script /dev/sdi  hunter2          luks,keyscript=/usr/local/bin/open
stick  /dev/sdj  /key:LABEL=stick luks
auto   /dev/sdk
bare   /dev/sdl
""",
        KEY_FILES: Output(2, "/etc/cryptsetup-keys.d:\nauto.key\nother.key\n"),
        DATASET_KEYS: """\
tank	encryption	off
tank	encryptionroot	-
tank	keylocation	none
tank	keystatus	-
tank/phi	encryption	aes-256-gcm
tank/phi	encryptionroot	tank/phi
tank/phi	keylocation	prompt
tank/phi	keystatus	available
tank/phi/a	encryption	aes-256-gcm
tank/phi/a	encryptionroot	tank/phi
tank/phi/a	keylocation	none
tank/phi/a	keystatus	available
tank/lab	encryption	aes-256-gcm
tank/lab	encryptionroot	tank/lab
tank/lab	keylocation	file:///boot/lab.key
tank/lab	keystatus	unavailable
tank/net	encryption	aes-256-gcm
tank/net	encryptionroot	tank/net
tank/net	keylocation	https://keys.example.org/net
tank/net	keystatus	available
""",
    },
)


def key(
    name: str, source: str, *, clear: bool = False, opened: bool = False, kind: str = "crypttab"
) -> DiskKey:
    return DiskKey(
        resource=f"host:ehr-1:/etc/crypttab:{name}" if kind == "crypttab" else f"host:ehr-1:{name}",
        kind=kind,
        key_source=source,
        key_in_clear=clear,
        unlocked=opened,
    )


def test_where_keys_come_from() -> None:
    assert observe(unlocking, KEPT) == [
        key("root crypt", "asked", opened=True),
        key("data", "file", clear=True, opened=True),
        key("safe", "file"),
        key("pool", "file", clear=True),
        key("memory", "file"),
        key("swap", "random", opened=True),
        key("tpm", "tpm"),
        key("card", "token"),
        key("script", "program"),
        key("stick", "device"),
        key("auto", "file"),
        key("bare", "asked"),
        key("tank/phi", "asked", kind="zfs", opened=True),
        key("tank/lab", "file", kind="zfs", clear=True),
        key("tank/net", "network", kind="zfs", opened=True),
    ]


def test_what_a_keyscript_is_told_goes_nowhere() -> None:
    assert "hunter2" not in repr(look(unlocking, KEPT))


def test_a_host_without_crypttab_or_key_folders_has_none() -> None:
    told = {**KEPT, CRYPTTAB: Output(1, "", "No such file"), KEY_FILES: Output(1, "")}

    assert [facts.resource for facts in observe(unlocking, told)] == [
        f"host:ehr-1:tank/{name}" for name in ("phi", "lab", "net")
    ]


def test_a_key_file_below_which_nothing_is_seen_is_refused() -> None:
    mounts = "28 1 0:39 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/a\n"
    sight = look(
        unlocking, {**KEPT, MOUNTS: mounts, CRYPTTAB: "a /dev/sda /k\nb /dev/sdb -\n", DATASET_KEYS: ""}
    )

    assert sight.facts == [key("b", "asked")]
    assert [(refusal.resource, refusal.error.reason) for refusal in sight.refusals] == [
        ("host:ehr-1:/etc/crypttab:a", Reason.NOT_COLLECTED)
    ]


DIRECTORIES = world(
    directories,
    {
        MOUNTS: """\
28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/dm-0 rw
40 28 0:50 / /home/nurse rw,nosuid shared:9 - ecryptfs /home/.ecryptfs/nurse/.Private rw
""",
        FLAGS: Output(
            1,
            """\
--------------e------- /
-----------E--e------- /home/doctor
-----------E--e------- /srv/phi records
----------I---e------- /var/lib/EE
""",
        ),
    },
)


def test_directories_that_are_encrypted_by_themselves() -> None:
    assert observe(directories, DIRECTORIES) == [
        EncryptedDirectories(
            resource="host:ehr-1",
            fscrypt=("/home/doctor", "/srv/phi records"),
            ecryptfs=("/home/nurse",),
        )
    ]


@pytest.mark.parametrize(
    ("errors", "refused"),
    [
        ("find: 'lsattr': No such file or directory\n", True),
        ("lsattr: Inappropriate ioctl for device While reading flags on /\n", False),
    ],
)
def test_without_lsattr_nothing_is_said(errors: str, *, refused: bool) -> None:
    sight = look(directories, {**DIRECTORIES, FLAGS: Output(1, "", errors)})

    assert (bool(sight.refusals), bool(sight.facts)) == (refused, not refused)
