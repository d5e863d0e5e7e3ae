"""What a client's events cost that only other services' clients would hear of: nothing."""

import copy
import weakref
from typing import Any

from botocore.hooks import EventAliaser

_HEARD: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


class Aliaser(EventAliaser):
    """Sees at a glance that an event has no other name, as most have none."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        names = set(self._event_aliases)
        self._parts = {name for name in names if "." not in name}
        self._longer = names - self._parts

    def __copy__(self) -> "Aliaser":
        return Aliaser(copy.copy(self._emitter), self._event_aliases)

    def _alias_event_name(self, event_name: str) -> Any:
        if self._parts.isdisjoint(event_name.split(".")) and not any(
            name in event_name for name in self._longer
        ):
            return event_name
        return super()._alias_event_name(event_name)


def heard_by(service: Any, emitter: Any) -> Any:
    """A session's events, of which each client has a copy, without what only other services' clients hear."""
    if type(emitter) is not EventAliaser:
        return emitter
    kept = _HEARD.setdefault(emitter, {})
    if service not in kept:
        kept[service] = Aliaser(_fewer(emitter._emitter, service))
    return kept[service]


def _fewer(emitter: Any, service: Any) -> Any:
    fewer = copy.copy(emitter)
    fewer._lookup_cache = {}
    own = {service.service_id.hyphenize(), service.endpoint_prefix, "*"}
    events = fewer._handlers._root["children"]
    events.pop("docs", None)
    for event in events.values():
        for other in event["children"].keys() - own:
            del event["children"][other]
    return fewer
