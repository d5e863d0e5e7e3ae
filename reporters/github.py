"""GitHub's workflow commands: annotations on the lines of the policy, at most as many as GitHub shows."""

from collections.abc import Iterator
from itertools import islice
from typing import TextIO

from scanner import Finding, Outcome, Report, Severity

from . import waivers
from .anchor import anchor
from .digest import many, missing, totals, worst_first
from .escape import bounded, visible

STREAM = "stderr"
"""Where it goes without a path: the report keeps stdout to itself."""

_MOST = 10
"""GitHub drops the rest of a step's errors, and of its warnings, without a word."""
_CAUSES = 3
_LONGEST = 500
_ERRORS = (Severity.CRITICAL, Severity.HIGH)
_WARNINGS = (Severity.MEDIUM, Severity.LOW)


def write(report: Report, out: TextIO) -> None:
    """Annotations for GitHub Actions: the worst findings, and what kept others from being seen."""
    unsaid = []
    if not report.entered or not report.run.complete:
        unsaid.append(_command("error", "Wardround", report.verdict()))
    causes = [*_waivers(report), *_causes(report)]
    out.writelines(_level(report, "error", _ERRORS, unsaid))
    out.writelines(_level(report, "warning", _WARNINGS, causes))
    out.writelines(_waived(report))


def _level(report: Report, level: str, severities: tuple[Severity, ...], first: list[str]) -> Iterator[str]:
    total = report.count(Outcome.FAIL, severities)
    room = _MOST - len(first)
    shown = total if total <= room else room - 1
    yield from first
    for finding in islice(worst_first(report, Outcome.FAIL, severities), shown):
        yield _annotation(report, level, finding)
    if total > shown:
        yield _command(level, "Wardround", f"{total - shown:,} more at this level: see the step summary.")


def _annotation(report: Report, level: str, finding: Finding) -> str:
    policy, control, requirement = report.requirements()[finding.policy, finding.requirement]
    place = anchor(policy, requirement, finding)
    title = f"{control.control} {control.title} ({finding.severity.value})"
    said = "; ".join(finding.reasons) or "falls short"
    return _command(level, title, f"{finding.resource or finding.target}: {said}", (place.file, place.line))


def _waived(report: Report) -> Iterator[str]:
    if report.waived:
        said = (
            f"{many(report.waived, 'finding')} not counted: what is waived still fails, see the step summary."
        )
        yield _command("notice", "Waived", said)


def _waivers(report: Report) -> Iterator[str]:
    expired = [result for result in report.waivers if result.expired]
    if expired:
        first = expired[0].waiver
        said = f"line {first.line} of the waivers file, by {first.owner}, {waivers.state(expired[0])}"
        yield _command(
            "warning", "Waivers", f"{waivers.counted(report)}; {said}. It covered {waivers.covers(first)}"
        )


def _causes(report: Report) -> Iterator[str]:
    groups = missing(report)
    errors = report.count(Outcome.ERROR)
    shown = groups if len(groups) <= _CAUSES else groups[: _CAUSES - 1]
    for group in shown:
        said = f"{group.title}: {group.first.detail}. To mend: {group.first.mend}"
        yield _command("warning", "Could not be seen", said)
    if len(groups) > len(shown):
        more = many(len(groups) - len(shown), "more cause")
        yield _command(
            "warning", "Could not be seen", f"{more}: see the step summary. In all: {totals(report)}."
        )
    elif errors and not groups:
        said = f"{many(errors, 'finding')} could not be evaluated: see the step summary."
        yield _command("warning", "Could not be evaluated", said)


def _command(level: str, title: str, said: str, place: tuple[str, int] | None = None) -> str:
    where = f"file={_property(place[0])},line={place[1]}," if place else ""
    return f"::{level} {where}title={_property(title)}::{_escaped(bounded(visible(said), _LONGEST))}\n"


def _property(text: str) -> str:
    return _escaped(bounded(visible(text), _LONGEST)).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    # The percent sign first; visible() has left no line ends.
    return text.replace("%", "%25")
