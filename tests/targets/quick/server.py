"""A server that says over TLS what it is told to, to the byte, and then stays or goes."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum, auto
from queue import SimpleQueue
from typing import NamedTuple


class Then(Enum):
    """What becomes of a connection over which something was said."""

    STAYS = auto()
    ENDS = auto()
    ENDS_POLITELY = auto()
    """It says over TLS that it ends."""
    BREAKS = auto()


class Said(NamedTuple):
    """An answer, or silence; what becomes of its connection."""

    text: bytes
    then: Then = Then.STAYS


class Server:
    """Says one thing after the other, then the last one again; keeps what it was asked."""

    def __init__(self, said: Sequence[Said], context: ssl.SSLContext) -> None:
        self._said = said
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.asked: list[bytes] = []
        self.connections = 0
        self.ended: SimpleQueue[None] = SimpleQueue()
        """One for each connection that came to its end."""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secure:
            while asked := self._question(secure):
                said = self._said[min(len(self.asked), len(self._said) - 1)]
                self.asked.append(asked)
                secure.sendall(said.text)
                if said.then is not Then.STAYS:
                    self._end(secure, said.then)
                    break
        self.ended.put(None)

    @staticmethod
    def _end(secure: ssl.SSLSocket, how: Then) -> None:
        if how is Then.ENDS_POLITELY:
            secure.settimeout(0.05)
            with suppress(OSError):  # it would wait for the other end to say the same
                secure.unwrap()
        elif how is Then.BREAKS:
            time.sleep(0.1)  # until the answer was read, which would be lost with the connection
            secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    @staticmethod
    def _question(secure: ssl.SSLSocket) -> bytes:
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = secure.recv(65536)
            if not more:
                return b""
            asked += more
        head, _, body = asked.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += secure.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        # Else it would go on to accept what comes to whoever gets the number of this socket next.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
