"""Markdown: the summary of a step, in tables, no larger than GitHub takes."""

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from scanner import Finding, Outcome, Report

from . import waivers
from .digest import (
    LIMITS,
    accepted,
    calls,
    counted,
    files,
    known,
    many,
    missing,
    moment,
    scopes,
    some,
    totals,
    worst_first,
)
from .escape import bounded, code, prose

_BUDGET = 900_000
"""Bytes. GitHub refuses a summary of more than 1 MiB, whole."""
_TAIL = 1_000
"""Bytes kept for what is said last."""
_CELL = 300
_MEND = 1_000
_PLACES = 5


class _Sheet:
    """What has been written, and the room that is left."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._left = _BUDGET - _TAIL

    def fits(self, line: str) -> bool:
        """Write the line if there is room for it; once there was none, nothing fits any more."""
        size = len(line.encode()) + 1
        if size > self._left:
            self._left = 0
            return False
        self._left -= size
        self._out.write(f"{line}\n")
        return True

    def table(self, title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        """A table of as many whole rows as fit, and how many did not; nothing where there is no row."""
        left_out = 0
        for number, row in enumerate(rows):
            if not number:
                self.fits(f"\n## {title}\n\n{_row(head)}\n{_row('---' for _ in head)}")
            left_out += not self.fits(_row(row))
        if left_out:
            self.last(f"\n{title}: {many(left_out, 'row')} left out for want of room, see -f json or html.")

    def last(self, line: str) -> None:
        """Write into the room that is kept for the end."""
        self._out.write(f"{line}\n")


def write(report: Report, out: TextIO) -> None:
    """GitHub-flavoured Markdown for a step's summary: tables, the worst first, at most 900 KB."""
    sheet = _Sheet(out)
    for line in _head(report):
        sheet.fits(line)
    sheet.table("Controls", ("Control", "Owner", "Status", "Result"), _controls(report))
    sheet.table(
        "Waivers to look at", ("Until", "State", "Covers", "Accepted by", "Because", "Line"), _waivers(report)
    )
    sheet.table(
        "What could not be seen, and what would mend it", ("Why", "Said", "To mend", "Where"), _unseen(report)
    )
    sheet.table("Nothing to decide about", ("Check", "Why", "Where"), _nothing_there(report))
    sheet.table("Targets", ("Target", "Id", "Asked as", "Scopes", "Answered"), _targets(report))
    # The longest comes last, since what does not fit is left out.
    sheet.table(
        "What falls short, the worst first",
        ("Severity", "Control", "Resource", "Where", "Why"),
        _failing(report),
    )
    sheet.table(
        "What falls short and is waived",
        ("Severity", "Control", "Resource", "Where", "Why", "Accepted by", "Until", "Because"),
        _waived(report),
    )
    sheet.last(f"\n{' '.join(LIMITS)}")


def _head(report: Report) -> Iterator[str]:
    run, seen = report.run, report.coverage
    least = "at least " if seen.at_least else ""
    yield f"# {prose(report.verdict())}\n"
    for policy in report.policies:
        yield f"- Policy {_code(policy.policy)}: {_prose(policy.title)}, after {_prose(policy.source)}"
    yield f"- Looked at from {moment(run.started_at)} to {moment(run.finished_at)}, as of {moment(run.as_of)}"
    yield (
        f"- Coverage: {least}{many(seen.expected, 'cell')} = {seen.evaluated:,} evaluated"
        f" + {seen.not_evaluated:,} not evaluated + {seen.unreachable:,} unreachable"
        f" + {seen.excluded:,} excluded; a cell is one {_prose(seen.unit)}"
    )
    for name, digest in files(report).items():
        yield f"- Judged by the {_prose(name)} as well, SHA-256 {_code(digest)}"
    yield f"- Findings: {totals(report)}"
    if report.waivers:
        yield f"- {waivers.counted(report)}"


def _controls(report: Report) -> Iterator[tuple[str, ...]]:
    for policy, control, result in report.controls():
        whose = f"{policy.policy}: " if len(report.policies) > 1 else ""
        name = f"{whose}{control.control} {control.title}"
        yield _prose(name), _prose(control.owner), control.status or "", _prose(counted(result))


def _targets(report: Report) -> Iterator[tuple[str, ...]]:
    for target in report.plan.targets:
        states = scopes(scope.state for scope in target.scopes)
        yield _code(target.name), _code(target.id), _code(target.identity or ""), states, calls(target)


def _unseen(report: Report) -> Iterator[tuple[str, ...]]:
    for group in missing(report):
        where = some(group.places, _PLACES)
        yield _prose(group.title), _code(group.first.detail), _code(group.first.mend, _MEND), _code(where)


def _nothing_there(report: Report) -> Iterator[tuple[str, ...]]:
    for empty in report.coverage.empty:
        where = f"{empty.target}: {some(empty.scopes, _PLACES)}"
        yield _code(empty.check), "evaluated, and no resource was found", _code(where)
    for check in report.coverage.without_target:
        yield _code(check), "no target of that kind is configured", ""


def _failing(report: Report) -> Iterator[tuple[str, ...]]:
    yield from map(_finding, worst_first(report, Outcome.FAIL))


def _waived(report: Report) -> Iterator[tuple[str, ...]]:
    for finding, waiver in accepted(report):
        yield *_finding(finding), _prose(waiver.owner), _day(waiver.expires), _prose(waiver.reason)


def _finding(finding: Finding) -> tuple[str, ...]:
    where = ", ".join(word for word in (finding.target, finding.scope) if word)
    resource = _code(finding.resource or "everything")
    about = known(finding)
    return (
        finding.severity.value,
        _prose(finding.control),
        f"{resource}: {_prose(about)}" if about else resource,
        _code(where),
        _code("; ".join(finding.reasons)),
    )


def _waivers(report: Report) -> Iterator[tuple[str, ...]]:
    for result in waivers.due(report):
        waiver = result.waiver
        yield (
            _day(waiver.expires),
            waivers.state(result),
            _code(waivers.covers(waiver)),
            _prose(waiver.owner),
            _prose(waiver.reason),
            f"{waiver.line:,}",
        )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _day(said: str) -> str:
    """A day as it is; what somebody wrote into a report instead of one, as text."""
    return said if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said) else _prose(said)


def _prose(text: str) -> str:
    return prose(bounded(text, _CELL))


def _code(text: str, limit: int = _CELL) -> str:
    return code(bounded(text, limit)) if text else ""
