"""Answers that do not come, or not as the service sent them: silence, resets, halves, foreign pages."""

import json
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import msgspec

PATIENCE_SECONDS = 30.0
"""How long a service in a region may leave every call without an answer until it counts as lost."""
BACKOFF_SECONDS = 1.0
"""How long a call waits at most that was throttled for the first time; then twice as long, and so on."""
TRIES = 2
"""How often one call may go unanswered, or be answered by something broken."""

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Error codes by which services say that they are asked too often."""

_FAILURES = 2
_PAUSE_SECONDS = 0.5
_LONGEST_SECONDS = 20.0
_ROOT = re.compile(rb"(?:\s|<\?.{0,999}?\?>|<!--.{0,999}?-->)*<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)


class Lost(Exception):  # noqa: N818 - the word says it
    """A call that was not made, as the service had not answered any.

    Attributes:
        error: how the last call ended that was made.
    """

    def __init__(self, error: Exception) -> None:
        """Keep how the last call ended."""
        super().__init__(str(error))
        self.error = error


class Silence:
    """Whether whoever is asked answers at all; where nothing does, calls end at once.

    Only time without any answer counts, so that a short break of the network costs nothing but retries. One
    attempt in a while finds out whether somebody is back.
    """

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._lock = threading.Lock()
        self._failures = 0
        self._since = 0.0
        self._lost: Exception | None = None
        self._tried_at = 0.0

    def asking(self) -> float:
        """An attempt is about to be made; the moment, for whoever has to say that it failed.

        Raises:
            Lost: nobody answers.
        """
        now = time.monotonic()
        with self._lock:
            if self._lost:
                if now - self._tried_at < PATIENCE_SECONDS:
                    raise Lost(self._lost)
                self._tried_at = now
        return now

    def answered(self) -> None:
        """Somebody did."""
        with self._lock:
            self._failures, self._lost = 0, None

    def failed(self, error: Exception, began: float) -> None:
        """Nobody answered an attempt."""
        now = time.monotonic()
        with self._lock:
            self._since = min(began, self._since) if self._failures else began
            self._failures += 1
            if self._failures >= _FAILURES and now - self._since >= PATIENCE_SECONDS:
                self._lost, self._tried_at = error, now


class Circuit:
    """A client of one service, as botocore tells of its attempts; one region's silence is not another's."""

    def __init__(self, attempts: int) -> None:
        """Nothing was asked yet; whoever is throttled is tried so many times."""
        self._attempts = attempts
        self._silences: defaultdict[str, Silence] = defaultdict(Silence)
        self._attempt = threading.local()

    def ask_in(self, region: str) -> None:
        """What this thread asks next, it asks in this region."""
        self._attempt.region = region

    @property
    def _silence(self) -> Silence:
        return self._silences[getattr(self._attempt, "region", "")]

    def watch(self, client: Any) -> None:
        """See every attempt that a client makes before its own retries do."""
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first("before-send", self.sending)
        # Botocore's own retries hear the service's event, and whoever hears that is asked first.
        client.meta.events.register_first(f"needs-retry.{service}", self.ended)
        client.meta.events.register_first("before-parse", self.parsing)

    def sending(self, **_: Any) -> None:
        """An attempt is about to be made.

        Raises:
            Lost: the service does not answer.
        """
        self._attempt.began = self._silence.asking()
        self._attempt.broken = ""

    def parsing(self, operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        """A body came; what is broken is kept from botocore, which makes an empty listing of it."""
        self._attempt.broken = broken(operation_model, response_dict)
        if self._attempt.broken:
            response_dict |= {"status_code": HTTPStatus.INTERNAL_SERVER_ERROR, "body": b""}

    def ended(
        self, attempts: int, response: Any = None, caught_exception: Exception | None = None, **_: Any
    ) -> float | bool | None:
        """An attempt came to its end: False when another one would be in vain, or seconds to wait for it.

        Raises:
            ResponseParserError: the answer is broken, and so was the one before.
        """
        import botocore.exceptions as botocore
        from botocore.parsers import ResponseParserError

        if response is not None:
            self._silence.answered()
            if self._attempt.broken:
                if attempts >= TRIES:
                    raise ResponseParserError(self._attempt.broken)
                return _PAUSE_SECONDS
            if throttled(response[1]) and attempts < self._attempts:
                # Botocore's own retries draw on a quota, which a storm empties: what is lost then is facts.
                return _pause_seconds(attempts)
        if not isinstance(caught_exception, botocore.HTTPClientError | botocore.ConnectionError):
            return None
        self._silence.failed(caught_exception, self._attempt.began)
        timeout = isinstance(caught_exception, botocore.ReadTimeoutError | botocore.ConnectTimeoutError)
        return False if timeout and attempts >= TRIES else None


def _pause_seconds(attempts: int) -> float:
    longest: float = min(BACKOFF_SECONDS * 2 ** (attempts - 1), _LONGEST_SECONDS)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - it spreads, and keeps no secret


def throttled(answer: Mapping[str, Any]) -> bool:
    """Whether a parsed answer says that its service is asked too often."""
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == HTTPStatus.TOO_MANY_REQUESTS or answer.get("Error", {}).get("Code") in THROTTLED


def broken(operation: Any, answer: Mapping[str, Any]) -> str:
    """Why a body is no answer to an operation; nothing when it may be one.

    An empty body, the first half of some JSON, and the page by which a gateway asks to log in all are a
    listing without items to botocore.
    """
    status, body = answer["status_code"], answer["body"]
    if (
        status >= HTTPStatus.MULTIPLE_CHOICES
        or status == HTTPStatus.NO_CONTENT
        or not isinstance(body, bytes)
    ):
        return ""
    length = str(answer["headers"].get("content-length", ""))
    if length.isdecimal() and len(body) < int(length):
        return f"{len(body)} bytes of an answer of {length}"
    if _in_body(operation) and not _well_formed(operation, body):
        return f"status {status} and a body that is no answer to {operation.name}"
    return ""


def _in_body(operation: Any) -> bool:
    """Whether an operation answers in a body that has a form."""
    shape = operation.output_shape
    if shape is None or operation.has_streaming_output or operation.has_event_stream_output:
        return False
    payload = shape.serialization.get("payload")
    if payload:
        return bool(shape.members[payload].type_name == "structure")
    return any("location" not in member.serialization for member in shape.members.values())


def _well_formed(operation: Any, body: bytes) -> bool:
    protocol = operation.service_model.resolved_protocol
    if protocol in {"json", "rest-json"}:
        return _is_object(body)
    if protocol in {"query", "ec2", "rest-xml"}:
        root = _ROOT.match(body)
        if root is None or not _closed(body.rstrip(), root[1]):
            return False
        named = root[1].decode()
        return named.lower() != "html" if protocol == "rest-xml" else named == f"{operation.name}Response"
    return bool(body)


def _is_object(body: bytes) -> bool:
    """Whether some JSON is an object; what a strict reader takes for none may still be one to botocore's."""
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        body.decode()
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return True
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _closed(body: bytes, root: bytes) -> bool:
    """Whether some XML goes on to its end; the parser looks at the rest."""
    return body.endswith((b"</" + root + b">", b":" + root + b">", b"/>"))
