"""The configuration: found, read, and made into targets and policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner import context, plugins, policy
from scanner.documents import mistakes, parse, suggestion
from scanner.errors import ScannerError
from scanner.model import Location
from scanner.targets import Target, config

NAME = "wardround.yaml"
DEFAULT_LEVEL = "high"

_TEXT = {"type": "string", "minLength": 1}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A wardround configuration",
    "type": "object",
    "additionalProperties": False,
    "required": ["targets"],
    "properties": {
        "targets": {"type": "array", "minItems": 1, "items": config.SCHEMA},
        "policies": {"type": "array", "minItems": 1, "items": _TEXT},
        "fail_on": {"enum": ["critical", "high", "medium", "low", "any", "none"]},
        "allowed_tags": {"type": "array", "items": _TEXT},
    },
}


@dataclass(frozen=True)
class Configuration:
    """What a run is asked to do."""

    targets: tuple[Target, ...]
    policies: tuple[policy.PolicyFile, ...]
    fail_on: str
    allowed_tags: frozenset[str]


def load(path: Path | None, policies: Sequence[str]) -> Configuration:
    """The configuration at a path, or the nearest one; policies from the command line come before its own.

    Raises:
        ScannerError: there is none, or it is wrong: every mistake with file and line.
    """
    found = path or _nearest(Path.cwd())
    try:
        text = found.read_bytes()
    except OSError as error:
        raise ScannerError(f"{found}: {error.strerror}: the configuration") from None
    document = parse(text, _shown(found))
    wrong = mistakes(document, SCHEMA)
    if wrong:
        raise ScannerError(*wrong)
    data = document.data
    if not policies and "policies" not in data:
        raise ScannerError(document.at((), "no policy: give policies: here, or -p on the command line"))
    chosen = named(policies) if policies else _configured(found, document, data["policies"])
    tags = data.get("allowed_tags")
    return Configuration(
        targets=tuple(config.targets(document, data["targets"], found.parent)),
        policies=chosen,
        fail_on=data.get("fail_on", DEFAULT_LEVEL),
        allowed_tags=context.ALLOWED_TAGS if tags is None else frozenset(tag.lower() for tag in tags),
    )


def named(policies: Sequence[str]) -> tuple[policy.PolicyFile, ...]:
    """Policies by shipped name, or by path from here.

    Raises:
        ScannerError: there is no such policy, or it is wrong.
    """
    return _distinct([_policy(name, Path.cwd(), None) for name in policies])


def _configured(found: Path, document: Any, names: Sequence[str]) -> tuple[policy.PolicyFile, ...]:
    relative = policy.within_work_tree(found)
    read = []
    for index, name in enumerate(names):
        line = document.line(("policies", index))
        anchor = Location(file=relative, line=line) if relative else None
        try:
            read.append(_policy(name, found.parent, anchor))
        except _UnknownPolicyError as error:
            raise ScannerError(f"{document.name}:{line}: {error}") from None
    return _distinct(read)


class _UnknownPolicyError(ScannerError):
    """A name that no policy has; whoever named it knows file and line."""


def _policy(name: str, folder: Path, configured_at: Location | None) -> policy.PolicyFile:
    if name.endswith((".yaml", ".yml")) or "/" in name:
        path = folder / Path(name).expanduser()
        try:
            text = path.read_bytes()
        except OSError as error:
            raise _UnknownPolicyError(f"{path}: {error.strerror}: a policy") from None
        file = policy.within_work_tree(path)
        return policy.read(text, _shown(path), file=file, configured_at=configured_at)
    shipped = plugins.policies()
    if name not in shipped:
        near = suggestion(name, shipped) or f"; shipped are {', '.join(shipped)}"
        raise _UnknownPolicyError(f"unknown policy {name!r}{near}")
    return policy.read(shipped[name].read_bytes(), f"{name}.yaml", configured_at=configured_at)


def _distinct(read: Sequence[policy.PolicyFile]) -> tuple[policy.PolicyFile, ...]:
    names: dict[str, str] = {}
    for file in read:
        name = file.policy.policy
        if name in names:
            shown = file.document.name
            raise ScannerError(f"{shown}:1: policy {name!r} is named twice, here and in {names[name]}")
        names[name] = file.document.name
    return tuple(read)


def _nearest(folder: Path) -> Path:
    root = policy.work_tree(folder / NAME) or folder
    for place in (folder, *folder.parents):
        if (place / NAME).is_file():
            return place / NAME
        if place == root:
            break
    raise ScannerError(f"no {NAME} here or above, up to {root}: write one, or name one with -c")


def _shown(path: Path) -> str:
    """A path as short as its reader can use it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
