"""Derived checks: pure functions of evidence that was collected, and of the evidence before it."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Protocol

import msgspec

from . import plan
from .declaration import Check
from .errors import ReadError
from .model import Manifest, Observation, Reason, Scope, TargetRecord, Unreadable
from .observe import Entry, Place
from .view import View

TARGET = "evidence"
"""The id of the target that derived observations are of: the bundle itself."""


class Collected(Protocol):
    """A bundle, or whatever answers like one."""

    @property
    def manifest(self) -> Manifest:
        """The plan, the scopes, the identities."""
        ...

    def part(self, target: str, scope: str, check: str) -> Iterator[Entry] | None:
        """What one check saw in one scope, sorted by resource; None when it was not run there."""
        ...


class Evidence(View):
    """A bundle through the checks that a derived check declared; its needs are their ids."""

    platform: ClassVar[str] = "evidence"

    def __init__(self, needs: Collection[str], collected: Collected, before: Collected | None = None) -> None:
        """Show a derived check this bundle, and the one before it where there is one."""
        super().__init__(needs)
        self._collected = collected
        self._before = before

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """A derived check needs what other checks saw."""
        if re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+){2,}", need):
            return None
        return f"{need!r} is not a check's id; a derived check needs what other checks saw"

    def all(self, check: str) -> Iterator[Observation]:
        """What a check saw, everywhere; what it could not see is kept as refused here too."""
        yield from self._observations(self.declared(check), self._collected)

    def before(self, check: str) -> Iterator[Observation]:
        """What a check saw in the bundle before.

        Raises:
            ReadError: no bundle before was given.
        """
        self.declared(check)
        if self._before is None:
            raise self.refused(
                ReadError(
                    need=check,
                    reason=Reason.NOT_COLLECTED,
                    detail="there is no evidence from before to compare to",
                    mend="give the bundle of an earlier run with --before",
                )
            )
        yield from self._observations(check, self._before)

    def _observations(self, check: str, collected: Collected) -> Iterator[Observation]:
        on = next((known.on for known in collected.manifest.plan.checks if known.id == check), None)
        if on is None:
            self._unseen(check, f"{check} was not collected", None)
        for target in collected.manifest.plan.targets:
            for scope in target.scopes:
                if scope.on == on and scope.state != "excluded":
                    yield from self._scope(check, collected, target, scope)

    def _scope(
        self, check: str, collected: Collected, target: TargetRecord, scope: Scope
    ) -> Iterator[Observation]:
        part = collected.part(target.id, scope.name, check) if scope.state == "entered" else None
        if part is None:
            self._unseen(check, f"{target.name}, {scope.name} was not read", scope.unreadable)
            return
        for entry in part:
            if isinstance(entry, Unreadable):
                self._unseen(check, entry.detail, entry)
            else:
                yield entry

    def _unseen(self, check: str, detail: str, unreadable: Unreadable | None) -> None:
        self.refused(
            ReadError(
                need=check,
                reason=unreadable.reason if unreadable else Reason.NOT_COLLECTED,
                detail=detail,
                mend=unreadable.mend if unreadable else "collect again",
            ),
            unreadable.resource if unreadable else None,
        )


@dataclass(frozen=True)
class Derived:
    """A bundle, and with it what installed derived checks make of it."""

    collected: Collected
    checks: Mapping[str, Check]
    before: Collected | None = None
    _parts: dict[str, tuple[Entry, ...]] = field(default_factory=dict)

    @cached_property
    def manifest(self) -> Manifest:
        """The bundle's, with the derived checks whose needs it has."""
        given = self.collected.manifest
        known = {check.id for check in given.plan.checks}
        more = {
            name: check
            for name, check in self.checks.items()
            if check.on is Evidence and known.issuperset(check.needs)
        }
        if not more:
            return given
        kept = tuple(check for check in given.plan.checks if check.id not in more)
        target = TargetRecord(
            id=TARGET,
            name=TARGET,
            kind=TARGET,
            identity=None,
            scopes=(Scope(name="bundle", on=Evidence.__name__),),
        )
        checks = sorted((*kept, *plan.planned(more, plan.facts(more))), key=lambda check: check.id)
        more_planned = msgspec.structs.replace(
            given.plan, checks=tuple(checks), targets=(*given.plan.targets, target)
        )
        return msgspec.structs.replace(given, plan=more_planned)

    def part(self, target: str, scope: str, check: str) -> Iterator[Entry] | None:
        """The bundle's part, or a derived one."""
        if target != TARGET:
            return self.collected.part(target, scope, check)
        declared = self.checks.get(check)
        if declared is None or declared.on is not Evidence:
            return None
        if check not in self._parts:
            self._parts[check] = self._derive(check, declared)
        return iter(self._parts[check])

    def _derive(self, name: str, check: Check) -> tuple[Entry, ...]:
        at = self.collected.manifest.finished_at
        place = Place(name, TARGET, Scope(name="bundle", on=Evidence.__name__), lambda: at)
        view = Evidence(check.needs, self.collected, self.before)
        return tuple(sorted(place.entries(check, view), key=lambda entry: entry.resource or ""))
