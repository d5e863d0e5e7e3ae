from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from scanner.context import Context
from scanner.knowledge import Knowledge
from scanner.model import Observation, Scope, Unreadable
from tests.judging import ACCOUNT, EAST, WEST, refused, saw, target

LISTING = "context.aws.tagged_resources"
OTHER = "context.aws.other_tagged_resources"
NOTHING = {"tags": {}, "phi": False, "records": None, "owner": None}
IMAGING = {"tags": {"owner": "imaging"}, "phi": False, "records": None, "owner": "imaging"}

Part = tuple[str, Sequence[Observation | Unreadable]]


def listing(scope: str = "us-east-1", covers: Sequence[str] = ("ec2", "s3")) -> Observation:
    """That every tagged resource of these services in one region was listed."""
    return saw(f"region:{scope}", LISTING, scope, covers=list(covers))


def known(*parts: Part, scopes: Sequence[Scope] = (ACCOUNT, EAST, WEST)) -> Knowledge:
    """What is known once these checks have told what they saw."""
    knowledge = Knowledge(Context(), [target(*scopes)])
    for check, entries in parts:
        knowledge.learn(check, entries)
    return knowledge


def bucket() -> Observation:
    """A bucket whose region was not seen."""
    return replace(saw("arn:aws:s3:::charts"), resource_type="s3:bucket", region=None)


def test_nothing_is_known_that_nobody_told() -> None:
    assert known().about(saw("v1")) == {}


def test_tags_that_came_with_the_resource() -> None:
    assert known().about(saw("v1", tags={"owner": "imaging"})) == IMAGING
    assert known().about(saw("v1", tags={})) == NOTHING


def test_tags_that_another_check_read() -> None:
    knowledge = known(("logging.aws.volumes", [saw("v1", tags={"owner": "imaging"}), saw("v2")]))

    assert knowledge.about(saw("v1")) == IMAGING
    assert knowledge.about(saw("v2")) == {}
    assert knowledge.about(saw("v3")) == {}


def test_tags_that_several_checks_read_are_put_together() -> None:
    knowledge = known(
        ("a.b.c", [saw("v1", tags={"owner": "imaging"})]), ("d.e.f", [saw("v1", tags={"phi": "true"})])
    )

    assert knowledge.about(saw("v1"))["tags"] == {"owner": "imaging", "phi": "true"}


@pytest.mark.parametrize(
    ("entries", "about"),
    [
        ([listing()], NOTHING),
        ([listing(covers=["s3"])], {}),
        ([listing("us-west-2")], {}),
        ([listing(covers=[])], {}),
        ([listing(), refused(None, LISTING)], {}),
        ([listing(), refused("arn:aws:ec2:us-east-1:1:volume/v9", LISTING)], {}),
        ([replace(listing(), target="aws:999999999999")], {}),
        ([listing(), saw("v1", LISTING, covers=[], tags={"owner": "imaging"})], IMAGING),
    ],
)
def test_what_a_whole_listing_leaves_out_has_no_tags(
    entries: Sequence[Observation | Unreadable], about: dict[str, object]
) -> None:
    assert known((LISTING, entries)).about(saw("v1")) == about


def test_only_the_family_that_lists_tags_says_what_it_covers() -> None:
    assert known(("encryption.aws.ebs_volumes", [listing()])).about(saw("v1")) == {}


def test_what_two_listings_cover_is_covered() -> None:
    for parts in ([["ec2"], ["s3"]], [["s3"], ["ec2"]]):
        one, other = parts
        apart = known((LISTING, [listing(covers=one)]), (OTHER, [listing(covers=other)]))
        within = known((LISTING, [listing(covers=one), replace(listing(covers=other), resource="more")]))
        assert apart.about(saw("v1")) == within.about(saw("v1")) == NOTHING


def test_what_has_no_region_may_be_tagged_in_any() -> None:
    east = (LISTING, [listing()])
    west = (LISTING, [listing("us-west-2")])
    excluded = Scope(name="eu-west-1", on="AwsRegion", state="excluded")

    assert known(east).about(bucket()) == {}
    assert known(east, west).about(bucket()) == NOTHING
    assert known(east, west, scopes=(EAST, WEST, excluded)).about(bucket()) == {}
    assert known(east, west, scopes=()).about(bucket()) == {}


def test_what_was_derived_lives_where_its_arn_says() -> None:
    instance = saw("arn:aws:ec2:us-east-1:111122223333:instance/i-1", target="evidence")
    derived = replace(instance, region=None, resource_type="ec2:instance")
    elsewhere = replace(derived, resource="arn:aws:ec2:us-east-1:999999999999:instance/i-1")
    knowledge = known((LISTING, [listing()]))

    assert knowledge.about(derived) == NOTHING
    assert knowledge.about(elsewhere) == {}
    assert knowledge.about(replace(derived, resource="host:ehr-1", resource_type="host")) == {}
