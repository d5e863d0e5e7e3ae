"""JSON: the machine contract, described by `report.schema.json` beside this file."""

from typing import TextIO

from scanner import Report, encoded


def write(report: Report, out: TextIO) -> None:
    """The whole report as JSON, for machines and for showing again in any other format."""
    # Pipelines run `##[...]` and `##vso[...]` wherever a log has it; here it can only stand in a string.
    out.writelines(chunk.replace("##", r"#\u0023") for chunk in encoded(report))
