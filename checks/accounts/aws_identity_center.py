"""Accounts on AWS: what IAM Identity Center may give people in the accounts of an organisation."""

import re
from collections.abc import Iterator

from scanner import AwsRegion, check

from ..semantics import iam_permissions
from ..semantics.iam import statements
from . import PermissionSet

_SETS = "sso-admin:ListPermissionSets"
_SET = "sso-admin:DescribePermissionSet"
_MANAGED = "sso-admin:ListManagedPoliciesInPermissionSet"
_INLINE = "sso-admin:GetInlinePolicyForPermissionSet"

_ADMINISTRATOR = ":aws:policy/AdministratorAccess"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?", re.ASCII)
_DEFAULT = "PT1H"
"""How long a session lasts where a permission set does not say.

https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html
"""


@check("sso-admin:ListInstances", _SETS, _SET, _MANAGED, _INLINE)
def permission_sets(region: AwsRegion) -> Iterator[PermissionSet]:
    """What permission sets of IAM Identity Center hold, and how long one is signed in with them.

    They are told in the account that owns the instance: in an organisation, the management account. Whether
    people are asked for a second factor there, AWS's interface does not tell; `mfa.aws` looks at IAM's users
    only. What customers' own policies in a set allow is not looked at here.
    """
    for instance in region.all("sso-admin:ListInstances"):
        # Other accounts of the organisation see the instance, and other regions its replicas.
        here = instance.get("PrimaryRegion", region.name) == region.name
        if instance["OwnerAccountId"] == region.id and here:
            center = instance["InstanceArn"]

            def read(arn: str, center: str = center) -> PermissionSet:
                return _permission_set(region, center, arn)

            sets = map(str, region.all(_SETS, InstanceArn=center))
            yield from region.each(sets, read, resource=str)


def _permission_set(region: AwsRegion, center: str, arn: str) -> PermissionSet:
    about = region.call(_SET, InstanceArn=center, PermissionSetArn=arn)["PermissionSet"]
    managed = list(region.all(_MANAGED, InstanceArn=center, PermissionSetArn=arn))
    own = region.call(_INLINE, InstanceArn=center, PermissionSetArn=arn).get("InlinePolicy") or ""
    return PermissionSet(
        resource=arn,
        name=about["Name"],
        session_minutes=_minutes(about.get("SessionDuration", _DEFAULT)),
        managed_policies=tuple(sorted(policy["Name"] for policy in managed)),
        inline_policy=bool(own),
        everything=any(policy["Arn"].endswith(_ADMINISTRATOR) for policy in managed)
        or (bool(own) and iam_permissions.everything(statements(own))),
    )


def _minutes(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(f"{duration!r} is no ISO 8601 duration of days, hours and minutes")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + minutes
