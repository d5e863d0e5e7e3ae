"""JSON: the machine contract, described by `report.schema.json` beside this file."""

import json
import re
from typing import TextIO

from scanner import Report, encoded, visible

_STRANGE = re.compile(r"[^ -~\n]")


def write(report: Report, out: TextIO) -> None:
    """The whole report as JSON, for machines and for showing again in any other format."""
    # Pipelines run `##[...]` and `##vso[...]` wherever a log has it; here it can only stand in a string.
    out.writelines(_STRANGE.sub(_escaped, chunk.replace("##", r"#\u0023")) for chunk in encoded(report))


def _escaped(character: re.Match[str]) -> str:
    """What does not show, or a terminal would obey, as JSON escapes it."""
    return character[0] if visible(character[0]) == character[0] else json.dumps(character[0])[1:-1]
