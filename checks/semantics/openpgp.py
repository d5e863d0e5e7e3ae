"""OpenPGP keys: whose they are is told by their fingerprint, not by the name in them."""

import csv
import hashlib
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

_BEGIN = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_END = "-----END PGP PUBLIC KEY BLOCK-----"
_PUBLIC_KEY = 6
_NEW_FORMAT = 0x40
_ONE_OCTET, _TWO_OCTETS, _FIVE_OCTETS = 192, 224, 255
_V4, _V6 = 4, 6


def fingerprints(lines: Iterable[str]) -> tuple[str, ...]:
    """The fingerprints of the armored keys among these lines, in capitals, sorted, each once.

    What is no key that can be read has none.
    """
    found = (fingerprint for block in _blocks(lines) for fingerprint in _of_block(block))
    return tuple(sorted(set(found)))


@cache
def published(vendor: str) -> frozenset[str]:
    """The fingerprints by which a vendor says that its packages are signed; none of one that is not listed.

    A vendor is named by os-release's ID.
    """
    text = (files(__package__) / "signing_keys.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(row["fingerprint"] for row in rows if row["vendor"] == vendor)


def _blocks(lines: Iterable[str]) -> Iterator[bytes]:
    """What each armor holds, decoded; a checksum and headers (`Version: ...`) are no part of it."""
    held: list[str] | None = None
    for line in lines:
        text = line.strip()
        if text == _BEGIN:
            held = []
        elif text == _END and held is not None:
            yield _decoded("".join(held))
            held = None
        elif held is not None and ":" not in text and not text.startswith("="):
            held.append(text)


def _decoded(text: str) -> bytes:
    try:
        return a2b_base64(text)
    except ValueError:
        return b""


def _of_block(raw: bytes) -> Iterator[str]:
    """The fingerprints of the primary keys among the packets (RFC 9580, sections 4.2 and 5.5.4)."""
    for tag, body in _packets(raw):
        if tag != _PUBLIC_KEY or not body:
            continue
        if body[0] == _V4:
            # SHA-1 is what names a key of version 4; nothing is signed with it here.
            named = b"\x99" + (len(body) & 0xFFFF).to_bytes(2, "big") + body
            yield hashlib.sha1(named, usedforsecurity=False).hexdigest().upper()
        elif body[0] == _V6:
            yield hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest().upper()


def _packets(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(raw) and raw[at] & 0x80:
        if raw[at] & _NEW_FORMAT:
            tag, start, length = raw[at] & 0x3F, *_new_length(raw, at + 1)
        else:
            tag, start, length = (raw[at] & 0x3C) >> 2, *_old_length(raw, at + 1, raw[at] & 3)
        if length < 0 or start + length > len(raw):
            return
        yield tag, raw[start : start + length]
        at = start + length


def _new_length(raw: bytes, at: int) -> tuple[int, int]:
    """Where the body begins, and how long it is; negative for what no key packet may have."""
    first = raw[at] if at < len(raw) else _TWO_OCTETS
    if first < _ONE_OCTET:
        return at + 1, first
    if first < _TWO_OCTETS and at + 1 < len(raw):
        return at + 2, ((first - _ONE_OCTET) << 8) + raw[at + 1] + _ONE_OCTET
    if first == _FIVE_OCTETS:
        return at + 5, int.from_bytes(raw[at + 1 : at + 5], "big")
    return at, -1


def _old_length(raw: bytes, at: int, kind: int) -> tuple[int, int]:
    octets = {0: 1, 1: 2, 2: 4}.get(kind)
    return (at, -1) if octets is None else (at + octets, int.from_bytes(raw[at : at + octets], "big"))
