from typing import Any

from checks.accounts import RoleAssignment
from checks.mfa import DirectoryUser, MachineUser
from checks.mfa.evidence import azure_machine_users
from scanner.model import Reason
from scanner.testing import SUBSCRIPTION, TENANT, look, observe, world

ASSIGNMENTS, USERS = azure_machine_users.needs
SUB = f"/subscriptions/{SUBSCRIPTION}"
MACHINE = f"{SUB}/resourcegroups/ehr/providers/Microsoft.Compute/virtualMachines/ehr-1"
PEOPLE = f"entra:{TENANT}/users/"
LOGIN = "fb879df8-f326-4884-b1cf-06f3ad86be52"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACCESS = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
NAMES = {
    LOGIN: "Virtual Machine User Login",
    OWNER: "Owner",
    READER: "Reader",
    ACCESS: "User Access Administrator",
}


def assignment(number: int, who: str, role: str, scope: str = SUB, **more: Any) -> RoleAssignment:
    told: dict[str, Any] = {
        "resource": f"{SUB}/providers/Microsoft.Authorization/roleAssignments/{number}",
        "links": (PEOPLE + who,),
        "principal_id": who,
        "principal_type": "user",
        "role_name": NAMES[role],
        "role_id": role,
        "scope": scope,
        "scope_kind": "subscription" if scope == SUB else "resource",
        "privileged": role in {OWNER, ACCESS},
        "conditioned": False,
    }
    return RoleAssignment(**told | more)


def user(who: str, *, asked: bool, **more: Any) -> DirectoryUser:
    told: dict[str, Any] = {
        "resource": PEOPLE + who,
        "name": f"{who}@clinic.example",
        "active": True,
        "guest": False,
        "privileged_roles": (),
        "privileged": False,
        "mfa_active": asked,
        "required_by": "conditional-access" if asked else None,
        "excluded_from": (),
        "phishing_resistant": False,
        "mfa_for_azure_management": asked,
        "legacy_authentication_blocked": asked,
    }
    return DirectoryUser(**told | more)


WORLD = world(
    azure_machine_users,
    {
        ASSIGNMENTS: [
            assignment(1, "ann", OWNER),
            assignment(2, "ann", LOGIN, MACHINE),
            assignment(3, "ben", LOGIN, MACHINE),
            assignment(4, "cat", READER),
            assignment(5, "dan", ACCESS),
            assignment(6, "robot", OWNER, principal_type="service-principal"),
        ],
        USERS: [
            user("ann", asked=True),
            user("ben", asked=False, active=False, mfa_for_azure_management=True),
            user("cat", asked=False),
            user("dan", asked=True, guest=True),
        ],
    },
)


def machine_user(who: str, *assignments: int, **more: Any) -> MachineUser:
    told: dict[str, Any] = {
        "resource": PEOPLE + who,
        "links": tuple(
            f"{SUB}/providers/Microsoft.Authorization/roleAssignments/{number}" for number in assignments
        ),
        "mfa_active": True,
        "active": True,
        "guest": False,
        "scopes": (SUB,),
        "mfa_for_azure_management": True,
    }
    return MachineUser(**told | more)


def test_who_may_sign_in_to_machines_and_what_is_asked_of_them() -> None:
    assert observe(azure_machine_users, WORLD) == [
        machine_user("ann", 1, 2, roles=("Owner", "Virtual Machine User Login"), scopes=(SUB, MACHINE)),
        machine_user(
            "ben", 3, roles=("Virtual Machine User Login",), scopes=(MACHINE,), mfa_active=False, active=False
        ),
        machine_user("dan", 5, roles=("User Access Administrator",), guest=True),
    ]


def test_a_group_is_unreadable_and_so_is_whoever_was_not_seen() -> None:
    group = f"entra:{TENANT}/groups/team"
    told = [
        assignment(1, "team", OWNER, principal_type="group", links=(group,)),
        assignment(2, "elsewhere", OWNER, principal_type="foreign-group", links=()),
        assignment(3, "zoe", OWNER),
        assignment(4, "ann", OWNER),
    ]

    sight = look(azure_machine_users, {ASSIGNMENTS: told, USERS: WORLD[USERS]})

    assert [facts.resource for facts in sight.facts] == [f"{PEOPLE}ann"]
    assert [(refusal.resource, refusal.error.reason) for refusal in sight.refusals] == [
        (told[1].resource, Reason.NOT_COLLECTED),
        (group, Reason.NOT_COLLECTED),
        (f"{PEOPLE}zoe", Reason.NOT_COLLECTED),
    ]
