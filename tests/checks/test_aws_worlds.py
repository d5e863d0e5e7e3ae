"""Every check on AWS, over HTTP: its complete world on a server, and no permission but its own.

The server decodes each request, and IAM reads the action off it, by botocore's models and AWS's reference;
neither knows what a check declares, nor the product's table of actions.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import botocore.session
import pytest

from scanner import permissions, testing
from scanner.declaration import Check, seen
from scanner.facts import Facts
from scanner.model import Reason
from scanner.targets import operations
from scanner.targets.aws import Account, Aws
from scanner.targets.boto import ATTEMPTS, Boto
from tests import moto
from tests.authorising import Authoriser
from tests.aws.server import Worlds
from tests.worlds import CHECKS

ON_AWS = {name: check for name, check in CHECKS.items() if issubclass(check.on, Aws)}
EVERY = pytest.mark.parametrize("name", ON_AWS)


def actions(check: Check) -> frozenset[str]:
    """What is printed for one check alone, without what entering an account asks."""
    document = permissions.iam_policy([check])
    printed = {action for statement in document["Statement"] for action in statement["Action"]}
    own = {action for need in check.needs for action in operations.actions(need)}
    return frozenset(printed - (set(permissions.ENTERING) - own))


@dataclass
class Cloud:
    """The server, and whoever asks it."""

    worlds: Worlds
    iam: Authoriser
    caller: Boto
    leaves: ThreadPoolExecutor

    def look(self, check: Check, world: Mapping[str, Any], allowed: frozenset[str]) -> testing.Sight:
        """What a check sees of a world over the wire, asked for the first time."""
        self.worlds.world, self.iam.allowed = world, allowed
        self.worlds.questions.clear()
        self.worlds.throttled.clear()
        self.iam.used.clear()
        self.iam.refused.clear()
        account = Account(testing.ACCOUNT, "aws", testing.REGION, self.caller)
        view = check.on(check.needs, account, testing.REGION, self.leaves)
        return testing.Sight(list(seen(check, view)), view.refusals)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    worlds, iam = Worlds(), Authoriser()
    with pytest.MonkeyPatch.context() as patch, moto.running(lambda _: iam.around(worlds)) as server:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        session = botocore.session.Session()
        session.register_component("data_loader", operations.models())
        caller = Boto(session)
        with ThreadPoolExecutor(4) as leaves:
            yield Cloud(worlds, iam, caller, leaves)
        caller.close()


@EVERY
def test_under_its_own_actions_it_sees_its_world(cloud: Cloud, name: str) -> None:
    check, world = CHECKS[name], testing.WORLDS[CHECKS[name]]
    sight = cloud.look(check, world, actions(check))

    assert [str(refusal.error) for refusal in sight.refusals] == []
    assert sight.facts == testing.observe(check, world)
    assert cloud.iam.used == actions(check)
    assert len(cloud.worlds.questions) == len(set(cloud.worlds.questions)) > 0


@EVERY
def test_without_an_action_it_says_so_and_nothing_else(cloud: Cloud, name: str) -> None:
    check, world = CHECKS[name], testing.WORLDS[CHECKS[name]]
    whole = testing.observe(check, world)
    for action in sorted(actions(check)):
        sight = cloud.look(check, world, actions(check) - {action})

        assert {refused for refused, _ in cloud.iam.refused} == {action}
        denied = [
            refusal
            for refusal in sight.refusals
            if refusal.error.reason is Reason.DENIED and action in refusal.error.mend.split()
        ]
        assert denied == sight.refusals != [], action
        assert [facts for facts in sight.facts if facts not in whole] == [], action
        assert silent(whole, sight) == set(), action


def silent(whole: list[Facts], sight: testing.Sight) -> set[str]:
    """The resources that went missing, though no refusal is of them, of what they are parts of, or of all."""
    covered = {refusal.resource for refusal in sight.refusals}
    missing = {facts.resource for facts in whole} - {facts.resource for facts in sight.facts}
    return {
        each
        for each in missing
        if not any(of is None or each == of or each.startswith(f"{of}/") for of in covered)
    }


@EVERY
def test_in_a_storm_nothing_is_lost(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("scanner.targets.answers.BACKOFF_SECONDS", 0)
    monkeypatch.setattr(cloud.worlds, "storm", ATTEMPTS - 1)
    check, world = CHECKS[name], testing.WORLDS[CHECKS[name]]
    sight = cloud.look(check, world, actions(check))

    assert [str(refusal.error) for refusal in sight.refusals] == []
    assert sight.facts == testing.observe(check, world)
    assert set(cloud.worlds.throttled.values()) == {ATTEMPTS - 1}
    assert len(cloud.worlds.questions) == len(set(cloud.worlds.questions)) > 0
