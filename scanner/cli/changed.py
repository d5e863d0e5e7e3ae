"""What changed, in words."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from scanner import changes
from scanner.evidence import Bundle
from scanner.model import Finding, Outcome
from scanner.plain import visible
from scanner.report import Status
from scanner.reportfile import read

LONGEST = 1_000
"""How many characters of a line are shown: what a system answers may be a book."""


def verdicts(old: Path, new: Path) -> tuple[list[str], Status]:
    """The verdicts that changed, a line each, and what the command exits with.

    Raises:
        ScannerError: one of the two is no report.
    """
    before, after = read(old), read(new)
    changed = changes.verdicts(before, after)
    lines = [
        f"from {before.run.as_of:%Y-%m-%d %H:%M} to {after.run.as_of:%Y-%m-%d %H:%M} UTC",
        "",
        *_section("fail now, and did not before", changed.failing),
        *_section("fail as before, and are not waived any more", changed.unwaived),
        *_section("cannot be evaluated now, which is new", changed.unseen),
        *_section("failed before, and do not now", changed.mended),
        *_section("failed before, and are not there any more", changed.gone),
        *_section("could not be evaluated before, and can now", changed.seen),
        f"{changed.still:,} fail as before",
    ]
    if changed.unknown:
        lines.append(f"{changed.unknown:,} failed before, and could not be seen now")
    if changed.unasked:
        lines.append(f"{changed.unasked:,} failed before, and were not asked about now")
    return lines, changed.status


def facts(old: Path, new: Path) -> Iterator[str]:
    """The facts that changed, a line each; then the places where not everything was read both times.

    Raises:
        ScannerError: one of the two is no bundle.
    """
    changed = False
    unread: list[changes.Unread] = []
    for change in changes.world(Bundle(old), Bundle(new)):
        if isinstance(change, changes.Unread):
            unread.append(change)
            continue
        changed = True
        about = f"{change.resource} ({change.check})"
        if change.before is None:
            yield _plain(f"+ {about}")
        elif change.after is None:
            yield _plain(f"- {about}")
        else:
            for name, value in change.after.items():
                yield _plain(f"~ {about}: {name} was {_json(change.before[name])}, is {_json(value)}")
    if not changed:
        yield "nothing changed where both were read"
    for place in unread:
        yield _plain(f"? {place.check}: {place.target}, {place.scope}: not read whole both times")


def _section(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"{len(findings):,} {title}:"
    for finding in sorted(findings, key=lambda finding: finding.severity.rank):
        place = f"{finding.target}, {finding.scope}" if finding.scope else finding.target
        where = finding.resource or place or "no target"
        # Of what can be evaluated now, the old report's refusal is no reason.
        why = "; ".join(finding.reasons) if title.startswith(("fail", "cannot")) else ""
        waived = " (waived)" if finding.waiver and finding.outcome is Outcome.FAIL else ""
        told = ": ".join(filter(None, (finding.severity.value, finding.requirement, where, why)))
        yield "  " + _plain(told + waived)
    yield ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """Text from scanned systems: on one line, with nothing in it that a terminal or a pipeline would obey."""
    text = visible(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text):,} characters)"
