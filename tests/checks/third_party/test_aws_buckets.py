import json
from typing import Any

from checks.third_party import Bucket
from checks.third_party.aws_buckets import s3_buckets
from scanner.testing import ACCOUNT, Error, by, look, observe, world

PARTNER = "444455556666"
OWNER = "0f" * 32
SOMEBODY = "a1" * 32
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_IN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
NAMES = ("site", "drop", "closed", "listed", "ignored", "partner", "plain")
ENFORCED = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
PREFERRED = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}}


def blocks(*on: str) -> dict[str, Any]:
    every = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return {"PublicAccessBlockConfiguration": {block: block in on for block in every}}


def policy(principal: object, *actions: str) -> dict[str, str]:
    said = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"}
    feed = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "*",
    }
    return {"Policy": json.dumps({"Statement": [said, feed]})}


def acl(*grants: tuple[str, str]) -> dict[str, Any]:
    def grantee(name: str) -> dict[str, str]:
        return {"Type": "Group", "URI": name} if "/" in name else {"Type": "CanonicalUser", "ID": name}

    return {
        "Owner": {"ID": OWNER},
        "Grants": [
            {"Grantee": grantee(name), "Permission": permission}
            for name, permission in ((OWNER, "FULL_CONTROL"), *grants)
        ],
    }


def listed(MaxBuckets: int) -> object:  # noqa: N803 - as AWS names it
    return {"Buckets": [{"Name": name, "BucketRegion": "eu-west-1"} for name in NAMES][:MaxBuckets]}


BUCKETS = world(
    s3_buckets,
    {
        "s3:ListBuckets": listed,
        "s3control:GetPublicAccessBlock": Error("NoSuchPublicAccessBlockConfiguration"),
        "s3:GetPublicAccessBlock": by(
            "Bucket",
            dict.fromkeys(NAMES, Error("NoSuchPublicAccessBlockConfiguration"))
            | {
                "closed": blocks("RestrictPublicBuckets", "IgnorePublicAcls"),
                "ignored": blocks("IgnorePublicAcls"),
                "drop": blocks("BlockPublicAcls", "BlockPublicPolicy"),
            },
        ),
        "s3:GetBucketOwnershipControls": by(
            "Bucket",
            dict.fromkeys(NAMES, ENFORCED)
            | {
                "listed": PREFERRED,
                "ignored": Error("OwnershipControlsNotFoundError"),
                "partner": PREFERRED,
            },
        ),
        "s3:GetBucketPolicy": by(
            "Bucket",
            dict.fromkeys(NAMES, Error("NoSuchBucketPolicy"))
            | {
                "site": policy("*", "s3:GetObject"),
                "drop": policy({"AWS": "*"}, "s3:PutObject", "s3:AbortMultipartUpload"),
                "closed": policy({"AWS": ["*", PARTNER]}, "s3:*"),
                "partner": policy({"AWS": [PARTNER, ACCOUNT]}, "s3:GetObject"),
            },
        ),
        "s3:GetBucketAcl": by(
            "Bucket",
            {
                "site": acl((EVERYBODY, "WRITE")),
                "drop": acl(),
                "closed": acl(),
                "listed": acl((EVERYBODY, "READ"), (SIGNED_IN, "WRITE_ACP"), (LOGS, "WRITE")),
                "ignored": acl((EVERYBODY, "FULL_CONTROL"), (SOMEBODY, "READ")),
                "partner": acl((SOMEBODY, "FULL_CONTROL")),
                "plain": acl(),
            },
        ),
    },
)


def bucket(name: str, **known: Any) -> Bucket:
    plain: dict[str, Any] = {
        "anyone": False,
        "external_accounts": (),
        "organizations": (),
        "identities": (),
        "networks": (),
        "unbound_services": (),
        "public_read": False,
        "public_write": False,
        "acls_disabled": True,
        "acl_grantees": (),
    }
    return Bucket(resource=f"arn:aws:s3:::{name}", region="eu-west-1", **(plain | known))


def test_s3_buckets() -> None:
    trail = ("cloudtrail.amazonaws.com",)
    assert observe(s3_buckets, BUCKETS) == [
        # What its list says has no effect any more.
        bucket("site", anyone=True, public_read=True, unbound_services=trail),
        # These blocks keep others from opening it, and do not close it.
        bucket("drop", anyone=True, public_write=True, unbound_services=trail),
        bucket("closed", unbound_services=trail),
        bucket(
            "listed",
            anyone=True,
            public_read=True,
            public_write=True,
            acls_disabled=False,
            acl_grantees=(EVERYBODY, SIGNED_IN),
        ),
        bucket("ignored", acls_disabled=False, acl_grantees=(SOMEBODY, EVERYBODY)),
        bucket(
            "partner",
            external_accounts=(PARTNER,),
            unbound_services=trail,
            acls_disabled=False,
            acl_grantees=(SOMEBODY,),
        ),
        bucket("plain"),
    ]


def test_the_account_closes_what_its_buckets_leave_open() -> None:
    whole = blocks("IgnorePublicAcls", "RestrictPublicBuckets")
    seen = observe(s3_buckets, {**BUCKETS, "s3control:GetPublicAccessBlock": whole})

    assert [facts.resource for facts in seen if isinstance(facts, Bucket) and facts.anyone] == []


def test_a_bucket_whose_policy_is_denied_is_a_refusal_of_that_bucket() -> None:
    sight = look(s3_buckets, {**BUCKETS, "s3:GetBucketPolicy": by("Bucket", {"site": policy("*", "s3:*")})})

    assert sight.facts == [
        bucket(
            "site",
            anyone=True,
            public_read=True,
            public_write=True,
            unbound_services=("cloudtrail.amazonaws.com",),
        )
    ]
    assert {refusal.resource for refusal in sight.refusals} == {f"arn:aws:s3:::{name}" for name in NAMES[1:]}
