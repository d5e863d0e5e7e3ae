"""YAML files that people write: read safely, with the line of everything, held to a JSON Schema."""

import difflib
import json
import math
import pathlib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from .errors import ScannerError
from .schemas import Schema, against

Path = tuple[str | int, ...]
"""Keys and indices from the document's root."""

MOST_BYTES = 4 * 2**20
MOST_NODES = 200_000
DEEPEST = 60
SHOWN = 80
_JSON = json.JSONEncoder(ensure_ascii=False)
_TOO_DEEP = "nested too deep, or aliases that multiply"
_BITS = 64
"""Of the largest whole number: beyond it, programs disagree on what JSON says."""

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


def contents(path: pathlib.Path) -> bytes:
    """What a file holds; of one that is too large, enough to say so.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def parse(text: str | bytes, name: str) -> Document:
    """Read one YAML document; a date stays text, since JSON has no dates.

    Raises:
        ScannerError: it is not YAML, too large, repeats a key, or says something that JSON cannot.
    """
    if len(text) > MOST_BYTES:
        raise ScannerError(f"{name}: more than {MOST_BYTES:,} bytes: too large for a file that people write")
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
    """Refuse what is too deep or too much before it is composed: libyaml's composer would end the process."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        nodes += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if (depth > DEEPEST or nodes > MOST_NODES) and event.start_mark:
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
            if _sayable(value):
                return value
            if kind == "int":
                self._refuse(
                    node, f"{str(node.value)[:SHOWN]!r} is a number beyond 64 bits; quote it to make it text"
                )
        self._refuse(node, f"{str(node.value)[:SHOWN]!r} ({node.tag}) is not plain YAML")
        raise AssertionError

    def _refuse(self, node: yaml.Node, message: str) -> None:
        raise ScannerError(f"{self.name}:{node.start_mark.line + 1}: {message}")


def _sayable(value: Hashable) -> bool:
    """Whether JSON can say a number."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or value.bit_length() <= _BITS


def mistakes(document: Document, schema: Schema, within: Path = ()) -> list[str]:
    """What a JSON Schema has against a document, or a part of it, each with file and line, in their order."""
    data = document.data
    for step in within:
        data = data[step]
    found: list[tuple[int, str]] = []
    for error in against(schema, data):
        path = (*within, *error.absolute_path)
        found += [(document.line(where), document.at(where, said)) for where, said in _said(error, path)]
    return [message for _, message in sorted(set(found))]


def _said(error: Any, path: Path) -> Iterator[tuple[Path, str]]:
    what = ".".join(str(step) for step in path) or "the file"
    match error.validator:
        case "additionalProperties" if _foreign(error):
            yield path, f"{what} has {_keys(error.instance)}; expected {_keys(error.schema['required'])}"
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            for name in set(error.instance) - set(known):
                expected = suggestion(name, known) or f"; expected one of {', '.join(sorted(known))}"
                yield (*path, name), f"unknown key {name!r}{expected}"
        case "required":
            yield from ((path, f"{what}: {name!r} is missing") for name in _missing(error))
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


def _missing(error: Any) -> list[str]:
    """The keys that are missing, less those of which enough is said already: one mistake, one message."""
    if _foreign(error):
        return []
    known = list(error.schema.get("properties", {}))
    misspelt = {near for name in set(error.instance) - set(known) for near in _near(name, known)}
    return [name for name in error.validator_value if name not in error.instance and name not in misspelt]


def _foreign(error: Any) -> bool:
    """Whether a mapping is of some other kind of file: it has keys, and none of them is expected."""
    known = error.schema.get("properties", {})
    closed = error.schema.get("additionalProperties") is False and "required" in error.schema
    names = list(error.instance) if closed else []
    misspelt = len(names) == 1 and bool(_near(names[0], known))
    return bool(names) and not misspelt and not any(name in known for name in names)


def _keys(names: Iterable[str]) -> str:
    return written(", ".join(repr(name) for name in names))[1:-1]


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'encrypted'?)`, or nothing when no known word is near."""
    near = _near(word, known)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _near(word: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(word[:SHOWN], list(known), n=1)


def written(value: object) -> str:
    """A value as JSON, on one line and not for ever."""
    text = _JSON.encode(value)
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
