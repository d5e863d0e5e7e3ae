"""Derived checks: pure functions of evidence that was collected, and of the evidence before it."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import msgspec

from . import plan
from .declaration import Check
from .errors import ReadError
from .model import Collected, Manifest, Observation, Reason, Scope, TargetRecord, Unreadable
from .observe import Entry, Place
from .view import Refusal, View

TARGET = "evidence"
"""The id of the target that derived observations are of: the bundle itself."""

_PLACES = 3
"""How many of the scopes that were left out are named."""


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

    @property
    def targets(self) -> frozenset[str]:
        """The ids of everything that this run was to look at, what it could not enter included."""
        return frozenset(target.id for target in self._collected.manifest.plan.targets)

    def all(self, check: str) -> Iterator[Observation]:
        """What a check saw, everywhere; what it could not see is kept as refused here too."""
        yield from self._kept(self._read(self.declared(check), self._collected, "collect again"))

    def before(self, check: str) -> Iterator[Observation]:
        """What a check saw in the bundle before; what it could not see then is kept as refused here too.

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
        mend = "give a bundle with --before that has it"
        yield from self._kept(self._read(check, self._before, mend))

    def join(
        self, check: str, wanted: Collection[str], by: Callable[[str], str] = str, *, fact: str | None = None
    ) -> "Joined":
        """What a check saw of these resources, and nothing else that it saw.

        What it could not see is kept as refused only of the resources that are then asked for, so that a
        region nobody needs makes nothing unreadable. Where a fact names them, what could not be seen may be
        any of them.

        Args:
            check: a declared check's id.
            wanted: the resources, as they are asked for.
            by: turns a resource's id into what it is asked for by, where that is less than the whole id.
            fact: the text among its facts that it is asked for by, where its id does not tell.
        """
        seen: dict[str, Observation] = {}
        refused: dict[str, ReadError] = {}
        unread: list[ReadError] = []
        for entry in self._read(self.declared(check), self._collected, "collect again"):
            if isinstance(entry, Observation):
                name = by(entry.resource) if fact is None else str(entry.facts[fact])
                if name in wanted:
                    seen[name] = entry
            elif entry.resource is None or fact is not None:
                unread.append(entry.error)
            elif by(entry.resource) in wanted:
                refused[by(entry.resource)] = entry.error
        return Joined(self, check, seen, refused, tuple(unread), self._left_out(check))

    def _kept(self, entries: Iterator[Observation | Refusal]) -> Iterator[Observation]:
        for entry in entries:
            if isinstance(entry, Observation):
                yield entry
            else:
                self.refused(entry.error, entry.resource)

    @staticmethod
    def _read(check: str, collected: Collected, mend: str) -> Iterator[Observation | Refusal]:
        """What a check saw, and what it could not: a scope that configuration leaves out is neither."""
        on = _run_on(check, collected.manifest)
        if on is None:
            yield Refusal(None, _not_collected(check, f"{check} was not collected", mend))
            return
        for target, scope in _scopes(collected.manifest, on):
            if scope.state == "excluded":
                continue
            place = f"{target.name}, {scope.name}"
            part = collected.part(target.id, scope.name, check) if scope.state == "entered" else None
            if scope.unreadable:
                yield _again(check, place, scope.unreadable)
            elif part is None:
                yield Refusal(None, _not_collected(check, f"{place}: it was not read", mend))
            for entry in part or ():
                yield entry if isinstance(entry, Observation) else _again(check, place, entry)

    def _left_out(self, check: str) -> tuple[str, ...]:
        manifest = self._collected.manifest
        return tuple(
            f"{target.name}, {scope.name}"
            for target, scope in _scopes(manifest, _run_on(check, manifest))
            if scope.state == "excluded"
        )


@dataclass(frozen=True)
class Joined:
    """What a check saw of the resources that were asked for."""

    view: Evidence
    check: str
    seen: Mapping[str, Observation]
    refused: Mapping[str, ReadError]
    unread: tuple[ReadError, ...]
    """Scopes that could not be read: what was not seen may be there."""
    left_out: tuple[str, ...]
    """Scopes that configuration leaves out: what was not seen may be there, too."""

    def one(self, name: str, *, mend: str) -> Observation:
        """What was seen of one of them.

        Raises:
            ReadError: it was not seen; `mend` says what would show it.
        """
        found = self.seen.get(name)
        if found is None:
            raise self.view.refused(self.refused.get(name) or self._missing(name, mend))
        return found

    def _missing(self, name: str, mend: str) -> ReadError:
        reason = Reason.NOT_COLLECTED
        detail = f"{name} was not seen"
        if self.unread:
            first = self.unread[0]
            others = f" and {len(self.unread) - 1} more" if self.unread[1:] else ""
            reason, detail, mend = first.reason, f"{detail}; {first.detail}{others}", f"{first.mend}; {mend}"
        elif self.left_out:
            places = "; ".join(self.left_out[:_PLACES]) + ("; ..." if self.left_out[_PLACES:] else "")
            detail += f", and the configuration leaves out {places}"
        return ReadError(need=self.check, reason=reason, detail=detail, mend=mend)


def _run_on(check: str, manifest: Manifest) -> str | None:
    return next((known.on for known in manifest.plan.checks if known.id == check), None)


def _scopes(manifest: Manifest, on: str | None) -> Iterator[tuple[TargetRecord, Scope]]:
    for target in manifest.plan.targets:
        for scope in target.scopes:
            if scope.on == on:
                yield target, scope


def _not_collected(check: str, detail: str, mend: str) -> ReadError:
    return ReadError(need=check, reason=Reason.NOT_COLLECTED, detail=detail, mend=mend)


def _again(check: str, place: str, unreadable: Unreadable) -> Refusal:
    """A refusal that a check met, as one of whoever depends on that check."""
    asked = f"{unreadable.need}: " if unreadable.need else ""
    error = ReadError(
        need=check,
        reason=unreadable.reason,
        detail=f"{place}: {asked}{unreadable.detail}",
        mend=unreadable.mend,
    )
    return Refusal(unreadable.resource, error)


@dataclass(frozen=True)
class Derived:
    """A bundle, and with it what derived checks make of it."""

    collected: Collected
    checks: Mapping[str, Check]
    """Those that are asked for; only the derived ones among them are run."""
    before: Collected | None = None
    _parts: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

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
        if not more and not any(check.on == Evidence.__name__ for check in given.plan.checks):
            return given
        kept = tuple(check for check in given.plan.checks if check.id not in more)
        checks = sorted((*kept, *plan.planned(more, plan.facts(more))), key=lambda check: check.id)
        more_planned = msgspec.structs.replace(
            given.plan, checks=tuple(checks), targets=(*given.plan.targets, _target(given))
        )
        return msgspec.structs.replace(given, plan=more_planned)

    def part(self, target: str, scope: str, check: str) -> Iterator[Entry] | None:
        """The bundle's part, or a derived one; a check that is not installed is unreadable."""
        if target != TARGET:
            return self.collected.part(target, scope, check)
        declared = self.checks.get(check)
        if declared is None or declared.on is not Evidence:
            return iter((_uninstalled(check),))
        if check not in self._parts:
            self._parts[check] = self._derive(check, declared)
        return map(_DECODER.decode, self._parts[check])

    def _derive(self, name: str, check: Check) -> tuple[bytes, ...]:
        """Packed, as they are asked for several times: there may be as many as there are resources."""
        at = self.collected.manifest.finished_at
        place = Place(name, TARGET, _SCOPE, lambda: at)
        view = Evidence(check.needs, self.collected, self.before)
        packed = ((entry.resource or "", _ENCODER.encode(entry)) for entry in place.entries(check, view))
        return tuple(entry for _, entry in sorted(packed))


def _target(manifest: Manifest) -> TargetRecord:
    """What derived observations are of; where nothing at all was entered, it was not entered either."""
    scopes = [scope for target in manifest.plan.targets for scope in target.scopes]
    entered = any(scope.state == "entered" for scope in scopes)
    return TargetRecord(
        id=TARGET,
        name=TARGET,
        kind=TARGET,
        identity="nobody: it is worked out from what the other targets showed" if entered else None,
        scopes=(
            _SCOPE if entered else msgspec.structs.replace(_SCOPE, state="unreachable", unreadable=_EMPTY),
        ),
    )


def _uninstalled(check: str) -> Unreadable:
    """Of a check that the evidence was collected for, and that nobody here can run."""
    return Unreadable(
        check=check,
        target=TARGET,
        scope=_SCOPE.name,
        resource=None,
        reason=Reason.NOT_COLLECTED,
        detail=f"{check} is not installed here",
        need=None,
        mend="install the plug-in that brings it",
    )


_SCOPE = Scope(name="bundle", on=Evidence.__name__)
_EMPTY = Unreadable(
    check=None,
    target=TARGET,
    scope=_SCOPE.name,
    resource=None,
    reason=Reason.UNREACHABLE,
    detail="no target could be entered, so there is nothing to compare",
    need=None,
    mend="see why no target could be entered",
)
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Entry)
