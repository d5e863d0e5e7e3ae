"""One requirement about one check: what it says of each resource that was seen."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from .context import PARTIAL
from .expect import CONTEXT, Expectation, described
from .model import (
    Control,
    Finding,
    Observation,
    Outcome,
    PlannedCheck,
    Policy,
    Reason,
    Requirement,
    Unreadable,
)

Know = Callable[[Observation], Mapping[str, Any]]
"""What is known about a resource besides what was seen of it."""


@dataclass
class Cell:
    """One question in one scope, being decided."""

    state: str = "evaluated"
    """evaluated, not_evaluated, unreachable, excluded."""
    whole: bool = True
    """Nothing in it was refused."""
    seen: int = 0
    """How many resources were seen."""
    applicable: int = 0
    """How many of them `when` applies to."""


@dataclass(frozen=True)
class Question:
    """One requirement about one check, compiled."""

    policy: Policy
    control: Control
    requirement: Requirement
    check: PlannedCheck
    when: Expectation
    expect: Expectation

    @classmethod
    def about(
        cls, policy: Policy, control: Control, requirement: Requirement, check: PlannedCheck, as_of: datetime
    ) -> "Question":
        """Compile a requirement against a check's facts; ages are counted to `as_of`."""
        schemas = {**CONTEXT, **check.facts}
        when = Expectation(requirement.when, schemas, as_of)
        expect = Expectation(requirement.expect, check.facts, as_of)
        return cls(policy, control, requirement, check, when, expect)

    def finding(
        self,
        outcome: Outcome,
        reasons: tuple[str, ...],
        target: str,
        scope: str | None = None,
        resource: str | None = None,
        **seen: Any,
    ) -> Finding:
        """A finding about a target, and where they are known its scope and resource."""
        key = (self.policy.policy, self.requirement.id, self.check.id, target, resource or f"scope:{scope}")
        return Finding(
            id=hashlib.sha256("\0".join(key).encode()).hexdigest()[:16],
            policy=self.policy.policy,
            control=self.control.control,
            requirement=self.requirement.id,
            check=self.check.id,
            severity=self.requirement.severity,
            target=target,
            scope=scope,
            resource=resource,
            resource_type=seen.get("resource_type"),
            region=seen.get("region"),
            outcome=outcome,
            reasons=reasons,
            facts=seen.get("facts", {}),
            context=seen.get("context", {}),
        )

    def decide(
        self,
        entries: Sequence[Observation | Unreadable],
        cell: Cell,
        know: Know,
    ) -> Finding:
        """The one finding about one resource, however many reads about it were refused."""
        match entries:
            case (Observation() as seen,):
                cell.seen += 1
                return self._observed(seen, cell, know(seen))
            case _:
                cell.state, cell.whole = "not_evaluated", False
                refused = [entry for entry in entries if isinstance(entry, Unreadable)]
                return self.finding(
                    Outcome.ERROR,
                    tuple(dict.fromkeys(reason for entry in refused for reason in why(entry))),
                    target=entries[0].target,
                    scope=entries[0].scope,
                    resource=entries[0].resource,
                )

    def _observed(self, seen: Observation, cell: Cell, known: Mapping[str, Any]) -> Finding:
        everything = {**known, **seen.facts}
        unknown = self._unknown(known) or (self.when.unsound(everything) + self.expect.unsound(seen.facts))
        if unknown:
            cell.state = "not_evaluated"
            outcome, reasons = Outcome.ERROR, unknown
        elif missed := self.when.reasons(everything):
            outcome, reasons = Outcome.NOT_APPLICABLE, missed
        else:
            cell.applicable += 1
            reasons = self.expect.reasons(seen.facts)
            outcome = Outcome.FAIL if reasons else Outcome.PASS
        return self.finding(
            outcome,
            reasons,
            target=seen.target,
            scope=seen.scope,
            resource=seen.resource,
            resource_type=seen.resource_type,
            region=seen.region,
            facts=seen.facts,
            context={name: value for name, value in known.items() if name == "tags" or value},
        )

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The context that it depends on."""
        return (self.when.names & CONTEXT.keys()) - self.check.facts.keys()

    def _unknown(self, known: Mapping[str, Any]) -> tuple[str, ...]:
        """Only a requirement that depends on context cannot be decided without it."""
        asked = self._asked
        if not asked:
            return ()
        missing = asked - known.keys()
        if (
            PARTIAL in known
            and "tags" in asked
            and not _decided(self.requirement.when["tags"], known["tags"])
        ):
            missing |= {"tags"}
        if not missing:
            return ()
        return (f"its tags were not read, and this depends on its {', '.join(sorted(missing))}",)

    def absent(self, target: str, cells: Iterable[Cell]) -> Iterator[Finding]:
        """What it means that there is none: decided only where everything was read."""
        counted = [cell for cell in cells if cell.state != "excluded"]
        if not counted or any(cell.applicable for cell in counted):
            return
        if all(cell.state == "evaluated" for cell in counted):
            yield self.finding(Outcome.FAIL, (self._none(),), target=target)

    def _none(self) -> str:
        wanted = [f"{name} is {described(value)}" for name, value in self.requirement.when.items()]
        which = f" whose {' and '.join(wanted)}" if wanted else ""
        return f"there is none{which}; expected at least one"


def _decided(wanted: object, tags: Mapping[str, str]) -> bool:
    """Whether an expectation names only tags that are known, though there may be others."""
    if not isinstance(wanted, Mapping) or wanted.keys() - {"properties", "required", "anyOf", "not"}:
        return False
    named = {*wanted.get("properties", ()), *wanted.get("required", ())}
    parts = [*wanted.get("anyOf", ()), *([wanted["not"]] if "not" in wanted else [])]
    return named <= tags.keys() and all(_decided(part, tags) for part in parts)


def not_collected(policy: Policy, control: Control, requirement: Requirement) -> Finding:
    """The finding about a check that the evidence's plan does not have."""
    check = PlannedCheck(id=requirement.check, on="", title="", manual="", facts={}, needs=())
    nothing = Expectation({}, {}, datetime.min)  # noqa: DTZ901 - it expects nothing of any moment
    reason = f"{Reason.NOT_COLLECTED.value}: the evidence's plan has no {requirement.check}; collect it again"
    question = Question(policy, control, requirement, check, nothing, nothing)
    return question.finding(Outcome.ERROR, (reason,), target="")


def why(unreadable: Unreadable | None) -> tuple[str, ...]:
    """Why something could not be observed, in a sentence."""
    if unreadable is None:
        return ()
    need = f" ({unreadable.need})" if unreadable.need else ""
    return (f"{unreadable.reason.value}{need}: {unreadable.detail}",)
