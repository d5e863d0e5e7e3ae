from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.logging import AccountAlerts, Alarm
from checks.logging.aws_alarms import account_activity, alarms
from scanner.testing import Error, observe, world

GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:trail:*"
TOPIC = "arn:aws:sns:us-east-1:111122223333:night-watch"
ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:"
ROOT = '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }'
FAILED = '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }'
KEYS = "{ $.eventName = DisableKey || $.eventName = ScheduleKeyDeletion }"


def trail(**more: Any) -> dict[str, Any]:
    return {
        "TrailARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/all",
        "HomeRegion": "us-east-1",
        "IsMultiRegionTrail": True,
        "HasCustomEventSelectors": True,
        "CloudWatchLogsLogGroupArn": GROUP,
        **more,
    }


def counting(name: str, pattern: str, **more: Any) -> dict[str, Any]:
    dimensions = more.pop("dimensions", None)
    return {
        "filterName": name,
        "filterPattern": pattern,
        "metricTransformations": [
            {"metricName": name, "metricNamespace": "Trail", "metricValue": "1"}
            | ({"dimensions": dimensions} if dimensions else {})
        ],
        **more,
    }


def watching(name: str, *actions: str, **more: Any) -> dict[str, Any]:
    return {
        "AlarmArn": ALARM + name,
        "MetricName": name,
        "Namespace": "Trail",
        "ActionsEnabled": True,
        "AlarmActions": list(actions or (TOPIC,)),
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        **more,
    }


def read_by(confirmed: int) -> dict[str, Any]:
    return {"Attributes": {"TopicArn": TOPIC, "SubscriptionsConfirmed": str(confirmed)}}


ACTIVITY = world(
    account_activity,
    {
        "cloudtrail:DescribeTrails": {"trailList": [trail(), trail(IsMultiRegionTrail=False)]},
        "cloudtrail:GetTrailStatus": {
            "IsLogging": True,
            "LatestDeliveryTime": datetime(2026, 11, 21, tzinfo=UTC),
        },
        "cloudtrail:GetEventSelectors": {
            "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
        },
        "logs:DescribeMetricFilters": {
            "metricFilters": [
                counting("root", ROOT),
                counting("failed", FAILED),
                counting("keys", KEYS),
            ]
        },
        "cloudwatch:DescribeAlarms": [
            {"MetricAlarms": [watching("root")]},
            {"MetricAlarms": [watching("failed")], "CompositeAlarms": []},
        ],
        "sns:GetTopicAttributes": read_by(1),
    },
)
NOTHING = AccountAlerts(
    resource="aws:111122223333",
    recorded_elsewhere=False,
    alert_on_root_use=False,
    alert_on_failed_login=False,
    alert_on_login_without_mfa=False,
    alert_on_unauthorized_call=False,
    alert_on_iam_change=False,
    alert_on_trail_change=False,
    alert_on_key_removal=False,
    alert_on_bucket_policy_change=False,
    alert_on_config_change=False,
    alert_on_security_group_change=False,
    alert_on_network_acl_change=False,
    alert_on_gateway_change=False,
    alert_on_route_table_change=False,
    alert_on_vpc_change=False,
)
ROOT_ONLY = replace(NOTHING, alert_on_root_use=True)


def test_account_activity() -> None:
    assert observe(account_activity, ACTIVITY) == [
        replace(NOTHING, alert_on_root_use=True, alert_on_failed_login=True)
    ]


def told(**answers: Any) -> list[Any]:
    """What is seen where only a filter and an alarm on the root user are there, and these answers differ."""
    lone = {
        "logs:DescribeMetricFilters": {"metricFilters": [counting("root", ROOT)]},
        "cloudwatch:DescribeAlarms": {"MetricAlarms": [watching("root")]},
    }
    changed = {name.replace("__", ":"): answer for name, answer in answers.items()}
    return observe(account_activity, {**ACTIVITY, **lone, **changed})


def alarm(*actions: str, **more: Any) -> dict[str, Any]:
    return {"cloudwatch__DescribeAlarms": {"MetricAlarms": [watching("root", *actions, **more)]}}


def filtered(**more: Any) -> dict[str, Any]:
    return {"logs__DescribeMetricFilters": {"metricFilters": [counting("root", ROOT, **more)]}}


BY_FORMULA = {
    "AlarmArn": ALARM + "formula",
    "ActionsEnabled": True,
    "AlarmActions": [TOPIC],
    "ComparisonOperator": "GreaterThanThreshold",
    "Metrics": [
        {"Id": "e", "Expression": "m * 1"},
        {"Id": "m", "MetricStat": {"Metric": {"Namespace": "Trail", "MetricName": "root"}, "Period": 60}},
    ],
}


@pytest.mark.parametrize(
    "answers",
    [
        {},
        alarm("arn:aws:lambda:us-east-1:111122223333:function:page"),
        alarm("arn:aws:ssm-incidents::111122223333:response-plan/breach"),
        alarm("arn:aws:automate:us-east-1:ec2:stop", TOPIC),
        {"cloudwatch__DescribeAlarms": {"MetricAlarms": [BY_FORMULA]}},
        filtered(dimensions={"user": "$.userIdentity.arn"})
        | alarm(Dimensions=[{"Name": "user", "Value": "arn:aws:iam::111122223333:root"}]),
    ],
    ids=["topic", "function", "incident plan", "also stops", "formula", "dimension"],
)
def test_somebody_is_told(answers: dict[str, Any]) -> None:
    assert told(**answers) == [ROOT_ONLY]


@pytest.mark.parametrize(
    "answers",
    [
        {"cloudtrail__DescribeTrails": {"trailList": []}},
        {"cloudtrail__DescribeTrails": {"trailList": [trail(CloudWatchLogsLogGroupArn="")]}},
        {"cloudtrail__DescribeTrails": {"trailList": [trail(IsMultiRegionTrail=False)]}},
        {"cloudtrail__GetTrailStatus": {"IsLogging": False}},
        {"cloudtrail__GetEventSelectors": {"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}},
        {"logs__DescribeMetricFilters": {"metricFilters": []}},
        filtered(fieldSelectionCriteria='@aws.region = "eu-west-1"'),
        {"cloudwatch__DescribeAlarms": {"MetricAlarms": []}},
        alarm(ActionsEnabled=False),
        alarm(AlarmActions=[]),
        alarm(ComparisonOperator="LessThanThreshold"),
        alarm(Namespace="Elsewhere"),
        alarm(Dimensions=[{"Name": "user", "Value": "somebody"}]),
        alarm("arn:aws:automate:us-east-1:ec2:stop"),
        {"sns__GetTopicAttributes": read_by(0)},
        {"sns__GetTopicAttributes": Error("NotFound")},
    ],
)
def test_nobody_is_told(answers: dict[str, Any]) -> None:
    assert told(**answers) == [NOTHING]


def test_a_record_that_only_the_organization_keeps() -> None:
    elsewhere = trail(CloudWatchLogsLogGroupArn=GROUP.replace("111122223333", "999988887777"))

    assert told(cloudtrail__DescribeTrails={"trailList": [elsewhere]}) == [
        replace(NOTHING, recorded_elsewhere=True)
    ]
    assert told(cloudtrail__DescribeTrails={"trailList": [elsewhere, trail()]}) == [ROOT_ONLY]


def test_everything_that_is_recorded() -> None:
    (seen,) = told(logs__DescribeMetricFilters={"metricFilters": [counting("root", "")]})

    assert {name for name, value in vars(seen).items() if value is True} == {
        name for name in vars(NOTHING) if name.startswith("alert_on_")
    }


def test_several_filters_together_count_what_none_of_them_counts_alone() -> None:
    filters = [
        counting("root", f"{{ $.eventName = {name} }}") for name in ("DisableKey", "ScheduleKeyDeletion")
    ]

    assert told(logs__DescribeMetricFilters={"metricFilters": filters}) == [
        replace(NOTHING, alert_on_key_removal=True)
    ]
    assert told(logs__DescribeMetricFilters={"metricFilters": filters[:1]}) == [NOTHING]


def acting(name: str, **more: Any) -> dict[str, Any]:
    return {"AlarmArn": ALARM + name, **more}


def every_kind(AlarmTypes: list[str]) -> Any:  # noqa: N803 - as AWS names it
    listed = {
        "MetricAlarm": [
            acting("both", ActionsEnabled=True, AlarmActions=[TOPIC], InsufficientDataActions=[TOPIC]),
            acting("off", ActionsEnabled=False, AlarmActions=[TOPIC], InsufficientDataActions=[TOPIC]),
        ],
        "CompositeAlarm": [acting("one", ActionsEnabled=True, AlarmActions=[TOPIC])],
        "LogAlarm": [acting("none", ActionsEnabled=True)],
    }
    return {f"{kind}s": listed[kind] for kind in AlarmTypes}


ALARMS = world(alarms, {"cloudwatch:DescribeAlarms": every_kind})


def test_alarms() -> None:
    told: list[tuple[str, Any, bool, bool]] = [
        ("both", "metric", True, True),
        ("off", "metric", False, False),
        ("one", "composite", True, False),
        ("none", "log", False, False),
    ]
    assert observe(alarms, ALARMS) == [
        Alarm(resource=ALARM + name, kind=kind, acts=acts, acts_on_missing_data=missing)
        for name, kind, acts, missing in told
    ]
