"""Derived checks: what they are shown of a bundle, and what a bundle is with them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scanner import Evidence, Facts, check, plugins
from scanner.declaration import Check, seen
from scanner.derived import TARGET, Derived
from scanner.engine import evaluate
from scanner.errors import ReadError, Undeclared
from scanner.model import Observation, Outcome, Reason, Scope, Unreadable
from scanner.view import Refusal
from tests.judging import (
    ACCOUNT,
    AT,
    AWS,
    EAST,
    WEST,
    Told,
    planned,
    policy,
    refused,
    requirement,
    saw,
    target,
    told,
    unreachable,
)

VOLUMES = "encryption.aws.ebs_volumes"
BUCKETS = "encryption.aws.s3_buckets"
DERIVED = "encryption.evidence.counted"
MEND = "allow ec2:DescribeVolumes"
LEFT_OUT = Scope(name="us-west-2", on="AwsRegion", state="excluded")


class Counted(Facts):
    """A volume again."""

    encrypted: bool
    """Whether it is encrypted."""


@check(VOLUMES)
def counted(evidence: Evidence) -> Iterator[Counted]:
    """Every volume, once more."""
    for volume in evidence.all(VOLUMES):
        yield Counted(resource=f"again:{volume.resource}", encrypted=volume.facts["encrypted"])


def evidence(*scopes: Scope, **parts: list[Observation | Unreadable]) -> Told:
    """Volumes by the region's name, without its hyphens."""
    named = {scope.name.replace("-", ""): scope.name for scope in scopes}
    return told(
        [planned()],
        [target(*scopes)],
        {(AWS, named[name], VOLUMES): entries for name, entries in parts.items()},
    )


def view(collected: Told, before: Told | None = None) -> Evidence:
    return Evidence((VOLUMES,), collected, before)


def _refusals(found: list[Refusal]) -> list[tuple[str | None, Reason, str, str]]:
    return [(each.resource, each.error.reason, each.error.detail, each.error.mend) for each in found]


def test_all_is_what_was_seen_everywhere_and_what_was_not() -> None:
    collected = evidence(
        ACCOUNT,
        EAST,
        WEST,
        unreachable("eu-west-1"),
        useast1=[saw("vol-1", encrypted=True), refused("vol-2")],
    )
    shown = view(collected)

    assert list(shown.all(VOLUMES)) == [saw("vol-1", encrypted=True)]
    detail = "AccessDenied: no"
    assert _refusals(shown.refusals) == [
        ("vol-2", Reason.DENIED, f"{AWS}, us-east-1: ec2:DescribeVolumes: {detail}", MEND),
        (None, Reason.NOT_COLLECTED, f"{AWS}, us-west-2: it was not read", "collect again"),
        (None, Reason.DENIED, f"{AWS}, eu-west-1: ec2:DescribeRegions: {detail}", MEND),
    ]
    assert {each.error.need for each in shown.refusals} == {VOLUMES}


def test_what_configuration_leaves_out_is_not_refused() -> None:
    shown = view(evidence(EAST, LEFT_OUT, useast1=[saw("vol-1", encrypted=True)]))

    assert len(list(shown.all(VOLUMES))) == 1
    assert shown.refusals == []


def test_observations_come_one_by_one() -> None:
    def endless() -> Iterator[Observation]:
        while True:
            yield saw("vol-1", encrypted=True)

    shown = view(evidence(EAST, useast1=endless()))  # type: ignore[arg-type]

    assert next(shown.all(VOLUMES)) == saw("vol-1", encrypted=True)


def test_a_check_that_was_not_collected_is_refused() -> None:
    shown = Evidence((BUCKETS,), evidence(EAST))

    assert list(shown.all(BUCKETS)) == []
    assert _refusals(shown.refusals) == [
        (None, Reason.NOT_COLLECTED, f"{BUCKETS} was not collected", "collect again")
    ]


def test_what_is_not_declared_raises() -> None:
    shown = view(evidence(EAST))
    for ask in (shown.all, shown.before):
        with pytest.raises(Undeclared):
            list(ask(BUCKETS))
    with pytest.raises(Undeclared):
        shown.join(BUCKETS, ())


def test_before_is_the_run_before() -> None:
    now = evidence(EAST, useast1=[saw("vol-1", encrypted=True)])
    then = evidence(EAST, WEST, useast1=[saw("vol-1", encrypted=False)])
    shown = view(now, then)

    assert list(shown.before(VOLUMES)) == [saw("vol-1", encrypted=False)]
    assert _refusals(shown.refusals) == [
        (
            None,
            Reason.NOT_COLLECTED,
            f"{AWS}, us-west-2: it was not read",
            "give a bundle with --before that has it",
        )
    ]


def test_without_a_run_before() -> None:
    shown = view(evidence(EAST))

    with pytest.raises(ReadError) as caught:
        list(shown.before(VOLUMES))
    assert [refusal.error for refusal in shown.refusals] == [caught.value]
    assert "--before" in caught.value.mend


def test_join_keeps_only_what_is_asked_for_and_refuses_only_that() -> None:
    entries = [saw("a/vol-1", encrypted=True), saw("a/vol-2", encrypted=True), refused("a/vol-3")]
    shown = view(evidence(EAST, LEFT_OUT, useast1=entries))
    joined = shown.join(VOLUMES, {"vol-1", "vol-3", "vol-4"}, by=lambda name: name.rpartition("/")[2])

    assert set(joined.seen) == {"vol-1"}
    assert joined.one("vol-1", mend="?").resource == "a/vol-1"
    assert shown.refusals == []
    for name in ("vol-3", "vol-4"):
        with shown.reading(f"disk {name}"):
            joined.one(name, mend=f"look for {name}")
    assert _refusals(shown.refusals) == [
        (
            "disk vol-3",
            Reason.DENIED,
            f"{AWS}, us-east-1: ec2:DescribeVolumes: AccessDenied: no",
            "allow ec2:DescribeVolumes",
        ),
        (
            "disk vol-4",
            Reason.NOT_COLLECTED,
            f"vol-4 was not seen, and the configuration leaves out {AWS}, us-west-2",
            "look for vol-4",
        ),
    ]


def test_the_bundle_is_a_target_once_there_is_something_to_derive() -> None:
    collected = evidence(EAST, useast1=[saw("vol-1", encrypted=True)])
    derived = Derived(collected, {DERIVED: counted})

    *given, last = derived.manifest.plan.targets
    assert given == list(collected.manifest.plan.targets)
    assert (last.id, [scope.state for scope in last.scopes]) == (TARGET, ["entered"])
    assert [known.id for known in derived.manifest.plan.checks] == [VOLUMES, DERIVED]
    # Nobody asked for one, or it could not be run.
    assert Derived(collected, {}).manifest == collected.manifest
    needy = replace(counted, needs=(VOLUMES, BUCKETS))
    assert Derived(collected, {DERIVED: needy}).manifest == collected.manifest


def test_a_check_is_derived_once_and_sorted() -> None:
    entries = [saw("vol-2", encrypted=True), saw("vol-1", encrypted=False), refused("vol-3")]
    derived = Derived(evidence(EAST, useast1=entries), {DERIVED: _counting(runs := [])})

    first, second = (list(derived.part(TARGET, "bundle", DERIVED) or ()) for _ in range(2))
    assert first == second
    assert runs == [1]
    assert [(entry.target, entry.resource) for entry in first] == [
        (TARGET, "again:vol-1"),
        (TARGET, "again:vol-2"),
        (TARGET, "vol-3"),
    ]
    assert isinstance(first[0], Observation)
    assert first[0].at == AT


def _counting(runs: list[int]) -> Check:
    def again(evidence: Evidence) -> Iterator[Counted]:
        """Count."""
        runs.append(1)
        yield from seen(counted, evidence)  # type: ignore[misc]

    return Check(again, counted.needs)


def _decided(derived: Derived) -> list[tuple[Outcome, str | None, tuple[str, ...]]]:
    report = evaluate([policy(requirement(DERIVED))], derived, as_of=AT)
    cells = report.coverage
    assert cells.expected == cells.evaluated + cells.not_evaluated + cells.unreachable + cells.excluded == 1
    return [(found.outcome, found.resource, found.reasons) for found in report.findings]


def test_an_unreadable_input_makes_an_error_and_hides_nothing_else() -> None:
    entries = [saw("vol-1", encrypted=True), saw("vol-2", encrypted=False)]
    collected = evidence(EAST, WEST, unreachable("eu-west-1"), useast1=entries)

    assert _decided(Derived(collected, {DERIVED: counted})) == [
        (
            Outcome.ERROR,
            None,
            # Each of the regions that could not be read is told.
            (
                f"denied ({VOLUMES}): {AWS}, eu-west-1: ec2:DescribeRegions: AccessDenied: no",
                f"not-collected ({VOLUMES}): {AWS}, us-west-2: it was not read",
            ),
        ),
        (Outcome.PASS, "again:vol-1", ()),
        (Outcome.FAIL, "again:vol-2", ("encrypted is false; expected true",)),
    ]


def test_where_nothing_was_entered_nothing_can_be_derived() -> None:
    derived = Derived(evidence(unreachable("us-east-1")), {DERIVED: counted})

    report = evaluate([policy(requirement(DERIVED))], derived, as_of=AT)
    assert not report.entered
    assert report.coverage.unreachable == 1
    assert [finding.outcome for finding in report.findings] == [Outcome.ERROR]


def test_a_check_that_is_not_installed_here_is_an_error() -> None:
    collected = told(
        [planned(), planned(DERIVED, "Evidence")],
        [target(EAST)],
        {(AWS, "us-east-1", VOLUMES): [saw("vol-1", encrypted=True)]},
    )

    assert _decided(Derived(collected, {})) == [
        (Outcome.ERROR, None, (f"not-collected: {DERIVED} is not installed here",))
    ]


@pytest.mark.parametrize(
    "name", [name for name, installed in plugins.checks().items() if installed.on is Evidence]
)
def test_what_a_shipped_one_needs_is_shipped_and_not_derived_itself(name: str) -> None:
    checks = plugins.checks()
    assert [need for need in checks[name].needs if need not in checks or checks[need].on is Evidence] == []
