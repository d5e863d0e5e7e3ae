"""A Resource Manager: any resource by its id, and lists of a subscription's, or of a resource's own."""

import re
from dataclasses import dataclass, field
from typing import Any

from .answer import Answer, error, page, said

SUBSCRIPTION = "aaaabbbb-1111-2222-3333-ccccddddeeee"
HERE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{HERE}/resourceGroups/EHR/providers"
PAGE = 100

ALIASES = {
    # Listed by one name, and called by another.
    "microsoft.security/jitnetworkaccesspolicies": "microsoft.security/locations/jitnetworkaccesspolicies",
    "microsoft.recoveryservices/vaults/backupprotecteditems": (
        "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems"
    ),
    "microsoft.recoveryservices/vaults/replicationprotecteditems": (
        "microsoft.recoveryservices/vaults/replicationfabrics/replicationprotectioncontainers"
        "/replicationprotecteditems"
    ),
}

_ACTIONS = {
    # The one operation of these that Microsoft publishes is that of a region.
    # https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftsecurity
    "microsoft.security/jitnetworkaccesspolicies/read": (
        "microsoft.security/locations/jitnetworkaccesspolicies/read"
    ),
}

_OWN = {"microsoft.insights/diagnosticsettings"}
"""Types of which everything lists its own only, and not those of what is in it."""


@dataclass
class Manager:
    """A small world of resources, and who may read what of it."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            SUBSCRIPTION: {
                "id": HERE,
                "subscriptionId": SUBSCRIPTION,
                "tenantId": "99990000-aaaa-bbbb-cccc-ddddeeeeffff",
                "displayName": "clinic",
                "state": "Enabled",
            }
        }
    )
    groups: dict[str, list[str]] = field(default_factory=dict)
    """The subscriptions of each management group."""
    allowed: frozenset[str] | None = None
    """The actions of whoever asks; None: every one that reads."""
    denied: frozenset[str] = frozenset()
    """Those of them that whoever asks was not given after all."""
    unregistered: set[str] = field(default_factory=set)
    """Providers that the subscription has not registered."""
    page_size: int = PAGE

    def answer(self, path: str, query: dict[str, list[str]], url: str) -> Answer:
        """What is answered to whoever has shown a token."""
        version = query.get("api-version", [""])[0]
        if not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", version):
            return error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        parts = [part.lower() for part in path.strip("/").split("/")]
        if parts == ["subscriptions"]:
            return self._all_subscriptions()
        if parts[:2] == ["providers", "microsoft.management"]:
            return self._descendants(parts)
        if parts[0] != "subscriptions" or parts[1] not in self.subscriptions:
            said_so = f"The subscription '{path}' could not be found."
            return error(404, "SubscriptionNotFound", said_so)
        if len(parts) == 2:
            return self._permitted("Microsoft.Resources/subscriptions", path) or said(
                self.subscriptions[parts[1]]
            )
        return self._resource(path, version, query, url)

    def _all_subscriptions(self) -> Answer:
        denied = self._permitted("Microsoft.Resources/subscriptions", "/")
        return said({"value": []}) if denied else said({"value": list(self.subscriptions.values())})

    def _descendants(self, parts: list[str]) -> Answer:
        denied = self._permitted("Microsoft.Management/managementGroups/descendants", "/".join(parts))
        if denied or parts[3] not in self.groups:
            return denied or error(403, "AuthorizationFailed", "no such group, or it is not yours")
        return said(
            {
                "value": [
                    {
                        "id": f"/subscriptions/{each}",
                        "type": "/subscriptions",
                        "name": each,
                        "properties": {"displayName": self.subscriptions[each]["displayName"]},
                    }
                    for each in self.groups[parts[3]]
                ]
            }
        )

    def _resource(self, path: str, version: str, query: dict[str, list[str]], url: str) -> Answer:
        kind, name = _typed(path)
        provider = kind.partition("/")[0]
        if provider in {each.lower() for each in self.unregistered}:
            where = f"The subscription is not registered to use namespace '{provider}'."
            return error(409, "MissingSubscriptionRegistration", where)
        denied = self._permitted(kind, path)
        if denied:
            return denied
        if name:
            held = next((each for each in self.resources if each["id"].lower() == path.lower()), None)
            return said(held) if held else error(404, "ResourceNotFound", f"'{path}' was not found.")
        below = f"{_below(path)}/providers/{kind}" if kind in _OWN else _below(path)
        wanted = ALIASES.get(kind, kind)
        found = [
            each
            for each in self.resources
            if _typed(each["id"])[0] == wanted
            and (each["id"].lower().startswith(f"{below}/") or _above(each["id"], kind))
        ]
        status = query.get("statusOnly") == ["true"]
        if wanted == "microsoft.compute/virtualmachines":
            found = [_status(each) if status else _model(each) for each in found]
        more = "".join(
            f"&{name}={values[0]}"
            for name, values in query.items()
            if name not in {"api-version", "$skiptoken"}
        )
        start = int(query.get("$skiptoken", ["0"])[0])
        return page(found, start, self.page_size, "nextLink", f"{url}{path}?api-version={version}{more}")

    def _permitted(self, kind: str, path: str) -> Answer | None:
        action = _ACTIONS.get(f"{kind}/read", f"{kind}/read")
        allowed = self.allowed is None or action.lower() in {each.lower() for each in self.allowed}
        if allowed and action.lower() not in {each.lower() for each in self.denied}:
            return None
        told = f"The client does not have authorization to perform action '{action}' over scope '{path}'."
        return error(403, "AuthorizationFailed", told)


def _above(resource: str, kind: str) -> bool:
    """Whether it is one that reaches into the subscription from above."""
    return kind.startswith("microsoft.authorization/") and not resource.lower().startswith("/subscriptions/")


def _status(machine: dict[str, Any]) -> dict[str, Any]:
    """How a machine is, and hardly what it was made to be."""
    told = {name: machine[name] for name in ("id", "name", "type", "location") if name in machine}
    view = machine["properties"].get("instanceView", {})
    return {**told, "properties": {"instanceView": view}}


def _model(machine: dict[str, Any]) -> dict[str, Any]:
    """What a machine was made to be, and not how it is."""
    kept = {name: value for name, value in machine["properties"].items() if name != "instanceView"}
    return {**machine, "properties": kept}


def _typed(path: str) -> tuple[str, str]:
    """The type that a path or an id names, in small letters, and a name; none where all are meant."""
    provider, *parts = path.lower().rpartition("/providers/")[2].split("/")
    name = parts[-1] if len(parts) % 2 == 0 else ""
    return "/".join([provider, *parts[::2]]), name


def _below(path: str) -> str:
    """Of whom everything of a type is listed: a subscription, or a resource whose own they are."""
    head, _, tail = path.lower().rpartition("/providers/")
    parts = tail.split("/")
    return head if len(parts) == 2 else f"{head}/providers/{'/'.join(parts[:-1])}"
