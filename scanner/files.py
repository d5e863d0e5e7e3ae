"""Files are written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import ScannerError


@contextmanager
def replacing(path: Path, within: Path | None = None) -> Iterator[BinaryIO]:
    """A file for its owner's eyes that takes its name when it is complete; missing folders are made.

    A link stays, and what it leads to is replaced; a pipe or a device, as /dev/stdout, is written to. Until
    it is complete it lies in the folder `within`, or else in its own.

    Raises:
        ScannerError: it cannot be written; what was there before is as it was.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as file:
                yield file
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(
            dir=within or path.resolve().parent, prefix=f".{path.name[:100]}."
        )
        try:
            with os.fdopen(handle, "wb") as file:  # mode 0600
                yield file
            Path(temporary).replace(path.resolve())
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ScannerError(f"{path}: {error.strerror}") from None
