"""Files are written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import ScannerError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner's eyes that takes its name when it is complete; missing folders are made.

    Raises:
        ScannerError: it cannot be written; what was there before is as it was.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ScannerError(f"{path}: {error.strerror}") from None
