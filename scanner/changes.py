"""What changed between two runs: in the verdicts, and in the world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

from .model import Collected, Finding, Manifest, Observation, Outcome, Unreadable
from .report import Report, Status

Asked = tuple[str, str, str]
"""Policy, requirement, check."""
Cell = tuple[str, str, str, str, str | None]
"""The same, and target and scope."""
Subject = tuple[str, str, str, str, str]
"""The same up to the target, and the resource or the scope."""


@dataclass
class Verdicts:
    """Findings that are not what they were, in the new report's order.

    What failed before is one of: still, mended, gone, unknown, unasked.
    """

    failing: list[Finding] = field(default_factory=list)
    """Fail now, and did not before."""
    unwaived: list[Finding] = field(default_factory=list)
    """Fail as before, and are not waived any more."""
    unseen: list[Finding] = field(default_factory=list)
    """Cannot be evaluated now; before, nothing said so."""
    mended: list[Finding] = field(default_factory=list)
    """Failed before, and do not now."""
    gone: list[Finding] = field(default_factory=list)
    """Failed before, and are not there now, where everything was read; as the old report has them."""
    seen: list[Finding] = field(default_factory=list)
    """Could not be evaluated before, and can now; as the old report has them."""
    still: int = 0
    """How many fail as before."""
    unknown: int = 0
    """How many failed before and could not be seen now."""
    unasked: int = 0
    """How many failed before and were not asked about now."""

    @property
    def status(self) -> Status:
        """FAILING when something fails that did not or was waived; else INCOMPLETE when sight was lost."""
        if self.unwaived or any(finding.waiver is None for finding in self.failing):
            return Status.FAILING
        return Status.INCOMPLETE if self.unseen or self.unknown else Status.OK


def verdicts(old: Report, new: Report) -> Verdicts:
    """Compare two reports, finding by finding.

    What is not there any more is gone only where its scope was read: else it could not be seen.
    """
    former = _Former(new)
    before = {former.name(finding): (finding.outcome, bool(finding.waiver)) for finding in old.findings}
    changed = Verdicts()
    now: set[str | Subject] = set()
    dark: set[Cell] = set()
    for finding in new.findings:
        names = former.names(finding)
        now.update(names)
        was = next((before[name] for name in names if name in before), None)
        _decided(changed, finding, *(was or (None, False)))
        if finding.outcome is Outcome.ERROR and finding.resource is None:
            dark.add(_cell(finding, finding.requirement, finding.scope))
    sight = _Sight(old, new, dark)
    for finding in old.findings:
        if finding.outcome in {Outcome.FAIL, Outcome.ERROR} and former.name(finding) not in now:
            _absent(changed, finding, sight.of(finding, former.requirement(finding)))
    return changed


def _decided(changed: Verdicts, finding: Finding, was: Outcome | None, waived: bool) -> None:
    match was, finding.outcome:
        case Outcome.FAIL, Outcome.FAIL:
            changed.still += 1
            if waived and finding.waiver is None:
                changed.unwaived.append(finding)
        case _, Outcome.FAIL:
            changed.failing.append(finding)
        case Outcome.ERROR, Outcome.ERROR:
            pass
        case _, Outcome.ERROR:
            changed.unknown += was is Outcome.FAIL
            changed.unseen.append(finding)
        case Outcome.FAIL, _:
            changed.mended.append(finding)
        case Outcome.ERROR, _:
            changed.seen.append(finding)


def _absent(changed: Verdicts, finding: Finding, sight: str) -> None:
    if finding.outcome is Outcome.ERROR:
        changed.seen += [finding] if sight == "read" else []
    elif sight == "read":
        changed.gone.append(finding)
    elif sight == "dark":
        changed.unknown += 1
    else:
        changed.unasked += 1


class _Former:
    """What findings are called in both reports, though a requirement was renamed in between."""

    def __init__(self, new: Report) -> None:
        """Take the former names that the new report's policies state."""
        self._now = {
            (policy.policy, alias): requirement.id
            for policy in new.policies
            for control in policy.controls
            for requirement in control.requirements
            for alias in requirement.aliases
        }
        self._renamed = {(policy, now) for (policy, _), now in self._now.items()}

    def requirement(self, finding: Finding) -> str:
        """What its requirement is called now."""
        return self._now.get((finding.policy, finding.requirement), finding.requirement)

    def name(self, finding: Finding) -> str | Subject:
        """What a finding of the old report is compared by."""
        now = self.requirement(finding)
        return finding.id if now == finding.requirement else _subject(finding, now)

    def names(self, finding: Finding) -> tuple[str | Subject, ...]:
        """What a finding of the new report may have been called in the old one."""
        if (finding.policy, finding.requirement) in self._renamed:
            return finding.id, _subject(finding, finding.requirement)
        return (finding.id,)


class _Sight:
    """What the new report asked, and where it could look."""

    def __init__(self, old: Report, new: Report, dark: set[Cell]) -> None:
        """Take the plans of both; the dark cells are those of which something could not be read."""
        self._asked = {
            (policy.policy, requirement.id, check)
            for policy in new.policies
            for control in policy.controls
            for requirement in control.requirements
            for check in requirement.checks
        }
        self._on = {check.id: check.on for check in new.plan.checks}
        self._targets = {target.id: target for target in new.plan.targets}
        self._names = {target.name for target in new.plan.targets}
        self._labels = {target.id: target.name for target in old.plan.targets}
        self._dark = dark

    def of(self, finding: Finding, requirement: str) -> str:
        """Whether a finding's place was `read` whole, is `dark`, or was `unasked`."""
        if (finding.policy, requirement, finding.check) not in self._asked:
            return "unasked"
        target = self._targets.get(finding.target)
        if target is None:
            # One that cannot be entered may not know its own id.
            return "dark" if self._labels.get(finding.target) in self._names else "unasked"
        scopes = {scope.name: scope for scope in target.scopes if scope.on == self._on.get(finding.check)}
        looked = [scope for scope in scopes.values() if scope.state != "excluded"]
        if finding.scope is not None:
            if finding.scope not in scopes:
                return "dark"
            looked = [scope for scope in looked if scope.name == finding.scope]
        if not looked:
            return "unasked"
        read = all(
            scope.state == "entered" and _cell(finding, requirement, scope.name) not in self._dark
            for scope in looked
        )
        return "read" if read else "dark"


def _cell(finding: Finding, requirement: str, scope: str | None) -> Cell:
    return finding.policy, requirement, finding.check, finding.target, scope


def _subject(finding: Finding, requirement: str) -> Subject:
    about = finding.resource or f"scope:{finding.scope}"
    return finding.policy, requirement, finding.check, finding.target, about


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


@dataclass(frozen=True)
class Unread:
    """A check's scope that was not read whole both times: what came or went there is not known."""

    check: str
    target: str
    scope: str


def world(old: Collected, new: Collected) -> Iterator[Change | Unread]:
    """Compare what two bundles saw, resource by resource; a resource that was not read is not compared."""
    places = sorted({*_places(old.manifest), *_places(new.manifest)})
    for place in places:
        before, after = old.part(*place), new.part(*place)
        if before is None or after is None:
            yield _unread(place)
        else:
            yield from _part(place, before, after)


def _places(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    for target in manifest.plan.targets:
        for scope in target.scopes:
            for check in manifest.plan.checks:
                if check.on == scope.on and scope.state != "excluded":
                    yield target.id, scope.name, check.id


Part = Iterator[Observation | Unreadable]


def _part(place: tuple[str, str, str], before: Part, after: Part) -> Iterator[Change | Unread]:
    target, scope, check = place
    whole = True
    sides = merge(_sided(before, 0), _sided(after, 1), key=itemgetter(0, 1))
    for resource, entries in groupby(sides, key=itemgetter(0)):
        seen: tuple[list[Observation], list[Observation]] = ([], [])
        refused = False
        for _, side, entry in entries:
            if isinstance(entry, Unreadable):
                refused = True
            else:
                seen[side].append(entry)
        if refused:
            # Sorted first: a refusal that names no resource, after which nothing is known to come or go.
            if not resource:
                whole = False
                yield _unread(place)
            continue
        was, is_ = (side[0].facts if side else None for side in seen)
        if was is None or is_ is None:
            if whole:
                yield Change(check, target, scope, resource, was, is_)
            continue
        # A fact that only one of two versions states is no change in the world.
        names = [name for name in is_ if name in was and was[name] != is_[name]]
        if names:
            former, latter = ({name: facts[name] for name in names} for facts in (was, is_))
            yield Change(check, target, scope, resource, former, latter)


def _sided(part: Part, side: int) -> Iterator[tuple[str, int, Observation | Unreadable]]:
    return ((entry.resource or "", side, entry) for entry in part)


def _unread(place: tuple[str, str, str]) -> Unread:
    target, scope, check = place
    return Unread(check, target, scope)
