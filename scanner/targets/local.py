"""This machine as a host: the probe's script through a shell of our own."""

import os
import selectors
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .probe import Deadline, Heard, Hearing

SHELL = ("/bin/sh", "-s")
_CHUNK = 65536


def ask(script: bytes, over: bytes, deadline: Deadline, command: Sequence[str] = SHELL) -> Heard:
    """Run the script here, until it says that it is over; whatever it started is gone when this returns.

    The shell gets none of our environment, which may hold credentials.

    Raises:
        OSError: this machine has no /bin/sh, or no process to spare.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LOGNAME") if name in os.environ}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=kept,
        cwd="/",
        start_new_session=True,
    ) as shell:
        try:
            return _Drained(shell, over).until(deadline, script)
        finally:
            _end(shell.pid)


class _Drained:
    """Both streams of a shell, read together while it is fed."""

    def __init__(self, shell: "subprocess.Popen[bytes]", over: bytes) -> None:
        if shell.stdin is None or shell.stdout is None or shell.stderr is None:
            raise ValueError("the shell was started without pipes")
        self._stdin, self._out, self._err = shell.stdin, shell.stdout.fileno(), shell.stderr.fileno()
        self._hearing = Hearing(over)

    def until(self, deadline: Deadline, script: bytes) -> Heard:
        unsent = memoryview(script)
        with selectors.DefaultSelector() as ready:
            ready.register(self._stdin.fileno(), selectors.EVENT_WRITE)
            for stream in (self._out, self._err):
                ready.register(stream, selectors.EVENT_READ)
            os.set_blocking(self._stdin.fileno(), False)
            while set(ready.get_map()) & {self._out, self._err}:
                if deadline.left <= 0:
                    return self._hearing.heard("deadline")
                for key, _ in ready.select(deadline.left):
                    if key.fd in (self._out, self._err):
                        self._read(key.fd, ready)
                    else:
                        unsent = self._write(unsent, ready)
                if self._hearing.over and not self._stdin.closed:
                    # The script waits for the end of what it is told, and ends whatever it started.
                    self._stop_writing(ready)
                if self._hearing.flooded:
                    return self._hearing.heard("flood")
        return self._hearing.heard("closed")

    def _read(self, stream: int, ready: selectors.BaseSelector) -> None:
        chunk = os.read(stream, _CHUNK)
        if stream == self._out:
            self._hearing.hear(chunk)
        else:
            self._hearing.err += chunk
        if not chunk:
            ready.unregister(stream)

    def _write(self, unsent: memoryview, ready: selectors.BaseSelector) -> memoryview:
        try:
            unsent = unsent[os.write(self._stdin.fileno(), unsent) :]
        except BrokenPipeError:
            self._stop_writing(ready)
            return unsent[len(unsent) :]
        if not unsent:
            ready.unregister(self._stdin.fileno())
        return unsent

    def _stop_writing(self, ready: selectors.BaseSelector) -> None:
        with suppress(KeyError):
            ready.unregister(self._stdin.fileno())
        self._stdin.close()


def _end(session: int) -> None:
    """End everything in a session: timeout(1) moves each command out of the shell's process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # proc(5): pid (comm) state ppid pgrp session; comm may hold anything, parentheses too.
            if int(stat.read_text(errors="replace").rpartition(")")[2].split()[3]) == session:
                os.kill(int(stat.parent.name), signal.SIGKILL)
