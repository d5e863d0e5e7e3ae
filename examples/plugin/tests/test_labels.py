"""The answers in, the facts out."""

from typing import Any

import pytest
from housekeeping.checks.labels import Labelled
from housekeeping.checks.labels.aws import vpcs
from housekeeping.checks.labels.host import machine_info

from scanner import testing
from scanner.testing import ACCOUNT, REGION, Output, observe, world

ARN = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/"
THERE, TEXT = machine_info.needs

VPCS = world(
    vpcs,
    {
        "ec2:DescribeVpcs": [
            {"Vpcs": [{"VpcId": "vpc-1", "Tags": [{"Key": "Environment", "Value": "production"}]}]},
            {
                "Vpcs": [
                    {"VpcId": "vpc-2", "Tags": [{"Key": "environment", "Value": " "}]},
                    {"VpcId": "vpc-3"},
                ]
            },
        ]
    },
)
MACHINE = world(machine_info, {THERE: "", TEXT: 'PRETTY_HOSTNAME="Records"\nDEPLOYMENT="production"\n'})


def test_vpcs() -> None:
    assert observe(vpcs, VPCS) == [
        Labelled(resource=ARN + "vpc-1", environment=True, tags={"Environment": "production"}),
        Labelled(resource=ARN + "vpc-2", environment=False, tags={"environment": " "}),
        Labelled(resource=ARN + "vpc-3", environment=False, tags={}),
    ]


def test_a_machine_that_says_so() -> None:
    assert observe(machine_info, MACHINE) == [Labelled(resource="host:ehr-1", environment=True)]


def test_a_machine_that_says_nothing() -> None:
    silent = [Labelled(resource="host:ehr-1", environment=False)]
    assert observe(machine_info, {THERE: Output(1, "")}) == silent
    assert observe(machine_info, {THERE: "", TEXT: "CHASSIS=vm\nDEPLOYMENT=\n"}) == silent


@pytest.mark.parametrize("check", [vpcs, machine_info], ids=["vpcs", "machine_info"])
def test_whatever_is_denied_nothing_is_invented(check: Any) -> None:
    testing.keeps_refusals(check, testing.WORLDS[check])
    testing.declares_its_needs(check, testing.WORLDS[check])
