from checks.third_party import Delegation, ForeignGroup
from checks.third_party.azure import ASSIGNMENTS, DEFINITIONS, DELEGATIONS, delegations, foreign_groups
from scanner.testing import SUBSCRIPTION, look, observe, world

SUB = f"/subscriptions/{SUBSCRIPTION}"
PROVIDER = "83abe5cd-bcc3-441a-bd86-e6a75360cecc"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACCESS = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
UNKNOWN = "99999999-0000-4000-8000-000000000009"
PARTNERS = "e0000000-0000-4000-8000-000000000005"
SUPPORT = "f98d86a2-4cc4-4e9d-ad47-b3e80a1bcdfc"


def role(number: str, name: str, *actions: str) -> dict[str, object]:
    return {
        "id": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{number}",
        "name": number,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "description": name,
            "assignableScopes": ["/"],
            "permissions": [
                {"actions": list(actions), "notActions": [], "dataActions": [], "notDataActions": []}
            ],
        },
    }


ROLES = [
    role(OWNER, "Owner", "*"),
    role(READER, "Reader", "*/read"),
    role(ACCESS, "User Access Administrator", "*/read", "Microsoft.Authorization/*"),
]


def authorization(which: str, **more: object) -> dict[str, object]:
    return {"principalId": SUPPORT, "principalIdDisplayName": "Support", "roleDefinitionId": which, **more}


def delegation(number: int, *authorizations: object, **more: object) -> dict[str, object]:
    name = f"f0000000-0000-4000-8000-{number:012}"
    definition = f"{SUB}/providers/Microsoft.ManagedServices/registrationDefinitions/{name}"
    return {
        "id": f"{SUB}/providers/Microsoft.ManagedServices/registrationAssignments/{name}",
        "name": name,
        "type": "Microsoft.ManagedServices/registrationAssignments",
        "properties": {
            "registrationDefinitionId": definition,
            "provisioningState": "Succeeded",
            "registrationDefinition": {
                "id": definition,
                "name": name,
                "type": "Microsoft.ManagedServices/registrationDefinitions",
                "properties": {
                    "description": "Billing runs",
                    "registrationDefinitionName": "Care of billing",
                    "authorizations": list(authorizations),
                    "managedByTenantId": PROVIDER.upper(),
                    "managedByTenantName": "Contoso Corp.",
                    "manageeTenantId": "01c0bcd5-4f47-4e4b-b492-418b7e2a8854",
                    "provisioningState": "Succeeded",
                    **more,
                },
            },
        },
    }


DELEGATED = world(
    delegations,
    {
        DEFINITIONS: ROLES,
        DELEGATIONS: [
            delegation(
                1,
                authorization(READER),
                authorization(ACCESS, delegatedRoleDefinitionIds=[READER]),
                eligibleAuthorizations=[
                    authorization(
                        OWNER,
                        justInTimeAccessPolicy={
                            "multiFactorAuthProvider": "Azure",
                            "maximumActivationDuration": "PT8H",
                        },
                    )
                ],
            ),
            delegation(2, authorization(UNKNOWN), authorization(READER), managedByTenantName=None),
        ],
    },
)


def test_delegations() -> None:
    def seen(number: int, name: str | None, roles: list[str], eligible: list[str], *, gives: bool) -> object:
        return Delegation(
            resource=f"{SUB}/providers/Microsoft.ManagedServices/registrationAssignments/"
            f"f0000000-0000-4000-8000-{number:012}",
            tags={},
            name="Care of billing",
            managing_tenant=PROVIDER,
            managing_name=name,
            roles=tuple(roles),
            eligible_roles=tuple(eligible),
            gives_access=gives,
        )

    assert observe(delegations, DELEGATED) == [
        seen(1, "Contoso Corp.", ["Reader", "User Access Administrator"], ["Owner"], gives=True),
        seen(2, None, [UNKNOWN, "Reader"], [], gives=False),
    ]


def test_a_delegation_without_its_offer_is_refused() -> None:
    bare = delegation(1)
    bare["properties"] = {"registrationDefinitionId": "/x", "provisioningState": "Succeeded"}

    sight = look(delegations, {DEFINITIONS: ROLES, DELEGATIONS: [bare]})

    assert sight.facts == []
    assert [refusal.error.detail for refusal in sight.refusals] == [
        "properties.registrationDefinition.properties.managedByTenantId is missing; expected a text"
    ]


def assignment(number: int, kind: str, which: str, at: str) -> dict[str, object]:
    name = f"f0000000-0000-4000-8000-{number:012}"
    return {
        "id": f"{'' if at == '/' else at}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{which}",
            "principalId": PARTNERS,
            "principalType": kind,
            "scope": at,
        },
    }


FOREIGN = world(
    foreign_groups,
    {
        DEFINITIONS: ROLES,
        ASSIGNMENTS: [
            assignment(1, "ForeignGroup", READER, f"{SUB}/resourceGroups/EHR"),
            assignment(2, "Group", OWNER, SUB),
            assignment(3, "ForeignGroup", OWNER, "/"),
        ],
    },
)


def test_foreign_groups() -> None:
    def seen(number: int, at: str, name: str, scope: str, *, privileged: bool) -> ForeignGroup:
        return ForeignGroup(
            resource=f"{at}/providers/Microsoft.Authorization/roleAssignments/"
            f"f0000000-0000-4000-8000-{number:012}",
            tags={},
            principal_id=PARTNERS,
            role_name=name,
            scope=scope,
            privileged=privileged,
        )

    group = f"{SUB}/resourceGroups/ehr"
    assert observe(foreign_groups, FOREIGN) == [
        seen(1, group, "Reader", group, privileged=False),
        seen(3, "", "Owner", "/", privileged=True),
    ]


def test_a_foreign_group_with_an_unknown_role_is_refused() -> None:
    sight = look(
        foreign_groups,
        {DEFINITIONS: ROLES, ASSIGNMENTS: [assignment(1, "ForeignGroup", UNKNOWN, SUB)]},
    )

    assert (sight.facts, len(sight.refusals)) == ([], 1)
