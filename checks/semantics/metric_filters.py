"""Which events a metric filter of CloudWatch Logs counts.

Patterns in braces, about fields of JSON, are understood whole. Patterns of words or of fields in brackets are
not made for JSON; they, and what is not understood, count nothing here.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Event = Mapping[str, Any]
Predicate = Callable[[Event], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<symbol>&&|\|\||[()])"
    r"|(?P<operator>!=|>=|<=|=|<|>)"
    r'|"(?P<quoted>(?:[^"\\]|\\.)*)"'
    r"|%(?P<pattern>[^%]*)%"
    r'|(?P<word>[^\s()&|=!<>"%]+))'
)
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]")
_MISSING = object()


class _MalformedError(ValueError):
    """A pattern that is not understood."""


def matches(pattern: str, event: Event) -> bool:
    """Whether a filter with this pattern counts an event."""
    if not pattern.strip():
        return True
    return _compiled(pattern)(event)


@cache
def _compiled(pattern: str) -> Predicate:
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return _never
    try:
        return _Parser(text[1:-1]).whole()
    except _MalformedError:
        return _never


def _never(event: Event) -> bool:
    del event
    return False


class _Parser:
    """Reads an expression: comparisons, joined by && before ||, in parentheses or not."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> Predicate:
        """The whole expression."""
        found = self._any()
        if self._at != len(self._tokens):
            raise _MalformedError
        return found

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self._taken("||"):
            parts.append(self._all())
        return lambda event: any(part(event) for part in parts)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self._taken("&&"):
            parts.append(self._one())
        return lambda event: all(part(event) for part in parts)

    def _one(self) -> Predicate:
        if self._taken("("):
            found = self._any()
            if not self._taken(")"):
                raise _MalformedError
            return found
        kind, selector = self._next()
        if kind != "word" or not selector.startswith("$"):
            raise _MalformedError
        return self._comparison(_path(selector))

    def _comparison(self, path: tuple[str | int, ...]) -> Predicate:
        kind, said = self._next()
        if kind == "operator":
            return _compared(path, said, *self._next())
        words = said.upper()
        if words in {"IS", "NOT"}:
            words = f"{words} {self._next()[1].upper()}"
        wanted = _STATES.get(words)
        if wanted is None:
            raise _MalformedError
        return lambda event: wanted(_found(event, path))

    def _taken(self, symbol: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("symbol", symbol):
            self._at += 1
            return True
        return False

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise _MalformedError
        self._at += 1
        return self._tokens[self._at - 1]


_STATES: dict[str, Callable[[object], bool]] = {
    "IS TRUE": lambda value: value is True,
    "IS FALSE": lambda value: value is False,
    "IS NULL": lambda value: value is None,
    "EXISTS": lambda value: value is not _MISSING,
    "NOT EXISTS": lambda value: value is _MISSING,
}
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda mine, theirs: mine == theirs,
    "!=": lambda mine, theirs: mine != theirs,
    "<": lambda mine, theirs: mine < theirs,
    "<=": lambda mine, theirs: mine <= theirs,
    ">": lambda mine, theirs: mine > theirs,
    ">=": lambda mine, theirs: mine >= theirs,
}


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise _MalformedError
        said = token[token.lastgroup]
        found.append(
            (token.lastgroup, re.sub(r"\\(.)", r"\1", said) if token.lastgroup == "quoted" else said)
        )
        at = token.end()
    return found


def _path(selector: str) -> tuple[str | int, ...]:
    steps = list(_STEP.finditer(selector, 1))
    if "".join(step[0] for step in steps) != selector[1:]:
        raise _MalformedError
    return tuple(int(step[2]) if step[2] else step[1] or step[3] for step in steps)


def _found(event: Any, path: tuple[str | int, ...]) -> object:
    for step in path:
        named = isinstance(event, Mapping) and step in event
        numbered = isinstance(event, list) and isinstance(step, int) and step < len(event)
        if not (named or numbered):
            return _MISSING
        event = event[step]
    return event


def _compared(path: tuple[str | int, ...], operator: str, kind: str, wanted: str) -> Predicate:
    if kind not in {"word", "quoted", "pattern"}:
        raise _MalformedError
    if kind == "word" and re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", wanted):
        number = float(wanted)
        return lambda event: _as_number(_found(event, path), operator, number, wanted)
    if operator not in {"=", "!="}:
        raise _MalformedError
    expression = _expression(wanted if kind == "pattern" else _wildcards(wanted))

    def holds(event: Event) -> bool:
        # What is not there, or is no text, is neither equal nor unequal.
        value = _found(event, path)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return False
        found = expression.search(str(value)) is not None
        return found == (operator == "=")

    return holds


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.DOTALL)
    except re.error as error:
        raise _MalformedError from error


def _as_number(value: object, operator: str, wanted: float, written: str) -> bool:
    if isinstance(value, str):
        return operator in {"=", "!="} and (value == written) == (operator == "=")
    return isinstance(value, int | float) and not isinstance(value, bool) and _ORDERS[operator](value, wanted)


def _wildcards(text: str) -> str:
    """A star stands for any text at the beginning and at the end, and for itself between."""
    inner = text.removeprefix("*").removesuffix("*")
    start = "" if text.startswith("*") else r"\A"
    end = "" if text.endswith("*") else r"\Z"
    return f"{start}{re.escape(inner)}{end}"
