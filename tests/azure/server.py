"""A small Azure on loopback: TLS by an authority of its own, tokens, a Resource Manager, Graph."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import login
from .answer import Answer, error
from .graph import Graph
from .manager import Manager


@dataclass
class Azure:
    """The server, as a test sees it."""

    url: str
    """Where the Resource Manager and who gives tokens answer."""
    graph_url: str
    """Where Graph answers: another host's name, so that tokens for the one are none for the other."""
    authority_file: Path
    manager: Manager = field(default_factory=Manager)
    graph: Graph = field(default_factory=Graph)
    instead: dict[str, list[Answer]] = field(default_factory=dict)
    """Answers by path, given in their order; the last one stays."""
    delay: float = 0
    """Seconds until anything is answered."""
    calls: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def audiences(self) -> set[str]:
        """For whom tokens are given."""
        return {self.url, self.graph_url}

    @property
    def environment(self) -> dict[str, str]:
        """What a client's environment needs to have."""
        return {
            "AZURE_TENANT_ID": login.TENANT,
            "AZURE_CLIENT_ID": login.CLIENT,
            "AZURE_CLIENT_SECRET": login.SECRET,
            "REQUESTS_CA_BUNDLE": str(self.authority_file),
            "NO_PROXY": "localhost,127.0.0.1",
        }

    @property
    def tokens(self) -> dict[str, str]:
        """Every token that is given, by whom it is for."""
        return {audience: login.token(audience) for audience in self.audiences}

    def get(self, address: str, headers: dict[str, str]) -> Answer:
        """What is answered to a GET."""
        parts = urlsplit(address)
        path, query = unquote(parts.path), parse_qs(parts.query)
        if path.endswith("/v2.0/.well-known/openid-configuration"):
            return login.discovery(self.url, path.split("/")[1])
        if path in {"/msi/token", "/metadata/identity/oauth2/token"}:
            shown = headers.get("x-identity-header") == login.HEADER or headers.get("metadata") == "true"
            return self.fault(path) or login.of_machine(shown, query["resource"][0], self.audiences)
        graph = path.startswith(("/v1.0/", "/beta/"))
        audience = self.graph_url if graph else self.url
        if headers.get("authorization") != f"Bearer {login.token(audience)}":
            return error(
                401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience."
            )
        return self.fault(path) or (self.graph if graph else self.manager).answer(path, query, audience)

    def fault(self, path: str) -> Answer | None:
        """What is answered instead, if anything is."""
        planned = self.instead.get(path)
        if not planned:
            return None
        return planned.pop(0) if len(planned) > 1 else planned[0]


@contextmanager
def running(folder: Path) -> Iterator[Azure]:
    """The server, on a port of its own, until the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority, chain = _certificates(folder)
    context.load_cert_chain(chain)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    # The handshake is the thread's that answers, so that a client that goes away holds up nobody.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    port = server.server_port
    azure = Azure(f"https://localhost:{port}", f"https://127.0.0.1:{port}", authority)
    server.azure = azure  # type: ignore[attr-defined]
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield azure
    finally:
        azure.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    # Otherwise a body waits until the head before it is acknowledged: 40 ms.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def do_GET(self) -> None:
        azure: Azure = self.server.azure  # type: ignore[attr-defined]
        azure.calls.append(self.path)
        time.sleep(azure.delay)
        self._answer(azure.get(self.path, {name.lower(): value for name, value in self.headers.items()}))

    def do_POST(self) -> None:
        azure: Azure = self.server.azure  # type: ignore[attr-defined]
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        azure.calls.append(self.path)
        self._answer(azure.fault("token") or login.of_client(form, azure.audiences))

    def _answer(self, answer: Answer) -> None:
        over: threading.Event = self.server.azure.over  # type: ignore[attr-defined]
        if answer.hangs:
            over.wait()
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        length = 1_000_000 if answer.drips else len(answer.body) + answer.promised
        self.send_header("Content-Length", str(length))
        self.end_headers()
        while answer.drips and not over.wait(0.1):
            self.wfile.write(b" ")
        self.wfile.write(answer.body)
        self.close_connection = self.close_connection or bool(answer.promised)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nobody reads it."""


def _certificates(folder: Path) -> tuple[Path, Path]:
    """The authority's certificate, and the server's with its key."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = _named("tests of wardround"), _named("localhost")
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    known_as = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    root = (
        _begun(root_name, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    own = (
        _begun(name, root_name, key)
        .add_extension(known_as, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(authority, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "authority.pem").write_bytes(root.public_bytes(pem))
    (folder / "server.pem").write_bytes(private + own.public_bytes(pem))
    return folder / "authority.pem", folder / "server.pem"


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
