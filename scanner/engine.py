"""The engine: policies compared to evidence. It touches nothing else: no network, no files, no clock."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import msgspec

from .context import Context
from .knowledge import BULK, Knowledge
from .model import (
    Cells,
    Collected,
    Control,
    ControlResult,
    Counts,
    Coverage,
    Empty,
    Finding,
    Findings,
    Observation,
    Outcome,
    Policy,
    Reason,
    Requirement,
    Run,
    Scope,
    Severity,
    TargetRecord,
    Unreadable,
    Waiver,
)
from .policy import depends_on_context
from .question import Cell, Question, not_collected, why
from .report import Report
from .waivers import Waivers

UNIT = "requirement x check x scope"

Keep = Callable[[Iterator[Finding]], Findings]
"""Stores findings as they are decided, so that they can be iterated again and again."""


def evaluate(  # noqa: PLR0913 - each is a part of what a verdict depends on
    policies: Sequence[Policy],
    evidence: Collected,
    *,
    as_of: datetime,
    waivers: Sequence[Waiver] = (),
    context: Context = Context(),  # noqa: B008 - it is frozen
    files: Mapping[str, str] | None = None,
    keep: Keep = tuple,
) -> Report:
    """Decide every requirement of these resolved policies for every resource that was seen.

    Args:
        policies: resolved against the evidence's plan.
        evidence: what was collected.
        as_of: the moment that ages and the ends of waivers are counted to.
        waivers: who accepts which failing findings.
        context: what the organisation says of its resources.
        files: SHA-256 of the files that these were read from, by what they are.
        keep: where the findings go.
    """
    judge = _Judge(policies, evidence, as_of, context, Waivers(as_of, tuple(waivers)))
    findings = keep(judge.findings())
    manifest = evidence.manifest
    return Report(
        run=Run(
            id=manifest.run,
            tool=manifest.tool,
            version=manifest.version,
            identities={target.id: target.identity for target in manifest.plan.targets},
            started_at=manifest.started_at,
            finished_at=manifest.finished_at,
            as_of=as_of,
            complete=manifest.complete,
            files=dict(sorted((files or {}).items())),
        ),
        policies=tuple(policies),
        plan=manifest.plan,
        coverage=judge.coverage(),
        results=tuple(judge.results),
        tally=judge.tallied(),
        unreadable=judge.unreadable(),
        waivers=judge.waivers.results(),
        findings=findings,
    )


@dataclass
class _Judge:
    policies: Sequence[Policy]
    evidence: Collected
    as_of: datetime
    context: Context
    waivers: Waivers
    results: list[ControlResult] = field(default_factory=list)
    _tally: Counter[tuple[Severity, Outcome]] = field(default_factory=Counter)
    _cells: Counter[str] = field(default_factory=Counter)
    _resources: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _refused: dict[tuple[str, str, str], list[Unreadable]] = field(default_factory=dict)
    """What could not be seen, by check, target and scope, of the parts that were read."""
    _unlisted: bool = False

    def __post_init__(self) -> None:
        plan = self.evidence.manifest.plan
        self._checks = {check.id: check for check in plan.checks}
        self._targets = sorted(plan.targets, key=lambda target: target.id)
        self._knowledge = self._known()

    def findings(self) -> Iterator[Finding]:
        """Every finding, in the report's order; what is counted on the way is complete at the end."""
        for policy in self.policies:
            for control in policy.controls:
                counted: Counter[str] = Counter()
                cells: Counter[str] = Counter()
                worst: Severity | None = None
                for requirement in control.requirements:
                    for decided in self._requirement(policy, control, requirement, cells):
                        finding = self._waived(decided, requirement)
                        counted[finding.outcome] += 1
                        if finding.waiver:
                            counted["waived"] += 1
                        else:
                            self._tally[finding.severity, finding.outcome] += 1
                            if finding.outcome is Outcome.FAIL and finding.severity is not worst:
                                worst = min(worst or finding.severity, finding.severity, key=_rank)
                        yield finding
                self._cells += cells
                self.results.append(_result(policy, control, cells, counted, worst))

    def _waived(self, finding: Finding, requirement: Requirement) -> Finding:
        if finding.outcome is not Outcome.FAIL:
            return finding
        waiver = self.waivers.covering(finding, requirement.aliases)
        return msgspec.structs.replace(finding, waiver=waiver) if waiver else finding

    def _requirement(
        self, policy: Policy, control: Control, requirement: Requirement, cells: Counter[str]
    ) -> Iterator[Finding]:
        if not requirement.checks:
            cells["not_evaluated"] += 1
            yield not_collected(policy, control, requirement)
        for name in requirement.checks:
            question = Question.about(policy, control, requirement, self._checks[name], self.as_of)
            yield from self._question(question, cells)

    def _question(self, question: Question, cells: Counter[str]) -> Iterator[Finding]:
        asked = False
        for target in self._targets:
            scopes = sorted(
                (scope for scope in target.scopes if scope.on == question.check.on),
                key=lambda scope: scope.name,
            )
            decided = []
            for scope in scopes:
                cell = Cell()
                yield from self._cell(question, target, scope, cell)
                cells[cell.state] += 1
                decided.append(cell)
            asked = asked or bool(scopes)
            if scopes and question.requirement.absent == "fail":
                yield from question.absent(target.id, decided)
        if not asked and question.requirement.absent == "fail":
            cells["not_evaluated"] += 1
            yield question.finding(
                Outcome.ERROR, (f"no target is configured that {question.check.id} is run on",), target=""
            )

    def _cell(self, question: Question, target: TargetRecord, scope: Scope, cell: Cell) -> Iterator[Finding]:
        if scope.state == "excluded":
            cell.state = "excluded"
            return
        if scope.state == "unreachable":
            cell.state = "unreachable"
            self._unlisted = self._unlisted or scope.unlisted
            yield question.finding(Outcome.ERROR, why(scope.unreadable), target=target.id, scope=scope.name)
            return
        part = self._part(target, scope, question.check.id)
        if part is None:
            cell.state = "not_evaluated"
            reason = f"{Reason.NOT_COLLECTED.value}: the run ended before this was read"
            yield question.finding(Outcome.ERROR, (reason,), target=target.id, scope=scope.name)
            return
        for _, about in groupby(part, key=lambda entry: entry.resource):
            yield question.decide(tuple(about), cell, self._knowledge.about)
        self._resources[question.check.id, target.id, scope.name] = cell.seen if cell.whole else -1

    def coverage(self) -> Coverage:
        """Every cell, counted."""
        cells = _cells(self._cells)
        seen: Counter[str] = Counter()
        empty: dict[tuple[str, str], list[str]] = {}
        for (check, target, scope), number in sorted(self._resources.items()):
            seen[check] += max(number, 0)
            if number == 0:
                empty.setdefault((check, target), []).append(scope)
        kinds = {scope.on for target in self._targets for scope in target.scopes}
        return Coverage(
            unit=UNIT,
            expected=cells.expected,
            evaluated=cells.evaluated,
            not_evaluated=cells.not_evaluated,
            unreachable=cells.unreachable,
            excluded=cells.excluded,
            at_least=self._unlisted,
            resources=dict(seen),
            empty=tuple(
                Empty(check=check, target=target, scopes=tuple(scopes))
                for (check, target), scopes in empty.items()
            ),
            without_target=tuple(
                sorted(name for name in self._asked() if self._checks[name].on not in kinds)
            ),
        )

    def tallied(self) -> dict[Severity, dict[Outcome, int]]:
        """Findings counted by severity and outcome."""
        return {
            severity: {
                outcome: self._tally[severity, outcome]
                for outcome in Outcome
                if self._tally[severity, outcome]
            }
            for severity in Severity
        }

    def unreadable(self) -> tuple[Unreadable, ...]:
        """Everything that could not be observed, of what these policies ask, sorted."""
        asked = self._asked()
        if depends_on_context(self.policies):
            asked |= {name for name in self._checks if name.startswith(BULK)}
        found = [scope.unreadable for target in self._targets for scope in target.scopes if scope.unreadable]
        found += [
            entry for (check, *_), refused in self._refused.items() if check in asked for entry in refused
        ]
        return tuple(sorted(found, key=_order))

    def _asked(self) -> set[str]:
        return {
            name
            for policy in self.policies
            for control in policy.controls
            for requirement in control.requirements
            for name in requirement.checks
        }

    def _parts(self, check: str) -> Iterator[tuple[Scope, Iterator[Observation | Unreadable]]]:
        for target in self._targets:
            for scope in target.scopes:
                if scope.on == self._checks[check].on and scope.state == "entered":
                    part = self._part(target, scope, check)
                    if part is not None:
                        yield scope, part

    def _part(
        self, target: TargetRecord, scope: Scope, check: str
    ) -> Iterator[Observation | Unreadable] | None:
        """A part; what could not be seen in it is noted, so that nobody has to read it again for that."""
        part = self.evidence.part(target.id, scope.name, check)
        return None if part is None else self._noted(part, (check, target.id, scope.name))

    def _noted(
        self, part: Iterator[Observation | Unreadable], place: tuple[str, str, str]
    ) -> Iterator[Observation | Unreadable]:
        found = []
        for entry in part:
            if isinstance(entry, Unreadable):
                found.append(entry)
            yield entry
        self._refused[place] = found

    def _known(self) -> Knowledge:
        """What every check together knows of resources, when a requirement or a waiver depends on it."""
        knowledge = Knowledge(self.context, self._targets)
        if depends_on_context(self.policies) or self.waivers.ask_tags:
            for check in sorted(self._checks):
                for _, part in self._parts(check):
                    knowledge.learn(check, part)
        return knowledge


def _result(
    policy: Policy,
    control: Control,
    cells: Counter[str],
    counted: Counter[str],
    worst: Severity | None,
) -> ControlResult:
    return ControlResult(
        policy=policy.policy,
        control=control.control,
        cells=_cells(cells),
        counts=Counts(
            passed=counted[Outcome.PASS],
            failed=counted[Outcome.FAIL],
            errors=counted[Outcome.ERROR],
            not_applicable=counted[Outcome.NOT_APPLICABLE],
            waived=counted["waived"],
        ),
        worst=worst,
    )


def _cells(counted: Counter[str]) -> Cells:
    return Cells(
        expected=counted.total(),
        evaluated=counted["evaluated"],
        not_evaluated=counted["not_evaluated"],
        unreachable=counted["unreachable"],
        excluded=counted["excluded"],
    )


def _rank(severity: Severity) -> int:
    return severity.rank


def _order(item: Unreadable) -> tuple[str, str, str, str, str]:
    return (item.target, item.scope or "", item.check or "", item.resource or "", item.need or "")
