"""What holds for every check, whatever it looks at."""

import pytest

from checks.context.aws import tags
from scanner import AwsAccount, AwsRegion, expect, plan, testing
from scanner.cli.configuration import named
from scanner.declaration import Check, mistakes
from scanner.facts import schema
from scanner.policy import resolved
from tests.worlds import CHECKS

EVERY = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())


@EVERY
def test_is_declared_well(check: Check) -> None:
    assert list(mistakes(check)) == []


@EVERY
def test_is_documented(check: Check) -> None:
    assert check.title.endswith(".")
    assert [name for name, fact in schema(check.facts).items() if not fact.get("description")] == []


@EVERY
def test_has_a_complete_world(check: Check) -> None:
    assert check in testing.WORLDS


@EVERY
def test_keeps_refusals(check: Check) -> None:
    testing.keeps_refusals(check, testing.WORLDS[check])


@EVERY
def test_declares_its_needs(check: Check) -> None:
    testing.declares_its_needs(check, testing.WORLDS[check])


def test_the_shipped_policy_asks_for_no_tags_that_nobody_lists() -> None:
    (read,) = named(["hipaa-security-rule"])
    policy = resolved(read, plan.facts(CHECKS), strict=True)
    tagged = {
        name
        for control in policy.controls
        for requirement in control.requirements
        if requirement.when.keys() & expect.CONTEXT.keys()
        for name in requirement.checks
        if CHECKS[name].on in {AwsAccount, AwsRegion}
    }
    *_, region = testing.observe(tags, testing.WORLDS[tags])
    untold = {
        (name, facts.resource.split(":")[2])
        for name in tagged
        for facts in testing.observe(CHECKS[name], testing.WORLDS[CHECKS[name]])
        if facts.tags is None and facts.resource.split(":")[2] not in vars(region)["covers"]
    }

    assert untold == set()
    assert tagged
