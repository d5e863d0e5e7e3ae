"""What one host answered and another one too is read once: nobody may change what was made of it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from scanner import Host, testing
from scanner.declaration import Check
from scanner.targets import probe
from scanner.targets.host import Output
from tests.worlds import CHECKS

HOSTS = {name: check for name, check in CHECKS.items() if check.on is Host}


@pytest.mark.parametrize("check", HOSTS.values(), ids=HOSTS.keys())
def test_what_was_made_of_an_answer_stays_as_it_was(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[tuple[Callable[[Sequence[str]], Any], str], Any] = {}

    def shared(parse: Callable[[Sequence[str]], Any], text: str) -> Any:
        if (parse, text) not in made:
            made[parse, text] = parse(Output(0, text).lines)
        return made[parse, text]

    monkeypatch.setattr(probe, "_made", shared)
    world = testing.WORLDS[check]
    once, again = testing.observe(check, world), testing.observe(check, world)

    assert once == again
    for (parse, text), value in made.items():
        assert value == parse(Output(0, text).lines), parse


def test_the_same_text_is_read_once_for_all_hosts() -> None:
    read: list[Sequence[str]] = []

    def count(lines: Sequence[str]) -> int:
        read.append(lines)
        return len(lines)

    assert [Output(0, text).read(count) for text in ("a\nb\n", "a\nb\n", "a\nc\n")] == [2, 2, 2]
    assert read == [("a", "b"), ("a", "c")]
