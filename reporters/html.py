"""One HTML file for people: it asks for nothing, and is readable without JavaScript."""

import heapq
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from itertools import groupby, islice
from typing import Any, TextIO

from scanner import ControlResult, Finding, Outcome, Policy, Report, Requirement, Severity, Unreadable

from . import waivers
from .digest import calls, known
from .digest import files as judged_by
from .escape import bounded, visible

LISTED = 200
"""How many failing findings stand in the page itself; the explorer holds all."""
LISTED_ASIDE = 100
"""How many waivers, and how many things that could not be seen."""
CHUNK = 4096
"""How many findings share a dictionary: memory stays flat, and text that repeats is stored once."""
LONG = 400
"""How much of one text stands in the page itself, in characters."""

_PLAIN = re.compile(r"[A-Za-z_][\w.:/+@-]*(?<!:)")
_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def write(report: Report, out: TextIO) -> None:
    """One self-contained HTML page: verdict, coverage, controls, evidence, and every finding to search."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        return value if isinstance(value, Markup) else _shown(value)

    def lines(texts: Iterable[str]) -> Markup:
        return Markup("\n").join(visible(text) for text in texts)

    def asked(requirement: Requirement) -> Markup:
        return lines(_yaml(requirement))

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=shown
    )
    environment.filters |= {
        "clipped": lambda text: bounded(text, LONG),
        "visible": visible,
        "paragraphs": _paragraphs,
        "lines": lines,
        "asked": asked,
    }
    style, script = _asset("report.css"), _asset("report.js")
    page = environment.from_string(_asset("report.html.j2")).generate(
        report=report,
        style=Markup(style),  # noqa: S704 - ours, and what the policy's hash is of
        script=Markup(script),  # noqa: S704 - as above
        security=_security(style, script),
        packed=map(Markup, _packed(report)),  # base64 needs no escaping, and is most of the page
        Outcome=Outcome,
        Severity=Severity,
        **_sections(report),
    )
    out.writelines(page)


def _asset(name: str) -> str:
    return (files("reporters") / "assets" / name).read_text("utf-8")


def _security(style: str, script: str) -> str:
    """A content security policy under which only our own style and script do anything."""
    style_hash, script_hash = (b64encode(sha256(text.encode()).digest()).decode() for text in (style, script))
    return (
        f"default-src 'none'; script-src 'sha256-{script_hash}'; style-src 'sha256-{style_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _sections(report: Report) -> dict[str, Any]:
    listed = _Listed.of(report.findings)
    failing = sorted(listed.failing, key=lambda item: item[1])
    total = {outcome: report.count(outcome) for outcome in Outcome}
    mends = _mends(report.unreadable)
    return {
        "total": total,
        "waived": report.waived,
        "calls": calls,
        "known": known,
        "judged_by": judged_by(report),
        "due": waivers.due(report)[:LISTED_ASIDE],
        "more_due": len(waivers.due(report)[LISTED_ASIDE:]),
        "counted_waivers": waivers.counted(report),
        "state": waivers.state,
        "covers": waivers.covers,
        "listed": len(failing),
        "failing": [
            (key, [item[2] for item in group])
            for key, group in groupby(failing, key=lambda item: (item[2].policy, item[2].control))
        ],
        "waivers": listed.waived,
        "anchors": {
            (policy.policy, control.control): f"control-{number}"
            for number, (policy, control, _) in enumerate(report.controls(), 1)
        },
        "names": {(policy.policy, control.control): control for policy, control, _ in report.controls()},
        "owners": _owners(report),
        "mends": mends[:LISTED_ASIDE],
        "more_mends": len(mends[LISTED_ASIDE:]),
        "cells": _cells(report),
    }


@dataclass
class _Listed:
    """The findings that stand in the page itself."""

    failing: list[tuple[int, int, Finding]] = field(default_factory=list)
    """The worst, each with its severity's rank and its place in the report."""
    waived: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "_Listed":
        listed = cls()

        def failing() -> Iterator[tuple[int, int, Finding]]:
            for place, finding in enumerate(findings):
                if finding.outcome is Outcome.FAIL and not finding.waiver:
                    yield finding.severity.rank, place, finding
                elif finding.waiver and len(listed.waived) < LISTED_ASIDE:
                    listed.waived.append(finding)

        listed.failing = heapq.nsmallest(LISTED, failing(), key=lambda item: item[:2])
        return listed


def _owners(report: Report) -> list[tuple[str, dict[str, int], Severity | None]]:
    """What each owner has open, by name."""
    owned: dict[str, list[ControlResult]] = {}
    for _, control, result in report.controls():
        owned.setdefault(control.owner, []).append(result)
    return [
        (
            owner,
            {
                "controls": len(results),
                "failed": sum(result.counts.failed - result.counts.waived for result in results),
                "waived": sum(result.counts.waived for result in results),
                "errors": sum(result.counts.errors for result in results),
            },
            min((result.worst for result in results if result.worst), key=lambda it: it.rank, default=None),
        )
        for owner, results in sorted(owned.items())
    ]


def _cells(report: Report) -> list[tuple[str, int, float, float, str]]:
    """The four kinds of cells: name, number, where its bar starts and how wide it is in percent, meaning."""
    coverage = report.coverage
    kinds = (
        ("evaluated", coverage.evaluated, "Looked at, and decided."),
        ("not evaluated", coverage.not_evaluated, "Something in it could not be read; see below for what."),
        ("unreachable", coverage.unreachable, "The target or this part of it could not be entered."),
        ("excluded", coverage.excluded, "Left out by the configuration."),
    )
    start, bars = 0.0, []
    for name, number, meaning in kinds:
        share = 100 * number / max(coverage.expected, 1)
        bars.append((name, number, round(start, 2), round(share, 2), meaning))
        start += share
    return bars


@dataclass
class _Mend:
    """Unreadables that one action would mend."""

    first: Unreadable
    checks: dict[str, None] = field(default_factory=dict)
    places: dict[str, None] = field(default_factory=dict)


def _mends(unreadable: Iterable[Unreadable]) -> list[_Mend]:
    """What could not be seen, by what would mend it: ten thousand refusals of one permission are one line."""
    mends: dict[tuple[str | None, ...], _Mend] = {}
    for item in unreadable:
        mend = mends.setdefault((item.target, item.reason, item.need, item.mend), _Mend(item))
        mend.checks[item.check or "every check"] = None
        mend.places[item.resource or item.scope or item.target] = None
    return list(mends.values())


def _packed(report: Report) -> Iterator[str]:
    """Every finding, as base64 of gzip of a JSON line for each chunk."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)  # 31: in a gzip frame, whose time is zero
    kept = b""
    for line in _lines(report):
        kept += deflate.compress(line.encode())
        whole = len(kept) // 3 * 3  # base64 of pieces is the base64 of the whole only at multiples of three
        if whole:
            yield b64encode(kept[:whole]).decode() + "\n"
        kept = kept[whole:]
    yield b64encode(kept + deflate.flush()).decode()


def _lines(report: Report) -> Iterator[str]:
    places: dict[tuple[str, str], int] = {}
    asked = []
    for place, (key, (policy, control, requirement)) in enumerate(report.requirements().items()):
        places[key] = place
        asked.append(_asked(policy, control.control, control.title, control.owner, requirement))
    names = {visible(target.id): visible(target.name) for target in report.plan.targets}
    yield json.dumps({"requirements": asked, "names": names}, ensure_ascii=False) + "\n"
    rows = (_row(finding, places) for finding in report.findings)
    while chunk := list(islice(rows, CHUNK)):
        columns = {name: _column([row[name] for row in chunk]) for name in chunk[0]}
        yield json.dumps(columns, ensure_ascii=False, separators=(",", ":")) + "\n"


def _asked(policy: Policy, control: str, title: str, owner: str, requirement: Requirement) -> dict[str, Any]:
    return {
        "policy": visible(policy.policy),
        "control": visible(control),
        "title": visible(title),
        "owner": visible(owner),
        "requirement": visible(requirement.id),
        "expect": {visible(name): visible(_written(want)) for name, want in requirement.expect.items()},
        "when": visible(_written(requirement.when)) if requirement.when else "",
        "remediation": visible(" ".join(requirement.remediation.split())),
    }


def _row(finding: Finding, places: dict[tuple[str, str], int]) -> dict[str, Any]:
    """A finding's columns; a resource is cut where its siblings differ, so that their common part packs."""
    stem, cut, leaf = (finding.resource or "").rpartition("/")
    waived = finding.waiver
    # What passes is named by its key: ids do not pack, and would make the page half as long again.
    cited = finding.outcome in (Outcome.FAIL, Outcome.ERROR)
    return {
        "outcome": "waived" if waived else finding.outcome.value,
        "severity": finding.severity.value,
        "asked": places[finding.policy, finding.requirement],
        "check": visible(finding.check),
        "target": visible(finding.target),
        "scope": visible(finding.scope or ""),
        "region": visible(finding.region or ""),
        "type": visible(finding.resource_type or ""),
        "stem": visible(stem + cut),
        "leaf": visible(leaf),
        "reasons": "\n".join(map(visible, finding.reasons)),
        "facts": _pairs(finding.facts),
        "context": _pairs(finding.context),
        "waiver": "\n".join(map(visible, (waived.owner, waived.reason, waived.expires))) if waived else "",
        "id": visible(finding.id) if cited else "",
    }


def _pairs(values: dict[str, Any]) -> str:
    if not values:
        return ""
    shown = {visible(name): visible(_written(value)) for name, value in values.items()}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def _column(values: list[Any]) -> list[Any]:
    """A column's distinct values, and the place of each row's value among them unless they all differ."""
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    if len(places) == len(values):
        return [values]
    return [list(places), [places[value] for value in values]]


def _shown(value: Any) -> Any:
    """How a value stands in the page."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return "" if value is None else value


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _yaml(requirement: Requirement) -> Iterator[str]:
    """A requirement's lines as a policy file has them."""
    yield f"check: {requirement.check}"
    if requirement.checks not in {(), (requirement.check,)}:
        yield f"# that is {', '.join(requirement.checks)}"
    for word, said in (("when", requirement.when), ("expect", requirement.expect)):
        if said:
            yield f"{word}:"
            yield from (f"  {name}: {_written(value)}" for name, value in said.items())
    yield f"severity: {requirement.severity}"
    if requirement.absent == "fail":
        yield "absent: fail"


def _written(value: Any) -> str:
    """A value as YAML has it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(name)}: {_written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
