"""Alarms on AWS: of what somebody is told, and what alarms do."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Literal

from scanner import AwsAccount, AwsRegion, check

from ..semantics import watched_activity
from ..semantics.metric_filters import Event, matches
from . import AccountAlerts, Alarm, aws_trails

Item = dict[str, Any]
Named = frozenset[str]
Metric = tuple[str, str, Named]
"""A namespace, a name, and the names of the dimensions."""

_ALARMS = "cloudwatch:DescribeAlarms"
_FILTERS = "logs:DescribeMetricFilters"
_TOPICS = "sns:GetTopicAttributes"
_TYPES = ["CompositeAlarm", "LogAlarm", "MetricAlarm"]

_TELLING = frozenset({"lambda", "ssm", "ssm-incidents"})
"""What an alarm can call, besides topics, to have somebody or something take notice; the others restart
machines and change how many there are."""


@check(*aws_trails.NEEDS, _FILTERS, _ALARMS, _TOPICS)
def account_activity(account: AwsAccount) -> Iterator[AccountAlerts]:
    """Of what in the account somebody is told when it happens.

    What an alarm's threshold is, and rules of EventBridge that tell the same, are not looked at.
    """
    groups = [
        trail["CloudWatchLogsLogGroupArn"].split(":")
        for trail in account.all("cloudtrail:DescribeTrails")
        if trail["IsMultiRegionTrail"] and trail.get("CloudWatchLogsLogGroupArn") and _whole(account, trail)
    ]
    ours = [group for group in groups if group[4] == account.id]
    patterns = {pattern for group in ours for pattern in _heeded(account, group[3], group[6])}

    def told(events: Iterable[Event]) -> bool:
        return all(any(matches(pattern, event) for pattern in patterns) for event in events)

    yield AccountAlerts(
        resource=f"aws:{account.id}",
        recorded_elsewhere=bool(groups) and not ours,
        alert_on_root_use=told(watched_activity.ROOT_USE),
        alert_on_failed_login=told(watched_activity.FAILED_LOGINS),
        alert_on_login_without_mfa=told(watched_activity.LOGINS_WITHOUT_MFA),
        alert_on_unauthorized_call=told(watched_activity.UNAUTHORIZED_CALLS),
        alert_on_iam_change=told(watched_activity.IAM_CHANGES),
        alert_on_trail_change=told(watched_activity.TRAIL_CHANGES),
        alert_on_key_removal=told(watched_activity.KEY_REMOVALS),
        alert_on_bucket_policy_change=told(watched_activity.BUCKET_POLICY_CHANGES),
        alert_on_config_change=told(watched_activity.CONFIG_CHANGES),
        alert_on_security_group_change=told(watched_activity.SECURITY_GROUP_CHANGES),
        alert_on_network_acl_change=told(watched_activity.NETWORK_ACL_CHANGES),
        alert_on_gateway_change=told(watched_activity.GATEWAY_CHANGES),
        alert_on_route_table_change=told(watched_activity.ROUTE_TABLE_CHANGES),
        alert_on_vpc_change=told(watched_activity.VPC_CHANGES),
    )


@check(_ALARMS)
def alarms(region: AwsRegion) -> Iterator[Alarm]:
    """What CloudWatch alarms do when they go off, or when what they look at is missing."""
    kinds: dict[str, Literal["metric", "composite", "log"]]
    kinds = {"MetricAlarms": "metric", "CompositeAlarms": "composite", "LogAlarms": "log"}
    for key, kind in kinds.items():
        for alarm in region.all(_ALARMS, key=key, AlarmTypes=_TYPES):
            on = alarm.get("ActionsEnabled", True)
            yield Alarm(
                resource=alarm["AlarmArn"],
                kind=kind,
                acts=bool(on and alarm.get("AlarmActions")),
                acts_on_missing_data=bool(on and alarm.get("InsufficientDataActions")),
            )


def _whole(account: AwsAccount, trail: Item) -> bool:
    """Whether a trail records now, and all that manages the account."""
    seen = aws_trails.read(account, trail)
    return seen.logged and seen.management_events == "all"


def _heeded(account: AwsAccount, region: str, group: str) -> Iterator[str]:
    """The patterns of a log group's metric filters whose count goes to an alarm that tells somebody."""
    filters = list(account.all(_FILTERS, region=region, logGroupName=group))
    alarms = account.all(_ALARMS, key="MetricAlarms", region=region, AlarmTypes=_TYPES) if filters else ()
    watched = {
        metric
        for alarm in alarms
        if alarm.get("ActionsEnabled", True) and "GreaterThan" in alarm.get("ComparisonOperator", "")
        for metric in _metrics(alarm)
        if metric in set(_counts(filters)) and _tells(account, alarm.get("AlarmActions", ()))
    }
    for one in filters:
        # A filter that heeds only some accounts or regions does not count all that happens.
        if watched & set(_counts([one])) and not one.get("fieldSelectionCriteria"):
            yield one.get("filterPattern", "")


def _counts(filters: Iterable[Item]) -> Iterator[Metric]:
    """The metrics that filters count into."""
    for one in filters:
        for transformation in one["metricTransformations"]:
            dimensions = frozenset(transformation.get("dimensions", {}))
            yield transformation["metricNamespace"], transformation["metricName"], dimensions


def _metrics(alarm: Item) -> Iterator[Metric]:
    """The metrics that an alarm looks at, be it through a formula."""
    looked_at = [
        alarm,
        *(query.get("MetricStat", {}).get("Metric", {}) for query in alarm.get("Metrics", ())),
    ]
    for metric in looked_at:
        if "MetricName" in metric:
            dimensions = frozenset(dimension["Name"] for dimension in metric.get("Dimensions", ()))
            yield metric["Namespace"], metric["MetricName"], dimensions


def _tells(account: AwsAccount, actions: Collection[str]) -> bool:
    """Whether one of an alarm's actions reaches somebody, or something that takes notice."""
    called = [action.split(":") for action in actions]
    if any(arn[2] in _TELLING for arn in called):
        return True
    return any(_read(account, ":".join(arn), arn[3]) for arn in called if arn[2] == "sns")


def _read(account: AwsAccount, topic: str, region: str) -> bool:
    """Whether somebody has confirmed to read a topic; one that is gone nobody reads."""
    answer = account.call(_TOPICS, absent="NotFound", region=region, TopicArn=topic)
    return answer is not None and int(answer["Attributes"].get("SubscriptionsConfirmed", "0")) > 0
