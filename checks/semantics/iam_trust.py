"""Whom a role's trust policy lets take up the role, and what they have to show for it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user_externalid.html
"""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from . import iam
from .iam import Principal, Statement
from .iam_access import Access, access
from .iam_conditions import Context, SomeArn, every

_TAKING_UP = iam.Names(("sts:assumerole*",))
_NOBODY = "000000000000"
_EXTERNAL_ID = "sts:externalid"
_OIDC = ":oidc-provider/"

# Providers whose tokens everybody can get. The audience tells of which application one is the user.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
_FOR_APPLICATIONS = frozenset(
    {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
)
# Here everybody can ask for a token for any audience; the subject tells whose pipeline it is.
# https://docs.github.com/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
_FOR_PIPELINES = frozenset(
    {"agent.buildkite.com", "app.terraform.io", "gitlab.com", "token.actions.githubusercontent.com"}
)
_SUBJECTS = ("", "repo:", "project_path:", "organization:")
"""What subjects begin with that is the same for everybody."""


class Trust(NamedTuple):
    """Who may take up a role besides the users and roles of its own account."""

    access: Access
    accounts_without_external_id: tuple[str, ...]
    """The other accounts that are let in without an external id."""
    whole_accounts: tuple[str, ...]
    """The other accounts anybody of which is let in to whom their own administrator gives it."""
    open_providers: tuple[str, ...]
    """The identity providers any of whose customers is let in, and not only those of one of them."""


def trust(said: Iterable[Statement], account: str) -> Trust:
    """Whom the trust policy of a role of this account lets in."""
    held = tuple(said)
    whom = access(held, account, actions=_TAKING_UP)
    return Trust(
        access=whom,
        accounts_without_external_id=tuple(
            number for number in whom.accounts if _lets_in(held, number, {_EXTERNAL_ID: (None,)})
        ),
        whole_accounts=tuple(
            number for number in whom.accounts if _lets_in(held, number, {}, name="role/nobody")
        ),
        open_providers=tuple(name for name in whom.providers if _open(held, name)),
    )


def _lets_in(said: tuple[Statement, ...], number: str, known: Context, *, name: str = "*") -> bool:
    """Whether somebody in an account is let in: of a certain name, or whomever the policy names."""
    whoever = SomeArn((f"arn:*:iam::{number}:{name}", f"arn:*:sts::{number}:{name}"))
    context: Context = {
        "aws:principalaccount": ((number,),),
        "aws:principalarn": ((whoever,),),
        "aws:principalisawsservice": (("false",),),
        **known,
    }
    return _any_left(said, partial(_is_in, number, named=name == "*"), context)


def _open(said: tuple[Statement, ...], provider: str) -> bool:
    """Whether somebody whom nobody knows comes in by a provider that serves others, too."""
    host = provider.partition(_OIDC)[2].lower() or provider.lower()
    if host in _FOR_APPLICATIONS:
        context: Context = {f"{host}:{claim}": ((_NOBODY,),) for claim in ("aud", "oaud", "sub")}
    elif host in _FOR_PIPELINES:
        somebody = SomeArn(tuple(f"{word}{_NOBODY}*" for word in _SUBJECTS))
        keys = {condition.key for statement in said for condition in statement.conditions}
        claims = {f"{host}:sub"} | {key for key in keys if key.startswith(f"{host}:")}
        context = dict.fromkeys(claims - {f"{host}:aud"}, ((somebody,),))
    else:
        return False
    return _any_left(said, partial(_is_provider, provider), context)


def _any_left(said: tuple[Statement, ...], matches: partial[bool | None], context: Context) -> bool:
    def applies(statement: Statement) -> bool | None:
        return every((iam.named(statement, matches), iam.under(context, statement)))

    return any(left.actions.meets(_TAKING_UP) for left in iam.remaining(said, applies))


def _is_in(number: str, principal: Principal, *, named: bool) -> bool | None:
    if principal.kind == "everyone" or (principal.account == number and principal.whole_account):
        return True
    return None if principal.account == number and named else False


def _is_provider(provider: str, principal: Principal) -> bool | None:
    return principal.kind == "everyone" or (principal.kind == "federated" and principal.name == provider)
