from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema.validators import extend

from scanner.expect import CONTEXT, WORDS, Expectation, Shape, compiled, described, mistakes
from scanner.schemas import DAY, parsed

AS_OF = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MOMENT = {"type": "string", "format": "date-time"}
NULL = {"type": "null"}
FACTS: dict[str, dict[str, Any]] = {
    "encrypted": {"type": "boolean"},
    "key_manager": {"anyOf": [{"enum": ["customer", "provider"]}, NULL]},
    "days": {"anyOf": [{"type": "integer"}, NULL]},
    "length": {"type": "integer"},
    "ratio": {"type": "number"},
    "engine": {"type": "string"},
    "tls": {"enum": ["TLSv1.2", "TLSv1.3"]},
    "ports": {"type": "array", "items": {"type": "integer"}},
    "rotated_at": MOMENT,
    "used_at": {"anyOf": [MOMENT, NULL]},
    "options": {"type": "object", "additionalProperties": {"type": "string"}},
}


def said(wanted: object, *, when: bool = False) -> list[tuple[tuple[str | int, ...], str]]:
    return [(mistake.path, mistake.message) for mistake in mistakes(wanted, FACTS, when=when)]


def judged(wanted: dict[str, Any], seen: dict[str, Any]) -> str:
    """What is decided: error, pass or fail."""
    assert said(wanted) == []
    expectation = Expectation(wanted, FACTS, AS_OF)
    if expectation.unsound(seen):
        return "error"
    return "fail" if expectation.reasons(seen) else "pass"


KNOWN = "days, encrypted, engine, key_manager, length, options, ports, ratio, rotated_at, tls, used_at"
NOT_LINEAR = "cannot be matched in linear time: it looks around or back, or repeats too much"
AMBIGUOUS = "a date that is not recent may lie in the future: say what it must be"


@pytest.mark.parametrize(
    ("wanted", "path", "message"),
    [
        (None, (), "null is not a mapping of facts to what is expected of them"),
        ([], (), "[] is not a mapping of facts to what is expected of them"),
        ({}, (), "{} is not a mapping of facts to what is expected of them"),
        ({"encrpyted": True}, ("encrpyted",), "unknown fact 'encrpyted' (did you mean 'encrypted'?)"),
        ({"zzzz": True}, ("zzzz",), f"unknown fact 'zzzz'; known are {KNOWN}"),
        ({"phi": True}, ("phi",), f"unknown fact 'phi'; known are {KNOWN}"),
        ({"encrypted": "yes"}, ("encrypted",), 'encrypted: "yes" is not a boolean'),
        ({"encrypted": 1}, ("encrypted",), "encrypted: 1 is not a boolean"),
        ({"encrypted": None}, ("encrypted",), "encrypted is never null"),
        (
            {"engine": False},
            ("engine",),
            "engine: false is not a string; YAML reads a bare yes, no, on or off so: quote it",
        ),
        (
            {"key_manager": "custmer"},
            ("key_manager",),
            "key_manager: \"custmer\" is not one of customer, provider (did you mean 'customer'?)",
        ),
        ({"length": True}, ("length",), "length: true is not an integer"),
        ({"length": 8.5}, ("length",), "length: 8.5 is not an integer"),
        ({"length": {}}, ("length",), "length: nothing is expected of it"),
        (
            {"length": {"minimun": 8}},
            ("length", "minimun"),
            "length: unknown word 'minimun' (did you mean 'minimum'?)",
        ),
        ({"length": {"if": 8}}, ("length", "if"), f"length: unknown word 'if'; known are {', '.join(WORDS)}"),
        ({"length": {"minimum": "8"}}, ("length", "minimum"), "length: minimum: '8' is not of type 'number'"),
        (
            {"length": {"minimum": True}},
            ("length", "minimum"),
            "length: minimum: True is not of type 'number'",
        ),
        ({"engine": {"minimum": 8}}, ("engine", "minimum"), "engine is a string; minimum is for a number"),
        (
            {"length": {"pattern": "8"}},
            ("length", "pattern"),
            "length is an integer; pattern is for a string",
        ),
        (
            {"length": {"maxAgeDays": 8}},
            ("length", "maxAgeDays"),
            "length is an integer; maxAgeDays is for a moment",
        ),
        (
            {"rotated_at": {"maxAgeDays": -1}},
            ("rotated_at", "maxAgeDays"),
            "rotated_at: maxAgeDays: -1 is less than the minimum of 0",
        ),
        ({"rotated_at": "yesterday"}, ("rotated_at",), 'rotated_at: "yesterday" is not a moment'),
        (
            {"engine": {"pattern": "("}},
            ("engine", "pattern"),
            'engine: "(" is not a regular expression: missing ), unterminated subpattern at position 0',
        ),
        ({"engine": {"pattern": "(?=a)b"}}, ("engine", "pattern"), f'engine: "(?=a)b" {NOT_LINEAR}'),
        (
            {"engine": {"pattern": r"(a)\1"}},
            ("engine", "pattern"),
            rf'engine: "(a)\\1" {NOT_LINEAR}',
        ),
        (
            {"engine": {"pattern": "((a{100}){100}){100}"}},
            ("engine", "pattern"),
            f'engine: "((a{{100}}){{100}}){{100}}" {NOT_LINEAR}',
        ),
        (
            {"engine": {"pattern": "a{9999999999999999}"}},
            ("engine", "pattern"),
            'engine: "a{9999999999999999}" is not a regular expression: the repetition number is too large',
        ),
        ({"tls": {"enum": []}}, ("tls", "enum"), "tls: enum: [] should be non-empty"),
        (
            {"tls": {"enum": ["TLSv1.2", "TLSv1.4"]}},
            ("tls", "enum", 1),
            "tls: \"TLSv1.4\" is not one of TLSv1.2, TLSv1.3 (did you mean 'TLSv1.3'?)",
        ),
        ({"encrypted": {"const": None}}, ("encrypted", "const"), "encrypted is never null"),
        ({"encrypted": {"enum": [True, None]}}, ("encrypted", "enum", 1), "encrypted is never null"),
        ({"ports": [443, "80"]}, ("ports",), 'ports: [443, "80"] is not an array'),
        (
            {"ports": {"items": {"enum": [443, "80"]}}},
            ("ports", "items", "enum", 1),
            'ports: "80" is not an integer',
        ),
        ({"ports": {"contains": {}}}, ("ports", "contains"), "ports: nothing is expected of it"),
        (
            {"ports": {"contains": 443}},
            ("ports", "contains"),
            "ports: contains: 443 is not of type 'object'",
        ),
        (
            {"ports": {"items": {"anyOf": [{"const": 1}, {"minimun": 3}]}}},
            ("ports", "items", "anyOf", 1, "minimun"),
            "ports: unknown word 'minimun' (did you mean 'minimum'?)",
        ),
        ({"options": {"phi": "x"}}, ("options", "phi"), None),
        ({"options": {"properties": {}}}, ("options", "properties"), None),
        ({"options": {"required": []}}, ("options", "required"), None),
        (
            {"options": {"properties": {"a": {"minimum": 1}}}},
            ("options", "properties", "a", "minimum"),
            "options.a is a string; minimum is for a number",
        ),
        (
            {"options": {"properties": {"a": True}}},
            ("options", "properties", "a"),
            "options.a: true is not a string; YAML reads a bare yes, no, on or off so: quote it",
        ),
        ({"rotated_at": {"not": {"maxAgeDays": 90}}}, ("rotated_at", "not"), f"rotated_at: {AMBIGUOUS}"),
        (
            {"rotated_at": {"not": {"anyOf": [{"maxAgeDays": 90}]}}},
            ("rotated_at", "not"),
            f"rotated_at: {AMBIGUOUS}",
        ),
    ],
)
def test_mistakes_are_found_at_every_depth(
    wanted: object, path: tuple[str | int, ...], message: str | None
) -> None:
    found = said(wanted)

    assert [where for where, _ in found] == [path]
    assert message in {None, found[0][1]}


def test_every_mistake_is_named() -> None:
    assert [path for path, _ in said({"a": 1, "length": {"minimum": "x", "b": 2}})] == [
        ("a",),
        ("length", "minimum"),
        ("length", "b"),
    ]


@pytest.mark.parametrize(
    ("expected", "sayable"),
    [
        ({"minimum": 90}, False),
        ({"not": {"minimum": 90}}, False),
        ({"anyOf": [{"minimum": 90}, {"maximum": 3}]}, False),
        ({"anyOf": [{"const": None}, {"minimum": 90}]}, True),
        ({"anyOf": [{"enum": [None, 1]}, {"minimum": 90}]}, True),
        ({"not": {"const": None}}, True),
        ({"const": 90}, True),
        ({"enum": [1, 2]}, True),
        (90, True),
        (None, True),
    ],
)
def test_when_must_say_what_null_means(expected: object, *, sayable: bool) -> None:
    why = "days may be null: say what null means, as in anyOf: [{const: null}, ...]"

    assert said({"days": expected}, when=True) == ([] if sayable else [(("days",), why)])
    assert said({"days": expected}) == []


def test_the_word_null_in_a_text_says_nothing_of_null() -> None:
    assert len(list(mistakes({"owner": {"pattern": "null"}}, {}, when=True))) == 1


def test_a_mistaken_when_is_said_once() -> None:
    assert [path for path, _ in said({"days": {"anyOf": 5}}, when=True)] == [("days", "anyOf")]


def test_when_may_name_context_and_expect_may_not() -> None:
    for name in CONTEXT:
        assert [path for path, _ in said({name: {"zzz": 1}}, when=True)] == [(name, "zzz")]
        assert said({name: 1})[0][1].startswith(f"unknown fact {name!r}")


@pytest.mark.parametrize(
    ("wanted", "seen", "outcome"),
    [
        ({"encrypted": True}, {"encrypted": True}, "pass"),
        ({"encrypted": True}, {"encrypted": False}, "fail"),
        ({"encrypted": True}, {}, "error"),
        ({"encrypted": True}, {"encrypted": None}, "error"),
        ({"encrypted": True}, {"encrypted": 1}, "error"),
        ({"encrypted": True}, {"encrypted": "true"}, "error"),
        ({"key_manager": "customer"}, {"key_manager": "customer"}, "pass"),
        ({"key_manager": "customer"}, {"key_manager": None}, "fail"),
        ({"key_manager": "customer"}, {"key_manager": "nobody"}, "error"),
        ({"key_manager": None}, {"key_manager": None}, "pass"),
        ({"key_manager": {"not": {"const": "provider"}}}, {"key_manager": None}, "fail"),
        ({"key_manager": {"not": {"const": "provider"}}}, {"key_manager": "customer"}, "pass"),
        ({"key_manager": {"not": {"const": None}}}, {"key_manager": None}, "fail"),
        ({"key_manager": {"not": {"const": None}}}, {"key_manager": "provider"}, "pass"),
        ({"days": {"minimum": 90}}, {"days": None}, "fail"),
        ({"days": {"minimum": 90}}, {"days": 90}, "pass"),
        ({"days": {"minimum": 90}}, {"days": 90.0}, "pass"),
        ({"days": {"minimum": 90}}, {"days": True}, "error"),
        ({"days": {"minimum": 90}}, {"days": "91"}, "error"),
        ({"days": {"not": {"minimum": 90}}}, {"days": None}, "fail"),
        ({"days": {"anyOf": [{"const": None}, {"minimum": 90}]}}, {"days": None}, "pass"),
        ({"days": {"anyOf": [{"const": None}, {"minimum": 90}]}}, {"days": 89}, "fail"),
        ({"length": {"minimum": 8, "maximum": 64}}, {"length": 65}, "fail"),
        ({"engine": {"pattern": "^aurora-"}}, {"engine": "aurora-mysql"}, "pass"),
        ({"engine": {"pattern": "^aurora-"}}, {"engine": "mysql-aurora-"}, "fail"),
        ({"tls": {"enum": ["TLSv1.3"]}}, {"tls": "TLSv1.2"}, "fail"),
        ({"ports": [443]}, {"ports": [443]}, "pass"),
        ({"ports": [443]}, {"ports": [443, 80]}, "fail"),
        ({"ports": {"items": {"enum": [443]}}}, {"ports": []}, "pass"),
        ({"ports": {"items": {"enum": [443]}}}, {"ports": [443, 22]}, "fail"),
        ({"ports": {"items": {"enum": [443]}}}, {"ports": [None]}, "error"),
        ({"ports": {"contains": {"const": 443}}}, {"ports": [22]}, "fail"),
        ({"ports": {"contains": {"const": 443}}}, {"ports": []}, "fail"),
        ({"ports": {"minItems": 1, "maxItems": 1}}, {"ports": [1]}, "pass"),
        ({"ports": {"maxItems": 0}}, {"ports": None}, "error"),
        ({"options": {"properties": {"a": "x"}}}, {"options": {"a": "x"}}, "pass"),
        ({"options": {"properties": {"a": "x"}}}, {"options": {}}, "fail"),
        ({"options": {"properties": {"a": {"not": {"const": "x"}}}}}, {"options": {}}, "fail"),
        ({"options": {"not": {"properties": {"a": "x"}}}}, {"options": {}}, "pass"),
        ({"options": {"required": ["a"]}}, {"options": {"b": "x"}}, "fail"),
        ({"options": {"required": ["a"], "properties": {"b": "x"}}}, {"options": {"b": "x"}}, "fail"),
        ({"rotated_at": {"maxAgeDays": 90}}, {"rotated_at": "2026-11-01T00:00:00Z"}, "pass"),
        ({"rotated_at": {"maxAgeDays": 90}}, {"rotated_at": "2026-08-23T03:00:00Z"}, "pass"),
        ({"rotated_at": {"maxAgeDays": 90}}, {"rotated_at": "2026-08-23T02:59:59Z"}, "fail"),
        ({"rotated_at": {"maxAgeDays": 90}}, {"rotated_at": "2026-11-21T03:00:01Z"}, "fail"),
        ({"rotated_at": {"maxAgeDays": 90}}, {"rotated_at": "2026-11-21T04:00:00+02:00"}, "pass"),
        ({"rotated_at": {"maxAgeDays": 90}}, {"rotated_at": "lately"}, "error"),
        ({"rotated_at": {"maxAgeDays": 90}}, {"rotated_at": "2026-13-45T00:00:00Z"}, "error"),
        ({"used_at": {"maxAgeDays": 90}}, {"used_at": None}, "fail"),
        ({"used_at": {"anyOf": [{"const": None}, {"maxAgeDays": 90}]}}, {"used_at": None}, "pass"),
        ({"rotated_at": {"minDaysAhead": 30}}, {"rotated_at": "2026-12-21T03:00:00Z"}, "pass"),
        ({"rotated_at": {"minDaysAhead": 30}}, {"rotated_at": "2026-12-21T02:59:59Z"}, "fail"),
        ({"rotated_at": {"minDaysAhead": 30}}, {"rotated_at": "2020-01-01T00:00:00Z"}, "fail"),
        ({"encrypted": True, "length": 8}, {"encrypted": True, "length": 9}, "fail"),
        ({"encrypted": True, "length": 8}, {"encrypted": False}, "error"),
    ],
)
def test_what_is_decided(wanted: dict[str, Any], seen: dict[str, Any], outcome: str) -> None:
    assert judged(wanted, seen) == outcome


@pytest.mark.parametrize(
    ("wanted", "seen", "reasons"),
    [
        (
            {"encrypted": True, "key_manager": "customer"},
            {"encrypted": False, "key_manager": None},
            (
                "encrypted is false; expected true",
                'key_manager is null; expected "customer"',
            ),
        ),
        ({"length": {"minimum": 8, "maximum": 9}}, {"length": 1}, ("at least 8 and at most 9",)),
        ({"ports": {"items": {"enum": [443, 8443]}}}, {"ports": [22]}, ("each to be one of 443, 8443",)),
        (
            {"ports": {"contains": {"not": {"const": 22}}, "minItems": 2, "maxItems": 3}},
            {"ports": [22]},
            ("one to be not 22 and at least 2 of them and at most 3 of them",),
        ),
        (
            {"options": {"required": ["a", "b"], "properties": {"c": {"pattern": "^x"}}}},
            {"options": {}},
            ('having "a", "b" and c text matching "^x"',),
        ),
        (
            {"days": {"anyOf": [{"const": None}, {"minimum": 90}]}},
            {"days": 3},
            ("null or at least 90",),
        ),
    ],
)
def test_reasons_are_sentences(
    wanted: dict[str, Any], seen: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    found = Expectation(wanted, FACTS, AS_OF).reasons(seen)

    assert len(found) == len(reasons)
    assert all(whole.endswith(end) for whole, end in zip(found, reasons, strict=True))


def test_reasons_tell_the_age_of_a_moment() -> None:
    expectation = Expectation({"rotated_at": {"maxAgeDays": 90}}, FACTS, AS_OF)

    assert expectation.reasons({"rotated_at": "2026-01-01T03:00:00Z"}) == (
        "rotated_at is 2026-01-01T03:00:00Z (324 days ago); expected at most 90 days ago",
    )
    assert described({"minDaysAhead": 30}) == "at least 30 days ahead"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T03:00:00Z", AS_OF),
        ("2026-11-21T03:00:00", AS_OF),
        ("2026-11-21", AS_OF.replace(hour=0)),
        ("2026-11-21T05:00:00+02:00", AS_OF),
        ("20261121", None),
        ("2026-11-21T99:00:00Z", None),
        ("soon", None),
        (5, None),
        (None, None),
    ],
)
def test_moments(text: object, moment: datetime | None) -> None:
    assert parsed(text) == moment


# -- whatever is written -----------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 100),
    st.sampled_from([2**53 + 1, 2**64, -(2**64), 10**30, 10**400, 1.0, -0.0, 1e300, 2.0**53]),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(
        ["customer", "TLSv1.2", "x", "^x", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z", "null"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", *WORDS]), inner, max_size=2),
    ),
    max_leaves=5,
)
MEANT = {
    # What may well follow a word, so that more than mistakes is tried.
    "anyOf": lambda inner: st.lists(inner, min_size=1, max_size=2),
    "not": lambda inner: inner,
    "items": lambda inner: inner,
    "contains": lambda inner: inner,
    "properties": lambda inner: st.dictionaries(st.sampled_from("ab"), inner, min_size=1, max_size=2),
    "enum": lambda _: st.lists(SCALARS, min_size=1, max_size=2),
}
LEAF = st.dictionaries(
    st.sampled_from([word for word in WORDS if word not in MEANT]),
    SCALARS | st.lists(st.sampled_from("ab"), min_size=1),
    min_size=1,
    max_size=1,
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(sorted(MEANT)).flatmap(
        lambda word: st.fixed_dictionaries({word: MEANT[word](inner)})
    )


WANTED = st.recursive(LEAF | SCALARS.map(lambda value: {"const": value}), nested, max_leaves=4) | VALUES
NAMES = st.sampled_from(sorted(FACTS))


@given(NAMES, WANTED, VALUES)
@example("ports", {"items": {"minimum": 1}}, [True])
@example("options", {"properties": {"a": {"not": {"const": "x"}}}}, {"a": None})
def test_what_has_no_mistakes_compiles_and_decides_anything(name: str, expected: Any, value: Any) -> None:
    if not said({name: expected}):
        expectation = Expectation({name: expected}, FACTS, AS_OF)
        for seen in ({}, {name: value}, {name: None}):
            if not expectation.unsound(seen):
                assert all(reason.startswith(f"{name} is ") for reason in expectation.reasons(seen))


@given(NAMES, WANTED)
def test_nothing_passes_that_was_not_seen(name: str, expected: Any) -> None:
    if not said({name: expected}):
        assert Expectation({name: expected}, FACTS, AS_OF).unsound({}) == (f"{name} was not seen",)


@given(NAMES, WANTED)
def test_null_passes_only_where_null_is_asked_for(name: str, expected: Any) -> None:
    if said({name: expected}):
        return
    expectation = Expectation({name: expected}, FACTS, AS_OF)
    seen = {name: None}
    if not Shape.of(FACTS[name]).nullable:
        assert expectation.unsound(seen)
    elif not expectation.reasons(seen):
        assert "None" in repr(expected)


JSON_TYPES = {
    "boolean": bool,
    "integer": (int, float),
    "number": (int, float),
    "string": str,
    "moment": str,
    "array": list,
    "object": dict,
}


@given(NAMES, WANTED, VALUES)
def test_nothing_of_another_type_passes(name: str, expected: Any, value: Any) -> None:
    shape = Shape.of(FACTS[name])
    right = isinstance(value, JSON_TYPES[shape.kind]) and isinstance(value, bool) == (shape.kind == "boolean")
    if value is not None and not right and not said({name: expected}):
        assert Expectation({name: expected}, FACTS, AS_OF).unsound({name: value})


@given(
    st.sampled_from(["rotated_at", "used_at"]),
    st.recursive(
        st.builds(lambda days: {"maxAgeDays": days}, st.integers(0, 10_000)),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=2).map(lambda options: {"anyOf": options}),
            inner.map(lambda one: {"not": one}),
            inner.map(lambda one: {"not": {"not": one}}),
        ),
        max_leaves=3,
    ),
    st.datetimes(AS_OF.replace(tzinfo=None), datetime(9999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_no_future_moment_is_recent(name: str, expected: dict[str, Any], moment: datetime) -> None:
    if moment > AS_OF and not said({name: expected}):
        assert Expectation({name: expected}, FACTS, AS_OF).reasons({name: moment.isoformat()})


# -- whoever decides --------------------------------------------------------------------------------------


def oracle(expected: Any, name: str, value: Any) -> str:
    """What the reference implementation of JSON Schema decides of the same schemas."""
    shape = Shape.of(FACTS[name])
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("date-time")(lambda text: parsed(text) is not None)
    if not jsonschema.Draft202012Validator(FACTS[name], format_checker=formats).is_valid(value):
        return "error"

    def word(_: Any, days: float, moment: Any, schema: dict[str, Any]) -> Iterator[Any]:
        age = (AS_OF - (parsed(moment) or datetime.max.replace(tzinfo=UTC))) / DAY
        if (schema.get("maxAgeDays") == days and not 0 <= age <= days) or (
            schema.get("minDaysAhead") == days and -age < days
        ):
            yield jsonschema.ValidationError("it is not so")

    judge = extend(jsonschema.Draft202012Validator, {"maxAgeDays": word, "minDaysAhead": word})
    return "pass" if judge(compiled(expected, shape)).is_valid(value) else "fail"


TEXTS = st.sampled_from(
    ["", "x", "customer", "provider", "TLSv1.2", "TLSv1.3", "a.b-c", "2026-11-01T00:00:00Z"]
)
NUMBERS = st.integers(-5, 100) | st.sampled_from([2**53 + 1, 2**64, 10**400, 1.0, 1e300, 2.0**53])
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": NUMBERS,
    "number": NUMBERS | st.floats(allow_nan=False, allow_infinity=False),
    "string": TEXTS,
    "moment": MOMENTS | st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]),
    "array": st.lists(st.integers(-1, 9), max_size=3),
    "object": st.dictionaries(st.sampled_from("ab"), TEXTS, max_size=2),
}
TOLD: dict[str, Any] = {
    # An expectation for each kind of fact, from its own words and values.
    "boolean": st.fixed_dictionaries({"const": st.booleans()}),
    "integer": st.dictionaries(st.sampled_from(["minimum", "maximum"]), NUMBERS, min_size=1),
    "number": st.dictionaries(st.sampled_from(["minimum", "maximum", "const"]), NUMBERS, min_size=1),
    "string": st.fixed_dictionaries(
        {"pattern": st.sampled_from(["^x$", "c(us)+t", "", "[a-c][.-]", "^(TLSv1[.][23]|x)$", "(a+)+$"])}
    )
    | st.fixed_dictionaries({"enum": st.lists(TEXTS, min_size=1)}),
    "moment": st.dictionaries(
        st.sampled_from(["maxAgeDays", "minDaysAhead"]), st.integers(0, 10**6), min_size=1
    ),
    "array": st.dictionaries(st.sampled_from(["minItems", "maxItems"]), st.integers(0, 3), min_size=1)
    | st.fixed_dictionaries({"contains": st.fixed_dictionaries({"minimum": st.integers(0, 9)})})
    | st.fixed_dictionaries(
        {"items": st.fixed_dictionaries({"enum": st.lists(st.integers(0, 9), min_size=1)})}
    ),
    "object": st.fixed_dictionaries({"required": st.lists(st.sampled_from("ab"), min_size=1)})
    | st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from("ab"), TEXTS, min_size=1)}),
}


def composed(told: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        told | st.just({"const": None}),
        lambda inner: (
            st.builds(lambda one: {"not": one}, inner)
            | st.builds(lambda some: {"anyOf": some}, st.lists(inner, min_size=1, max_size=2))
        ),
        max_leaves=3,
    )


ASKED = NAMES.flatmap(
    lambda name: st.tuples(
        st.just(name),
        composed(TOLD[Shape.of(FACTS[name]).kind]) | WANTED,
        st.none() | FITTING[Shape.of(FACTS[name]).kind] | VALUES,
    )
)


@given(ASKED)
@example(("rotated_at", {"maxAgeDays": 1}, "0001-01-01T00:00:00+23:59"))
@example(("encrypted", {"const": True}, 1))
@example(("length", {"const": 1}, 1.0))
@example(("ports", {"const": [1]}, [True]))
def test_what_is_decided_is_what_jsonschema_decides(asked: tuple[str, Any, Any]) -> None:
    name, expected, value = asked
    if not said({name: expected}):
        assert judged({name: expected}, {name: value}) == oracle(expected, name, value)


@given(ASKED, SCALARS)
def test_when_decides_as_expect_does(asked: tuple[str, Any, Any], more: Any) -> None:
    name, expected, value = asked
    if not said({name: expected}, when=True):
        apart = judged({name: expected}, {name: value})
        assert judged({name: expected}, {name: value, "more": more}) == apart


BOMBS = [
    "(a+)+$",
    "(a|aa)+$",
    "^(a|a?)+$",
    "(.*a){20}$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(x+x+)+y",
    "(a?){80}a{80}c",
]


@pytest.mark.parametrize("pattern", BOMBS)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    # Each takes a backtracking engine longer than anybody waits; here the text's length is what counts.
    assert judged({"engine": {"pattern": pattern}}, {"engine": "a" * 20_000 + "!"}) == "fail"
    assert judged({"engine": {"pattern": f"{pattern}|!"}}, {"engine": "a" * 20_000 + "!"}) == "pass"


def test_the_end_of_a_text_is_its_end() -> None:
    assert judged({"engine": {"pattern": "^x$"}}, {"engine": "x\n"}) == "fail"


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\U0001f3e5", "\n" * 50])
def test_any_text_can_be_judged(text: str) -> None:
    outcome = "error" if text == "\ud800" else "pass"

    assert judged({"engine": {"not": {"const": "mysql"}}}, {"engine": text}) == outcome


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ("engine", "\ud800"),
        ("engine", {"enum": ["\ud800"]}),
        ("engine", {"pattern": "\ud800"}),
        ("options", {"required": ["\ud800"]}),
        ("options", {"properties": {"\ud800": "x"}}),
    ],
)
def test_what_cannot_be_evaluated_is_a_mistake(fact: str, expected: Any) -> None:
    assert len(said({fact: expected})) == 1


@pytest.mark.parametrize(
    "described",
    [
        {"type": "string", "$ref": "http://127.0.0.1:9/schema"},
        {"type": "string", "$ref": "#/nowhere"},
        {"type": "string", "pattern": "(?=a)b"},
        {"type": "strnig"},
        {"type": 5},
        {"anyOf": []},
        {"enum": []},
        {},
        True,
        None,
    ],
    ids=repr,
)
def test_what_a_strangers_bundle_says_of_facts_is_not_believed(described: Any) -> None:
    said = list(mistakes({"engine": "x"}, {"engine": described}))

    assert [(mistake.path, mistake.message) for mistake in said] == [
        (("engine",), "engine: its check describes it in a way that cannot be evaluated")
    ]
