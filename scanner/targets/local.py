"""This machine as a host: the probe's script through a shell of our own."""

import os
import selectors
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Literal

from .probe import MAX_HEARD, Deadline, Heard

_CHUNK = 65536


def ask(script: bytes, deadline: Deadline) -> Heard:
    """Run the script here; whatever it started is gone when this returns.

    The shell gets none of our environment, which may hold credentials.

    Raises:
        OSError: this machine has no /bin/sh, or no process to spare.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LOGNAME") if name in os.environ}
    with subprocess.Popen(
        ["/bin/sh", "-s"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=kept,
        cwd="/",
        start_new_session=True,
    ) as shell:
        try:
            return _Drained(shell).until(deadline, script)
        finally:
            _end(shell.pid)


class _Drained:
    """Both streams of a shell, read together while it is fed."""

    def __init__(self, shell: "subprocess.Popen[bytes]") -> None:
        if shell.stdin is None or shell.stdout is None or shell.stderr is None:
            raise ValueError("the shell was started without pipes")
        self._stdin, self._stdout, self._stderr = shell.stdin, shell.stdout, shell.stderr
        self._streams = {self._stdout.fileno(): bytearray(), self._stderr.fileno(): bytearray()}

    def until(self, deadline: Deadline, script: bytes) -> Heard:
        unsent = memoryview(script)
        with selectors.DefaultSelector() as ready:
            ready.register(self._stdin.fileno(), selectors.EVENT_WRITE)
            for stream in self._streams:
                ready.register(stream, selectors.EVENT_READ)
            os.set_blocking(self._stdin.fileno(), False)
            while set(ready.get_map()) & set(self._streams):
                if deadline.left <= 0:
                    return self._heard("deadline")
                for key, _ in ready.select(deadline.left):
                    if key.fd in self._streams:
                        self._read(key.fd, ready)
                    else:
                        unsent = self._write(unsent, ready)
                if sum(map(len, self._streams.values())) > MAX_HEARD:
                    return self._heard("flood")
        return self._heard("closed")

    def _read(self, stream: int, ready: selectors.BaseSelector) -> None:
        chunk = os.read(stream, _CHUNK)
        self._streams[stream] += chunk
        if not chunk:
            ready.unregister(stream)

    def _write(self, unsent: memoryview, ready: selectors.BaseSelector) -> memoryview:
        try:
            unsent = unsent[os.write(self._stdin.fileno(), unsent) :]
        except BrokenPipeError:
            unsent = unsent[len(unsent) :]
        if not unsent:
            ready.unregister(self._stdin.fileno())
            self._stdin.close()
        return unsent

    def _heard(self, ended: Literal["closed", "deadline", "flood"]) -> Heard:
        out, err = (bytes(self._streams[stream.fileno()]) for stream in (self._stdout, self._stderr))
        return Heard(out, err, ended)


def _end(session: int) -> None:
    """End everything in a session: timeout(1) moves each command out of the shell's process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # proc(5): pid (comm) state ppid pgrp session; comm may hold anything, parentheses too.
            if int(stat.read_text(errors="replace").rpartition(")")[2].split()[3]) == session:
                os.kill(int(stat.parent.name), signal.SIGKILL)
