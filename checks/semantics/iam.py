"""Policy documents of AWS: what statements say, what is left of what they allow, and to whom they apply.

What is not known of a request is the caller's choice: a condition that may hold lets a statement that allows
apply, and one that denies not. What is said to be denied is denied; what is said to be allowed may, in rare
cases, need more than what was looked at.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from .iam_conditions import Condition, Context, conditions, every, some
from .iam_patterns import covers, overlap

__all__ = [
    "EVERYTHING",
    "Allowed",
    "Condition",
    "Context",
    "Document",
    "Names",
    "Principal",
    "PrincipalKind",
    "Statement",
    "denied",
    "named",
    "remaining",
    "statements",
    "unconditional",
    "under",
]

Document = str | Mapping[str, Any]
"""As JSON text, as IAM's URL-encoded text, or decoded already."""

PrincipalKind = Literal["everyone", "aws", "service", "federated", "canonical"]

_KINDS: dict[str, PrincipalKind] = {
    "aws": "aws",
    "service": "service",
    "federated": "federated",
    "canonicaluser": "canonical",
}
_ACCOUNT = re.compile(r"(?:arn:[^:]+:(?:iam|sts)::)?(\d{12})(?::(.+))?")


class Principal(NamedTuple):
    """Whom a statement of a resource's policy is about."""

    kind: PrincipalKind
    name: str
    """An account's number, an ARN, a service's or provider's name, as it is written; `*` for everyone."""

    @property
    def account(self) -> str | None:
        """The number of the account that it is, or is in; None where the name does not tell one."""
        match = _ACCOUNT.fullmatch(self.name) if self.kind == "aws" else None
        return match[1] if match else None

    @property
    def whole_account(self) -> bool:
        """Whether it is an account, and not somebody in it."""
        match = _ACCOUNT.fullmatch(self.name) if self.kind == "aws" else None
        return match is not None and match[2] in {None, "root"}


class Names(NamedTuple):
    """Actions or resources: those of some patterns, or all but those."""

    patterns: tuple[str, ...]
    but: bool = False

    def covers(self, other: "Names") -> bool:
        """Whether all of the others are among these."""
        if self.but and other.but:
            return all(any(covers(theirs, ours) for theirs in other.patterns) for ours in self.patterns)
        if self.but:
            return not any(overlap(ours, theirs) for ours in self.patterns for theirs in other.patterns)
        wanted = ("*",) if other.but else other.patterns
        return all(any(covers(ours, theirs) for ours in self.patterns) for theirs in wanted)

    def meets(self, other: "Names") -> bool:
        """Whether some of the others may be among these."""
        if self.but or other.but:
            return (self.but and other.but) or not (
                Names(self.patterns).covers(other) if self.but else Names(other.patterns).covers(self)
            )
        return any(overlap(ours, theirs) for ours in self.patterns for theirs in other.patterns)

    def less(self, other: "Names") -> Iterator["Names"]:
        """What is left of these without the others, or a little more."""
        if other.covers(self):
            return
        if not other.but or Names(other.patterns).covers(EVERYTHING):
            yield self
        elif self.but:
            for theirs in other.patterns:
                if not any(covers(ours, theirs) for ours in self.patterns):
                    yield Names((theirs,))
        else:
            for ours in self.patterns:
                for theirs in other.patterns:
                    if overlap(ours, theirs):
                        yield Names((ours if covers(theirs, ours) else theirs,))

    def apart(self) -> Iterator["Names"]:
        """One pattern at a time, where that means the same."""
        if self.but:
            yield self
        else:
            yield from (Names((pattern,)) for pattern in self.patterns)


EVERYTHING = Names(("*",))


class Statement(NamedTuple):
    """One statement of a document."""

    allow: bool
    principals: tuple[Principal, ...]
    """None in a policy of a user, group or role: it is about its holder."""
    but_principals: bool
    """Whether it is about everyone but these."""
    actions: Names
    """In lower case, as IAM compares them."""
    resources: Names
    conditions: tuple[Condition, ...]


class Allowed(NamedTuple):
    """Something that is allowed still."""

    actions: Names
    resources: Names
    statement: Statement
    """The one that allows it."""


def statements(document: Document) -> tuple[Statement, ...]:
    """A document's statements, in their order.

    Raises:
        ValueError: it is not JSON.
        KeyError: a statement has no effect; AWS takes none such.
    """
    decoded = _decoded(document) if isinstance(document, str) else document
    return tuple(_statement(entry) for entry in _listed(decoded.get("Statement")))


def remaining(
    said: Iterable[Statement],
    applies: Callable[[Statement], bool | None],
    actions: Names = EVERYTHING,
) -> Iterator[Allowed]:
    """What is allowed of some actions after all that is denied, by the statements that apply.

    `applies` answers None where it is the caller's choice. Where several statements deny only together what
    one allows, that is left.
    """
    held = tuple(said)
    denies = [statement for statement in held if not statement.allow and applies(statement)]
    for statement in held:
        if statement.allow and applies(statement) is not False:
            left = [
                (asked, resources)
                for allowed in statement.actions.apart()
                for asked in allowed.less(Names(actions.patterns, not actions.but))
                for resources in statement.resources.apart()
            ]
            for deny in denies:
                left = [piece for pair in left for piece in _less(*pair, deny)]
            yield from (Allowed(allowed, resources, statement) for allowed, resources in left)


def unconditional(statement: Statement) -> bool | None:
    """Whether a statement applies whatever the request; None where that is up to its conditions."""
    return None if statement.conditions else True


def under(context: Context, statement: Statement) -> bool | None:
    """Whether a statement's conditions hold of a request; see `iam_conditions.Context`."""
    return every(condition.holds(context) for condition in statement.conditions)


def denied(said: Iterable[Statement], action: str, resource: str, context: Context) -> bool:
    """Whether a resource's policy denies everybody some actions, each a pattern, on requests of this kind."""
    left = [(Names((action.lower(),)), Names((resource,)))]
    for statement in said:
        everyone = any(principal.kind == "everyone" for principal in statement.principals)
        if everyone and not (statement.allow or statement.but_principals) and under(context, statement):
            left = [piece for pair in left for piece in _less(*pair, statement)]
    return not left


def named(statement: Statement, matches: Callable[[Principal], bool | None]) -> bool | None:
    """Whether a statement is about somebody, who is known by which principals they are."""
    about = some(matches(principal) for principal in statement.principals)
    if not statement.but_principals:
        return about
    return None if about is None else not about


def _decoded(text: str) -> Mapping[str, Any]:
    decoded: Mapping[str, Any] = json.loads(text if text.lstrip().startswith("{") else unquote(text))
    return decoded


def _less(actions: Names, resources: Names, deny: Statement) -> Iterator[tuple[Names, Names]]:
    if deny.resources.covers(resources):
        yield from ((left, resources) for left in actions.less(deny.actions))
    elif deny.actions.covers(actions):
        yield from ((actions, left) for left in resources.less(deny.resources))
    else:
        yield actions, resources


def _statement(entry: Mapping[str, Any]) -> Statement:
    # The names of elements are written in any case.
    said = {name.lower(): value for name, value in entry.items()}
    but_principals = "notprincipal" in said
    return Statement(
        allow=said["effect"].lower() == "allow",
        principals=tuple(_principals(said.get("notprincipal" if but_principals else "principal"))),
        but_principals=but_principals,
        actions=_names(said, "action", lower=True),
        # A role's trust policy names no resource: it is about its role.
        resources=_names(said, "resource") if said.keys() & {"resource", "notresource"} else EVERYTHING,
        conditions=conditions(said.get("condition") or {}),
    )


def _names(said: Mapping[str, Any], element: str, *, lower: bool = False) -> Names:
    but = f"not{element}" in said
    listed = _listed(said.get(f"not{element}" if but else element))
    return Names(tuple(str(name).lower() if lower else str(name) for name in listed), but)


def _principals(said: Any) -> Iterator[Principal]:
    if said is None:
        return
    # In a resource's policy, {"AWS": "*"} is everyone, those without an account included.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    for kind, names in said.items() if isinstance(said, Mapping) else (("AWS", said),):
        for name in _listed(names):
            everyone = str(name) == "*"
            yield Principal("everyone" if everyone else _KINDS[kind.lower()], str(name))


def _listed(said: Any) -> Sequence[Any]:
    if said is None:
        return ()
    return said if isinstance(said, list | tuple) else (said,)
