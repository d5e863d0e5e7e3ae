"""Policies: found, read, held to their schema, and compiled against the facts of checks."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from . import expect
from .documents import Document, mistakes, parse, suggestion
from .errors import ScannerError
from .model import Control, Location, Policy, Requirement, Severity
from .plain import visible
from .schemas import AGES, Schema

FactSchemas = Mapping[str, Mapping[str, Schema]]
"""JSON Schema by fact name, by check id."""

_TEXT = {"type": "string", "minLength": 1}
_ID = r"^[a-z0-9][a-z0-9._-]*$"

REQUIREMENT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["check", "expect", "severity"],
    "properties": {
        "id": _TEXT,
        "aliases": {"type": "array", "items": _TEXT},
        "check": {
            "type": "string",
            "pattern": r"^[a-z_]+(\.[a-z0-9_]+)*(\.\*)?$",
            "description": "a check's id, or a family with .* behind it",
        },
        "when": {"type": "object", "minProperties": 1},
        "expect": {"type": "object", "minProperties": 1},
        "absent": {"enum": ["fail", "not-applicable"]},
        "severity": {"enum": [severity.value for severity in Severity]},
        "remediation": _TEXT,
    },
}
CONTROL: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["control", "title", "owner", "requirements"],
    "properties": {
        "control": _TEXT,
        "title": _TEXT,
        "text": _TEXT,
        "status": {"enum": ["required", "addressable"]},
        "owner": _TEXT,
        "requirements": {"type": "array", "minItems": 1, "items": REQUIREMENT},
    },
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A wardround policy",
    "type": "object",
    "additionalProperties": False,
    "required": ["policy", "title", "source", "controls"],
    "properties": {
        "policy": {"type": "string", "pattern": _ID, "description": "small letters, digits, . _ and -"},
        "title": _TEXT,
        "source": _TEXT,
        "controls": {"type": "array", "minItems": 1, "items": CONTROL},
    },
}


@dataclass(frozen=True)
class PolicyFile:
    """A policy with the file it was read from."""

    policy: Policy
    document: Document


def json_schema() -> dict[str, Any]:
    """The policy file's JSON Schema for editors: all that can be said without knowing the facts."""
    named = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/expected"}}
    requirement = REQUIREMENT | {
        "properties": REQUIREMENT["properties"] | {"when": named, "expect": named},
        "if": {"required": ["check"], "properties": {"check": {"type": "string", "pattern": r"\.\*$"}}},
        "then": {"properties": {"absent": {"const": "not-applicable"}}},
    }
    requirements = {"type": "array", "minItems": 1, "items": requirement}
    control = CONTROL | {"properties": CONTROL["properties"] | {"requirements": requirements}}
    controls = {"type": "array", "minItems": 1, "items": control}
    return SCHEMA | {
        "properties": SCHEMA["properties"] | {"controls": controls},
        "$defs": {
            "expected": _expected("words"),
            "words": _words("words", "expected", expect.WORDS),
            "undated": _words("undated", "expectedUndated", expect.WORDS.keys() - AGES),
            "expectedUndated": _expected("undated"),
        },
    }


def _expected(words: str) -> dict[str, Any]:
    """A value, or words."""
    return {"anyOf": [{"not": {"type": "object"}}, {"$ref": f"#/$defs/{words}"}]}


def _words(words: str, expected: str, known: Collection[str]) -> dict[str, Any]:
    """The words of expectations, with what may follow each at every depth; below `not` there are no ages."""
    within = {"$ref": f"#/$defs/{words}"}
    more: dict[str, dict[str, Any]] = {
        "not": {"$ref": "#/$defs/undated"},
        "anyOf": {"items": within},
        "items": within,
        "contains": within,
        "properties": {"additionalProperties": {"$ref": f"#/$defs/{expected}"}},
    }
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            word: {**follows, **more.get(word, {})}
            for word, (_, follows) in expect.WORDS.items()
            if word in known
        },
    }


def read(
    text: bytes, name: str, *, file: str | None = None, configured_at: Location | None = None
) -> PolicyFile:
    """A policy from the text of its file.

    Args:
        text: what the file holds.
        name: how the file is called in messages.
        file: its path from the root of the work tree, where it lies in one.
        configured_at: the configuration's line that names it.

    Raises:
        ScannerError: it is not a policy; every mistake with file, line and what was expected.
    """
    document = parse(text, name)
    wrong = mistakes(document, SCHEMA)
    if wrong:
        raise ScannerError(*wrong)
    policy = _policy(document, hashlib.sha256(text).hexdigest())
    policy = msgspec.structs.replace(policy, file=file, configured_at=configured_at)
    wrong = list(_repeated(document, policy))
    if wrong:
        raise ScannerError(*wrong)
    return PolicyFile(policy, document)


def work_tree(path: Path) -> Path | None:
    """The root of the git work tree that a file lies in."""
    resolved = path.resolve()
    return next((folder for folder in resolved.parents if (folder / ".git").exists()), None)


def within_work_tree(path: Path) -> str | None:
    """A file's path from its work tree's root; None when it lies in none, or among installed packages."""
    root = work_tree(path)
    if root is None or "site-packages" in path.resolve().parts:
        return None
    return visible(path.resolve().relative_to(root).as_posix())


def matching(pattern: str, checks: Collection[str]) -> list[str]:
    """The checks that a requirement's `check` names."""
    if pattern.endswith(".*"):
        return sorted(check for check in checks if check.startswith(pattern.removesuffix("*")))
    return [pattern] if pattern in checks else []


def depends_on_context(policies: Iterable[Policy]) -> bool:
    """Whether some requirement's `when` names tags, phi, records or owner."""
    return any(
        requirement.when.keys() & expect.CONTEXT.keys()
        for policy in policies
        for control in policy.controls
        for requirement in control.requirements
    )


def tags_named(policies: Iterable[Policy]) -> frozenset[str]:
    """The tags that some requirement's `when` depends on."""
    return frozenset(
        name
        for policy in policies
        for control in policy.controls
        for requirement in control.requirements
        for _, name in _tags(requirement.when.get("tags"), ())
    )


def _tags(wanted: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The tags that an expectation names, each with its place in it."""
    if not isinstance(wanted, Mapping):
        return
    for word, value in wanted.items():
        where = (*path, word)
        if word == "properties":
            yield from (((*where, name), name) for name in value)
        elif word == "required":
            yield from (((*where, index), name) for index, name in enumerate(value))
        elif word == "not":
            yield from _tags(value, where)
        elif word == "anyOf":
            for index, one in enumerate(value):
                yield from _tags(one, (*where, index))


def resolved(
    read: PolicyFile, facts: FactSchemas, *, strict: bool, kept_tags: Collection[str] | None = None
) -> Policy:
    """The policy, its requirements compiled against these checks' facts and holding their ids.

    With `strict`, a check that is not among them is a mistake; else it is one that was not collected. With
    `kept_tags`, a tag that is not among them is a mistake.

    Raises:
        ScannerError: an expectation cannot be meant so; every mistake with file, line and the nearest word.
    """
    wrong: list[str] = []
    controls = []
    for number, control in enumerate(read.policy.controls):
        requirements = []
        for index, requirement in enumerate(control.requirements):
            path = ("controls", number, "requirements", index)
            checks = matching(requirement.check, facts)
            if strict and not checks:
                near = suggestion(requirement.check, facts) or "; see wardround checks list"
                said = f"{control.control}: unknown check {requirement.check!r}{near}"
                wrong.append(read.document.at((*path, "check"), said))
            if requirement.absent == "fail" and requirement.check.endswith(".*"):
                said = f"{control.control}: absent: fail is for a single check, not for {requirement.check}"
                wrong.append(read.document.at((*path, "absent"), said))
            wrong += [
                read.document.at((*path, *mistake.path), f"{control.control}: {mistake.message}")
                for mistake in _uncompilable(requirement, checks, facts)
            ]
            wrong += [
                read.document.at((*path, "when", "tags", *where), f"{control.control}: {said}")
                for where, said in _unkept(requirement, kept_tags)
            ]
            requirements.append(msgspec.structs.replace(requirement, checks=tuple(checks)))
        controls.append(msgspec.structs.replace(control, requirements=tuple(requirements)))
    if wrong:
        raise ScannerError(*dict.fromkeys(wrong))
    return msgspec.structs.replace(read.policy, controls=tuple(controls))


def _unkept(
    requirement: Requirement, kept_tags: Collection[str] | None
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The tags that no resource can be seen to have: what depends on them would silently not apply."""
    for where, name in _tags(requirement.when.get("tags"), ()):
        if name != name.lower():
            yield where, f"tag {name!r}: tags' names are kept in small letters; write {name.lower()!r}"
        elif kept_tags is not None and name not in kept_tags:
            yield where, f"tag {name!r} was not kept in this evidence; collect it again with this policy"


def _uncompilable(
    requirement: Requirement, checks: Collection[str], facts: FactSchemas
) -> Iterator[expect.Mistake]:
    for check in checks:
        of = f" in {check}" if requirement.check.endswith(".*") else ""
        for part, wanted in (("when", requirement.when), ("expect", requirement.expect)):
            if part == "when" and not wanted:
                continue
            for mistake in expect.mistakes(wanted, facts[check], when=part == "when"):
                yield expect.Mistake((part, *mistake.path), mistake.message + of)


def _policy(document: Document, sha256: str) -> Policy:
    data = document.data
    controls = []
    for number, control in enumerate(data["controls"]):
        path = ("controls", number)
        requirements = tuple(
            _requirement(document, (*path, "requirements", index), control["control"], requirement)
            for index, requirement in enumerate(control["requirements"])
        )
        controls.append(
            Control(
                control=control["control"],
                title=control["title"],
                text=control.get("text", ""),
                status=control.get("status"),
                owner=control["owner"],
                line=document.line(path),
                requirements=requirements,
            )
        )
    return Policy(
        policy=data["policy"],
        title=data["title"],
        source=data["source"],
        sha256=sha256,
        controls=tuple(controls),
    )


def _requirement(
    document: Document, path: tuple[str | int, ...], control: str, data: Mapping[str, Any]
) -> Requirement:
    return Requirement(
        id=data.get("id", f"{control}/{data['check']}"),
        aliases=tuple(data.get("aliases", ())),
        check=data["check"],
        when=data.get("when", {}),
        expect=data["expect"],
        absent=data.get("absent", "not-applicable"),
        severity=Severity(data["severity"]),
        remediation=data.get("remediation", ""),
        line=document.line(path),
    )


def _repeated(document: Document, policy: Policy) -> Iterator[str]:
    """Ids that stand twice: of two findings with one id nobody could tell which is meant."""
    controls: set[str] = set()
    ids: dict[str, int] = {}
    for control in policy.controls:
        if control.control in controls:
            yield f"{document.name}:{control.line}: control {control.control!r} stands twice"
        controls.add(control.control)
        for requirement in control.requirements:
            for name in (requirement.id, *requirement.aliases):
                if name in ids:
                    yield (
                        f"{document.name}:{requirement.line}: requirement id {name!r} is taken by line "
                        f"{ids[name]}; give one of them an id"
                    )
                ids[name] = requirement.line
