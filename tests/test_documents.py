import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.documents import DEEPEST, MOST_BYTES, MOST_NODES, mistakes, parse, suggestion, written
from scanner.errors import ScannerError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "ports"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "ports": {"type": "array", "items": {"type": "integer"}},
        "level": {"enum": ["high", "low"]},
        "account": {"type": "string", "pattern": r"^\d{12}$", "description": "twelve digits"},
    },
}


def refusal(text: str | bytes) -> str:
    with pytest.raises(ScannerError) as caught:
        parse(text, "f.yaml")
    return str(caught.value)


def test_reads_plain_data() -> None:
    text = "a: 1\nb: [x, 1.5, true, null]\nday: 2026-11-21\nnested:\n  'on': text\n"

    assert parse(text, "f.yaml").data == {
        "a": 1,
        "b": ["x", 1.5, True, None],
        "day": "2026-11-21",
        "nested": {"on": "text"},
    }


def test_a_key_is_text_whatever_it_looks_like() -> None:
    assert parse("on: 1\n2: x\nnull: y\n", "f.yaml").data == {"on": 1, "2": "x", "null": "y"}


def test_knows_the_line_of_everything() -> None:
    document = parse("a:\n  - x: 1\n    y:\n      - 2\n", "f.yaml")

    assert document.line(()) == 1
    assert document.line(("a", 0, "y")) == 3
    assert document.line(("a", 0, "y", 0)) == 4
    assert document.line(("a", 0, "z", "deeper")) == 2
    assert document.at(("a", 0, "y"), "said") == "f.yaml:3: said"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1: the file is empty"),
        ("# only a comment\n", "f.yaml:1: the file is empty"),
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: 'a' stands twice in one mapping"),
        ("a:\n  x: 1\n  x: 1\n", "f.yaml:3: 'x' stands twice in one mapping"),
        ("? [a]\n: b\n", "f.yaml:1: a key is text"),
        ("a: .inf\n", "f.yaml:1: '.inf' (tag:yaml.org,2002:float) is not plain YAML"),
        ("a: .nan\n", "f.yaml:1: '.nan' (tag:yaml.org,2002:float) is not plain YAML"),
        ("a: !!binary abcd\n", "f.yaml:1: 'abcd' (tag:yaml.org,2002:binary) is not plain YAML"),
        ("a: !secret x\n", "f.yaml:1: 'x' (!secret) is not plain YAML"),
        (
            "a: 1\nb: !!python/object/apply:os.system [id]\n",
            "f.yaml:2: tag:yaml.org,2002:python/object/apply:os.system is not plain YAML",
        ),
        ("a: 0x_\n", "f.yaml:1: '0x_' is not a number; quote it to make it text"),
        (f"a: {'1' * 5000}\n", f"f.yaml:1: '{'1' * 80}' is not a number; quote it to make it text"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n\tb: 2\n", 2),
        ("a: [1,\n2\n", 3),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: *nowhere\n", 1),
        (b"\x00\x01\xff", 1),
        (b"\x89PNG\r\n\x1a\n", 1),
        (b"a: \xff\xfe\xfa", 1),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_line(text: str | bytes, line: int) -> None:
    assert refusal(text).startswith(f"f.yaml:{line}: not YAML: ")


TOO_DEEP = "nested too deep, or aliases that multiply"


@pytest.mark.parametrize(
    "nested", ["[" * 100_000, "- " * 300_000 + "x", "{a: " * 50_000, "[" * 61 + "]" * 61]
)
def test_deep_nesting_is_refused_before_it_ends_the_process(nested: str) -> None:
    assert refusal(nested) == f"f.yaml:1: {TOO_DEEP}"


def test_nesting_is_refused_where_it_gets_too_deep() -> None:
    text = "".join(f"{' ' * depth}a:\n" for depth in range(DEEPEST + 5))

    assert refusal(text) == f"f.yaml:{DEEPEST + 1}: {TOO_DEEP}"


def test_the_deepest_there_may_be() -> None:
    data = parse("[" * DEEPEST + "]" * DEEPEST, "f.yaml").data

    for _ in range(DEEPEST - 1):
        (data,) = data
    assert data == []


def test_aliases_that_multiply_are_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )

    assert refusal(bomb).endswith(TOO_DEEP)


def test_an_alias_of_itself_is_refused() -> None:
    assert refusal("&a [*a]\n") == f"f.yaml:1: {TOO_DEEP}"


def test_aliases_may_be_used() -> None:
    assert parse("a: &x {b: 1}\nc: *x\n", "f.yaml").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_size_is_bounded() -> None:
    assert refusal("a" * (MOST_BYTES + 1)) == (
        f"f.yaml: more than {MOST_BYTES:,} bytes: too large for a file that people write"
    )
    assert refusal("- a\n" * (MOST_NODES + 1)).endswith(TOO_DEEP)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    try:
        parse(text, "f.yaml")
    except ScannerError as error:
        assert re.match(r"f\.yaml:\d+: ", str(error))  # noqa: PT017 - whether it raises is not the question


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x\nports: [1]\n", []),
        ("null\n", ["f.yaml:1: the file: null is not a mapping"]),
        ("[]\n", ["f.yaml:1: the file: [] is not a mapping"]),
        ("name: x\n", ["f.yaml:1: the file: 'ports' is missing"]),
        (
            "nmae: x\nports: []\n",
            ["f.yaml:1: unknown key 'nmae' (did you mean 'name'?)"],
        ),
        ("host: x\nserver: y\n", ["f.yaml:1: the file has 'host', 'server'; expected 'name', 'ports'"]),
        (
            "name: x\nports: []\nzzz: 1\n",
            ["f.yaml:3: unknown key 'zzz'; expected one of account, level, name, ports"],
        ),
        ("name: 5\nports: []\n", ["f.yaml:1: name: 5 is not a string; quote it"]),
        (
            "name: yes\nports: []\n",
            [
                "f.yaml:1: name: true is not a string; YAML reads a bare yes, no, on or off so: quote it",
            ],
        ),
        (
            "name: x\nports:\n  - 1\n  - http\n",
            ['f.yaml:4: ports.1: "http" is not a whole number'],
        ),
        ("name: x\nports: 5\n", ["f.yaml:2: ports: 5 is not a list"]),
        (
            "name: x\nports: []\nlevel: hihg\n",
            ["f.yaml:3: level: \"hihg\" is not one of high, low (did you mean 'high'?)"],
        ),
        (
            "name: x\nports: []\naccount: '123'\n",
            ['f.yaml:3: account: "123": expected twelve digits'],
        ),
        (
            "ports: [a]\nname: 1\n",
            [
                'f.yaml:1: ports.0: "a" is not a whole number',
                "f.yaml:2: name: 1 is not a string; quote it",
            ],
        ),
    ],
)
def test_mistakes_come_in_the_order_of_the_file(text: str, expected: list[str]) -> None:
    assert mistakes(parse(text, "f.yaml"), SCHEMA) == expected


def test_mistakes_of_a_part_keep_their_line() -> None:
    document = parse("x:\n  y:\n    name: 1\n    ports: []\n", "f.yaml")

    assert mistakes(document, SCHEMA, ("x", "y")) == ["f.yaml:3: x.y.name: 1 is not a string; quote it"]


def test_suggests_the_nearest_word_or_none() -> None:
    assert suggestion("encrpyted", ["key_manager", "encrypted"]) == " (did you mean 'encrypted'?)"
    assert not suggestion("zzz", ["encrypted"])


def test_long_values_are_cut() -> None:
    assert written("é" * 200) == '"' + "é" * 76 + "..."
    assert written({"a": [1, None]}) == '{"a": [1, null]}'
