"""Reading ahead: paramiko asks the system for a few bytes at a time; it is given what came before."""

import socket
from contextlib import suppress
from typing import Any

_PIECE = 65536
_IDLE_SECONDS = 1.0
"""paramiko looks up ten times a second whether it was closed; here, closing wakes whoever waits."""


class ReadAhead:
    """A connected socket as paramiko uses one, read by one thread."""

    def __init__(self, connection: socket.socket) -> None:
        """Take it over: whatever is closed last closes it."""
        self._connection = connection
        self._held = b""
        self._at = 0

    def recv(self, most: int) -> bytes:
        """Some bytes, at most so many; none at the end.

        Raises:
            OSError: none came in time, or the connection broke.
        """
        if not self._held:
            self._held, self._at = self._connection.recv(_PIECE), 0
        piece = self._held[self._at : self._at + most]
        self._at += len(piece)
        if self._at == len(self._held):
            # paramiko leaves circular garbage behind, and this would stay with it.
            self._held = b""
        return piece

    def settimeout(self, seconds: float) -> None:
        """Wait at least as long, when nothing comes."""
        self._connection.settimeout(max(seconds, _IDLE_SECONDS))

    def close(self) -> None:
        """Close it, and have a thread that waits for it find its end."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
