from typing import Any

import pytest

from checks.readiness import AlarmTopic, Balancer, SecurityContact, SupportAccess
from checks.readiness.aws import (
    alarm_topics,
    classic_load_balancers,
    load_balancers,
    security_contact,
    support_access,
)
from scanner.testing import Error, by, look, observe, world

ACCOUNT = "aws:111122223333"

CONTACT = world(
    security_contact,
    {
        "account:GetAlternateContact": {
            "AlternateContact": {
                "Name": "On call",
                "EmailAddress": "security@clinic.example",
                "PhoneNumber": "+1 555 0100",
                "AlternateContactType": "SECURITY",
            }
        }
    },
)


def test_security_contact() -> None:
    assert observe(security_contact, CONTACT) == [
        SecurityContact(resource=ACCOUNT, contact_emails=("security@clinic.example",), contact_phone=True)
    ]


def test_an_account_without_a_security_contact() -> None:
    nobody = {"account:GetAlternateContact": Error("ResourceNotFoundException")}

    assert observe(security_contact, nobody) == [
        SecurityContact(resource=ACCOUNT, contact_emails=(), contact_phone=False)
    ]


SUPPORT = world(
    support_access,
    {
        "iam:ListEntitiesForPolicy": {
            "PolicyUsers": [],
            "PolicyGroups": [],
            "PolicyRoles": [{"RoleName": "help"}],
        }
    },
)


@pytest.mark.parametrize(
    ("holders", "given"),
    [
        ({"PolicyRoles": [{"RoleName": "help"}]}, True),
        ({"PolicyUsers": [{"UserName": "ann"}], "PolicyRoles": []}, True),
        ({"PolicyGroups": [{"GroupName": "it"}]}, True),
        ({"PolicyUsers": [], "PolicyGroups": [], "PolicyRoles": []}, False),
    ],
)
def test_support_access(holders: dict[str, Any], given: bool) -> None:
    def listed(PolicyArn: str) -> Any:  # noqa: N803 - as AWS names it
        return holders if PolicyArn == "arn:aws:iam::aws:policy/AWSSupportAccess" else {}

    assert observe(support_access, {"iam:ListEntitiesForPolicy": listed}) == [
        SupportAccess(resource=ACCOUNT, support_access=given)
    ]


TOPIC = "arn:aws:sns:us-east-1:111122223333:"
TOPICS = world(
    alarm_topics,
    {
        "cloudwatch:DescribeAlarms": {
            "MetricAlarms": [
                {"AlarmArn": "a", "AlarmActions": [TOPIC + "read", "arn:aws:automate:us-east-1:ec2:stop"]},
                {"AlarmArn": "b", "AlarmActions": [TOPIC + "read", TOPIC + "unread"]},
                {"AlarmArn": "c"},
            ],
            "CompositeAlarms": [{"AlarmArn": "d", "AlarmActions": [TOPIC + "gone"]}],
            "LogAlarms": [],
        },
        "sns:GetTopicAttributes": by(
            "TopicArn",
            {
                TOPIC + "read": {"Attributes": {"SubscriptionsConfirmed": "2"}},
                TOPIC + "unread": {
                    "Attributes": {"SubscriptionsConfirmed": "0", "SubscriptionsPending": "1"}
                },
                TOPIC + "gone": Error("NotFound"),
            },
        ),
    },
)


def test_alarm_topics() -> None:
    assert observe(alarm_topics, TOPICS) == [
        AlarmTopic(resource=TOPIC + "gone", exists=False, confirmed_subscriptions=0),
        AlarmTopic(resource=TOPIC + "read", exists=True, confirmed_subscriptions=2),
        AlarmTopic(resource=TOPIC + "unread", exists=True, confirmed_subscriptions=0),
    ]


def test_a_topic_of_which_nothing_is_told_is_a_refusal_of_that_topic() -> None:
    attributes = by("TopicArn", {TOPIC + "read": {"Attributes": {"SubscriptionsConfirmed": "2"}}})
    sight = look(alarm_topics, {**TOPICS, "sns:GetTopicAttributes": attributes})

    assert [facts.resource for facts in sight.facts] == [TOPIC + "read"]
    assert [refusal.resource for refusal in sight.refusals] == [TOPIC + "gone", TOPIC + "unread"]


BALANCERS = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/"


def attributes(**values: str) -> dict[str, Any]:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return {"Attributes": [{"Key": name, "Value": value} for name, value in named.items()]}


V2 = world(
    load_balancers,
    {
        "elbv2:DescribeLoadBalancers": {
            "LoadBalancers": [
                {
                    "LoadBalancerArn": BALANCERS + "ehr",
                    "Type": "application",
                    "AvailabilityZones": [{"ZoneName": "us-east-1a"}, {"ZoneName": "us-east-1b"}],
                },
                {
                    "LoadBalancerArn": BALANCERS + "hl7",
                    "Type": "network",
                    "AvailabilityZones": [{"ZoneName": "us-east-1a"}],
                },
                {"LoadBalancerArn": BALANCERS + "look", "Type": "gateway"},
            ]
        },
        "elbv2:DescribeLoadBalancerAttributes": by(
            "LoadBalancerArn",
            {
                BALANCERS + "ehr": attributes(deletion_protection__enabled="true"),
                BALANCERS + "hl7": attributes(
                    deletion_protection__enabled="false", load_balancing__cross_zone__enabled="false"
                ),
                BALANCERS + "look": attributes(load_balancing__cross_zone__enabled="true"),
            },
        ),
    },
)


def test_load_balancers() -> None:
    assert observe(load_balancers, V2) == [
        Balancer(
            resource=BALANCERS + "ehr", kind="application", zones=2, cross_zone=True, deletion_protected=True
        ),
        Balancer(
            resource=BALANCERS + "hl7", kind="network", zones=1, cross_zone=False, deletion_protected=False
        ),
        Balancer(
            resource=BALANCERS + "look", kind="gateway", zones=0, cross_zone=True, deletion_protected=False
        ),
    ]


CLASSIC = world(
    classic_load_balancers,
    {
        "elb:DescribeLoadBalancers": {
            "LoadBalancerDescriptions": [
                {"LoadBalancerName": "ehr", "AvailabilityZones": ["us-east-1a", "us-east-1b"]},
                {"LoadBalancerName": "lab", "AvailabilityZones": ["us-east-1a"]},
            ]
        },
        "elb:DescribeLoadBalancerAttributes": by(
            "LoadBalancerName",
            {
                "ehr": {"LoadBalancerAttributes": {"CrossZoneLoadBalancing": {"Enabled": True}}},
                "lab": {"LoadBalancerAttributes": {"CrossZoneLoadBalancing": {"Enabled": False}}},
            },
        ),
    },
)


def test_classic_load_balancers() -> None:
    assert observe(classic_load_balancers, CLASSIC) == [
        Balancer(
            resource=BALANCERS + name, kind="classic", zones=zones, cross_zone=shared, deletion_protected=None
        )
        for name, zones, shared in (("ehr", 2, True), ("lab", 1, False))
    ]
