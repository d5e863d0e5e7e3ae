"""Moto's server over HTTP, and every request that it was asked."""

import io
import re
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
ACCOUNT = "123456789012"

App = Callable[..., Iterable[bytes]]
"""A WSGI application."""


class Call(NamedTuple):
    """One request, as the server saw it; `what` is the operation, or method and path where there is none."""

    service: str
    region: str
    what: str
    parameters: str


@dataclass
class Moto:
    """A running server."""

    url: str
    calls: list[Call] = field(default_factory=list)
    """First attempts only: a retry asks nothing new."""
    instead: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What is answered instead of Moto's answer, by `service:what`: a status line and a body."""

    @property
    def environment(self) -> dict[str, str]:
        """What has any AWS tool talk to this server, as nobody that the machine knows."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            # S3 Control puts the account's id before the host's name, which no name server knows when the
            # host is 127.0.0.1: the server is its own proxy.
            "HTTP_PROXY": self.url,
            "http_proxy": self.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            **CREDENTIALS,
        }

    def reset(self) -> None:
        """Forget every account's resources, and every call."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            answer.read()
        self.calls.clear()
        self.instead.clear()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


@contextmanager
def running(around: Callable[[App], App] | None = None) -> Iterator[Moto]:
    """A server on a free loopback port; `around` puts something of the test's between it and its callers."""
    moto = Moto("")
    answering: App = DomainDispatcherApplication(create_backend_app)
    app = _recorded(around(answering) if around else answering, moto)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    moto.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield moto
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _recorded(app: App, moto: Moto) -> App:
    def asked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        signed = re.search(
            r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", "")
        )
        if signed:
            call = _call(environ, body.decode(errors="replace"), *signed.groups())
            if "attempt=1" in environ.get("HTTP_AMZ_SDK_REQUEST", "attempt=1"):
                moto.calls.append(call)
            if canned := moto.instead.get(f"{call.service}:{call.what}"):
                start_response(canned[0], [("Content-Type", "text/xml")])
                return [canned[1].encode()]
        return app(environ, start_response)

    return asked


def _call(environ: dict[str, Any], body: str, region: str, service: str) -> Call:
    form = parse_qs(body) if "urlencoded" in environ.get("CONTENT_TYPE", "") else {}
    what = (
        form.pop("Action", [""])[0]
        or environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    )
    host = environ.get("HTTP_HOST", "")
    parameters = str(sorted(form.items())) if form else f"{host} {environ.get('QUERY_STRING', '')} {body}"
    return Call(service, region, what, parameters)
