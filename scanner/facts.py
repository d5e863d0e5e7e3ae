"""Facts: named, typed values that were seen."""

import ast
import inspect
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import Field, FrozenInstanceError, field, make_dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import pairwise
from types import UnionType
from typing import Any, Union, dataclass_transform, get_args, get_origin, get_type_hints

import msgspec

FRAME = frozenset({"resource", "region", "tags", "links"})
"""What says where a fact belongs, and is no fact itself."""

_SAME = frozenset({bool, int, str, type(None)})
"""What JSON holds as it is."""

_WORDS = frozenset({"type", "format", "enum", "anyOf", "items", "additionalProperties", "description"})
"""What the JSON Schema of a fact is made of."""


_CLASS = re.compile(r"^class .*\n(?:(?:[ \t\f)\]}#].*)?\n)*", re.MULTILINE)
"""A class at the top of a module, as far as the next statement."""

_NEEDED = object()
"""Stands for the value of what has none by itself."""
_NO_MEMBERS: Mapping[str, Any] = {}


class _Fields:
    """What `dataclasses` finds in a dataclass, made for whoever looks for it."""

    def __get__(self, _: object, cls: type["_Frozen"]) -> dict[str, Field[Any]]:
        key: Any = cls  # mypy takes how an instance is hashed for how its class is
        return _fields(key)


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _Frozen:
    """A frozen dataclass, all but how it is made: to compile code for each of 350 takes half of a start."""

    _members = _NO_MEMBERS
    __dataclass_fields__ = _Fields()

    def __init_subclass__(cls) -> None:
        inherited = {
            name: value for base in reversed(cls.__mro__[1:-1]) for name, value in _own(base).items()
        }
        cls._members = {**inherited, **_own(cls)}

    def __init__(self, **given: Any) -> None:
        held = {**self._members, **given}
        if len(held) > len(self._members) or _NEEDED in held.values():
            raise TypeError(_misfit(type(self).__qualname__, self._members, given))
        vars(self).update(held)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__qualname__}({said})"

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))


@cache
def _fields(cls: Any) -> dict[str, Field[Any]]:
    types = get_type_hints(cls)
    members = [
        (name, types[name], field() if default is _NEEDED else field(default=default))
        for name, default in cls._members.items()
    ]
    twin: Any = make_dataclass(cls.__name__, members, frozen=True, kw_only=True)
    return dict(twin.__dataclass_fields__)


def _own(cls: type) -> dict[str, Any]:
    """The members that a class itself names, each with the value it has when none is given."""
    return {name: vars(cls).get(name, _NEEDED) for name in inspect.get_annotations(cls)}


def _misfit(name: str, members: Mapping[str, Any], given: Collection[str]) -> str:
    unknown = [member for member in given if member not in members]
    if unknown:
        return f"{name} has no {', '.join(map(repr, unknown))}"
    lacking = [member for member, value in members.items() if value is _NEEDED and member not in given]
    return f"{name} lacks {', '.join(map(repr, lacking))}"


class Facts(_Frozen):
    """What one check says about one resource.

    A subclass is a family's vocabulary: each attribute is a fact, and the string below it is its manual.
    """

    resource: str
    """The resource's canonical id: an ARN, `host:<name>`, an ARM id."""
    region: str | None = None
    """Where it lives, when that is not the scope's own region."""
    tags: Mapping[str, str] | None = None
    """Its tags, when they came with the listing; None when they were not read."""
    links: tuple[str, ...] = ()
    """Other resources' ids that this one depends on."""


def schema(facts: type[Facts]) -> dict[str, dict[str, Any]]:
    """JSON Schema by fact name, with the manual as description; it is everybody's, and nobody's to change."""
    key: Any = facts  # mypy takes how an instance is hashed for how its class is
    return _described(key)


@cache
def _described(facts: Any) -> dict[str, dict[str, Any]]:
    manual = _manual(facts)
    described = {}
    for name, annotation in get_type_hints(facts).items():
        if name not in FRAME:
            described[name] = dict(_schema(annotation))
            if name in manual:
                described[name]["description"] = manual[name]
    return described


def sound(described: object) -> bool:
    """Whether it is a fact's JSON Schema as `schema` makes them; a stranger's bundle may hold anything."""
    known = isinstance(described, dict) and described.keys() <= _WORDS
    match described if known else None:
        case {"anyOf": [*options]}:
            good = bool(options) and all(sound(option) and "anyOf" not in option for option in options)
        case {"enum": [first, *_] as listed}:
            good = type(first) in {bool, int, float, str} and len({type(value) for value in listed}) == 1
        case {"type": "array", "items": within} | {"type": "object", "additionalProperties": within}:
            good = sound(within)
        case {"type": str(kind)}:
            good = kind in {"boolean", "integer", "number", "string", "null"}
        case _:
            good = False
    return good


def values(facts: Facts) -> dict[str, Any]:
    """The facts as JSON holds them: moments are RFC 3339 strings, tuples are lists."""
    return {
        name: value if type(value) in _SAME else _plain(value)
        for name, value in vars(facts).items()
        if name not in FRAME
    }


def _plain(value: Any) -> Any:
    plain = msgspec.to_builtins(value)
    return list(plain) if isinstance(plain, tuple) else plain


@lru_cache(1024, typed=True)
def _schema(annotation: Any) -> dict[str, Any]:
    moment: dict[str, Any] = {"type": "string", "format": "date-time"}
    if annotation is datetime:
        return moment
    if get_origin(annotation) in {Union, UnionType} and datetime in get_args(annotation):
        return {"anyOf": [moment, {"type": "null"}]}
    return msgspec.json.schema(annotation)


def _manual(facts: type[Facts]) -> dict[str, str]:
    manual: dict[str, str] = {}
    for cls in reversed(facts.__mro__[:-1]):
        manual |= _attribute_docstrings(cls)
    return manual


def _attribute_docstrings(cls: type) -> dict[str, str]:
    """The strings below a class's attributes; a module without source (a frozen application) has none."""
    found = _in_classes(cls.__module__)
    return (
        found[cls.__qualname__]
        if cls.__qualname__ in found
        else _in_all(cls.__module__).get(cls.__qualname__, {})
    )


@cache
def _in_classes(module: str) -> dict[str, dict[str, str]]:
    """By class, of those that a module defines at its top; functions, which take most of it, are left out."""
    try:
        return dict(_classes(ast.parse("".join(_CLASS.findall(_source(module)))).body, ""))
    except SyntaxError:  # a text in a class whose lines begin where statements would
        return {}


@cache
def _in_all(module: str) -> dict[str, dict[str, str]]:
    return dict(_classes(ast.parse(_source(module)).body, ""))


def _source(module: str) -> str:
    try:
        return inspect.getsource(sys.modules[module])
    except (KeyError, OSError, TypeError):
        return ""


def _classes(body: Iterable[ast.stmt], within: str) -> Iterator[tuple[str, dict[str, str]]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            name = within + statement.name
            yield name, dict(_strings(statement.body))
            yield from _classes(statement.body, f"{name}.")
        elif isinstance(statement, ast.FunctionDef):
            yield from _classes(statement.body, f"{within}{statement.name}.<locals>.")


def _strings(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for named, text in pairwise(body):
        if (
            isinstance(named, ast.AnnAssign)
            and isinstance(named.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield named.target.id, inspect.cleandoc(text.value.value).replace("\n", " ")
