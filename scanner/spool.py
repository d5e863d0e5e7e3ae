"""Records on disk, so that what is collected and reported may be larger than memory."""

import heapq
import io
import os
import sys
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from .errors import ScannerError
from .model import Finding, Observation, Unreadable
from .plain import as_json

RUN = 2**18
"""How many bytes of records are sorted in memory at a time: dozens of checks do so at once."""

_BESIDES = 150
"""Bytes that it takes to hold a record, besides its own."""
_PIECE = 2**16
_MERGED_PIECE = 2**13
"""Bytes that are read at a time of each run, of which there may be hundreds."""


class Spool:
    """Findings in a file without a name, iterated as often as wanted; gone with its last user."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Store every finding, in order.

        Raises:
            ScannerError: there is no room for them.
        """
        self._file = _nameless(None)
        weakref.finalize(self, self._file.close)
        lines = (as_json(finding) + b"\n" for finding in findings)
        _store(lines, self._file, Path(tempfile.gettempdir()))

    def __iter__(self) -> Iterator[Finding]:
        """The findings, from the first."""
        decoder = msgspec.json.Decoder(Finding)
        for line in _lines(Positioned(self._file.fileno())):
            yield decoder.decode(line)


def in_order(entries: Iterable[Observation | Unreadable], folder: Path) -> Iterator[bytes]:
    """Entries as lines of JSON, sorted by resource and then by themselves.

    What memory should not hold is sorted in runs, which lie in files of this folder that have no name.

    Raises:
        ScannerError: there is no room for them.
    """
    coming = iter(entries)
    lines, more = _sorted(coming)
    if not more:
        yield from (line for _, line in lines)
        return
    with _nameless(folder) as file:
        runs: list[tuple[int, int]] = []
        while more:
            at = sum(runs[-1]) if runs else 0
            runs.append((at, _store((line + b"\n" for _, line in lines), file, folder, at)))
            lines, more = _sorted(coming)
        yield from (line for _, line in heapq.merge(lines, *(_keyed(file, *run) for run in runs)))


def _sorted(coming: Iterator[Observation | Unreadable]) -> tuple[list[tuple[str, bytes]], bool]:
    """The next entries, as many as are sorted in memory, and whether there may be more."""
    lines: list[tuple[str, bytes]] = []
    size = 0
    for entry in coming:
        lines.append((entry.resource or "", as_json(entry)))
        size += sum(map(len, lines[-1])) + _BESIDES
        if size >= RUN:
            break
    lines.sort()
    return lines, size >= RUN


class _Keyed(msgspec.Struct):
    resource: str | None


def _keyed(file: BinaryIO, at: int, length: int) -> Iterator[tuple[str, bytes]]:
    decoder = msgspec.json.Decoder(_Keyed)
    for line in _lines(Positioned(file.fileno(), at, length), _MERGED_PIECE):
        yield decoder.decode(line).resource or "", line.rstrip(b"\n")


def _nameless(folder: Path | None) -> BinaryIO:
    """A file that nobody else finds, and that nothing is left of, however we end."""
    try:
        return tempfile.TemporaryFile(dir=folder, prefix=".", buffering=0)
    except OSError as error:
        raise ScannerError(f"{folder or tempfile.gettempdir()}: {error.strerror}") from None


def _store(lines: Iterable[bytes], file: BinaryIO, folder: Path, at: int = 0) -> int:
    """Write lines to a place in a file, and return how many bytes they are."""
    try:
        with io.BufferedWriter(Positioned(file.fileno(), at), _PIECE) as out:
            return sum(map(out.write, lines))
    except OSError as error:
        raise ScannerError(f"{folder}: {error.strerror}") from None


def _lines(part: "Positioned", piece: int = _PIECE) -> Iterator[bytes]:
    with io.BufferedReader(part, piece) as lines:
        yield from lines


class Positioned(io.RawIOBase):
    """A file, or a part of it, with a position of its own; closing it leaves the file open."""

    def __init__(self, handle: int, at: int = 0, length: int = sys.maxsize) -> None:
        """Start there, and end so many bytes later."""
        self._handle = handle
        self._at = at
        self._left = length

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        read = os.preadv(self._handle, [memoryview(buffer)[: self._left]], self._at)
        self._at += read
        self._left -= read
        return read

    def write(self, piece: Any) -> int:
        """Write on."""
        written = os.pwrite(self._handle, piece, self._at)
        self._at += written
        return written
