"""AWS accounts: Moto's server over HTTP, and callers that answer what it does not."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import botocore.session
import pytest

from scanner import AwsAccount, AwsRegion, Facts
from scanner.declaration import Check, check
from scanner.errors import ReadError, Undeclared
from scanner.model import Reason, Scope, Unreadable
from scanner.targets import aws
from scanner.targets.accounts import AwsSession, AwsTarget
from scanner.targets.aws import Account
from scanner.targets.memo import Page
from tests.moto import ACCOUNT, Moto

OURS = f"aws:{ACCOUNT}"
DENIED = (
    "403 Forbidden",
    (
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>not you</Message></Error>"
        "</Errors><RequestID>1</RequestID></Response>"
    ),
)


class Thing(Facts):
    """A thing."""

    good: bool


@check(
    "iam:ListUsers",
    "dynamodb:ListTables",
    "s3:GetPublicAccessBlock",
    "iam:GenerateCredentialReport",
    "iam:GetCredentialReport",
)
def on_account(account: AwsAccount) -> Iterator[Thing]:
    """Something of the account."""
    del account
    yield from ()


@check("ec2:DescribeVolumes")
def on_region(region: AwsRegion) -> Iterator[Thing]:
    """Something of a region."""
    del region
    yield from ()


CHECKS: dict[str, Check] = {"accounts.aws.things": on_account, "encryption.aws.things": on_region}


@pytest.fixture
def server(moto_server: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    """An empty server that every AWS client of this process talks to."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    moto_server.reset()
    return moto_server


def entered(**settings: Any) -> AwsSession:
    return AwsTarget(name="prod", **settings).enter(CHECKS)


def refused(**settings: Any) -> ReadError:
    with pytest.raises(ReadError) as caught:
        entered(**settings)
    return caught.value


def whole(session: AwsSession) -> AwsAccount:
    view = session.view(session.scopes[0], on_account)
    assert isinstance(view, AwsAccount)
    return view


def client(service: str) -> Any:
    return botocore.session.Session().create_client(service)


def asked(server: Moto, service: str) -> list[str]:
    return [call.what for call in server.calls if call.service == service]


# -- entering ----------------------------------------------------------------------------------------------


def test_an_account_is_entered_with_its_regions(server: Moto) -> None:
    with closing(entered(account=ACCOUNT)) as session:
        assert session.id == OURS
        assert session.identity.startswith(f"arn:aws:sts::{ACCOUNT}:")
        assert session.scopes[0] == Scope(name="account", on="AwsAccount")
        regions = [scope.name for scope in session.scopes[1:]]
        assert {"us-east-1", "eu-central-1"} < set(regions)
        assert regions == sorted(regions)
        assert session.scopes[1:] == tuple(Scope(name=name, on="AwsRegion") for name in regions)
    assert (asked(server, "sts"), asked(server, "ec2")) == (["GetCallerIdentity"], ["DescribeRegions"])


def test_an_account_that_the_configuration_does_not_name_is_named_by_its_id(server: Moto) -> None:  # noqa: ARG001
    assert AwsTarget(name="prod").id == "aws:prod"
    with closing(entered()) as session:
        assert session.id == OURS


def test_somebody_elses_account_is_not_entered(server: Moto) -> None:
    error = refused(account="111122223333")

    assert vars(error) == {
        "need": "sts:GetCallerIdentity",
        "reason": Reason.CREDENTIALS,
        "detail": f"the credentials are of account {ACCOUNT}; expected 111122223333",
        "mend": "give credentials of 111122223333, or a role_arn in it",
        "code": "",
    }
    assert asked(server, "ec2") == []


@pytest.mark.parametrize("region", ["us-east-1", None])
def test_a_role_is_assumed(server: Moto, monkeypatch: pytest.MonkeyPatch, region: str | None) -> None:
    if region is None:
        monkeypatch.delenv("AWS_DEFAULT_REGION")
    role = "arn:aws:iam::111122223333:role/audit"

    with closing(entered(account="111122223333", role_arn=role, external_id="ex-1")) as session:
        assert session.id == "aws:111122223333"
        assert session.identity == "arn:aws:sts::111122223333:assumed-role/audit/wardround"
    (assumed,) = [call for call in server.calls if call.what == "AssumeRole"]
    assert "'ExternalId', ['ex-1']" in assumed.parameters
    assert asked(server, "sts") == ["AssumeRole", "GetCallerIdentity"]


def test_a_role_that_may_not_be_assumed_says_so(server: Moto) -> None:
    server.instead["sts:AssumeRole"] = (
        "403 Forbidden",
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>",
    )

    error = refused(role_arn="arn:aws:iam::111122223333:role/audit")

    assert (error.need, error.reason, error.mend) == (
        "sts:AssumeRole",
        Reason.DENIED,
        "allow sts:AssumeRole",
    )


@pytest.mark.parametrize("role", [None, "arn:aws:iam::111122223333:role/audit"])
def test_no_credentials(server: Moto, monkeypatch: pytest.MonkeyPatch, role: str | None) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    error = refused(role_arn=role)

    assert vars(error) == {
        "need": "sts:AssumeRole" if role else "sts:GetCallerIdentity",
        "reason": Reason.CREDENTIALS,
        "detail": "Unable to locate credentials",
        "mend": "give credentials: a profile, AWS_PROFILE, or a role",
        "code": "",
    }
    assert server.calls == []


def test_an_unknown_profile(server: Moto) -> None:
    error = refused(profile="nobody")

    assert (error.reason, error.detail) == (
        Reason.CREDENTIALS,
        "The config profile (nobody) could not be found",
    )
    assert server.calls == []


def test_an_answer_that_is_not_awss(server: Moto) -> None:
    server.instead["sts:GetCallerIdentity"] = ("200 OK", "<html>Please log in to the <b>network")

    error = refused()

    assert (error.need, error.reason) == ("sts:GetCallerIdentity", Reason.INVALID_ANSWER)


def test_chosen_regions_others_excluded_and_one_that_is_not_enabled(server: Moto) -> None:  # noqa: ARG001
    with closing(entered(regions=("us-east-1", "mars-north-1"))) as session:
        states = {scope.name: scope.state for scope in session.scopes}
        missing = session.scopes[-1]

    assert [name for name, state in states.items() if state == "entered"] == ["account", "us-east-1"]
    assert states["eu-central-1"] == "excluded"
    assert missing == Scope(
        name="mars-north-1",
        on="AwsRegion",
        state="unreachable",
        unreadable=Unreadable(
            check=None,
            target=OURS,
            scope="mars-north-1",
            resource=None,
            reason=Reason.UNREACHABLE,
            detail="region mars-north-1 is not enabled in this account",
            need=None,
            mend="enable it, or take it out of regions",
        ),
    )


def test_regions_that_may_not_be_listed_are_one_unlisted_scope(server: Moto) -> None:
    server.instead["ec2:DescribeRegions"] = DENIED

    with closing(entered()) as session:
        assert session.scopes == (
            Scope(name="account", on="AwsAccount"),
            Scope(
                name="regions",
                on="AwsRegion",
                state="unreachable",
                unlisted=True,
                unreadable=Unreadable(
                    check=None,
                    target=OURS,
                    scope="regions",
                    resource=None,
                    reason=Reason.DENIED,
                    detail="UnauthorizedOperation: not you",
                    need="ec2:DescribeRegions",
                    mend="allow ec2:DescribeRegions",
                ),
            ),
        )


def test_regions_that_the_configuration_lists_need_no_listing(server: Moto) -> None:
    server.instead["ec2:DescribeRegions"] = DENIED

    with closing(entered(regions=("us-east-1", "us-west-2"))) as session:
        assert [(scope.name, scope.state) for scope in session.scopes] == [
            ("account", "entered"),
            ("us-east-1", "entered"),
            ("us-west-2", "entered"),
        ]


# -- asking ------------------------------------------------------------------------------------------------


def test_a_listing_is_read_to_the_last_page_and_once(server: Moto) -> None:
    names = [f"table-{number}" for number in range(5)]
    with closing(client("dynamodb")) as dynamodb:
        for name in names:
            dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
    server.calls.clear()

    with closing(entered(regions=("us-east-1",))) as session:
        for _ in range(2):
            assert list(whole(session).all("dynamodb:ListTables", Limit=2)) == names
        with pytest.raises(ValueError, match=r"dynamodb:ListTables has 3 pages: read it with all\(\)"):
            whole(session).call("dynamodb:ListTables", Limit=2)

    assert asked(server, "dynamodb") == ["ListTables"] * 3


def test_a_region_is_asked_in_its_region(server: Moto) -> None:
    with closing(entered(regions=("us-east-1", "us-west-2"))) as session:
        for scope in session.scopes:
            if scope.on == "AwsRegion" and scope.state == "entered":
                view = session.view(scope, on_region)
                assert isinstance(view, AwsRegion)
                assert view.name == scope.name
                assert list(view.all("ec2:DescribeVolumes")) == []

    volumes = [call.region for call in server.calls if call.what == "DescribeVolumes"]
    assert volumes == ["us-east-1", "us-west-2"]


def test_one_error_may_mean_that_there_is_none(server: Moto) -> None:
    with closing(client("s3")) as s3:
        s3.create_bucket(Bucket="charts")

    with closing(entered(regions=("us-east-1",))) as session:
        view = whole(session)
        none = view.call(
            "s3:GetPublicAccessBlock", absent="NoSuchPublicAccessBlockConfiguration", Bucket="charts"
        )
        assert none is None
        assert view.refusals == []
        with pytest.raises(ReadError):
            view.call("s3:GetPublicAccessBlock", absent="SomethingElse", Bucket="charts")
        assert [refusal.error.code for refusal in view.refusals] == ["NoSuchPublicAccessBlockConfiguration"]
    assert asked(server, "s3").count("GET /charts") == 1


def test_one_error_may_mean_that_nothing_is_listed(server: Moto) -> None:
    server.instead["iam:ListUsers"] = DENIED

    with closing(entered(regions=("us-east-1",))) as session:
        view = whole(session)
        assert list(view.all("iam:ListUsers", absent="UnauthorizedOperation")) == []
        assert view.refusals == []
        with pytest.raises(ReadError):
            list(view.all("iam:ListUsers", absent="SomethingElse"))
        assert [refusal.error.code for refusal in view.refusals] == ["UnauthorizedOperation"]


def test_what_is_refused_is_kept_and_asked_once(server: Moto) -> None:
    server.instead["ec2:DescribeVolumes"] = DENIED

    with closing(entered(regions=("us-east-1",))) as session:
        scope = next(scope for scope in session.scopes if scope.name == "us-east-1")
        for _ in range(2):
            view = session.view(scope, on_region)
            assert isinstance(view, AwsRegion)
            with pytest.raises(ReadError):
                list(view.all("ec2:DescribeVolumes"))
            (refusal,) = view.refusals
            assert (refusal.resource, refusal.error.reason) == (None, Reason.DENIED)
            assert refusal.error.mend == "allow ec2:DescribeVolumes"

    assert asked(server, "ec2").count("DescribeVolumes") == 1


def test_the_credential_report(server: Moto) -> None:
    with closing(client("iam")) as iam:
        iam.create_user(UserName="nurse")
    server.calls.clear()

    with closing(entered(regions=("us-east-1",))) as session:
        rows = [list(whole(session).credential_report()) for _ in range(2)]

    assert rows[0] == rows[1]
    assert "nurse" in {row["user"] for row in rows[0]}
    assert rows[0][0]["mfa_active"] in {"true", "false"}
    assert asked(server, "iam").count("GetCredentialReport") == 1


def test_what_was_asked_is_freed_when_the_last_check_has_run(server: Moto) -> None:  # noqa: ARG001
    with closing(entered(regions=("us-east-1",))) as session:
        list(whole(session).all("iam:ListUsers"))
        answers = session.account.memo._answers  # noqa: SLF001 - memory is what this is about
        assert sum(map(len, answers.values())) == 1
        session.done(session.scopes[0], on_account)
        assert sum(map(len, answers.values())) == 0


# -- what Moto does not answer -------------------------------------------------------------------------------


class Answers:
    """A caller that answers with these pages."""

    def __init__(self, **pages: list[Page]) -> None:
        self._pages = {name.replace("_", ":", 1): answer for name, answer in pages.items()}

    def pages(self, need: str, region: str, parameters: dict[str, Any]) -> Iterator[Page]:
        del region, parameters
        yield from self._pages[need]

    def close(self) -> None: ...


def view(needs: list[str], partition: str = "aws-us-gov", **pages: list[Page]) -> AwsAccount:
    account = Account("111122223333", partition, "us-gov-west-1", Answers(**pages))
    return AwsAccount(needs, account, account.home)


def test_arns_are_of_the_accounts_partition() -> None:
    account = view([])
    region = AwsRegion([], account._account, "us-gov-east-1")  # noqa: SLF001 - the account is what counts

    assert account.arn("iam", "user/a") == "arn:aws-us-gov:iam::111122223333:user/a"
    assert account.arn("ec2", "volume/v", "us-gov-west-1") == (
        "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:volume/v"
    )
    assert account.root == "arn:aws-us-gov:iam::111122223333:root"
    assert region.arn("ec2", "volume/v") == "arn:aws-us-gov:ec2:us-gov-east-1:111122223333:volume/v"


def test_a_list_that_lies_deeper_in_the_answer_is_read() -> None:
    pages: list[Page] = [
        {"DistributionList": {"Items": [{"Id": "a"}]}},
        {"DistributionList": {"Quantity": 0}},
        {},
    ]

    account = view(["cloudfront:ListDistributions"], cloudfront_ListDistributions=pages)

    assert list(account.all("cloudfront:ListDistributions")) == [{"Id": "a"}]


def test_which_of_several_lists_is_said_with_key() -> None:
    page: Page = {"MetricAlarms": [{"AlarmName": "a"}], "CompositeAlarms": []}
    account = view(["cloudwatch:DescribeAlarms"], cloudwatch_DescribeAlarms=[page])

    with pytest.raises(ValueError, match="say which with key="):
        list(account.all("cloudwatch:DescribeAlarms"))
    assert list(account.all("cloudwatch:DescribeAlarms", key="MetricAlarms")) == [{"AlarmName": "a"}]


def test_what_a_check_does_not_declare_raises() -> None:
    account = view(["iam:ListUsers"])

    for ask in (
        lambda: list(account.all("iam:ListRoles")),
        lambda: account.call("iam:GetAccountSummary"),
        lambda: list(account.credential_report()),
    ):
        with pytest.raises(Undeclared):
            ask()
    assert account.refusals == []


def test_a_credential_report_that_is_never_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "REPORT_SECONDS", 0)
    account = view(
        ["iam:GenerateCredentialReport", "iam:GetCredentialReport"],
        iam_GenerateCredentialReport=[{"State": "INPROGRESS"}],
    )

    with pytest.raises(ReadError):
        list(account.credential_report())

    (refusal,) = account.refusals
    assert (refusal.error.reason, refusal.error.need) == (Reason.TIMEOUT, "iam:GenerateCredentialReport")


@pytest.mark.parametrize(
    ("listed", "tags"),
    [
        (None, {}),
        (
            [{"Key": "phi", "Value": "true"}, {"key": "owner", "value": "lab"}],
            {"phi": "true", "owner": "lab"},
        ),
        ({"phi": "true"}, {"phi": "true"}),
        ([{"Key": "empty"}], {"empty": ""}),
    ],
)
def test_tags_come_in_several_shapes(listed: Any, tags: dict[str, str]) -> None:
    assert AwsAccount.tags(listed) == tags


def test_a_service_is_left_where_no_check_will_ask_it_again() -> None:
    left: list[tuple[str, str]] = []

    class Leaving(Answers):
        def leave(self, service: str, region: str) -> None:
            left.append((service, region))

    account = Account(ACCOUNT, "aws", "us-east-1", Leaving())
    scopes = (Scope(name="account", on="AwsAccount"), Scope(name="us-east-1", on="AwsRegion"))
    session = AwsSession(account, "arn", scopes)
    for check_, scope in ((on_account, "account"), (on_region, "us-east-1"), (on_region, "us-east-1")):
        for need in check_.needs:
            account.memo.expect(need, scope)

    session.done(scopes[1], on_region)
    assert left == []
    session.done(scopes[1], on_region)
    assert left == [("ec2", "us-east-1")]
    session.done(scopes[0], on_account)
    assert set(left[1:]) == {
        (service, scope) for service in ("iam", "dynamodb", "s3") for scope in ("account", "us-east-1")
    }
