import json
from functools import partial
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from checks.semantics.iam import (
    EVERYTHING,
    Condition,
    Context,
    Names,
    Principal,
    Statement,
    denied,
    remaining,
    statements,
    unconditional,
    under,
)
from checks.semantics.iam_conditions import SomeAddress, SomeArn, Text, Unknown, conditions
from checks.semantics.iam_patterns import covers, overlap

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": ["111122223333", "*"], "Service": "sns.amazonaws.com"},
        "NotAction": "IAM:*",
        "Resource": ["arn:aws:s3:::Records", "arn:aws:s3:::Records/*"],
        "Condition": {
            "ForAnyValue:StringNotEqualsIfExists": {"AWS:PrincipalOrgID": ["o-1", "o-2"]},
            "Bool": {"aws:SecureTransport": True},
        },
    },
}
SAID = Statement(
    allow=True,
    principals=(
        Principal("aws", "111122223333"),
        Principal("everyone", "*"),
        Principal("service", "sns.amazonaws.com"),
    ),
    but_principals=False,
    actions=Names(("iam:*",), but=True),
    resources=Names(("arn:aws:s3:::Records", "arn:aws:s3:::Records/*")),
    conditions=(
        Condition("stringequals", True, True, "any", "aws:principalorgid", ("o-1", "o-2")),
        Condition("bool", False, False, None, "aws:securetransport", ("true",)),
    ),
)


def allow(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(actions, resources, **more) | {"Effect": "Deny"}


def left(*said: dict[str, Any], context: Context | None = None) -> list[tuple[Names, Names]]:
    applies = unconditional if context is None else partial(under, context)
    return [
        (allowed.actions, allowed.resources)
        for allowed in remaining(statements({"Statement": list(said)}), applies)
    ]


@pytest.mark.parametrize("document", [DOCUMENT, json.dumps(DOCUMENT), quote(json.dumps(DOCUMENT))])
def test_a_document_is_read_however_it_comes(document: Any) -> None:
    assert statements(document) == (SAID,)


def test_whoever_is_not_named() -> None:
    (statement,) = statements({"Statement": [{"Effect": "Deny", "NotPrincipal": "*", "Action": "sts:*"}]})

    assert (statement.allow, statement.but_principals, statement.resources) == (False, True, EVERYTHING)
    assert statement.principals == (Principal("everyone", "*"),)


@pytest.mark.parametrize(
    ("name", "account", "whole"),
    [
        ("111122223333", "111122223333", True),
        ("arn:aws:iam::111122223333:root", "111122223333", True),
        ("arn:aws-us-gov:iam::111122223333:role/ci", "111122223333", False),
        ("arn:aws:sts::111122223333:assumed-role/ci/run", "111122223333", False),
        ("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", None, False),
        ("AIDAQQQQQQQQQQQQQQQQQ", None, False),
    ],
)
def test_the_account_of_a_principal(name: str, account: str | None, whole: bool) -> None:
    principal = Principal("aws", name)

    assert (principal.account, principal.whole_account) == (account, whole)


def test_no_service_has_an_account() -> None:
    assert Principal("service", "111122223333").account is None


TEXTS = ["", *("".join(letters) for size in (1, 2, 3) for letters in product("ab", repeat=size))]
PATTERNS = ["", *("".join(letters) for size in (1, 2, 3) for letters in product("a*?", repeat=size))]


@pytest.mark.parametrize("one", PATTERNS)
def test_patterns_mean_texts(one: str) -> None:
    for other in PATTERNS:
        ours, theirs = ({text for text in TEXTS if covers(pattern, text)} for pattern in (one, other))

        assert overlap(one, other) == bool(ours & theirs), (one, other)
        assert not covers(one, other) or theirs <= ours, (one, other)


def test_names_are_among_others() -> None:
    but_iam = Names(("iam:*",), but=True)

    assert Names(("s3:*", "ec2:*")).covers(Names(("s3:get*", "ec2:runinstances")))
    assert not Names(("s3:get*",)).covers(Names(("s3:*",)))
    assert but_iam.covers(Names(("s3:*",)))
    assert not but_iam.covers(Names(("*",)))
    assert EVERYTHING.covers(but_iam)
    assert not Names(("s3:*",)).covers(but_iam)
    assert but_iam.covers(Names(("iam:*", "sts:*"), but=True))
    assert not but_iam.covers(Names(("iam:get*",), but=True))


def test_names_meet_others() -> None:
    but_iam = Names(("iam:*",), but=True)

    assert Names(("s3:get*",)).meets(Names(("s3:*object",)))
    assert not Names(("s3:get*",)).meets(Names(("s3:put*",)))
    assert not but_iam.meets(Names(("iam:get*",)))
    assert not Names(("iam:get*",)).meets(but_iam)
    assert but_iam.meets(Names(("iam:get*", "s3:*")))
    assert but_iam.meets(Names(("*",), but=True))


def test_what_is_denied_is_taken_out() -> None:
    assert left(allow(["s3:GetObject", "iam:GetUser"]), deny("IAM:*")) == [
        (Names(("s3:getobject",)), EVERYTHING)
    ]


def test_of_everything_that_is_left_which_is_not_denied() -> None:
    exempt = deny([]) | {"NotAction": ["iam:EnableMFADevice", "sts:*"]}
    del exempt["Action"]

    assert left(allow(["*", "iam:*", "s3:*"]), exempt) == [
        (Names(("iam:enablemfadevice",)), EVERYTHING),
        (Names(("sts:*",)), EVERYTHING),
        (Names(("iam:enablemfadevice",)), EVERYTHING),
    ]


def test_of_all_but_something_that_is_left_which_is_not_denied() -> None:
    but_iam = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    exempt = {"Effect": "Deny", "NotAction": ["iam:Get*", "sts:*"], "Resource": "*"}

    assert left(but_iam, exempt) == [(Names(("sts:*",)), EVERYTHING)]
    assert left(but_iam, deny("s3:*")) == [(Names(("iam:*",), but=True), EVERYTHING)]
    assert left(but_iam, deny("*")) == []


def test_what_is_denied_of_some_resources_is_left_of_others() -> None:
    assert left(allow("s3:*", ["a", "b/*"]), deny("s3:*", "b/*")) == [(Names(("s3:*",)), Names(("a",)))]
    assert left(allow("s3:*", "a/*"), deny("s3:Put*", "a/b")) == [(Names(("s3:*",)), Names(("a/*",)))]
    assert left(allow("s3:Get*", ["a", "b"]), {"Effect": "Deny", "Action": "s3:*", "NotResource": "b"}) == [
        (Names(("s3:get*",)), Names(("b",)))
    ]


def test_of_some_actions_that_is_left_which_is_not_denied() -> None:
    said = statements({"Statement": [allow(["kms:*", "s3:*"]), deny(["kms:Decrypt", "s3:Put*"])]})

    def of(*actions: str, but: bool = False) -> list[Names]:
        return [allowed.actions for allowed in remaining(said, unconditional, Names(actions, but))]

    assert of("kms:decrypt") == []
    assert of("kms:encrypt", "ec2:*", "s3:get*") == [Names(("kms:encrypt",)), Names(("s3:get*",))]
    assert of("kms:*", but=True) == [Names(("s3:*",))]


def test_what_may_be_denied_is_left_and_what_may_be_allowed_is_allowed() -> None:
    plain = {"Bool": {"aws:SecureTransport": "false"}}

    assert left(allow("a:b", Condition=plain), deny("*", Condition=plain)) == [(Names(("a:b",)), EVERYTHING)]
    assert (
        left(allow("a:b"), deny("*", Condition=plain), context={"aws:securetransport": (("false",),)}) == []
    )
    assert left(allow("a:b", Condition=plain), context={"aws:securetransport": (("true",),)}) == []


def test_what_everybody_is_denied() -> None:
    everyone = {"Principal": "*"}
    plain = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    said = statements(
        {
            "Statement": [
                deny("s3:Get*", "b/*", **everyone, **plain),
                deny("s3:Put*", "b/*", Principal={"AWS": "111122223333"}, **plain),
                deny("s3:List*", "b", **everyone, **plain),
                allow("s3:Delete*", "b/*", **everyone),
                deny("s3:Restore*", "b/*", NotPrincipal="*", **plain),
            ]
        }
    )

    def asked(action: str, resource: str = "b/*", secure: str = "false") -> bool:
        return denied(said, action, resource, {"aws:securetransport": ((secure,),)})

    assert asked("s3:GetObject")
    assert asked("s3:ListBucket", "b")
    assert not asked("s3:GetObject", secure="true")
    assert not asked("s3:GetObject", "b")
    assert not asked("s3:PutObject")
    assert not asked("s3:DeleteObject")
    assert not asked("s3:RestoreObject")
    assert not asked("s3:*")


def holds(
    operator: str, wanted: Any, *ways: Any, key: str = "aws:PrincipalArn", **context: Any
) -> bool | None:
    (condition,) = conditions({operator: {key: wanted}})
    return condition.holds({key.lower(): ways, **context})


@pytest.mark.parametrize(
    ("operator", "absent", "same", "other"),
    [
        ("StringEquals", False, True, False),
        ("StringNotEquals", True, False, True),
        ("StringEqualsIfExists", True, True, False),
        ("StringNotEqualsIfExists", True, False, True),
        ("ForAnyValue:StringEquals", False, True, False),
        ("ForAnyValue:StringNotEquals", False, False, True),
        ("ForAllValues:StringEquals", True, True, False),
        ("ForAllValues:StringNotEquals", True, False, True),
        ("StringLike", False, True, False),
        ("StringNotLike", True, False, True),
        ("ArnLike", False, True, False),
        ("ArnNotEquals", True, False, True),
        ("StringEqualsIgnoreCase", False, True, False),
    ],
)
def test_operators(operator: str, absent: bool, same: bool, other: bool) -> None:
    assert holds(operator, "a", None) is absent
    assert holds(operator, ["b", "a"], ("a",)) is same
    assert holds(operator, ["c", "b"], (Text("a"),)) is other
    assert holds(operator, "a", None, ("a",)) is (absent if absent is same else None)


def test_all_or_any_of_several_values() -> None:
    assert holds("ForAllValues:StringEquals", ["a", "b"], ("a", "c")) is False
    assert holds("ForAnyValue:StringEquals", ["a", "b"], ("a", "c")) is True
    assert holds("ForAllValues:StringNotEquals", "b", ("a", "c")) is True


def test_null_asks_whether_there_is_a_value() -> None:
    assert [holds("Null", wanted, way) for wanted in ("true", "false") for way in (None, ("x",))] == [
        True,
        False,
        False,
        True,
    ]


def test_booleans_are_written_in_any_case() -> None:
    assert holds("Bool", "False", ("false",)) is True


def test_addresses() -> None:
    outside = (SomeAddress(),)

    assert holds("IpAddress", "203.0.113.0/24", ("203.0.113.7",)) is True
    assert holds("IpAddress", "203.0.113.0/24", ("203.0.114.7",)) is False
    assert holds("IpAddress", ["2001:db8::/32"], ("203.0.113.7",)) is False
    assert holds("IpAddress", "203.0.113.0/24", outside) is False
    assert holds("NotIpAddress", "203.0.113.0/24", outside) is True
    assert holds("IpAddress", ["10.0.0.0/8", "2001:db8::/32"], outside) is False
    # Two halves of all there is are as good as all of it.
    assert holds("IpAddress", ["0.0.0.0/1", "128.0.0.0/1"], outside) is True
    assert holds("IpAddress", "::/0", outside) is True
    assert holds("IpAddress", "nonsense", outside) is False


def test_arns_of_which_not_everything_is_known() -> None:
    somebody = (SomeArn(("arn:*:iam::111122223333:*",)),)

    assert holds("ArnLike", "arn:aws:iam::444455556666:role/ci", somebody) is False
    assert holds("ArnLike", "arn:aws:iam::444455556666:role/*", somebody) is False
    assert holds("StringLike", "arn:aws:iam::444455556666*", somebody) is False
    assert holds("StringLike", "arn:aws:*:role/ci", somebody) is None
    assert holds("ArnLike", "arn:aws:iam::111122223333:role/ci", somebody) is None
    assert holds("ArnLike", "arn:aws:iam::*:role/ci", somebody) is None
    assert holds("StringLike", "*", somebody) is True
    assert holds("StringEquals", "arn:aws:iam::111122223333:role/ci", somebody) is None
    assert holds("StringEquals", "arn:aws:iam::*:role/ci", somebody) is False
    assert holds("ArnNotLike", "arn:aws:iam::444455556666:role/ci", somebody) is True


def test_what_callers_choose_may_be_anything() -> None:
    assert holds("StringEquals", "x", (Unknown(),)) is None
    assert holds("NumericLessThan", "3600", ("60",)) is None
    (condition,) = conditions({"StringEquals": {"sts:ExternalId": "x"}})
    assert condition.holds({}) is None


def test_variables_are_filled_in() -> None:
    own = {"aws:resourceaccount": (("111122223333",),)}

    assert holds("StringEquals", "${aws:ResourceAccount}", ("111122223333",), **own) is True
    assert holds("StringEquals", "${aws:ResourceAccount}", ("444455556666",), **own) is False
    assert holds("StringEquals", "${aws:ResourceOrgID}", ("o-1",)) is False
    assert holds("StringEquals", "${aws:PrincipalTag/team, 'none'}", ("x",)) is None
