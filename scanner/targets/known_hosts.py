"""Known hosts: which key a host must show, as OpenSSH's known_hosts files say it (sshd(8))."""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["known", "unknown", "changed", "revoked"]

_FIELDS = 3
_HASHED = 4


@dataclass(frozen=True)
class _Line:
    revoked: bool
    names: str
    key_type: str
    key: bytes


class KnownHosts:
    """The lines of one file. Lines that cannot be read are left out, so they trust nobody."""

    def __init__(self, text: str) -> None:
        """Read each line once."""
        self._lines = tuple(_lines(text))

    def key_types(self, address: str, port: int) -> tuple[str, ...]:
        """The types of the keys known for a host, as a server should offer them first."""
        name = place(address, port)
        return tuple(dict.fromkeys(line.key_type for line in self._of(name) if not line.revoked))

    def keys(self, address: str, port: int) -> tuple[bytes, ...]:
        """The keys known for a host."""
        return tuple(line.key for line in self._of(place(address, port)) if not line.revoked)

    def judge(self, address: str, port: int, key: bytes) -> Verdict:
        """Whether this is the host's key."""
        lines = tuple(self._of(place(address, port)))
        if any(line.revoked and line.key == key for line in lines):
            return "revoked"
        known = [line.key for line in lines if not line.revoked]
        if key in known:
            return "known"
        return "changed" if known else "unknown"

    def _of(self, name: str) -> Iterator[_Line]:
        return (line for line in self._lines if _names(line.names, name))


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


def _lines(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        # A certificate authority's key is nobody's host key; paramiko checks no host certificates.
        if len(fields) < _FIELDS or fields[0].startswith("#") or marker not in {"", "@revoked"}:
            continue
        try:
            key = b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        yield _Line(revoked=bool(marker), names=fields[0], key_type=fields[1], key=key)


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
