"""Credentials that are planted where a scan comes by, and where they are looked for afterwards."""

import gzip
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may lie in a file: plain, in base64 at each of its three alignments, in hexadecimal."""
    plain = secret.encode()
    yield plain
    yield plain.hex().encode()
    for shift in range(3):
        # Of the first and last letters a part depends on what stands around the secret.
        packed = b64encode(b"\0" * shift + plain)
        yield packed[4 if shift else 0 : len(packed) // 4 * 4 - 4]


def layers(held: bytes) -> Iterator[bytes]:
    """What is held, and what is packed in it: gzip as a whole, and gzip in long runs of base64."""
    yield held
    if held.startswith(b"\x1f\x8b"):
        yield gzip.decompress(held)
    for run in re.findall(rb"[A-Za-z0-9+/=\n]{200,}", held):
        try:
            unpacked = b64decode(run)
            yield unpacked
            yield zlib.decompress(unpacked, 47)
        except (ValueError, zlib.error):
            continue


def found(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Which secrets are in which places."""
    return [
        (name, place)
        for place, held in places.items()
        for layer in layers(held)
        for name, secret in secrets.items()
        if any(form in layer for form in forms(secret))
    ]


def files(folder: Path) -> dict[str, bytes]:
    """Everything that lies in a folder, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
