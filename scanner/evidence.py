"""The evidence bundle: a folder of sealed parts, and a manifest that is written last."""

import hashlib
import itertools
import os
import struct
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from . import parts
from .errors import ScannerError
from .facts import sound
from .files import replacing
from .journal import FOLDER as JOURNAL
from .journal import Begun, Journal, unfinished
from .model import FORMAT, Manifest, Sealed, TargetRecord
from .parts import Entry
from .plain import UNDECODABLE, as_json
from .spool import in_order

MANIFEST = "manifest.json"
_FEW = 100
"""Entries from which a part is written as a stream; most have one or none."""
_PIECE = 2**20
_BRIEF = struct.Struct(">QQ32s")
_APPENDED = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

_UNFINISHED = "the run that writes it has not finished; if it was cut short, go on with it by --resume"


class Writer:
    """A bundle being written; each part is sealed when it is complete."""

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        """Take a folder that is empty or not there yet, or one to go on with.

        Raises:
            ScannerError: it holds something else, a run is writing it, or it cannot be made.
        """
        _assert_ours(folder, resume=resume)
        self.folder = folder
        self._parts: dict[str, dict[str, bytes]] = {}
        """Where what is sealed lies, by file and check."""
        self._left: dict[str, tuple[tuple[str, ...], bytes]] = {}
        """The same of targets that were left: checks, and places. This is all that grows with a run."""
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}
        """Checks that ran in many scopes, once for all of these."""
        self._open: dict[str, _Appended] = {}
        self.entered: dict[str, TargetRecord] = {}
        """The targets that an earlier attempt entered, by name."""
        self._closed = False
        self._lock = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ScannerError(f"{folder}: {error.strerror}") from None
        self.journal = Journal(folder)
        try:
            # Somebody may have finished it between the look and the lock.
            _assert_ours(folder, resume=resume, locked=True)
        except ScannerError:
            self.journal.release()
            raise

    def begin(self, begun: Begun) -> Begun:
        """Write down what this run is; when it goes on with another, take over what that one sealed.

        Raises:
            ScannerError: it is to go on with what is another run, or what that one sealed was changed.
        """
        try:
            begun = self.journal.begin(begun)
            self.entered = self.journal.entered()
            for name, held in _sealed(self.folder).items():
                self._parts[name] = {check: _brief(part) for check, part in held.items()}
        except ScannerError:
            self.journal.release()
            raise
        return begun

    def enter(self, record: TargetRecord) -> None:
        """Write down that a target was entered, before any part of it is sealed."""
        self.journal.enter(record)

    def leave(self, record: TargetRecord) -> None:
        """Keep no file of this target open any longer."""
        with self._lock:
            for name in (parts.file_of(record.id, scope.name) for scope in record.scopes):
                if file := self._open.pop(name, None):
                    file.close()
                if held := self._parts.pop(name, None):
                    checks = tuple(held)
                    self._left[name] = self._same.setdefault(checks, checks), b"".join(held.values())

    def sealed(self, target: str, scope: str, check: str) -> bool:
        """Whether what one check saw in one scope is sealed."""
        with self._lock:
            return check in self._held(parts.file_of(target, scope))

    @property
    def parts(self) -> Iterator[tuple[str, dict[str, Sealed]]]:
        """What is sealed, in order: by file, and check."""
        for name in sorted({*self._parts, *self._left}):
            yield name, {check: _whole(brief) for check, brief in sorted(self._held(name).items())}

    def _held(self, name: str) -> Mapping[str, bytes]:
        """Where what is sealed in a file lies, by check."""
        if name in self._left:
            checks, briefs = self._left[name]
            cuts = range(0, len(briefs), _BRIEF.size)
            return {check: briefs[at : at + _BRIEF.size] for check, at in zip(checks, cuts, strict=True)}
        return self._parts.get(name, {})

    def seal(self, target: str, scope: str, check: str, entries: Iterable[Entry]) -> None:
        """Write what one check saw in one scope, sorted by resource, and close it for good.

        Raises:
            ScannerError: it cannot be written, or the bundle was closed.
        """
        self.seal_each(target, scope, [(check, entries)])

    def seal_each(self, target: str, scope: str, seen: Iterable[tuple[str, Iterable[Entry]]]) -> None:
        """Seal what each of these checks saw in one scope; what is short is written together.

        For checks that wait for nothing: who is interrupted has sealed none of those that came since.

        Raises:
            ScannerError: it cannot be written, or the bundle was closed.
        """
        name = parts.file_of(target, scope)
        short: list[tuple[str, bytes]] = []
        try:
            for check, entries in seen:
                lines = in_order(entries, self.journal.folder)
                first = list(itertools.islice(lines, _FEW))
                if len(first) < _FEW:
                    short.append((check, parts.packed(check, first)))
                else:
                    self._stream(name, check, itertools.chain(first, lines))
            if short:
                self._append(name, short)
        except OSError as error:
            self.close()
            raise ScannerError(f"{self.folder / name}: {error.strerror}") from None
        except ScannerError:
            self.close()
            raise

    def _stream(self, name: str, check: str, lines: Iterable[bytes]) -> None:
        """Write a part, beside the others until it is whole; nothing has its name, so nothing is left."""
        with tempfile.TemporaryFile(dir=self.journal.folder, prefix=".") as file:
            sha256 = parts.write(file, check, lines)
            file.seek(0)
            with self._lock:
                at, length = self._opened(name).append(iter(lambda: file.read(_PIECE), b""))
                self._parts[name][check] = _BRIEF.pack(at, length, sha256)

    def _append(self, name: str, short: Sequence[tuple[str, bytes]]) -> None:
        """Add parts to their file; what a kill leaves of one is not whole, as resuming sees."""
        text = b"".join(part for _, part in short)
        held = [(check, len(part), hashlib.sha256(part).digest()) for check, part in short]
        with self._lock:
            at, _ = self._opened(name).append([text])
            for check, length, sha256 in held:
                self._parts[name][check] = _BRIEF.pack(at, length, sha256)
                at += length

    def _opened(self, name: str) -> "_Appended":
        """The file of these parts, to be added to; you hold the lock."""
        if self._closed:
            raise ScannerError(f"{self.folder}: closed")
        if name not in self._open:
            self._open[name] = _Appended(f"{self.folder}/{name}")
        if name not in self._parts:
            self._parts[name] = dict(self._held(name))
            self._left.pop(name, None)
        return self._open[name]

    def close(self) -> None:
        """Seal nothing more: whatever comes now was cut short."""
        with self._lock:
            self._closed = True
            while self._open:
                self._open.popitem()[1].close()

    def finish(self, manifest: Manifest) -> None:
        """Write the table of contents, and with it close the bundle; one that is incomplete can be resumed.

        Raises:
            ScannerError: it cannot be written.
        """
        self.close()
        text = msgspec.json.format(as_json(msgspec.structs.replace(manifest, parts={})), indent=1)
        # File by file, for there are many; no text within the manifest holds a newline, so this is its own.
        before, empty, after = text.partition(b'\n "parts": {}')
        try:
            with replacing(self.folder / MANIFEST, self.journal.folder) as file:
                file.write(before + empty[:-1])
                for at, (name, held) in enumerate(self.parts):
                    file.write(b'%s\n  "%s": {' % (b"," * (at > 0), name.encode()))
                    file.write(b",".join(b"\n   %s: %s" % tuple(map(as_json, each)) for each in held.items()))
                    file.write(b"\n  }")
                file.write((b"\n }" if self._parts or self._left else b"}") + after + b"\n")
            if manifest.complete:
                self.journal.discard()
        finally:
            self.journal.release()


class _Appended:
    """A file that parts are added to."""

    def __init__(self, path: str) -> None:
        """Open it, to go on at its end; it and its folder are made where they are missing."""
        try:
            self._handle = os.open(path, _APPENDED, 0o600)
        except FileNotFoundError:
            Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = os.open(path, _APPENDED, 0o600)
        self._end = os.fstat(self._handle).st_size

    def append(self, part: Iterable[bytes]) -> tuple[int, int]:
        """Add these pieces, all or none: where they begin, and how long they are."""
        at = end = self._end
        try:
            for piece in part:
                left = piece
                while left:
                    written = os.pwrite(self._handle, left, end)
                    left, end = left[written:], end + written
        except BaseException:
            os.ftruncate(self._handle, at)
            raise
        self._end = end
        return at, end - at

    def close(self) -> None:
        """Add no more."""
        os.close(self._handle)


def _brief(part: Sealed) -> bytes:
    return _BRIEF.pack(part.at, part.length, bytes.fromhex(part.sha256))


def _whole(brief: bytes) -> Sealed:
    at, length, sha256 = _BRIEF.unpack(brief)
    return Sealed(at=at, length=length, sha256=sha256.hex())


class Bundle:
    """A bundle that was written."""

    def __init__(self, folder: Path) -> None:
        """Open a bundle.

        Raises:
            ScannerError: it is not one, is of a later format, or was changed since it was sealed.
        """
        self._folder = folder
        path = folder / MANIFEST
        try:
            self.manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        except OSError as error:
            if unfinished(folder):
                raise ScannerError(f"{folder}: {_UNFINISHED}") from None
            raise ScannerError(f"{path}: {error.strerror}: not a bundle") from None
        except UNDECODABLE as error:
            raise ScannerError(f"{path}: not a bundle's manifest: {error}") from None
        if self.manifest.format > FORMAT:
            raise ScannerError(f"{path}: format {self.manifest.format}; this version reads up to {FORMAT}")
        for check in self.manifest.plan.checks:
            if not all(map(sound, check.facts.values())):
                raise ScannerError(f"{path}: no check describes its facts as {check.id} does here")
        started, finished = self.manifest.started_at, self.manifest.finished_at
        if not started.tzinfo or not finished.tzinfo or finished < started:
            raise ScannerError(f"{path}: its moments name no time zone, or it ends before it begins")
        self._sizes = {name: _size(held) for name, held in self.manifest.parts.items()}

    def part(self, target: str, scope: str, check: str) -> Iterator[Entry] | None:
        """What one check saw in one scope; None when it was not run there.

        Raises:
            ScannerError: the part is missing, or is not what was sealed.
        """
        name = parts.file_of(target, scope)
        sealed = self.manifest.parts.get(name, {}).get(check)
        return parts.read(self._folder / name, sealed, self._sizes[name]) if sealed else None


def _sealed(folder: Path) -> dict[str, dict[str, Sealed]]:
    """The parts that a run sealed before it ended, by file and check; what is not whole goes.

    Raises:
        ScannerError: a part is not what the incomplete manifest says was sealed.
    """
    told = Bundle(folder).manifest.parts if (folder / MANIFEST).exists() else {}
    there = sorted((folder / parts.FOLDER).rglob("*.jsonl.gz"))
    found = {path.relative_to(folder).as_posix(): parts.found(folder, path) for path in there}
    for name, held in told.items():
        if found.get(name) != held:
            raise ScannerError(f"{folder / name}: {parts.CHANGED}")
    for name, held in found.items():
        if held:
            os.truncate(folder / name, _size(held))
        else:
            (folder / name).unlink()
    (folder / MANIFEST).unlink(missing_ok=True)
    return {name: held for name, held in found.items() if held}


def _size(held: Mapping[str, Sealed]) -> int:
    return max((part.at + part.length for part in held.values()), default=0)


def _assert_ours(folder: Path, *, resume: bool, locked: bool = False) -> None:
    """Hold a folder to be empty, or to be what is to be gone on with."""
    try:
        held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise ScannerError(f"{folder}: {error.strerror}") from None
    if not held:
        return
    if JOURNAL not in held or (MANIFEST in held and Bundle(folder).manifest.complete):
        if resume and MANIFEST in held:
            raise ScannerError(f"{folder}: complete; there is nothing to resume: judge it with evaluate")
        raise ScannerError(f"{folder}: not empty; a bundle is never written over: name a new folder")
    if locked and not resume and unfinished(folder):
        raise ScannerError(f"{folder}: {_UNFINISHED}, or name a new folder")
