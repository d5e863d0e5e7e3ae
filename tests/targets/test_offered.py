"""Services that a region does not have: nothing is there, and nobody is asked."""

from collections.abc import Iterator

import botocore.session
import pytest

from scanner import AwsRegion, Facts
from scanner.declaration import check
from scanner.errors import ReadError
from scanner.targets import offered
from scanner.targets.aws import Account
from scanner.targets.boto import Boto
from scanner.targets.offered import Offered

HEALTHLAKE = "https://healthlake.eu-north-1.amazonaws.com"
NAMES = {"healthlake": "healthlake.eu-north-1.amazonaws.com", "ec2": "ec2.eu-north-1.amazonaws.com"}


class Thing(Facts):
    """A thing."""

    good: bool


@check("healthlake:ListFHIRDatastores", "healthlake:DescribeFHIRDatastore")
def things(region: AwsRegion) -> Iterator[Thing]:
    """Something of a region."""
    del region
    yield from ()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that there are, for a test to fill; who else is asked for an address gets none."""
    known: list[str] = []
    monkeypatch.setattr(offered, "resolves", lambda host: host in known)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(name, value)
    return known


@pytest.mark.parametrize(
    ("service", "region", "there", "expected"),
    [
        ("healthlake", "us-east-1", [], True),  # listed
        ("iam", "eu-north-1", [], True),  # of the whole partition
        ("healthlake", "eu-north-1", ["ec2"], False),
        ("healthlake", "eu-north-1", ["ec2", "healthlake"], True),  # newer than botocore's list
        ("healthlake", "eu-north-1", [], True),  # no names at all: nothing follows
    ],
)
def test_what_is_not_listed_and_has_no_name_is_not_offered(
    names: list[str], service: str, region: str, there: list[str], *, expected: bool
) -> None:
    names += [NAMES[each] for each in there]

    assert Offered(botocore.session.Session())(service, region, HEALTHLAKE) is expected


@pytest.mark.parametrize(("there", "expected"), [(["ec2"], False), (["ec2", "healthlake"], True)])
def test_a_service_without_a_fips_endpoint_is_offered_all_the_same(
    names: list[str], there: list[str], *, expected: bool
) -> None:
    names += [NAMES[each] for each in there]
    fips = HEALTHLAKE.replace("healthlake", "healthlake-fips")

    assert Offered(botocore.session.Session())("healthlake", "eu-north-1", fips) is expected


def test_a_listing_of_what_is_not_offered_is_empty_and_one_answer_is_refused(names: list[str]) -> None:
    names.append(NAMES["ec2"])
    caller = Boto(botocore.session.Session())
    region = AwsRegion(things.needs, Account("111122223333", "aws", "us-east-1", caller), "eu-north-1")

    assert list(region.all("healthlake:ListFHIRDatastores")) == []
    assert region.refusals == []
    with pytest.raises(ReadError) as caught:
        region.call("healthlake:DescribeFHIRDatastore", DatastoreId="x")
    assert (caught.value.detail, caught.value.mend) == (
        "AWS does not offer healthlake in eu-north-1",
        "leave eu-north-1 out of the target's regions",
    )
    assert caller.calls == {}
    caller.close()


def test_a_name_is_looked_up() -> None:
    assert offered.resolves("localhost")
    assert not offered.resolves("no-such-host.invalid")
    assert not offered.resolves("a" * 100 + ".invalid")
