"""A report as JSON: the machine contract, written a line a finding and read again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from .errors import ScannerError
from .model import (
    FORMAT,
    ControlResult,
    Coverage,
    Finding,
    Outcome,
    Plan,
    Policy,
    Record,
    Run,
    Severity,
    Unreadable,
    WaiverResult,
)
from .report import Report


class Document(Record, frozen=True, kw_only=True):
    """A report as JSON holds it: the machine contract. Fields are added, never renamed."""

    format: int
    verdict: str
    run: Run
    policies: tuple[Policy, ...]
    plan: Plan
    coverage: Coverage
    results: tuple[ControlResult, ...]
    tally: dict[Severity, dict[Outcome, int]]
    unreadable: tuple[Unreadable, ...]
    waivers: tuple[WaiverResult, ...] = ()
    findings: tuple[Finding, ...]


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of report.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Document)


def encoded(report: Report) -> Iterator[str]:
    """The report as JSON text, a line a finding, so that neither side has to hold it."""
    head = msgspec.json.encode(
        Document(
            format=FORMAT,
            verdict=report.verdict(),
            run=report.run,
            policies=report.policies,
            plan=report.plan,
            coverage=report.coverage,
            results=report.results,
            tally=report.tally,
            unreadable=report.unreadable,
            waivers=report.waivers,
            findings=(),
        )
    ).decode()
    yield head.removesuffix("]}")
    comma = "\n"
    for finding in report.findings:
        yield comma + msgspec.json.encode(finding).decode()
        comma = ",\n"
    yield "\n]}\n"


def read(path: Path) -> Report:
    """A report that the json reporter wrote.

    Raises:
        ScannerError: it is not one, or of a later format.
    """
    try:
        document = msgspec.json.decode(path.read_bytes(), type=Document)
    except OSError as error:
        raise ScannerError(f"{path}: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise ScannerError(f"{path}: not a report written with -f json: {error}") from None
    if document.format > FORMAT:
        raise ScannerError(f"{path}: format {document.format}; this version reads up to {FORMAT}")
    return Report(
        run=document.run,
        policies=document.policies,
        plan=document.plan,
        coverage=document.coverage,
        results=document.results,
        tally=document.tally,
        unreadable=document.unreadable,
        waivers=document.waivers,
        findings=document.findings,
    )
