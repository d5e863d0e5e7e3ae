"""What the diagnostic settings of an Azure resource, taken together, have logged."""

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from scanner import Fields

Destination = Literal["event-hub", "partner", "storage", "workspace"]

_EVERYTHING = "alllogs"
_AUDIT = "audit"
_DESTINATIONS: dict[str, Destination] = {
    "eventHubAuthorizationRuleId": "event-hub",
    "marketplacePartnerId": "partner",
    # What older settings say of an event hub.
    "serviceBusRuleId": "event-hub",
    "storageAccountId": "storage",
    "workspaceId": "workspace",
}


class Logs(NamedTuple):
    """What is logged, and where it goes."""

    single: frozenset[str]
    """Categories that are on one by one."""
    groups: frozenset[str]
    """Groups of categories that are on; some types have a category of the same name."""
    sent_to: tuple[Destination, ...]
    """The kinds of places that get some of them, sorted."""
    places: tuple[str, ...]
    """The ids of these places, sorted."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories and groups of them that are on, sorted."""
        return tuple(sorted(self.single | self.groups))

    def covers(self, wanted: Collection[str]) -> bool:
        """Whether all these categories are on, one by one or by the group of everything."""
        return _EVERYTHING in _small(self.groups) or _small(wanted) <= _small(self.single)

    def audits(self, wanted: Collection[str]) -> bool:
        """Whether these categories are on, or the group that Azure calls the audit."""
        return _AUDIT in _small(self.groups) or self.covers(wanted)


def logs(settings: Iterable[Fields], only: Collection[str] = ()) -> Logs:
    """What settings have logged: what is off does not count, nor what goes nowhere.

    Args:
        settings: the diagnostic settings of one resource.
        only: the categories that are heeded, besides groups; empty: all.
    """
    single: set[str] = set()
    groups: set[str] = set()
    places: dict[str, Destination] = {}
    for setting in settings:
        held = setting.part("properties")
        goes = {held.text(name, ""): kind for name, kind in _DESTINATIONS.items() if held.text(name, "")}
        on = [log for log in held.parts("logs") if log.flag("enabled")]
        chosen = {log.text("category") for log in on if log.text("category", "")}
        grouped = {log.text("categoryGroup") for log in on if not log.text("category", "")}
        if only:
            chosen = {category for category in chosen if category.lower() in _small(only)}
        if goes and (chosen or grouped):
            single |= chosen
            groups |= grouped
            places |= goes
    sent_to = tuple(sorted(set(places.values())))
    return Logs(frozenset(single), frozenset(groups), sent_to, tuple(sorted(places)))


def _small(names: Collection[str]) -> set[str]:
    # Azure heeds no capitals in them, and mixes them.
    return {name.lower() for name in names}
