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
from collections.abc import Mapping
from random import getrandbits
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from botocore.auth import SIGNED_HEADERS_BLACKLIST
from botocore.awsrequest import prepare_request_dict

from .insides import Insides
from .plans import Plan, planned, sign_here
from .signing import Credentials, Question, Scope, sign
from .ways import Ways

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]").fullmatch
"""A name that is neither an ARN nor has dots; `--` is how the names of other kinds of buckets end."""
_REFUSED = 300
_UNSIGNED = frozenset(SIGNED_HEADERS_BLACKLIST)


class _Request:
    """A question, as those who hear of it look at it."""

    stream_output = False

    def __init__(self, told: Mapping[str, Any], body: bytes) -> None:
        self.method: str = told["method"]
        self.url: str = told["url"]
        self.headers: dict[str, str] = dict(told["headers"])
        self.body: bytes | None = body or None
        self.context: dict[str, Any] = told["context"]


class Direct:
    """Makes a client's calls."""

    def __init__(self, client: Any) -> None:
        """Make this client's calls, unless they are its own to make."""
        self._client = client
        self._stock = client._make_api_call
        self._inside = Insides(client)
        self._ways = Ways(self._inside)
        self._plans: dict[str, Plan | None] = {}

    def __call__(self, operation: str, parameters: dict[str, Any]) -> Any:
        """An operation's answer.

        Raises:
            BotoCoreError: it could not be asked.
            ClientError: it refused.
        """
        if operation not in self._plans:
            self._plans[operation] = planned(self._inside, operation)
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

    def _told(self, plan: Plan, parameters: dict[str, Any]) -> tuple[dict[str, Any], Scope] | None:
        """What is to be asked, and for what it is signed; None where only botocore may."""
        context = dict(plan.context)
        for handler in plan.heard["before-parameter-build"]:
            handler(params=parameters, model=plan.model, context=context)
        bucket = parameters.get("Bucket") if plan.named else ""
        if plan.named and (not isinstance(bucket, str) or not _BUCKET(bucket) or "--" in bucket):
            return None
        way = self._ways(plan, parameters, context, str(bucket))
        if way is None:
            return None
        context |= way.context
        asked: dict[str, Any] = self._inside.serialize(parameters, plan.model)
        asked["headers"].update(way.headers)
        prepare_request_dict(
            asked,
            endpoint_url=f"{way.address}{bucket}",
            user_agent=self._inside.user_agent(),
            context=context,
        )
        for handler in plan.heard["before-call"]:
            handler(model=plan.model, params=asked, request_signer=self._inside.signer, context=context)
        return asked, way.scope

    def _answer(self, plan: Plan, asked: dict[str, Any], scope: Scope) -> Any:
        """The answer, as it came and as it is understood.

        Raises:
            Exception: there was none.
        """
        inside, context = self._inside, asked["context"]
        attempts = 1
        # Botocore's own would ask the kernel, and let other threads run meanwhile.
        context["retries"] = {"invocation-id": str(UUID(int=getrandbits(128), version=4))}
        inside.update_retries(context, attempts)
        request = self._request(plan, asked, scope)
        success, error, whole = self._attempt(plan, request)
        if whole:
            for handler in plan.ended:
                handler(attempts=attempts, response=success)
        else:
            # What follows is rare, and botocore's own.
            while inside.needs_retry(attempts, plan.model, asked, success, error):
                attempts += 1
                inside.update_retries(context, attempts, success)
                again = inside.create_request(asked, plan.model)
                success, error = inside.get_response(again, plan.model, context)
            if plan.named and context.get("s3_redirect", {}).get("redirected"):
                self._ways.moved.add(context["s3_redirect"]["bucket"])
        if error is not None:
            raise error
        if success is not None and "ResponseMetadata" in success[1]:
            success[1]["ResponseMetadata"]["RetryAttempts"] = attempts - 1
        return success

    def _request(self, plan: Plan, asked: dict[str, Any], scope: Scope) -> Any:
        body = _body(asked["body"])
        headers = asked["headers"]
        credentials = self._inside.credentials
        if body is None or credentials is None or not _plain(headers):
            return self._inside.create_request(asked, plan.model)
        request = _Request(asked, body)
        for handler in plan.heard["request-created"]:
            if handler is not sign_here:
                handler(request=request, operation_name=plan.model.name)
                continue
            known = credentials.get_frozen_credentials()
            request.headers |= sign(
                Question(request.method, request.url, request.headers, body),
                Credentials(known.access_key, known.secret_key, known.token),
                scope,
                moment(),
                _UNSIGNED,
            )
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            request.headers["Content-Length"] = str(len(body))
        return request

    def _attempt(self, plan: Plan, request: Any) -> tuple[Any, Exception | None, bool]:
        """What came, as it is and as it is understood, or why nothing did; and whether all is well."""
        http: Any = None
        try:
            for handler in plan.heard["before-send"]:
                http = handler(request=request) or http
            if http is None:
                http = self._inside.send(request)
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
            self._inside.add_error_fields(answer, parsed, plan.model, plan.parser)
        return (http, parsed), None, answer["status_code"] < _REFUSED


def moment() -> str:
    """Now, as signatures have it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


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
