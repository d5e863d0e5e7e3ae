"""Connections over TLS that put an ordinary question in one piece; any other, the usual way."""

import http.client
import re
from collections.abc import Mapping
from typing import Any

from botocore.awsrequest import AWSHTTPSConnection

from .responses import Answer, Reading

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?").fullmatch
_PLAIN = re.compile(r"/[!-~]*").fullmatch


class Connection(AWSHTTPSConnection):
    """A connection that asks and reads by the shortest way."""

    _asked: str | None = None

    def request(
        self, method: str, url: str, body: Any = None, headers: Any = None, *given: Any, **named: Any
    ) -> Any:
        """Ask."""
        self._asked = None
        said = None
        if not given and not named.get("chunked") and not named.get("preload_content", True):
            said = self._said(method, url, body, headers or {})
        if said is None or self.sock is None:
            return super().request(method, url, body, headers, *given, **named)
        self._say(method, said)
        return None

    def getresponse(self) -> Any:
        """The answer.

        Raises:
            HTTPException: it is none.
            OSError: it does not come.
        """
        method, self._asked = self._asked, None
        if method is None:
            return super().getresponse()
        self._wait_at_most(self.timeout)
        reading = Reading(self.sock, method=method)
        try:
            reading.begin()
            body = reading.whole()
        except ConnectionError:
            self.close()
            raise
        finally:
            reading.close()
        if reading.will_close:
            self.close()
        return Answer(reading.status, reading.headers, body)

    def plainly(self, method: str, url: str, body: Any, headers: Any, seconds: Any) -> Answer | None:
        """The answer to a question that can be put plainly; None, and nothing asked, for any other."""
        if self.sock is None:
            return None
        said = self._said(method, url, body, headers)
        if said is None:
            return None
        self.timeout = seconds
        self._say(method, said)
        answer: Answer = self.getresponse()
        return answer

    def _said(self, method: str, url: str, body: Any, headers: Mapping[str, Any]) -> bytes | None:
        host = self._tunnel_host or self.host
        port = self._tunnel_port if self._tunnel_host else self.port
        return said(method, url, body, headers, host if port == http.client.HTTPS_PORT else f"{host}:{port}")

    def _say(self, method: str, said: bytes) -> None:
        self._wait_at_most(self.timeout)
        self._asked = method
        self.sock.sendall(said)

    def _wait_at_most(self, seconds: Any) -> None:
        if self.sock.gettimeout() != seconds:  # to set it is a call of the kernel's
            self.sock.settimeout(seconds)


def said(method: str, url: str, body: Any, headers: Mapping[str, Any], host: str) -> bytes | None:
    """A question in one piece; None where it is not one of those that are put plainly."""
    if not _HOST(host) or not isinstance(body, bytes | str | None) or not _PLAIN(url):
        return None
    if isinstance(body, str):
        body = body.encode()
    lines = [f"{method} {url} HTTP/1.1".encode(), b"Host: " + host.encode()]
    names = {name.lower() for name in headers}
    if names & {"host", "expect", "transfer-encoding", "connection"} or "user-agent" not in names:
        return None
    if "accept-encoding" not in names:
        lines.append(b"Accept-Encoding: identity")
    if "content-length" not in names and (body or method in {"POST", "PUT", "PATCH"}):
        lines.append(b"Content-Length: %d" % len(body or b""))
    for name, value in headers.items():
        written = value if isinstance(value, bytes) else str(value).encode("latin-1")
        lines.append(name.encode("ascii") + b": " + written)
    # The usual way refuses what would be more lines than these.
    if any(b"\n" in line or b"\r" in line for line in lines):
        return None
    return b"\r\n".join([*lines, b"", body or b""])
