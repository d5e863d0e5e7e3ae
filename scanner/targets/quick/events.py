"""What a client's events cost that only other services' clients would hear of: nothing."""

import copy
import weakref
from typing import Any

from botocore.hooks import EventAliaser

_HEARD: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


class Aliaser(EventAliaser):
    """Finds the present names of events once for all of its copies."""

    def __copy__(self) -> "Aliaser":
        copied = Aliaser(copy.copy(self._emitter), self._event_aliases)
        copied._alias_name_cache = self._alias_name_cache
        return copied


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
