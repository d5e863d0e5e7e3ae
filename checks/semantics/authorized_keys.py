"""Keys that an SSH daemon lets somebody in with."""

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

FOLDERS = ("/root", "/home", "/var/lib", "/srv", "/opt")
"""Where files of this name are looked for."""

DEPTH = 4
"""How far below these folders."""

NAMES = frozenset({"authorized_keys", "authorized_keys2"})
DAEMONS_FOLDER = "/etc/ssh"
"""Where files of every name are looked into."""

_TOKEN = re.compile(r"%([%huU])")
_TYPE = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+")
_OPTIONS = re.compile(r'(?P<options>(?:"(?:\\.|[^"\\])*"|[^\s"])+)\s+(?P<rest>.+)')
_CURVE = re.compile(r"ecdsa-sha2-nistp(\d{3})")
_ED25519_BITS = 256


class Key(msgspec.Struct, frozen=True):
    """One line of an authorized_keys file."""

    kind: str
    """ssh-rsa, ssh-ed25519, sk-ssh-ed25519@openssh.com, ..."""
    bits: int | None
    """How long it is; none where the kind is not known."""
    fingerprint: str
    """As `ssh-keygen -l` prints it: SHA256:..."""
    options: frozenset[str]
    """The names of its options, in lower case: from, command, cert-authority, ..."""

    @property
    def hardware(self) -> bool:
        """Whether it stands on a security key."""
        return self.kind.startswith("sk-")


def keys(lines: Iterable[str]) -> dict[str, tuple[Key, ...]]:
    """The keys of each file, from lines of `grep -H`."""
    found: dict[str, tuple[Key, ...]] = {}
    for line in lines:
        path, _, text = line.partition(":")
        key = parsed(text)
        if key is not None:
            found[path] = (*found.get(path, ()), key)
    return found


def parsed(line: str) -> Key | None:
    """The key that a line holds; none if it holds none, as a comment."""
    text, options = line.strip(), ""
    if text.startswith("#"):
        return None
    if not _TYPE.match(text):
        split = _OPTIONS.fullmatch(text)
        if split is None:
            return None
        options, text = split["options"], split["rest"]
    words = text.split()
    if len(words) < 2 or not _TYPE.fullmatch(words[0]):  # noqa: PLR2004 - its kind, then itself
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return Key(words[0], _bits(words[0], blob), f"SHA256:{digest}", _option_names(options))


@lru_cache(1024)
def files(patterns: tuple[str, ...], name: str, uid: int, home: str) -> tuple[str, ...]:
    """The files in which the daemon looks for an account's keys."""
    tokens: Mapping[str, str] = {"%": "%", "h": home, "u": name, "U": str(uid)}
    wanted = (_TOKEN.sub(lambda token: tokens[token[1]], pattern) for pattern in patterns)
    return tuple(dict.fromkeys(posixpath.normpath(posixpath.join(home, path)) for path in wanted))


def looked_into(path: str) -> bool:
    """Whether a file would have been found if it were there."""
    if path.startswith(f"{DAEMONS_FOLDER}/"):
        return True
    folder = next((folder for folder in FOLDERS if path.startswith(f"{folder}/")), None)
    if folder is None or posixpath.basename(path) not in NAMES:
        return False
    return path.removeprefix(folder).count("/") <= DEPTH


def _option_names(options: str) -> frozenset[str]:
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", options)
    return frozenset(name.partition("=")[0].lower() for name in bare.split(",") if name)


def _bits(kind: str, blob: bytes) -> int | None:
    fields = _fields(blob)
    curve = _CURVE.search(kind)
    if curve is not None:
        return int(curve[1])
    if "ed25519" in kind:
        return _ED25519_BITS
    # RSA is the exponent, then the modulus; DSA begins with its modulus.
    at = {"ssh-rsa": 2, "ssh-dss": 1}.get(kind)
    if at is None or len(fields) <= at:
        return None
    return int.from_bytes(fields[at]).bit_length()


def _fields(blob: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 4 <= len(blob):
        size = int.from_bytes(blob[at : at + 4])
        found.append(blob[at + 4 : at + 4 + size])
        at += 4 + size
    return found
