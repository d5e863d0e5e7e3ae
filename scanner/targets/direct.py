"""Calls by the shortest way: what botocore tells and finds out anew for every call, known beforehand.

A stock client puts each call together from what a dozen events' handlers say, finds out where it goes, signs
it with parts that hardly ever change, and tells three more rounds of handlers when it is answered. Here all
of that is looked up once for each operation. The parameters are checked and written, and answers and errors
are read, by botocore's own code; what goes over the wire is the same to the byte, which is tested. Whoever is
asked again, because a call failed, is asked by botocore itself. So is whatever is unusual: an operation
that streams, that is signed otherwise, or that somebody unknown wants to hear of.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from random import getrandbits
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from . import quick
from .signing import Credentials, Question, Scope, sign

_IDLE = {
    "before-parameter-build": {
        "_handle_request_validation_mode_member",  # of operations with checksums
        "generate_idempotent_uuid",  # of operations that have a token
        "block_endpoint_discovery_required_operations",  # of operations that need that
    },
    "before-call": {
        "inject_api_version_header_if_needed",  # of operations that look for their endpoint
        "add_expect_header",  # of bodies that stream
        "S3ExpressIdentityResolver.apply_signing_cache_key",  # of buckets that are not plain
    },
    "request-created": {
        "_Named.rebuild_and_replace_user_agent_handler",
        "UserAgentString.rebuild_and_replace_user_agent_handler",
    },
    "before-sign": {
        "S3ExpressIdentityResolver.resolve_s3express_identity",  # of buckets that are not plain
        "_set_extra_headers_for_unsigned_request",
        "remove_arn_from_signing_path",
    },
}
"""Who hears of a call and does nothing about those that are made here."""
_KNOWN = {
    "provide-client-params": set[str](),
    "before-call": {"add_accept_header", "add_recursion_detection_header"},
    "request-created": {"MaxAttemptsSeeder.seed_max_attempts", "RequestSigner.handler", "add_retry_headers"},
    "before-sign": set[str](),
    "response-received": set[str](),
}
"""Who else may hear of these events: what others do to a call is not known here."""
_EVENTS = (
    "before-parameter-build",
    "before-call",
    "request-created",
    "before-send",
    "before-parse",
    "after-call",
)
_SIGNED = {"v4", "s3v4"}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]").fullmatch
"""A name that is neither an ARN nor has dots; `--` is how the names of other kinds of buckets end."""
_REFUSED = 300

Handler = Callable[..., Any]


class _Request:
    """A question, as those who hear of it look at it."""

    stream_output = False

    def __init__(self, told: Mapping[str, Any], body: bytes) -> None:
        self.method: str = told["method"]
        self.url: str = told["url"]
        self.headers: dict[str, str] = dict(told["headers"])
        self.body: bytes | None = body or None
        self.context: dict[str, Any] = told["context"]


class _Way(NamedTuple):
    """Where an operation's calls go, and for what they are signed."""

    address: str
    headers: dict[str, str]
    context: dict[str, Any]
    scope: Scope


class _Plan(NamedTuple):
    """What is known of an operation."""

    model: Any
    parser: Any
    context: dict[str, Any]
    heard: dict[str, list[Handler]]
    ended: list[Handler]
    """Who hears that a call was answered, of those that hear whether to try again."""
    named: bool
    """Whether a bucket's name tells where it goes."""
    kept: bool
    """Whether all calls in a region go the same way, names apart."""


def shorten(client: Any) -> None:
    """Have a client's calls made by the shortest way, if it is a client whose insides are known."""
    if quick.tested() and hasattr(client, "_make_api_call"):
        client._make_api_call = Direct(client)  # noqa: SLF001 - see the module


class Direct:
    """Makes a client's calls."""

    def __init__(self, client: Any) -> None:
        """Make this client's calls, unless they are its own to make."""
        self._client = client
        self._stock = client._make_api_call  # noqa: SLF001 - see the module
        self._endpoint = client._endpoint  # noqa: SLF001 - see the module
        self._signer = client._request_signer  # noqa: SLF001 - see the module
        self._service = client.meta.service_model.service_id.hyphenize()
        self._plans: dict[str, _Plan | None] = {}
        self._ways: dict[tuple[str, str], _Way] = {}
        self._moved: set[str] = set()
        """Buckets that were elsewhere than where they were asked after."""
        self._unsigned = frozenset(_inside("auth").SIGNED_HEADERS_BLACKLIST)

    def __call__(self, operation: str, parameters: dict[str, Any]) -> Any:
        """An operation's answer.

        Raises:
            BotoCoreError: it could not be asked.
            ClientError: it refused.
        """
        if operation not in self._plans:
            self._plans[operation] = self._plan(operation)
        plan = self._plans[operation]
        told = self._told(plan, parameters) if plan else None
        if plan is None or told is None:
            return self._stock(operation, parameters)
        asked, scope = told
        http, parsed = self._answer(plan, asked, scope)
        context = asked["context"]
        for handler in plan.heard["after-call"]:
            handler(http_response=http, parsed=parsed, model=plan.model, context=context)
        if http.status_code < _REFUSED:
            return parsed
        code = context.get("error_code_override") or parsed.get("Error", {}).get("Code")
        raise self._client.exceptions.from_code(code)(parsed, operation)

    def _told(self, plan: _Plan, parameters: dict[str, Any]) -> tuple[dict[str, Any], Scope] | None:
        """What is to be asked, and for what it is signed; None where only botocore may."""
        context = dict(plan.context)
        for handler in plan.heard["before-parameter-build"]:
            handler(params=parameters, model=plan.model, context=context)
        bucket = parameters.get("Bucket") if plan.named else ""
        if plan.named and (not isinstance(bucket, str) or not _BUCKET(bucket) or "--" in bucket):
            return None
        way = self._way(plan, parameters, context, str(bucket))
        if way is None:
            return None
        context |= way.context
        asked: dict[str, Any] = self._client._serializer.serialize_to_request(parameters, plan.model)  # noqa: SLF001 - see the module
        asked["headers"].update(way.headers)
        _inside("awsrequest").prepare_request_dict(
            asked,
            endpoint_url=f"{way.address}{bucket}",
            user_agent=self._client._user_agent_creator.to_string(),  # noqa: SLF001 - see the module
            context=context,
        )
        for handler in plan.heard["before-call"]:
            handler(model=plan.model, params=asked, request_signer=self._signer, context=context)
        return asked, way.scope

    def _way(self, plan: _Plan, parameters: Any, context: dict[str, Any], bucket: str) -> _Way | None:
        key = (self._region(), plan.model.name)
        kept = plan.kept and bucket not in self._moved
        if kept and key in self._ways:
            return self._ways[key]
        found: dict[str, Any] = dict(plan.context)
        found |= {name: context[name] for name in context.keys() - plan.context.keys()}
        before = dict(found)
        address, headers, properties = self._client._resolve_endpoint_ruleset(plan.model, parameters, found)  # noqa: SLF001 - see the module
        if properties:
            found["endpoint_properties"] = properties
        version = self._signer._choose_signer(plan.model.name, "standard", found)  # noqa: SLF001 - see the module
        signing = found.get("signing", {})
        if (
            version not in _SIGNED
            or not address.endswith(bucket)
            or not found.get("payload_signing_enabled", True)
            or signing.keys() - {"region", "signing_name", "disableDoubleEncoding"}
        ):
            return None
        way = _Way(
            address.removesuffix(bucket),
            headers or {},
            {name: value for name, value in found.items() if before.get(name) != value},
            Scope(
                signing.get("region") or self._signer.region_name,
                signing.get("signing_name") or self._signer._signing_name,  # noqa: SLF001 - see the module
                version == "s3v4",
            ),
        )
        if kept and bucket not in way.address:
            self._ways[key] = way
        return way

    def _region(self) -> str:
        asked_in = getattr(self._client._ruleset_resolver, "asked_in", None)  # noqa: SLF001 - see the module
        return str((asked_in and asked_in()) or self._client.meta.region_name)

    def _answer(self, plan: _Plan, asked: dict[str, Any], scope: Scope) -> Any:
        """The answer, as it came and as it is understood.

        Raises:
            Exception: there was none.
        """
        endpoint, context = self._endpoint, asked["context"]
        attempts = 1
        # Botocore's own would ask the kernel, and let other threads run meanwhile.
        context["retries"] = {"invocation-id": str(UUID(int=getrandbits(128), version=4))}
        endpoint._update_retries_context(context, attempts)  # noqa: SLF001 - see the module
        request = self._request(plan, asked, scope)
        success, error, whole = self._attempt(plan, request)
        if whole:
            for handler in plan.ended:
                handler(attempts=attempts, response=success)
        else:
            # What follows is rare, and botocore's own.
            while endpoint._needs_retry(attempts, plan.model, asked, success, error):  # noqa: SLF001 - see the module
                attempts += 1
                endpoint._update_retries_context(context, attempts, success)  # noqa: SLF001 - see the module
                again = endpoint.create_request(asked, plan.model)
                success, error = endpoint._get_response(again, plan.model, context)  # noqa: SLF001 - see the module
            if plan.named and context.get("s3_redirect", {}).get("redirected"):
                self._moved.add(context["s3_redirect"]["bucket"])
        if error is not None:
            raise error
        if success is not None and "ResponseMetadata" in success[1]:
            success[1]["ResponseMetadata"]["RetryAttempts"] = attempts - 1
        return success

    def _request(self, plan: _Plan, asked: dict[str, Any], scope: Scope) -> Any:
        body = _body(asked["body"])
        headers = asked["headers"]
        credentials = self._signer._credentials  # noqa: SLF001 - see the module
        if body is None or credentials is None or not _plain(headers):
            return self._endpoint.create_request(asked, plan.model)
        request = _Request(asked, body)
        for handler in plan.heard["request-created"]:
            if handler is not _signing:
                handler(request=request, operation_name=plan.model.name)
                continue
            known = credentials.get_frozen_credentials()
            request.headers |= sign(
                Question(request.method, request.url, request.headers, body),
                Credentials(known.access_key, known.secret_key, known.token),
                scope,
                moment(),
                self._unsigned,
            )
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            request.headers["Content-Length"] = str(len(body))
        return request

    def _attempt(self, plan: _Plan, request: Any) -> tuple[Any, Exception | None, bool]:
        """What came, as it is and as it is understood, or why nothing did; and whether all is well."""
        http: Any = None
        try:
            for handler in plan.heard["before-send"]:
                http = handler(request=request) or http
            if http is None:
                http = self._endpoint.http_session.send(request)
        except Exception as error:  # noqa: BLE001 - as botocore does; whoever is asked next raises it
            return None, error, False
        answer = {
            "headers": http.headers,
            "status_code": http.status_code,
            "context": {"operation_name": plan.model.name},
            "body": http.content,
        }
        customized: dict[str, Any] = {}
        for handler in plan.heard["before-parse"]:
            handler(operation_model=plan.model, response_dict=answer, customized_response_dict=customized)
        parsed = plan.parser.parse(answer, plan.model.output_shape)
        parsed.update(customized)
        if http.status_code >= _REFUSED:
            self._endpoint._add_modeled_error_fields(answer, parsed, plan.model, plan.parser)  # noqa: SLF001 - see the module
        return (http, parsed), None, answer["status_code"] < _REFUSED

    def _plan(self, operation: str) -> _Plan | None:
        """What is known of an operation; None where botocore has to ask."""
        client = self._client
        model = client.meta.service_model.operation_model(operation)
        said = {event: self._handlers(event, operation) for event in {*_KNOWN, *_EVENTS, "needs-retry"}}
        if _unusual(model, client.meta.config) or any(
            _name(handler) not in known | _IDLE.get(event, set())
            for event, known in _KNOWN.items()
            for handler in said[event]
        ):
            return None
        decided = {*model.context_parameters, *(getattr(model, "operation_context_parameters", None) or ())}
        named = self._service == "s3" and [each.name for each in model.context_parameters] == ["Bucket"]
        return _Plan(
            model=model,
            parser=self._endpoint._response_parser_factory.create_parser(  # noqa: SLF001 - see the module
                model.service_model.resolved_protocol
            ),
            context={
                "client_region": client.meta.region_name,
                "client_config": client.meta.config,
                "has_streaming_input": False,
                "auth_type": model.resolved_auth_type,
                "unsigned_payload": model.unsigned_payload,
                "auth_options": model.service_model.metadata.get("auth"),
            },
            heard={
                event: [
                    _signing
                    if _name(handler) == "RequestSigner.handler"
                    else partial(handler, event_name=f"{event}.{self._service}.{operation}")
                    for handler in said[event]
                    if _name(handler) not in _IDLE.get(event, set())
                ]
                for event in _EVENTS
            },
            ended=[handler for handler in said["needs-retry"] if _name(handler) == "Circuit.ended"],
            named=named,
            kept=named or not decided,
        )

    def _handlers(self, event: str, operation: str) -> list[Handler]:
        events = self._client.meta.events
        name = events._alias_event_name(f"{event}.{self._service}.{operation}")  # noqa: SLF001 - see the module
        return list(events._emitter._handlers.prefix_search(name))  # noqa: SLF001 - see the module


def _name(handler: Handler) -> str:
    return str(getattr(handler, "__qualname__", ""))


def _signing(**_: Any) -> None:
    """Stands where the question is signed."""


def moment() -> str:
    """Now, as signatures have it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def _unusual(model: Any, config: Any) -> bool:
    return bool(
        model.has_streaming_input
        or model.has_streaming_output
        or model.has_event_stream_input
        or model.has_event_stream_output
        or model.endpoint
        or model.http_checksum
        or model.http_checksum_required
        or model.request_compression
        or model.idempotent_members
        or (model.endpoint_discovery or {}).get("required")
        or model.deprecated
        or (config.s3 or {}).get("payload_signing_enabled") is not None
        or config.auth_scheme_preference
    )


def _body(told: Any) -> bytes | None:
    """A body as it is sent; None where it is not known how."""
    if isinstance(told, Mapping):
        return urlencode({_bytes(name): _bytes(value) for name, value in told.items()}, doseq=True).encode()
    if isinstance(told, str):
        return told.encode()
    return b"" if told is None else told if isinstance(told, bytes) else None


def _bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _plain(headers: Mapping[str, Any]) -> bool:
    names = {name.lower() for name in headers}
    return (
        len(names) == len(headers)
        and all(isinstance(value, str) and value.isascii() for value in headers.values())
        and not names
        & {"date", "authorization", "content-length", "transfer-encoding", "x-amz-content-sha256"}
    )


def _inside(module: str) -> Any:
    return import_module(f"botocore.{module}")
