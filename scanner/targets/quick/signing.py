"""AWS's Signature Version 4, put together of parts that most questions have in common.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
from collections.abc import Collection, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ by for byte in range(256)) for by in (0x36, 0x5C))
_PORTS = {"http": 80, "https": 443}


class Credentials(NamedTuple):
    """By whom a question is signed."""

    access_key: str
    secret_key: str
    token: str | None


class Scope(NamedTuple):
    """What for: a service in a region."""

    region: str
    service: str
    s3: bool
    """Whether it is S3, which takes paths as they are, and wants the body's digest in a header."""


class Question(NamedTuple):
    """What is signed."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def sign(
    question: Question, credentials: Credentials, scope: Scope, moment: str, unsigned: Collection[str]
) -> dict[str, str]:
    """The headers that a question needs besides its own, signed at a moment written as 20261101T030000Z."""
    digest = sha256(question.body).hexdigest()
    more = {"X-Amz-Date": moment}
    if credentials.token:
        more["X-Amz-Security-Token"] = credentials.token
    if scope.s3:
        more["X-Amz-Content-SHA256"] = digest
    address, _, query = question.url.partition("?")
    host, path = _parts(address, scope.s3)
    signed = {
        name.lower(): " ".join(value.split())
        for name, value in (*question.headers.items(), *more.items())
        if name.lower() not in unsigned
    }
    signed.setdefault("host", host)
    names = sorted(signed)
    listed = ";".join(names)
    lines = "".join([f"{name}:{signed[name]}\n" for name in names])
    canonical = f"{question.method}\n{path}\n{_sorted(query)}\n{lines}\n{listed}\n{digest}"
    day = moment[:8]
    within = f"{day}/{scope.region}/{scope.service}/aws4_request"
    said = f"{_ALGORITHM}\n{moment}\n{within}\n{sha256(canonical.encode()).hexdigest()}"
    # The standard library's HMAC lets other threads run at each step, and the step takes no time.
    inner, outer = (half.copy() for half in _key(credentials.secret_key, day, scope.region, scope.service))
    inner.update(said.encode())
    outer.update(inner.digest())
    more["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{within}, SignedHeaders={listed}, "
        f"Signature={outer.hexdigest()}"
    )
    return more


@lru_cache(512)
def _key(secret: str, *parts: str) -> tuple[Any, Any]:
    """The two hashes that an HMAC by a day's key begins with (RFC 2104)."""
    key = f"AWS4{secret}".encode()
    for part in (*parts, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    padded = key.ljust(_BLOCK, b"\0")
    return sha256(padded.translate(_INNER)), sha256(padded.translate(_OUTER))


@lru_cache(4096)
def _parts(address: str, s3: bool) -> tuple[str, str]:
    """The host, with a port that is not the usual one, and the path, as they are signed."""
    split = urlsplit(address)
    host = split.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if split.port is not None and split.port != _PORTS.get(split.scheme):
        host = f"{host}:{split.port}"
    return host, split.path if s3 else quote(_normal(split.path), safe="/~")


def _normal(path: str) -> str:
    """A path without empty parts, and without those that lead back."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part and part != ".":
            kept.append(part)
    end = "/" if path.endswith("/") and kept else ""
    return "/" + "/".join(kept) + end


def _sorted(query: str) -> str:
    if "&" not in query:
        return query if not query or "=" in query else f"{query}="
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join([f"{name}={value}" for name, value in pairs])
