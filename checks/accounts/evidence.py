"""Accounts, compared to what they were in an earlier run."""

from collections.abc import Iterator
from datetime import datetime

from scanner import Evidence, check

from . import AwakenedUser

_USERS = "accounts.aws.iam_users"


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
