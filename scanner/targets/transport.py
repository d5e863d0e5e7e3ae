"""paramiko's connection, spared what is done better elsewhere, or for nobody."""

from typing import Any

import paramiko


class Transport(paramiko.Transport):
    """A connection without a timer of its own, and without a log; a paramiko that asks otherwise has both."""

    def __init__(self, connection: Any) -> None:
        """Speak over this connection."""
        super().__init__(connection)
        # A thread for each host, to end what the watch over the deadline ends, too; and after each packet it
        # is told that it is not needed.
        packetizer: Any = self.packetizer
        packetizer.start_handshake = _ignored

    def _parse_debug(self, message: object) -> None:
        """Leave unread what sshd says of keys: it would be escaped, byte by byte, for a log nobody keeps."""


def _ignored(_: object) -> None:
    """Do nothing."""
