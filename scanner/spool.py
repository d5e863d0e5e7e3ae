"""Findings on disk, so that a report may be larger than memory."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from .model import Finding


class Spool:
    """Findings in a temporary file, iterated as often as wanted; gone with its last user."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Store every finding, in order."""
        self._file = tempfile.NamedTemporaryFile(prefix="wardround-")  # noqa: SIM115 - it lives as we do
        encoder = msgspec.json.Encoder()
        for finding in findings:
            self._file.write(encoder.encode(finding) + b"\n")
        self._file.flush()

    def __iter__(self) -> Iterator[Finding]:
        """The findings, from the first."""
        decoder = msgspec.json.Decoder(Finding)
        with Path(self._file.name).open("rb") as lines:
            for line in lines:
                yield decoder.decode(line)
