"""The one place that talks to Azure's APIs: plain GETs, page after page, as whoever is logged in."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from ..errors import ReadError
from ..model import Reason
from ..redact import line
from . import clouds
from .answers import Lost, Silence
from .clouds import Login
from .memo import Page
from .pace import Pace

if TYPE_CHECKING:
    from azure.core.pipeline.policies import RetryPolicy

RETRIES = 5
"""How often a call is made again that is throttled, or fails for a moment."""
PATIENCE_SECONDS = 60
"""The longest wait that an answer may ask for; what is to take longer is not waited for at all."""
ANSWER_SECONDS = 120
"""The longest that one answer may take to come, however slowly it drips."""
ANSWER_BYTES = 64 * 1024 * 1024
"""The longest that one answer may be."""
IN_FLIGHT = 8
"""Calls at a time."""
AGAIN = "try again; if it stays, see the detail"

_PLAIN = "/:;=@$&'()*+,!~%"
"""Characters that stand as they are in a path."""


@dataclass(frozen=True)
class Refused:
    """An error, as an API worded it."""

    need: str
    path: str
    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Manners:
    """How one API answers."""

    next_link: str
    """The member of a page that has the address of the next one."""
    explain: Callable[[Refused], tuple[Reason, str]]
    """Why it refused, and what would mend that."""
    part: Callable[[str], str]
    """Which part of the API answers a path: one may be silent while others are not."""


class Caller(Protocol):
    """Whoever answers: Azure, or a test's world."""

    @property
    def calls(self) -> Mapping[str, int]:
        """How many pages were answered, by the part of the API that did."""
        ...

    def pages(self, need: str, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        """The answer's pages.

        Raises:
            ReadError: it was refused.
        """
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


@dataclass
class Rest:
    """An API that answers GETs with JSON, at one address."""

    base: str
    login: Login
    manners: Manners
    pace: Pace | None = None
    calls: Counter[str] = field(default_factory=Counter)
    _bound: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(IN_FLIGHT))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _silences: dict[str, Silence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare to ask, and ask nothing."""
        from azure.core import PipelineClient
        from azure.core.pipeline import policies
        from azure.core.pipeline.transport import RequestsTransport

        from . import bounded

        self._client: PipelineClient[Any, Any] = PipelineClient(
            self.base,
            transport=RequestsTransport(
                session=bounded.session(self.base, ANSWER_SECONDS, ANSWER_BYTES),
                connection_verify=bounded.authorities(),
                connection_timeout=clouds.CONNECT_SECONDS,
                read_timeout=clouds.READ_SECONDS,
            ),
            # No RedirectPolicy: the token is for this host. No logging of requests: it would tell tokens.
            policies=[policies.UserAgentPolicy("wardround"), _retries(), self.login.policy(self.base)],
        )

    def pages(self, need: str, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        """The answer's pages, read to the last one.

        Raises:
            ReadError: it was refused, could not be reached, or nonsense was answered.
        """
        url = self.base + quote(path, safe=_PLAIN) + (f"?{urlencode(query, safe='$,()')}" if query else "")
        asked = set()
        while url:
            asked.add(url)
            page = self._page(need, path, url)
            yield page
            url = self._next(need, page)
            if url in asked:
                raise nonsense(need, "the listing goes round in a circle")

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        self.login.close()

    def _page(self, need: str, path: str, url: str) -> Page:
        from azure.core.exceptions import AzureError
        from azure.core.rest import HttpRequest

        silence = self._silence(path)
        with self._bound:
            if self.pace:
                self.pace.take()
            began = 0.0
            try:
                began = silence.asking()
                response = self._client.send_request(HttpRequest("GET", url))
                status, headers, body = response.status_code, response.headers, response.content
            except Lost as lost:
                raise self._lost(need, lost.error) from None
            except (AzureError, ValueError) as error:
                if began and _unheard(error):
                    silence.failed(error, began)
                raise self._lost(need, error) from None
            silence.answered()
        if status != HTTPStatus.OK:
            raise self._refused(need, path, status, headers, body)
        page = _read(body)
        if not isinstance(page, dict):
            raise nonsense(need, f"status 200 and {len(body)} bytes that are no JSON object")
        with self._lock:
            self.calls[self.manners.part(path)] += 1
        return page

    def _silence(self, path: str) -> Silence:
        with self._lock:
            return self._silences.setdefault(self.manners.part(path), Silence())

    def _next(self, need: str, page: Page) -> str:
        link = page.get(self.manners.next_link) or ""
        base = self.base.lower()
        # By its beginning, as libraries differ in where they see an address's host end. Some of Azure's links
        # say the port.
        own = (f"{base}/", f"{base}:443/")
        if link and not (isinstance(link, str) and link.lower().startswith(own)):
            raise nonsense(need, "the listing goes on at another host, to which no token is shown")
        return link

    def _refused(
        self, need: str, path: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> ReadError:
        code, message = _said(status, body)
        refused = Refused(need, path, status, code, message)
        reason, mend = self.manners.explain(refused)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            reason = Reason.THROTTLED
            wait = headers.get("Retry-After")
            message += f" (it asks to wait {wait} s)" if wait and wait.isdecimal() else ""
        elif HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            reason = Reason.INVALID_ANSWER
        return ReadError(need=need, reason=reason, detail=line(f"{code}: {message}"), mend=mend, code=code)

    def _lost(self, need: str, error: Exception) -> ReadError:
        """What it means when there was no answer."""
        from azure.core import exceptions as azure

        reach = f"see whether {urlsplit(self.base).hostname} can be reached from here"
        if isinstance(error, azure.ClientAuthenticationError):
            return clouds.no_token(need, error)
        reason, mend = Reason.FAILED, AGAIN
        if isinstance(error, azure.ServiceRequestTimeoutError | azure.ServiceResponseTimeoutError):
            reason, mend = Reason.TIMEOUT, reach
        elif isinstance(error, azure.DecodeError | azure.IncompleteReadError | ValueError):
            reason = Reason.INVALID_ANSWER
        elif isinstance(error, azure.ServiceRequestError | azure.ServiceResponseError):
            reason, mend = Reason.UNREACHABLE, reach
        return ReadError(need=need, reason=reason, detail=line(str(error)), mend=mend)


def nonsense(need: str, detail: str) -> ReadError:
    """Something answered that is not what was asked for."""
    return ReadError(need=need, reason=Reason.INVALID_ANSWER, detail=detail, mend=AGAIN)


def listed(need: str, pages: Iterator[Page], is_item: Callable[[object], bool]) -> Iterator[Page]:
    """The pages' lists, each item of which is what it should be.

    Raises:
        ReadError: one is not.
    """
    for page in pages:
        value = page.get("value")
        if not isinstance(value, list) or not all(is_item(item) for item in value):
            raise ReadError(
                need=need,
                reason=Reason.INVALID_ANSWER,
                detail="the answer is no list of what was asked for",
                mend="try again; if it stays, see what answers instead of Azure",
            )
        yield {"value": value}


def _unheard(error: Exception) -> bool:
    from azure.core import exceptions as azure

    return isinstance(error, azure.ServiceRequestError | azure.ServiceResponseError)


def _retries() -> "RetryPolicy[Any, Any]":
    from azure.core.pipeline.policies import RetryPolicy

    class Patient(RetryPolicy[Any, Any]):
        """Waits as long as it is asked to, up to a bound."""

        def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
            wanted = self.get_retry_after(response) or 0
            return wanted <= PATIENCE_SECONDS and bool(super().is_retry(settings, response))

    return Patient(
        retry_total=RETRIES,
        retry_status=RETRIES,
        retry_connect=clouds.UNANSWERED,
        retry_read=clouds.UNANSWERED,
        retry_backoff_max=PATIENCE_SECONDS,
    )


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _said(status: int, body: bytes) -> tuple[str, str]:
    """The code and message of an error; of a foreign page, what its status means."""
    held = _read(body)
    with suppress(KeyError, TypeError, AttributeError):
        error = held["error"]
        inner = error.get("innererror") or error.get("innerError") or {}
        code = error.get("code") or inner.get("code")
        if code:
            return str(code), str(error.get("message", ""))
    known = {each.value: each.phrase for each in HTTPStatus}
    return str(status), known.get(status, "an answer that is not Azure's")
