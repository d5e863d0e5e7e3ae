"""Answers as they come over a connection: read at once, and whole."""

import http.client
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from urllib3 import HTTPHeaderDict

_LINES = 100
"""How many headers an answer may have, as the standard library has it."""
_LINE = 65_536


class Answer:
    """A whole answer, as far as urllib3 and botocore look at it."""

    retries: Any = None
    version_string = "HTTP/1.1"
    version = 11
    reason = ""
    length_remaining = 0
    _connection: Any = None
    _pool: Any = None

    def __init__(self, status: int, headers: HTTPHeaderDict, body: bytes) -> None:
        """Keep what came."""
        self.status = status
        self.headers = headers
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """The body, in one piece."""
        yield self.read()

    def read(self, amount: int | None = None, **_: Any) -> bytes:
        """So much of the body as is asked for and left."""
        self.release_conn()
        taken = self._body if amount is None else self._body[:amount]
        self._body = self._body[len(taken) :]
        return taken

    def release_conn(self) -> None:
        """Leave the connection to the next question, as everything was read from it."""
        if self._pool and self._connection:
            self._pool._put_conn(self._connection)
            self._connection = None

    @staticmethod
    def get_redirect_location() -> bool:
        """Nowhere: who asks is told that it moved, and decides."""
        return False


class Reading(http.client.HTTPResponse):
    """The standard library's reader, with headers kept as they are used: looked up by name."""

    def begin(self) -> None:
        """Read up to the body.

        Raises:
            HTTPException: it is not HTTP.
        """
        while True:
            version, status, reason = self._read_status()
            if status != http.client.CONTINUE:
                break
            self._lines()
        if not version.startswith("HTTP/1."):
            raise http.client.UnknownProtocol(version)
        self.code = self.status = status
        self.reason = reason.strip()
        self.version = 10 if version == "HTTP/1.0" else 11
        self.headers: Any = self._lines()
        self.chunked = (self.headers.get("transfer-encoding") or "").lower() == "chunked"
        self.chunk_left = None
        self.will_close = self._check_close()
        self.length = self._told()
        if not self.chunked and self.length is None:
            self.will_close = True

    def whole(self) -> bytes:
        """The body; what there is of it where it is shorter than was told, which the caller looks at.

        Raises:
            IncompleteRead: it came in pieces, of which some did not.
        """
        try:
            return self.read()
        except http.client.IncompleteRead as part:
            if self.chunked:
                raise
            return part.partial

    def _told(self) -> int | None:
        if self.status in {http.client.NO_CONTENT, http.client.NOT_MODIFIED}:
            return 0
        told = self.headers.get("content-length")
        if self.chunked or not told:
            return None
        with suppress(ValueError):
            return number if (number := int(told)) >= 0 else None
        return None

    def _lines(self) -> HTTPHeaderDict:
        headers = HTTPHeaderDict()
        name = ""
        for _ in range(_LINES + 1):
            line = self.fp.readline(_LINE + 1)
            if len(line) > _LINE:
                raise http.client.LineTooLong("header line")
            if line in {b"\r\n", b"\n", b""}:
                return headers
            text = line.decode("iso-8859-1")
            if text[0] in " \t" and name:  # a header that goes on
                headers[name] = f"{headers[name]} {text.strip()}"
                continue
            name, colon, value = text.partition(":")
            if not colon:
                name = ""  # no header; the standard library passes over it too
                continue
            headers.add(name.strip(), value.strip())
        raise http.client.HTTPException(f"got more than {_LINES} headers")
