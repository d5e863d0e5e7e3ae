"""SSH: one connection, one login, one command; nothing is trusted or added by itself."""

import gc
import itertools
import selectors
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ..model import Reason
from . import road
from .handshake import Shown, logged_in
from .login import Login
from .probe import Deadline, Heard, Hearing
from .script import EXEC
from .stages import stage

if TYPE_CHECKING:
    import paramiko

_CHUNK = 65536
_TOGETHER = 32
"""How many connections leave their garbage before it is looked for."""
_PAUSE = 0.01
"""Seconds in which more may come, to be read together: packets come one by one, and waking takes longest."""
_LEFT = itertools.count(1)


@dataclass(frozen=True)
class Connection:
    """A login that succeeded, on a host whose key is known."""

    transport: "paramiko.Transport"
    key: Shown
    """What the host showed."""
    through: str
    """The jump hosts, each as user@host:port; empty without one."""

    def ask(self, script: bytes, over: bytes, deadline: Deadline) -> Heard:
        """Run the script in one exec, until it says that it is over.

        Raises:
            ReadError: the host opens no session or runs no commands.
        """
        with stage("opening a session", deadline, Reason.UNREACHABLE, "see what sshd's log on the host says"):
            channel = self.transport.open_session(timeout=max(0.1, deadline.left))
        with closing(channel):
            with stage(
                "starting a command", deadline, Reason.UNREACHABLE, "see what sshd's log on the host says"
            ):
                channel.exec_command(EXEC)
            return _drained(channel, script, over, deadline)


@contextmanager
def connected(login: Login, hops: road.Hops, deadline: Deadline) -> Iterator[Connection]:
    """Connect, check the host key, log in; through jump hosts where there are some.

    Raises:
        ReadError: any of it failed; it says which, on which host.
    """
    _load()
    with ExitStack() as stack:
        stack.callback(_leave)
        connection = road.arrive(login, hops, deadline, stack)
        transport, key = logged_in(login, connection, deadline, stack)
        yield Connection(transport, key, road.shown(hops))


@cache
def _load() -> None:
    """Have paramiko loaded, and not looked through for garbage each time."""
    import paramiko  # noqa: F401 - it is loaded here

    gc.freeze()


def _leave() -> None:
    """Give back what connections held, which are circular in paramiko: 100 KB each."""
    if next(_LEFT) % _TOGETHER == 0:
        gc.collect()


def _drained(channel: "paramiko.Channel", script: bytes, over: bytes, deadline: Deadline) -> Heard:
    """Both streams, read together while the script is sent: each has its own window to fill up."""
    hearing, unsent, told = Hearing(over), script, False
    channel.setblocking(False)
    with selectors.DefaultSelector() as ready:
        ready.register(channel, selectors.EVENT_READ)
        while True:
            # Whether it is over is asked first: what came before the end is then there to be read.
            closed = channel.eof_received or channel.closed
            quiet = True
            if channel.recv_ready():
                hearing.hear(channel.recv(_CHUNK))
                quiet = False
            if channel.recv_stderr_ready():
                hearing.err += channel.recv_stderr(_CHUNK)
                quiet = False
            unsent = _sent(channel, unsent)
            if hearing.over and not told:
                # The script waits for the end of what it is told, and ends whatever it started.
                told = True
                with suppress(OSError, EOFError):
                    channel.shutdown_write()
            if hearing.flooded:
                return hearing.heard("flood")
            if deadline.left <= 0:
                return hearing.heard("deadline")
            if quiet and closed:
                return hearing.heard("closed")
            if quiet:
                ready.select(min(deadline.left, _PAUSE if unsent else 1))
                time.sleep(_PAUSE)


def _sent(channel: "paramiko.Channel", unsent: bytes) -> bytes:
    """What is left to send, now that the channel took what it could."""
    if not unsent:
        return unsent
    try:
        return unsent[channel.send(unsent) :]
    except TimeoutError:
        return unsent
    except (OSError, EOFError):
        # A login shell that ended already: what it printed says why.
        return b""
