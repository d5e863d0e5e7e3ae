"""What the reporters for people share: bounded choices, groups and counts in words."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from scanner import ControlResult, Finding, Outcome, Report, Severity, TargetRecord, Unreadable, Waiver

_SERVICES = 5
"""How many services are named."""

LISTED = 20
"""How many resources of a requirement are listed."""

LIMITS = (
    "This is evidence for, and gaps against, the policies named above, at one point in time.",
    "It is not a certificate of compliance, and it is not legal advice.",
    "It says nothing about what no check looks at: people, paper, premises, systems that are no target.",
    "Addressable does not mean optional: what is not met needs a written reason and an equivalent measure.",
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
    """Unwaived findings with this outcome, the worst first: a pass a severity, none of them held."""
    for severity in severities:
        count = report.count(outcome, [severity])
        if count:
            chosen = (
                finding
                for finding in report.findings
                if finding.outcome is outcome and finding.severity is severity and finding.waiver is None
            )
            yield from islice(chosen, count)


def known(finding: Finding) -> str:
    """What is known of a resource besides its facts, in words: patient data, records, owner."""
    about = finding.context
    words = (
        "patient data" if about.get("phi") else "",
        many(about["records"], "record") if about.get("records") else "",
        f"owner {about['owner']}" if about.get("owner") else "",
    )
    return ", ".join(filter(None, words))


def files(report: Report) -> dict[str, str]:
    """SHA-256 of what was judged by besides policies, by what it is."""
    words = {"waivers": "waivers file", "context": "context file"}
    return {words.get(name, name): digest for name, digest in report.run.files.items()}


def accepted(report: Report) -> Iterator[tuple[Finding, Waiver]]:
    """Findings that fail and are waived, in the report's order, none of them held."""
    if report.waived:
        yield from ((finding, finding.waiver) for finding in report.findings if finding.waiver)


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
    scopes: int
    """How many of the places are whole scopes or targets."""
    checks: tuple[str, ...]

    @property
    def title(self) -> str:
        """Why, what was asked, and how often."""
        need = f": {self.first.need}" if self.first.need else ""
        resources = len(self.places) - self.scopes
        counts = ((self.scopes, "scope"), (resources, "resource"))
        often = " and ".join(many(number, noun) for number, noun in counts if number)
        return f"{self.first.reason.value}{need} ({often})"


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
            scopes=len(_once(_place(item, names) for item in items if item.resource is None)),
            checks=_once(item.check for item in items if item.check),
        )
        for items in groups.values()
    ]
    return sorted(made, key=lambda group: -len(group.places))


def some(words: Collection[str], limit: int) -> str:
    """The first few words, and how many more there are."""
    said = ", ".join(islice(words, limit))
    return said if len(words) <= limit else f"{said} and {len(words) - limit:,} more"


def scopes(states: Iterable[str]) -> str:
    """How many scopes were entered, could not be, or were excluded."""
    counts = Counter(states).items()
    return ", ".join(f"{many(number, 'scope')} {state}" for state, number in counts) or "no scope"


def calls(target: TargetRecord) -> str:
    """How many calls a target answered, most of a service first; nothing where none was counted."""
    most = sorted(target.calls.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{service} {number:,}" for service, number in most]
    return f"{many(sum(target.calls.values()), 'call')} ({some(named, _SERVICES)})" if named else ""


def counted(result: ControlResult) -> str:
    """A control's result in words: what was found, and how much of it was not seen."""
    counts, cells = result.counts, result.cells
    words = _words(counts.failed, counts.waived, counts.errors, counts.passed, counts.not_applicable)
    unseen = cells.not_evaluated + cells.unreachable
    if not words:
        words = [_nothing(result)]
    if unseen:
        words.append(f"{unseen:,} of {many(cells.expected, 'cell')} not seen")
    return ", ".join(words)


def totals(report: Report) -> str:
    """All findings counted, in words."""
    every = [result.counts for result in report.results]
    words = _words(
        sum(counts.failed for counts in every),
        sum(counts.waived for counts in every),
        sum(counts.errors for counts in every),
        sum(counts.passed for counts in every),
        sum(counts.not_applicable for counts in every),
    )
    return ", ".join(words) or "No findings"


def _words(failed: int, waived: int, errors: int, passed: int, not_applicable: int) -> list[str]:
    accepted = f" ({waived:,} waived)" if waived else ""
    words = (
        (failed, f"{failed:,} fail{'s' if failed == 1 else ''}{accepted}"),
        (errors, f"{errors:,} could not be evaluated"),
        (passed, f"{passed:,} pass{'es' if passed == 1 else ''}"),
        (not_applicable, f"{not_applicable:,} not applicable"),
    )
    return [word for number, word in words if number]


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
