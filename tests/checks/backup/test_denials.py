import json
from typing import Any

import pytest

from checks.backup.denials import guards_backups

THREE = [
    "backup:DeleteRecoveryPoint",
    "backup:UpdateRecoveryPointLifecycle",
    "backup:PutBackupVaultAccessPolicy",
]
DENY = {"Effect": "Deny", "Principal": "*", "Action": THREE, "Resource": "*"}


def guards(*statements: dict[str, Any]) -> bool:
    return guards_backups(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["*"]}},
        {"Resource": ["*"]},
        {"Action": "backup:*"},
        {"Action": "*"},
        {"Action": [one.upper() for one in THREE]},
        {"Action": ["backup:Delete*", "backup:Update*", "backup:Put*"]},
        {"Condition": {}},
    ],
)
def test_everybody_is_denied(said: dict[str, Any]) -> None:
    assert guards({**DENY, **said})


def test_several_statements_may_deny_it_together() -> None:
    assert guards(*({**DENY, "Action": one} for one in THREE))


def test_a_single_statement_need_not_be_in_a_list() -> None:
    assert guards_backups(json.dumps({"Statement": DENY}))


def test_everything_but_reading_may_be_denied() -> None:
    denial = {name: value for name, value in DENY.items() if name != "Action"}

    assert guards({**denial, "NotAction": ["backup:List*", "backup:Get*"]})
    assert not guards({**denial, "NotAction": ["backup:Put*"]})


@pytest.mark.parametrize(
    "said",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Principal": {"Service": "backup.amazonaws.com"}},
        {"Action": THREE[:2]},
        {"Action": "backup:DeleteBackupVault"},
        {"Resource": "arn:aws:ec2:us-east-1::snapshot/snap-1"},
        {"Condition": {"StringNotLike": {"aws:userId": "AIDAEXAMPLE"}}},
    ],
)
def test_somebody_or_something_is_left_out(said: dict[str, Any]) -> None:
    assert not guards({**DENY, **said})


def test_a_policy_without_statements_denies_nothing() -> None:
    assert not guards()
