"""Observe: what one check saw in one scope, and what it could not, as records."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import context
from .declaration import Check, seen
from .errors import ReadError
from .facts import Facts, values
from .model import Observation, Reason, Scope, Unreadable, resource_type
from .view import View

Entry = Observation | Unreadable


@dataclass(frozen=True)
class Place:
    """Where a check is run: everything that its records have in common."""

    check: str
    target: str
    scope: Scope
    now: Callable[[], datetime]
    tags: Mapping[str, str] | None = None
    """What the inventory says of everything in this target."""
    allowed_tags: frozenset[str] = context.ALLOWED_TAGS

    def entries(self, check: Check, view: View) -> Iterator[Entry]:
        """Run a check on a view: an observation per resource, then whatever the view was refused."""
        told: set[str] = set()
        try:
            for facts in seen(check, view):
                if facts.resource in told:
                    twice = bug("two observations of one resource", self._maintainer)
                    yield self.unreadable(twice, facts.resource)
                    continue
                told.add(facts.resource)
                yield self._observation(facts)
        except Exception as error:  # noqa: BLE001 - a check's bug is a record, and the scan goes on
            yield self.unreadable(bug(place(error), self._maintainer))
        refusals = {
            (refusal.resource, refusal.error.need, refusal.error.detail): refusal for refusal in view.refusals
        }
        for refusal in refusals.values():
            yield self.unreadable(refusal.error, refusal.resource)

    def unreadable(self, refusal: ReadError, resource: str | None = None) -> Unreadable:
        """A refusal, as it is stored."""
        return Unreadable(
            check=self.check,
            target=self.target,
            scope=self.scope.name,
            resource=resource,
            reason=refusal.reason,
            detail=refusal.detail,
            need=refusal.need,
            mend=refusal.mend,
        )

    def _observation(self, facts: Facts) -> Observation:
        tags = self.tags if facts.tags is None else facts.tags
        return Observation(
            check=self.check,
            target=self.target,
            scope=self.scope.name,
            resource=facts.resource,
            resource_type=resource_type(facts.resource),
            region=facts.region or (self.scope.name if self.scope.on == "AwsRegion" else None),
            at=self.now(),
            facts=values(facts),
            tags=None if tags is None else context.kept(tags, self.allowed_tags),
            links=facts.links,
        )

    @property
    def _maintainer(self) -> str:
        return f"whoever maintains the check {self.check}"


def bug(detail: str, maintainer: str) -> ReadError:
    """A bug of ours or a plug-in's, as what could not be read because of it."""
    return ReadError(need=None, reason=Reason.BUG, detail=detail, mend=f"report it to {maintainer}")


def place(error: Exception) -> str:
    """A bug's kind and place; its message may hold what a target said, secrets included."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
