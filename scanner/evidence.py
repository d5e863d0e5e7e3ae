"""The evidence bundle: a folder of sealed parts, and a manifest that is written last."""

import gzip
import hashlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from .errors import ScannerError
from .files import replacing
from .model import FORMAT, Manifest, Observation, Unreadable

MANIFEST = "manifest.json"

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
        self.journal = Journal(folder)
        # Somebody may have finished it between the look and the lock.
        _assert_ours(folder, resume=resume)

    def begin(self, begun: Begun) -> Begun:
        """Write down what this run is; when it goes on with another, take over what that one sealed.

        Raises:
            ScannerError: it is to go on with what is another run, or what that one sealed was changed.
        """
        begun = self.journal.begin(begun)
        self.entered = self.journal.entered()
        self.parts = _sealed(self.folder)
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
            ScannerError: it cannot be written, or the bundle is closed.
        """
        name = part_name(target, scope, check)
        try:
            with replacing(self.folder / name, self.journal.folder) as file:
                hashing = _Hashing(file)
                with gzip.GzipFile("", "wb", 6, hashing, mtime=0) as packed:
                    for line in in_order(entries, self.journal.folder):
                        packed.write(line + b"\n")
                self._lock.acquire()
                if self._closed:
                    raise ScannerError(f"{self.folder}: the bundle is closed")
        finally:
            pass

    def finish(self, manifest: Manifest) -> None:
        """Write the table of contents, and with it close the bundle."""
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
            raise ScannerError(
                f"{path}: {error.strerror}: not a bundle, or one that was not finished"
            ) from None
        except msgspec.MsgspecError as error:
            raise ScannerError(f"{path}: not a bundle's manifest: {error}") from None
        if self.manifest.format > FORMAT:
            raise ScannerError(f"{path}: format {self.manifest.format}; this version reads up to {FORMAT}")
        self._decoder = msgspec.json.Decoder(Entry)

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
            packed = path.read_bytes()
        except OSError as error:
            raise ScannerError(f"{path}: {error.strerror}: a part of the bundle is missing") from None
        if hashlib.sha256(packed).hexdigest() != sealed:
            raise ScannerError(f"{path}: it is not what was sealed; the bundle was changed")
        return (self._decoder.decode(line) for line in gzip.decompress(packed).splitlines())


def part_name(target: str, scope: str, check: str) -> str:
    """Where a part lies in its bundle: no name of a target can lead out of it."""
    return "/".join(["parts", *(_plain(name) for name in (target, scope, check))]) + ".jsonl.gz"


def _plain(name: str) -> str:
    quoted = quote(name, safe="").replace("%3A", "=")  # an equals sign in a name is quoted itself
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted
