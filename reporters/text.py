"""Text: the report for people, to be read on a terminal or aloud."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TextIO

from scanner import (
    Control,
    ControlResult,
    Finding,
    Outcome,
    Policy,
    Report,
    Requirement,
    Severity,
    TargetRecord,
)

from . import waivers
from .digest import (
    LIMITS,
    LISTED,
    Listing,
    Some,
    calls,
    counted,
    files,
    known,
    listings,
    many,
    missing,
    moment,
    scopes,
    some,
    totals,
)
from .escape import bounded, visible

_COLOURS = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
_WORD = re.compile(r"\S+\s*")
_LONGEST = 2_000
"""Characters: a known_hosts line that mends something has up to 800."""
_WIDEST = 110
_USUAL = 80
_GROUPS = 40
_PLACES = 5
_TARGETS = 20

Span = str | tuple[str, str]


@dataclass(frozen=True)
class Line:
    """One line to show: pieces of harmless text, each with a style, indented by so many columns."""

    spans: tuple[tuple[str, str], ...]
    indent: int

    @property
    def text(self) -> str:
        """What it says, without its indentation."""
        return "".join(text for text, _ in self.spans)


def write(report: Report, out: TextIO) -> None:
    """The report in plain words for people, with colour on a terminal."""
    if out.isatty():
        _show(_document(report), out)
        return
    out.writelines(f"{' ' * line.indent}{line.text}\n" if line.spans else "\n" for line in _document(report))


def _show(lines: Iterable[Line], out: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, width=_width(out), highlight=False, markup=False, emoji=False)
    for line in lines:
        # Text, never markup: a resource may be called [bold].
        text = Text.assemble(*line.spans)
        hang = line.indent + (2 if line.indent else 0)
        for number, row in enumerate(text.divide(_breaks(line.text, console.width - hang))):
            row.rstrip()
            margin = Text(" " * (hang if number else line.indent))
            console.print(margin + row, soft_wrap=True)


def _breaks(text: str, width: int) -> list[int]:
    """Where to break a line: between words only, so that an ARN stays whole and can be copied."""
    from rich.cells import cell_len

    breaks: list[int] = []
    start = 0
    for word in _WORD.finditer(text):
        if word.start() > start and cell_len(text[start : word.end()].rstrip()) > width:
            start = word.start()
            breaks.append(start)
    return breaks


def _width(out: TextIO) -> int:
    try:
        return min(os.get_terminal_size(out.fileno()).columns or _USUAL, _WIDEST)
    except (OSError, ValueError):
        return _USUAL


def _line(indent: int, *spans: Span) -> Line:
    pieces = [(span, "") if isinstance(span, str) else span for span in spans]
    pieces = [(bounded(visible(text), _LONGEST), style) for text, style in pieces]
    if "".join(text for text, _ in pieces).lstrip().startswith("::"):
        # GitHub's runner takes a line of a log for a command, indented or not.
        pieces.insert(0, ("> ", ""))
    return Line(tuple(pieces), indent)


_BLANK = Line((), 0)


def _heading(words: str) -> Iterator[Line]:
    yield _BLANK
    yield _line(0, (words, "bold underline"))


def _document(report: Report) -> Iterator[Line]:
    yield _line(0, (report.verdict(), f"bold {_colour(report)}"))
    yield from _scope(report)
    yield from _coverage(report)
    yield from _heading("Findings, by control")
    yield _line(2, f"{totals(report)}.")
    yield from _controls(report)
    yield from _waivers(report)
    yield from _unseen(report)
    yield from _nothing_there(report)
    yield from _heading("What this report is")
    yield from (_line(2, sentence) for sentence in LIMITS)


def _colour(report: Report) -> str:
    if report.count(Outcome.FAIL) or not report.entered:
        return "red"
    seen = report.coverage
    if seen.not_evaluated + seen.unreachable or report.waived or not report.run.complete:
        return "yellow"
    return "green"


def _scope(report: Report) -> Iterator[Line]:
    run = report.run
    yield from _heading("Scope")
    for policy in report.policies:
        yield _line(
            2, "Policy ", (policy.policy, "bold"), f": {policy.title}, after {policy.source};",
            f" sha256 {policy.sha256[:12]}.",
        )  # fmt: skip
    for name, digest in files(report).items():
        yield _line(2, f"Judged by the {name} as well; sha256 {digest[:12]}.")
    targets = report.plan.targets
    for target in targets[:_TARGETS]:
        asked = f", asked as {target.identity}" if target.identity else ""
        if target.kind == "evidence":
            asked = ", worked out from what the other targets showed"
        label = f" ({target.id})" if target.id != target.name else ""
        yield _line(
            2,
            "Target ",
            (target.name, "bold"),
            f"{label}{asked}: {scopes(scope.state for scope in target.scopes)}{_cost(target)}.",
        )
    if rest := targets[_TARGETS:]:
        every = scopes(scope.state for target in rest for scope in target.scopes)
        yield _line(2, f"and {many(len(rest), 'more target')}: {every}.")
    yield _line(2, f"Looked at from {moment(run.started_at)} to {moment(run.finished_at)}.")
    yield _line(2, f"Ages are counted to {moment(run.as_of)}.")
    yield _line(2, f"Run {run.id} of {run.tool} {run.version}.")


def _cost(target: TargetRecord) -> str:
    return f"; {calls(target)}" if target.calls else ""


def _coverage(report: Report) -> Iterator[Line]:
    seen = report.coverage
    least = "at least " if seen.at_least else ""
    yield from _heading("Coverage")
    yield _line(
        2,
        (f"{least}{many(seen.expected, 'cell')} expected".capitalize(), "bold"),
        f" = {seen.evaluated:,} evaluated + {seen.not_evaluated:,} not evaluated"
        f" + {seen.unreachable:,} unreachable + {seen.excluded:,} excluded.",
    )
    yield _line(2, f"A cell is one {seen.unit}.")
    if seen.at_least:
        yield _line(2, "The true number is larger: somewhere the list of scopes itself was refused.")
    checks = many(len(seen.resources), "check")
    resources = many(sum(seen.resources.values()), "resource")
    yield _line(2, f"{resources} seen, by {checks} whose listings were read whole.")


def _controls(report: Report) -> Iterator[Line]:
    listed = listings(report)
    names = {target.id: target.name for target in report.plan.targets}
    roomy = True
    for policy, control, result in report.controls():
        blocks = [
            line
            for requirement in control.requirements
            if (policy.policy, requirement.id) in listed
            for line in _requirement(requirement, listed[policy.policy, requirement.id], names)
        ]
        if roomy or blocks:
            yield _BLANK
        roomy = bool(blocks)
        yield _control(report, policy, control, result)
        yield from blocks


def _control(report: Report, policy: Policy, control: Control, result: ControlResult) -> Line:
    whose = f"{policy.policy}, " if len(report.policies) > 1 else ""
    status = f"{control.status}, " if control.status else ""
    colour = _COLOURS[result.worst] if result.worst else "yellow" if result.counts.errors else ""
    return _line(
        2,
        (control.control, "bold"),
        f" {control.title} ({whose}{status}owner {control.owner}): ",
        (counted(result), colour),
        ".",
    )


def _requirement(requirement: Requirement, listing: Listing, names: dict[str, str]) -> Iterator[Line]:
    name = requirement.id
    severity = requirement.severity
    if listing.failing.total:
        yield _line(4, (f"Fails, {severity.value}: ", _COLOURS[severity]), (name, "bold"))
        yield from _some(listing.failing, names)
        if requirement.remediation:
            yield _line(6, ("To mend: ", "bold"), requirement.remediation)
    if listing.waived.total:
        yield _line(4, (f"Fails, {severity.value}, and is waived: ", "magenta"), (name, "bold"))
        yield from _some(listing.waived, names)
    if listing.errors.total:
        yield _line(4, (f"Could not be evaluated, {severity.value}: ", "yellow"), (name, "bold"))
        yield from _some(listing.errors, names)


def _some(findings: Some, names: dict[str, str]) -> Iterator[Line]:
    for reasons, group in findings.by_reason().items():
        yield from (_line(6, reason) for reason in reasons)
        yield from (_line(8, *_resource(finding, names)) for finding in group)
    if findings.total > len(findings.shown):
        yield _line(6, f"and {findings.total - LISTED:,} more, see -f json or html")


def _resource(finding: Finding, names: dict[str, str]) -> Iterator[Span]:
    target = names.get(finding.target, finding.target)
    where = ", ".join(word for word in (target, finding.scope) if word)
    if finding.resource is None:
        yield f"- everything in {where}"
    elif finding.resource == finding.target:
        yield f"- {finding.resource}"
    else:
        yield f"- {finding.resource}"
        yield (f" ({where})", "dim")
    if about := known(finding):
        yield f"; {about}"
    if finding.waiver:
        waiver = finding.waiver
        yield f": accepted by {waiver.owner} until {waiver.expires}, because {waiver.reason}"


def _waivers(report: Report) -> Iterator[Line]:
    if not report.waivers:
        return
    yield from _heading("Waivers")
    yield _line(2, f"{waivers.counted(report)}.")
    due = waivers.due(report)
    for result in due[:_GROUPS]:
        waiver = result.waiver
        yield _line(2, (f"{waiver.expires}, {waivers.state(result)}", "red" if result.expired else "yellow"))
        yield _line(4, "Covers: ", waivers.covers(waiver))
        yield _line(4, "Accepted by: ", f"{waiver.owner}, because {waiver.reason}")
        yield _line(4, f"Line {waiver.line} of the waivers file")
    if len(due) > _GROUPS:
        yield _line(2, f"and {len(due) - _GROUPS:,} more, see -f json")


def _unseen(report: Report) -> Iterator[Line]:
    groups = missing(report)
    if not groups:
        return
    yield from _heading("What could not be seen, and what would mend it")
    for group in groups[:_GROUPS]:
        yield _line(2, (group.title, "yellow"))
        yield _line(4, "Said: ", group.first.detail)
        yield _line(4, ("To mend: ", "bold"), group.first.mend)
        yield _line(4, "Where: ", some(group.places, _PLACES))
        if group.checks:
            yield _line(4, "Needed by: ", some(group.checks, _PLACES))
    if len(groups) > _GROUPS:
        yield _line(2, f"and {len(groups) - _GROUPS:,} more, see -f json or html")


def _nothing_there(report: Report) -> Iterator[Line]:
    names = {target.id: target.name for target in report.plan.targets}
    if report.coverage.empty:
        yield from _heading("Evaluated, and no resource was found")
    for empty in report.coverage.empty:
        where = some(empty.scopes, _PLACES)
        yield _line(2, f"{empty.check}: {names.get(empty.target, empty.target)}, {where}")
    if report.coverage.without_target:
        yield from _heading("Asked by a policy, and no target of that kind is configured")
    for family, checks in groupby(report.coverage.without_target, key=lambda check: check.rpartition(".")[0]):
        yield _line(2, f"{family}: ", ", ".join(check.rpartition(".")[2] for check in checks))
