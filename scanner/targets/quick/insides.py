"""What of a client's insides is asked when its calls are made by the shortest way."""

from collections.abc import Callable
from typing import Any

Handler = Callable[..., Any]


class Insides:
    """A client's insides, each looked up once: of a client that lacks one, botocore has to make the calls."""

    def __init__(self, client: Any) -> None:
        """Look at this client.

        Raises:
            AttributeError: it looks different inside.
        """
        self.meta = client.meta
        self.service = client.meta.service_model.service_id.hyphenize()
        self.serialize = client._serializer.serialize_to_request
        self.user_agent = client._user_agent_creator.to_string
        self.resolve = client._resolve_endpoint_ruleset
        self.asked_in = getattr(client._ruleset_resolver, "asked_in", None)
        self._look_at_signer(client._request_signer)
        self._look_at_endpoint(client._endpoint)
        self._look_at_events(client.meta.events)

    def _look_at_signer(self, signer: Any) -> None:
        self.signer = signer
        self.choose_signer = signer._choose_signer
        self.signing_name = signer._signing_name
        self.credentials = signer._credentials

    def _look_at_endpoint(self, endpoint: Any) -> None:
        self.create_request = endpoint.create_request
        self.send = endpoint.http_session.send
        self.get_response = endpoint._get_response
        self.needs_retry = endpoint._needs_retry
        self.update_retries = endpoint._update_retries_context
        self.add_error_fields = endpoint._add_modeled_error_fields
        self.create_parser = endpoint._response_parser_factory.create_parser

    def _look_at_events(self, events: Any) -> None:
        self._named = events._alias_event_name
        self._found = events._emitter._handlers.prefix_search

    def heard_by(self, event: str, operation: str) -> list[Handler]:
        """Who hears of an event of an operation's calls."""
        return list(self._found(self._named(f"{event}.{self.service}.{operation}")))
