"""The report: what the engine decided, and what it amounts to."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from .model import (
    Control,
    ControlResult,
    Coverage,
    Findings,
    Outcome,
    Plan,
    Policy,
    Requirement,
    Run,
    Severity,
    Unreadable,
    WaiverResult,
)

FOLDERS = frozenset({"attestations", "evidence"})
"""Kinds of targets that are no system: they can be read when nothing else can."""


class Status(IntEnum):
    """What the command exits with."""

    OK = 0
    FAILING = 1
    USAGE = 2
    INCOMPLETE = 3
    UNREACHABLE = 4
    BUG = 70
    INTERRUPTED = 130


def entered(plan: Plan) -> bool:
    """Whether any cloud or host could be entered; of nothing but folders, whether any folder."""
    systems = [target for target in plan.targets if target.kind not in FOLDERS]
    scopes = [scope for target in systems or plan.targets for scope in target.scopes]
    return not scopes or any(scope.state == "entered" for scope in scopes)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything a reporter may show; findings are iterated, never held.

    Findings come ordered by policy, control, requirement (as the policy has them), check, target, scope and
    resource; everything else is sorted by its id.
    """

    run: Run
    policies: tuple[Policy, ...]
    plan: Plan
    coverage: Coverage
    results: tuple[ControlResult, ...]
    """One per control, as the policies have them."""
    tally: dict[Severity, dict[Outcome, int]]
    """Findings counted by severity and outcome; waived failures are not counted."""
    unreadable: tuple[Unreadable, ...]
    waivers: tuple[WaiverResult, ...] = ()
    """What became of each waiver, in their file's order."""
    findings: Findings

    def controls(self) -> Iterator[tuple[Policy, Control, ControlResult]]:
        """Every control with its policy and its counted result, in the policies' order."""
        results = iter(self.results)
        for policy in self.policies:
            for control in policy.controls:
                yield policy, control, next(results)

    def requirements(self) -> dict[tuple[str, str], tuple[Policy, Control, Requirement]]:
        """Policy, control and requirement by (policy id, requirement id)."""
        return {
            (policy.policy, requirement.id): (policy, control, requirement)
            for policy in self.policies
            for control in policy.controls
            for requirement in control.requirements
        }

    def count(self, outcome: Outcome, severities: Collection[Severity] = tuple(Severity)) -> int:
        """How many findings of these severities have this outcome."""
        return sum(self.tally.get(severity, {}).get(outcome, 0) for severity in severities)

    @property
    def waived(self) -> int:
        """How many findings fail and are waived."""
        return sum(result.counts.waived for result in self.results)

    @property
    def entered(self) -> bool:
        """Whether any cloud or host could be entered; of nothing but folders, whether any folder."""
        return entered(self.plan)

    def status(self, fail_on: Sequence[Severity], *, allow_incomplete: bool = False) -> Status:
        """What the command exits with, when these severities matter."""
        if self.count(Outcome.FAIL, fail_on):
            return Status.FAILING
        if not self.entered:
            return Status.UNREACHABLE
        if not allow_incomplete and (
            self.count(Outcome.ERROR, fail_on or tuple(Severity)) or not self.run.complete
        ):
            return Status.INCOMPLETE
        return Status.OK

    def verdict(self) -> str:
        """The report in one or two sentences, true whatever could not be seen."""
        failing = [
            f"{self.count(Outcome.FAIL, [severity]):,} {severity.value}"
            for severity in Severity
            if self.count(Outcome.FAIL, [severity])
        ]
        unseen = self.coverage.not_evaluated + self.coverage.unreachable
        waived = self.waived
        if not self.entered:
            return "Nothing can be said: no target could be entered."
        if failing:
            noun = "finding" if self.count(Outcome.FAIL) == 1 else "findings"
            said = f"Falls short: {_listed(failing)} {noun}."
        elif unseen:
            said = f"Nothing seen falls short{' but what is waived' if waived else ''}."
        elif self.coverage.evaluated == 0:
            return "Nothing was evaluated."
        else:
            but = "but what is waived " if waived else ""
            said = f"Nothing {but}falls short of what these policies ask of what was looked at."
        if waived:
            said += f" {waived:,} {'finding is' if waived == 1 else 'findings are'} waived."
        if unseen:
            least = "at least " if self.coverage.at_least else ""
            cells = f"{unseen:,} of {least}{self.coverage.expected:,} cells"
            said += f" Not everything was seen: {cells} could not be evaluated."
        if not self.run.complete:
            said += " The run was interrupted."
        return said


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
