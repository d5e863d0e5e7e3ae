"""The evidence bundle: a folder of sealed parts, and a manifest that is written last."""

import gzip
import hashlib
import io
import os
import threading
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import msgspec

from .errors import ScannerError
from .facts import sound
from .files import replacing
from .journal import FOLDER as JOURNAL
from .journal import Begun, Journal, unfinished
from .model import FORMAT, Manifest, Observation, TargetRecord, Unreadable
from .plain import UNDECODABLE, as_json
from .spool import in_order

MANIFEST = "manifest.json"
PARTS = "parts"
LONGEST = 2**25
"""Bytes of one record; what a stranger's part inflates to is not held in memory."""
MOST = 2**32
"""Bytes of one part, inflated."""

_UNFINISHED = "the run that writes it has not finished; if it was cut short, go on with it by --resume"
_CHANGED = "it is not what was sealed; the bundle was changed"

Entry = Observation | Unreadable


class Writer:
    """A bundle being written; each part is sealed when it is complete."""

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        """Take a folder that is empty or not there yet, or one to go on with.

        Raises:
            ScannerError: it holds something else, a run is writing it, or it cannot be made.
        """
        _assert_ours(folder, resume=resume)
        self.folder = folder
        self.parts: dict[str, str] = {}
        """SHA-256 by path, of what is sealed."""
        self.entered: dict[str, TargetRecord] = {}
        """The targets that an earlier attempt entered, by name."""
        self._closed = False
        self._lock = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ScannerError(f"{folder}: {error.strerror}") from None
        self.journal = Journal(folder)
        self._made: set[Path] = set()
        self._placed = threading.Condition(self._lock)
        self._placing = 0
        """How many parts are taking their names just now; whoever closes waits for them."""
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
            self.parts = _sealed(self.folder)
        except ScannerError:
            self.journal.release()
            raise
        return begun

    def enter(self, record: TargetRecord) -> None:
        """Write down that a target was entered, before any part of it is sealed."""
        self.journal.enter(record)

    def sealed(self, target: str, scope: str, check: str) -> bool:
        """Whether what one check saw in one scope is sealed."""
        with self._lock:
            return part_name(target, scope, check) in self.parts

    def seal(self, target: str, scope: str, check: str, entries: Iterable[Entry]) -> None:
        """Write what one check saw in one scope, sorted by resource, and close it for good.

        Raises:
            ScannerError: it cannot be written, or the bundle was closed.
        """
        name = part_name(target, scope, check)
        ready = self.journal.folder / f".{hashlib.sha256(name.encode()).hexdigest()}"
        placed = False
        try:
            self._place(ready, name, self._pack(ready, entries))
            placed = True
        except OSError as error:
            self.close()
            raise ScannerError(f"{self.folder / name}: {error.strerror}") from None
        except ScannerError:
            self.close()
            raise
        finally:
            if not placed:
                ready.unlink(missing_ok=True)

    def _pack(self, path: Path, entries: Iterable[Entry]) -> str:
        lines = in_order(entries, self.journal.folder)
        # Sorted, the first is known when all are; what packs takes a quarter of a megabyte, and is made then.
        first = next(lines, None)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            hashing = _Hashing(file)
            with gzip.GzipFile("", "wb", 6, hashing, mtime=0) as packed:
                for line in chain([] if first is None else [first], lines):
                    packed.write(line + b"\n")
        return hashing.sha256.hexdigest()

    def _place(self, ready: Path, name: str, sha256: str) -> None:
        path = self.folder / name
        with self._lock:
            if self._closed:
                raise ScannerError(f"{self.folder}: closed")
            self._placing += 1
        placed = {}
        try:
            if path.parent not in self._made:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._made.add(path.parent)
            ready.replace(path)
            placed[name] = sha256
        finally:
            with self._lock:
                self._placing -= 1
                self.parts |= placed
                self._placed.notify_all()

    def close(self) -> None:
        """Seal nothing more: whatever comes now was cut short."""
        with self._lock:
            self._closed = True
            self._placed.wait_for(lambda: not self._placing)

    def finish(self, manifest: Manifest) -> None:
        """Write the table of contents, and with it close the bundle; one that is incomplete can be resumed.

        Raises:
            ScannerError: it cannot be written.
        """
        self.close()
        text = as_json(msgspec.structs.replace(manifest, parts=dict(sorted(self.parts.items()))))
        try:
            with replacing(self.folder / MANIFEST, self.journal.folder) as file:
                file.write(msgspec.json.format(text, indent=1) + b"\n")
            if manifest.complete:
                self.journal.discard()
        finally:
            self.journal.release()


class _Hashing:
    """A file, and the SHA-256 of what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        """Nothing was written yet."""
        self._file = file
        self.sha256 = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        """Write on."""
        self.sha256.update(piece)
        return self._file.write(piece)

    def flush(self) -> None:
        """Hand on what was written."""
        self._file.flush()


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

    def part(self, target: str, scope: str, check: str) -> Iterator[Entry] | None:
        """What one check saw in one scope; None when it was not run there.

        Raises:
            ScannerError: the part is missing, or is not what was sealed.
        """
        name = part_name(target, scope, check)
        sealed = self.manifest.parts.get(name)
        if sealed is None:
            return None
        path = self._folder / name
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ScannerError(f"{path}: {error.strerror}: a part of the bundle is missing") from None
        if found != sealed:
            raise ScannerError(f"{path}: {_CHANGED}")
        return _entries(path)


def _entries(path: Path) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(Entry)
    inflated = 0
    try:
        # gzip's own readline() is Python, and takes longer than decoding what it reads.
        with gzip.open(path) as packed, io.BufferedReader(packed, 2**16) as lines:
            for line in iter(lambda: lines.readline(LONGEST), b""):
                inflated += len(line)
                if len(line) == LONGEST or inflated > MOST:
                    raise ScannerError(f"{path}: not a part of a bundle: it inflates beyond all bounds")
                yield decoder.decode(line)
    except (OSError, EOFError, zlib.error, *UNDECODABLE) as error:
        raise ScannerError(f"{path}: not a part of a bundle: {error}") from None


def _sealed(folder: Path) -> dict[str, str]:
    """SHA-256 of the parts that a run sealed before it ended; what is not whole goes.

    Raises:
        ScannerError: a part is not what the incomplete manifest says was sealed.
    """
    told = Bundle(folder).manifest.parts if (folder / MANIFEST).exists() else {}
    found: dict[str, str] = {}
    for path in sorted((folder / PARTS).rglob("*.jsonl.gz")):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
        if name not in told and not _whole(path, name):
            path.unlink()
            del found[name]
    for name, sha256 in told.items():
        if found.get(name) != sha256:
            raise ScannerError(f"{folder / name}: {_CHANGED}")
    (folder / MANIFEST).unlink(missing_ok=True)
    return found


def _whole(path: Path, name: str) -> bool:
    """Whether a part is all there, and where it belongs: a machine that loses power may leave less."""
    try:
        return path.stat().st_size > 0 and all(
            part_name(entry.target, entry.scope or "", entry.check or "") == name for entry in _entries(path)
        )
    except ScannerError:
        return False


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


def part_name(target: str, scope: str, check: str) -> str:
    """Where a part lies in its bundle: no name of a target can lead out of it."""
    return "/".join([PARTS, *(_plain(name) for name in (target, scope, check))]) + ".jsonl.gz"


def _plain(name: str) -> str:
    quoted = quote(name, safe="").replace("%3A", "=")  # an equals sign in a name is quoted itself
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted
