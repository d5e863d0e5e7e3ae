import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace as changed

from reporters import sarif
from scanner import Location, Report, Severity
from scanner.model import Outcome, Scope, TargetRecord, Waiver

from . import samples

SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def written(report: Report) -> str:
    out = io.StringIO()
    sarif.write(report, out)
    return out.getvalue()


def run(report: Report) -> Any:
    return json.loads(written(report))["runs"][0]


def without_file(policy: Any, configured_at: Location | None = None) -> Any:
    return changed(policy, file=None, configured_at=configured_at)


def uris(report: Report) -> list[str]:
    return [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in run(report)["results"]
        for place in result["locations"]
    ]


def test_whole(golden: Callable[[str, str], None]) -> None:
    golden("report.sarif", written(samples.report()))


def test_whole_with_waivers(golden: Callable[[str, str], None]) -> None:
    golden("waived.sarif", written(samples.waived()))


@pytest.mark.parametrize(
    "sample", [samples.report, samples.hostile, samples.hostile_everywhere, samples.empty]
)
def test_it_is_what_the_standard_says(sample: Callable[[], Report]) -> None:
    checker = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)

    assert list(checker.iter_errors(json.loads(written(sample())))) == []


def test_the_schema_can_refuse() -> None:
    log = json.loads(written(samples.report()))
    log["runs"][0]["results"][0]["level"] = "high"

    assert len(list(jsonschema.Draft4Validator(SCHEMA).iter_errors(log))) == 1


@pytest.mark.parametrize("severity", list(Severity))
def test_severity(severity: Severity) -> None:
    [result] = run(samples.report([samples.finding(1, Outcome.FAIL, severity=severity)]))["results"]

    assert (
        result["level"]
        == {"critical": "error", "high": "error", "medium": "warning", "low": "note"}[severity]
    )


def test_a_waived_finding_is_left_out() -> None:
    waiver = Waiver(owner="CISO", reason="moves in May", expires="2027-06-01")
    findings = [samples.finding(1, Outcome.FAIL, waiver=waiver), samples.finding(2, Outcome.FAIL)]

    results = run(samples.report(findings))["results"]

    assert [result["partialFingerprints"] for result in results] == [
        {"primaryLocationLineHash": "0000000000000002:1"}
    ]


def test_two_policies_share_a_category_and_not_their_rules() -> None:
    other = changed(samples.POLICY, policy="other")
    made = run(samples.report([], policies=(samples.POLICY, other)))

    assert made["automationDetails"] == {"id": "wardround/house+other/"}
    assert [rule["id"] for rule in made["tool"]["driver"]["rules"]] == [
        "house/164.312(a)(2)(iv)/encryption.*",
        "house/164.312(d)/mfa.aws.iam_users",
        "other/164.312(a)(2)(iv)/encryption.*",
        "other/164.312(d)/mfa.aws.iam_users",
    ]


UNREACHED = TargetRecord(
    id="host:ehr-2",
    name="ehr-2",
    kind="hosts",
    identity=None,
    scopes=(Scope(name="host", on="Host", state="unreachable", unreadable=samples.UNREACHABLE),),
)


@pytest.mark.parametrize(
    ("report", "successful"),
    [
        (samples.report(), True),
        (samples.empty(), True),
        (replace(samples.empty(), plan=samples.replace_targets(samples.PLAN, (UNREACHED,))), False),
        (
            replace(
                samples.report(),
                run=changed(samples.report().run, complete=False),
            ),
            False,
        ),
        (
            replace(
                samples.empty(),
                coverage=changed(samples.report().coverage, evaluated=0, not_evaluated=2),
            ),
            False,
        ),
    ],
    ids=["findings", "none", "not entered", "interrupted", "nothing evaluated"],
)
def test_a_run_that_saw_nothing_is_no_success(report: Report, successful: bool) -> None:
    assert run(report)["invocations"][0]["executionSuccessful"] is successful


def test_anchored_at_the_configuration() -> None:
    policy = without_file(samples.POLICY, Location(file="ops/ward round.yaml", line=9))
    report = samples.report([samples.finding(1, Outcome.FAIL)], policies=(policy,))

    [result] = run(report)["results"]

    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "ops/ward%20round.yaml"},
        "region": {"startLine": 9},
    }


@pytest.mark.parametrize(
    ("target", "scope", "resource", "uri"),
    [
        (
            samples.AWS,
            "us-east-1",
            samples.VOLUME.format(1),
            "wardround/aws/111122223333/us-east-1/ec2/volume/vol-1",
        ),
        (samples.HOST, "host", samples.HOST, "wardround/host/ehr-1/host"),
        (samples.HOST, "host", f"{samples.HOST}:/etc/ssh", "wardround/host/ehr-1/host/etc/ssh"),
        (samples.AWS, None, None, "wardround/aws/111122223333"),
        (samples.AWS, "account", "../..//é :x", "wardround/aws/111122223333/account/__/__/%C3%A9%20/x"),
    ],
)
def test_anchored_at_the_resource(target: str, scope: str | None, resource: str | None, uri: str) -> None:
    one = samples.finding(1, Outcome.FAIL, target=target, scope=scope, resource=resource)

    assert uris(samples.report([one], policies=(without_file(samples.POLICY),))) == [uri]


@pytest.mark.parametrize("sample", [samples.hostile, samples.hostile_everywhere])
def test_no_uri_is_absolute(sample: Callable[[], Report]) -> None:
    outside = Location(file="/home/me/wardround.yaml", line=1)
    policy = changed(samples.POLICY, file="/home/me/house.yaml", configured_at=outside)

    found = uris(replace(sample(), policies=(policy,)))

    assert len(found) == sample().count(Outcome.FAIL)
    assert all(re.fullmatch(r"wardround(/([\w.~-]|%[0-9A-F]{2})+)+", uri, re.ASCII) for uri in found)
    assert not any(".." in uri.split("/") for uri in found)


def test_hostile_text_makes_no_link_and_no_control() -> None:
    said = written(samples.hostile_everywhere())

    assert said.isascii()
    assert not re.search(r"[^\n -~]", said)
    messages = [result["message"]["text"] for result in json.loads(said)["runs"][0]["results"]]
    assert all(message.isprintable() and len(message) <= 1_100 for message in messages)
    assert not any(re.search(r"(?<!\\)[\[\]]", message) for message in messages)


def test_the_worst_are_kept() -> None:
    made = run(samples.many(30_000))

    assert len(made["results"]) == 25_000
    assert made["results"][0]["partialFingerprints"]["primaryLocationLineHash"] == f"{29_999:016x}:1"
    assert made["invocations"][0]["toolExecutionNotifications"] == [
        {
            "level": "error",
            "message": {"text": "5,000 results left out: only the worst 25,000 are here."},
        }
    ]
    assert samples.Held.most <= 3


def test_braces_stand_for_no_argument() -> None:
    one = samples.finding(1, Outcome.FAIL, resource="r", reasons=('tags is {"a": [1]} and {0}',))

    [result] = run(samples.report([one]))["results"]

    assert result["message"] == {"text": 'r: tags is {"a": \\[1\\]} and {{0}}'}


def test_errors_are_notifications_and_bounded() -> None:
    errors = (samples.finding(number, Outcome.ERROR, reasons=("denied: no",)) for number in range(1_500))

    made = run(samples.report(errors))
    said = made["invocations"][0]["toolExecutionNotifications"]

    assert made["results"] == []
    assert len(said) == 1_001
    assert said[0]["message"]["text"] == f"{samples.VOLUME.format(0)} could not be evaluated: denied: no"
    assert said[-1]["message"]["text"] == "500 more findings could not be evaluated."
