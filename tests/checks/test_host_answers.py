"""What one host answered and another one too is read once: nobody may change what was made of it."""

import pytest

from scanner import Host, testing
from scanner.declaration import Check
from scanner.targets.host import Output
from tests.worlds import CHECKS

HOSTS = {name: check for name, check in CHECKS.items() if check.on is Host}


@pytest.mark.parametrize("check", HOSTS.values(), ids=HOSTS.keys())
def test_what_was_made_of_an_answer_stays_as_it_was(check: Check) -> None:
    world = testing.WORLDS[check]
    shared = {need: said if isinstance(said, Output) else Output(0, said) for need, said in world.items()}
    once, again = testing.observe(check, shared), testing.observe(check, shared)

    assert testing.observe(check, world) == once == again
    for output in shared.values():
        for parse, made in vars(output)["_made"].items():
            assert made == parse(output.lines), parse
