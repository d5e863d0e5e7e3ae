"""What the reporters for people share: bounded choices, groups and counts in words."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from scanner import ControlResult, Finding, Outcome, Report, Severity, Unreadable

LISTED = 20
"""How many resources of a requirement are listed."""

LIMITS = (
    "This is evidence for, and gaps against, the policies named above, at one point in time.",
    "It is not a certificate of compliance, and it is not legal advice.",
    "What no check looks at, such as people, paper, premises and systems that are not among the targets, "
    "it says nothing about.",
    "Addressable does not mean optional: an addressable requirement that is not met needs a written reason "
    "and an equivalent measure.",
)


def many(number: int, noun: str) -> str:
    """The number and its noun, in the plural where it is due."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def moment(at: datetime) -> str:
    """A moment to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def worst_first(
    report: Report, outcome: Outcome, severities: Collection[Severity] = tuple(Severity)
) -> Iterator[Finding]:
    """Findings with this outcome that are not waived, the worst first: a pass a severity, none of them held."""
    for severity in severities:
        count = report.count(outcome, [severity])
        if count:
            chosen = (
                finding
                for finding in report.findings
                if finding.outcome is outcome and finding.severity is severity and finding.waiver is None
            )
            yield from islice(chosen, count)


@dataclass
class Some:
    """The first few of many findings, and how many there were."""

    shown: list[Finding] = field(default_factory=list)
    total: int = 0

    def add(self, finding: Finding) -> None:
        """Count it, and keep it while there is room."""
        self.total += 1
        if len(self.shown) < LISTED:
            self.shown.append(finding)

    def by_reason(self) -> dict[tuple[str, ...], list[Finding]]:
        """Those that are shown, by why."""
        groups: dict[tuple[str, ...], list[Finding]] = {}
        for finding in self.shown:
            groups.setdefault(finding.reasons, []).append(finding)
        return groups


@dataclass
class Listing:
    """What is listed of one requirement."""

    failing: Some = field(default_factory=Some)
    waived: Some = field(default_factory=Some)
    errors: Some = field(default_factory=Some)


def listings(report: Report) -> dict[tuple[str, str], Listing]:
    """What is listed of each requirement, by (policy, requirement), in one pass over the findings."""
    listed: dict[tuple[str, str], Listing] = {}
    for finding in report.findings:
        if finding.outcome not in {Outcome.FAIL, Outcome.ERROR}:
            continue
        listing = listed.setdefault((finding.policy, finding.requirement), Listing())
        if finding.outcome is Outcome.ERROR:
            listing.errors.add(finding)
        elif finding.waiver is None:
            listing.failing.add(finding)
        else:
            listing.waived.add(finding)
    return listed


@dataclass(frozen=True)
class Missing:
    """One thing that kept something from being seen, wherever it did."""

    first: Unreadable
    places: tuple[str, ...]
    """Targets, scopes and resources, in words."""
    checks: tuple[str, ...]

    @property
    def title(self) -> str:
        """Why, what was asked, and how often."""
        need = f": {self.first.need}" if self.first.need else ""
        return f"{self.first.reason.value}{need}, in {many(len(self.places), 'place')}"


def missing(report: Report) -> list[Missing]:
    """What could not be seen, by identical reason, need and mend; what was missed most comes first."""
    groups: dict[tuple[str, str, str], list[Unreadable]] = {}
    for item in report.unreadable:
        groups.setdefault((item.reason.value, item.need or "", item.mend), []).append(item)
    names = {target.id: target.name for target in report.plan.targets}
    made = [
        Missing(
            first=items[0],
            places=_once(_place(item, names) for item in items),
            checks=_once(item.check for item in items if item.check),
        )
        for items in groups.values()
    ]
    return sorted(made, key=lambda group: -len(group.places))


def some(words: Collection[str], limit: int) -> str:
    """The first few words, and how many more there are."""
    said = ", ".join(islice(words, limit))
    return said if len(words) <= limit else f"{said} and {len(words) - limit:,} more"


def counted(result: ControlResult) -> str:
    """A control's result in words: what was found, and how much of it was not seen."""
    counts, cells = result.counts, result.cells
    waived = f" ({counts.waived:,} waived)" if counts.waived else ""
    words = [
        word
        for number, word in (
            (counts.failed, f"{counts.failed:,} fail{'s' if counts.failed == 1 else ''}{waived}"),
            (counts.errors, f"{counts.errors:,} could not be evaluated"),
            (counts.passed, f"{counts.passed:,} pass{'es' if counts.passed == 1 else ''}"),
            (counts.not_applicable, f"{counts.not_applicable:,} not applicable"),
        )
        if number
    ]
    unseen = cells.not_evaluated + cells.unreachable
    if not words:
        words = [_nothing(result)]
    if unseen:
        words.append(f"{unseen:,} of {many(cells.expected, 'cell')} not seen")
    return ", ".join(words)


def _nothing(result: ControlResult) -> str:
    if not result.cells.expected:
        return "nothing to evaluate: no configured target is of its kind"
    if not result.cells.evaluated:
        return "nothing was evaluated"
    return "evaluated, and no resource was found"


def _place(item: Unreadable, names: dict[str, str]) -> str:
    words = (names.get(item.target, item.target), item.scope, item.resource)
    return " / ".join(word for word in words if word)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
