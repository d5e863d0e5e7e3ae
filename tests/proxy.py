"""A proxy in front of Moto's server that does to answers what networks and services do."""

import http.client
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from tests.moto import Moto


@dataclass(frozen=True)
class Request:
    """What was asked; `what` is the operation, or method and path where there is none."""

    service: str
    region: str
    what: str
    attempt: int

    @property
    def name(self) -> str:
        """`service:what`."""
        return f"{self.service}:{self.what}"


class Wire:
    """One request on its way: a fault answers it, or lets it through."""

    def __init__(
        self, request: Request, handler: BaseHTTPRequestHandler, body: bytes, proxy: "Proxy"
    ) -> None:
        self.request = request
        self.form = "urlencoded" in handler.headers.get("Content-Type", "")
        self._handler = handler
        self._body = body
        self._proxy = proxy

    def forward(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """What Moto answers."""
        host = self._proxy.behind.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            asked = self._handler
            connection.putrequest(asked.command, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers.items():
                connection.putheader(name, value)
            connection.endheaders(self._body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def answer(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, length: int | None = None
    ) -> None:
        """Send this, and say that it is so long; what is shorter is cut off."""
        asked = self._handler
        asked.send_response(status)
        for name, value in (headers or {}).items():
            asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(body) if length is None else length))
        asked.end_headers()
        asked.wfile.write(body)
        asked.close_connection = length is not None

    def pass_on(self, change: Callable[[bytes], bytes] = lambda body: body, *, cut: bool = False) -> None:
        """Send what Moto answers, changed; `cut`: after half of it the connection ends."""
        status, headers, body = self.forward()
        kept = {
            name: value
            for name, value in headers
            if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}
        }
        if cut:
            self.answer(status, body[: len(body) // 2], kept, len(body))
        else:
            self.answer(status, change(body), kept)

    def reset(self) -> None:
        """End the connection as a crash does, without a word."""
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RD)
        self._handler.rfile.close()
        self._handler.connection.close()

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self._proxy.over.wait(60)
        self._handler.close_connection = True


Fault = Callable[[Wire], None]


@dataclass
class Proxy:
    """A running proxy."""

    behind: Moto
    url: str = ""
    fault: Callable[[Request], Fault | None] = lambda _: None
    """What is done to a request; None: it is passed on."""
    asked: list[Request] = field(default_factory=list)
    """Every attempt."""
    broken: list[BaseException | None] = field(default_factory=list)
    """Mistakes of a test's own."""
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """What has any AWS tool talk to Moto through this proxy."""
        return self.behind.environment | {
            "AWS_ENDPOINT_URL": self.url,
            "HTTP_PROXY": self.url,
            "http_proxy": self.url,
        }


@contextmanager
def before(moto: Moto) -> Iterator[Proxy]:
    """A proxy on a free loopback port."""
    proxy = Proxy(moto)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = _request(self, body.decode(errors="replace"))
            proxy.asked.append(request)
            wire = Wire(request, self, body, proxy)
            with suppress(ConnectionError):
                (proxy.fault(request) or Wire.pass_on)(wire)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815 - the server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Print nothing of connections that a fault ended; whatever else is wrong is."""
            if not isinstance(sys.exception(), OSError | ValueError):
                proxy.broken.append(sys.exception())

    server = Server(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
    assert not proxy.broken, proxy.broken


def _request(asked: BaseHTTPRequestHandler, body: str) -> Request:
    signed = re.search(
        r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request", asked.headers.get("Authorization", "")
    )
    region, service = signed.groups() if signed else ("", "")
    what = (
        parse_qs(body).get("Action", [""])[0]
        or asked.headers.get("X-Amz-Target", "").rpartition(".")[2]
        or f"{asked.command} {asked.path.partition('?')[0]}"
    )
    attempt = re.search(r"attempt=(\d+)", asked.headers.get("amz-sdk-request", ""))
    return Request(service, region, what, int(attempt[1]) if attempt else 1)


def failing(status: int, code: str, message: str = "no") -> Fault:
    """An error of AWS's, as the service that was asked would say it."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"

    def fault(wire: Wire) -> None:
        if wire.request.service == "s3":
            wire.answer(status, error.encode())
        elif wire.request.service == "ec2":
            said = f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"
            wire.answer(status, said.encode())
        elif wire.form:
            said = f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"
            wire.answer(status, said.encode())
        else:
            said = f'{{"__type": "{code}", "message": "{message}"}}'
            wire.answer(status, said.encode(), {"x-amzn-errortype": code})

    return fault
