from checks.context import Tags
from checks.context.aws import tags
from scanner.model import resource_type
from scanner.testing import Error, look, observe, world

NEED = "resourcegroupstaggingapi:GetResources"
BUCKET = "arn:aws:s3:::scans"
GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/intake"
VOLUME = "arn:aws:ec2:us-east-1:111122223333:volume/vol-1"
PAGES = [
    {
        "ResourceTagMappingList": [
            {"ResourceARN": BUCKET, "Tags": [{"Key": "phi", "Value": "true"}]},
            {"ResourceARN": f"{GROUP}:*", "Tags": [{"Key": "owner", "Value": "intake"}]},
        ],
        "PaginationToken": "more",
    },
    {
        "ResourceTagMappingList": [
            {"ResourceARN": GROUP, "Tags": [{"Key": "owner", "Value": "intake"}]},
            {"ResourceARN": VOLUME, "Tags": []},
        ],
        "PaginationToken": "",
    },
]
world(tags, {NEED: PAGES})


def test_what_has_tags_and_which_services_were_listed() -> None:
    *resources, region = observe(tags, {NEED: PAGES})

    assert resources == [
        Tags(resource=BUCKET, tags={"phi": "true"}, covers=()),
        Tags(resource=GROUP, tags={"owner": "intake"}, covers=()),
        # It had tags once; now it is known to have none.
        Tags(resource=VOLUME, tags={}, covers=()),
    ]
    assert (region.resource, region.tags) == ("aws:111122223333:us-east-1", None)


def test_services_are_named_as_types_of_resources_are() -> None:
    (region,) = observe(tags, {NEED: {"ResourceTagMappingList": []}})
    assert isinstance(region, Tags)

    said = {resource_type(resource).partition(":")[0] for resource in (BUCKET, GROUP, VOLUME)}
    assert said <= set(region.covers)
    # IAM users are tagged elsewhere: that none is listed says nothing of them.
    assert not {"iam", "autoscaling", "aws", "host"} & set(region.covers)


def test_a_region_that_refuses_covers_nothing() -> None:
    sight = look(tags, {NEED: Error("ThrottledException")})

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [None]
