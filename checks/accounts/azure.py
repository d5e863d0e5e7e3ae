"""Accounts on Azure: who was given which role on a subscription.

Roles that a service provider has by Azure Lighthouse are in `third_party.azure.delegations`: Azure does not
list them with the others. Nor does it list those who may take up a role by Privileged Identity Management,
but for as long as they have taken it up. Classic administrators are not asked for: their access ended with
that model. https://learn.microsoft.com/azure/role-based-access-control/classic-administrators
"""

from collections.abc import Iterator
from typing import Literal

from scanner import AzureSubscription, Resource, check

from ..semantics import azure_roles
from ..semantics.azure_roles import Permission
from . import CustomRole, RoleAssignment, SubscriptionAccess

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/read"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions/read"

Holder = Literal["user", "group", "service-principal", "foreign-group", "device"]
Kind = Literal["root", "management-group", "subscription", "resource-group", "resource"]

_HOLDERS: dict[str, Holder] = {
    "User": "user",
    "Group": "group",
    "ServicePrincipal": "service-principal",
    "ForeignGroup": "foreign-group",
    "Device": "device",
}
_DIRECTORY = {"user": "users", "group": "groups", "service-principal": "servicePrincipals"}
"""Where the tenant's directory keeps them."""
_CUSTOM = {"CustomRole": True, "BuiltInRole": False}


@check(ASSIGNMENTS, DEFINITIONS)
def role_assignments(subscription: AzureSubscription) -> Iterator[RoleAssignment]:
    """Who was given which role on the subscription, on anything in it, and on what is above it.

    Whoever is in a group has what the group was given; the group is what is named here.
    """
    roles = _roles(subscription)
    for assignment in subscription.all(ASSIGNMENTS):
        with subscription.reading(assignment.id):
            yield _assignment(subscription, assignment, _role(assignment, roles))


@check(DEFINITIONS, ASSIGNMENTS)
def custom_roles(subscription: AzureSubscription) -> Iterator[CustomRole]:
    """What roles allow that the customer made and that can be given in the subscription.

    What a role allows with data, in its data actions, is not looked at.
    """
    used = [_last(each.text("properties.roleDefinitionId")) for each in subscription.all(ASSIGNMENTS)]
    for role in subscription.all(DEFINITIONS):
        with subscription.reading(role.id):
            if role.word("properties.type", _CUSTOM):
                permissions = _permissions(role)
                yield CustomRole(
                    **role.about,
                    name=role.text("properties.roleName"),
                    assignable_broadly=any(
                        _scope_kind(scope) in {"root", "management-group", "subscription"}
                        for scope in role.texts("properties.assignableScopes")
                    ),
                    everything=azure_roles.allows_everything(permissions),
                    privileged=azure_roles.gives_access(permissions),
                    administers_locks=azure_roles.administers_locks(permissions),
                    assignments=used.count(_last(role.id)),
                )


@check(ASSIGNMENTS, DEFINITIONS)
def subscriptions(subscription: AzureSubscription) -> Iterator[SubscriptionAccess]:
    """How many own the subscription, directly or by what is above it, and how many decide above it.

    An owner has the role Owner, or another one that allows everything, on the whole subscription.
    """
    roles = _roles(subscription)
    owners: set[tuple[Holder, str]] = set()
    above: set[str] = set()
    for assignment in subscription.all(ASSIGNMENTS):
        permissions = _permissions(_role(assignment, roles))
        principal = assignment.text("properties.principalId").lower()
        kind = _scope_kind(assignment.text("properties.scope"))
        if kind not in {"resource-group", "resource"} and azure_roles.allows_everything(permissions):
            owners.add((assignment.word("properties.principalType", _HOLDERS), principal))
        if kind == "root" and azure_roles.gives_access(permissions):
            above.add(principal)
    kinds = [kind for kind, _ in owners]
    groups = kinds.count("group") + kinds.count("foreign-group")
    yield SubscriptionAccess(
        resource=subscription.id,
        owners=kinds.count("user") + groups,
        owner_groups=groups,
        owner_service_principals=kinds.count("service-principal"),
        root_administrators=len(above),
        lock_roles=sum(_locks_only(role) for role in roles.values()),
    )


def _roles(subscription: AzureSubscription) -> dict[str, Resource]:
    """Every role that can be given in the subscription, by the last word of its id; the rest varies."""
    return {_last(role.id): role for role in subscription.all(DEFINITIONS)}


def _role(assignment: Resource, roles: dict[str, Resource]) -> Resource:
    role = roles.get(_last(assignment.text("properties.roleDefinitionId")))
    if role is None:
        raise assignment.strange("properties.roleDefinitionId", "a role that is listed in the subscription")
    return role


def _assignment(subscription: AzureSubscription, assignment: Resource, role: Resource) -> RoleAssignment:
    principal = assignment.text("properties.principalId").lower()
    holder = assignment.word("properties.principalType", _HOLDERS)
    kept = _DIRECTORY.get(holder)
    return RoleAssignment(
        **assignment.about,
        links=(f"entra:{subscription.tenant}/{kept}/{principal}",) if kept else (),
        principal_id=principal,
        principal_type=holder,
        role_name=role.text("properties.roleName"),
        role_id=_last(role.id),
        scope=subscription.resource(assignment.text("properties.scope")) or "/",
        scope_kind=_scope_kind(assignment.text("properties.scope")),
        privileged=azure_roles.gives_access(_permissions(role)),
        conditioned=bool(assignment.text("properties.condition", "")),
    )


def _permissions(role: Resource) -> tuple[Permission, ...]:
    return tuple(
        Permission(permission.texts("actions"), permission.texts("notActions"))
        for permission in role.parts("properties.permissions")
    )


def _locks_only(role: Resource) -> bool:
    permissions = _permissions(role)
    custom = role.word("properties.type", _CUSTOM)
    return custom and azure_roles.administers_locks(permissions) and not azure_roles.gives_access(permissions)


def _scope_kind(scope: str) -> Kind:
    match scope.strip("/").lower().split("/"):
        case [""]:
            return "root"
        case ["subscriptions", _]:
            return "subscription"
        case ["subscriptions", _, "resourcegroups", _]:
            return "resource-group"
        case ["providers", "microsoft.management", "managementgroups", _]:
            return "management-group"
        case _:
            return "resource"


def _last(path: str) -> str:
    return path.rpartition("/")[2].lower()
