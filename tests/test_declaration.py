from collections.abc import Iterable, Iterator
from typing import ClassVar

import pytest

from scanner import AwsRegion, Facts, Host
from scanner.declaration import check, mistakes, seen
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.view import View


class Thing(Facts):
    """A thing."""

    good: bool


class Shy(View):
    """Refuses everything."""

    platform: ClassVar[str] = "shy"

    def look(self) -> None:
        raise self.refused(error())


def error() -> ReadError:
    return ReadError(need="look", reason=Reason.DENIED, detail="no", mend="allow it")


@check("ec2:DescribeVolumes", "kms:DescribeKey")
def volumes(region: AwsRegion) -> Iterator[Thing]:
    """Whether volumes are good.

    And more of it.
    """
    del region
    yield Thing(resource="a", good=True)


def test_everything_is_read_off_the_function() -> None:
    assert volumes.__name__ == "volumes"
    assert volumes.on is AwsRegion
    assert volumes.facts is Thing
    assert volumes.title == "Whether volumes are good."
    assert volumes.manual == "Whether volumes are good.\n\nAnd more of it."
    assert volumes.needs == ("ec2:DescribeVolumes", "kms:DescribeKey")
    assert volumes.where == f"{__file__}:32"
    assert list(mistakes(volumes)) == []


def no_view(region: int) -> Iterator[Thing]:
    """It."""


def no_parameter() -> Iterator[Thing]:
    """It."""


def no_iterator(region: AwsRegion) -> list[Thing]:
    """It."""


def no_facts(region: AwsRegion) -> Iterator[int]:
    """It."""


def no_return(region: AwsRegion):  # noqa: ANN201 - that is what is looked at
    """It."""


def no_manual(region: AwsRegion) -> Iterable[Thing]: ...


def unknown(region: AwsRegion) -> "Iterator[Nothing]":  # noqa: F821 - that is what is looked at
    """It."""


def well(region: AwsRegion) -> Iterator[Thing]:
    """It."""


def host(host: Host) -> Iterator[Thing]:
    """It."""


@pytest.mark.parametrize(
    ("function", "needs", "said"),
    [
        (
            no_view,
            ["ec2:DescribeVolumes"],
            ["the first parameter's type must be what the check is run on; found <class 'int'>"],
        ),
        (
            no_parameter,
            ["ec2:DescribeVolumes"],
            ["the first parameter's type must be what the check is run on; found None"],
        ),
        (
            no_iterator,
            ["ec2:DescribeVolumes"],
            [f"a check returns Iterator[SomeFacts]; found list[{__name__}.Thing]"],
        ),
        (
            no_facts,
            ["ec2:DescribeVolumes"],
            ["a check yields one class of Facts; found <class 'int'>"],
        ),
        (no_return, ["ec2:DescribeVolumes"], ["a check returns Iterator[SomeFacts]; found None"]),
        (
            unknown,
            ["ec2:DescribeVolumes"],
            ["a check's annotations are read when it is run: name 'Nothing' is not defined"],
        ),
        (no_manual, ["ec2:DescribeVolumes"], ["a check has a docstring: it is the manual"]),
        (well, [], ["a check declares what it needs"]),
        (
            well,
            ["ec2:DeleteVolume", "s3:GetObject"],
            [
                "ec2:DeleteVolume is not a reading operation; a check may declare Get, List and Describe",
                "s3:GetObject reads data or secrets; a check reads configuration only",
            ],
        ),
        (
            host,
            ["sudo -n cat /etc/shadow; rm -rf /"],
            None,
        ),
    ],
)
def test_what_is_declared_wrongly_is_said(function: object, needs: list[str], said: list[str] | None) -> None:
    declared = check(*needs)(function)

    found = list(mistakes(declared))

    assert all(mistake.startswith(f"{declared.where}: ") for mistake in found)
    found = [mistake.removeprefix(f"{declared.where}: ") for mistake in found]
    assert found == said if said else len(found) == 1


def test_a_refusal_of_the_whole_scope_ends_a_check_quietly() -> None:
    @check("look")
    def shy(view: Shy) -> Iterator[Thing]:
        yield Thing(resource="a", good=True)
        view.look()
        yield Thing(resource="b", good=True)

    view = Shy(["look"])

    assert list(seen(shy, view)) == [Thing(resource="a", good=True)]
    assert [refusal.resource for refusal in view.refusals] == [None]


def test_a_refusal_that_nobody_kept_is_not_lost() -> None:
    @check("look")
    def odd(view: Shy) -> Iterator[Thing]:
        del view
        raise error()
        yield

    with pytest.raises(ReadError):
        list(seen(odd, Shy(["look"])))
