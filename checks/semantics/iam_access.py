"""Whom a resource's policy on AWS lets in: strangers, other accounts, organisations, services, networks.

The policy is asked for each kind of caller: for somebody whom nobody has heard of, and for everybody whom it
mentions, in principals and in conditions. What is denied is taken out before.

What callers decide themselves keeps nobody out: the tags that their own account gives them, the service they
go through, a header. What decides is who they are, where they come from, and for whom a service acts.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from . import iam
from .iam import EVERYTHING, Allowed, Names, Principal, Statement
from .iam_conditions import ANY, Context, SomeAddress, SomeArn, Way, every

# What nobody has: of a stranger, only so much is known as that it is none of what a policy names.
_ACCOUNT = "000000000000"
_ORGANIZATION = "o-0000000000"
_BUCKET = "nobody-knows-this-name-0000000000"

_NUMBER = re.compile(r"(?<!\d)\d{12}(?!\d)")
_TELLS_ACCOUNTS = re.compile(r"account|arn|owner|kms:encryptioncontext")
_ORGANIZATIONS = ("aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths")
_VPCS = (
    "aws:ec2instancesourcevpc",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
)
_NETWORKS = ("aws:sourceip", *_VPCS)
_OF_SERVICES = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
)
"""What only those requests say that a service makes."""

Ways = dict[str, tuple[Way, ...]]


class Access(NamedTuple):
    """Whom a policy lets in besides the users and roles of its own account."""

    anyone: bool
    """Whether somebody whom nobody has heard of is let in."""
    accounts: tuple[str, ...]
    """The numbers of other accounts that are let in, or somebody in them, or a service that acts for them."""
    organizations: tuple[str, ...]
    """The ids of organisations any of whose accounts is let in; `${aws:ResourceOrgID}` is one's own."""
    services: tuple[str, ...]
    """The services of AWS that are let in."""
    unbound_services: tuple[str, ...]
    """Those among them that are let in for whomever they act, strangers too."""
    providers: tuple[str, ...]
    """The identity providers whose users are let in."""
    identities: tuple[str, ...]
    """Canonical users and the like, whose names do not tell the account."""
    networks: tuple[str, ...]
    """The addresses, VPCs and endpoints from which anyone is let in, though not from elsewhere."""

    @property
    def external(self) -> bool:
        """Whether somebody is let in who may be of another account."""
        return self.anyone or bool(self.accounts or self.organizations or self.identities or self.networks)


class Caller(NamedTuple):
    """Somebody who asks: which principals they are, and what else is known of their requests."""

    matches: Callable[[Principal], bool | None]
    context: Context


def access(said: Iterable[Statement], account: str, *, actions: Names = EVERYTHING) -> Access:
    """Whom the policy of a resource of this account lets in, to any of these actions, in lower case."""
    held = tuple(said)

    def let_in(caller: Caller) -> bool:
        return any(True for _ in _left(held, caller, actions))

    anyone = let_in(stranger(account))
    accounts = sorted(_accounts(held) - {account})
    members = _told(held, _ORGANIZATIONS)
    services = tuple(one for one in _principals(held, "service") if let_in(_service(one, account, {})))
    unbound = tuple(one for one in services if let_in(_service(one, account, _FOR_A_STRANGER)))
    bound = (None, *(one for one in services if one not in unbound))
    places = [] if anyone else [(key, place) for key in _NETWORKS for place in _told(held, (key,))]
    return Access(
        anyone=anyone,
        accounts=tuple(number for number in accounts if any(map(let_in, _in(number, account, bound)))),
        organizations=tuple(
            sorted({_id(member) for member in members if any(map(let_in, _of(member, account, bound)))})
        ),
        services=services,
        unbound_services=unbound,
        providers=tuple(
            one for one in _principals(held, "federated") if let_in(_named("federated", one, account))
        ),
        identities=tuple(one for one in _principals(held, "canonical") if let_in(_named(None, one, account))),
        networks=tuple(sorted({place for key, place in places if let_in(_from(key, place, account))})),
    )


def strangers_may(said: Iterable[Statement], account: str) -> tuple[str, ...]:
    """What anybody may do, in patterns in lower case; a star where that is all but something."""
    left = _left(tuple(said), stranger(account), EVERYTHING)
    return tuple(
        sorted({name for one in left for name in (("*",) if one.actions.but else one.actions.patterns)})
    )


def stranger(account: str) -> Caller:
    """Somebody with an account that nobody has heard of, who asks for what is this account's."""
    return Caller(_is_everyone, _context(account, _ACCOUNT) | _UNHEARD_OF | _OUTSIDE)


def _left(said: tuple[Statement, ...], caller: Caller, actions: Names) -> Iterator[Allowed]:
    return iam.remaining(said, partial(_applies, caller), actions)


def _applies(caller: Caller, statement: Statement) -> bool | None:
    return every((iam.named(statement, caller.matches), iam.under(caller.context, statement)))


def _in(number: str, account: str, services: Iterable[str | None]) -> Iterator[Caller]:
    """Those who are in an account: its users and roles, and services that act for it."""
    yield Caller(partial(_is_in, number), _context(account, number))
    acting: Ways = {
        **dict.fromkeys(("aws:sourceaccount", "aws:sourceowner"), ((number,),)),
        **dict.fromkeys(("aws:sourceorgid", "aws:sourceorgpaths"), ANY),
        **dict.fromkeys(("aws:sourcearn", _LOG_GROUP), ((_something_in(number, "*"),),)),
    }
    yield from (_service(name, account, acting) for name in services)


def _of(member: str, account: str, services: Iterable[str | None]) -> Iterator[Caller]:
    """Those who are in an organisation: somebody in one of its accounts, and services that act for one."""
    # A pattern of paths stands for one of them.
    path = member.replace("*", "x").replace("?", "x")
    principal: Ways = {"aws:principalorgid": ((_id(member),),), "aws:principalorgpaths": ((path,),)}
    yield Caller(_is_everyone, _context(account, _ACCOUNT) | principal)
    source: Ways = {"aws:sourceorgid": ((_id(member),),), "aws:sourceorgpaths": ((path,),)}
    yield from (_service(name, account, _FOR_A_STRANGER | source) for name in services)


def _id(told: str) -> str:
    return told.partition("/")[0]


def _from(key: str, told: str, account: str) -> Caller:
    """A stranger who is in a network that the policy names."""
    where: Ways = dict.fromkeys(_VPCS, ANY) | {key: ((told,),)}
    return Caller(_is_everyone, _context(account, _ACCOUNT) | _UNHEARD_OF | _OUTSIDE | where)


def _service(name: str | None, account: str, acting: Context) -> Caller:
    """A service of AWS that acts for somebody; without a name, one that no policy names."""
    known: Ways = {"aws:principalservicename": ((name,),)} if name else {}
    context = _of_the_resource(account) | _A_SERVICE | known | dict(acting)
    return Caller(partial(_is_named, "service", name), context)


def _named(kind: str | None, name: str, account: str) -> Caller:
    """Somebody of whom the name is known, and nothing else."""
    return Caller(partial(_is_named, kind, name), _of_the_resource(account))


def _is_named(kind: str | None, name: str | None, principal: Principal) -> bool | None:
    return principal.kind == "everyone" or (kind in {None, principal.kind} and principal.name == name)


def _is_everyone(principal: Principal) -> bool | None:
    return principal.kind == "everyone"


def _is_in(number: str, principal: Principal) -> bool | None:
    """Whether somebody in an account is meant; None where one of them is, and not the others."""
    if principal.kind == "everyone":
        return True
    if principal.account != number:
        return False
    return True if principal.whole_account else None


def _of_the_resource(account: str) -> Ways:
    return dict.fromkeys(("aws:resourceaccount", "s3:resourceaccount"), ((account,),))


def _context(account: str, own: str) -> Ways:
    """What is known of requests by somebody in an account, and of no service."""
    known: Ways = {
        **dict.fromkeys(("aws:principalaccount", "kms:calleraccount", "aws:sourceowner"), ((own,),)),
        **dict.fromkeys(_OF_SERVICES, (None,)),
        "aws:principalarn": ((SomeArn((f"arn:*:iam::{own}:*", f"arn:*:sts::{own}:*")),),),
        "aws:principalisawsservice": (("false",),),
    }
    return _of_the_resource(account) | known


def _something_in(account: str, bucket: str) -> SomeArn:
    # The ARNs of buckets do not tell whose they are.
    return SomeArn((f"arn:*:*:*:{account}:*", f"arn:*:s3:::{bucket}"))


def _accounts(said: Iterable[Statement]) -> set[str]:
    numbers = {principal.account for statement in said for principal in statement.principals}
    told = (
        number
        for statement in said
        for condition in statement.conditions
        if _TELLS_ACCOUNTS.search(condition.key)
        for value in condition.values
        for number in _NUMBER.findall(value)
    )
    return {number for number in numbers if number} | set(told)


def _told(said: Iterable[Statement], keys: Iterable[str]) -> tuple[str, ...]:
    """What conditions on these keys name."""
    wanted = frozenset(keys)
    named = {
        value
        for statement in said
        for condition in statement.conditions
        if condition.key in wanted and condition.operator != "null"
        for value in condition.values
    }
    return tuple(sorted(named))


def _principals(said: Iterable[Statement], kind: str) -> tuple[str, ...]:
    named = {
        principal.name
        for statement in said
        for principal in statement.principals
        if principal.kind == kind or (kind == "canonical" and _cloudfront(principal))
    }
    return tuple(sorted(named))


def _cloudfront(principal: Principal) -> bool:
    """Whether it is an origin access identity, whose ARN has no number."""
    return principal.kind == "aws" and ":iam::cloudfront:" in principal.name


_LOG_GROUP = "kms:encryptioncontext:aws:logs:arn"
"""By this, CloudWatch Logs says for which log group it asks a key for something.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""
_UNHEARD_OF: Ways = {
    # Who does not sign a request has no account.
    "aws:principalaccount": (None, (_ACCOUNT,)),
    "aws:principalorgid": (None, (_ORGANIZATION,)),
    "aws:principalorgpaths": (None, (f"{_ORGANIZATION}/r-0000/",)),
    "aws:userid": (("AIDA00000000000000000",),),
    "s3:dataaccesspointaccount": (None, (_ACCOUNT,)),
    "s3:dataaccesspointarn": (None, (SomeArn((f"arn:*:s3:*:{_ACCOUNT}:*",)),)),
}
"""What is known of somebody whom nobody has heard of, besides the number of the account."""
_OUTSIDE: Ways = {
    "aws:sourceip": (None, (SomeAddress(),)),
    "elasticfilesystem:accessedviamounttarget": (("false",),),
    **dict.fromkeys(_VPCS, (None, ("nobody",))),
}
"""Where strangers are: on the internet, or in a VPC of their own."""
_A_SERVICE: Ways = {
    "aws:principalisawsservice": (("true",),),
    **dict.fromkeys(("aws:principalaccount", "aws:principalarn", "aws:userid"), (None,)),
    **dict.fromkeys(("aws:principalorgid", "aws:principalorgpaths", "kms:calleraccount"), (None,)),
}
_FOR_A_STRANGER: Ways = {
    **dict.fromkeys(("aws:sourceaccount", "aws:sourceowner"), ((_ACCOUNT,),)),
    **dict.fromkeys(("aws:sourcearn", _LOG_GROUP), ((_something_in(_ACCOUNT, _BUCKET),),)),
    "aws:sourceorgid": ((_ORGANIZATION,),),
    "aws:sourceorgpaths": ((f"{_ORGANIZATION}/r-0000/",),),
}
"""What a service says that acts for a stranger."""
