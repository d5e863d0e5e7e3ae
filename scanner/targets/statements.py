"""Statements: what people state, read from YAML; no files, no clock."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath
from typing import Any

from ..documents import Document, Path, mistakes, parse, written
from ..errors import ScannerError

_TEXT = {"type": "string", "minLength": 1}
_NAME = _TEXT | {"maxLength": 200, "description": "at most 200 characters"}
_WORD = {
    "type": "string",
    "minLength": 1,
    "maxLength": 100,
    "pattern": r"^[a-z0-9][a-z0-9._-]*$",
    "description": "small letters, digits, . _ and -, as in risk-analysis",
}
_DAY = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "a day: YYYY-MM-DD"}

STATEMENT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["topic", "control", "statement", "by", "role", "date"],
    "properties": {
        "topic": _WORD,
        "subject": _WORD,
        "control": _NAME,
        "statement": _TEXT,
        "by": _NAME,
        "role": _NAME,
        "date": _DAY,
        "expires": _DAY,
        "evidence": {
            "type": "object",
            "additionalProperties": False,
            "required": ["file", "sha256"],
            "properties": {
                "file": _TEXT | {"maxLength": 1000, "description": "at most 1000 characters"},
                "sha256": {
                    "type": "string",
                    "pattern": r"^[0-9a-fA-F]{64}$",
                    "description": "64 hex digits, as sha256sum prints them",
                },
            },
        },
    },
    "description": "a statement, or a list of them",
}
"""One statement of a file."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What somebody stated on a day, as it was written down."""

    topic: str
    """What it is about, in a word: risk-analysis."""
    subject: str | None
    """Which one of several it is about: a vendor, a site."""
    control: str
    text: str
    by: str
    role: str
    signed_at: datetime
    """The start of its day, in UTC."""
    expires_at: datetime | None
    """The last second of the last day on which it holds, in UTC."""
    evidence_file: str | None
    """From the folder of the statements."""
    evidence_sha256: str | None

    @property
    def key(self) -> str:
        """What tells it from the others of its file, and stays when it is renewed or moved within it."""
        return f"{self.topic}/{self.subject}" if self.subject else self.topic

    @property
    def text_sha256(self) -> str:
        """SHA-256 of its words."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read(text: bytes, name: str) -> list[Statement]:
    """The statements of one file, which holds one or a list of them.

    Raises:
        ScannerError: it is malformed; every mistake with file and line.
    """
    document = parse(text, name)
    listed = isinstance(document.data, list)
    if document.data == []:
        raise ScannerError(document.at((), "no statement: the list is empty"))
    paths: list[Path] = [(index,) for index in range(len(document.data))] if listed else [()]
    wrong = [mistake for path in paths for mistake in mistakes(document, STATEMENT, path)]
    wrong = wrong or [mistake for path in paths for mistake in _mistakes(document, path)]
    if wrong:
        raise ScannerError(*wrong)
    statements = [_statement(_at(document, path)) for path in paths]
    wrong = list(_repeated(document, paths, statements))
    if wrong:
        raise ScannerError(*wrong)
    return statements


def _at(document: Document, path: Path) -> dict[str, Any]:
    data: dict[str, Any] = document.data[path[0]] if path else document.data
    return data


def _mistakes(document: Document, path: Path) -> Iterator[str]:
    """What a schema cannot say."""
    data = _at(document, path)
    evidence = data.get("evidence", {})
    named = [((name,), data[name]) for name in ("topic", "subject", "control", "by", "role") if name in data]
    for where, said in [*named, *((("evidence", name), value) for name, value in evidence.items())]:
        if not said.isprintable():
            yield document.at((*path, *where), f"{where[-1]}: it holds characters that cannot be printed")
    days: dict[str, date] = {}
    for name in {"date", "expires"} & data.keys():
        try:
            days[name] = date.fromisoformat(data[name])
        except ValueError:
            yield document.at((*path, name), f"{name}: {written(data[name])} is no day of the calendar")
    if len(days) > 1 and days["expires"] < days["date"]:
        yield document.at((*path, "expires"), "expires: it ends before the day on which it was made")
    file = PurePosixPath(evidence.get("file", "."))
    if file.is_absolute() or ".." in file.parts:
        yield document.at(
            (*path, "evidence", "file"), "evidence.file: it leads out of the folder of the statements"
        )


def _statement(data: dict[str, Any]) -> Statement:
    evidence = data.get("evidence")
    expires = data.get("expires")
    return Statement(
        topic=data["topic"],
        subject=data.get("subject"),
        control=data["control"],
        text=data["statement"],
        by=data["by"],
        role=data["role"],
        signed_at=_moment(data["date"], time.min),
        expires_at=_moment(expires, time(23, 59, 59)) if expires else None,
        evidence_file=evidence["file"] if evidence else None,
        evidence_sha256=evidence["sha256"].lower() if evidence else None,
    )


def _moment(day: str, at: time) -> datetime:
    return datetime.combine(date.fromisoformat(day), at, UTC)


def _repeated(document: Document, paths: list[Path], statements: list[Statement]) -> Iterator[str]:
    """Two of one key: nobody could tell which one a finding is about."""
    lines: dict[str, int] = {}
    for path, statement in zip(paths, statements, strict=True):
        if statement.key in lines:
            twice = f"{statement.key!r} is stated twice, here and on line {lines[statement.key]}"
            yield document.at(path, f"{twice}: keep the one in force, or give each a subject")
        lines.setdefault(statement.key, document.line(path))
