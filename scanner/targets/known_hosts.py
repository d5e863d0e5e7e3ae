"""Known hosts: which key a host must show, as OpenSSH's known_hosts files say it (sshd(8))."""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

Verdict = Literal["known", "unknown", "changed", "revoked"]

_FIELDS = 3
_HASHED = 4
_FILES = 64
"""How many parsed files are kept."""
_MARKERS = frozenset({"", "@revoked", "@cert-authority"})


@dataclass(frozen=True)
class Line:
    """One key of a file, and whose it is."""

    marker: str
    names: str
    key_type: str
    key: bytes


class KnownHosts:
    """The lines of one file. Lines that cannot be read are left out, so they trust nobody."""

    def __init__(self, text: str) -> None:
        """Read each line once."""
        self._exact: dict[str, list[Line]] = {}
        self._others: list[Line] = []
        for line in _lines(text):
            # Most lines name hosts as they are: a fleet's file is not searched for each of its hosts.
            if set(line.names) & set("*?!|"):
                self._others.append(line)
                continue
            for name in line.names.lower().split(","):
                self._exact.setdefault(name, []).append(line)

    def of(self, name: str) -> list[Line]:
        """The lines that are about a host, by the name that `place` gives it."""
        return [
            *self._exact.get(name, ()),
            *(line for line in self._others if _names(line.names, name)),
        ]


def judged(lines: Collection[Line], key: bytes) -> Verdict:
    """Whether a key is the host's that these lines are about."""
    if any(line.marker == "@revoked" and line.key == key for line in lines):
        return "revoked"
    known = keys(lines)
    if key in known:
        return "known"
    return "changed" if known else "unknown"


def keys(lines: Collection[Line]) -> tuple[bytes, ...]:
    """The keys among lines that a host may show."""
    return tuple(line.key for line in lines if not line.marker)


def read(path: Path) -> KnownHosts:
    """A file's lines, parsed once for as long as it stays the same; of one that is not there, none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        state = path.stat()
    except FileNotFoundError:
        return KnownHosts("")
    return _parsed(path, (state.st_ino, state.st_size, state.st_mtime_ns))


@lru_cache(_FILES)
def _parsed(path: Path, state: tuple[int, ...]) -> KnownHosts:
    del state
    return KnownHosts(path.read_text(errors="replace"))


def place(address: str, port: int) -> str:
    """A host as known_hosts names it: with its port in brackets, unless that is 22."""
    address = address.lower()
    return address if port == 22 else f"[{address}]:{port}"  # noqa: PLR2004 - the port of ssh


def line_for(address: str, port: int, key_type: str, key: bytes) -> str:
    """The line that would make a key known."""
    return f"{place(address, port)} {key_type} {b64encode(key).decode()}"


def fingerprint(key: bytes) -> str:
    """A key's SHA-256 fingerprint as OpenSSH prints it."""
    return "SHA256:" + b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _lines(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < _FIELDS or fields[0].startswith("#") or marker not in _MARKERS:
            continue
        try:
            key = b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        yield Line(marker=marker, names=fields[0], key_type=fields[1], key=key)


def _names(patterns: str, name: str) -> bool:
    if patterns.startswith("|1|"):
        return _hashed(patterns, name)
    matched = False
    for pattern in patterns.lower().split(","):
        if _matches(pattern.removeprefix("!"), name):
            if pattern.startswith("!"):
                return False
            matched = True
    return matched


def _matches(pattern: str, name: str) -> bool:
    # Not fnmatch: brackets stand for themselves here.
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, name) is not None


def _hashed(pattern: str, name: str) -> bool:
    parts = pattern.split("|")
    if len(parts) != _HASHED:
        return False
    try:
        salt, digest = b64decode(parts[2]), b64decode(parts[3])
    except binascii.Error:
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)
