"""YAML files that people write: read safely, with the line of everything, held to a JSON Schema."""

import difflib
import json
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema
import yaml

from .errors import ScannerError

Path = tuple[str | int, ...]
"""Keys and indices from the document's root."""

MOST_BYTES = 4 * 2**20
MOST_NODES = 200_000
DEEPEST = 60
SHOWN = 80
_TOO_DEEP = "nested too deep, or aliases that multiply"

_COLLECTIONS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A YAML file as plain JSON-like data, and where everything stands."""

    name: str
    """As it is shown in messages."""
    data: Any
    lines: Mapping[Path, int]

    def line(self, path: Iterable[str | int]) -> int:
        """The line of a path, or of its nearest ancestor that is there."""
        path = tuple(path)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Iterable[str | int], message: str) -> str:
        """A message with file and line."""
        return f"{self.name}:{self.line(path)}: {message}"


def parse(text: str | bytes, name: str) -> Document:
    """Read one YAML document; a date stays text, since JSON has no dates.

    Raises:
        ScannerError: it is not YAML, too large, repeats a key, or says something that JSON cannot.
    """
    if len(text) > MOST_BYTES:
        raise ScannerError(f"{name}: {len(text)} bytes; expected at most {MOST_BYTES}")
    try:
        _hold_depth(text, name)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ScannerError(f"{name}:{line}: not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ScannerError(f"{name}:1: not YAML: {' '.join(str(error).split())[:200]}") from None
    if root is None:
        raise ScannerError(f"{name}:1: the file is empty")
    reading = _Reading(name)
    return Document(name, reading.value(root, ()), reading.lines)


def _hold_depth(text: str | bytes, name: str) -> None:
    """Refuse what is nested too deep before it is composed: libyaml's composer would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST and event.start_mark:
            raise ScannerError(f"{name}:{event.start_mark.line + 1}: {_TOO_DEEP}")


class _Reading:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self._nodes = 0
        self._scalars = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self._nodes += 1
        if self._nodes > MOST_NODES or len(path) > DEEPEST:
            self._refuse(node, _TOO_DEEP)
        if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTIONS:
            self._refuse(node, f"{node.tag} is not plain YAML")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = self._key(name_node)
            if name in mapping:
                self._refuse(name_node, f"{name!r} stands twice in one mapping")
            self.lines[*path, name] = name_node.start_mark.line + 1
            mapping[name] = self.value(value_node, (*path, name))
        return mapping

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._refuse(node, "a key is text")
        return str(node.value)

    def _scalar(self, node: yaml.Node) -> Hashable:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind in {"str", "timestamp"}:
            return str(node.value)
        if kind in {"int", "float", "bool", "null"}:
            try:
                value: Hashable = getattr(self._scalars, f"construct_yaml_{kind}")(node)
            except ValueError:
                said = str(node.value)[:SHOWN]
                self._refuse(node, f"{said!r} is not a number; quote it to make it text")
            if not isinstance(value, float) or math.isfinite(value):
                return value
        self._refuse(node, f"{str(node.value)[:SHOWN]!r} ({node.tag}) is not plain YAML")
        raise AssertionError

    def _refuse(self, node: yaml.Node, message: str) -> None:
        raise ScannerError(f"{self.name}:{node.start_mark.line + 1}: {message}")


def mistakes(document: Document, schema: Mapping[str, Any], within: Path = ()) -> list[str]:
    """What a JSON Schema has against a document, or a part of it, each with file and line, in their order."""
    data = document.data
    for step in within:
        data = data[step]
    found: list[tuple[int, str]] = []
    for error in jsonschema.Draft202012Validator(schema).iter_errors(data):
        path = (*within, *error.absolute_path)
        found += [(document.line(where), document.at(where, said)) for where, said in _said(error, path)]
    return [message for _, message in sorted(set(found))]


def _said(error: Any, path: Path) -> Iterator[tuple[Path, str]]:
    what = ".".join(str(step) for step in path) or "the file"
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            for name in set(error.instance) - set(known):
                expected = suggestion(name, known) or f"; expected one of {', '.join(sorted(known))}"
                yield (*path, name), f"unknown key {name!r}{expected}"
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    yield path, f"{what}: {name!r} is missing"
        case "type":
            yield (
                path,
                f"{what}: {written(error.instance)} is not {_kind(error.validator_value)}"
                + _quoting(error.instance, error.validator_value),
            )
        case "enum":
            near = suggestion(str(error.instance), [str(value) for value in error.validator_value])
            listed = ", ".join(str(value) for value in error.validator_value)
            yield path, f"{what}: {written(error.instance)} is not one of {listed}{near}"
        case "minItems" | "minProperties" | "minLength" if not error.instance:
            yield path, f"{what}: {written(error.instance)} is empty"
        case _:
            expected = error.schema.get("description")
            yield (
                path,
                f"{what}: {written(error.instance)}: "
                + (f"expected {expected}" if expected else error.message[:200]),
            )


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'encrypted'?)`, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def written(value: object) -> str:
    """A value as JSON, on one line and not for ever."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _kind(types: str | list[str]) -> str:
    names = {"object": "a mapping", "array": "a list", "null": "null", "integer": "a whole number"}
    listed = [types] if isinstance(types, str) else types
    return " or ".join(names.get(name, f"a {name}") for name in listed)


def _quoting(value: object, types: str | list[str]) -> str:
    if "string" not in types:
        return ""
    if isinstance(value, bool):
        return "; YAML reads a bare yes, no, on or off so: quote it"
    return "; quote it" if isinstance(value, int | float) else ""
