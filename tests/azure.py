"""A small Azure on loopback: TLS with a certificate of its own authority, tokens, and a Resource Manager."""

import json
import ssl
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SUBSCRIPTION = "aaaabbbb-1111-2222-3333-ccccddddeeee"
TENANT = "99990000-aaaa-bbbb-cccc-ddddeeeeffff"
CLIENT = "12341234-5678-5678-9abc-def0def0def0"
OBJECT = "43214321-8765-8765-cba9-0fed0fed0fed"
SECRET = "pl4nted~client.secret-of-the-clinic"  # noqa: S105 - it opens nothing but this server
HEADER = "planted-identity-header"
FEDERATED = "planted.federated.token"
HERE = f"/subscriptions/{SUBSCRIPTION}"
DISKS = f"{HERE}/providers/Microsoft.Compute/disks"
ACCOUNTS = f"{HERE}/providers/Microsoft.Storage/storageAccounts"
VERSIONS = {
    # What Microsoft publishes for each, apart from what the product asks for.
    HERE: {"2020-01-01", "2021-01-01", "2022-12-01"},
    DISKS: {"2022-07-02", "2023-10-02", "2024-03-02"},
    ACCOUNTS: {"2022-09-01", "2023-01-01", "2023-05-01"},
}


ACTIONS = {
    # What Azure's roles call reading each, as its documentation lists it.
    HERE: "Microsoft.Resources/subscriptions/read",
    DISKS: "Microsoft.Compute/disks/read",
    ACCOUNTS: "Microsoft.Storage/storageAccounts/read",
}


def _part(held: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


TOKEN = ".".join(
    [_part({"alg": "RS256"}), _part({"oid": OBJECT, "tid": TENANT, "appid": CLIENT}), "planted-signature-9"]
)


@dataclass(frozen=True)
class Answer:
    """What the server answers instead: a fault."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    """Nothing is answered until the server ends."""
    promised: int = 0
    """How many bytes more than there are the answer says it has."""


def error(status: int, code: str, message: str = "not you", **headers: str) -> Answer:
    """An error as the Resource Manager words it."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Azure:
    """The server, as a test sees it."""

    url: str
    authority_file: Path
    listings: dict[str, list[list[dict[str, Any]]]] = field(default_factory=dict)
    """Pages by path."""
    instead: dict[str, list[Answer]] = field(default_factory=dict)
    """Answers by path, given in their order; the last one stays."""
    allowed: frozenset[str] = frozenset(ACTIONS.values())
    """The actions of whoever asks; all others are refused."""
    subscription: dict[str, str] = field(
        default_factory=lambda: {"id": HERE, "subscriptionId": SUBSCRIPTION, "displayName": "clinic"}
    )
    calls: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """What a client's environment needs to have."""
        return {
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
            "REQUESTS_CA_BUNDLE": str(self.authority_file),
            "NO_PROXY": "localhost",
        }

    def token(self, form: dict[str, list[str]]) -> Answer:
        """What Entra answers to a client's secret."""
        known = form.get("client_secret") == [SECRET] or form.get("client_assertion") == [FEDERATED]
        if not known or form.get("scope") != [f"{self.url}/.default"]:
            said = {
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation",
                "error_codes": [7000215],
            }
            return Answer(401, json.dumps(said).encode())
        said = {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}
        return Answer(body=json.dumps(said).encode())

    def machine(self, header: str | None, resource: str) -> Answer:
        """What App Service answers to its own machine."""
        if (header, resource) != (HEADER, self.url):
            return Answer(401)
        said = {
            "access_token": TOKEN,
            "expires_on": "4000000000",
            "resource": resource,
            "token_type": "Bearer",
        }
        return Answer(body=json.dumps(said).encode())

    def discovery(self, tenant: str) -> Answer:
        """What Entra tells about a tenant."""
        base = f"{self.url}/{tenant}"
        said = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
        return Answer(body=json.dumps(said).encode())

    def managed(self, path: str, query: dict[str, list[str]], shown: str) -> Answer:
        """What the Resource Manager answers."""
        if shown != f"Bearer {TOKEN}":
            return error(401, "AuthenticationFailed", "Authentication failed.")
        if path.lower() not in {known.lower() for known in VERSIONS}:
            return error(404, "SubscriptionNotFound", f"The subscription '{path}' could not be found.")
        (version,) = query.get("api-version", [""])
        if version not in VERSIONS[path]:
            return error(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
        if ACTIONS[path] not in self.allowed:
            said = f"The client '{CLIENT}' does not have authorization to perform action '{ACTIONS[path]}'"
            return error(403, "AuthorizationFailed", f"{said} over scope '{path}'.")
        if path == HERE:
            return Answer(body=json.dumps(self.subscription).encode())
        pages = self.listings.get(path, [[]])
        number = int(query.get("$skiptoken", ["0"])[0])
        page: dict[str, Any] = {"value": pages[number]}
        if number + 1 < len(pages):
            page["nextLink"] = f"{self.url}{path}?api-version={version}&$skiptoken={number + 1}"
        return Answer(body=json.dumps(page).encode())

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
    azure = Azure(f"https://localhost:{server.server_port}", authority)
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

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def do_GET(self) -> None:
        azure: Azure = self.server.azure  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        azure.calls.append(self.path)
        if parts.path.endswith("/v2.0/.well-known/openid-configuration"):
            answer = azure.discovery(parts.path.split("/")[1])
        elif parts.path == "/msi/token":
            (resource,) = parse_qs(parts.query)["resource"]
            answer = azure.machine(self.headers.get("X-IDENTITY-HEADER"), resource)
        else:
            shown = self.headers.get("Authorization", "")
            answer = azure.fault(parts.path) or azure.managed(parts.path, parse_qs(parts.query), shown)
        self._answer(answer)

    def do_POST(self) -> None:
        azure: Azure = self.server.azure  # type: ignore[attr-defined]
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        azure.calls.append(self.path)
        self._answer(azure.fault("token") or azure.token(form))

    def _answer(self, answer: Answer) -> None:
        if answer.hangs:
            self.server.azure.over.wait()  # type: ignore[attr-defined]
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + answer.promised))
        self.end_headers()
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
