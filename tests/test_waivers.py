import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import engine, waivers
from scanner.errors import ScannerError
from scanner.model import Finding, Outcome, Requirement, Severity, Waiver, WaiverResult
from scanner.report import Report, Status
from tests import judging
from tests.judging import ACCOUNT, AT, AWS, EAST, planned, policy, refused, requirement, saw, target, told

VOLUMES = "encryption.aws.ebs_volumes"
USERS = "mfa.aws.iam_users"
ENTRY = "  - {owner: CISO, reason: moves in May, expires: 2027-05-31, control: c}\n"


def waiver(expires: str = "2027-05-31", **covers: Any) -> Waiver:
    return Waiver(owner="CISO", reason="moves in May", expires=expires, covers=covers, line=2)


def evidence() -> judging.Told:
    """Two volumes that fail, one that passes, one that was refused, and a user who fails."""
    return told(
        [planned(), planned(USERS, "AwsAccount", mfa_active={"type": "boolean"})],
        [target(ACCOUNT, EAST)],
        {
            (AWS, "us-east-1", VOLUMES): [
                saw("vol/1", encrypted=False, tags={"owner": "imaging", "environment": "lab"}),
                saw("vol/2", encrypted=False),
                saw("vol/3", encrypted=True, tags={"owner": "imaging"}),
                refused("vol/4"),
            ],
            (AWS, "account", USERS): [saw("user/ada", USERS, "account", mfa_active=False, tags={})],
        },
    )


VOLUME = requirement(id="c/volumes", aliases=("old/volumes",))
USER = requirement(USERS, {"mfa_active": True}, id="c/users", severity=Severity.CRITICAL)


def judged(
    *listed: Waiver, as_of: datetime = AT, requirements: Sequence[Requirement] = (VOLUME, USER)
) -> Report:
    return engine.evaluate([policy(*requirements)], evidence(), as_of=as_of, waivers=listed)


def waived(report: Report) -> list[str | None]:
    return [finding.resource for finding in report.findings if finding.waiver]


def outcomes(report: Report) -> list[tuple[str, Outcome, tuple[str, ...]]]:
    return [(finding.id, finding.outcome, finding.reasons) for finding in report.findings]


# -- what it covers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("covers", "resources"),
    [
        ({"control": "c"}, ["vol/1", "vol/2", "user/ada"]),
        ({"control": "C"}, []),
        ({"control": "*"}, []),
        ({"policy": "house", "control": "c"}, ["vol/1", "vol/2", "user/ada"]),
        ({"policy": "other", "control": "c"}, []),
        ({"requirement": "c/volumes"}, ["vol/1", "vol/2"]),
        ({"requirement": "old/volumes"}, ["vol/1", "vol/2"]),
        ({"requirement": "c/vol*"}, []),
        ({"check": VOLUMES}, ["vol/1", "vol/2"]),
        ({"check": "encryption.*"}, ["vol/1", "vol/2"]),
        ({"check": "encryption"}, []),
        ({"target": AWS}, ["vol/1", "vol/2", "user/ada"]),
        ({"target": "aws:*"}, ["vol/1", "vol/2", "user/ada"]),
        ({"target": "host:*"}, []),
        ({"resource": "vol/1"}, ["vol/1"]),
        ({"resource": "vol/*"}, ["vol/1", "vol/2"]),
        ({"resource": "VOL/*"}, []),
        ({"resource": "vol"}, []),
        ({"tags": {"owner": "imaging"}}, ["vol/1"]),
        ({"tags": {"Owner": "imag*"}}, ["vol/1"]),
        ({"tags": {"owner": "imaging", "environment": "prod"}}, []),
        ({"tags": {"owner": "imaging", "environment": "l?b"}}, ["vol/1"]),
        ({"tags": {"owner": "*"}}, ["vol/1"]),
        ({"check": "encryption.*", "resource": "user/*"}, []),
    ],
)
def test_the_scope(covers: dict[str, Any], resources: list[str]) -> None:
    report = judged(waiver(**covers))

    assert waived(report) == resources
    assert [result.findings for result in report.waivers] == [len(resources)]


def test_tags_that_another_check_read_count() -> None:
    listing = "accounts.aws.tagged"
    seen = told(
        [planned(), planned(listing, count={"type": "integer"})],
        [target(EAST)],
        {
            (AWS, "us-east-1", VOLUMES): [saw("v1", encrypted=False)],
            (AWS, "us-east-1", listing): [saw("v1", listing, count=1, tags={"owner": "imaging"})],
        },
    )

    report = engine.evaluate([policy(VOLUME)], seen, as_of=AT, waivers=[waiver(tags={"owner": "imaging"})])

    assert waived(report) == ["v1"]


def test_what_is_no_resource_is_not_covered_by_a_resources_pattern() -> None:
    nobody = told([planned()], [target(EAST)], {(AWS, "us-east-1", VOLUMES): []})
    asked = [policy(requirement(id="c/some", absent="fail"))]

    by_resource = engine.evaluate(asked, nobody, as_of=AT, waivers=[waiver(control="c", resource="*")])
    by_requirement = engine.evaluate(asked, nobody, as_of=AT, waivers=[waiver(requirement="c/some")])

    assert [(finding.outcome, finding.waiver) for finding in by_resource.findings] == [(Outcome.FAIL, None)]
    assert [finding.waiver for finding in by_requirement.findings] == [waiver(requirement="c/some")]


# -- until when --------------------------------------------------------------------------------------------

NEW_YORK = timezone(timedelta(hours=-5))
TOKYO = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("as_of", "days_left"),
    [
        (datetime(2027, 5, 1, tzinfo=UTC), 30),
        (datetime(2027, 5, 30, 23, 59, 59, tzinfo=UTC), 1),
        (datetime(2027, 5, 31, 0, 0, tzinfo=UTC), 0),
        (datetime(2027, 5, 31, 23, 59, 59, 999_999, tzinfo=UTC), 0),
        (datetime(2027, 6, 1, 0, 0, tzinfo=UTC), -1),
        (datetime(2027, 5, 31, 18, 59, 59, tzinfo=NEW_YORK), 0),
        (datetime(2027, 5, 31, 19, 0, tzinfo=NEW_YORK), -1),
        (datetime(2027, 6, 1, 8, 59, 59, tzinfo=TOKYO), 0),
        (datetime(2027, 6, 1, 9, 0, tzinfo=TOKYO), -1),
    ],
)
def test_the_last_day_is_whole_and_in_utc(as_of: datetime, days_left: int) -> None:
    accepted = waiver("2027-05-31", resource="vol/1")
    holds = days_left >= 0

    report = judged(accepted, as_of=as_of)

    assert waived(report) == (["vol/1"] if holds else [])
    assert report.waivers == (
        WaiverResult(waiver=accepted, expired=not holds, days_left=days_left, findings=int(holds)),
    )


# -- what it changes, and what it does not -----------------------------------------------------------------


def test_without_a_file_there_is_nothing_to_list() -> None:
    assert judged().waivers == ()


def test_a_waived_finding_fails_and_counts_for_nothing_else() -> None:
    without, report = judged(), judged(waiver(requirement="c/users"))

    assert outcomes(report) == outcomes(without)
    assert (without.status([Severity.CRITICAL]), report.status([Severity.CRITICAL])) == (
        Status.FAILING,
        Status.OK,
    )
    (was,), (result,) = without.results, report.results
    assert (was.worst, result.worst) == (Severity.CRITICAL, Severity.HIGH)
    assert (result.counts.failed, result.counts.waived, was.counts.failed) == (3, 1, 3)
    assert report.verdict() == (
        "Falls short: 2 high findings. 1 finding is waived. "
        "Not everything was seen: 1 of 2 cells could not be evaluated."
    )


def test_the_first_in_the_file_is_named_and_every_one_that_covers_is_used() -> None:
    first, second = waiver(resource="vol/1"), waiver("2026-12-01", control="c")

    report = judged(first, second)

    named = {finding.resource: finding.waiver for finding in report.findings if finding.waiver}
    assert named == {"vol/1": first, "vol/2": second, "user/ada": second}
    assert [result.findings for result in report.waivers] == [1, 3]


def test_an_expired_one_does_not_stand_before_one_in_force() -> None:
    gone, held = waiver("2026-11-20", control="c"), waiver(control="c")

    report = judged(gone, held)

    failing = [finding for finding in report.findings if finding.outcome is Outcome.FAIL]
    assert [finding.waiver for finding in failing] == [held, held, held]
    assert [(result.expired, result.findings) for result in report.waivers] == [(True, 0), (False, 3)]


PATTERNS = st.sampled_from(
    ["c", "house", "c/volumes", "old/volumes", VOLUMES, "*", "vol/*", "user/ada", AWS, "?", "[", "[!x]*"]
)
COVERS = st.dictionaries(
    st.sampled_from(["policy", "control", "requirement", "check", "target", "resource"]), PATTERNS
) | st.fixed_dictionaries(
    {"tags": st.dictionaries(st.sampled_from(["owner", "Environment", "phi"]), PATTERNS, min_size=1)}
)
DAYS = st.dates(datetime(2026, 1, 1, tzinfo=UTC).date(), datetime(2028, 1, 1, tzinfo=UTC).date())
WAIVERS = st.lists(st.builds(lambda day, covers: waiver(day.isoformat(), **covers), DAYS, COVERS), max_size=4)


@given(WAIVERS)
def test_no_waiver_changes_an_outcome(listed: list[Waiver]) -> None:
    report = judged(*listed)

    assert outcomes(report) == outcomes(judged())
    assert all(finding.outcome is Outcome.FAIL for finding in report.findings if finding.waiver)
    assert all(finding.waiver.expires >= "2026-11-21" for finding in report.findings if finding.waiver)
    assert report.waived + report.count(Outcome.FAIL) == 3
    assert [result.waiver for result in report.waivers] == listed


@given(WAIVERS, st.integers(0, 4))
def test_an_irrelevant_waiver_changes_nothing(listed: list[Waiver], place: int) -> None:
    irrelevant = waiver(control="another", resource="*")

    def findings(*waivers: Waiver) -> list[Finding]:
        return list(judged(*waivers).findings)

    assert findings(*listed[:place], irrelevant, *listed[place:]) == findings(*listed)


# -- the file ----------------------------------------------------------------------------------------------


EVERYTHING = "a waiver of everything: say what it covers: control, requirement, check, target, resource, tags"


def read(*entries: str) -> tuple[Waiver, ...]:
    return waivers.read(("waivers:\n" + "".join(entries)).encode(), "waivers.yaml")[0]


def test_a_file_is_read_with_its_lines_and_digest() -> None:
    text = (
        b"waivers:\n"
        b"  - {owner: CISO, reason: moves in May, expires: 2027-05-31, control: c}\n"
        b"  - owner: CTO\n"
        b"    reason: a lab\n"
        b'    expires: "2028-02-29"\n'
        b"    policy: house\n"
        b"    tags: {environment: lab}\n"
    )

    listed, digest = waivers.read(text, "waivers.yaml")

    assert listed == (
        waiver(control="c"),
        Waiver(
            owner="CTO",
            reason="a lab",
            expires="2028-02-29",
            covers={"policy": "house", "tags": {"environment": "lab"}},
            line=3,
        ),
    )
    assert digest == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("  - {reason: r, expires: 2027-05-31, control: c}\n", "3: waivers.1: 'owner' is missing"),
        ("  - {owner: o, expires: 2027-05-31, control: c}\n", "3: waivers.1: 'reason' is missing"),
        ("  - {owner: o, reason: r, control: c}\n", "3: waivers.1: 'expires' is missing"),
        ("  - {owner: ' ', reason: r, expires: 2027-05-31, control: c}\n", "3: owner: it is empty"),
        ("  - {owner: o, reason: '', expires: 2027-05-31, control: c}\n", '3: waivers.1.reason: "" is empty'),
        (
            "  - {owner: o, reason: r, expires: 31.5.2027, control: c}\n",
            '3: waivers.1.expires: "31.5.2027": expected the last day it holds, as in 2026-12-31',
        ),
        (
            "  - owner: o\n    reason: r\n    expires: 2027-02-29\n    control: c\n",
            "5: expires: there is no day 2027-02-29",
        ),
        (
            "  - {owner: o, reason: r, expires: never, control: c}\n",
            '3: waivers.1.expires: "never": expected',
        ),
        (
            "  - {owner: o, reason: r, expires: 2027-05-31T00:00:00Z, control: c}\n",
            '3: waivers.1.expires: "2027-05-31T00:00:00Z": expected the last day',
        ),
        ('  - {owner: o, reason: r, expires: "2027-05-31\\n", control: c}\n', "3: expires: there is no day"),
        (
            "  - {owner: o, reason: r, expires: 2027-05-31}\n",
            "3: a waiver of everything: say what it covers:",
        ),
        (
            "  - {owner: o, reason: r, expires: 2027-05-31, policy: house}\n",
            f"3: {EVERYTHING}",
        ),
        (
            "  - {owner: o, reason: r, expires: 2027-05-31, check: '*', resource: '**'}\n",
            "3: a waiver of everything: say what it covers:",
        ),
        (
            "  - {owner: o, reason: r, expires: 2027-05-31, controll: c}\n",
            "3: unknown key 'controll' (did you mean 'control'?)",
        ),
        ("  - {owner: o, reason: r, expires: 2027-05-31, tags: {}}\n", "3: waivers.1.tags: {} is empty"),
        (
            "  - {owner: o, reason: r, expires: 2027-05-31, tags: {phi: true}}\n",
            "3: waivers.1.tags.phi: true is not a string; YAML reads",
        ),
        ("  - moves in May\n", '3: waivers.1: "moves in May" is not a mapping'),
    ],
)
def test_a_malformed_one_has_the_whole_file_refused(entry: str, message: str) -> None:
    with pytest.raises(ScannerError) as refusal:
        read(ENTRY, entry)

    (said,) = refusal.value.messages
    assert said.startswith(f"waivers.yaml:{message}")


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(ScannerError) as refusal:
        read(
            "  - {owner: ' ', reason: r, expires: 2027-02-30, control: c}\n",
            ENTRY,
            "  - {owner: o, reason: ' ', expires: 2027-05-31}\n",
        )

    assert refusal.value.messages == (
        "waivers.yaml:2: owner: it is empty",
        "waivers.yaml:2: expires: there is no day 2027-02-30",
        "waivers.yaml:4: reason: it is empty",
        f"waivers.yaml:4: {EVERYTHING}",
    )


def test_an_empty_list_is_no_mistake() -> None:
    assert waivers.read(b"waivers: []\n", "waivers.yaml")[0] == ()
