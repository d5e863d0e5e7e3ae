"""Third parties on AWS: who from outside may use S3 buckets."""

from collections.abc import Iterator
from typing import Any

from scanner import AwsAccount, check

from ..semantics import iam
from ..semantics.iam import Names, Statement
from ..semantics.iam_access import access
from . import Bucket
from .aws_admitted import Who, told

_NO_BLOCKS = "NoSuchPublicAccessBlockConfiguration"
_NO_OWNERSHIP = "OwnershipControlsNotFoundError"

# What opens the data in a bucket, as S3 counts when it says whether a policy is public.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
_READING = Names(("s3:get*", "s3:list*"))
_WRITING = Names(("s3:put*", "s3:delete*", "s3:abortmultipartupload", "s3:restoreobject"))

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
_GROUPS = "http://acs.amazonaws.com/groups/"
_EVERYBODY = frozenset({f"{_GROUPS}global/AllUsers", f"{_GROUPS}global/AuthenticatedUsers"})
_LOG_DELIVERY = f"{_GROUPS}s3/LogDelivery"
_READS = frozenset({"READ", "FULL_CONTROL"})
# Whoever may write the list may give themselves the rest.
_WRITES = frozenset({"WRITE", "WRITE_ACP", "FULL_CONTROL"})

Item = dict[str, Any]


class _Admitted(Who):
    public_read: bool
    public_write: bool


@check(
    "s3:ListBuckets",
    "s3:GetBucketPolicy",
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetPublicAccessBlock",
    "s3control:GetPublicAccessBlock",
)
def s3_buckets(account: AwsAccount) -> Iterator[Bucket]:
    """Who from outside may use buckets, by their policies and access control lists, less what is blocked.

    Where lists are not disabled, an object's own may let in more, and so may an access point's policy. Those
    are not looked at.
    """
    whole = account.call("s3control:GetPublicAccessBlock", absent=_NO_BLOCKS, AccountId=account.id)

    def read(bucket: Item) -> Bucket:
        asked = {"region": bucket.get("BucketRegion"), "Bucket": bucket["Name"]}
        blocked = _blocks(whole) | _blocks(
            account.call("s3:GetPublicAccessBlock", absent=_NO_BLOCKS, **asked)
        )
        ownership = account.call("s3:GetBucketOwnershipControls", absent=_NO_OWNERSHIP, **asked)
        policy = account.call("s3:GetBucketPolicy", absent="NoSuchBucketPolicy", **asked)
        said = iam.statements(policy["Policy"]) if policy else ()
        # Where this is on, a policy that lets in anyone lets in nobody from outside but AWS's services.
        restricted = "RestrictPublicBuckets" in blocked and access(said, account.id).anyone
        acl = account.call("s3:GetBucketAcl", **asked)
        disabled = _owner_enforced(ownership)
        listed = frozenset() if disabled or "IgnorePublicAcls" in blocked else _public(acl)
        return Bucket(
            resource=arn(bucket),
            region=bucket.get("BucketRegion"),
            **_admitted(account.id, said, listed, restricted=restricted),
            acls_disabled=disabled,
            acl_grantees=() if disabled else tuple(sorted(_grantees(acl))),
        )

    def arn(bucket: Item) -> str:
        return f"arn:{account.partition}:s3:::{bucket['Name']}"

    # S3 says where a bucket is only when the listing is asked for in pages; botocore finds the others.
    yield from account.each(account.all("s3:ListBuckets", MaxBuckets=1000), read, resource=arn)


def _admitted(
    account: str, said: tuple[Statement, ...], listed: frozenset[str], *, restricted: bool
) -> _Admitted:
    """Whom a policy lets in, and everybody to what a list lets them do."""
    whom = access(said, account)
    outside = access((), account)._replace(unbound_services=whom.unbound_services) if restricted else whom
    read = not restricted and access(said, account, actions=_READING).anyone
    write = not restricted and access(said, account, actions=_WRITING).anyone
    return _Admitted(
        **told(
            outside._replace(anyone=outside.anyone or bool(listed), unbound_services=whom.unbound_services)
        ),
        public_read=read or bool(listed & _READS),
        public_write=write or bool(listed & _WRITES),
    )


def _blocks(answer: Item | None) -> frozenset[str]:
    """The blocks that are on."""
    said = answer["PublicAccessBlockConfiguration"] if answer else {}
    return frozenset(block for block, on in said.items() if on)


def _owner_enforced(answer: Item | None) -> bool:
    rules = answer["OwnershipControls"]["Rules"] if answer else ()
    return any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules)


def _public(acl: Item) -> frozenset[str]:
    """What a list lets everybody do."""
    return frozenset(
        grant["Permission"] for grant in acl.get("Grants") or () if grant["Grantee"].get("URI") in _EVERYBODY
    )


def _grantees(acl: Item) -> set[str]:
    """Whom a list names, besides the owner and S3's own writer of access logs."""
    grantees = [grant["Grantee"] for grant in acl.get("Grants") or ()]
    named = {
        str(grantee.get("ID") or grantee.get("URI") or grantee.get("EmailAddress")) for grantee in grantees
    }
    return named - {acl["Owner"]["ID"], _LOG_DELIVERY}
