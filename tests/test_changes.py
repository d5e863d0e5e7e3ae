"""What is said to have changed between two runs, and what nobody can know."""

import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from scanner.changes import Change, Unread, Verdicts, verdicts, world
from scanner.engine import evaluate
from scanner.model import Finding, Outcome, Scope, TargetRecord, Waiver
from scanner.report import Report, Status
from tests.judging import (
    AT,
    AWS,
    EAST,
    WEST,
    Entries,
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
GOOD, BAD, DENIED = saw("v1", encrypted=True), saw("v1", encrypted=False), refused("v1")
OUT = Scope(name="us-east-1", on="AwsRegion", state="excluded")
ACCEPTED = Waiver(owner="CISO", reason="moves", expires="2026-12-31", covers={"resource": "v1"})


def evidence(*entries: Any, at: TargetRecord | None = None) -> Told:
    """What was seen in us-east-1."""
    listed: Entries = list(entries)
    place = at or target(EAST)
    return told([planned()], [place], {(place.id, "us-east-1", VOLUMES): listed})


def judged(seen: Told, *asked: Any, waivers: tuple[Waiver, ...] = ()) -> Report:
    return evaluate([policy(*(asked or (requirement(),)))], seen, as_of=AT, waivers=waivers)


def of(report: Report, resource: str | None) -> Finding:
    """The one finding about a resource, or about a scope."""
    (found,) = [finding for finding in report.findings if finding.resource == resource]
    return found


@pytest.mark.parametrize(
    ("was", "is_", "where", "unknown", "status"),
    [
        (GOOD, BAD, "failing", 0, Status.FAILING),
        (DENIED, BAD, "failing", 0, Status.FAILING),
        (BAD, GOOD, "mended", 0, Status.OK),
        (BAD, DENIED, "unseen", 1, Status.INCOMPLETE),
        (GOOD, DENIED, "unseen", 0, Status.INCOMPLETE),
        (DENIED, GOOD, "seen", 0, Status.OK),
    ],
)
def test_a_finding_that_is_not_what_it_was(
    was: Any, is_: Any, where: str, unknown: int, status: Status
) -> None:
    new = judged(evidence(is_))

    changed = verdicts(judged(evidence(was)), new)

    assert changed == Verdicts(**{where: [of(new, "v1")]}, unknown=unknown)
    assert changed.status is status


@pytest.mark.parametrize(("seen", "still"), [(GOOD, 0), (BAD, 1), (DENIED, 0)])
def test_a_finding_that_is_what_it_was(seen: Any, still: int) -> None:
    report = judged(evidence(seen))

    assert verdicts(report, report) == Verdicts(still=still)


def test_what_applies_no_more_is_mended() -> None:
    asked = requirement(when={"phi": True})
    old, new = (
        judged(evidence(saw("v1", encrypted=False, tags={"phi": phi})), asked) for phi in ("true", "false")
    )

    assert of(new, "v1").outcome is Outcome.NOT_APPLICABLE
    assert verdicts(old, new) == Verdicts(mended=[of(new, "v1")])


def test_a_resource_that_is_new_and_fails() -> None:
    new = judged(evidence(BAD))

    assert verdicts(judged(evidence()), new) == Verdicts(failing=[of(new, "v1")])


def test_a_resource_that_is_gone_where_everything_was_read() -> None:
    old = judged(evidence(BAD, saw("v2", encrypted=True)))

    assert verdicts(old, judged(evidence())) == Verdicts(gone=[of(old, "v1")])


def test_a_resource_is_not_gone_because_another_was_refused() -> None:
    old, new = judged(evidence(BAD)), judged(evidence(refused("v2")))

    assert verdicts(old, new) == Verdicts(gone=[of(old, "v1")], unseen=[of(new, "v2")])


NOT_SEEN = {
    "the listing was refused": evidence(refused(None)),
    "the region was unreachable": evidence(at=target(unreachable("us-east-1"))),
    "the regions were not listed": evidence(at=target(unreachable("regions", unlisted=True))),
    "the run ended before": told([planned()], [target(EAST)], {}),
    "the target did not know its id": evidence(
        at=msgspec.structs.replace(target(unreachable("account")), id="aws:prod", name=AWS)
    ),
    "the region was not listed": told([planned()], [target(WEST)], {(AWS, "us-west-2", VOLUMES): []}),
}


@pytest.mark.parametrize("why", NOT_SEEN)
def test_nothing_is_gone_where_it_could_not_be_seen(why: str) -> None:
    new = judged(NOT_SEEN[why])

    assert verdicts(judged(evidence(BAD)), new) == Verdicts(unseen=list(new.findings), unknown=1)


def test_what_was_dark_and_stays_dark_is_not_gone() -> None:
    old, new = judged(evidence(BAD, refused(None))), judged(evidence(refused(None)))

    assert verdicts(old, new) == Verdicts(unknown=1)
    assert verdicts(old, new).status is Status.INCOMPLETE


NOT_ASKED = {
    "the region is excluded": judged(evidence(at=target(OUT))),
    "the target is left out": judged(evidence(at=target(EAST, name="aws:999999999999"))),
    "the requirement is gone": judged(evidence(BAD), requirement(id="c/other", expect={"encrypted": False})),
    "the policy is another": evaluate([policy(requirement(), name="other")], evidence(GOOD), as_of=AT),
}


@pytest.mark.parametrize("why", NOT_ASKED)
def test_nothing_is_gone_where_nobody_asked(why: str) -> None:
    assert verdicts(judged(evidence(BAD)), NOT_ASKED[why]) == Verdicts(unasked=1)


def test_a_scope_that_can_be_read_again() -> None:
    old = judged(evidence(refused(None)))

    assert verdicts(old, judged(evidence(GOOD))) == Verdicts(seen=[of(old, None)])
    assert verdicts(old, judged(evidence(at=target(OUT)))) == Verdicts()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([GOOD], {"gone": True}),
        ([], {"still": 1}),
        ([refused(None)], {"unknown": 1, "unseen": True}),
    ],
)
def test_where_one_must_be_and_there_was_none(entries: list[Any], expected: dict[str, Any]) -> None:
    asked = requirement(absent="fail")
    old, new = judged(evidence(), asked), judged(evidence(*entries), asked)
    listed = {"gone": list(old.findings), "unseen": list(new.findings)}

    assert verdicts(old, new) == Verdicts(
        **{name: listed[name] if value is True else value for name, value in expected.items()}
    )


def test_a_failure_that_is_waived_is_no_worse() -> None:
    old, new = judged(evidence(GOOD)), judged(evidence(BAD), waivers=(ACCEPTED,))

    changed = verdicts(old, new)

    assert changed == Verdicts(failing=[of(new, "v1")])
    assert changed.status is Status.OK


def test_a_waiver_that_ended_is_worse() -> None:
    old, new = judged(evidence(BAD), waivers=(ACCEPTED,)), judged(evidence(BAD))

    changed = verdicts(old, new)

    assert changed == Verdicts(still=1, unwaived=[of(new, "v1")])
    assert changed.status is Status.FAILING
    assert verdicts(new, old) == Verdicts(still=1)


@pytest.mark.parametrize(
    ("entry", "expected"), [(BAD, Verdicts(still=1)), (refused("v2"), None), (refused(None), None)]
)
def test_a_requirement_that_was_renamed_is_the_same(entry: Any, expected: Verdicts | None) -> None:
    old = judged(evidence(BAD), requirement(id="c/old"))
    new = judged(evidence(entry), requirement(id="c/new", aliases=("c/old",)))

    gone = {"gone": [of(old, "v1")]} if entry == refused("v2") else {"unknown": 1}
    assert verdicts(old, new) == (expected or Verdicts(unseen=list(new.findings), **gone))


def test_every_failure_of_before_is_accounted_for() -> None:
    """Whatever becomes of many resources, what failed is still failing, mended, gone, unknown or unasked."""
    draw = random.Random(1847)  # noqa: S311 - the same every time
    for _ in range(200):
        old, new = (judged(_drawn(draw)) for _ in range(2))
        changed = verdicts(old, new)
        told_of = changed.still + len(changed.mended) + len(changed.gone) + changed.unknown + changed.unasked
        assert told_of == sum(finding.outcome is Outcome.FAIL for finding in old.findings)
        assert changed.still + len(changed.failing) == new.count(Outcome.FAIL)


def _drawn(draw: random.Random) -> Told:
    def part(scope: str) -> Entries:
        named = [f"{scope}/{number}" for number in range(6) if draw.random() < 0.8]
        states: list[Any] = [
            refused(name, scope=scope)
            if draw.random() < 0.2
            else saw(name, scope=scope, encrypted=draw.random() < 0.5)
            for name in named
        ]
        return [*([refused(None, scope=scope)] if draw.random() < 0.2 else []), *states]

    east = draw.choice([EAST, EAST, OUT, unreachable("us-east-1")])
    parts = {(AWS, "us-west-2", VOLUMES): part("us-west-2")}
    if east is EAST and draw.random() < 0.9:
        parts[AWS, "us-east-1", VOLUMES] = part("us-east-1")
    return told([planned()], [target(east, WEST)], parts)


def test_findings_may_be_iterated_from_a_file() -> None:
    old, new = judged(evidence(BAD)), judged(evidence(GOOD))
    once = replace(old, findings=_Iterated(tuple(old.findings)))

    assert verdicts(once, new) == verdicts(old, new)


class _Iterated:
    """Findings that are no sequence."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self._findings = findings

    def __iter__(self) -> Any:
        yield from self._findings


def changed(resource: str, before: Any, after: Any) -> Change:
    return Change(VOLUMES, AWS, "us-east-1", resource, before, after)


UNREAD = Unread(VOLUMES, AWS, "us-east-1")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([GOOD], [GOOD], []),
        ([GOOD], [BAD], [changed("v1", {"encrypted": True}, {"encrypted": False})]),
        ([], [BAD], [changed("v1", None, {"encrypted": False})]),
        ([GOOD], [], [changed("v1", {"encrypted": True}, None)]),
        (
            [saw("v1", encrypted=True, key="a"), saw("v2", encrypted=True)],
            [saw("v1", encrypted=True, key="b"), saw("v3", encrypted=True)],
            [
                changed("v1", {"key": "a"}, {"key": "b"}),
                changed("v2", {"encrypted": True}, None),
                changed("v3", None, {"encrypted": True}),
            ],
        ),
        # A refusal is neither absence nor change, of the one resource that it names.
        ([GOOD], [DENIED], []),
        ([DENIED], [BAD], []),
        ([DENIED, saw("v2", encrypted=True)], [BAD], [changed("v2", {"encrypted": True}, None)]),
        # One that names no resource may have hidden any.
        ([GOOD], [refused(None)], [UNREAD]),
        ([refused(None)], [GOOD], [UNREAD]),
        ([refused(None)], [refused(None)], [UNREAD]),
        ([refused(None), GOOD], [BAD], [UNREAD, changed("v1", {"encrypted": True}, {"encrypted": False})]),
        # A fact that only one of two versions states.
        ([GOOD], [saw("v1", encrypted=True, key="a")], []),
        ([saw("v1", encrypted=True, key="a")], [GOOD], []),
        ([saw("v1", key=None)], [saw("v1", key="a")], [changed("v1", {"key": None}, {"key": "a"})]),
    ],
)
def test_what_changed_in_the_world(before: list[Any], after: list[Any], expected: list[Any]) -> None:
    assert list(world(evidence(*before), evidence(*after))) == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (told([planned()], [target(EAST)], {}), [UNREAD]),
        (evidence(at=target(unreachable("us-east-1"))), [UNREAD]),
        (told([planned()], [], {}), [UNREAD]),
        (evidence(at=target(OUT)), [UNREAD]),
    ],
)
def test_a_place_that_only_one_of_the_two_has(other: Told, expected: list[Any]) -> None:
    other = replace(other, parts={})

    assert list(world(evidence(GOOD), other)) == expected
    assert list(world(other, evidence(GOOD))) == expected
    assert list(world(other, other)) == ([UNREAD] if other.manifest.plan.targets and not _out(other) else [])


def _out(other: Told) -> bool:
    return any(scope.state == "excluded" for place in other.manifest.plan.targets for scope in place.scopes)
