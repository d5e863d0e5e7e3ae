"""AWS for one synthetic account: a proxy that answers for every host it is asked to connect to.

Whoever has it as HTTPS_PROXY, and trusts its certificates, talks to AWS's own host names, over TLS; behind
the proxy there is nobody else. Each answer comes after a set latency; connecting costs what it costs.
"""

import asyncio
import json
import re
import ssl
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

sys.path.insert(0, str(Path(__file__).resolve().parent))

# Beside this file, where -I does not look.
from aws_answers import Answers
from aws_world import REGIONS, World
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from scanner.targets import operations

_SIGNED = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_BUCKET = re.compile(r"^(.+)\.s3[.-]")
_NAMED = x509.oid.NameOID.COMMON_NAME


class Certificates:
    """An authority, and a certificate for every host that somebody wants to talk to."""

    def __init__(self, folder: Path) -> None:
        """Make the authority, and write down whom to trust."""
        self._folder = folder
        self._key = rsa.generate_private_key(65537, 2048)
        self._issuer = x509.Name([x509.NameAttribute(_NAMED, "Clinic")])
        self._contexts: dict[str, ssl.SSLContext] = {}
        own = self._signed(self._issuer, x509.BasicConstraints(ca=True, path_length=None))
        (folder / "authority.pem").write_bytes(own)
        (folder / "key.pem").write_bytes(
            self._key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def context(self, host: str) -> ssl.SSLContext:
        """What a host shows of itself: that it is one of its domain."""
        domain = host.partition(".")[2]
        if domain not in self._contexts:
            path = self._folder / "host.pem"
            name = x509.Name([x509.NameAttribute(_NAMED, "host")])
            path.write_bytes(self._signed(name, x509.SubjectAlternativeName([x509.DNSName(f"*.{domain}")])))
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(path, self._folder / "key.pem")
            self._contexts[domain] = made
        return self._contexts[domain]

    def _signed(self, subject: x509.Name, says: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._issuer)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(says, critical=isinstance(says, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)


class Cloud:
    """Who answers, and what was asked."""

    def __init__(
        self, answers: Answers, needs: list[str], latency: float, certificates: Certificates
    ) -> None:
        """Answer these operations, after so many seconds."""
        self._answers = answers
        self._latency = latency
        self._certificates = certificates
        self._operations = Operations(needs)
        self._token = {need: (operations.paginator(need) or {}).get("input_token") for need in needs}
        self._reset()

    def _reset(self) -> None:
        self._calls: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._now = self._most = self._retries = self._connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: told whom to connect to, it is them."""
        try:
            line, _ = await _head(reader)
            method, target, _ = line.split(" ", 2)
            if method == "CONNECT":
                self._connections += 1
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                host = target.rpartition(":")[0]
                await writer.start_tls(self._certificates.context(host))
                while True:
                    await self._one(host, reader, writer)
            writer.write(_answer(200, {}, self._stats()))
            if method == "DELETE":
                self._reset()
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def _stats(self) -> bytes:
        told = {
            "calls": self._calls,
            "pages": self._pages,
            "twice": {what: times for what, times in self._asked.items() if times > 1},
            "unknown": self._unknown,
            "retries": self._retries,
            "most": self._most,
            "connections": self._connections,
        }
        return json.dumps(told).encode()

    async def _one(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, headers = await _head(reader)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self._now += 1
        self._most = max(self._most, self._now)
        status, more, said = self._told(host, line, headers, body)
        await asyncio.sleep(self._latency)
        self._now -= 1
        writer.write(_answer(status, more, said))
        await writer.drain()

    def _told(
        self, host: str, line: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        signed = _SIGNED.search(headers["authorization"])
        region, service = signed.groups() if signed else ("", "")
        method, path, _ = line.split(" ")
        need, parameters = self._operations.named(service, host, method, path, headers, body)
        if need is None:
            self._unknown[f"{service} {method} {host}{path} {body[:200]!r}"] += 1
            return 400, {}, b""
        if "attempt=1" not in headers.get("amz-sdk-request", "attempt=1"):
            self._retries += 1
            return self._answers.body(need, region, "")
        token = str(parameters.get(self._token[need]) or "") if isinstance(self._token[need], str) else ""
        (self._pages if token else self._calls)[need] += 1
        self._asked[f"{need} {region} {host} {path} {body!r}"] += 1
        return self._answers.body(need, region, token)


class Operations:
    """Which operation a request asks for, of those that may be."""

    def __init__(self, needs: list[str]) -> None:
        """Learn how each is asked for."""
        self._named: dict[tuple[str, str], str] = {}
        self._paths: dict[str, list[tuple[str, re.Pattern[str], set[str], str]]] = {}
        for need in needs:
            model = operations.model(need)
            service = model.service_model
            signing, protocol = service.signing_name, service.resolved_protocol
            if protocol in {"query", "ec2"}:
                self._named[signing, f"{model.name} {service.api_version}"] = need
            elif protocol == "json":
                self._named[signing, f"{service.metadata['targetPrefix']}.{model.name}"] = need
            elif protocol == "smithy-rpc-v2-cbor":
                self._named[signing, f"{service.metadata['targetPrefix']}/{model.name}"] = need
            else:
                path, _, query = model.http["requestUri"].partition("?")
                pattern = re.sub(r"\\{\w+\\\+\\}", ".+", re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
                literal = {part for part in query.split("&") if part and not part.startswith("x-id=")}
                self._paths.setdefault(signing, []).append(
                    (model.http["method"], re.compile(pattern.rstrip("/") + "/?"), literal, need)
                )
        for known in self._paths.values():
            known.sort(key=lambda one: (-len(one[2]), one[1].pattern.count("[^/]")))

    def named(  # noqa: PLR0913, PLR0917 - a request has so many parts
        self, service: str, host: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[str | None, dict[str, Any]]:
        """The operation, and its parameters as far as paging needs them."""
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return self._named.get((service, f"{form['Action']} {form['Version']}")), form
        if target := headers.get("x-amz-target"):
            return self._named.get((service, target)), json.loads(body)
        if "rpc-v2-cbor" in headers.get("smithy-protocol", ""):
            parts = path.split("/")
            return self._named.get((service, f"{parts[2]}/{parts[4]}")), {}
        return self._rest(service, host, method, path)

    def _rest(self, service: str, host: str, method: str, path: str) -> tuple[str | None, dict[str, Any]]:
        where, _, query = path.partition("?")
        bucket = _BUCKET.match(host) if service == "s3" and "s3-control" not in host else None
        where = unquote(f"/{bucket[1]}{where}" if bucket else where).rstrip("/") or "/"
        parts = {part.removesuffix("=") for part in query.split("&")}
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        for verb, pattern, literal, need in self._paths.get(service, ()):
            if verb == method and pattern.fullmatch(where) and literal <= parts:
                return need, {**asked, **_as_members(need, asked)}
        return None, {}


def _as_members(need: str, query: dict[str, str]) -> dict[str, str]:
    shape = operations.model(need).input_shape
    if shape is None:
        return {}
    return {
        name: query[sent]
        for name, member in shape.members.items()
        if (sent := member.serialization.get("name", name)) in query
    }


async def _head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    return line, {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}


def _answer(status: int, headers: dict[str, str], body: bytes) -> bytes:
    told = {"content-type": "text/xml", **headers, "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} OK\r\n{lines}\r\n".encode() + body


async def _main(folder: Path, world: World, needs: list[str], latency: float) -> None:
    answers = Answers(world)
    for need, region in (*world.lists, *((need, region) for need in needs for region in REGIONS)):
        if need in needs:
            answers.body(need, region, "")
    cloud = Cloud(answers, needs, latency, Certificates(folder))
    server = await asyncio.start_server(cloud.serve, "127.0.0.1", 0, limit=1 << 20, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started us ends us, by closing our input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    asyncio.run(_main(Path(told["folder"]), World(**told["world"]), told["needs"], told["latency"]))
