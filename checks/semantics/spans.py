"""Stretches of a line: of ports, or of addresses."""

from collections.abc import Iterable

Spans = tuple[tuple[int, int], ...]
"""Points on a line, as its stretches from first to last: sorted, and none touches the next."""


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Stretches of a line, in order, those that touch each other made one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def common(one: Spans, other: Spans) -> Spans:
    """What is on both."""
    found = []
    left, right = 0, 0
    while left < len(one) and right < len(other):
        first, last = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        if first <= last:
            found.append((first, last))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def without(one: Spans, other: Spans) -> Spans:
    """What is on one and not on the other."""
    found = []
    for first, last in one:
        start = first
        for hole, end in common(((first, last),), other):
            if start < hole:
                found.append((start, hole - 1))
            start = end + 1
        if start <= last:
            found.append((start, last))
    return tuple(found)
