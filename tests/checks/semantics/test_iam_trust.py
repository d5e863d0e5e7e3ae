from typing import Any

import pytest

from checks.semantics import iam
from checks.semantics.iam_enclaves import attested, unattested_use
from checks.semantics.iam_trust import Trust, trust

OURS = "111122223333"
VENDOR = "444455556666"
GITHUB = f"arn:aws:iam::{OURS}:oidc-provider/token.actions.githubusercontent.com"
EKS = f"arn:aws:iam::{OURS}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/0123"
SAML = f"arn:aws:iam::{OURS}:saml-provider/hospital"
COGNITO = "cognito-identity.amazonaws.com"
CLAIM = "token.actions.githubusercontent.com"
PCR = "kms:RecipientAttestation:PCR0"


def of(*said: dict[str, Any]) -> Trust:
    document = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **each} for each in said]}
    return trust(iam.statements(document), OURS)


def web(provider: str, **conditions: Any) -> dict[str, Any]:
    action = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    return {"Action": action, "Principal": {"Federated": provider}, "Condition": conditions}


@pytest.mark.parametrize(
    ("said", "without_external_id", "whole"),
    [
        ({"Principal": {"AWS": VENDOR}}, (VENDOR,), (VENDOR,)),
        ({"Principal": {"AWS": f"arn:aws:iam::{VENDOR}:root"}}, (VENDOR,), (VENDOR,)),
        ({"Principal": {"AWS": f"arn:aws:iam::{VENDOR}:role/scan"}}, (VENDOR,), ()),
        (
            {"Principal": {"AWS": VENDOR}, "Condition": {"StringEquals": {"sts:ExternalId": "ward-7"}}},
            (),
            (VENDOR,),
        ),
        (
            {
                "Principal": {"AWS": VENDOR},
                "Condition": {"StringEqualsIfExists": {"sts:ExternalId": "ward-7"}},
            },
            (VENDOR,),
            (VENDOR,),
        ),
        (
            {
                "Principal": {"AWS": VENDOR},
                "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{VENDOR}:role/scan-*"}},
            },
            (VENDOR,),
            (),
        ),
    ],
)
def test_accounts(said: dict[str, Any], without_external_id: tuple[str], whole: tuple[str]) -> None:
    found = of(said)

    assert found.access.accounts == (VENDOR,)
    assert (found.accounts_without_external_id, found.whole_accounts) == (without_external_id, whole)


def test_who_may_only_tag_the_session_may_not_take_up_the_role() -> None:
    assert of({"Action": "sts:TagSession", "Principal": {"AWS": VENDOR}}).access.accounts == ()


@pytest.mark.parametrize(
    ("said", "is_open"),
    [
        (web(GITHUB), True),
        (web(GITHUB, StringEquals={f"{CLAIM}:aud": "sts.amazonaws.com"}), True),
        (web(GITHUB, StringLike={f"{CLAIM}:sub": "repo:*"}), True),
        (web(GITHUB, StringLike={f"{CLAIM}:sub": "*"}), True),
        (web(GITHUB, StringLike={f"{CLAIM}:sub": "repo:ward/*"}), False),
        (web(GITHUB, StringEquals={f"{CLAIM}:sub": "repo:ward/app:ref:refs/heads/main"}), False),
        (web(GITHUB, StringEquals={f"{CLAIM}:repository_owner": "ward"}), False),
        (web(COGNITO), True),
        (web(COGNITO, StringEquals={f"{COGNITO}:aud": "us-east-1:7"}), False),
        (web(EKS), False),
        ({"Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": SAML}}, False),
    ],
)
def test_providers_that_serve_others(said: dict[str, Any], is_open: bool) -> None:
    found = of(said)
    provider = said["Principal"]["Federated"]

    assert found.access.providers == (provider,)
    assert found.open_providers == ((provider,) if is_open else ())


def key_policy(*said: dict[str, Any]) -> tuple[iam.Statement, ...]:
    return iam.statements(
        {"Statement": [{"Effect": "Allow", "Resource": "*", "Principal": "*", **each} for each in said]}
    )


ENCLAVE = {"Action": "kms:Decrypt", "Condition": {"StringEqualsIgnoreCase": {PCR: "ab12"}}}
ADMINISTRATION = {"Action": ["kms:Put*", "kms:Describe*"], "Principal": {"AWS": OURS}}
WHOLE = {"Action": "kms:*", "Principal": {"AWS": OURS}}
UNLESS_ATTESTED = {
    "Effect": "Deny",
    "Action": ["kms:Decrypt", "kms:DeriveSharedSecret", "kms:GenerateDataKey*"],
    "Condition": {"StringNotEqualsIgnoreCase": {PCR: "ab12"}},
}


@pytest.mark.parametrize(
    ("said", "asks", "used_without"),
    [
        ((WHOLE,), False, True),
        ((ADMINISTRATION,), False, False),
        ((ADMINISTRATION, ENCLAVE), True, False),
        ((WHOLE, ENCLAVE), True, True),
        ((WHOLE, UNLESS_ATTESTED), True, False),
        ((WHOLE, {**UNLESS_ATTESTED, "Principal": {"AWS": OURS}}), True, True),
        (({"NotAction": "kms:Put*"}, ENCLAVE), True, True),
    ],
)
def test_enclaves(said: tuple[dict[str, Any], ...], asks: bool, used_without: bool) -> None:
    policy = key_policy(*said)

    assert (attested(policy), unattested_use(policy)) == (asks, used_without)
