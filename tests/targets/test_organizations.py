"""An organization's accounts, listed and entered through Moto's server over HTTP."""

from contextlib import closing
from typing import Any

import boto3
import pytest

from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets.accounts import AwsTarget
from scanner.targets.organizations import AwsOrganization
from tests.moto import ACCOUNT, Moto

DENIED = ("400 Bad Request", '{"__type": "AccessDeniedException", "Message": "not you"}')
ALONE = ("400 Bad Request", '{"__type": "AWSOrganizationsNotInUseException", "Message": "no organization"}')


@pytest.fixture
def server(moto_server: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    moto_server.reset()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    return moto_server


@pytest.fixture
def accounts(server: Moto) -> dict[str, str]:
    """The ids of an organization's accounts besides the one that manages it, by name."""
    client = boto3.client("organizations", endpoint_url=server.url, region_name="us-east-1")
    client.create_organization(FeatureSet="ALL")
    made = {
        name: client.create_account(AccountName=label, Email=f"{name}@example.org")["CreateAccountStatus"][
            "AccountId"
        ]
        for name, label in (("lab", "laboratory"), ("ehr", "records"), ("old", "records"))
    }
    server.calls.clear()
    return made


def organization(**settings: Any) -> AwsOrganization:
    return AwsOrganization(template=AwsTarget(name="everything", **settings), role_name="WardroundAudit")


def members(**settings: Any) -> dict[str | None, AwsTarget]:
    return {member.account: member for member in organization(**settings).members()}


def test_every_account_is_a_target_and_entered_by_its_role(accounts: dict[str, str], server: Moto) -> None:
    found = members(external_id="x-1", regions=("us-east-1",))

    # Two are called records: they go by their ids.
    assert {account: (member.name, member.role_arn) for account, member in found.items()} == {
        ACCOUNT: ("everything/master", None),
        **{
            accounts[name]: (f"everything/{label}", f"arn:aws:iam::{accounts[name]}:role/WardroundAudit")
            for name, label in (
                ("lab", "laboratory"),
                ("ehr", accounts["ehr"]),
                ("old", accounts["old"]),
            )
        },
    }
    assert {member.labels for member in found.values()} == {
        (member.name, "everything") for member in found.values()
    }
    for account, member in found.items():
        with closing(member.enter({})) as session:
            assert session.id == f"aws:{account}"
            assert [scope.name for scope in session.scopes if scope.state == "entered"] == [
                "account",
                "us-east-1",
            ]
    assumed = [call.parameters for call in server.calls if call.what == "AssumeRole"]
    assert len(assumed) == 3
    assert all("'ExternalId', ['x-1']" in parameters for parameters in assumed)
    assert sum(call.what == "ListAccounts" for call in server.calls) == 1


def test_who_lists_by_a_role_assumes_the_others_from_it(accounts: dict[str, str]) -> None:
    listing = f"arn:aws:iam::{ACCOUNT}:role/Lister"

    found = members(role_arn=listing)

    assert (found[ACCOUNT].role_arn, found[ACCOUNT].via) == (listing, None)
    assert found[accounts["lab"]].via == listing
    with closing(found[accounts["lab"]].enter({})) as session:
        assert session.identity.endswith(":assumed-role/WardroundAudit/wardround")


def test_a_closed_account_is_none_and_a_suspended_one_is(
    accounts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from scanner.targets.boto import Boto

    real = Boto.pages

    def pages(self: Boto, need: str, region: str, parameters: dict[str, Any]) -> Any:
        for page in real(self, need, region, parameters):
            for account in page.get("Accounts", ()):
                if account["Id"] == accounts["lab"]:
                    account["State"] = "CLOSED"
                if account["Id"] == accounts["old"]:
                    account["Status"] = "SUSPENDED"
            yield page

    monkeypatch.setattr(Boto, "pages", pages)

    assert set(members()) == {ACCOUNT, accounts["ehr"], accounts["old"]}


@pytest.mark.parametrize(("instead", "reason"), [(DENIED, Reason.DENIED), (ALONE, Reason.FAILED)])
def test_an_organization_that_cannot_be_listed(
    server: Moto, instead: tuple[str, str], reason: Reason
) -> None:
    server.instead["organizations:ListAccounts"] = instead

    with pytest.raises(ReadError) as caught:
        organization().members()

    assert (caught.value.need, caught.value.reason) == ("organizations:ListAccounts", reason)


def test_an_account_that_cannot_be_entered_says_so_and_not_nothing(
    accounts: dict[str, str], server: Moto
) -> None:
    found = members()
    server.instead["sts:AssumeRole"] = (
        "403 Forbidden",
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>",
    )

    with pytest.raises(ReadError) as caught:
        found[accounts["ehr"]].enter({})

    assert (caught.value.need, caught.value.reason) == ("sts:AssumeRole", Reason.DENIED)
