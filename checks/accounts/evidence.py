"""Accounts, compared to what they were in an earlier run, and joined to what they were given elsewhere."""

from collections.abc import Iterator
from datetime import datetime

from scanner import Evidence, Observation, check

from . import AwakenedUser, RoleHolder

_USERS = "accounts.aws.iam_users"
_ASSIGNMENTS = "accounts.azure.role_assignments"
_ACCOUNTS = "accounts.entra.users"


@check(_USERS)
def awakened_users(evidence: Evidence) -> Iterator[AwakenedUser]:
    """IAM users who were used since the run before, and for how long they had not been then.

    Nobody watches an account that sleeps, and one that comes alive after a season may have a new owner. One
    observation for each user of both runs who was used in between; a user who was deleted and made again is
    another one. Who is active every day has slept for 0 days.
    """
    before = {(user.resource, user.facts["created_at"]): user for user in evidence.before(_USERS)}
    for user in evidence.all(_USERS):
        was = before.get((user.resource, user.facts["created_at"]))
        if was is None or user.facts["last_used_at"] is None:
            continue
        seen_at = datetime.fromisoformat(was.facts["last_seen_at"])
        used_at = datetime.fromisoformat(user.facts["last_used_at"])
        if used_at > seen_at:
            yield AwakenedUser(
                resource=user.resource,
                links=user.links,
                seen_before_at=seen_at,
                last_used_at=used_at,
                dormant_days=(min(was.at, used_at) - seen_at).days,
            )


@check(_ASSIGNMENTS, _ACCOUNTS)
def role_holders(evidence: Evidence) -> Iterator[RoleHolder]:
    """Whose the accounts are that were given roles on Azure: guests, members, and who may not sign in.

    One observation for each assignment to a user; of what was given above several subscriptions, one for all
    of them. The subscription and its Entra tenant have to be targets of the same run. Who has a role by a
    group is not told.
    """
    assignments = {
        assignment.resource: assignment
        for assignment in evidence.all(_ASSIGNMENTS)
        if assignment.facts["principal_type"] == "user"
    }
    accounts = evidence.join(_ACCOUNTS, {_holder(assignment) for assignment in assignments.values()})
    for assignment in assignments.values():
        with evidence.reading(assignment.resource):
            holder = _holder(assignment)
            account = accounts.one(
                holder, mend=f"scan the tenant of {holder}; if the user is deleted, take the assignment away"
            )
            yield RoleHolder(
                resource=assignment.resource,
                links=assignment.links,
                name=account.facts["name"],
                active=account.facts["active"],
                guest=account.facts["guest"],
                role_name=assignment.facts["role_name"],
                scope_kind=assignment.facts["scope_kind"],
                privileged=assignment.facts["privileged"],
            )


def _holder(assignment: Observation) -> str:
    return assignment.links[0]
