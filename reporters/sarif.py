"""SARIF 2.1.0, as GitHub's code scanning takes it: a requirement is a rule, a failing finding a result."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TextIO

from scanner import Control, Finding, Outcome, Policy, Report, Requirement, Severity

from . import waivers
from .anchor import anchor, uri
from .digest import many, worst_first
from .escape import bounded, prose, visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_RESULTS = 25_000
"""GitHub rejects a run with more."""
_NOTIFICATIONS = 1_000
_DESCRIPTION = 1_000
"""GitHub takes descriptions of up to 1,024 characters."""
_MESSAGE = 1_000
_NAME = 250
_TAG = 100
_ARGUMENT = re.compile(r"\{(\d+)\}")

_LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
# GitHub calls a rule critical over 9.0, high from 7.0, medium from 4.0 and low from 0.1.
_SCORE = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}

Json = dict[str, Any]
_Rules = dict[tuple[str, str], tuple[int, Policy, Control, Requirement]]


def write(report: Report, out: TextIO) -> None:
    """SARIF 2.1.0 for code-scanning dashboards: what fails and is not waived."""
    rules = _rules(report)
    head, _, tail = json.dumps(_log(report, rules), indent=2).rpartition('"results": []')
    out.write(f'{head}"results": [')
    comma = "\n"
    for finding in islice(worst_first(report, Outcome.FAIL), _RESULTS):
        out.write(f"{comma}        {json.dumps(_result(finding, rules))}")
        comma = ",\n"
    out.write(f"\n      ]{tail}\n")


def _rules(report: Report) -> _Rules:
    every = report.requirements().items()
    return {
        key: (index, policy, control, requirement)
        for index, (key, (policy, control, requirement)) in enumerate(every)
    }


def _log(report: Report, rules: _Rules) -> Json:
    driver = {
        "name": visible(report.run.tool),
        "version": visible(report.run.version),
        "rules": [_rule(policy, control, requirement) for _, policy, control, requirement in rules.values()],
    }
    # The category ends at the last slash: without one at the end, the policies' names would be cut off.
    category = visible("+".join(policy.policy for policy in report.policies))
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"wardround/{category}/"},
        "invocations": [_invocation(report, rules)],
        "results": [],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(report: Report, rules: _Rules) -> Json:
    # A consumer takes missing results for mended ones, so a run that saw nothing must not look like success.
    saw = report.coverage.evaluated > 0 or report.coverage.expected == 0
    return {
        "executionSuccessful": report.run.complete and report.entered and saw,
        "startTimeUtc": _utc(report.run.started_at),
        "endTimeUtc": _utc(report.run.finished_at),
        "toolExecutionNotifications": list(_notifications(report, rules)),
    }


def _notifications(report: Report, rules: _Rules) -> Iterator[Json]:
    left_out = report.count(Outcome.FAIL) - _RESULTS
    if left_out > 0:
        yield _notification(
            "error", f"{many(left_out, 'result')} left out: only the worst {_RESULTS:,} are here."
        )
    if not report.run.complete or not report.entered:
        yield _notification("error", report.verdict())
    if report.waived:
        fails = many(report.waived, "finding")
        yield _notification("note", f"{fails} left out: what is waived fails, and is accepted for now.")
    for result in (result for result in waivers.due(report)[:_NOTIFICATIONS] if result.expired):
        about = waivers.covers(result.waiver)
        yield _notification(
            "warning", f"Waiver until {result.waiver.expires}, {waivers.state(result)}: {about}"
        )
    for finding in islice(worst_first(report, Outcome.ERROR), _NOTIFICATIONS):
        index, *_ = rules[finding.policy, finding.requirement]
        said = f"{_about(finding)} could not be evaluated: {'; '.join(finding.reasons)}"
        yield _notification("warning", said) | {
            "associatedRule": {"id": _rule_id(finding), "index": index},
            "locations": [_location(finding, rules)],
        }
    more = report.count(Outcome.ERROR) - _NOTIFICATIONS
    if more > 0:
        yield _notification("warning", f"{more:,} more findings could not be evaluated.")


def _notification(level: str, said: str) -> Json:
    return {"level": level, "message": {"text": _message(said)}}


def _rule(policy: Policy, control: Control, requirement: Requirement) -> Json:
    text = _text(control.text or control.title, _DESCRIPTION)
    return {
        "id": visible(f"{policy.policy}/{requirement.id}"),
        "shortDescription": {"text": _text(f"{control.control} {control.title}", _DESCRIPTION)},
        "fullDescription": {"text": text},
        "help": _help(policy, control, requirement),
        "defaultConfiguration": {"level": _LEVEL[requirement.severity]},
        "properties": {
            "security-severity": _SCORE[requirement.severity],
            "tags": ["security", _text(policy.policy, _TAG), _text(control.control, _TAG)],
        },
    }


def _help(policy: Policy, control: Control, requirement: Requirement) -> Json:
    said = {
        "Policy": f"{policy.title}, after {policy.source}",
        "Control": f"{control.control} {control.title}",
        "Status": control.status or "",
        "Owner": control.owner,
        "Looked at by": requirement.check,
        "When": json.dumps(requirement.when) if requirement.when else "",
        "Expected": json.dumps(requirement.expect),
        "To mend": requirement.remediation,
    }
    lines = [(name, _text(value, _DESCRIPTION)) for name, value in said.items() if value]
    return {
        "text": "\n".join(f"{name}: {value}" for name, value in lines),
        "markdown": "\n".join(f"- **{name}:** {prose(value)}" for name, value in lines),
    }


def _result(finding: Finding, rules: _Rules) -> Json:
    index, *_ = rules[finding.policy, finding.requirement]
    said = f"{_about(finding)}: {'; '.join(finding.reasons) or 'falls short'}"
    return {
        "ruleId": _rule_id(finding),
        "ruleIndex": index,
        "level": _LEVEL[finding.severity],
        "message": {"text": _message(said)},
        "locations": [_location(finding, rules)],
        "partialFingerprints": {"primaryLocationLineHash": visible(f"{finding.id}:1")},
        "properties": {
            "check": _text(finding.check, _NAME),
            "target": _text(finding.target, _NAME),
            "scope": _text(finding.scope or "", _NAME),
        },
    }


def _location(finding: Finding, rules: _Rules) -> Json:
    _, policy, _, requirement = rules[finding.policy, finding.requirement]
    place = anchor(policy, requirement, finding)
    about = _text(finding.resource or finding.target, _DESCRIPTION)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(place.file)},
            "region": {"startLine": max(place.line, 1)},
        },
        "logicalLocations": [{"name": about, "fullyQualifiedName": about, "kind": "resource"}],
    }


def _about(finding: Finding) -> str:
    whole = ", ".join(word for word in (finding.target, finding.scope) if word)
    return bounded(finding.resource or f"everything in {whole}", _MESSAGE // 2)


def _rule_id(finding: Finding) -> str:
    return visible(f"{finding.policy}/{finding.requirement}")


def _text(text: str, limit: int) -> str:
    return bounded(visible(text), limit)


def _message(text: str) -> str:
    # In a SARIF message, brackets make a link and a number in braces stands for an argument.
    text = _text(text, _MESSAGE).replace("[", "\\[").replace("]", "\\]")
    return _ARGUMENT.sub(r"{{\1}}", text)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
