"""What changed between two runs: in the verdicts, and in the world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .model import Finding, Manifest, Observation, Outcome, Unreadable
from .report import Report

Cell = tuple[str, str, str, str, str | None]
"""Policy, requirement, check, target, scope."""


@dataclass
class Verdicts:
    """Findings that are not what they were, in the new report's order; `gone` in the old one's."""

    failing: list[Finding] = field(default_factory=list)
    """Fail now, and did not before."""
    mended: list[Finding] = field(default_factory=list)
    """Failed before, and do not now."""
    unseen: list[Finding] = field(default_factory=list)
    """Were decided before, and could not be evaluated now."""
    seen: list[Finding] = field(default_factory=list)
    """Could not be evaluated before, and pass now."""
    gone: list[Finding] = field(default_factory=list)
    """Failed before, and are not there now, where everything was read."""
    still: int = 0
    """How many fail as before."""


def verdicts(old: Report, new: Report) -> Verdicts:
    """Compare two reports, finding by finding.

    What is not there any more is gone only where its scope was read: else it could not be seen.
    """
    before = {finding.id: finding.outcome for finding in old.findings}
    changed = Verdicts()
    now: set[str] = set()
    dark: set[Cell] = set()
    for finding in new.findings:
        now.add(finding.id)
        was = before.get(finding.id)
        if finding.outcome is Outcome.FAIL:
            if was is Outcome.FAIL:
                changed.still += 1
            else:
                changed.failing.append(finding)
        elif was is Outcome.FAIL and finding.outcome is not Outcome.ERROR:
            changed.mended.append(finding)
        elif was is Outcome.ERROR and finding.outcome is Outcome.PASS:
            changed.seen.append(finding)
        elif finding.outcome is Outcome.ERROR:
            if finding.resource is None:
                dark.add(_cell(finding))
            if was is not Outcome.ERROR:
                changed.unseen.append(finding)
    changed.gone += [
        finding
        for finding in old.findings
        if finding.outcome is Outcome.FAIL and finding.id not in now and _cell(finding) not in dark
    ]
    return changed


def _cell(finding: Finding) -> Cell:
    return finding.policy, finding.requirement, finding.check, finding.target, finding.scope


class Collected(Protocol):
    """A bundle, or whatever answers like one."""

    @property
    def manifest(self) -> Manifest:
        """The plan and the scopes."""
        ...

    def part(self, target: str, scope: str, check: str) -> Iterator[Observation | Unreadable] | None:
        """What one check saw in one scope; None when it was not run there."""
        ...


@dataclass(frozen=True)
class Change:
    """One resource that is not as it was."""

    check: str
    target: str
    scope: str
    resource: str
    before: Mapping[str, Any] | None
    """The facts that changed, as they were; None when it was not there."""
    after: Mapping[str, Any] | None
    """The same facts as they are; None when it is not there any more."""


def world(old: Collected, new: Collected) -> Iterator[Change]:
    """Compare what two bundles saw, resource by resource, where both were read whole."""
    for target in sorted(new.manifest.plan.targets, key=lambda target: target.id):
        for scope in target.scopes:
            for check in new.manifest.plan.checks:
                if check.on == scope.on:
                    place = (target.id, scope.name, check.id)
                    yield from _part(place, _whole(old, place), _whole(new, place))


def _whole(collected: Collected, place: tuple[str, str, str]) -> dict[str, Mapping[str, Any]] | None:
    part = collected.part(*place)
    if part is None:
        return None
    seen: dict[str, Mapping[str, Any]] = {}
    for entry in part:
        if isinstance(entry, Unreadable):
            return None
        seen[entry.resource] = entry.facts
    return seen


def _part(
    place: tuple[str, str, str],
    before: dict[str, Mapping[str, Any]] | None,
    after: dict[str, Mapping[str, Any]] | None,
) -> Iterator[Change]:
    if before is None or after is None:
        return
    target, scope, check = place
    for resource in sorted(before.keys() | after.keys()):
        was, is_ = before.get(resource), after.get(resource)
        if was is None or is_ is None:
            yield Change(check, target, scope, resource, was, is_)
            continue
        names = [name for name in is_ if was.get(name) != is_[name]]
        if names:
            yield Change(
                check,
                target,
                scope,
                resource,
                {name: was.get(name) for name in names},
                {name: is_[name] for name in names},
            )
