"""Azure's roles: what their patterns of actions allow.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

GIVING_ACCESS = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/roleAssignmentScheduleRequests/write",
    "Microsoft.Authorization/roleEligibilityScheduleRequests/write",
)
"""By each of these one gives access to oneself or others: by assignment, by a change of one's own role, or by
Privileged Identity Management."""

LOCKING = ("Microsoft.Authorization/locks/write", "Microsoft.Authorization/locks/delete")
"""What whoever administers locks has to do."""


class Permission(NamedTuple):
    """Actions, and those among them that are taken out again."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether an action is among them; each is a pattern in which a star is any text, slashes too."""
        return _any(self.actions, action) and not _any(self.not_actions, action)


def allows(role: Iterable[Permission], action: str) -> bool:
    """Whether a role allows an action: what one permission takes out, another may allow."""
    return any(permission.allows(action) for permission in role)


def allows_everything(role: Iterable[Permission]) -> bool:
    """Whether a role allows every action there is, as Owner does."""
    return any("*" in permission.actions and not permission.not_actions for permission in role)


def gives_access(role: Iterable[Permission]) -> bool:
    """Whether a role's holder may give access to others, and so to themselves what they have not."""
    held = tuple(role)
    return any(allows(held, action) for action in GIVING_ACCESS)


def administers_locks(role: Iterable[Permission]) -> bool:
    """Whether a role's holder may set locks and take them away."""
    held = tuple(role)
    return all(allows(held, action) for action in LOCKING)


def _any(patterns: Iterable[str], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE)
        for pattern in patterns
    )
