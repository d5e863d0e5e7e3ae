"""Findings on disk, so that a report may be larger than memory."""

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from .model import Finding


class Spool:
    """Findings in a temporary file, iterated as often as wanted; gone with its last user."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Store every finding, in order."""
        handle, name = tempfile.mkstemp(prefix="wardround-")  # mode 0600
        self._path = Path(name)
        weakref.finalize(self, self._path.unlink, missing_ok=True)
        encoder = msgspec.json.Encoder()
        with os.fdopen(handle, "wb") as file:
            file.writelines(encoder.encode(finding) + b"\n" for finding in findings)

    def __iter__(self) -> Iterator[Finding]:
        """The findings, from the first."""
        decoder = msgspec.json.Decoder(Finding)
        with self._path.open("rb") as lines:
            for line in lines:
                yield decoder.decode(line)
