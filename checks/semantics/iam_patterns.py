"""Patterns of AWS's policies, in which a star is any text and a question mark any character."""

import re
from functools import cache


@cache
def covers(wide: str, narrow: str) -> bool:
    """Whether everything that the one pattern means, the other means, too."""
    parts = {"*": ".*", "?": r"[^*]"}
    expression = "".join(parts.get(character) or re.escape(character) for character in wide)
    return re.fullmatch(expression, narrow, re.DOTALL) is not None


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some text is meant by both patterns."""
    # Where in `other` one may be, having read so much of `one`: a star reads nothing or anything.
    reached = _after_stars({0}, other)
    for character in one:
        if character == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
        else:
            reached = _after_stars(set(_read(character, reached, other)), other)
    return len(other) in reached


def _read(character: str, reached: set[int], other: str) -> list[int]:
    """Where one may be after one more character."""
    read = []
    for at in reached:
        if at < len(other):
            if other[at] == "*":
                read.append(at)
            elif character == "?" or other[at] in {"?", character}:
                read.append(at + 1)
    return read


def _after_stars(reached: set[int], other: str) -> set[int]:
    for at in sorted(reached):
        after = at
        while after < len(other) and other[after] == "*":
            after += 1
            reached.add(after)
    return reached
