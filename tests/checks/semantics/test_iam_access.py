from typing import Any

import pytest

from checks.semantics.iam import Names, statements
from checks.semantics.iam_access import Access, access, strangers_may

OWN = "111122223333"
OTHER = "444455556666"
NOBODY = Access(
    anyone=False,
    accounts=(),
    organizations=(),
    services=(),
    unbound_services=(),
    providers=(),
    identities=(),
    networks=(),
)
EVERYONE = NOBODY._replace(anyone=True)


def allow(principal: Any = "*", **condition: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::records/*",
        "Condition": condition,
    }


def deny(principal: Any = "*", **condition: Any) -> dict[str, Any]:
    return allow(principal, **condition) | {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}


def let_in(*said: dict[str, Any]) -> Access:
    return access(statements({"Statement": list(said)}), OWN)


@pytest.mark.parametrize(
    "said",
    [
        allow(),
        allow({"AWS": "*"}),
        allow() | {"Action": "*"},
        # A stranger has roles, tags, networks, buckets and topics of their own.
        allow(ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/Reader"}),
        allow(StringEquals={"aws:PrincipalTag/team": "billing"}),
        allow(StringLike={"aws:SourceVpc": "*"}),
        allow(IpAddress={"aws:SourceIp": "0.0.0.0/0"}),
        allow(IpAddressIfExists={"aws:SourceIp": "203.0.113.0/24"}),
        allow(StringEquals={"aws:UserAgent": "secret"}),
        allow(Bool={"aws:SecureTransport": "true"}),
        allow(Null={"aws:SourceVpce": "false"}),
        allow(StringNotEquals={"aws:PrincipalAccount": "777788889999"}),
        allow(StringEqualsIfExists={"aws:PrincipalOrgID": "o-ours"}),
        allow(StringEqualsIfExists={"aws:PrincipalAccount": OWN}),
    ],
)
def test_anyone(said: dict[str, Any]) -> None:
    assert let_in(said).anyone


@pytest.mark.parametrize(
    "said",
    [
        allow({"AWS": OWN}),
        allow({"AWS": f"arn:aws:iam::{OWN}:root"}),
        allow({"AWS": "AIDAQQQQQQQQQQQQQQQQQ"}),
        allow(StringEquals={"aws:PrincipalAccount": OWN}),
        allow(StringEquals={"kms:CallerAccount": OWN}),
        allow(StringEquals={"aws:SourceOwner": OWN}),
        allow(StringEquals={"aws:SourceAccount": OWN}),
        allow(ArnLike={"aws:SourceArn": f"arn:aws:sns:*:{OWN}:*"}),
        allow(StringEquals={"aws:PrincipalAccount": "${aws:ResourceAccount}"}),
        allow(StringLike={"aws:userid": "AROAQQQQQQQQQQQQQQQQQ:*"}),
        allow(StringEquals={"s3:DataAccessPointAccount": OWN}),
        allow(Bool={"elasticfilesystem:AccessedViaMountTarget": "true"}),
    ],
)
def test_nobody_from_outside(said: dict[str, Any]) -> None:
    assert let_in(said) == NOBODY


@pytest.mark.parametrize(
    "said",
    [
        allow({"AWS": OTHER}),
        allow({"AWS": f"arn:aws:iam::{OTHER}:role/ci"}),
        allow({"AWS": OTHER}, StringEquals={"sts:ExternalId": "x"}),
        allow({"AWS": OTHER}, StringEquals={"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}),
        allow(StringEquals={"aws:PrincipalAccount": [OWN, OTHER]}),
        allow(ArnEquals={"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/ci"}),
        allow(StringEquals={"aws:SourceAccount": OTHER}),
        allow(ArnLike={"aws:SourceArn": f"arn:aws:events:*:{OTHER}:rule/*"}),
    ],
)
def test_another_account(said: dict[str, Any]) -> None:
    assert let_in(said) == NOBODY._replace(accounts=(OTHER,))


@pytest.mark.parametrize(
    ("said", "organization"),
    [
        (allow(StringEquals={"aws:PrincipalOrgID": "o-ours"}), "o-ours"),
        (allow(StringEquals={"aws:SourceOrgID": "o-ours"}), "o-ours"),
        (allow(StringEquals={"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}), "${aws:ResourceOrgID}"),
        (allow(**{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-ours/r-1/ou-1/*"}}), "o-ours"),
    ],
)
def test_an_organization(said: dict[str, Any], organization: str) -> None:
    assert let_in(said) == NOBODY._replace(organizations=(organization,))


@pytest.mark.parametrize(
    ("said", "network"),
    [
        (allow(IpAddress={"aws:SourceIp": "203.0.113.0/24"}), "203.0.113.0/24"),
        (allow(StringEquals={"aws:SourceVpce": "vpce-1"}), "vpce-1"),
        (allow(StringEquals={"aws:SourceVpc": "vpc-1"}), "vpc-1"),
    ],
)
def test_a_network(said: dict[str, Any], network: str) -> None:
    assert let_in(said) == NOBODY._replace(networks=(network,))


def test_services() -> None:
    sns, trail = "sns.amazonaws.com", "cloudtrail.amazonaws.com"
    bound = NOBODY._replace(services=(trail,))

    assert let_in(allow({"Service": [sns, trail]})) == NOBODY._replace(
        services=(trail, sns), unbound_services=(trail, sns)
    )
    assert let_in(allow({"Service": trail}, StringEquals={"aws:SourceAccount": OWN})) == bound
    assert let_in(allow({"Service": trail}, StringEquals={"aws:SourceOrgID": "o-ours"})) == bound._replace(
        organizations=("o-ours",)
    )
    assert let_in(allow({"Service": trail}, ArnLike={"aws:SourceArn": "arn:aws:s3:::ours"})) == bound
    assert let_in(
        allow({"Service": trail}, ArnLike={"aws:SourceArn": "arn:aws:sns:*:*:T"})
    ) == bound._replace(unbound_services=(trail,))
    assert let_in(allow({"Service": trail}, StringEquals={"aws:SourceAccount": OTHER})) == bound._replace(
        accounts=(OTHER,)
    )


def test_a_service_is_denied_what_it_asks_for_strangers() -> None:
    sns = "sns.amazonaws.com"
    denied = deny(
        StringNotEqualsIfExists={"aws:SourceAccount": OWN}, Bool={"aws:PrincipalIsAWSService": "true"}
    )

    assert let_in(allow({"Service": sns}), denied) == NOBODY._replace(services=(sns,))


def test_providers_and_identities() -> None:
    provider = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"
    origin = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"

    assert let_in(allow({"Federated": provider})) == NOBODY._replace(providers=(provider,))
    assert let_in(allow({"AWS": origin, "CanonicalUser": "79a5"})) == NOBODY._replace(
        identities=("79a5", origin)
    )


@pytest.mark.parametrize(
    ("denied", "expected"),
    [
        (deny(StringNotEquals={"aws:PrincipalAccount": [OWN, OTHER]}), NOBODY._replace(accounts=(OTHER,))),
        (
            deny(
                StringNotEqualsIfExists={"aws:PrincipalOrgID": "o-ours"},
                BoolIfExists={"aws:PrincipalIsAWSService": "false"},
            ),
            NOBODY._replace(organizations=("o-ours",)),
        ),
        (
            deny(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"}),
            NOBODY._replace(networks=("203.0.113.0/24",)),
        ),
        (deny(StringNotEquals={"aws:SourceVpce": "vpce-1"}), NOBODY._replace(networks=("vpce-1",))),
        (
            {key: value for key, value in deny().items() if key != "Principal"}
            | {"NotPrincipal": {"AWS": [f"arn:aws:iam::{OTHER}:root", OWN]}},
            NOBODY._replace(accounts=(OTHER,)),
        ),
        # Whoever goes through a service of their choice is not denied.
        (
            deny(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"}, Bool={"aws:ViaAWSService": "false"}),
            EVERYONE,
        ),
        (deny(Bool={"aws:SecureTransport": "false"}), EVERYONE),
        (deny() | {"Action": "s3:Put*"}, EVERYONE),
        (deny(), NOBODY),
    ],
)
def test_what_is_denied_is_taken_out(denied: dict[str, Any], expected: Access) -> None:
    assert let_in(allow(), denied) == expected


def test_whom_one_of_several_accounts_may_be() -> None:
    seen = let_in(allow({"AWS": ["777788889999", OTHER, OWN]}), deny({"AWS": OTHER}))

    assert seen == NOBODY._replace(accounts=("777788889999",))


def test_external_is_who_may_be_of_another_account() -> None:
    assert [NOBODY.external, NOBODY._replace(services=("s",)).external] == [False, False]
    assert all(
        NOBODY._replace(**{field: ("x",)}).external
        for field in ("accounts", "organizations", "identities", "networks")
    )
    assert EVERYONE.external


def test_some_actions_only() -> None:
    said = statements({"Statement": [allow(), allow({"AWS": OTHER}) | {"Action": "s3:PutObject"}]})

    assert access(said, OWN, actions=Names(("s3:put*",))) == NOBODY._replace(accounts=(OTHER,))
    assert access(said, OWN, actions=Names(("s3:*",))) == EVERYONE._replace(accounts=(OTHER,))


def test_what_strangers_may_do() -> None:
    said = [
        allow() | {"Action": ["s3:GetObject", "s3:PutObject"]},
        deny() | {"Action": "s3:Put*"},
        allow({"AWS": OTHER}) | {"Action": "s3:*"},
    ]
    but = {key: value for key, value in allow().items() if key != "Action"} | {"NotAction": "iam:*"}

    assert strangers_may(statements({"Statement": said}), OWN) == ("s3:getobject",)
    assert strangers_may(statements({"Statement": but}), OWN) == ("*",)
