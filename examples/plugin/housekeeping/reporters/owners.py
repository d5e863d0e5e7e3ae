"""Owners: who has something to do, a line each, to be sorted, cut and mailed."""

from collections import Counter
from typing import TextIO

from scanner import Report


def write(report: Report, out: TextIO) -> None:
    """Tab-separated: the owner, what fails and is not waived, what could not be evaluated."""
    failing: Counter[str] = Counter()
    unseen: Counter[str] = Counter()
    for _, control, result in report.controls():
        failing[control.owner] += result.counts.failed - result.counts.waived
        unseen[control.owner] += result.counts.errors
    out.write("owner\tfailing\tnot evaluated\n")
    out.writelines(f"{_word(owner)}\t{failing[owner]}\t{unseen[owner]}\n" for owner in sorted(failing))


def _word(text: str) -> str:
    """What a stranger's policy says goes to a terminal: nothing in it may be a tab or an escape."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
