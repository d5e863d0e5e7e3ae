"""JSON: the machine contract, described by `report.schema.json` beside this file."""

from typing import TextIO

from scanner import Report, encoded


def write(report: Report, out: TextIO) -> None:
    """The whole report as JSON, for machines and for showing again in any other format."""
    for chunk in encoded(report):
        out.write(chunk)
