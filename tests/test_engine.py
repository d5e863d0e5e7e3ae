from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.engine import UNIT, evaluate
from scanner.model import (
    Cells,
    ControlResult,
    Counts,
    Coverage,
    Empty,
    Finding,
    Observation,
    Outcome,
    Reason,
    Scope,
    Severity,
    Unreadable,
)
from scanner.report import Report
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
USERS = "mfa.aws.iam_users"


def east(*entries: Observation | Unreadable) -> Told:
    """One check, one region, and what was seen there."""
    return told([planned()], [target(EAST)], {(AWS, "us-east-1", VOLUMES): list(entries)})


def judged(evidence: Told, *requirements: Any) -> Report:
    return evaluate([policy(*requirements or [requirement()])], evidence, as_of=AT)


def said(report: Report) -> list[tuple[str, str | None, str | None, tuple[str, ...]]]:
    return [(f.outcome.value, f.scope, f.resource, f.reasons) for f in report.findings]


def cells(report: Report) -> tuple[int, int, int, int, int]:
    seen = report.coverage
    assert seen.expected == seen.evaluated + seen.not_evaluated + seen.unreachable + seen.excluded
    return seen.expected, seen.evaluated, seen.not_evaluated, seen.unreachable, seen.excluded


def test_a_whole_report() -> None:
    report = judged(east(saw("v1", encrypted=True), saw("v2", encrypted=False)))

    about = {
        "policy": "house",
        "control": "c",
        "requirement": f"c/{VOLUMES}",
        "check": VOLUMES,
        "severity": Severity.HIGH,
        "target": AWS,
        "scope": "us-east-1",
        "resource_type": "ec2:volume",
        "region": "us-east-1",
    }
    assert tuple(report.findings) == (
        Finding(
            id="2d1537eacf7435d0", resource="v1", outcome=Outcome.PASS, facts={"encrypted": True}, **about
        ),
        Finding(
            id="1a5442cb2755f026",
            resource="v2",
            outcome=Outcome.FAIL,
            reasons=("encrypted is false; expected true",),
            facts={"encrypted": False},
            **about,
        ),
    )
    assert report.coverage == Coverage(
        unit=UNIT,
        expected=1,
        evaluated=1,
        not_evaluated=0,
        unreachable=0,
        excluded=0,
        at_least=False,
        resources={VOLUMES: 2},
        empty=(),
        without_target=(),
    )
    assert report.results == (
        ControlResult(
            policy="house",
            control="c",
            cells=Cells(expected=1, evaluated=1),
            counts=Counts(passed=1, failed=1),
            worst=Severity.HIGH,
        ),
    )
    assert report.tally == {
        Severity.CRITICAL: {},
        Severity.HIGH: {Outcome.PASS: 1, Outcome.FAIL: 1},
        Severity.MEDIUM: {},
        Severity.LOW: {},
    }
    assert report.unreadable == ()


def test_what_when_misses_is_not_applicable() -> None:
    evidence = told(
        [planned(USERS, "AwsAccount", console={"type": "boolean"}, mfa={"type": "boolean"})],
        [target(ACCOUNT)],
        {
            (AWS, "account", USERS): [
                saw("u1", USERS, "account", console=False, mfa=False),
                saw("u2", USERS, "account", console=True, mfa=False),
            ]
        },
    )

    report = judged(evidence, requirement(USERS, {"mfa": True}, when={"console": True}))

    assert said(report) == [
        ("not-applicable", "account", "u1", ("console is false; expected true",)),
        ("fail", "account", "u2", ("mfa is false; expected true",)),
    ]
    assert cells(report) == (1, 1, 0, 0, 0)


def test_what_was_refused_is_an_error_with_its_reason() -> None:
    report = judged(east(refused(None), saw("v1", encrypted=True), refused("v2")))

    why = ("denied (ec2:DescribeVolumes): AccessDenied: no",)
    assert said(report) == [
        ("error", "us-east-1", None, why),
        ("pass", "us-east-1", "v1", ()),
        ("error", "us-east-1", "v2", why),
    ]
    assert cells(report) == (1, 0, 1, 0, 0)
    assert report.coverage.resources == {VOLUMES: 0}
    assert report.unreadable == (refused(None), refused("v2"))


def test_several_refusals_of_one_resource_are_one_finding() -> None:
    report = judged(
        east(
            refused(None, need="a:GetA"),
            refused(None, need="b:GetB"),
            refused("v1", need="a:GetA"),
            refused("v1", need="b:GetB"),
        )
    )

    why = ("denied (a:GetA): AccessDenied: no", "denied (b:GetB): AccessDenied: no")
    assert said(report) == [("error", "us-east-1", None, why), ("error", "us-east-1", "v1", why)]
    assert len({finding.id for finding in report.findings}) == 2
    assert len(report.unreadable) == 4


def test_what_was_seen_and_also_refused_is_an_error() -> None:
    bug = refused("v1", reason=Reason.BUG, detail="two observations of one resource", need=None)

    report = judged(east(saw("v1", encrypted=True), bug))

    assert said(report) == [("error", "us-east-1", "v1", ("bug: two observations of one resource",))]


def test_a_fact_that_is_missing_or_mistyped_is_an_error_never_a_verdict() -> None:
    report = judged(east(saw("v1"), saw("v2", encrypted=None), saw("v3", encrypted="true")))

    assert said(report) == [
        ("error", "us-east-1", "v1", ("encrypted was not seen",)),
        ("error", "us-east-1", "v2", ("encrypted is null, which it cannot be",)),
        ("error", "us-east-1", "v3", ('encrypted is "true", which it cannot be',)),
    ]
    assert cells(report) == (1, 0, 1, 0, 0)


def test_every_kind_of_cell_is_counted_once() -> None:
    scopes = [EAST, WEST, unreachable("eu-west-1"), Scope(name="sa-east-1", on="AwsRegion", state="excluded")]
    evidence = told(
        [planned()],
        [target(*scopes, ACCOUNT)],
        {
            (AWS, "us-east-1", VOLUMES): [saw("v1", encrypted=True)],
            (AWS, "us-west-2", VOLUMES): [refused(None, scope="us-west-2")],
        },
    )

    report = judged(evidence)

    assert cells(report) == (4, 1, 1, 1, 1)
    assert not report.coverage.at_least
    assert report.results[0].cells == Cells(
        expected=4, evaluated=1, not_evaluated=1, unreachable=1, excluded=1
    )
    denied = "AccessDenied: no"
    assert said(report) == [
        ("error", "eu-west-1", None, (f"denied (ec2:DescribeRegions): {denied}",)),
        ("pass", "us-east-1", "v1", ()),
        ("error", "us-west-2", None, (f"denied (ec2:DescribeVolumes): {denied}",)),
    ]


def test_scopes_that_could_not_be_listed_make_the_total_at_least() -> None:
    report = judged(told([planned()], [target(unreachable("regions", unlisted=True))], {}))

    assert cells(report) == (1, 0, 0, 1, 0)
    assert report.coverage.at_least
    assert [outcome for outcome, *_ in said(report)] == ["error"]


def test_cells_are_requirement_by_check_by_scope() -> None:
    snapshots = "encryption.aws.ebs_snapshots"
    both = requirement("encryption.*", checks=(snapshots, VOLUMES), id="family")
    evidence = told(
        [planned(), planned(snapshots)],
        [target(EAST, WEST)],
        {(AWS, scope, check): [] for scope in ("us-east-1", "us-west-2") for check in (snapshots, VOLUMES)},
    )

    assert cells(judged(evidence, both, requirement())) == (6, 6, 0, 0, 0)


def test_a_part_that_is_not_there_was_not_collected() -> None:
    report = judged(told([planned()], [target(EAST)], {}, complete=False))

    assert said(report) == [
        ("error", "us-east-1", None, ("not-collected: the run ended before this was read",))
    ]
    assert cells(report) == (1, 0, 1, 0, 0)


def test_a_check_that_the_plan_lacks_was_not_collected() -> None:
    report = judged(east(), requirement("mfa.aws.iam_users", checks=()))

    (finding,) = report.findings
    assert (finding.outcome, finding.check, finding.target) == (Outcome.ERROR, "mfa.aws.iam_users", "")
    assert finding.reasons == (
        "not-collected: the evidence's plan has no mfa.aws.iam_users; collect it again",
    )
    assert cells(report) == (1, 0, 1, 0, 0)


def test_a_check_evaluated_without_resources_is_said_aloud() -> None:
    evidence = told(
        [planned()],
        [target(EAST, WEST)],
        {
            (AWS, "us-east-1", VOLUMES): [],
            (AWS, "us-west-2", VOLUMES): [],
        },
    )

    report = judged(evidence)

    assert said(report) == []
    assert cells(report) == (2, 2, 0, 0, 0)
    assert report.coverage.empty == (Empty(check=VOLUMES, target=AWS, scopes=("us-east-1", "us-west-2")),)
    assert report.coverage.resources == {VOLUMES: 0}


def test_a_check_without_a_target_is_said_aloud() -> None:
    evidence = told([planned(), planned("hardening.host.sshd", "Host")], [target(EAST)], {})

    report = judged(evidence, requirement("hardening.host.sshd"))

    assert report.coverage.without_target == ("hardening.host.sshd",)
    assert cells(report) == (0, 0, 0, 0, 0)


def test_resources_count_though_their_context_was_not_read() -> None:
    asks_context = requirement(when={"phi": True}, id="phi")
    evidence = east(saw("v1", encrypted=True))

    for order in ((requirement(), asks_context), (asks_context, requirement())):
        assert judged(evidence, *order).coverage.resources == {VOLUMES: 1}


# -- absent ------------------------------------------------------------------------------------------------

ABSENT = requirement(absent="fail")
NONE = ("fail", None, None, ("there is none; expected at least one",))


def test_absent_fails_for_each_target_that_has_none() -> None:
    other = "aws:444455556666"
    evidence = told(
        [planned()],
        [target(EAST, WEST), target(EAST, name=other)],
        {
            (AWS, "us-east-1", VOLUMES): [],
            (AWS, "us-west-2", VOLUMES): [saw("v1", scope="us-west-2", encrypted=True)],
            (other, "us-east-1", VOLUMES): [],
        },
    )

    report = judged(evidence, ABSENT)

    assert said(report) == [("pass", "us-west-2", "v1", ()), NONE]
    assert [finding.target for finding in report.findings] == [AWS, other]
    assert report.count(Outcome.FAIL) == 1


def test_absent_counts_only_what_when_names() -> None:
    evidence = told(
        [planned(encrypted={"type": "boolean"}, attached={"type": "boolean"})],
        [target(EAST)],
        {(AWS, "us-east-1", VOLUMES): [saw("v1", encrypted=True, attached=False)]},
    )

    report = judged(evidence, requirement(absent="fail", when={"attached": True}))

    assert said(report) == [
        ("not-applicable", "us-east-1", "v1", ("attached is false; expected true",)),
        ("fail", None, None, ("there is none whose attached is true; expected at least one",)),
    ]


@pytest.mark.parametrize(
    ("scopes", "parts"),
    [
        ([EAST, unreachable("us-west-2")], {"us-east-1": []}),
        ([EAST, WEST], {"us-east-1": [], "us-west-2": [refused("v2", scope="us-west-2")]}),
        ([EAST, WEST], {"us-east-1": []}),
        ([unreachable("regions", unlisted=True)], {}),
    ],
)
def test_absent_is_not_decided_unless_everything_was_read(
    scopes: list[Scope], parts: dict[str, list[Any]]
) -> None:
    evidence = told(
        [planned()],
        [target(*scopes)],
        {(AWS, scope, VOLUMES): entries for scope, entries in parts.items()},
    )

    outcomes = {outcome for outcome, *_ in said(judged(evidence, ABSENT))}

    assert outcomes == {"error"}


def test_absent_without_a_target_is_an_error() -> None:
    report = judged(told([planned()], [target(ACCOUNT)], {}), ABSENT)

    assert said(report) == [("error", None, None, (f"no target is configured that {VOLUMES} is run on",))]
    assert cells(report) == (1, 0, 1, 0, 0)


def test_absent_is_not_applicable_unless_said() -> None:
    assert said(judged(east())) == []


# -- context -----------------------------------------------------------------------------------------------


def test_context_decides_what_a_requirement_is_about() -> None:
    evidence = east(
        saw("v1", encrypted=False, tags={"phi": "yes", "records": "500", "owner": "imaging"}),
        saw("v2", encrypted=False, tags={}),
    )

    assert said(judged(evidence, requirement(when={"phi": True}))) == [
        ("fail", "us-east-1", "v1", ("encrypted is false; expected true",)),
        ("not-applicable", "us-east-1", "v2", ("phi is false; expected true",)),
    ]
    records = {"anyOf": [{"const": None}, {"minimum": 500}]}
    assert [outcome for outcome, *_ in said(judged(evidence, requirement(when={"records": records})))] == [
        "fail",
        "fail",
    ]
    assert [outcome for outcome, *_ in said(judged(evidence, requirement(when={"owner": "imaging"})))] == [
        "fail",
        "not-applicable",
    ]
    tags = {"properties": {"records": {"pattern": "^5"}}}
    assert [outcome for outcome, *_ in said(judged(evidence, requirement(when={"tags": tags})))] == [
        "fail",
        "not-applicable",
    ]


def test_unknown_context_is_an_error_of_those_who_ask_for_it_only() -> None:
    evidence = east(saw("v1", encrypted=False))

    report = judged(evidence, requirement(), requirement(id="phi", when={"phi": True}))

    assert said(report) == [
        ("fail", "us-east-1", "v1", ("encrypted is false; expected true",)),
        ("error", "us-east-1", "v1", ("its tags were not read, and this depends on its phi",)),
    ]
    assert cells(report) == (2, 1, 1, 0, 0)


def test_tags_that_another_check_saw_are_known() -> None:
    tagging = "accounts.aws.tagged"
    evidence = told(
        [planned(), planned(tagging, count={"type": "integer"})],
        [target(EAST)],
        {
            (AWS, "us-east-1", VOLUMES): [saw("v1", encrypted=False)],
            (AWS, "us-east-1", tagging): [saw("v1", tagging, count=1, tags={"phi": "true"})],
        },
    )

    report = judged(evidence, requirement(when={"phi": True}))

    (finding,) = report.findings
    assert (finding.outcome, finding.context) == (Outcome.FAIL, {"tags": {"phi": "true"}, "phi": True})


def test_a_fact_stands_before_context_of_its_name() -> None:
    evidence = told(
        [planned(owner={"type": "string"}, encrypted={"type": "boolean"})],
        [target(EAST)],
        {(AWS, "us-east-1", VOLUMES): [saw("v1", owner="imaging", encrypted=True, tags={"owner": "lab"})]},
    )

    assert [o for o, *_ in said(judged(evidence, requirement(when={"owner": "imaging"})))] == ["pass"]


# -- identity and order ------------------------------------------------------------------------------------


def many() -> Told:
    other = "host:ehr-1"
    return told(
        [planned(), planned("encryption.host.file_systems", "Host")],
        [target(Scope(name="host", on="Host"), name=other, kind="hosts"), target(WEST, EAST)],
        {
            (AWS, "us-east-1", VOLUMES): [refused(None), *(saw(f"v{n}", encrypted=n > 1) for n in range(4))],
            (AWS, "us-west-2", VOLUMES): [saw("w", scope="us-west-2", encrypted=True, tags={"phi": "1"})],
            (other, "host", "encryption.host.file_systems"): [
                saw("host:ehr-1:/", "encryption.host.file_systems", "host", target=other, encrypted=False)
            ],
        },
    )


EVERYTHING = (
    requirement(
        "encryption.*", checks=("encryption.aws.ebs_volumes", "encryption.host.file_systems"), id="family"
    ),
    requirement(severity=Severity.LOW, id="again", when={"phi": True}, absent="fail"),
)


def test_ids_are_unique_and_stable() -> None:
    first = [finding.id for finding in judged(many(), *EVERYTHING).findings]

    assert len(set(first)) == len(first) == 13
    assert first == [finding.id for finding in judged(many(), *EVERYTHING).findings]
    alone = judged(many(), EVERYTHING[1]).findings
    assert {finding.id for finding in alone} <= set(first)


def test_an_id_does_not_depend_on_what_was_seen() -> None:
    def ids(*entries: Observation | Unreadable) -> list[str]:
        return [finding.id for finding in judged(east(*entries)).findings]

    assert ids(saw("v1", encrypted=True)) == ids(saw("v1", encrypted=False)) == ids(refused("v1"))


def test_the_same_twice() -> None:
    def parts(report: Report) -> tuple[Any, ...]:
        return (
            tuple(report.findings),
            report.coverage,
            report.results,
            report.tally,
            report.unreadable,
            report.run,
        )

    assert parts(judged(many(), *EVERYTHING)) == parts(judged(many(), *EVERYTHING))


def test_findings_come_by_requirement_check_target_scope_and_resource() -> None:
    order = [
        (f.requirement, f.check, f.target, f.scope or "", f.resource or "")
        for f in judged(many(), *EVERYTHING).findings
    ]

    assert order == sorted(order, key=lambda key: (key[0] == "again", key[1:]))
    assert [key[2:4] for key in order[:7]] == [(AWS, "us-east-1")] * 5 + [
        (AWS, "us-west-2"),
        ("host:ehr-1", "host"),
    ]


def test_what_is_counted_agrees_with_the_findings() -> None:
    report = judged(many(), *EVERYTHING)
    findings = tuple(report.findings)

    for severity in Severity:
        for outcome in Outcome:
            found = [f for f in findings if (f.severity, f.outcome) == (severity, outcome)]
            assert report.count(outcome, [severity]) == len(found)
    (result,) = report.results
    assert result.counts == Counts(
        passed=report.count(Outcome.PASS),
        failed=report.count(Outcome.FAIL),
        errors=report.count(Outcome.ERROR),
        not_applicable=report.count(Outcome.NOT_APPLICABLE),
    )
    assert result.worst is Severity.HIGH


def test_ages_are_counted_to_the_moment_given() -> None:
    evidence = told(
        [planned(rotated_at={"type": "string", "format": "date-time"})],
        [target(EAST)],
        {(AWS, "us-east-1", VOLUMES): [saw("k1", rotated_at="2026-11-01T00:00:00Z")]},
    )
    asked = policy(requirement(expect={"rotated_at": {"maxAgeDays": 90}}))

    def decided(as_of: datetime) -> list[tuple[str, tuple[str, ...]]]:
        return [(f.outcome.value, f.reasons) for f in evaluate([asked], evidence, as_of=as_of).findings]

    assert decided(AT) == [("pass", ())]
    assert decided(datetime(2027, 2, 1, tzinfo=UTC)) == [
        ("fail", ("rotated_at is 2026-11-01T00:00:00Z (92 days ago); expected at most 90 days ago",))
    ]
    assert decided(datetime(2026, 10, 30, tzinfo=UTC)) == [
        ("fail", ("rotated_at is 2026-11-01T00:00:00Z (in 2 days); expected at most 90 days ago",))
    ]


def test_two_policies_are_two_results() -> None:
    report = evaluate(
        [policy(requirement(), name="a"), policy(requirement(), name="b")],
        east(saw("v1", encrypted=False)),
        as_of=AT,
    )

    assert [(result.policy, result.counts.failed) for result in report.results] == [("a", 1), ("b", 1)]
    assert len({finding.id for finding in report.findings}) == 2
    assert cells(report) == (2, 2, 0, 0, 0)
    assert report.coverage.resources == {VOLUMES: 1}
