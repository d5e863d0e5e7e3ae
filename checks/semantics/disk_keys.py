"""How disks are encrypted and opened: tables of dm-crypt, crypttab, the keys of ZFS. No key is kept."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

import msgspec

Source = Literal["asked", "file", "device", "random", "tpm", "token", "program", "network"]

_TABLE = re.compile(r"(?P<name>.+): \d+ \d+ crypt (?P<cipher>\S+) (?P<key>\S+) \d+ \S+ \d+(?P<rest> .*)?")
_KEYRING = re.compile(r":(?P<bytes>\d+):")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_NONE = frozenset({"", "none", "-"})
_RANDOM = frozenset({"/dev/urandom", "/dev/random", "/dev/hwrng", "/dev/hw_random"})
_OPTIONS: Mapping[str, Source] = {
    "keyscript": "program",
    "tpm2-device": "tpm",
    "fido2-device": "token",
    "pkcs11-uri": "token",
}
_SCHEMES: Mapping[str, Source] = {"file": "file", "http": "network", "https": "network"}
_FIELDS = 3


class Table(msgspec.Struct, frozen=True):
    """What dm-crypt was told of one mapping."""

    cipher: str
    key_bits: int
    keyring: bool
    """Whether the key is named, and kept in the kernel's keyring."""
    discards: bool


class Entry(msgspec.Struct, frozen=True):
    """Where a line of crypttab, or a dataset of ZFS, has its key from."""

    name: str
    source: Source
    file: str | None
    """The file that holds the key, where one does."""
    unlocked: bool = False


def tables(lines: Iterable[str]) -> dict[str, Table]:
    """The tables that `dmsetup table --target crypt` printed, by name; of several parts, the shortest key."""
    found: dict[str, Table] = {}
    for line in lines:
        said = _TABLE.fullmatch(line.strip())
        if said is None:
            continue
        kept = _KEYRING.match(said["key"])
        bits = 8 * int(kept["bytes"]) if kept else 0 if said["key"] == "-" else 4 * len(said["key"])
        table = Table(
            said["cipher"], bits, kept is not None, "allow_discards" in (said["rest"] or "").split()
        )
        name = _plain(said["name"])
        if name not in found or bits < found[name].key_bits:
            found[name] = table
    return found


def crypttab(lines: Iterable[str], automatic: Collection[str] = ()) -> Iterator[Entry]:
    """The entries of crypttab.

    Args:
        lines: of the file.
        automatic: names of the files in cryptsetup-keys.d, which systemd takes where no key is named.
    """
    for line in lines:
        fields = line.split()
        if len(fields) < _FIELDS - 1 or fields[0].startswith("#"):
            continue
        key = fields[2] if len(fields) >= _FIELDS else ""
        options = {option.partition("=")[0] for option in ",".join(fields[_FIELDS:]).split(",")}
        yield Entry(_plain(fields[0]), *_key(_plain(fields[0]), key, options, automatic))


def encryption_roots(lines: Iterable[str]) -> Iterator[Entry]:
    """The datasets with a key of their own that `zfs get -H -o name,property,value` printed."""
    said: dict[str, dict[str, str]] = {}
    for line in lines:
        name, _, rest = line.partition("\t")
        what, _, value = rest.partition("\t")
        said.setdefault(name, {})[what] = value
    for name, has in said.items():
        if has.get("encryption", "-") in ("off", "-") or has.get("encryptionroot") != name:
            continue
        scheme, _, path = has.get("keylocation", "").partition("://")
        source = _SCHEMES.get(scheme, "asked")
        yield Entry(name, source, path if source == "file" else None, has.get("keystatus") == "available")


def encrypted(lines: Iterable[str]) -> tuple[str, ...]:
    """The directories that `lsattr -d` shows as encrypted."""
    split = (line.partition(" ") for line in lines)
    return tuple(sorted(path for flags, _, path in split if "E" in flags and path.startswith("/")))


def _key(
    name: str, key: str, options: Collection[str], automatic: Collection[str]
) -> tuple[Source, str | None]:
    for option, source in _OPTIONS.items():
        if option in options:
            return source, None
    if key in _RANDOM:
        return "random", None
    if key in _NONE:
        file = f"/etc/cryptsetup-keys.d/{name}.key"
        return ("file", file) if f"{name}.key" in automatic else ("asked", None)
    # A path, and after a colon the device that it lies on.
    if key.startswith("/dev/") or ":" in key:
        return "device", None
    return "file", key


def _plain(name: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)
