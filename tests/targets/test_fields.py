"""Fields of an answer: what is not as documented is refused, and never guessed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets.fields import Fields

HELD = {
    "name": "records",
    "enabled": False,
    "count": 3,
    "nothing": None,
    "@odata.type": "#microsoft.graph.ipNamedLocation",
    "made": "2026-11-20T03:04:05.1234567Z",
    "plain": "2026-11-20T03:04:05",
    "elsewhere": "2026-11-20T03:04:05+02:00",
    "never": "0001-01-01T00:00:00Z",
    "seconds": 1_700_000_000,
    "tags": ["a", "b"],
    "mixed": ["a", 1],
    "properties": {"sku": {"tier": "Premium"}, "rules": [{"port": 22}, {"port": "x"}]},
}


def fields(held: dict[str, Any] | None = None) -> Fields:
    def complain(detail: str) -> ReadError:
        return ReadError(need="a need", reason=Reason.INVALID_ANSWER, detail=detail, mend="report it")

    return Fields(HELD if held is None else held, complain)


def test_what_is_there_is_told_by_its_type() -> None:
    held = fields()

    assert (held.text("name"), held.flag("enabled"), held.number("count")) == ("records", False, 3)
    assert held.text("properties.sku.tier") == "Premium"
    assert held.text("@odata.type") == "#microsoft.graph.ipNamedLocation"
    assert held.texts("tags") == ("a", "b")
    assert held.part("properties").part("sku").held == {"tier": "Premium"}
    assert [rule.held for rule in held.parts("properties.rules")] == [{"port": 22}, {"port": "x"}]
    assert held.word("properties.sku.tier", {"premium": 1}) == 1
    assert (held.has("name"), held.has("nothing"), held.has("properties.x.y")) == (True, False, False)


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("made", datetime(2026, 11, 20, 3, 4, 5, 123456, UTC)),
        ("plain", datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)),
        ("elsewhere", datetime(2026, 11, 20, 1, 4, 5, tzinfo=UTC)),
        ("seconds", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ],
)
def test_moments_are_in_utc(path: str, at: datetime) -> None:
    assert fields().moment(path) == at


@pytest.mark.parametrize("path", ["nothing", "missing", "properties.sku.missing", "name.below"])
def test_what_is_missing_is_the_default_that_was_given(path: str) -> None:
    held = fields()

    assert (held.flag(path, True), held.text(path, ""), held.number(path, 0)) == (True, "", 0)
    assert (held.moment(path, None), held.word(path, {}, "x")) == (None, "x")
    assert (held.texts(path), held.parts(path), held.part(path).held) == ((), [], {})


def test_what_never_happened_is_missing() -> None:
    assert fields().moment("never", None) is None
    with pytest.raises(ReadError, match="never is a str; expected a moment"):
        fields().moment("never")


@pytest.mark.parametrize(
    ("ask", "detail"),
    [
        (lambda held: held.flag("missing"), "missing is missing; expected true or false"),
        (lambda held: held.flag("count"), "count is a int; expected true or false"),
        (lambda held: held.flag("count", default=False), "count is a int; expected true or false"),
        (lambda held: held.text("nothing"), "nothing is missing; expected a text"),
        (lambda held: held.number("enabled"), "enabled is a bool; expected a number"),
        (lambda held: held.number("name", 0), "name is a str; expected a number"),
        (lambda held: held.moment("name"), "name is a str; expected a moment"),
        (lambda held: held.moment("enabled", None), "enabled is a bool; expected a moment"),
        (lambda held: held.moment("missing"), "missing is missing; expected a moment"),
        (lambda held: held.texts("mixed"), "mixed is a list; expected a list of texts"),
        (lambda held: held.texts("name"), "name is a str; expected a list of texts"),
        (lambda held: held.parts("tags"), "tags is a list; expected a list of objects"),
        (lambda held: held.part("tags"), "tags is a list; expected an object"),
        (lambda held: held.word("name", {"a": 1, "b": 2}), "name is 'records'; known are a, b"),
        (
            lambda held: held.parts("properties.rules")[1].number("port"),
            "properties.rules[1].port is a str; expected a number",
        ),
        (lambda held: held.part("properties").flag("x"), "properties.x is missing; expected true or false"),
    ],
)
def test_what_is_not_as_documented_is_refused(ask: Any, detail: str) -> None:
    with pytest.raises(ReadError) as caught:
        ask(fields())

    assert caught.value.detail == detail


def test_a_long_word_is_cut_in_the_refusal() -> None:
    with pytest.raises(ReadError) as caught:
        fields({"kind": "x" * 1000}).word("kind", {"a": 1})

    assert len(caught.value.detail) < 150


@pytest.mark.parametrize("seconds", [10**20, -(10**20)])
def test_seconds_beyond_time_are_no_moment(seconds: int) -> None:
    with pytest.raises(ReadError, match="expected a moment"):
        fields({"at": seconds}).moment("at")
