"""The one place that talks to Azure: plain GETs to its Resource Manager, and what its errors mean."""

import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

from ..errors import ReadError
from ..model import Reason
from ..redact import redacted
from .arm_types import ENTERING, kind_of
from .memo import Page

if TYPE_CHECKING:
    from azure.core.pipeline.policies import RetryPolicy
    from azure.identity import DefaultAzureCredential

CONNECT_SECONDS = 5
READ_SECONDS = 30
RETRIES = 5
"""How often a call is made again that is throttled, or fails for a moment."""
UNANSWERED = 1
"""How often a call is made again to which nothing was answered."""
PATIENCE_SECONDS = 60
"""The longest wait that Azure may ask for; what is to take longer is not waited for at all."""
IN_FLIGHT = 8
"""Calls at a time to one subscription, which may make 25 a second in the long run."""

_HEARD = 10_000
"""Characters of an error that are looked at."""
_AGAIN = "try again; if it stays, see the detail"
_UNREGISTERED = frozenset(
    {
        "InvalidResourceNamespace",
        "MissingSubscriptionRegistration",
        "NoRegisteredProviderFound",
        "SubscriptionNotRegistered",
    }
)
_NO_SUBSCRIPTION = frozenset({"InvalidSubscriptionId", "SubscriptionNotFound"})
_ATTEMPT = re.compile(r"^\t(\w+Credential): (.+)$", re.MULTILINE)
_UNAVAILABLE = re.compile(
    r"unavailable|not fully configured|not (?:be )?found|not installed|not configured|no accounts|"
    r"no response|please run|to login|not support|requires? the|required to use|missing|no identity",
    re.IGNORECASE,
)
_SILENT = re.compile(r"timed out|Failed to (?:establish|resolve)|Connection (?:aborted|reset)", re.IGNORECASE)
_LOGIN = (
    "log in with `az login`, give AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run where "
    "there is a managed identity"
)


@dataclass(frozen=True)
class Cloud:
    """Where one of Azure's clouds answers."""

    manager: str
    """The Resource Manager, as in https://management.azure.com."""
    authority: str
    """Who gives tokens."""
    custom: bool = False
    """Whether it is one that Microsoft's directory of clouds does not know."""


CLOUDS = {
    "AzureCloud": Cloud("https://management.azure.com", "https://login.microsoftonline.com"),
    "AzureUSGovernment": Cloud("https://management.usgovcloudapi.net", "https://login.microsoftonline.us"),
    "AzureChinaCloud": Cloud("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
}
"""Microsoft's clouds, by the names that `az cloud list` has for them."""


class Caller(Protocol):
    """Whoever answers: Azure, or a test's world."""

    @property
    def calls(self) -> int:
        """How many pages were answered."""
        ...

    def pages(self, need: str, path: str, version: str) -> Iterator[Page]:
        """The answer's pages.

        Raises:
            ReadError: it was refused.
        """
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


class Arm:
    """A cloud's Resource Manager, asked as whoever azure-identity finds."""

    def __init__(self, cloud: Cloud) -> None:
        """Prepare to ask, and ask nothing.

        Raises:
            ReadError: what the environment says of credentials cannot be right.
        """
        from azure.core import PipelineClient
        from azure.core.pipeline import policies
        from azure.core.pipeline.transport import RequestsTransport

        # They log whole paragraphs as warnings, which Python prints where nobody configured logging.
        for library in ("azure", "msal"):
            logging.getLogger(library).setLevel(logging.CRITICAL + 1)
        self._cloud = cloud
        self._credential = _credential(cloud)
        self._token_scope = f"{cloud.manager}/.default"
        transport = RequestsTransport(connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        self._client: PipelineClient[Any, Any] = PipelineClient(
            cloud.manager,
            transport=transport,
            # No RedirectPolicy: the token is for this host. No logging of requests: it would tell tokens.
            policies=[
                policies.UserAgentPolicy("wardround"),
                _retries(),
                policies.BearerTokenCredentialPolicy(self._credential, self._token_scope),
            ],
        )
        self._bound = threading.BoundedSemaphore(IN_FLIGHT)
        self._lock = threading.Lock()
        self.calls = 0

    def claims(self, need: str) -> dict[str, str]:
        """What the token says of who is asking; nothing when it cannot be read.

        Raises:
            ReadError: there are no credentials, or they are not taken.
        """
        from azure.core.exceptions import AzureError

        try:
            token = self._credential.get_token(self._token_scope).token
        except (AzureError, ValueError) as error:
            raise _no_token(need, error) from None
        return _claims(token)

    def pages(self, need: str, path: str, version: str) -> Iterator[Page]:
        """The answer's pages, read to the last one.

        Raises:
            ReadError: Azure refused, could not be reached, or answered nonsense.
        """
        url = f"{self._cloud.manager}{path}?{urlencode({'api-version': version})}"
        asked = set()
        while url:
            asked.add(url)
            page = self._page(need, path, url)
            yield page
            url = self._next(need, page)
            if url in asked:
                raise _nonsense(need, "the listing goes round in a circle")

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        self._credential.close()

    def _page(self, need: str, path: str, url: str) -> Page:
        from azure.core.exceptions import AzureError
        from azure.core.rest import HttpRequest

        try:
            with self._bound:
                response = self._client.send_request(HttpRequest("GET", url))
        except (AzureError, ValueError) as error:
            raise self._lost(need, error) from None
        if response.status_code != HTTPStatus.OK:
            raise _refused(need, path, response.status_code, response.headers, response.text())
        try:
            page = json.loads(response.content)
        except (ValueError, RecursionError):
            page = None
        if not isinstance(page, dict):
            raise _nonsense(need, f"status 200 and {len(response.content)} bytes that are no JSON object")
        with self._lock:
            self.calls += 1
        return page

    def _next(self, need: str, page: Page) -> str:
        link = page.get("nextLink") or ""
        manager = self._cloud.manager.lower()
        # By its beginning, as libraries differ in where they see an address's host end. Some of Azure's links
        # say the port.
        own = (f"{manager}/", f"{manager}:443/")
        if link and not (isinstance(link, str) and link.lower().startswith(own)):
            raise _nonsense(need, "the listing goes on at another host, to which no token is shown")
        return link

    def _lost(self, need: str, error: Exception) -> ReadError:
        """What it means when there was no answer."""
        from azure.core import exceptions as azure

        reach = f"see whether {urlsplit(self._cloud.manager).hostname} can be reached from here"
        if isinstance(error, azure.ClientAuthenticationError):
            return _no_token(need, error)
        reason, mend = Reason.FAILED, _AGAIN
        if isinstance(error, azure.ServiceRequestTimeoutError | azure.ServiceResponseTimeoutError):
            reason, mend = Reason.TIMEOUT, reach
        elif isinstance(error, azure.DecodeError | azure.IncompleteReadError | ValueError):
            reason = Reason.INVALID_ANSWER
        elif isinstance(error, azure.ServiceRequestError | azure.ServiceResponseError):
            reason, mend = Reason.UNREACHABLE, reach
        return ReadError(need=need, reason=reason, detail=_line(str(error)), mend=mend)


def _credential(cloud: Cloud) -> "DefaultAzureCredential":
    """Whatever azure-identity finds, in its documented order.

    Raises:
        ReadError: what the environment says of credentials cannot be right.
    """
    from azure.identity import DefaultAzureCredential

    try:
        return DefaultAzureCredential(
            authority=cloud.authority,
            # Otherwise Microsoft's public cloud is asked whether it knows the authority.
            disable_instance_discovery=cloud.custom,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retry_connect=UNANSWERED,
            retry_read=UNANSWERED,
        )
    except (ValueError, OSError) as error:
        raise _no_token(ENTERING, error) from None


def _retries() -> "RetryPolicy[Any, Any]":
    from azure.core.pipeline.policies import RetryPolicy

    class Patient(RetryPolicy[Any, Any]):
        """Waits as long as Azure asks for, up to a bound."""

        def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
            wanted = self.get_retry_after(response) or 0
            return wanted <= PATIENCE_SECONDS and bool(super().is_retry(settings, response))

    return Patient(
        retry_total=RETRIES,
        retry_status=RETRIES,
        retry_connect=UNANSWERED,
        retry_read=UNANSWERED,
        retry_backoff_max=PATIENCE_SECONDS,
    )


def _claims(token: str) -> dict[str, str]:
    """A token's claims, unverified: they are shown, and nothing is decided by them."""
    from base64 import urlsafe_b64decode

    try:
        packed = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    except (IndexError, ValueError):
        return {}
    known = claims.items() if isinstance(claims, dict) else ()
    return {name: value[:200] for name, value in known if isinstance(value, str) and value.isprintable()}


def _refused(need: str, path: str, status: int, headers: Mapping[str, str], body: str) -> ReadError:
    code, message = _said(status, body)
    reason, mend = Reason.FAILED, _AGAIN
    if code in _UNREGISTERED:
        provider = kind_of(need).partition("/")[0]
        mend = f"register {provider}: az provider register --namespace {provider}"
    elif status == HTTPStatus.FORBIDDEN:
        reason, mend = Reason.DENIED, f"allow {need} on {_subscription(path)}"
    elif status == HTTPStatus.UNAUTHORIZED:
        reason, mend = Reason.CREDENTIALS, "give credentials of the subscription's own tenant, not expired"
    elif code in _NO_SUBSCRIPTION:
        reason, mend = Reason.CREDENTIALS, f"give credentials that may read {_subscription(path)}"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        reason, mend = Reason.THROTTLED, "run when the subscription's other automation is quiet"
        wait = headers.get("Retry-After")
        message += f" (it asks to wait {wait} s)" if wait and wait.isdecimal() else ""
    elif HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        reason = Reason.INVALID_ANSWER
    return ReadError(need=need, reason=reason, detail=_line(f"{code}: {message}"), mend=mend, code=code)


def _said(status: int, body: str) -> tuple[str, str]:
    """The code and message of an error; of a foreign page, what its status means."""
    with suppress(ValueError, AttributeError):
        error = json.loads(body)["error"] if '"error"' in body else {}
        if error.get("code"):
            return str(error["code"]), str(error.get("message", ""))
    known = {each.value: each.phrase for each in HTTPStatus}
    return str(status), known.get(status, "an answer that is not Azure's")


def _subscription(path: str) -> str:
    return "/".join(path.split("/")[:3])


def _nonsense(need: str, detail: str) -> ReadError:
    return ReadError(need=need, reason=Reason.INVALID_ANSWER, detail=detail, mend=_AGAIN)


def _no_token(need: str, error: Exception) -> ReadError:
    """Why nobody could log in; azure-identity tells it in a paragraph for each way that it tried."""
    said = str(error)[:_HEARD]
    entra = re.search(r"AADSTS\d+: .*", said)
    attempts = [(name, why) for name, why in _ATTEMPT.findall(said) if not _UNAVAILABLE.search(why)]
    reason, mend = Reason.CREDENTIALS, f"see the detail, or {_LOGIN}"
    if entra:
        detail = entra[0].partition("Trace ID:")[0]
        mend = "see that the tenant, the client id and its secret or certificate are right, and not expired"
    elif attempts:
        detail = ": ".join(attempts[-1])
        if _SILENT.search(detail):
            reason = Reason.TIMEOUT if "timed out" in detail else Reason.UNREACHABLE
            mend = "see whether the host that logs us in can be reached from here"
    elif _ATTEMPT.search(said):
        detail, mend = (
            "no credentials were found in the environment, on this machine or of the Azure CLI",
            _LOGIN,
        )
    else:
        detail = said
    return ReadError(need=need, reason=reason, detail=_line(detail), mend=mend)


def _line(text: str) -> str:
    # Before it is cut: half a secret would not look like one.
    return " ".join(redacted(text[:_HEARD]).split())[:300]
