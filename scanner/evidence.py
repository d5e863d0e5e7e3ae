"""The evidence bundle: a folder of sealed parts, and a manifest that is written last."""

import gzip
import hashlib
import io
import itertools
import os
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
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
_FEW = 100
"""Entries from which a part is written as a stream; most have one or none."""
_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""How gzip.GzipFile begins a file without a name or a time (RFC 1952, section 2.3)."""
_WORD = 2**32 - 1

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
        self._parts: dict[str, dict[str, bytes]] = {}
        """SHA-256 by folder and file, of what is sealed; packed, for this is all that grows with a run."""
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
            for name, sha256 in _sealed(self.folder).items():
                self._keep(name, bytes.fromhex(sha256))
        except ScannerError:
            self.journal.release()
            raise
        return begun

    def enter(self, record: TargetRecord) -> None:
        """Write down that a target was entered, before any part of it is sealed."""
        self.journal.enter(record)

    def sealed(self, target: str, scope: str, check: str) -> bool:
        """Whether what one check saw in one scope is sealed."""
        folder, _, file = part_name(target, scope, check).rpartition("/")
        with self._lock:
            return file in self._parts.get(folder, {})

    @property
    def parts(self) -> Iterator[tuple[str, str]]:
        """What is sealed, in order: path and SHA-256."""
        for folder in sorted(self._parts, key=lambda folder: f"{folder}/"):
            for file, sha256 in sorted(self._parts[folder].items()):
                yield f"{folder}/{file}", sha256.hex()

    def _keep(self, name: str, sha256: bytes) -> None:
        folder, _, file = name.rpartition("/")
        self._parts.setdefault(folder, {})[sys.intern(file)] = sha256

    def seal(self, target: str, scope: str, check: str, entries: Iterable[Entry]) -> None:
        """Write what one check saw in one scope, sorted by resource, and close it for good.

        Raises:
            ScannerError: it cannot be written, or the bundle was closed.
        """
        name = part_name(target, scope, check)
        lines = in_order(entries, self.journal.folder)
        try:
            first = list(itertools.islice(lines, _FEW))
            if len(first) < _FEW:
                self._write(name, _packed(first))
            else:
                self._stream(name, itertools.chain(first, lines))
        except OSError as error:
            self.close()
            raise ScannerError(f"{self.folder / name}: {error.strerror}") from None
        except ScannerError:
            self.close()
            raise

    def _write(self, name: str, packed: bytes) -> None:
        """Write a short part where it belongs; what a kill leaves of it is not whole, as resuming sees."""
        path = f"{self.folder}/{name}"
        with self._placing():
            try:
                _write(path, packed)
            except FileNotFoundError:
                Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(path, packed)
            self._keep(name, hashlib.sha256(packed).digest())

    def _stream(self, name: str, lines: Iterable[bytes]) -> None:
        """Write a long part beside the others, and put it among them when it is whole."""
        ready = self.journal.folder / f".{hashlib.sha256(name.encode()).hexdigest()}"
        path = self.folder / name
        try:
            with open(ready, "wb", opener=_private) as file:
                hashing = _Hashing(file)
                with gzip.GzipFile("", "wb", 6, hashing, mtime=0) as packed:
                    packed.writelines(line + b"\n" for line in lines)
            with self._placing():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                ready.replace(path)
                self._keep(name, hashing.sha256.digest())
        finally:
            ready.unlink(missing_ok=True)

    @contextmanager
    def _placing(self) -> Iterator[None]:
        with self._lock:
            if self._closed:
                raise ScannerError(f"{self.folder}: closed")
            yield

    def close(self) -> None:
        """Seal nothing more: whatever comes now was cut short."""
        with self._lock:
            self._closed = True

    def finish(self, manifest: Manifest) -> None:
        """Write the table of contents, and with it close the bundle; one that is incomplete can be resumed.

        Raises:
            ScannerError: it cannot be written.
        """
        self.close()
        text = msgspec.json.format(as_json(msgspec.structs.replace(manifest, parts={})), indent=1)
        # One by one, for there are many; no text within the manifest holds a newline, so this is its own.
        before, empty, after = text.partition(b'\n "parts": {}')
        try:
            with replacing(self.folder / MANIFEST, self.journal.folder) as file:
                file.write(before + empty[:-1])
                for at, (name, sha256) in enumerate(self.parts):
                    file.write(b'%s\n  "%s": "%s"' % (b"," * (at > 0), name.encode(), sha256.encode()))
                file.write((b"\n }" if self._parts else b"}") + after + b"\n")
            if manifest.complete:
                self.journal.discard()
        finally:
            self.journal.release()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _write(path: str, content: bytes) -> None:
    handle = _private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC)
    try:
        while content:
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)


def _packed(lines: Iterable[bytes]) -> bytes:
    """Few lines as gzip packs them; only as much memory is made ready, which takes longest, as they fill."""
    text = b"".join(line + b"\n" for line in lines)
    window = min(max(9, len(text).bit_length()), zlib.MAX_WBITS)
    packing = zlib.compressobj(6, zlib.DEFLATED, -window, max(1, window - 7))
    ended = zlib.crc32(text).to_bytes(4, "little") + (len(text) & _WORD).to_bytes(4, "little")
    return _HEAD + packing.compress(text) + packing.flush() + ended


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


@lru_cache(4096)
def _plain(name: str) -> str:
    quoted = quote(name, safe="").replace("%3A", "=")  # an equals sign in a name is quoted itself
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted
