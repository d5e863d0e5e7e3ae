"""Which operation a request asks, read off the wire by botocore's models."""

import gzip
import io
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import botocore.session

ELSEWHERE = frozenset({("s3", "ListDirectoryBuckets")})
"""Operations that are signed for another service than their model says: this one, for s3express."""
_SIGNED = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_LABEL = re.compile(r"(\{[\w-]+\+?\})")


class Asked(NamedTuple):
    """An operation, as its models in botocore name it."""

    service: str
    operation: str


class _Route(NamedTuple):
    """How an operation of a REST service is asked."""

    asked: Asked
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    words: frozenset[str]
    """What the query says of it."""
    literal: str


def signed(environ: Mapping[str, Any]) -> tuple[str, str] | None:
    """The region and service that a request is signed for; None when it is not."""
    found = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2]) if found else None


def operations(environ: dict[str, Any]) -> list[Asked]:
    """What a request may ask: several operations, if they share all that the wire tells, as those that were
    renamed do, and those of services that are one behind their address. None when it is not signed: nobody's.

    Raises:
        LookupError: botocore knows no such operation of the service that it is signed for.
    """
    known = signed(environ)
    if known is None:
        return []
    signing = known[1]
    form = {name: values[0] for name, values in _posted(environ).items()}
    target, _, name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    name = name or form.get("Action", "")
    if not name:
        return [route.asked for route in _routed(signing, environ)]
    found = [
        Asked(service, name)
        for service in _services()[signing]
        if name in model(service).operation_names
        and model(service).metadata.get("targetPrefix", target) in {target, ""}
        and form.get("Version", model(service).api_version) == model(service).api_version
    ]
    if not found:
        raise LookupError(f"{signing} has no operation {name}")
    return found


def labels(environ: Mapping[str, Any]) -> dict[str, str]:
    """The names in the path of a request to a REST service, as they were sent."""
    known = signed(environ)
    if known is None or "HTTP_X_AMZ_TARGET" in environ or "urlencoded" in environ.get("CONTENT_TYPE", ""):
        return {}
    route = _routed(known[1], environ)[0]
    found = route.path.fullmatch(_path(environ))
    return dict(zip(route.labels, found.groups(), strict=True)) if found else {}


def body(environ: dict[str, Any]) -> bytes:
    """What was sent, which whoever comes next can read again."""
    sent: bytes = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(sent)
    return sent


def _posted(environ: dict[str, Any]) -> dict[str, list[str]]:
    return parse_qs(body(environ).decode()) if "urlencoded" in environ.get("CONTENT_TYPE", "") else {}


def _path(environ: Mapping[str, Any]) -> str:
    """The path as it was sent: the slashes in a name are escaped there."""
    return urlsplit(environ.get("RAW_URI") or environ["PATH_INFO"]).path


def _routed(signing: str, environ: Mapping[str, Any]) -> list[_Route]:
    """The operation of a REST service; where several fit, the one that says most of the path itself."""
    query = set(parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    fitting: dict[tuple[int, int], list[_Route]] = {}
    path = _path(environ)
    for service in _services()[signing]:
        for route in _routes(service):
            asks = route.method == environ["REQUEST_METHOD"] and route.words <= query
            if asks and route.path.fullmatch(path):
                fitting.setdefault((len(route.words), len(route.literal)), []).append(route)
    best = fitting[max(fitting)] if fitting else []
    if not best:
        where = f"{environ['REQUEST_METHOD']} {path}?{environ.get('QUERY_STRING', '')}"
        raise LookupError(f"{signing}: {where} is no operation")
    return best


@cache
def _routes(service: str) -> list[_Route]:
    return list(_read_routes(service))


def _read_routes(service: str) -> Iterator[_Route]:
    for name in model(service).operation_names:
        if (service, name) in ELSEWHERE:
            continue
        http = model(service).operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pieces = _LABEL.split(path)
        pattern = "".join(
            ("(.+)" if piece.endswith("+}") else "([^/]+)") if piece.startswith("{") else re.escape(piece)
            for piece in pieces
        )
        named = tuple(piece.strip("{+}") for piece in pieces if piece.startswith("{"))
        literal = "".join(piece for piece in pieces if not piece.startswith("{"))
        words = frozenset(word.partition("=")[0] for word in query.split("&") if word)
        compiled = re.compile(pattern.rstrip("/") + "/?")
        yield _Route(Asked(service, name), http["method"], compiled, named, words, literal)


@cache
def session() -> botocore.session.Session:
    """A session of nobody's, for botocore's models."""
    return botocore.session.get_session()


@cache
def model(service: str) -> Any:
    """All that botocore knows of a service."""
    return session().get_service_model(service)


@cache
def _services() -> dict[str, list[str]]:
    """The services by what their requests are signed for."""
    found: dict[str, list[str]] = {}
    for service in session().get_available_services():
        found.setdefault(_signing(service), []).append(service)
    return found


def _signing(service: str) -> str:
    """What a service's requests are signed for: from the head of its model, since all models take seconds."""
    loader = session().get_component("data_loader")
    path = Path(service) / loader.determine_latest_version(service, "service-2") / "service-2.json.gz"
    for folder in loader.search_paths:
        if (Path(folder) / path).exists():
            with gzip.open(Path(folder) / path) as file:
                head = file.read(4000).decode(errors="replace").partition('"operations"')[0]
            told = dict(re.findall(r'"(signingName|endpointPrefix)"\s*:\s*"([^"]+)"', head))
            if told:
                return told.get("signingName", told.get("endpointPrefix", ""))
    return str(model(service).signing_name)
