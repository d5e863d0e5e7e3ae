"""JSON Schema, evaluated: quickly, offline, and in time that no pattern can stretch."""

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import jsonschema_rs

Schema = Mapping[str, Any]
Holds = Callable[[object], bool]
DAY = timedelta(days=1)

AGES = frozenset({"maxAgeDays", "minDaysAhead"})
"""The words that depend on the moment of judging."""

_PATTERNS = jsonschema_rs.RegexOptions(size_limit=2**18, dfa_size_limit=2**20)
"""The engine that takes time in proportion to the text, whatever pattern a stranger's policy has."""


def holds(schema: Schema, as_of: datetime | None = None) -> Holds:
    """Whether a value satisfies a schema, moments included: what is no moment has no age.

    Args:
        schema: what it must satisfy; its words about ages mean nothing without `as_of`.
        as_of: the moment to which ages are counted.

    Raises:
        ValueError: it is no schema, or has a pattern or a number beyond what can be evaluated.
    """
    told = {word: value for word, value in schema.items() if word != "description"}
    valid = _evaluator(json.dumps(told), as_of)

    def held(value: object) -> bool:
        try:
            return valid(value)
        except ValueError:  # what JSON cannot say satisfies nothing
            return False

    return held


def against(schema: Schema, value: object) -> Iterator[Any]:
    """What is wrong with a value, as jsonschema's errors.

    Raises:
        ValueError: it is no schema.
    """
    if not holds(schema)(value):
        # Slower than the evaluator above, and it tells what is wrong: a hundred milliseconds for mistakes.
        import jsonschema

        yield from jsonschema.Draft202012Validator(schema).iter_errors(value)


@lru_cache(2048)
def _evaluator(schema: str, as_of: datetime | None) -> Holds:
    """Facts are described, and expected to be, in few ways: 500 requirements ask for 4,000 of 300."""
    try:
        return jsonschema_rs.Draft202012Validator(
            json.loads(schema),
            formats={"date-time": lambda text: parsed(text) is not None},
            validate_formats=True,
            pattern_options=_PATTERNS,
            keywords=_ages(as_of) if as_of else {},
            offline=True,  # a fact's schema may come from a stranger's bundle
        ).is_valid
    except jsonschema_rs.ReferencingError as error:
        raise ValueError(error.message) from None


@cache
def _ages(as_of: datetime) -> dict[str, type]:
    """Our two words about moments, for the evaluator: it makes an object of each use, and asks that."""

    def word(holds: Callable[[float, float], bool]) -> type:
        class Word:
            def __init__(self, _: object, days: float, __: object) -> None:
                self._days = days

            def validate(self, value: object) -> None:
                moment = parsed(value)
                if moment is None or not holds((as_of - moment) / DAY, self._days):
                    raise ValueError

        return Word

    return {
        "maxAgeDays": word(lambda age, most: 0 <= age <= most),
        "minDaysAhead": word(lambda age, least: -age >= least),
    }


def no_pattern(pattern: str) -> str | None:
    """Why the evaluator does not take a pattern."""
    try:
        holds({"pattern": pattern})
    except ValueError:
        try:
            with warnings.catch_warnings(action="ignore"):
                re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            return f"is not a regular expression: {error}"
        return "cannot be matched in linear time: it looks around or back, or repeats too much"
    return None


def parsed(value: object) -> datetime | None:
    """A moment from RFC 3339 text, in UTC where it names no zone; None when it is something else."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d", value):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
