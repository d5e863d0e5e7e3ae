"""The published schema of policies against the loader: an editor and the command say the same."""

import copy
import json
import re
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from scanner.errors import ScannerError
from scanner.policy import json_schema, read, resolved
from tests.test_expect import ASKED, FACTS, SCALARS, WANTED

CHECK = "encryption.aws.volumes"
SCHEMA = json_schema()
EDITOR = jsonschema.Draft202012Validator(SCHEMA)
BEYOND = re.compile(
    r"unknown fact|unknown check|stands twice| is taken by line | is for an? | is never null| may be null"
    r"| is not (an? (boolean|integer|number|string|moment|array|object)|one of|a regular expression)"
    r"| cannot be (matched|evaluated)| is not plain YAML| is a number beyond 64 bits"
)
"""What only whoever knows the facts, the other requirements, regular expressions or YAML can say."""


def document(*requirements: Any) -> dict[str, Any]:
    control = {"control": "c", "title": "A control", "owner": "CISO", "requirements": list(requirements)}
    return {"policy": "house", "title": "House", "source": "us", "controls": [control]}


def requirement(**changes: Any) -> dict[str, Any]:
    return {"check": CHECK, "expect": {"encrypted": True}, "severity": "high"} | changes


def refused(policy: Any) -> list[str]:
    """What the loader has against a policy."""
    try:
        resolved(read(yaml.safe_dump(policy).encode(), "p.yaml"), {CHECK: FACTS}, strict=True)
    except ScannerError as error:
        return str(error).splitlines()
    return []


def agree(policy: Any) -> None:
    said = refused(policy)
    wrong = [error.message for error in EDITOR.iter_errors(policy)]
    if not said:
        assert wrong == [], "the loader accepts it"
    if not wrong:
        assert [line for line in said if not BEYOND.search(line)] == [], "the editor accepts it"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(ASKED, st.sampled_from(["when", "expect"]))
def test_of_any_expectation_both_say_the_same(asked: tuple[str, Any, Any], part: str) -> None:
    name, expected, _ = asked
    agree(document(requirement(**{part: {name: expected}})))


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for step, item in items for deeper in paths(item, (*path, step)))]


WHOLE = document(
    requirement(
        id="one",
        aliases=["former"],
        when={"days": {"anyOf": [{"const": None}, {"minimum": 3}]}},
        expect={
            "rotated_at": {"maxAgeDays": 9},
            "ports": {"items": {"enum": [443]}},
            "engine": {"not": {"const": "x"}},
        },
        absent="fail",
        remediation="Mend it.",
    ),
    requirement(check="encryption.*", absent="not-applicable"),
) | {"title": "A policy with everything that can be said"}
WHOLE["controls"][0] |= {"text": "Why.", "status": "addressable"}


def test_what_is_changed_was_right() -> None:
    assert refused(WHOLE) == []
    assert list(EDITOR.iter_errors(WHOLE)) == []


@given(
    st.sampled_from(paths(WHOLE)[1:]),
    st.sampled_from(["put", "drop", "add"]),
    SCALARS | WANTED | st.sampled_from(["fail", "high", "encryption.*", "required", "", [], {}, CHECK]),
    st.sampled_from(["id", "absent", "minimum", "a", "x-y", "not"]),
)
def test_of_any_change_both_say_the_same(path: tuple[Any, ...], change: str, value: Any, name: str) -> None:
    policy = copy.deepcopy(WHOLE)
    *above, last = path
    parent: Any = policy
    for step in above:
        parent = parent[step]
    if change == "put":
        parent[last] = value
    elif change == "drop":
        del parent[last]
    else:
        assume(isinstance(parent[last], dict))
        parent[last][name] = value

    agree(policy)


@pytest.mark.parametrize(
    "wrong",
    [
        requirement(check="encryption.*", absent="fail"),
        requirement(expect={"length": {"minimun": 8}}),
        requirement(expect={"length": {"not": {"minimun": 8}}}),
        requirement(expect={"length": {"anyOf": [{"const": 1}, {}]}}),
        requirement(expect={"ports": {"items": 443}}),
        requirement(expect={"ports": {"contains": {"minimum": "1"}}}),
        requirement(expect={"options": {"properties": {"a": {"patern": "x"}}}}),
        requirement(expect={"rotated_at": {"not": {"anyOf": [{"maxAgeDays": 3}]}}}),
        requirement(expect={"rotated_at": {"not": {"not": {"minDaysAhead": 3}}}}),
        requirement(when={}),
    ],
    ids=json.dumps,
)
def test_what_an_editor_can_find(wrong: dict[str, Any]) -> None:
    assert refused(document(wrong))
    assert list(EDITOR.iter_errors(document(wrong)))


@pytest.mark.parametrize(
    "beyond",
    [
        requirement(expect={"encrpyted": True}),
        requirement(expect={"length": {"pattern": "x"}}),
        requirement(expect={"engine": {"pattern": "("}}),
        requirement(when={"days": {"minimum": 3}}),
    ],
    ids=json.dumps,
)
def test_what_only_the_loader_knows(beyond: dict[str, Any]) -> None:
    assert refused(document(beyond))
    assert list(EDITOR.iter_errors(document(beyond))) == []
