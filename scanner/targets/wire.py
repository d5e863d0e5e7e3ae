"""HTTP by the shortest way: certificates loaded once, a question in one piece, an answer read at once.

Whatever is not an ordinary question goes the usual way. Connecting, proxies, timeouts and what their failures
are called stay urllib3's and botocore's; `quick` says whether any of this is used.
"""

import http.client
import queue
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib3 import HTTPHeaderDict

_HOSTS = 64
"""How many hosts a client keeps connections to: a service's in every region there is."""
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?").fullmatch
_PLAIN = re.compile(r"/[!-~]*").fullmatch
_LINES = 100
"""How many headers an answer may have, as the standard library has it."""
_LINE = 65_536
_FRESH_SECONDS = 2.0
"""For how long a connection that was just used counts as one, without a look."""


class Answer:
    """A whole answer, as far as urllib3 and botocore look at it."""

    retries: Any = None
    version_string = "HTTP/1.1"
    version = 11
    reason = ""
    length_remaining = 0
    _connection: Any = None
    _pool: Any = None

    def __init__(self, status: int, headers: "HTTPHeaderDict", body: bytes) -> None:
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
            self._pool._put_conn(self._connection)  # noqa: SLF001 - as urllib3's own answers do
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
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
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
        self.will_close = self._check_close()  # type: ignore[attr-defined]
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

    def _lines(self) -> "HTTPHeaderDict":
        from urllib3 import HTTPHeaderDict

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


def quicker(stock: Any) -> Any:  # noqa: C901 - it is a class, of small methods
    """A class of connections that ask and read by the shortest way."""

    class Connection(stock):  # type: ignore[misc]
        """A connection over TLS."""

        _asked: str | None = None

        def request(
            self, method: str, url: str, body: Any = None, headers: Any = None, *given: Any, **named: Any
        ) -> None:
            self._asked = None
            host = self._tunnel_host or self.host
            port = self._tunnel_port if self._tunnel_host else self.port
            said = None
            if not given and not named.get("chunked") and not named.get("preload_content", True):
                said = _said(method, url, body, headers or {}, _named(host, port))
            if said is None or self.sock is None:
                super().request(method, url, body, headers, *given, **named)
                return
            self._wait_at_most(self.timeout)
            self._asked = method
            self.sock.sendall(said)

        def getresponse(self) -> Any:
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
            said = _said(
                method,
                url,
                body,
                headers,
                _named(self._tunnel_host or self.host, self._tunnel_port if self._tunnel_host else self.port),
            )
            if said is None:
                return None
            self.timeout = seconds
            self._wait_at_most(seconds)
            self._asked = method
            self.sock.sendall(said)
            answer: Answer = self.getresponse()
            return answer

        def _wait_at_most(self, seconds: Any) -> None:
            if self.sock.gettimeout() != seconds:  # to set it is a call of the kernel's
                self.sock.settimeout(seconds)

    return Connection


def _named(host: str, port: int) -> str:
    return host if port == http.client.HTTPS_PORT else f"{host}:{port}"


def _said(method: str, url: str, body: Any, headers: Mapping[str, Any], host: str) -> bytes | None:
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
        said = value if isinstance(value, bytes) else str(value).encode("latin-1")
        lines.append(name.encode("ascii") + b": " + said)
    # The usual way refuses what would be more lines than these.
    if any(b"\n" in line or b"\r" in line for line in lines):
        return None
    return b"\r\n".join([*lines, b"", body or b""])


def trusting(stock: ModuleType, pool: Any) -> type:  # noqa: C901 - it is a class, of small methods
    """Botocore's sessions, whose connections find the certificates of whom they trust loaded."""

    class Pool(pool):  # type: ignore[misc]
        """Connections of the quicker kind."""

        ConnectionCls = quicker(pool.ConnectionCls)

        def _put_conn(self, conn: Any) -> None:
            if conn is not None:
                conn.left_at = monotonic()
            super()._put_conn(conn)

        def idle(self) -> Any:
            """A connection that was used before and still is one; None when there is none."""
            try:
                connection = self.pool.get(block=False)
            except (queue.Empty, AttributeError):  # all are in use, or it was closed
                return None
            if connection is not None and connection.sock is not None:
                # To look whether the other end is there is a call of the kernel's.
                if monotonic() - connection.left_at < _FRESH_SECONDS or connection.is_connected:
                    return connection
                connection.close()
            self._put_conn(connection)
            return None

    class Trusting(stock.URLLib3Session):  # type: ignore[misc,name-defined]
        """A session that loads certificates once."""

        def __init__(self, **given: Any) -> None:
            self._trusts: ssl.SSLContext | None = None
            self._pools: dict[str, Any] = {}
            """By what addresses begin with, who connects to a host."""
            # With a certificate of its own, or for its proxy, a context cannot be shared.
            if given.get("verify") and not given.get("client_cert") and not given.get("proxies_config"):
                with suppress(OSError):  # botocore tells so when it connects
                    self._trusts = _context(stock, stock.get_cert_path(given["verify"]))
            super().__init__(**given)
            if self._trusts:
                self._pool_classes_by_scheme["https"] = Pool

        def send(self, request: Any) -> Any:
            """Ask, by a connection that there is if it can be."""
            origin = request.url[: request.url.find("/", len("https://"))]
            answer = self._asked(origin, request) if origin in self._pools else None
            if answer is not None:
                return answer
            answered = super().send(request)
            if self._trusts and origin.startswith("https://") and origin not in self._pools:
                self._remember(origin, request.url)
            return answered

        def _remember(self, origin: str, url: str) -> None:
            proxy = self._proxy_config.proxy_url_for(url)
            if self._get_request_target(url, proxy).startswith("/"):
                found = self._get_connection_manager(url, proxy).connection_from_url(url)
                if type(found) is Pool:
                    self._pools[origin] = found

        def _asked(self, origin: str, request: Any) -> Any:
            """An answer by a connection that there is; None when there is none, or it came to an end.

            Raises:
                ReadTimeoutError: nothing came.
            """
            found = self._pools[origin]
            connection = None if request.stream_output or "#" in request.url else found.idle()
            if connection is None:
                return None
            target = request.url[len(origin) :]
            try:
                answer = connection.plainly(
                    request.method, target, request.body, request.headers, found.timeout.read_timeout
                )
            except TimeoutError as error:
                connection.close()
                raise stock.ReadTimeoutError(endpoint_url=request.url, error=error) from None
            except (OSError, http.client.HTTPException):
                # Whoever kept it may have let go of it just now: asked anew, it shows what is wrong.
                connection.close()
                return None
            except BaseException:
                connection.close()
                raise
            finally:
                found._put_conn(connection)  # noqa: SLF001 - as urllib3's own answers do
            if answer is None:
                return None
            told = stock.botocore.awsrequest.AWSResponse(request.url, answer.status, answer.headers, answer)
            told.content  # noqa: B018 - it is read here
            return told

        def leave(self, hosts: set[str]) -> None:
            """Close the connections to some hosts."""
            for origin in [each for each in self._pools if urlsplit(each).hostname in hosts]:
                self._pools.pop(origin, None)
            for manager in (self._manager, *self._proxy_managers.values()):
                for key in manager.pools.keys():  # noqa: SIM118 - it cannot be iterated over
                    if key.key_host in hosts:
                        with suppress(KeyError):
                            del manager.pools[key]

        def _get_pool_manager_kwargs(self, **more: Any) -> Any:
            return super()._get_pool_manager_kwargs(**{"num_pools": _HOSTS, **more})

        def _get_ssl_context(self) -> Any:
            return self._trusts or super()._get_ssl_context()

        def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
            super()._setup_ssl_cert(conn, url, verify)
            # To a proxy that is itself asked over TLS, urllib3 connects by what is set here.
            if self._trusts and not (conn.proxy and conn.proxy.scheme == "https"):
                conn.ca_certs = None

    return Trusting


@cache
def _context(stock: Any, bundle: str) -> ssl.SSLContext:
    context: ssl.SSLContext = stock.create_urllib3_context()
    context.load_verify_locations(bundle)
    return context
