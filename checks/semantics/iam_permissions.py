"""What policies of users, groups and roles on AWS allow, as far as it reaches far.

Conditions are taken to hold, and not to keep anybody from anything, unless they choose among the resources.
What a permissions boundary does not name, and what an organisation's policy or a session takes away, is not
counted in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from .iam import EVERYTHING, Allowed, Context, Names, Statement, remaining, statements, unconditional, under
from .iam_patterns import covers

_EVERY_SERVICE = "*"
_WHOLE_SERVICE = re.compile(r"([\w-]+):\*+", re.ASCII)
_EVERY_ARN = re.compile(r"arn:[^:]+(:\*+)+")

# By each of these one gives access to others, or takes it: a policy, a key, a password, a place in a group, a
# role's trust. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
_GIVING_ACCESS = Names(
    (
        "iam:addusertogroup",
        "iam:attachgrouppolicy",
        "iam:attachrolepolicy",
        "iam:attachuserpolicy",
        "iam:createaccesskey",
        "iam:createloginprofile",
        "iam:createpolicyversion",
        "iam:putgrouppolicy",
        "iam:putrolepolicy",
        "iam:putuserpolicy",
        "iam:setdefaultpolicyversion",
        "iam:updateassumerolepolicy",
        "iam:updateloginprofile",
    )
)
# Somebody whom no policy names: whoever may give access to them, may to anybody.
_ANYBODY = Names(tuple(f"arn:*:iam::*:{kind}/nobody-0" for kind in ("user", "group", "role", "policy")))
_BOUNDED = ("iam:permissionsboundary", "iam:policyarn")
"""What says which policies may be given, and so how much."""

# The actions that AWS has Config's rules on blocked actions look for.
# https://docs.aws.amazon.com/config/latest/developerguide/iam-customer-policy-blocked-kms-actions.html
_DECRYPTING = Names(("kms:decrypt", "kms:reencryptfrom"))
_ANY_KEY = Names(("arn:*:kms:*:*:key/nobody-0",))
_OF_SOME_KEYS = ("aws:resourcetag/", "kms:requestalias", "kms:resourcealiases")
_SUBSCRIBING = Names(("aws-marketplace:subscribe",))
_OF_SOME_PRODUCTS = ("aws-marketplace:productid",)

_SETTING_UP = Names(
    (
        "iam:changepassword",
        "iam:createvirtualmfadevice",
        "iam:deletevirtualmfadevice",
        "iam:enablemfadevice",
        "iam:get*",
        "iam:list*",
        "iam:resyncmfadevice",
        "sts:getcalleridentity",
        "sts:getsessiontoken",
    )
)
"""What one needs to set up a second factor and to sign in with it, and what only tells of the account."""
_DIRECT: Context = {
    "aws:multifactorauthage": (None,),
    "aws:viaawsservice": (("false",),),
    "aws:calledvia": (None,),
}
BY_PASSWORD: Context = {**_DIRECT, "aws:multifactorauthpresent": (("false",),)}
"""A request from the console, by somebody who signed in with a password only."""
BY_KEY: Context = {**_DIRECT, "aws:multifactorauthpresent": (None,)}
"""A request with an access key, which does not say whether there was a second factor.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""


class Held(NamedTuple):
    """What all policies of a user, group or role say."""

    said: tuple[Statement, ...]
    unlisted: tuple[str, ...]
    """The policies that are attached and were not listed."""


def managed(policies: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Statement, ...]]:
    """What managed policies say in the version that counts, by their ARNs."""
    return {
        policy["Arn"]: statements(version["Document"])
        for policy in policies
        for version in policy["PolicyVersionList"]
        if version["IsDefaultVersion"]
    }


def inline(holder: Mapping[str, Any]) -> tuple[tuple[str, tuple[Statement, ...]], ...]:
    """The names of the policies that only this user, group or role has, and what they say."""
    kinds = ("UserPolicyList", "GroupPolicyList", "RolePolicyList")
    return tuple(
        (policy["PolicyName"], statements(policy["PolicyDocument"]))
        for kind in kinds
        for policy in holder.get(kind) or ()
    )


def attached(holder: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs of the managed policies that a user, group or role has itself."""
    return tuple(policy["PolicyArn"] for policy in holder.get("AttachedManagedPolicies") or ())


def held(
    holder: Mapping[str, Any],
    policies: Mapping[str, tuple[Statement, ...]],
    groups: Mapping[str, Mapping[str, Any]],
) -> Held:
    """What all policies of a user, group or role say, those of a user's groups among them.

    Of a permissions boundary, which gives nothing, only what it denies is among it.
    """
    sources = [holder, *(groups[name] for name in holder.get("GroupList") or () if name in groups)]
    said = [statement for source in sources for _, policy in inline(source) for statement in policy]
    arns = [arn for source in sources for arn in attached(source)]
    said += [statement for arn in arns for statement in policies.get(arn, ())]
    boundary = holder.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    if boundary:
        arns.append(boundary)
        said += [statement for statement in policies.get(boundary, ()) if not statement.allow]
    return Held(tuple(said), tuple(arn for arn in arns if arn not in policies))


def everything(said: Iterable[Statement]) -> bool:
    """Whether every action is allowed on every resource."""
    return any(
        left.actions.covers(Names(("*:*",))) and _every_resource(left.resources)
        for left in remaining(said, unconditional)
    )


def gives_access(said: Iterable[Statement]) -> bool:
    """Whether one may give access to others, and so to oneself what one has not."""
    return _allowed(said, _GIVING_ACCESS, _ANYBODY, _BOUNDED)


def decrypts(said: Iterable[Statement]) -> bool:
    """Whether one may decrypt with any key of an account, where the key's policy lets its account decide."""
    return _allowed(said, _DECRYPTING, _ANY_KEY, _OF_SOME_KEYS)


def subscribes(said: Iterable[Statement]) -> bool:
    """Whether one may subscribe to any product of AWS Marketplace."""
    return _allowed(said, _SUBSCRIBING, EVERYTHING, _OF_SOME_PRODUCTS)


def whole_services(said: Iterable[Statement]) -> tuple[str, ...]:
    """The services all of whose actions are allowed, on any resources; a star for all, or all but some."""
    return tuple(sorted({service for left in remaining(said, unconditional) for service in _services(left)}))


def only_sets_up(said: Iterable[Statement], context: Context) -> bool:
    """Whether requests of this kind may do nothing but set up a second factor."""
    return all(_SETTING_UP.covers(left.actions) for left in remaining(said, partial(under, context)))


def _allowed(said: Iterable[Statement], actions: Names, resources: Names, choosing: tuple[str, ...]) -> bool:
    """Whether some of these actions are allowed on some of these resources, whichever one takes."""
    return any(
        left.resources.meets(resources)
        and not any(condition.key.startswith(choosing) for condition in left.statement.conditions)
        for left in remaining(said, unconditional, actions)
    )


def _every_resource(resources: Names) -> bool:
    if resources.but:
        return False
    return resources.covers(EVERYTHING) or any(map(_EVERY_ARN.fullmatch, resources.patterns))


def _services(left: Allowed) -> Iterator[str]:
    if left.actions.but:
        yield _EVERY_SERVICE
        return
    for pattern in left.actions.patterns:
        if covers(pattern, "*:*"):
            yield _EVERY_SERVICE
        elif match := _WHOLE_SERVICE.fullmatch(pattern):
            yield match[1]
