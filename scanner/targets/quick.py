"""What botocore makes anew for each client and connection, made once: the only place that knows its insides.

Stock botocore reads the certificates of all authorities again for every connection (23 ms of CPU; botocore
issue 3171), builds a client and its service's classes and models for every region (5 to 90 ms and a megabyte
or more), finds out for every call where it goes, and makes a parser for every answer, which hands each moment
to dateutil. Here one client asks in every region, and the rest is shared. Nothing else changes: what is
asked, and what is understood of the answers, is the same, which is tested. Of a version of botocore that was
not tested, or that looks different inside, clients are made as botocore makes them, one for each region.
"""

import copy
import os
import re
import threading
import weakref
from collections import defaultdict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from . import descriptions, wire

if TYPE_CHECKING:
    import botocore.session

TESTED = ((1, 40), (1, 44))
"""The first and last versions of botocore, without their patches, with which this was tested."""

_LARGE = 2**16
"""Bytes of an answer of which only one at a time is taken apart: meanwhile it takes twenty times as many."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?Z", re.ASCII).fullmatch


def models(session: "botocore.session.Session") -> Any:
    """Botocore's loader of what it knows of services, made to read what may be asked, where that can be."""
    stock = _inside("loaders").JSONFileLoader

    class Models(stock):  # type: ignore[misc,valid-type]
        """Reads what is known of a service into plain dictionaries."""

        def __init__(self) -> None:
            super().__init__()
            self._kept: dict[str, set[str]] = {}

        def _load_file(self, full_path: str, open_method: Any) -> Any:
            try:
                with open_method(full_path, "rb") as file:
                    told = descriptions.read(file.read())
            except FileNotFoundError:
                return None
            folder = os.path.dirname(full_path)  # noqa: PTH120 - it is botocore's, and no more than a key
            if "shapes" in told:
                self._kept[folder] = set(told["shapes"])
            descriptions.mend(told, self._kept.get(folder, set()))
            return told

    loader = session.get_component("data_loader")
    if tested() and type(loader.file_loader) is stock:
        loader.file_loader = Models()
    return loader


def create_client(session: "botocore.session.Session", service: str, region: str, config: Any) -> Any:
    """A client that shares with all others whatever it can; a stock one where it cannot."""
    if tested():
        _share_parsers(session)
        _share_parts()
    return session.create_client(service, region_name=region, config=config)


class Place(NamedTuple):
    """Where a client asks that asks in many regions."""

    resolver: Any
    region: str
    address: str
    """Its service's there."""
    signing: str
    """The region to sign for."""


_ASKING = threading.local()
"""The place in which a thread is asking."""


def place(client: Any, region: str) -> Place | None:
    """Where a client asks in a region; None when only a client that is made for that region can."""
    find = getattr(getattr(client, "_ruleset_resolver", None), "place", None)
    found: Place | None = find(region) if find else None
    return found


@contextmanager
def asking(at: Place | None) -> Iterator[None]:
    """Have what this thread asks of a client asked in this place; None: where the client was made for."""
    _ASKING.place = at
    try:
        yield
    finally:
        _ASKING.place = None


def leave(client: Any, at: Place) -> None:
    """Close what connects a client to a place."""
    client._endpoint.http_session.leave(at.resolver.hosts.pop(at.region, set()))  # noqa: SLF001 - see the module


def tested() -> bool:
    """Whether this is a botocore whose insides are known."""
    version = tuple(int(number) for number in import_module("botocore").__version__.split(".")[:2])
    return TESTED[0] <= version <= TESTED[1]


def moment(value: Any) -> datetime:
    """A moment as a service writes it; read quickly where it is written as services usually do."""
    if isinstance(value, str) and _MOMENT(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    elif isinstance(value, int | float):
        with suppress(OverflowError, OSError, ValueError):
            return datetime.fromtimestamp(value, UTC)
    parsed: datetime = _inside("utils").parse_timestamp(value)
    return parsed


def _inside(module: str) -> Any:
    """A module of botocore's, whose insides no type tells."""
    return import_module(f"botocore.{module}")


def _share_parsers(session: "botocore.session.Session") -> None:
    stock = _inside("parsers").ResponseParserFactory

    class Parsers(stock):  # type: ignore[misc,valid-type]
        """One parser of each protocol; they keep nothing of what they parse."""

        def __init__(self) -> None:
            super().__init__()
            self.set_parser_defaults(timestamp_parser=moment)
            self.create_parser = cache(self._create_parser)

        def _create_parser(self, protocol: str) -> Any:
            parser = super().create_parser(protocol)
            parser.parse = partial(_in_turn, parser.parse)
            return parser

    if type(session.get_component("response_parser_factory")) is stock:
        session.register_component("response_parser_factory", Parsers())


_PARSING = threading.Lock()


def _in_turn(parse: Any, answer: Any, shape: Any) -> Any:
    body = answer.get("body")
    with _PARSING if isinstance(body, bytes) and len(body) > _LARGE else nullcontext():
        return parse(answer, shape)


@cache
def _share_parts() -> None:
    """Have all clients made of shared parts: their service's class, model and rules, and whom to trust.

    A session finds what makes clients by its name in a module, so it is there that it is replaced.
    """
    _inside("client").ClientCreator = _creator(_inside("client").ClientCreator)
    _inside("args").EndpointRulesetResolver = _resolver(_inside("args").EndpointRulesetResolver)
    _inside("retries.quota").RetryQuota = _quota(_inside("retries.quota").RetryQuota)
    _inside("regions").EndpointProvider = _provider(_inside("regions").EndpointProvider)
    _inside("args").EndpointCreator = _endpoints(_inside("args").EndpointCreator)


def _creator(stock: Any) -> type:
    made: dict[Hashable, Any] = {}
    making = threading.RLock()

    class Creator(stock):  # type: ignore[misc]
        """Makes clients of what it has made before, as long as it is of the same descriptions."""

        def create_client(self, service_name: str, *given: Any, **named: Any) -> Any:
            service = self._load_service_model(service_name, named.get("api_version"))
            self._event_emitter: Any = _heard_by(service, self._event_emitter)
            return super().create_client(service_name, *given, **named)

        def _get_client_args(self, *given: Any, **named: Any) -> Any:
            parts = super()._get_client_args(*given, **named)
            bridges = _inside("client").ClientEndpointBridge
            bridge = next((each for each in (*given, *named.values()) if isinstance(each, bridges)), None)
            if parts.get("endpoint_ruleset_resolver"):
                parts["endpoint_ruleset_resolver"].bridge = bridge
            parts["user_agent_creator"] = _Named(parts["user_agent_creator"])
            return parts

        def _load_service_model(self, service_name: str, api_version: str | None = None) -> Any:
            with making:
                key = (self._loader, service_name, api_version)
                if key not in made:
                    made[key] = super()._load_service_model(service_name, api_version)
                return made[key]

        def _create_client_class(self, service_name: str, service_model: Any) -> Any:
            with making:
                if service_model not in made:
                    made[service_model] = super()._create_client_class(service_name, service_model)
                return made[service_model]

    return Creator


def _provider(stock: Any) -> Any:
    made: dict[tuple[int, ...], tuple[Any, Any]] = {}
    making = threading.Lock()

    def provider(**given: Any) -> Any:
        key = tuple(id(value) for value in given.values())
        with making:
            if key not in made:
                # Kept with what it is made of, so that nothing else can come to have these ids.
                made[key] = stock(**given), given
            return made[key][0]

    return provider


class _Named:
    """Who a client says that it is, put together once."""

    def __init__(self, stock: Any) -> None:
        self._stock = stock
        self.to_string = cache(stock.to_string)

    def rebuild_and_replace_user_agent_handler(self, **_: Any) -> None:
        """Leave it as it is."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)


_PARTICULAR = frozenset({"s3", "s3control", "sts"})
"""Services that have more than one idea of where a region is."""


def _resolver(stock: Any) -> type:  # noqa: C901 - it is a class, of small methods
    class Resolver(stock):  # type: ignore[misc]
        """Finds where a call goes, once for all calls that go there."""

        bridge: Any = None
        """What told where the service is, and for which region to sign, before there were rules."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._ends: dict[tuple[str, str], Any] = {}
            self.hosts: defaultdict[str, set[str]] = defaultdict(set)

        def place(self, region: str) -> Place | None:
            """Where the service is asked in a region."""
            own, service = str(self._builtins["AWS::Region"]), self._service_model
            if self.bridge is None or self._builtins.get("SDK::Endpoint") or "fips" in own + region:
                return None
            here, there = (self.bridge.resolve(service.endpoint_prefix, where) for where in (own, region))
            if service.service_name in _PARTICULAR or _kind(here) != _kind(there):
                return None
            return Place(self, region, there["endpoint_url"], there["signing_region"])

        def construct_endpoint(self, operation_model: Any, call_args: Any, request_context: Any) -> Any:
            at = self._at()
            if at is None:
                return super().construct_endpoint(operation_model, call_args, request_context)
            request_context |= {"client_region": at.region, "signing": {"region": at.signing}}
            key = (at.region, operation_model.name)
            end = self._ends.get(key)
            if end is None:
                end = super().construct_endpoint(operation_model, call_args, request_context)
                self.hosts[at.region].add(str(urlsplit(end.url).hostname))
                # Of some operations, their parameters say where they go.
                if not operation_model.context_parameters and not getattr(
                    operation_model, "operation_context_parameters", ()
                ):
                    self._ends[key] = end
            return end

        def _get_customized_builtins(self, *given: Any, **named: Any) -> Any:
            builtins = super()._get_customized_builtins(*given, **named)
            at = self._at()
            return builtins if at is None else {**builtins, "AWS::Region": at.region}

        def asked_in(self) -> str | None:
            """The region in which this thread asks; None: in the client's own."""
            at = self._at()
            return at.region if at else None

        def _at(self) -> Place | None:
            at: Place | None = getattr(_ASKING, "place", None)
            # While a thread asks, others may be asked first: for credentials.
            return at if at and at.resolver is self else None

    return Resolver


def _kind(end: Any) -> tuple[Any, ...]:
    """What must be alike of two ends so that one client can ask at both."""
    told = end["metadata"]
    return end["signature_version"], told.get("partition"), told.get("tags")


def _quota(stock: Any) -> type:
    class Quota(stock):  # type: ignore[misc]
        """What a client may spend on trying again, in each region by itself."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._there: defaultdict[str, Any] = defaultdict(partial(stock, *given, **named))

        def acquire(self, capacity_amount: int) -> bool:
            at = getattr(_ASKING, "place", None)
            taken: bool = self._there[at.region if at else ""].acquire(capacity_amount)
            return taken

        def release(self, capacity_amount: int) -> None:
            at = getattr(_ASKING, "place", None)
            self._there[at.region if at else ""].release(capacity_amount)

    return Quota


_HEARD: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _heard_by(service: Any, emitter: Any) -> Any:
    """A session's events, of which each client has a copy, without what only other services' clients hear."""
    stock = _inside("hooks").EventAliaser
    if type(emitter) is not stock:
        return emitter
    kept = _HEARD.setdefault(emitter, {})
    if service not in kept:
        fewer = copy.copy(emitter._emitter)  # noqa: SLF001 - see the module
        fewer._lookup_cache = {}  # noqa: SLF001 - see the module
        own = {service.service_id.hyphenize(), service.endpoint_prefix, "*"}
        events = fewer._handlers._root["children"]  # noqa: SLF001 - see the module
        events.pop("docs", None)
        for event in events.values():
            for other in event["children"].keys() - own:
                del event["children"][other]
        kept[service] = _aliaser()(fewer)
    return kept[service]


@cache
def _aliaser() -> type:
    class Aliaser(_inside("hooks").EventAliaser):  # type: ignore[misc]
        """Finds the present names of events once for all of its copies."""

        def __copy__(self) -> "Aliaser":
            copied = Aliaser(copy.copy(self._emitter), self._event_aliases)
            copied._alias_name_cache = self._alias_name_cache
            return copied

    return Aliaser


def _endpoints(stock: Any) -> type:
    sessions = wire.trusting(_inside("httpsession"), _inside("awsrequest").AWSHTTPSConnectionPool)

    class Endpoints(stock):  # type: ignore[misc]
        """Makes endpoints with such sessions."""

        def create_endpoint(self, *given: Any, **named: Any) -> Any:
            return super().create_endpoint(*given, **{"http_session_cls": sessions, **named})

    return Endpoints
