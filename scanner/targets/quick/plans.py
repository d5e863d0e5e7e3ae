"""What is known of an operation before it is asked: who hears of its calls, and whether all go one way."""

from collections.abc import Hashable
from functools import partial
from typing import Any, NamedTuple

from .insides import Handler, Insides

_IDLE = {
    "before-parameter-build": {
        "_handle_request_validation_mode_member",  # of operations with checksums
        "generate_idempotent_uuid",  # of operations that have a token
        "block_endpoint_discovery_required_operations",  # of operations that need that
    },
    "before-call": {
        "inject_api_version_header_if_needed",  # of operations that look for their endpoint
        "add_expect_header",  # of bodies that stream
        "S3ExpressIdentityResolver.apply_signing_cache_key",  # of buckets that are not plain
    },
    "request-created": {
        "Named.rebuild_and_replace_user_agent_handler",
        "UserAgentString.rebuild_and_replace_user_agent_handler",
    },
    "before-sign": {
        "S3ExpressIdentityResolver.resolve_s3express_identity",  # of buckets that are not plain
        "_set_extra_headers_for_unsigned_request",
        "remove_arn_from_signing_path",
    },
}
"""Who hears of a call and does nothing about those that are made here."""
_KNOWN = {
    "provide-client-params": set[str](),
    "before-call": {"add_accept_header", "add_recursion_detection_header"},
    "request-created": {"MaxAttemptsSeeder.seed_max_attempts", "RequestSigner.handler", "add_retry_headers"},
    "before-sign": set[str](),
    "response-received": set[str](),
}
"""Who else may hear of these events: what others do to a call is not known here."""
_EVENTS = (
    "before-parameter-build",
    "before-call",
    "request-created",
    "before-send",
    "before-parse",
    "after-call",
)


class Plan(NamedTuple):
    """What is known of an operation."""

    model: Any
    parser: Any
    context: dict[str, Any]
    heard: dict[str, list[Handler]]
    ended: list[Handler]
    """Who hears that a call was answered, of those that hear whether to try again."""
    named: bool
    """Whether a bucket's name tells where it goes."""
    kept: bool
    """Whether all calls in a region go the same way, names apart."""
    alike: Hashable
    """What an operation has in common with those of its service whose calls go where its own do."""


def planned(inside: Insides, operation: str) -> Plan | None:
    """What is known of an operation; None where botocore has to ask."""
    model = inside.meta.service_model.operation_model(operation)
    said = {event: inside.heard_by(event, operation) for event in {*_KNOWN, *_EVENTS, "needs-retry"}}
    if _unusual(model, inside.meta.config) or _overheard(said):
        return None
    decided = {*model.context_parameters, *(getattr(model, "operation_context_parameters", None) or ())}
    named = inside.service == "s3" and [each.name for each in model.context_parameters] == ["Bucket"]
    return Plan(
        model=model,
        parser=inside.create_parser(model.service_model.resolved_protocol),
        context=_context(inside.meta, model),
        heard={
            event: [_told(handler, f"{event}.{inside.service}.{operation}") for handler in _busy(event, said)]
            for event in _EVENTS
        },
        ended=[handler for handler in said["needs-retry"] if _name(handler) == "Circuit.ended"],
        named=named,
        kept=named or not decided,
        alike=model.name if decided or model.static_context_parameters else _alike(inside, model),
    )


def sign_here(**_: Any) -> None:
    """Stands where the question is signed."""


def _context(meta: Any, model: Any) -> dict[str, Any]:
    return {
        "client_region": meta.region_name,
        "client_config": meta.config,
        "has_streaming_input": False,
        "auth_type": model.resolved_auth_type,
        "unsigned_payload": model.unsigned_payload,
        "auth_options": model.service_model.metadata.get("auth"),
    }


def _alike(inside: Insides, model: Any) -> Hashable:
    return model.resolved_auth_type, model.unsigned_payload, *inside.heard_by("choose-signer", model.name)


def _overheard(said: dict[str, list[Handler]]) -> bool:
    """Whether somebody hears of its calls of whom it is not known what they do to them."""
    return any(
        _name(handler) not in known for event, known in _KNOWN.items() for handler in _busy(event, said)
    )


def _busy(event: str, said: dict[str, list[Handler]]) -> list[Handler]:
    idle = _IDLE.get(event, set())
    return [handler for handler in said[event] if _name(handler) not in idle]


def _told(handler: Handler, event: str) -> Handler:
    return sign_here if _name(handler) == "RequestSigner.handler" else partial(handler, event_name=event)


def _name(handler: Handler) -> str:
    return str(getattr(handler, "__qualname__", ""))


def _unusual(model: Any, config: Any) -> bool:
    return bool(
        model.has_streaming_input
        or model.has_streaming_output
        or model.has_event_stream_input
        or model.has_event_stream_output
        or model.endpoint
        or model.http_checksum
        or model.http_checksum_required
        or model.request_compression
        or model.idempotent_members
        or (model.endpoint_discovery or {}).get("required")
        or model.deprecated
        or (config.s3 or {}).get("payload_signing_enabled") is not None
        or config.auth_scheme_preference
    )
