"""Conditions of AWS's policies, and whether they hold of a request of which not everything is known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal, NamedTuple, Protocol

from .iam_patterns import covers, overlap

Network = IPv4Network | IPv6Network

_BROAD = {4: 8, 6: 32}
"""Ranges larger than that are anybody's, as S3 counts when it says that a policy is public.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""
_VARIABLE = re.compile(r"\$\{(?P<key>[^},*?$]+)(?:,[^}]*)?\}")
_COLONS = 5
"""How many part what is before a resource's name in an ARN; there may be more in the name."""
_OURS = "aws:resource"
"""What the names of variables begin with that tell of the resource, and not of who asks for it."""


class Value(Protocol):
    """Something that a request says, of which not everything is known."""

    def meets(self, operator: str, wanted: str) -> bool | None:
        """Whether it is what an operator wants, negation aside; None where that is not known."""
        ...


Way = tuple[Value | str, ...] | None
"""How a key may be: with these values, or not there at all. A text is a value that is known."""

Context = Mapping[str, tuple[Way, ...]]
"""How a request may be, by key in lower case: each of the ways that one may be. Of a key that is not here,
anything may be."""


class Text(NamedTuple):
    """A value that is known."""

    text: str

    def meets(self, operator: str, wanted: str) -> bool | None:
        """Whether it is what an operator wants; numbers and dates are not looked at."""
        match operator:
            case "stringequals" | "binaryequals":
                return self.text == wanted
            case "stringequalsignorecase" | "bool":
                return self.text.lower() == wanted.lower()
            case "stringlike" | "arnlike" | "arnequals":
                return covers(wanted, self.text)
            case "ipaddress":
                return any(mine.overlaps(theirs) for mine, theirs in _alike(self.text, wanted))
            case _:
                return None


class Unknown(NamedTuple):
    """A value that the caller chooses."""

    def meets(self, operator: str, wanted: str) -> bool | None:
        """Nobody knows."""
        del operator, wanted
        return None


class SomeArn(NamedTuple):
    """The ARN of something or somebody, of which only what these patterns say is known."""

    shapes: tuple[str, ...]

    def meets(self, operator: str, wanted: str) -> bool | None:
        """Whether all that it may be is wanted; None where something is."""
        exactly = operator == "stringequals"
        if not exactly and all(_by_parts(_covered, shape, wanted) for shape in self.shapes):
            return True
        within = covers if exactly else overlap
        return None if any(_by_parts(within, shape, wanted) for shape in self.shapes) else False


class SomeAddress(NamedTuple):
    """An address on the internet, outside every range that is small enough to be somebody's own."""

    def meets(self, operator: str, wanted: str) -> bool | None:
        """Whether a range is wanted that is anybody's."""
        del operator
        return any(network.prefixlen < _BROAD[network.version] for network in _networks(wanted))


ANY: tuple[Way, ...] = (None, (Unknown(),))
"""The ways of a key of which nothing is known."""


class Condition(NamedTuple):
    """One operator on one key."""

    operator: str
    """In lower case, without what says how many values have to match, and without `ifexists` and `not`."""
    negated: bool
    if_exists: bool
    quantifier: Literal["any", "all"] | None
    key: str
    """In lower case."""
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool | None:
        """Whether it holds of a request; None where that is up to what is not known of it."""
        outcomes = {self._of(way, context) for way in context.get(self.key, ANY)}
        return outcomes.pop() if len(outcomes) == 1 else None

    def _of(self, way: Way, context: Context) -> bool | None:
        if self.operator == "null":
            return (way is None) == (self.values[0].lower() == "true")
        if way is None:
            if self.quantifier == "any":
                return self.if_exists
            return self.negated or self.if_exists or self.quantifier == "all"
        over = every if self.quantifier == "all" else some
        return over(self._match(value, context) for value in way)

    def _match(self, value: Value | str, context: Context) -> bool | None:
        held = Text(value) if isinstance(value, str) else value
        wanted = [_filled(pattern, context) for pattern in self.values]
        found = some(None if one is None else held.meets(self.operator, one) for one in wanted)
        return found if found is None or not self.negated else not found


def conditions(said: Mapping[str, Any]) -> tuple[Condition, ...]:
    """The conditions of a statement, which have to hold all."""
    return tuple(
        _condition(operator, key, values) for operator, keys in said.items() for key, values in keys.items()
    )


def some(outcomes: Iterable[bool | None]) -> bool | None:
    """Whether one of them is true; None where one may be."""
    found = set(outcomes)
    return True if True in found else None if None in found else False


def every(outcomes: Iterable[bool | None]) -> bool | None:
    """Whether all of them are true; None where they may be."""
    found = set(outcomes)
    return False if False in found else None if None in found else True


def _condition(operator: str, key: str, values: Any) -> Condition:
    name = operator.lower()
    quantifier: Literal["any", "all"] | None = None
    if name.startswith("foranyvalue:"):
        quantifier, name = "any", name.removeprefix("foranyvalue:")
    elif name.startswith("forallvalues:"):
        quantifier, name = "all", name.removeprefix("forallvalues:")
    plain = name.removesuffix("ifexists")
    listed = values if isinstance(values, list | tuple) else (values,)
    return Condition(
        operator=plain.replace("not", "", 1),
        negated="not" in plain,
        if_exists=plain != name,
        quantifier=quantifier,
        key=key.lower(),
        values=tuple(_text(value) for value in listed),
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filled(wanted: str, context: Context) -> str | None:
    """What is wanted, with its variables replaced; None where one is the caller's choice."""
    for variable in list(_VARIABLE.finditer(wanted)):
        key = variable["key"].strip().lower()
        match context.get(key, ANY):
            case ((str(known),),) | ((Text(known),),):
                wanted = wanted.replace(variable[0], known)
            case _ if not key.startswith(_OURS):
                return None
    return wanted


def _networks(text: str) -> Iterator[Network]:
    try:
        yield ip_network(text, strict=False)
    except ValueError:
        return


def _alike(one: str, other: str) -> Iterator[tuple[Any, Any]]:
    """The ranges that they stand for, where both are of the same version."""
    for mine in _networks(one):
        yield from ((mine, theirs) for theirs in _networks(other) if mine.version == theirs.version)


def _by_parts(holds: Callable[[str, str], bool], shape: str, wanted: str) -> bool:
    """Whether it holds of two ARNs, whose parts are compared each with its own: no star spans a colon."""
    colons = min(_COLONS, shape.count(":"), wanted.count(":"))
    ours, theirs = shape.split(":", colons), wanted.split(":", colons)
    # Text that is shorter than an ARN may mean by a star what is in several parts.
    if colons < _COLONS and any("*" in part for part in theirs[:-1]):
        return holds(shape, wanted)
    return all(map(holds, ours, theirs))


def _covered(shape: str, wanted: str) -> bool:
    return covers(wanted, shape)
