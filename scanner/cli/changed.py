"""What changed, in words."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from scanner import changes
from scanner.evidence import Bundle
from scanner.model import Finding
from scanner.reportfile import read


def verdicts(old: Path, new: Path) -> tuple[list[str], bool]:
    """The verdicts that changed, a line each, and whether something fails that did not.

    Raises:
        ScannerError: one of the two is no report.
    """
    changed = changes.verdicts(read(old), read(new))
    lines = [
        line
        for title, findings in (
            ("fail now, and did not before", changed.failing),
            ("could not be evaluated now, and were before", changed.unseen),
            ("failed before, and do not now", changed.mended),
            ("failed before, and are not there any more", changed.gone),
            ("could not be evaluated before, and pass now", changed.seen),
        )
        for line in _section(title, findings)
    ]
    lines.append(f"{changed.still:,} fail as before")
    return lines, bool(changed.failing)


def facts(old: Path, new: Path) -> Iterator[str]:
    """The facts that changed, a line each.

    Raises:
        ScannerError: one of the two is no bundle.
    """
    changed = False
    for change in changes.world(Bundle(old), Bundle(new)):
        changed = True
        about = f"{_plain(change.resource)} ({change.check})"
        if change.before is None:
            yield f"+ {about}"
        elif change.after is None:
            yield f"- {about}"
        else:
            for name, value in change.after.items():
                yield _plain(f"~ {about}: {name} was {_json(change.before[name])}, is {_json(value)}")
    if not changed:
        yield "nothing changed where both were read"


def _section(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"{len(findings):,} {title}:"
    for finding in findings:
        why = f": {'; '.join(finding.reasons)}" if finding.reasons else ""
        where = finding.resource or f"{finding.target}, {finding.scope}"
        waived = " (waived)" if finding.waiver else ""
        yield _plain(f"  {finding.severity.value}: {finding.requirement}: {where}{why}{waived}")
    yield ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """Text from scanned systems, with nothing in it that a terminal would obey."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
