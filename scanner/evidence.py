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

    def __init__(self, folder: Path) -> None:
        """Take a folder that is empty or not there yet.

        Raises:
            ScannerError: it holds something already, or cannot be made.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise ScannerError(f"{folder}: not empty; a bundle is never written over: name a new folder")
        except OSError as error:
            raise ScannerError(f"{folder}: {error.strerror}") from None
        self.folder = folder
        self.parts: dict[str, str] = {}
        self._lock = threading.Lock()
        self._encoder = msgspec.json.Encoder()

    def seal(self, target: str, scope: str, check: str, entries: Iterable[Entry]) -> None:
        """Write what one check saw in one scope, sorted by resource, and close it for good."""
        lines = sorted((entry.resource or "", self._encoder.encode(entry)) for entry in entries)
        name = part_name(target, scope, check)
        packed = gzip.compress(b"".join(line + b"\n" for _, line in lines), 6, mtime=0)
        with replacing(self.folder / name) as file:
            file.write(packed)
        with self._lock:
            self.parts[name] = hashlib.sha256(packed).hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Write the table of contents, and with it close the bundle."""
        with self._lock:
            sealed = dict(sorted(self.parts.items()))
        text = msgspec.json.encode(msgspec.structs.replace(manifest, parts=sealed))
        with replacing(self.folder / MANIFEST) as file:
            file.write(msgspec.json.format(text, indent=1) + b"\n")


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
