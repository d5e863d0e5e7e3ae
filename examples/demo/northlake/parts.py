"""What the hospital's resources and people are made of."""

from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from tests.azure import HERE, TENANT

Held = dict[str, Any]
"""One JSON object."""

REGION = "eastus"
DOMAIN = "northlake.example"
KEYS = "https://northlake-keys.vault.azure.net"
"""The vault with the hospital's own keys."""

__all__ = [
    "DOMAIN",
    "HERE",
    "KEYS",
    "REGION",
    "TENANT",
    "Held",
    "ago",
    "below",
    "called",
    "child",
    "linked",
    "number",
    "resource",
    "subnet",
]


def number(name: str) -> str:
    """The id of whoever or whatever has this name: the same every time."""
    return str(uuid5(NAMESPACE_DNS, f"{name}.{DOMAIN}"))


def ago(now: datetime, days: float) -> str:
    """A moment some days before now, or after it where they are fewer than none, as Azure writes it."""
    return f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def called(group: str, kind: str, name: str) -> str:
    """The id of a resource of a group."""
    return f"{HERE}/resourceGroups/{group}/providers/{kind}/{name}"


def resource(group: str, kind: str, name: str, properties: Held, /, **more: Any) -> Held:
    """A resource of a group; tags are given by their names, in `tags`."""
    about = {"id": called(group, kind, name), "name": name, "type": kind, "location": REGION}
    return about | more | {"properties": properties}


def child(parent: Held, kind: str, name: str, properties: Held, /, **more: Any) -> Held:
    """What a resource has of its own, as a database of a server."""
    about = {"id": f"{parent['id']}/{kind}/{name}", "name": name, "type": f"{parent['type']}/{kind}"}
    return about | more | {"properties": properties}


def below(parent: str, kind: str, name: str, properties: Held, /, **more: Any) -> Held:
    """What any resource, or the subscription, may have, as a diagnostic setting."""
    return {
        "id": f"{parent}/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        **more,
        "properties": properties,
    }


def subnet(name: str) -> str:
    """The id of a part of the clinical network."""
    return f"{called('network', 'Microsoft.Network/virtualNetworks', 'clinical')}/subnets/{name}"


def linked(name: str) -> list[Held]:
    """The private endpoint of what has this name, which somebody approved."""
    endpoint = called("network", "Microsoft.Network/privateEndpoints", f"pe-{name}")
    approved = {
        "privateEndpoint": {"id": endpoint},
        "privateLinkServiceConnectionState": {"status": "Approved", "description": "by the network team"},
    }
    return [
        {"id": called("network", "Microsoft.Network/privateEndpoints", f"of-{name}"), "properties": approved}
    ]
