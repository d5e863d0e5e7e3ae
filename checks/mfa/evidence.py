"""Multi-factor authentication of those who were given something elsewhere."""

from collections import defaultdict
from collections.abc import Iterator

from scanner import Evidence, Observation, check

from . import MachineUser

_ASSIGNMENTS = "accounts.azure.role_assignments"
_USERS = "mfa.entra.users"

_REACHING = frozenset(
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
        "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
        "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",  # Virtual Machine Contributor
        "1c0163c0-47e6-4577-8991-ea5c82e286e4",  # Virtual Machine Administrator Login
        "fb879df8-f326-4884-b1cf-06f3ad86be52",  # Virtual Machine User Login
        "602da2ba-a5c2-41da-b01d-5360126ab525",  # Virtual Machine Local User Login
        "a6333a3e-0164-44c3-b281-7a577aff287f",  # Windows Admin Center Administrator Login
    }
)
"""The built-in roles that let their holder sign in to machines, or run what they like on them.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/compute
"""
_SERVICES = frozenset({"service-principal", "device"})


@check(_ASSIGNMENTS, _USERS)
def azure_machine_users(evidence: Evidence) -> Iterator[MachineUser]:
    """Whether users who may sign in to Azure's virtual machines, or take them over, are asked for MFA.

    They have a role that lets them, or one by which they may give it to themselves; what a custom role allows
    besides is not looked at. The tenant has to be a target of the same run. Who is in a group that was given
    such a role is not known here: the group is unreadable. Accounts of a machine's own are another matter.
    """
    held: defaultdict[str, list[Observation]] = defaultdict(list)
    for assignment in evidence.all(_ASSIGNMENTS):
        facts = assignment.facts
        reaching = facts["role_id"] in _REACHING or facts["privileged"]
        if reaching and facts["principal_type"] not in _SERVICES:
            # A group of another tenant has no entry in this one.
            held[next(iter(assignment.links), assignment.resource)].append(assignment)
    users = evidence.join(_USERS, held)
    for who, assignments in sorted(held.items()):
        with evidence.reading(who):
            user = users.one(who, mend=f"scan the tenant of {who}; of a group, look who is in it")
            yield MachineUser(
                resource=who,
                links=tuple(sorted({assignment.resource for assignment in assignments})),
                mfa_active=user.facts["mfa_active"],
                active=user.facts["active"],
                guest=user.facts["guest"],
                roles=tuple(sorted({assignment.facts["role_name"] for assignment in assignments})),
                scopes=tuple(sorted({assignment.facts["scope"] for assignment in assignments})),
                mfa_for_azure_management=user.facts["mfa_for_azure_management"],
            )
