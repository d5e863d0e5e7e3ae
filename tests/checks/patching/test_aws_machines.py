from datetime import UTC, datetime
from typing import Any

import pytest

from checks.patching import Associations, MachineAge, MachineImage
from checks.patching.aws_machines import ec2_images, ec2_instances, ssm_associations
from scanner.testing import observe, world

EC2 = "arn:aws:ec2:us-east-1:111122223333:instance/"
SSM = "arn:aws:ssm:us-east-1:111122223333:managed-instance/"
LAUNCHED = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
CHECKED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def instance(name: str, image: str, state: str, reason: str = "") -> dict[str, Any]:
    return {
        "InstanceId": name,
        "ImageId": image,
        "State": {"Name": state},
        "StateTransitionReason": reason,
        "LaunchTime": LAUNCHED,
        "Tags": [{"Key": "owner", "Value": name}],
    }


INSTANCES = {
    "ec2:DescribeInstances": {
        "Reservations": [
            {
                "Instances": [
                    instance("i-1", "ami-1", "running"),
                    instance("i-2", "ami-2", "stopped", "User initiated (2026-09-30 17:45:01 GMT)"),
                ]
            },
            {
                "Instances": [
                    instance("i-3", "ami-gone", "stopped", "Server.SpotInstanceShutdown"),
                    instance("i-4", "ami-1", "terminated"),
                ]
            },
        ]
    }
}
IMAGES_BY_ID = {
    "ami-1": {
        "ImageId": "ami-1",
        "CreationDate": "2026-02-01T04:05:06.000Z",
        "DeprecationTime": "2028-02-01T04:05:00.000Z",
    },
    "ami-2": {"ImageId": "ami-2", "CreationDate": "2023-02-01T00:00:00.000Z"},
}


def images(**asked: Any) -> dict[str, Any]:
    (named,) = asked.pop("Filters")
    assert asked == {"IncludeDeprecated": True, "IncludeDisabled": True}
    assert named["Name"] == "image-id"
    assert len(named["Values"]) <= 200
    return {"Images": [IMAGES_BY_ID[name] for name in named["Values"] if name in IMAGES_BY_ID]}


world(ec2_instances, INSTANCES)
IMAGES = world(ec2_images, {**INSTANCES, "ec2:DescribeImages": images})
SUMMARIES = world(
    ssm_associations,
    {
        "ssm:ListResourceComplianceSummaries": {
            "ResourceComplianceSummaryItems": [
                {
                    "ComplianceType": "Association",
                    "ResourceType": "ManagedInstance",
                    "ResourceId": "i-1",
                    "Status": "NON_COMPLIANT",
                    "ExecutionSummary": {"ExecutionTime": CHECKED},
                    "CompliantSummary": {"CompliantCount": 3},
                    "NonCompliantSummary": {"NonCompliantCount": 1},
                },
                {
                    "ComplianceType": "Patch",
                    "ResourceType": "ManagedInstance",
                    "ResourceId": "i-1",
                    "Status": "COMPLIANT",
                    "ExecutionSummary": {"ExecutionTime": CHECKED},
                },
                {
                    "ComplianceType": "Association",
                    "ResourceType": "ManagedInstance",
                    "ResourceId": "mi-1",
                    "Status": "COMPLIANT",
                    "ExecutionSummary": {"ExecutionTime": CHECKED},
                    "CompliantSummary": {"CompliantCount": 2},
                },
            ]
        }
    },
)


def test_ec2_instances() -> None:
    assert observe(ec2_instances, INSTANCES) == [
        MachineAge(
            resource=EC2 + "i-1",
            powered_on=True,
            launched_at=LAUNCHED,
            stopped_at=None,
            tags={"owner": "i-1"},
        ),
        MachineAge(
            resource=EC2 + "i-2",
            powered_on=False,
            launched_at=LAUNCHED,
            stopped_at=datetime(2026, 9, 30, 17, 45, 1, tzinfo=UTC),
            tags={"owner": "i-2"},
        ),
        MachineAge(
            resource=EC2 + "i-3",
            powered_on=False,
            launched_at=LAUNCHED,
            stopped_at=None,
            tags={"owner": "i-3"},
        ),
    ]


@pytest.mark.parametrize("state", ["pending", "running"])
def test_what_runs_again_is_not_stopped_any_more(state: str) -> None:
    again = instance("i-5", "ami-1", state, "User initiated (2026-09-30 17:45:01 GMT)")
    (seen,) = observe(ec2_instances, {"ec2:DescribeInstances": {"Reservations": [{"Instances": [again]}]}})

    assert seen == MachineAge(
        resource=EC2 + "i-5", powered_on=True, launched_at=LAUNCHED, stopped_at=None, tags={"owner": "i-5"}
    )


def test_ec2_images() -> None:
    assert observe(ec2_images, IMAGES) == [
        MachineImage(
            resource=EC2 + "i-1",
            image_id="ami-1",
            image_created_at=datetime(2026, 2, 1, 4, 5, 6, tzinfo=UTC),
            image_deprecated_at=datetime(2028, 2, 1, 4, 5, tzinfo=UTC),
            tags={"owner": "i-1"},
        ),
        MachineImage(
            resource=EC2 + "i-2",
            image_id="ami-2",
            image_created_at=datetime(2023, 2, 1, tzinfo=UTC),
            image_deprecated_at=None,
            tags={"owner": "i-2"},
        ),
        MachineImage(
            resource=EC2 + "i-3",
            image_id="ami-gone",
            image_created_at=None,
            image_deprecated_at=None,
            tags={"owner": "i-3"},
        ),
    ]


def test_images_are_asked_two_hundred_at_a_time() -> None:
    many = [instance(f"i-{number}", f"ami-{number}", "running") for number in range(401)]
    asked: list[int] = []

    def counted(**parameters: Any) -> dict[str, Any]:
        asked.append(len(parameters["Filters"][0]["Values"]))
        return images(**parameters)

    observe(
        ec2_images,
        {
            "ec2:DescribeInstances": {"Reservations": [{"Instances": many}]},
            "ec2:DescribeImages": counted,
        },
    )

    assert asked == [200, 200, 1]


def test_ssm_associations() -> None:
    assert observe(ssm_associations, SUMMARIES) == [
        Associations(resource=EC2 + "i-1", associations_met=3, associations_missed=1, checked_at=CHECKED),
        Associations(resource=SSM + "mi-1", associations_met=2, associations_missed=0, checked_at=CHECKED),
    ]
