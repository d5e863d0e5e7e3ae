"""The language of expectations: a closed list of JSON Schema's words over named facts.

Every fact that is named must exist, be there, have its type, and not be null unless null is asked for; so
nothing passes because it is missing, misspelt or empty.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .documents import suggestion, written
from .schemas import AGES, DAY, Schema, against, holds, no_pattern, parsed

Steps = tuple[str | int, ...]
_NEVER = datetime.min.replace(tzinfo=UTC)
"""For an expectation that is compiled to see whether it can be, and asked nothing."""

WORDS: dict[str, tuple[str | None, Schema]] = {
    # word: the type of fact it is for (None: any), and what may follow it
    "const": (None, {}),
    "enum": (None, {"type": "array", "minItems": 1}),
    "not": (None, {"type": "object"}),
    "anyOf": (None, {"type": "array", "minItems": 1, "items": {"type": "object"}}),
    "minimum": ("number", {"type": "number"}),
    "maximum": ("number", {"type": "number"}),
    "pattern": ("string", {"type": "string"}),
    "contains": ("array", {"type": "object"}),
    "items": ("array", {"type": "object"}),
    "minItems": ("array", {"type": "integer", "minimum": 0}),
    "maxItems": ("array", {"type": "integer", "minimum": 0}),
    "required": (
        "object",
        {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}},
    ),
    "properties": ("object", {"type": "object", "minProperties": 1}),
    "maxAgeDays": ("moment", {"type": "number", "minimum": 0}),
    "minDaysAhead": ("moment", {"type": "number", "minimum": 0}),
}
"""The whole language."""

CONTEXT: dict[str, Schema] = {
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    "phi": {"type": "boolean"},
    "records": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "owner": {"anyOf": [{"type": "string"}, {"type": "null"}]},
}
"""What `when` may name besides facts: what is known about a resource without having looked at it."""


class Mistake(NamedTuple):
    """What is wrong with an expectation, and where in it."""

    path: Steps
    message: str


@dataclass(frozen=True)
class Shape:
    """What values a fact can have."""

    kind: str
    """boolean, integer, number, string, moment, array, object."""
    nullable: bool
    schema: Schema
    """Of its values, null left out."""

    @classmethod
    def of(cls, schema: Schema) -> "Shape":
        """The shape that a fact's JSON Schema describes."""
        options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
        value = options[0]
        if "enum" in value:
            kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
            return cls(kinds[type(value["enum"][0])], len(schema.get("anyOf", [])) > 1, value)
        kind = "moment" if value.get("format") == "date-time" else value["type"]
        return cls(kind, len(schema.get("anyOf", [])) > 1, value)

    @property
    def type(self) -> str:
        """The JSON type of its values."""
        return "string" if self.kind == "moment" else self.kind

    def accepts(self, word_kind: str) -> bool:
        """Whether a word for this kind of fact has a meaning here."""
        return word_kind == self.kind or (
            (word_kind, self.kind) in {("number", "integer"), ("string", "moment")}
        )


def mistakes(wanted: object, facts: Mapping[str, Schema], *, when: bool = False) -> Iterator[Mistake]:
    """What is wrong with an expectation over these facts, at every depth."""
    if not isinstance(wanted, Mapping) or not wanted:
        yield Mistake((), f"{written(wanted)} is not a mapping of facts to what is expected of them")
        return
    known = {**CONTEXT, **facts} if when else facts
    for name, expected in wanted.items():
        if name not in known:
            near = suggestion(name, known) or f"; known are {', '.join(sorted(known))}"
            yield Mistake((name,), f"unknown fact {name!r}{near}")
            continue
        try:
            holds(known[name])
            shape = Shape.of(known[name])
        except (ValueError, LookupError, TypeError, AttributeError):
            yield Mistake((name,), f"{name}: its check describes it in a way that cannot be evaluated")
            continue
        wrong = list(_mistakes(expected, shape, (name,), name)) or list(_beyond(expected, shape, name))
        yield from wrong
        if wrong or not when or not shape.nullable or not isinstance(expected, Mapping):
            continue
        if not _says_null(expected):
            yield Mistake(
                (name,), f"{name} may be null: say what null means, as in anyOf: [{{const: null}}, ...]"
            )


def _says_null(expected: Mapping[str, Any]) -> bool:
    """Whether an expectation decides about null; a const or an enum does, by naming what it wants."""
    return "const" in expected or "enum" in expected or _names_null(expected)


def _names_null(expected: object) -> bool:
    if not isinstance(expected, Mapping):
        return False
    options = [expected.get("not"), *expected.get("anyOf", ())]
    return (
        ("const" in expected and expected["const"] is None)
        or None in expected.get("enum", ())
        or any(_names_null(option) for option in options)
    )


def _names_moments(expected: object) -> bool:
    """Whether an age is asked for anywhere in it; a value or a name that looks like one asks nothing."""
    if isinstance(expected, list):
        return any(_names_moments(one) for one in expected)
    if not isinstance(expected, Mapping):
        return False
    named = expected.get("properties")
    deeper = [expected.get(word) for word in ("not", "anyOf", "items", "contains")]
    deeper += named.values() if isinstance(named, Mapping) else ()
    return bool(AGES & expected.keys()) or _names_moments(deeper)


def _mistakes(expected: object, shape: Shape, path: Steps, fact: str) -> Iterator[Mistake]:
    if not isinstance(expected, Mapping):
        yield from _unlike(expected, shape, path, fact)
        return
    if not expected:
        yield Mistake(path, f"{fact}: nothing is expected of it")
    for word, value in expected.items():
        where = (*path, word)
        if word not in WORDS:
            near = suggestion(word, WORDS) or f"; known are {', '.join(WORDS)}"
            yield Mistake(where, f"{fact}: unknown word {word!r}{near}")
            continue
        kind, follows = WORDS[word]
        error = next(against(follows, value), None)
        if error:
            yield Mistake(where, f"{fact}: {word}: {error.message[:200]}")
        elif kind and not shape.accepts(kind):
            yield Mistake(where, f"{fact} is {_article(shape.kind)}; {word} is for {_article(kind)}")
        else:
            yield from _deeper(word, value, shape, where, fact)


def _deeper(word: str, value: Any, shape: Shape, where: Steps, fact: str) -> Iterator[Mistake]:
    if word == "const":
        yield from _unlike(value, shape, where, fact)
    elif word == "enum":
        for index, one in enumerate(value):
            yield from _unlike(one, shape, (*where, index), fact)
    elif word == "pattern":
        why = no_pattern(value)
        if why:
            yield Mistake(where, f"{fact}: {written(value)} {why}")
    elif word == "not" and _names_moments(value):
        yield Mistake(where, f"{fact}: a date that is not recent may lie in the future: say what it must be")
    for step, one, member in _members(word, value, shape):
        named = f"{fact}.{step}" if word == "properties" else fact
        yield from _mistakes(one, member, (*where, *([step] if step is not None else [])), named)


def _members(word: str, value: Any, shape: Shape) -> Iterator[tuple[str | int | None, Any, Shape]]:
    """The expectations within a word, each with its step in the file and the shape that it is about."""
    match word:
        case "not":
            yield None, value, shape
        case "anyOf":
            yield from ((index, one, shape) for index, one in enumerate(value))
        case "items" | "contains":
            yield None, value, Shape.of(shape.schema["items"])
        case "properties":
            member = Shape.of(shape.schema["additionalProperties"])
            yield from ((name, one, member) for name, one in value.items())


def _unlike(value: object, shape: Shape, path: Steps, fact: str) -> Iterator[Mistake]:
    """Why a fact can never have this value."""
    if value is None:
        if not shape.nullable:
            yield Mistake(path, f"{fact} is never null")
        return
    if holds(shape.schema)(value):
        return
    if "enum" in shape.schema:
        known = [str(one) for one in shape.schema["enum"]]
        near, listed = suggestion(str(value), known), ", ".join(known)
        yield Mistake(path, f"{fact}: {written(value)} is not one of {listed}{near}")
        return
    hint = ""
    if isinstance(value, bool) and shape.type == "string":
        hint = "; YAML reads a bare yes, no, on or off so: quote it"
    yield Mistake(path, f"{fact}: {written(value)} is not {_article(shape.kind)}{hint}")


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


class Expectation:
    """An expectation over facts of known shapes, ready to be asked many times."""

    def __init__(self, wanted: Mapping[str, Any], facts: Mapping[str, Schema], as_of: datetime) -> None:
        """Compile what `mistakes` finds nothing wrong with; ages are counted to `as_of`."""
        self._as_of = as_of
        self._described = {name: described(expected) for name, expected in wanted.items()}
        self._facts = {
            name: (holds(facts[name]), holds(compiled(expected, Shape.of(facts[name])), as_of))
            for name, expected in wanted.items()
        }

    @property
    def names(self) -> frozenset[str]:
        """The facts that it names."""
        return frozenset(self._facts)

    def unsound(self, seen: Mapping[str, Any]) -> tuple[str, ...]:
        """Why these facts cannot be judged: one is missing, or is of another type than was announced."""
        return tuple(
            [
                f"{name} is {written(seen[name])}, which it cannot be"
                if name in seen
                else f"{name} was not seen"
                for name, (sound, _) in self._facts.items()
                if name not in seen or not sound(seen[name])
            ]
        )

    def reasons(self, seen: Mapping[str, Any]) -> tuple[str, ...]:
        """What does not hold of sound facts, a sentence each; none when all of it holds."""
        return tuple(
            [
                f"{name} is {self._told(seen[name], holds)}; expected {self._described[name]}"
                for name, (_, holds) in self._facts.items()
                if not holds(seen[name])
            ]
        )

    def _told(self, value: object, holds: Callable[[Any], bool]) -> str:
        """A value in words; of a long list, the members that do not hold by themselves."""
        if isinstance(value, list | tuple) and len(value) > _MANY:
            short = [one for one in value if not holds([one])]
            return f"{len(value)} values, among them {written(short[:_MANY] or list(value[:_MANY]))}"
        return self._value(value)

    def _value(self, value: object) -> str:
        said = written(value)
        moment = parsed(value)
        if moment is None or not isinstance(value, str):
            return said
        days = (self._as_of - moment) / DAY
        return f"{value} ({int(days)} days ago)" if days >= 0 else f"{value} (in {int(-days)} days)"


def compiled(expected: object, shape: Shape) -> dict[str, Any]:
    """The JSON Schema that a value must satisfy; it says the type, so that null never slips through."""
    if not isinstance(expected, Mapping):
        return {"const": expected}
    schema: dict[str, Any] = dict(expected)
    for word, value in expected.items():
        within = {step: compiled(one, member) for step, one, member in _members(word, value, shape)}
        if word == "anyOf":
            schema[word] = list(within.values())
        elif word == "properties":
            schema |= {word: within, "required": sorted({*expected.get("required", ()), *value})}
        elif within:
            schema[word] = within[None]
    if not {"const", "enum", "anyOf"} & schema.keys():
        schema["type"] = shape.type
    return schema


def _beyond(expected: object, shape: Shape, fact: str) -> Iterator[Mistake]:
    """What the evaluator cannot take, though every word of it is right: a number of a thousand digits."""
    try:
        holds(compiled(expected, shape), _NEVER)
    except ValueError as error:
        yield Mistake(
            (fact,), f"{fact}: {written(expected)} cannot be evaluated: {str(error).splitlines()[0][:200]}"
        )


def described(expected: object) -> str:
    """An expectation in words: `at least 2190`, `"customer"`, `one of 443, 8443`."""
    if not isinstance(expected, Mapping):
        return written(expected)
    return " and ".join(_described(word, value) for word, value in expected.items())


def _described(word: str, value: Any) -> str:
    if word in _PHRASES:
        return _PHRASES[word].format(written(value))
    if word == "not":
        return f"not {described(value)}"
    if word == "anyOf":
        return " or ".join(described(one) for one in value)
    if word == "properties":
        return ", ".join(f"{name} {described(one)}" for name, one in value.items())
    if word in {"items", "contains"}:
        return f"{'each' if word == 'items' else 'one'} to be {described(value)}"
    said = ", ".join(written(one) for one in value[:_MANY])
    if len(value) > _MANY:
        said += f", and {len(value) - _MANY} more"
    return f"one of {said}" if word == "enum" else f"having {said}"


_MANY = 20
"""More values than that nobody reads in one sentence."""
_PHRASES = {
    "const": "{}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "pattern": "text matching {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "maxAgeDays": "at most {} days ago",
    "minDaysAhead": "at least {} days ahead",
}
