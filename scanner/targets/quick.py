"""What botocore makes anew for each client and connection, made once: the only place that knows its insides.

Stock botocore reads the certificates of all authorities again for every connection (23 ms of CPU; botocore
issue 3171), builds the classes and models of a service for every region (5 to 90 ms and a megabyte or more),
and a parser for every answer, which hands each moment to dateutil. Here they are shared. Nothing else
changes: what is asked, and what is understood of the answers, is the same, which is tested. Of a version of
botocore that was not tested, or that looks different inside, clients are made as botocore makes them.
"""

import copy
import re
import threading
import weakref
from collections.abc import Hashable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import ssl

    import botocore.session

TESTED = ((1, 40), (1, 44))
"""The first and last versions of botocore, without their patches, with which this was tested."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?Z").fullmatch


def models(session: "botocore.session.Session") -> Any:
    """Botocore's loader of what it knows of services, quicker at reading; the session's own where it must be."""
    from botocore.loaders import JSONFileLoader

    class Models(JSONFileLoader):
        """Reads a service's description into plain dictionaries."""

        def _load_file(self, full_path: str, open_method: Any) -> Any:
            try:
                with open_method(full_path, "rb") as file:
                    return msgspec.json.decode(file.read())
            except FileNotFoundError:
                return None

    loader = session.get_component("data_loader")
    if _tested() and type(loader.file_loader) is JSONFileLoader:
        loader.file_loader = Models()
    return loader


def create_client(session: "botocore.session.Session", service: str, region: str, config: Any) -> Any:
    """A client that shares with all others whatever it can; a stock one where it cannot."""
    quick = _tested()
    if quick:
        _share_parsers(session)
        _share_classes()
    client = session.create_client(service, region_name=region, config=config)
    if quick:
        _share_trust(client)
    return client


def _tested() -> bool:
    """Whether this is a botocore whose insides are known."""
    import botocore

    version = tuple(int(number) for number in botocore.__version__.split(".")[:2])
    return TESTED[0] <= version <= TESTED[1]


def moment(value: Any) -> datetime:
    """A moment as a service writes it, in UTC; quickly, where it is written as services usually do."""
    from botocore.utils import parse_timestamp

    if isinstance(value, str) and _MOMENT(value):
        return datetime.fromisoformat(value)
    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            pass
    parsed: datetime = parse_timestamp(value)
    return parsed


def _share_parsers(session: "botocore.session.Session") -> None:
    from botocore.parsers import ResponseParserFactory

    class Parsers(ResponseParserFactory):
        """A parser of each protocol; they keep nothing of what they parse."""

        def __init__(self) -> None:
            super().__init__()
            self.set_parser_defaults(timestamp_parser=moment)
            self.create_parser = cache(super().create_parser)  # type: ignore[method-assign]

    if type(session.get_component("response_parser_factory")) is ResponseParserFactory:
        session.register_component("response_parser_factory", Parsers())


@cache
def _share_classes() -> None:
    """Have all sessions make a service's class, its model and its rules for endpoints once."""
    import botocore.client
    import botocore.regions

    stock = botocore.client.ClientCreator
    made: dict[Hashable, Any] = {}
    making = threading.RLock()

    class Creator(stock):  # type: ignore[misc,valid-type]
        """Makes clients of what it has made before, as long as it is of the same descriptions."""

        def create_client(self, service_name: str, *given: Any, **named: Any) -> Any:
            service = self._load_service_model(service_name, named.get("api_version"))
            self._event_emitter = _heard_by(self._event_emitter, service)
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

    provider = botocore.regions.EndpointProvider

    def provided(**given: Any) -> Any:
        with making:
            key = tuple(id(value) for value in given.values())
            if key not in made:
                # Kept with what it is made of, so that nothing else can come to have these ids.
                made[key] = provider(**given), given
            return made[key][0]

    botocore.client.ClientCreator = Creator  # type: ignore[misc]
    botocore.regions.EndpointProvider = provided


_HEARD: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _heard_by(emitter: Any, service: Any) -> Any:
    """A session's events without what only other services' clients hear: each client has a copy."""
    from botocore.hooks import EventAliaser

    if type(emitter) is not EventAliaser:
        return emitter
    kept = _HEARD.setdefault(emitter, {})
    if service not in kept:
        fewer = copy.copy(emitter._emitter)  # noqa: SLF001 - see the module
        fewer._lookup_cache = {}  # noqa: SLF001 - see the module
        own = {service.service_id.hyphenize(), service.endpoint_prefix, "*"}
        events = fewer._handlers._root["children"]  # noqa: SLF001 - see the module
        events.pop("docs", None)
        for event in events.values():
            for other in (event["children"] or {}).keys() - own:
                del event["children"][other]
        kept[service] = _aliaser()(fewer)
    return kept[service]


@cache
def _aliaser() -> type:
    from botocore.hooks import EventAliaser

    class Aliaser(EventAliaser):
        """Finds the present names of events once for all of its copies."""

        def __copy__(self) -> "Aliaser":
            copied = Aliaser(copy.copy(self._emitter), self._event_aliases)
            copied._alias_name_cache = self._alias_name_cache
            return copied

    return Aliaser


def _share_trust(client: Any) -> None:
    """Have a client's connections use one context, with the certificates of whom it trusts read once."""
    from botocore.httpsession import URLLib3Session, get_cert_path

    try:
        http = client._endpoint.http_session  # noqa: SLF001 - see the module
        plain = type(http) is URLLib3Session and http._verify and not http._cert_file  # noqa: SLF001
        context = _trusting(get_cert_path(http._verify)) if plain else None  # noqa: SLF001
        pools = http._manager.connection_pool_kw  # noqa: SLF001
    except (AttributeError, OSError):
        return  # it is different inside, or whom to trust cannot be read, which botocore tells when it asks
    if context:
        http.__class__ = _trusting_session()
        pools["ssl_context"] = context


@cache
def _trusting(bundle: str) -> "ssl.SSLContext":
    from botocore.httpsession import create_urllib3_context

    context: ssl.SSLContext = create_urllib3_context()
    context.load_verify_locations(bundle)
    return context


@cache
def _trusting_session() -> type:
    from botocore.httpsession import URLLib3Session, get_cert_path

    class Trusting(URLLib3Session):
        """A session whose connections find the certificates loaded."""

        def _get_pool_manager_kwargs(self, **more: Any) -> dict[str, Any]:
            context = _trusting(get_cert_path(self._verify))
            return {**super()._get_pool_manager_kwargs(**more), "ssl_context": context}

        def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
            super()._setup_ssl_cert(conn, url, verify)
            # A proxy that is itself asked over TLS is to be trusted by the same bundle, in a context of its own.
            if conn.proxy is None or conn.proxy.scheme != "https":
                conn.ca_certs = None

    return Trusting
