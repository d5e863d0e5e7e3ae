"""Answers that come in bounded time and length, however slowly they drip."""

import os
import time
from collections.abc import Iterator
from typing import Any

import requests
from azure.core.exceptions import ServiceResponseTimeoutError
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

_PIECE = 65_536


class Body:
    """A body that is read as it comes, and given up when it does not come to an end.

    The time-out of a connection is between two bytes; somebody who sends one now and then never meets it.
    """

    def __init__(self, raw: Any, seconds: float, longest: int) -> None:
        """Read this response of urllib3's, from now on."""
        self._raw = raw
        self._seconds = seconds
        self._longest = longest
        self._until = time.monotonic() + seconds

    def stream(self, amt: int = _PIECE, decode_content: bool | None = None) -> Iterator[bytes]:
        """The body, piece by piece.

        Raises:
            ServiceResponseTimeoutError: it takes too long.
            ValueError: it is too long.
        """
        length = 0
        while piece := self._raw.read1(max(amt, _PIECE), decode_content=decode_content):
            length += len(piece)
            if length > self._longest:
                self._raw.close()
                raise ValueError(f"the answer is longer than {self._longest} bytes")
            yield piece
            if time.monotonic() > self._until:
                self._raw.close()
                said = f"the answer was not whole after {self._seconds} s: {length} bytes came"
                raise ServiceResponseTimeoutError(said)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the response's own."""
        return getattr(self._raw, name)


class _Adapter(HTTPAdapter):
    def __init__(self, seconds: float, longest: int) -> None:
        super().__init__()
        self._bounds = (seconds, longest)

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = super().build_response(req, resp)
        response.raw = Body(response.raw, *self._bounds)
        return response


def session(address: str, seconds: float, longest: int) -> requests.Session:
    """Connections to one address, over which no answer takes longer, or is longer."""
    made = requests.Session()
    # Asked once and not for each call. What else the environment could say is for nobody here: a password in
    # ~/.netrc would be sent in place of the token.
    made.proxies = get_environ_proxies(address)
    made.trust_env = False
    made.mount("https://", _Adapter(seconds, longest))
    return made


def authorities() -> str | bool:
    """Whose certificates are trusted: those of a file that the environment names, or the usual ones."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
