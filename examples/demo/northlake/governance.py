"""Who may do what in the subscription, what Defender for Cloud watches, and who is told."""

from collections.abc import Iterator
from datetime import datetime

from .parts import HERE, TENANT, Held, ago, below, called, number

_AUTHORIZATION = "Microsoft.Authorization"
_ROLES = {
    "Owner": ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ["*"]),
    "Contributor": ("b24988ac-6180-42a0-ab88-20f7382dd24c", ["*"]),
    "Reader": ("acdd72a7-3385-48ef-bd42-f606fba81ae7", ["*/read"]),
    "User Access Administrator": ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", ["*/read", f"{_AUTHORIZATION}/*"]),
    "Security Reader": ("39bc4728-0917-49c7-9d2c-d95423bc2eb4", ["Microsoft.Security/*/read", "*/read"]),
}
_NOT_A_CONTRIBUTORS = [f"{_AUTHORIZATION}/*/Delete", f"{_AUTHORIZATION}/*/Write"]
_BENCHMARK = "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8"


def resources(now: datetime) -> Iterator[Held]:
    """Roles, policies, Defender and its mails."""
    yield from _definitions()
    yield from _assignments(now)
    yield _lighthouse()
    yield below(
        HERE,
        f"{_AUTHORIZATION}/policyAssignments",
        "asc-default",
        {
            "policyDefinitionId": _BENCHMARK,
            "scope": HERE,
            "enforcementMode": "Default",
            "notScopes": [f"{HERE}/resourceGroups/legacy"],
        },
    )
    yield from _defender()


def _definitions() -> Iterator[Held]:
    for name, (role, actions) in _ROLES.items():
        yield _definition(name, role, actions, built_in=True)
    # Made for an emergency, and kept.
    yield _definition("Interface engine (temporary)", number("temporary"), ["*"], built_in=False)


def _definition(name: str, role: str, actions: list[str], *, built_in: bool) -> Held:
    unless = _NOT_A_CONTRIBUTORS if name == "Contributor" else []
    permission = {"actions": actions, "notActions": unless, "dataActions": [], "notDataActions": []}
    return below(
        HERE,
        f"{_AUTHORIZATION}/roleDefinitions",
        role,
        {
            "roleName": name,
            "type": "BuiltInRole" if built_in else "CustomRole",
            "description": name,
            "assignableScopes": ["/" if built_in else HERE],
            "permissions": [permission],
        },
    )


def _assignments(now: datetime) -> Iterator[Held]:
    """Too many owners, of whom one has left; a vendor's guest; a program that may do everything."""
    group = f"{HERE}/resourceGroups/ehr"
    for who, kind, role, scope in (
        ("amelia.okafor", "User", "Owner", HERE),
        ("bernard.lindqvist", "User", "Owner", HERE),
        ("chen.wei", "User", "Owner", HERE),
        ("dolores.haze", "User", "Owner", HERE),
        ("interface-engine", "ServicePrincipal", "Contributor", HERE),
        ("backup-administrators", "Group", "Contributor", f"{HERE}/resourceGroups/stores"),
        ("support@imaging-vendor.example", "User", "User Access Administrator", group),
        ("auditors", "Group", "Reader", HERE),
        ("farid.nasser", "User", "Reader", HERE),
    ):
        name = number(f"{who}-{role}")
        yield below(
            scope,
            f"{_AUTHORIZATION}/roleAssignments",
            name,
            {
                "roleDefinitionId": f"{HERE}/providers/{_AUTHORIZATION}/roleDefinitions/{_ROLES[role][0]}",
                "principalId": number(who),
                "principalType": kind,
                "scope": scope,
                "condition": None,
                "createdOn": ago(now, 400),
                "updatedOn": ago(now, 400),
            },
        )


def _lighthouse() -> Held:
    """A service provider who may change everything, at any time."""
    definition = number("lighthouse")
    kind = "Microsoft.ManagedServices/registrationDefinitions"
    return below(
        HERE,
        "Microsoft.ManagedServices/registrationAssignments",
        number("lighthouse-assignment"),
        {
            "registrationDefinitionId": f"{HERE}/providers/{kind}/{definition}",
            "provisioningState": "Succeeded",
            "registrationDefinition": {
                "id": f"{HERE}/providers/{kind}/{definition}",
                "name": definition,
                "type": kind,
                "properties": {
                    "registrationDefinitionName": "Care of the laboratory's systems",
                    "description": "Everything in the laboratory, day and night",
                    "managedByTenantId": number("managed-services"),
                    "managedByTenantName": "Lakeside Managed Services",
                    "manageeTenantId": TENANT,
                    "provisioningState": "Succeeded",
                    "authorizations": [
                        {
                            "principalId": number("lakeside-engineers"),
                            "principalIdDisplayName": "Engineers",
                            "roleDefinitionId": _ROLES["Contributor"][0],
                        }
                    ],
                },
            },
        },
    )


def _defender() -> Iterator[Held]:
    for plan, on, sub_plan in (
        ("VirtualMachines", True, "P2"),
        ("SqlServers", True, None),
        ("KeyVaults", True, "PerKeyVault"),
        ("Arm", True, "PerSubscription"),
        ("StorageAccounts", False, None),
        ("Containers", False, None),
        ("AppServices", False, None),
    ):
        more = {"subPlan": sub_plan} if sub_plan else {}
        tier = {"pricingTier": "Standard" if on else "Free", "freeTrialRemainingTime": "PT0S"}
        yield below(HERE, "Microsoft.Security/pricings", plan, tier | more)
    for setting in ("WDATP", "MCAS"):
        enabled = {"enabled": setting == "WDATP"}
        yield below(HERE, "Microsoft.Security/settings", setting, enabled, kind="DataExportSettings")
    yield below(
        HERE,
        "Microsoft.Security/securityContacts",
        "default",
        {
            "isEnabled": True,
            "emails": "security@northlake.example",
            "phone": "",
            "notificationsByRole": {"state": "On", "roles": ["Owner"]},
            "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
        },
    )
    for kind, name, title, healthy in (
        ("Microsoft.Compute/virtualMachines", "ehr-app-1", "EDR should be installed", True),
        (
            "Microsoft.Compute/virtualMachines",
            "vendor-jump",
            "Machines should be restarted to apply updates",
            False,
        ),
        ("Microsoft.Compute/virtualMachines", "lab-gateway", "EDR should be installed", False),
    ):
        of = called("ehr", kind, name)
        yield below(
            of,
            "Microsoft.Security/assessments",
            number(f"{name}-{title}"),
            {
                "displayName": title,
                "status": {"code": "Healthy" if healthy else "Unhealthy"},
                "resourceDetails": {"source": "Azure", "id": of},
            },
        )
