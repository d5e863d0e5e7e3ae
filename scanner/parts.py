"""Parts: what one check saw in one scope, packed; the parts of a scope lie one after the other in one file.

Each is a gzip file of its own (RFC 1952), named by its check, so that the whole is one, too: `zcat` shows it.
"""

import gzip
import hashlib
import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote

import msgspec

from .errors import ScannerError
from .model import Observation, Sealed, Unreadable
from .plain import UNDECODABLE
from .spool import Positioned

FOLDER = "parts"
LONGEST = 2**25
"""Bytes of one record; what a stranger's part inflates to is not held in memory."""
MOST = 2**32
"""Bytes of one part, inflated."""
_PIECE = 2**16
_HEAD = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"
"""How a gzip file begins that has a name and no time (RFC 1952, section 2.3)."""
_LONGEST_NAME = 1000
_WORTH_IT = 512
"""Bytes from which a text is deflated: below, it takes six times as long to make it a third smaller."""
_WORD = 2**32 - 1

CHANGED = "it is not what was sealed; the bundle was changed"

Entry = Observation | Unreadable


def file_of(target: str, scope: str) -> str:
    """Where the parts of a scope lie in their bundle: no name of a target can lead out of it."""
    return f"{FOLDER}/{plain(target)}/{plain(scope)}.jsonl.gz"


@lru_cache(4096)
def plain(name: str) -> str:
    """A name as a file can have it."""
    quoted = quote(name, safe="").replace("%3A", "=")  # an equals sign in a name is quoted itself
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted


def packed(check: str, lines: Iterable[bytes]) -> bytes:
    """A short part."""
    text = b"".join(line + b"\n" for line in lines)
    held = _stored(text) if len(text) < _WORTH_IT else _deflated(text)
    return b"".join((_head(check), held, _tail(zlib.crc32(text), len(text))))


def _stored(text: bytes) -> bytes:
    """One block that is kept as it is (RFC 1951, section 3.2.4)."""
    return b"".join((b"\1", struct.pack("<HH", len(text), len(text) ^ 0xFFFF), text))


def _deflated(text: bytes) -> bytes:
    """Only as much memory is made ready, which takes longest, as the text fills."""
    window = min(max(9, len(text).bit_length()), zlib.MAX_WBITS)
    packing = zlib.compressobj(6, zlib.DEFLATED, -window, max(1, window - 7))
    return packing.compress(text) + packing.flush()


def write(file: BinaryIO, check: str, lines: Iterable[bytes]) -> bytes:
    """Write a part as it comes, and return its SHA-256."""
    packing = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    sha256, crc, length = hashlib.sha256(), 0, 0

    def put(piece: bytes) -> None:
        sha256.update(piece)
        file.write(piece)

    put(_head(check))
    for line in lines:
        for piece in (line, b"\n"):
            crc, length = zlib.crc32(piece, crc), length + len(piece)
            put(packing.compress(piece))
    put(packing.flush() + _tail(crc, length))
    return sha256.digest()


def _head(check: str) -> bytes:
    return _HEAD + plain(check).encode("ascii") + b"\0"


def _tail(crc: int, length: int) -> bytes:
    return struct.pack("<II", crc, length & _WORD)


def read(path: Path, sealed: Sealed, size: int) -> Iterator[Entry]:
    """The entries of a part, which is held to be what was sealed, in a file of this size, before any is read.

    Raises:
        ScannerError: it is missing, is not what was sealed, or is no part.
    """
    try:
        with path.open("rb", buffering=0) as file:
            whole = os.fstat(file.fileno()).st_size == size and _digest(file, sealed) == sealed.sha256
    except OSError as error:
        raise ScannerError(f"{path}: {error.strerror}: a part of the bundle is missing") from None
    if not whole:
        raise ScannerError(f"{path}: {CHANGED}")
    return _entries(path, sealed)


def _within(file: BinaryIO, sealed: Sealed) -> io.BufferedReader:
    return io.BufferedReader(Positioned(file.fileno(), sealed.at, sealed.length), _PIECE)


def _digest(file: BinaryIO, sealed: Sealed) -> str:
    with _within(file, sealed) as part:
        return hashlib.file_digest(part, "sha256").hexdigest()


def _entries(path: Path, sealed: Sealed) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(Entry)
    inflated = 0
    try:
        # gzip's own readline() is Python, and takes longer than decoding what it reads.
        with (
            path.open("rb", buffering=0) as file,
            gzip.open(_within(file, sealed)) as part,
            io.BufferedReader(part, _PIECE) as lines,
        ):
            for line in iter(lambda: lines.readline(LONGEST), b""):
                inflated += len(line)
                if len(line) == LONGEST or inflated > MOST:
                    raise ScannerError(f"{path}: not a part of a bundle: it inflates beyond all bounds")
                yield decoder.decode(line)
    except (OSError, EOFError, zlib.error, *UNDECODABLE) as error:
        raise ScannerError(f"{path}: not a part of a bundle: {error}") from None


def found(bundle: Path, path: Path) -> dict[str, Sealed]:
    """The parts of a file that a run left, by check, up to one that is not whole or belongs elsewhere."""
    parts: dict[str, Sealed] = {}
    name, at = path.relative_to(bundle).as_posix(), 0
    with path.open("rb", buffering=0) as file:
        while member := _member(file, at):
            check, length = member
            part = Sealed(at=at, length=length, sha256="")
            part = msgspec.structs.replace(part, sha256=_digest(file, part))
            if not _belongs(path, part, name, check):
                break
            parts[check] = part
            at += length
    return parts


def _member(file: BinaryIO, at: int) -> tuple[str, int] | None:
    """The check and the length of the part that begins there; None when none does that is whole."""
    head = os.pread(file.fileno(), len(_HEAD) + _LONGEST_NAME, at)
    name, ended, _ = head[len(_HEAD) :].partition(b"\0")
    if not head.startswith(_HEAD) or not ended:
        return None
    inflating, length = zlib.decompressobj(16 + zlib.MAX_WBITS), 0
    try:
        while not inflating.eof:
            piece = inflating.unconsumed_tail or os.pread(file.fileno(), _PIECE, at + length)
            if not piece:
                return None
            length += 0 if inflating.unconsumed_tail else len(piece)
            inflating.decompress(piece, _PIECE)
    except zlib.error:
        return None
    return unquote(name.decode("latin-1").replace("=", "%3A")), length - len(inflating.unused_data)


def _belongs(path: Path, part: Sealed, name: str, check: str) -> bool:
    try:
        return all(
            (file_of(entry.target, entry.scope or ""), entry.check) == (name, check)
            for entry in _entries(path, part)
        )
    except ScannerError:
        return False
