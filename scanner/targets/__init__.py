"""Targets: things with one login, and the views through which checks look at them."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from typing import NamedTuple, Protocol, runtime_checkable

from ..declaration import Check
from ..model import Scope
from ..view import View


class Session(Protocol):
    """A target that was entered: who we are there, its scopes, and a view of each."""

    @property
    def id(self) -> str:
        """The target's canonical id."""
        ...

    @property
    def identity(self) -> str:
        """Who is asking."""
        ...

    @property
    def tags(self) -> Mapping[str, str] | None:
        """The tags that the inventory gives to everything in this target; None when it gives none."""
        ...

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Every scope there is, those that cannot be entered and those left out included."""
        ...

    @property
    def calls(self) -> Mapping[str, int]:
        """How many calls were answered so far, by service; on hosts, commands."""
        ...

    def view(self, scope: Scope, check: Check, leaves: Executor | None = None) -> View:
        """One scope as one check may see it, which reads more of single resources in these threads."""
        ...

    def done(self, scope: Scope, check: Check) -> None:
        """The check has run on this scope: what only it asked for can be forgotten."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


class AtOnce(NamedTuple):
    """How much of one kind of scope is looked at side by side."""

    checks: int
    """That are run at a time."""
    calls: int | None = None
    """For more of single resources, while other kinds of scopes are looked at, too; None: any number."""


class Target(Protocol):
    """A configured target that was not entered yet."""

    @property
    def id(self) -> str:
        """The canonical id, as far as the configuration tells it."""
        ...

    @property
    def name(self) -> str:
        """The configured label."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The names by which it can be chosen: its own, and its group's."""
        ...

    @property
    def kind(self) -> str:
        """The word in the configuration: aws, azure, entra, hosts, attestations."""
        ...

    @property
    def kinds(self) -> tuple[type[View], ...]:
        """The views it offers, so: what checks can be run on."""
        ...

    @property
    def at_once(self) -> Mapping[type[View], AtOnce]:
        """How much may be done side by side on each kind of scope; empty: one after the other."""
        ...

    def enter(self, checks: Mapping[str, Check]) -> Session:
        """Log in, assert the identity, list the scopes.

        Raises:
            ReadError: it cannot be entered.
        """
        ...


@runtime_checkable
class Group(Protocol):
    """Targets that are found out when the scan begins, as a tenant's subscriptions."""

    @property
    def id(self) -> str:
        """What stands for its members while nobody knows them."""
        ...

    @property
    def name(self) -> str:
        """The configured label."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The names by which it can be chosen."""
        ...

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        ...

    @property
    def kinds(self) -> tuple[type[View], ...]:
        """The views that its members offer."""
        ...

    def members(self) -> "Sequence[Target | Group]":
        """Everything there is in it, each with a name of its own; a part that is yet to be listed is a group.

        Raises:
            ReadError: it cannot be listed.
        """
        ...


def needs(checks: Collection[Check]) -> frozenset[str]:
    """Everything that these checks may ask."""
    return frozenset(need for check in checks for need in check.needs)
