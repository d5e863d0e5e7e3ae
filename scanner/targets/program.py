"""Programs of this machine that answer on their standard output: bounded in time and in what they say."""

import os
import selectors
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from .probe import Deadline

_CHUNK = 65536
_ERRORS = 65536


class TooMuch(Exception):  # noqa: N818 - the word says it
    """It said more than anybody will read."""


@dataclass(frozen=True)
class Ended:
    """How a program ended, and what it said."""

    status: int
    out: bytes = field(repr=False)
    err: bytes = field(repr=False)
    """The first of it."""


def run(command: Sequence[str], *, seconds: float, most: int) -> Ended:
    """Run a program to its end; it and whatever it started are gone when this returns.

    Raises:
        OSError: it cannot be started.
        TimeoutError: it took too long.
        TooMuch: it said more than `most` bytes.
    """
    deadline = Deadline(seconds)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = _heard(process, deadline, most)
            return Ended(process.wait(max(0.1, deadline.left)), out, err)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _heard(process: "subprocess.Popen[bytes]", deadline: Deadline, most: int) -> tuple[bytes, bytes]:
    if process.stdout is None or process.stderr is None:
        raise ValueError("the program was started without pipes")
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ, out)
        ready.register(process.stderr, selectors.EVENT_READ, err)
        while ready.get_map():
            if deadline.left <= 0:
                raise TimeoutError
            for key, _ in ready.select(deadline.left):
                chunk = os.read(key.fd, _CHUNK)
                if not chunk:
                    ready.unregister(key.fileobj)
                elif key.data is out or len(err) < _ERRORS:
                    key.data.extend(chunk)
                if len(out) > most:
                    raise TooMuch
    return bytes(out), bytes(err)
