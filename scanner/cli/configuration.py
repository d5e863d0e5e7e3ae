"""The configuration: found, read, and made into targets and policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scanner import context, plugins, policy, waivers
from scanner.context import Context
from scanner.documents import Document, contents, mistakes, parse, suggestion
from scanner.errors import ScannerError
from scanner.model import Location, Waiver
from scanner.targets import Group, Target, config, inventory

NAME = "wardround.yaml"
DEFAULT_LEVEL = "high"
FILES = ("waivers", "context")
"""The configuration's words for files that are judged by."""

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
        plugins.ALLOW: {"type": "array", "items": _TEXT},
        "waivers": _TEXT,
        "context": _TEXT,
    },
}


@dataclass(frozen=True)
class Grounds:
    """What is judged by."""

    policies: tuple[policy.PolicyFile, ...]
    waivers: tuple[Waiver, ...] = ()
    context: Context = field(default_factory=Context)
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the waivers and the context file, by those words."""


@dataclass(frozen=True)
class Configuration:
    """What a run is asked to do."""

    targets: tuple[Target | Group, ...]
    grounds: Grounds
    fail_on: str
    allowed_tags: frozenset[str]
    allow_host_commands: tuple[str, ...] = ()
    """The plug-ins whose commands may run on hosts; nobody, unless the user named the configuration."""


def load(path: Path | None, policies: Sequence[str]) -> Configuration:
    """The configuration at a path, or the nearest one; policies from the command line come before its own.

    Raises:
        ScannerError: there is none, or it is wrong: every mistake with file and line.
    """
    found = path or _nearest(Path.cwd())
    document = parse(_bytes(found, "the configuration"), _shown(found))
    # Before anything else, since what is wrong elsewhere may be said with what stands beside it.
    wrong = inventory.literal_secrets(document) or mistakes(document, SCHEMA)
    if wrong:
        raise ScannerError(*wrong)
    data = document.data
    if not policies and "policies" not in data:
        raise ScannerError(document.at((), "no policy: give policies: here, or -p on the command line"))
    chosen = named(policies) if policies else _configured(found, document, data["policies"])
    tags = data.get("allowed_tags")
    return Configuration(
        targets=tuple(config.targets(document, data["targets"], found.parent, named=path is not None)),
        grounds=grounds(chosen, *(_configured_file(found, document, name) for name in FILES)),
        fail_on=data.get("fail_on", DEFAULT_LEVEL),
        allowed_tags=context.ALLOWED_TAGS if tags is None else frozenset(tag.lower() for tag in tags),
        # A configuration that was found may be a stranger's: it is in whatever was checked out here.
        allow_host_commands=_allowed(document) if path else (),
    )


def _configured_file(found: Path, document: Document, name: str) -> Path | None:
    """The path of the waivers or the context file, where one is configured."""
    if name not in document.data:
        return None
    path = found.parent / Path(document.data[name]).expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        raise ScannerError(document.at((name,), f"{path}: {error.strerror}")) from None
    return path


def _allowed(document: Document) -> tuple[str, ...]:
    names = tuple(document.data.get(plugins.ALLOW, ()))
    wrong = [
        document.at((plugins.ALLOW, index), why)
        for index, name in enumerate(names)
        if (why := plugins.why_unknown(name))
    ]
    if wrong:
        raise ScannerError(*wrong)
    return names


def grounds(
    policies: tuple[policy.PolicyFile, ...], waivers_file: Path | None, context_file: Path | None
) -> Grounds:
    """What is judged by, read from its files.

    Raises:
        ScannerError: one of them cannot be read, or is wrong.
    """
    accepted: tuple[Waiver, ...] = ()
    files: dict[str, str] = {}
    if waivers_file:
        accepted, files["waivers"] = waivers.read(_bytes(waivers_file, "waivers"), _shown(waivers_file))
    known = Context()
    if context_file:
        known = context.read(_bytes(context_file, "the context file"), _shown(context_file))
        files["context"] = known.sha256 or ""
    return Grounds(policies, accepted, known, files)


def _bytes(path: Path, what: str) -> bytes:
    try:
        return contents(path)
    except OSError as error:
        raise ScannerError(f"{path}: {error.strerror}: {what}") from None


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
            text = contents(path)
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
