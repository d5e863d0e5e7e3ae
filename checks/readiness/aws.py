"""Readiness on AWS: who is told when something happens, and what is prepared for it."""

from collections.abc import Iterator
from typing import Any

from scanner import AwsAccount, AwsRegion, check

from . import AlarmTopic, Balancer, SecurityContact, SupportAccess

Item = dict[str, Any]

_TYPES = ["CompositeAlarm", "LogAlarm", "MetricAlarm"]


@check("account:GetAlternateContact")
def security_contact(account: AwsAccount) -> Iterator[SecurityContact]:
    """Whom AWS writes to about the account's security, besides the owner of its root user."""
    answer = account.call(
        "account:GetAlternateContact", absent="ResourceNotFoundException", AlternateContactType="SECURITY"
    )
    contact = {} if answer is None else answer["AlternateContact"]
    yield SecurityContact(
        resource=f"aws:{account.id}",
        contact_emails=tuple(address for address in [contact.get("EmailAddress")] if address),
        contact_phone=bool(contact.get("PhoneNumber")),
    )


@check("iam:ListEntitiesForPolicy")
def support_access(account: AwsAccount) -> Iterator[SupportAccess]:
    """Whether the managed policy AWSSupportAccess is attached to a user, a group or a role."""
    policy = f"arn:{account.partition}:iam::aws:policy/AWSSupportAccess"
    holders = [
        holder
        for key in ("PolicyUsers", "PolicyGroups", "PolicyRoles")
        for holder in account.all("iam:ListEntitiesForPolicy", key=key, PolicyArn=policy)
    ]
    yield SupportAccess(resource=f"aws:{account.id}", support_access=bool(holders))


@check("cloudwatch:DescribeAlarms", "sns:GetTopicAttributes")
def alarm_topics(region: AwsRegion) -> Iterator[AlarmTopic]:
    """Who reads the topics that the region's alarms send to when they go off."""
    topics = {
        action
        for key in ("MetricAlarms", "CompositeAlarms", "LogAlarms")
        for alarm in region.all("cloudwatch:DescribeAlarms", key=key, AlarmTypes=_TYPES)
        for action in alarm.get("AlarmActions", ())
        if action.split(":")[2] == "sns"
    }

    def read(topic: str) -> AlarmTopic:
        answer = region.call(
            "sns:GetTopicAttributes", absent="NotFound", region=topic.split(":")[3], TopicArn=topic
        )
        attributes = {} if answer is None else answer["Attributes"]
        return AlarmTopic(
            resource=topic,
            exists=answer is not None,
            confirmed_subscriptions=int(attributes.get("SubscriptionsConfirmed", "0")),
        )

    yield from region.each(sorted(topics), read, resource=str)


@check("elbv2:DescribeLoadBalancers", "elbv2:DescribeLoadBalancerAttributes")
def load_balancers(region: AwsRegion) -> Iterator[Balancer]:
    """Whether load balancers outlive the loss of a zone, and a deletion by mistake."""

    def read(balancer: Item) -> Balancer:
        arn = balancer["LoadBalancerArn"]
        answer = region.call("elbv2:DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
        attributes = {attribute["Key"]: attribute["Value"] for attribute in answer["Attributes"]}
        return Balancer(
            resource=arn,
            kind=balancer["Type"],
            zones=len(balancer.get("AvailabilityZones", ())),
            # Application load balancers always do; nobody can turn that off but for a group of targets.
            cross_zone=balancer["Type"] == "application"
            or attributes.get("load_balancing.cross_zone.enabled") == "true",
            deletion_protected=attributes.get("deletion_protection.enabled") == "true",
        )

    balancers = region.all("elbv2:DescribeLoadBalancers")
    yield from region.each(balancers, read, resource=lambda balancer: balancer["LoadBalancerArn"])


@check("elb:DescribeLoadBalancers", "elb:DescribeLoadBalancerAttributes")
def classic_load_balancers(region: AwsRegion) -> Iterator[Balancer]:
    """Whether classic load balancers outlive the loss of a zone; none of them can be protected."""

    def read(balancer: Item) -> Balancer:
        name = balancer["LoadBalancerName"]
        answer = region.call("elb:DescribeLoadBalancerAttributes", LoadBalancerName=name)
        cross_zone = answer["LoadBalancerAttributes"].get("CrossZoneLoadBalancing", {})
        return Balancer(
            resource=arn(balancer),
            kind="classic",
            zones=len(balancer.get("AvailabilityZones", ())),
            cross_zone=cross_zone.get("Enabled", False),
            deletion_protected=None,
        )

    def arn(balancer: Item) -> str:
        return region.arn("elasticloadbalancing", f"loadbalancer/{balancer['LoadBalancerName']}")

    yield from region.each(region.all("elb:DescribeLoadBalancers"), read, resource=arn)
