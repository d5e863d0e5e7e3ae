from dataclasses import replace

import pytest

from checks.accounts import CustomRole, RoleAssignment, SubscriptionAccess
from checks.accounts.azure import custom_roles, role_assignments, subscriptions
from scanner.testing import SUBSCRIPTION, TENANT, look, observe, world

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/read"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions/read"
SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = "/providers/Microsoft.Management/managementGroups/Clinic"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
ACCESS = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
EVERYTHING = "10000000-0000-4000-8000-000000000001"
NAMES = {
    OWNER: "Owner",
    READER: "Reader",
    CONTRIBUTOR: "Contributor",
    ACCESS: "User Access Administrator",
    EVERYTHING: "Everything",
}
ANN = "a0000000-0000-4000-8000-000000000001"
BEN = "b0000000-0000-4000-8000-000000000002"
ADMINS = "c0000000-0000-4000-8000-000000000003"
PIPELINE = "d0000000-0000-4000-8000-000000000004"
PARTNER = "e0000000-0000-4000-8000-000000000005"


def role(
    number: str,
    name: str,
    *actions: str,
    less: tuple[str, ...] = (),
    at: str = "/",
    kind: str = "BuiltInRole",
) -> dict[str, object]:
    return {
        "id": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{number}",
        "name": number,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": kind,
            "description": name,
            "assignableScopes": [at],
            "permissions": [
                {"actions": list(actions), "notActions": list(less), "dataActions": [], "notDataActions": []}
            ],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2021-11-11T20:13:28.6061853Z",
            "createdBy": None,
            "updatedBy": None,
        },
    }


def custom(number: str, name: str, *actions: str, at: str = SUB) -> dict[str, object]:
    return role(number, name, *actions, at=at, kind="CustomRole")


ROLES = [
    role(OWNER, "Owner", "*"),
    role(READER, "Reader", "*/read"),
    role(
        CONTRIBUTOR,
        "Contributor",
        "*",
        less=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    role(
        ACCESS,
        "User Access Administrator",
        "*/read",
        "Microsoft.Authorization/*",
        "Microsoft.Support/*",
    ),
    custom(EVERYTHING, "Everything", "*"),
    custom("10000000-0000-4000-8000-000000000002", "Locksmith", "Microsoft.Authorization/LOCKS/*"),
    custom(
        "10000000-0000-4000-8000-000000000003",
        "Role keeper",
        "Microsoft.Authorization/roleDefinitions/write",
        at=f"{SUB}/resourceGroups/EHR",
    ),
]


def assignment(
    number: int, who: str, kind: str, which: str, at: str = SUB, **more: object
) -> dict[str, object]:
    place = "" if at == "/" else at
    name = f"f0000000-0000-4000-8000-{number:012}"
    return {
        "id": f"{place}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            # Those of a management group name the role without a subscription.
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{which}",
            "principalId": who,
            "principalType": kind,
            "scope": at,
            "condition": None,
            "conditionVersion": None,
            "createdOn": "2024-03-01T09:00:00.0000000Z",
            "updatedOn": "2024-03-01T09:00:00.0000000Z",
            "createdBy": ANN,
            "updatedBy": ANN,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
            **more,
        },
    }


VAULT = f"{SUB}/resourceGroups/EHR/providers/Microsoft.KeyVault/vaults/Keys"
WORLD = {
    DEFINITIONS: ROLES,
    ASSIGNMENTS: [
        assignment(1, ANN, "User", OWNER),
        assignment(2, ANN, "User", OWNER, GROUP),
        assignment(3, ADMINS, "Group", OWNER, GROUP),
        assignment(4, PIPELINE, "ServicePrincipal", EVERYTHING),
        assignment(5, PARTNER, "ForeignGroup", READER, f"{SUB}/resourceGroups/EHR"),
        assignment(6, BEN, "User", CONTRIBUTOR),
        assignment(7, BEN, "User", ACCESS, "/"),
        assignment(8, BEN, "User", OWNER, VAULT),
        assignment(
            9,
            PIPELINE,
            "ServicePrincipal",
            ACCESS,
            condition="((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})))",
            conditionVersion="2.0",
        ),
    ],
}
for _check in (role_assignments, custom_roles, subscriptions):
    world(_check, WORLD)


def seen(number: int, principal: str, kind: str, which: str, scope: str) -> RoleAssignment:
    kept = {"user": "users", "group": "groups", "service-principal": "servicePrincipals"}.get(kind)
    place = "" if scope == "/" else scope
    return RoleAssignment(
        resource=f"{place}/providers/Microsoft.Authorization/roleAssignments/"
        f"f0000000-0000-4000-8000-{number:012}",
        tags={},
        links=(f"entra:{TENANT}/{kept}/{principal}",) if kept else (),
        principal_id=principal,
        principal_type=kind,
        role_name=NAMES[which],
        role_id=which,
        scope=scope,
        scope_kind="subscription",
        privileged=True,
        conditioned=False,
    )


def test_role_assignments() -> None:
    group = "/providers/microsoft.management/managementgroups/clinic"
    records = f"{SUB}/resourceGroups/ehr"
    vault = f"{records}/providers/Microsoft.KeyVault/vaults/keys"

    assert observe(role_assignments, WORLD) == [
        seen(1, ANN, "user", OWNER, SUB),
        replace(seen(2, ANN, "user", OWNER, group), scope_kind="management-group"),
        replace(seen(3, ADMINS, "group", OWNER, group), scope_kind="management-group"),
        seen(4, PIPELINE, "service-principal", EVERYTHING, SUB),
        replace(
            seen(5, PARTNER, "foreign-group", READER, records),
            scope_kind="resource-group",
            privileged=False,
        ),
        replace(seen(6, BEN, "user", CONTRIBUTOR, SUB), privileged=False),
        replace(seen(7, BEN, "user", ACCESS, "/"), scope_kind="root"),
        replace(seen(8, BEN, "user", OWNER, vault), scope_kind="resource"),
        replace(seen(9, PIPELINE, "service-principal", ACCESS, SUB), conditioned=True),
    ]


def test_a_role_that_is_not_listed_is_refused_of_that_assignment_only() -> None:
    gone = "99999999-0000-4000-8000-000000000009"
    sight = look(
        role_assignments,
        {
            DEFINITIONS: ROLES,
            ASSIGNMENTS: [assignment(1, ANN, "User", gone), assignment(2, BEN, "User", READER)],
        },
    )

    assert [facts.principal_id for facts in sight.facts] == [BEN]
    assert [refusal.error.detail for refusal in sight.refusals] == [
        "properties.roleDefinitionId is a str; expected a role that is listed in the subscription"
    ]


def test_custom_roles() -> None:
    def made(number: int, name: str, **more: object) -> CustomRole:
        plain = CustomRole(
            resource=f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/"
            f"10000000-0000-4000-8000-{number:012}",
            tags={},
            name=name,
            assignable_broadly=True,
            everything=False,
            privileged=False,
            administers_locks=False,
            assignments=0,
        )
        return replace(plain, **more)

    assert observe(custom_roles, WORLD) == [
        made(1, "Everything", everything=True, privileged=True, administers_locks=True, assignments=1),
        made(2, "Locksmith", administers_locks=True),
        made(3, "Role keeper", assignable_broadly=False, privileged=True),
    ]


def test_subscriptions() -> None:
    assert observe(subscriptions, WORLD) == [
        SubscriptionAccess(
            resource=SUB,
            owners=2,
            owner_groups=1,
            owner_service_principals=1,
            root_administrators=1,
            lock_roles=1,
        )
    ]


@pytest.mark.parametrize(
    ("kind", "owners", "groups", "programs"),
    [("User", 1, 0, 0), ("Group", 1, 1, 0), ("ForeignGroup", 1, 1, 0), ("ServicePrincipal", 0, 0, 1)],
)
def test_who_counts_as_an_owner(kind: str, owners: int, groups: int, programs: int) -> None:
    listed = [assignment(1, ANN, kind, OWNER), assignment(2, ANN, kind, OWNER, f"{SUB}/resourceGroups/x")]

    (facts,) = observe(subscriptions, {DEFINITIONS: ROLES, ASSIGNMENTS: listed})

    assert (facts.owners, facts.owner_groups, facts.owner_service_principals) == (owners, groups, programs)
