"""Northlake: a hospital's Azure subscription and Entra tenant, some of it well kept and some of it not.

What is told of it is in the shape that Microsoft publishes, and of a moment that is given: a patch assessment
of forty days ago is always of forty days ago.
"""

from datetime import datetime

from . import databases, directory, governance, machines, networks, services, stores, watch
from .parts import Held


def resources(now: datetime) -> list[Held]:
    """Everything in the subscription."""
    return [
        *networks.resources(),
        *machines.resources(now),
        *databases.resources(),
        *stores.resources(now),
        *services.resources(),
        *watch.resources(),
        *governance.resources(now),
    ]


def entries(now: datetime) -> dict[str, list[Held] | Held]:
    """What Microsoft Graph tells of the tenant, by path."""
    return directory.entries(now)


__all__ = ["Held", "entries", "resources"]
