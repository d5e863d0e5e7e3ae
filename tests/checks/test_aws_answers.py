"""Answers of AWS that lack what they should have: whatever is left out, no check breaks."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from scanner import AwsAccount, AwsRegion, fakes, testing
from scanner.declaration import Check
from tests.worlds import CHECKS

ON_AWS = {name: check for name, check in CHECKS.items() if check.on in {AwsAccount, AwsRegion}}
SOME = 3
"""How many of a list are taken apart: the others are like them."""
Path = tuple[Any, ...]


@pytest.mark.parametrize("check", ON_AWS.values(), ids=ON_AWS.keys())
def test_an_answer_that_lacks_something_is_read_or_refused(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An answer that lacks what its shape requires is what is tried here.
    monkeypatch.setattr(fakes, "_mistakes", lambda *_: ())
    world = testing.WORLDS[check]
    for need, answer in world.items():
        for lacking in poorer(answer):
            testing.look(check, {**world, need: lacking})


def poorer(answer: Any) -> Iterator[Any]:
    """The answer without one of its members, once for each."""
    if isinstance(answer, testing.Error):
        return
    if isinstance(answer, testing.By):
        for asked, told in answer.answers.items():
            for lacking in poorer(told):
                yield replace(answer, answers={**answer.answers, asked: lacking})
    elif not callable(answer):
        for path in paths(answer, ()):
            yield without(answer, path)


def paths(value: Any, at: Path) -> Iterator[Path]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield (*at, name)
            yield from paths(member, (*at, name))
    elif isinstance(value, list):
        for index, one in enumerate(value[:SOME]):
            yield from paths(one, (*at, index))


def without(value: Any, path: Path) -> Any:
    left = copy.copy(value)
    if len(path) == 1:
        del left[path[0]]
    else:
        left[path[0]] = without(value[path[0]], path[1:])
    return left
