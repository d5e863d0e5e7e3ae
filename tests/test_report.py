from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from scanner.model import Counts, Coverage, Outcome, Scope, Severity, resource_type
from scanner.report import Report, Status
from scanner.reportfile import encoded, json_schema, read
from tests.reporters import samples

HIGH = (Severity.CRITICAL, Severity.HIGH)
ANY = tuple(Severity)


def report(
    *,
    tally: dict[Severity, dict[Outcome, int]] | None = None,
    states: Sequence[str] = ("entered",),
    complete: bool = True,
    coverage: Coverage | None = None,
    waived: int = 0,
) -> Report:
    """The sample, with other findings counted, other scopes, another coverage."""
    sample = samples.report()
    counts = Counts(failed=waived, waived=waived)
    results = (msgspec.structs.replace(sample.results[0], counts=counts), *sample.results[1:])
    (first, *_) = sample.plan.targets
    scopes = tuple(Scope(name=str(n), on="AwsRegion", state=state) for n, state in enumerate(states))
    target = msgspec.structs.replace(first, scopes=scopes)
    return replace(
        sample,
        tally=tally or {},
        results=results,
        run=msgspec.structs.replace(sample.run, complete=complete),
        plan=msgspec.structs.replace(sample.plan, targets=(target,)),
        coverage=coverage or seen(evaluated=3),
    )


def seen(*, at_least: bool = False, **cells: int) -> Coverage:
    kinds = {"evaluated": 0, "not_evaluated": 0, "unreachable": 0, "excluded": 0} | cells
    return Coverage(
        unit="cell",
        expected=sum(kinds.values()),
        at_least=at_least,
        resources={},
        empty=(),
        without_target=(),
        **kinds,
    )


FAIL, ERROR, PASS = {Outcome.FAIL: 1}, {Outcome.ERROR: 1}, {Outcome.PASS: 9}


@pytest.mark.parametrize(
    ("tally", "fail_on", "status", "allowing"),
    [
        ({}, HIGH, Status.OK, Status.OK),
        ({Severity.HIGH: PASS}, HIGH, Status.OK, Status.OK),
        ({Severity.HIGH: FAIL}, HIGH, Status.FAILING, Status.FAILING),
        ({Severity.LOW: FAIL}, HIGH, Status.OK, Status.OK),
        ({Severity.LOW: FAIL}, ANY, Status.FAILING, Status.FAILING),
        ({Severity.LOW: FAIL}, (), Status.OK, Status.OK),
        ({Severity.HIGH: ERROR}, HIGH, Status.INCOMPLETE, Status.OK),
        ({Severity.LOW: ERROR}, HIGH, Status.OK, Status.OK),
        ({Severity.LOW: ERROR}, (), Status.INCOMPLETE, Status.OK),
        ({Severity.HIGH: FAIL | ERROR}, HIGH, Status.FAILING, Status.FAILING),
        ({Severity.CRITICAL: ERROR, Severity.HIGH: FAIL}, HIGH, Status.FAILING, Status.FAILING),
    ],
)
def test_the_status(
    tally: dict[Severity, dict[Outcome, int]],
    fail_on: tuple[Severity, ...],
    status: Status,
    allowing: Status,
) -> None:
    told = report(tally=tally)

    assert told.status(fail_on) is status
    assert told.status(fail_on, allow_incomplete=True) is allowing


def test_the_status_of_what_could_not_be_entered_or_finished() -> None:
    assert report(states=["unreachable", "excluded"]).status(ANY, allow_incomplete=True) is Status.UNREACHABLE
    assert report(states=["unreachable", "entered"]).status(ANY) is Status.OK
    assert report(complete=False).status(ANY) is Status.INCOMPLETE
    assert report(complete=False).status(ANY, allow_incomplete=True) is Status.OK
    assert report(tally={Severity.HIGH: FAIL}, complete=False).status(ANY) is Status.FAILING


def test_the_numbers_that_help_lists() -> None:
    assert [status.value for status in Status] == [0, 1, 2, 3, 4, 70, 130]


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (report(), "Nothing falls short of what these policies ask of what was looked at."),
        (report(coverage=seen(excluded=2)), "Nothing was evaluated."),
        (report(states=["unreachable"]), "Nothing can be said: no target could be entered."),
        (report(tally={Severity.HIGH: FAIL}), "Falls short: 1 high finding."),
        (
            report(tally={Severity.CRITICAL: {Outcome.FAIL: 2}, Severity.HIGH: FAIL, Severity.LOW: FAIL}),
            "Falls short: 2 critical, 1 high and 1 low findings.",
        ),
        (
            report(coverage=seen(evaluated=1, not_evaluated=1, unreachable=1)),
            "Nothing seen falls short. Not everything was seen: 2 of 3 cells could not be evaluated.",
        ),
        (
            report(tally={Severity.LOW: FAIL}, coverage=seen(evaluated=1, unreachable=1, at_least=True)),
            (
                "Falls short: 1 low finding. "
                "Not everything was seen: 1 of at least 2 cells could not be evaluated."
            ),
        ),
        (
            report(waived=1),
            (
                "Nothing but what is waived falls short of what these policies ask of what was looked at. "
                "1 finding is waived."
            ),
        ),
        (
            report(coverage=seen(evaluated=1, unreachable=1), waived=2_000),
            (
                "Nothing seen falls short but what is waived. 2,000 findings are waived. "
                "Not everything was seen: 1 of 2 cells could not be evaluated."
            ),
        ),
        (
            report(tally={Severity.LOW: FAIL}, waived=3),
            "Falls short: 1 low finding. 3 findings are waived.",
        ),
        (
            report(complete=False),
            (
                "Nothing falls short of what these policies ask of what was looked at. "
                "The run was interrupted."
            ),
        ),
    ],
)
def test_the_verdict(told: Report, verdict: str) -> None:
    assert told.verdict() == verdict


def test_a_report_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    sample = samples.report()
    path.write_text("".join(encoded(sample)))

    again = read(path)

    assert tuple(again.findings) == tuple(sample.findings)
    assert replace(again, findings=()) == replace(sample, findings=())
    assert "".join(encoded(again)) == path.read_text()


def test_the_published_schema_is_of_what_is_written() -> None:
    assert json_schema()["$ref"] == "#/$defs/Document"


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("arn:aws:ec2:us-east-1:111122223333:volume/vol-1", "ec2:volume"),
        ("arn:aws:s3:::charts", "s3:bucket"),
        ("arn:aws:rds:us-east-1:111122223333:db:emr", "rds:db"),
        ("arn:aws:iam::111122223333:user/a/b", "iam:user"),
        ("arn:aws:iam::111122223333:root", "iam:root"),
        ("arn:aws:sns:us-east-1:111122223333:alerts", "sns:topic"),
        ("arn:aws:sqs:us-east-1:111122223333:jobs", "sqs:queue"),
        ("arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:f", "lambda:function"),
        ("/subscriptions/s", "Microsoft.Resources/subscriptions"),
        ("/subscriptions/s/resourceGroups/r", "Microsoft.Resources/resourceGroups"),
        ("/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/disks/d", "Microsoft.Compute/disks"),
        (
            "/subscriptions/s/resourceGroups/r/providers/Microsoft.Sql/servers/v/databases/d",
            "Microsoft.Sql/servers/databases",
        ),
        (
            "/subscriptions/s/providers/Microsoft.Sql/servers/v/providers/Microsoft.Insights/settings/x",
            "Microsoft.Insights/settings",
        ),
        ("host:ehr-1", "host"),
        ("host:ehr-1:/var", "host"),
        ("aws:111122223333", "aws"),
    ],
)
def test_a_resources_type_is_read_off_its_id(resource: str, kind: str) -> None:
    assert resource_type(resource) == kind
