"""A report as JSON: the machine contract, written a line a finding and read again."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

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
from .plain import UNDECODABLE, as_json
from .report import Report
from .spool import Spool

_UNASKED = "it tells of what no policy in it asks"


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
    head = as_json(
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
        yield comma + as_json(finding).decode()
        comma = ",\n"
    yield "\n]}\n"


def read(path: Path) -> Report:
    """A report that the json reporter wrote; its findings are kept on disk, as those of a run are.

    Raises:
        ScannerError: it is not one, or of a later format, or there is no room for it.
    """
    try:
        with path.open("rb") as file:
            document, listed = _opened(file)
            if document.format > FORMAT:
                raise ScannerError(f"{path}: format {document.format}; this version reads up to {FORMAT}")
            findings = Spool(_asked(listed, document))
    except OSError as error:
        raise ScannerError(f"{path}: {error.strerror}") from None
    except (ValueError, *UNDECODABLE) as error:
        raise ScannerError(f"{path}: not a report written with -f json: {error}") from None
    return Report(
        run=document.run,
        policies=document.policies,
        plan=document.plan,
        coverage=document.coverage,
        results=document.results,
        tally=document.tally,
        unreadable=document.unreadable,
        waivers=document.waivers,
        findings=findings,
    )


def _opened(file: BinaryIO) -> tuple[Document, Iterable[Finding]]:
    """The report without its findings, and those; only what somebody laid out anew is held whole."""
    head = file.readline()
    if not head.rstrip().endswith(b'"findings":['):
        document = msgspec.json.decode(head + file.read(), type=Document)
        return document, document.findings
    return msgspec.json.decode(head + b"]}", type=Document), _listed(file)


def _listed(lines: Iterable[bytes]) -> Iterator[Finding]:
    """The findings of the rest of the file, which is one a line, commas between them, and the end."""
    decoder = msgspec.json.Decoder(Finding)
    ended, more, none = False, True, True
    for line in lines:
        text = line.rstrip()
        if ended:
            if text:
                raise ValueError("something follows its end")
        elif text == b"]}":
            ended = True
        elif not more:
            raise ValueError("a comma is missing")
        else:
            more, none = text.endswith(b","), False
            yield decoder.decode(text.removesuffix(b","))
    if not ended or (more and not none):
        raise ValueError("it was cut short")


def _asked(findings: Iterable[Finding], document: Document) -> Iterator[Finding]:
    """The findings; results and they must be of the policies that it holds: reporters rely on it."""
    run = document.run
    if not all(moment.tzinfo for moment in (run.started_at, run.finished_at, run.as_of)):
        raise ValueError("its moments name no time zone")
    controls = [(policy.policy, control) for policy in document.policies for control in policy.controls]
    asked = {(policy, requirement.id) for policy, control in controls for requirement in control.requirements}
    counted = [(result.policy, result.control) for result in document.results]
    if counted != [(policy, control.control) for policy, control in controls]:
        raise ValueError(_UNASKED)
    for finding in findings:
        if (finding.policy, finding.requirement) not in asked:
            raise ValueError(_UNASKED)
        yield finding
