"""The one place that talks to AWS: clients, paging, and what botocore's errors mean."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..errors import ReadError
from ..model import Reason
from ..redact import line
from . import operations, quick
from .answers import THROTTLED, Circuit, Lost
from .memo import Page
from .offered import NOT_OFFERED, Offered
from .pace import Pace

if TYPE_CHECKING:
    import botocore.session

_ASSUME = "sts:AssumeRole"
IN_FLIGHT = 16
"""Calls at a time to one service in one region; more of them get throttled sooner than answered."""
FIRST_IN_FLIGHT = 1
"""Calls at a time to one service in one region, to begin with."""
EARNED = 4
"""Answers after which a service may be asked once more at a time in a region."""
ACCOUNT_IN_FLIGHT = 32
"""Calls at a time to one account."""
ATTEMPTS = 8
"""How often a call is tried that is throttled, or fails for a moment."""
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0

_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "NotAuthorized",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
        "403",
    }
)
_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
_PHRASES = {known.value: known.phrase for known in HTTPStatus}


class Caller(Protocol):
    """Whoever answers operations: AWS, or a test's world."""

    @property
    def calls(self) -> Mapping[str, int]:
        """How many pages were answered, by service."""
        ...

    def pages(self, need: str, region: str, parameters: dict[str, Any]) -> Iterator[Page]:
        """The answer's pages.

        Raises:
            ReadError: it was refused.
        """
        ...

    def leave(self, service: str, region: str) -> None:
        """Let go of the connections to a service in a region, where hardly anybody will ask again."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


class _Ask(NamedTuple):
    """Whom to ask for a service in a region."""

    client: Any
    at: quick.Place | None
    circuit: Circuit
    bound: "_Bound"
    paginators: dict[str, Any]

    @property
    def address(self) -> str:
        return self.at.address if self.at else str(self.client.meta.endpoint_url)

    def leave(self) -> None:
        if self.at:
            quick.leave(self.client, self.at)
        else:
            self.client.close()


class _Bound:
    """So many at a time; a semaphore of the standard library makes a lock for each who waits, in Python.

    It may begin with fewer. Each of so many has a connection, which costs more than a call: whoever is asked
    four times gets one, and whoever is asked hundreds of times soon has all that it may have.
    """

    def __init__(self, most: int, first: int | None = None) -> None:
        first = most if first is None else first
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(first):
            self._free.put(None)
        self._more = iter(([False] * (EARNED - 1) + [True]) * (most - first))

    def __enter__(self) -> None:
        self._free.get()

    def __exit__(self, *_: object) -> None:
        self._free.put(None)
        if next(self._more, False):
            self._free.put(None)


class Boto:
    """Botocore's clients, one per service, or per service and region, shared between checks."""

    def __init__(self, session: "botocore.session.Session", max_rps: float | None = None) -> None:
        """Use this session's credentials, and make no more attempts per second than this."""
        self._session = session
        self._offered = Offered(session)
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self.calls: Counter[str] = Counter()
        self._asks: dict[tuple[str, str], _Ask] = {}
        self._everywhere: dict[str, _Ask] = {}
        """By service, whoever may be asked in any region."""
        self._bound = _Bound(ACCOUNT_IN_FLIGHT)
        self._pace = Pace(1, max_rps) if max_rps else None

    def pages(self, need: str, region: str, parameters: dict[str, Any]) -> Iterator[Page]:
        """The answer's pages, read to the last one.

        Raises:
            ReadError: AWS refused, could not be reached, or answered nonsense.
        """
        import botocore.exceptions
        import botocore.parsers

        service, _, operation = need.partition(":")
        try:
            ask = self._ask(service, region)
            if not self._offered(service, region, ask.address):
                raise _not_offered(need, service, region)
            for page in _paged(ask, _Turn(ask, self._bound, region), need, operation, parameters):
                page.pop("ResponseMetadata", None)
                with self._counting:
                    self.calls[service] += 1
                yield page
        except Lost as lost:
            raise translated(need, region, lost.error) from None
        except (
            botocore.exceptions.BotoCoreError,
            botocore.exceptions.ClientError,
            botocore.parsers.ResponseParserError,
        ) as error:
            raise translated(need, region, error) from None

    def leave(self, service: str, region: str) -> None:
        """Close the connections to a service in a region; whoever asks all the same has them made anew."""
        ask = self._asks.get((service, region))
        if ask:
            ask.leave()

    def close(self) -> None:
        """Close every client's connections."""
        with self._lock:
            for client in {id(ask.client): ask.client for ask in self._asks.values()}.values():
                client.close()
            self._asks.clear()
            self._everywhere.clear()

    def _ask(self, service: str, region: str) -> _Ask:
        where = (service, region)
        if where in self._asks:
            return self._asks[where]
        with self._lock:  # botocore's session may make one client at a time
            if where not in self._asks:
                known = self._everywhere.get(service)
                at = quick.place(known.client, region) if known else None
                bound = _Bound(IN_FLIGHT, first=FIRST_IN_FLIGHT)
                if known and at:
                    self._asks[where] = known._replace(at=at, bound=bound)
                else:
                    client = self._client(service, region)
                    circuit = Circuit(ATTEMPTS)
                    circuit.watch(client)
                    quick.shorten(client)
                    ask = _Ask(client, quick.place(client, region), circuit, bound, {})
                    self._asks[where] = ask
                    if ask.at:
                        self._everywhere[service] = ask
            return self._asks[where]

    def _client(self, service: str, region: str) -> Any:
        import botocore.config

        config = botocore.config.Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=IN_FLIGHT,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            user_agent_extra="wardround",
            # By path, all buckets of a region share connections; by host name each needs its own,
            # which takes three round trips and a name's look-up before anything is asked.
            s3={"addressing_style": "path"},
        )
        client = quick.create_client(self._session, service, region, config)
        if self._pace:
            client.meta.events.register_first("before-send", self._wait)
        return client

    def _wait(self, **_: Any) -> None:
        if self._pace:
            self._pace.take()


class _Turn:
    """A call's turn, which may be taken again for the next page."""

    def __init__(self, ask: _Ask, bound: _Bound, region: str) -> None:
        self._ask = ask
        self._bound = bound
        self._region = region
        self._asking = quick.Asking(ask.at)

    def __enter__(self) -> None:
        # The wider bound last: whoever waits for a busy service keeps nobody from another.
        self._ask.bound.__enter__()
        self._bound.__enter__()
        self._asking.__enter__()
        self._ask.circuit.ask_in(self._region)

    def __exit__(self, *error: object) -> None:
        self._asking.__exit__(*error)
        self._bound.__exit__(*error)
        self._ask.bound.__exit__(*error)


def _paged(ask: _Ask, turn: _Turn, need: str, operation: str, parameters: dict[str, Any]) -> Iterator[Page]:
    import botocore

    client, name = ask.client, botocore.xform_name(operation)
    if name not in ask.paginators:
        # Each is a class of its own, which takes as long to make as some calls.
        ask.paginators[name] = client.get_paginator(name) if client.can_paginate(name) else None
    if ask.paginators[name]:
        pages = iter(ask.paginators[name].paginate(**parameters))
        while True:
            with turn:
                page = next(pages, None)
            if page is None:
                return
            yield page
    members = operations.tokens(need)
    asked = dict(parameters)
    while True:
        with turn:
            page = getattr(client, name)(**asked)
        yield page
        token = page.get(members[1]) if members else None
        if not members or not token:
            _hold_whole(need, page)
            return
        asked[members[0]] = token


def _hold_whole(need: str, page: Page) -> None:
    """Refuse an answer that says that it goes on, when nothing is known by which to ask for the rest."""
    if any(page[name] is True for name in page if name == "IsTruncated" or name.startswith("HasMore")):
        raise ReadError(
            need=need,
            reason=Reason.FAILED,
            detail="the answer goes on, and how to ask for the rest is not known",
            mend="report it to whoever maintains the check",
        )


def _not_offered(need: str, service: str, region: str) -> ReadError:
    return ReadError(
        need=need,
        reason=Reason.UNREACHABLE,
        detail=f"AWS does not offer {service} in {region}",
        mend=f"leave {region} out of the target's regions",
        code=NOT_OFFERED,
    )


def translated(need: str, region: str, error: Exception) -> ReadError:
    """What a botocore error means to somebody who wants to mend it."""
    import botocore.exceptions as botocore
    from botocore.parsers import ResponseParserError

    if isinstance(error, botocore.ClientError):
        # While credentials are fetched, it is not what we asked for that was refused.
        return _answered(_ASSUME if error.operation_name == "AssumeRole" else need, region, error)
    reason, mend = Reason.FAILED, "try again; if it stays, see the detail"
    if isinstance(
        error,
        botocore.NoCredentialsError
        | botocore.PartialCredentialsError
        | botocore.CredentialRetrievalError
        | botocore.TokenRetrievalError
        | botocore.ProfileNotFound
        | botocore.SSOError,
    ):
        reason, mend = Reason.CREDENTIALS, "give credentials: a profile, AWS_PROFILE, or a role"
    elif isinstance(error, botocore.ConnectTimeoutError | botocore.ReadTimeoutError):
        reason, mend = (
            Reason.TIMEOUT,
            f"see whether {need.partition(':')[0]} in {region} can be reached from here",
        )
    elif isinstance(error, botocore.HTTPClientError | botocore.ConnectionError):
        reason, mend = (
            Reason.UNREACHABLE,
            f"see whether {need.partition(':')[0]} in {region} can be reached from here",
        )
    elif isinstance(error, ResponseParserError):
        reason = Reason.INVALID_ANSWER
    return ReadError(need=need, reason=reason, detail=line(str(error)), mend=mend)


def _answered(need: str, region: str, error: Any) -> ReadError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _DENIED:
        reason, mend = Reason.DENIED, f"allow {operations.action(need)}"
    elif code in _CREDENTIALS:
        reason, mend = (
            Reason.CREDENTIALS,
            f"give credentials that are valid in {region}, and renew them if they expired",
        )
    elif code in THROTTLED or status == HTTPStatus.TOO_MANY_REQUESTS:
        reason, mend = Reason.THROTTLED, "run when the account's other automation is quiet"
    else:
        reason, mend = Reason.FAILED, "try again; if it stays, see the detail"
    if message.lstrip().startswith("<"):
        # Some gateway's page, not AWS's answer.
        message = _PHRASES.get(status, "a page of HTML")
    return ReadError(need=need, reason=reason, detail=line(f"{code}: {message}"), mend=mend, code=code)
