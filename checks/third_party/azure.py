"""Third parties on Azure: who from another tenant has roles on a subscription."""

from collections.abc import Iterator

from scanner import AzureSubscription, Fields, Resource, check

from ..semantics import azure_roles
from ..semantics.azure_roles import Permission
from . import Delegation, ForeignGroup

DELEGATIONS = "Microsoft.ManagedServices/registrationAssignments/read"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/read"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions/read"

_FOREIGN = "foreigngroup"


@check(DELEGATIONS, DEFINITIONS)
def delegations(subscription: AzureSubscription) -> Iterator[Delegation]:
    """Which service providers manage the subscription by Azure Lighthouse, and in which roles.

    Azure keeps these roles apart from all others. Of what was delegated in a resource group only, it tells
    where that group is asked, which is not done here.
    """
    names = {_last(role.id): role.text("properties.roleName") for role in subscription.all(DEFINITIONS)}
    for assignment in subscription.all(DELEGATIONS):
        with subscription.reading(assignment.id):
            offer = assignment.part("properties.registrationDefinition.properties")
            permanent = offer.parts("authorizations")
            yield Delegation(
                **assignment.about,
                name=offer.text("registrationDefinitionName", ""),
                managing_tenant=offer.text("managedByTenantId").lower(),
                managing_name=offer.text("managedByTenantName", None),
                roles=_roles(permanent, names),
                eligible_roles=_roles(offer.parts("eligibleAuthorizations"), names),
                # https://learn.microsoft.com/azure/lighthouse/how-to/deploy-policy-remediation
                gives_access=any(one.texts("delegatedRoleDefinitionIds") for one in permanent),
            )


@check(ASSIGNMENTS, DEFINITIONS)
def foreign_groups(subscription: AzureSubscription) -> Iterator[ForeignGroup]:
    """Which groups of other tenants were given roles on the subscription, or on what is in it or above it."""
    roles = {_last(role.id): role for role in subscription.all(DEFINITIONS)}
    for assignment in subscription.all(ASSIGNMENTS):
        with subscription.reading(assignment.id):
            if assignment.text("properties.principalType").lower() == _FOREIGN:
                role = roles.get(_last(assignment.text("properties.roleDefinitionId")))
                if role is None:
                    raise assignment.strange("properties.roleDefinitionId", "a role that is listed")
                yield ForeignGroup(
                    **assignment.about,
                    principal_id=assignment.text("properties.principalId").lower(),
                    role_name=role.text("properties.roleName"),
                    scope=subscription.resource(assignment.text("properties.scope")) or "/",
                    privileged=azure_roles.gives_access(_permissions(role)),
                )


def _roles(authorizations: list[Fields], names: dict[str, str]) -> tuple[str, ...]:
    """Their names; one that is not among the subscription's roles keeps its id."""
    given = {_last(one.text("roleDefinitionId")) for one in authorizations}
    return tuple(sorted(names.get(role, role) for role in given))


def _permissions(role: Resource) -> tuple[Permission, ...]:
    return tuple(
        Permission(permission.texts("actions"), permission.texts("notActions"))
        for permission in role.parts("properties.permissions")
    )


def _last(path: str) -> str:
    return path.rpartition("/")[2].lower()
