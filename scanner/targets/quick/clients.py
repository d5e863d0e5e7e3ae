"""Clients of shared parts: their service's class, model and rules, and whom to trust."""

import threading
from collections.abc import Hashable
from functools import cache
from typing import Any, ClassVar

import botocore.args
import botocore.client
import botocore.regions
import botocore.retries.quota
import botocore.session
from botocore.client import ClientCreator, ClientEndpointBridge
from botocore.endpoint import EndpointCreator
from botocore.endpoint_provider import EndpointProvider

from . import DIFFERENT, parsers
from .events import heard_by
from .regions import Quota, Resolver
from .sessions import Trusting


def create(session: botocore.session.Session, service: str, region: str, config: Any) -> Any:
    """A client made of shared parts."""
    parsers.share(session)
    _share()
    try:
        return session.create_client(service, region_name=region, config=config)
    except DIFFERENT:
        _give_up()
        raise


class Creator(ClientCreator):
    """Makes clients of what it has made before, as long as it is of the same descriptions."""

    _made: ClassVar[dict[Hashable, Any]] = {}
    _making = threading.RLock()

    def create_client(self, service_name: str, *given: Any, **named: Any) -> Any:
        """A client, which hears of its own service's events."""
        service = self._load_service_model(service_name, named.get("api_version"))
        self._event_emitter: Any = heard_by(service, self._event_emitter)
        return super().create_client(service_name, *given, **named)

    def _get_client_args(self, *given: Any, **named: Any) -> Any:
        parts = super()._get_client_args(*given, **named)
        bridge = next(
            (each for each in (*given, *named.values()) if isinstance(each, ClientEndpointBridge)), None
        )
        if parts.get("endpoint_ruleset_resolver"):
            parts["endpoint_ruleset_resolver"].bridge = bridge
        parts["user_agent_creator"] = Named(parts["user_agent_creator"])
        return parts

    def _load_service_model(self, service_name: str, api_version: str | None = None) -> Any:
        with self._making:
            key = (self._loader, service_name, api_version)
            if key not in self._made:
                self._made[key] = super()._load_service_model(service_name, api_version)
            return self._made[key]

    def _create_client_class(self, service_name: str, service_model: Any) -> Any:
        with self._making:
            if service_model not in self._made:
                self._made[service_model] = super()._create_client_class(service_name, service_model)
            return self._made[service_model]


class Named:
    """Who a client says that it is, put together once."""

    def __init__(self, stock: Any) -> None:
        """Say what botocore would."""
        self._stock = stock
        self.to_string = cache(stock.to_string)

    def rebuild_and_replace_user_agent_handler(self, **_: Any) -> None:
        """Leave it as it is."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)


class Endpoints(EndpointCreator):
    """Makes endpoints whose sessions load certificates once."""

    def create_endpoint(self, *given: Any, **named: Any) -> Any:
        """An endpoint with such a session."""
        return super().create_endpoint(*given, **{"http_session_cls": Trusting, **named})


_RULES: dict[tuple[int, ...], tuple[EndpointProvider, Any]] = {}
_SHARING = threading.Lock()


def rules(**given: Any) -> EndpointProvider:
    """A service's rules of where it is, made once of the same descriptions."""
    key = tuple(id(value) for value in given.values())
    with _SHARING:
        if key not in _RULES:
            # Kept with what it is made of, so that nothing else can come to have these ids.
            _RULES[key] = EndpointProvider(**given), given
        return _RULES[key][0]


_PARTS: tuple[tuple[Any, str, Any], ...] = (
    (botocore.client, "ClientCreator", Creator),
    (botocore.args, "EndpointRulesetResolver", Resolver),
    (botocore.args, "EndpointCreator", Endpoints),
    (botocore.regions, "EndpointProvider", rules),
    (botocore.retries.quota, "RetryQuota", Quota),
)
"""What botocore makes clients of, and finds by its name in a module: so it is there that it is replaced."""
_STOCK = tuple((module, name, getattr(module, name)) for module, name, _ in _PARTS)
_GIVEN_UP = threading.Event()
"""Set when a client could not be made so."""


def _share() -> None:
    with _SHARING:
        if not _GIVEN_UP.is_set():
            for module, name, ours in _PARTS:
                setattr(module, name, ours)


def _give_up() -> None:
    with _SHARING:
        _GIVEN_UP.set()
        for module, name, stock in _STOCK:
            setattr(module, name, stock)
