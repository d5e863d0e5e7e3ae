"""What botocore makes anew for each client and connection, made once: the only place that knows its insides.

Stock botocore reads the certificates of all authorities again for every connection (23 ms of CPU; botocore
issue 3171), builds the classes and models of a service for every region (5 to 90 ms and a megabyte or more),
and a parser for every answer, which hands each moment to dateutil. Here they are shared. Nothing else
changes: what is asked, and what is understood of the answers, is the same, which is tested. Of a version of
botocore that was not tested, or that looks different inside, clients are made as botocore makes them.
"""

import copy
import re
import ssl
import threading
import weakref
from collections.abc import Hashable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import botocore.session

TESTED = ((1, 40), (1, 44))
"""The first and last versions of botocore, without their patches, with which this was tested."""

_LARGE = 2**16
"""Bytes of an answer of which only one at a time is taken apart: meanwhile it takes twenty times as many."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?Z", re.ASCII).fullmatch


def models(session: "botocore.session.Session") -> Any:
    """Botocore's loader of what it knows of services, made quicker at reading where that can be."""
    stock = _inside("loaders").JSONFileLoader

    class Models(stock):  # type: ignore[misc,valid-type]
        """Reads what is known of a service into plain dictionaries."""

        def _load_file(self, full_path: str, open_method: Any) -> Any:
            try:
                with open_method(full_path, "rb") as file:
                    return _undocumented(msgspec.json.decode(file.read()))
            except FileNotFoundError:
                return None

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


def _undocumented(described: Any) -> Any:
    """A service's description without its prose, which is half of it and which nobody reads here."""
    if isinstance(described, dict) and "shapes" in described:
        for shape in (*described["shapes"].values(), *described.get("operations", {}).values()):
            shape.pop("documentation", None)
            for member in shape.get("members", {}).values():
                member.pop("documentation", None)
    return described


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
    session = _inside("httpsession")

    class Trusting(session.URLLib3Session):  # type: ignore[misc,name-defined]
        """A session whose connections find the certificates of whom they trust loaded."""

        def __init__(self, **given: Any) -> None:
            self._trusts: ssl.SSLContext | None = None
            # With a certificate of its own, or for its proxy, a context cannot be shared.
            if given.get("verify") and not given.get("client_cert") and not given.get("proxies_config"):
                with suppress(OSError):  # botocore tells so when it connects
                    self._trusts = _trusting(session.get_cert_path(given["verify"]))
            super().__init__(**given)

        def _get_ssl_context(self) -> Any:
            return self._trusts or super()._get_ssl_context()

        def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
            super()._setup_ssl_cert(conn, url, verify)
            # To a proxy that is itself asked over TLS, urllib3 connects by what is set here.
            if self._trusts and not (conn.proxy and conn.proxy.scheme == "https"):
                conn.ca_certs = None

    class Endpoints(stock):  # type: ignore[misc]
        """Makes endpoints with such sessions."""

        def create_endpoint(self, *given: Any, **named: Any) -> Any:
            return super().create_endpoint(*given, **{"http_session_cls": Trusting, **named})

    return Endpoints


@cache
def _trusting(bundle: str) -> ssl.SSLContext:
    context: ssl.SSLContext = _inside("httpsession").create_urllib3_context()
    context.load_verify_locations(bundle)
    return context
