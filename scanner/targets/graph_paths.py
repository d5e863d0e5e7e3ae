"""What may be asked of Microsoft Graph: each permission and path, and how it is asked.

The permissions are the least application permissions that Microsoft's reference names for each path.
https://learn.microsoft.com/graph/permissions-reference
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote


class Reading(NamedTuple):
    """How a path is read."""

    query: Mapping[str, str] = {}
    """What is said with it: which properties, how many to a page."""
    also: tuple[str, ...] = ()
    """Permissions that it asks besides the one it is named with."""
    version: str = "v1.0"


_PAGE = {"$top": "999"}
_GUESTS = "id,userPrincipalName,displayName,accountEnabled,userType,externalUserState,createdDateTime"
_ESTABLISHED = (
    "id,appId,displayName,accountEnabled,appOwnerOrganizationId,servicePrincipalType,"
    "passwordCredentials,keyCredentials"
)

PATHS: dict[str, Reading] = {
    "Application.Read.All /applications": Reading(
        {"$select": "id,appId,displayName,signInAudience,createdDateTime,passwordCredentials,keyCredentials"}
        | _PAGE
    ),
    "Application.Read.All /applications/{id}/owners": Reading(),
    "Application.Read.All /servicePrincipals": Reading({"$select": _ESTABLISHED} | _PAGE),
    "Application.Read.All /servicePrincipals/{id}/appRoleAssignedTo": Reading(_PAGE),
    "Application.Read.All /servicePrincipals(appId='00000003-0000-0000-c000-000000000000')": Reading(
        {"$select": "id,appId,appRoles"}
    ),
    "AuditLog.Read.All /reports/authenticationMethods/userRegistrationDetails": Reading(_PAGE),
    "AuditLog.Read.All /reports/servicePrincipalSignInActivities": Reading(_PAGE, version="beta"),
    "AuditLog.Read.All /users": Reading(
        {"$select": f"{_GUESTS},signInActivity", "$top": "500"}, also=("User.Read.All",)
    ),
    "Directory.Read.All /oauth2PermissionGrants": Reading(_PAGE),
    "GroupMember.Read.All /groups/{id}/transitiveMembers": Reading({"$select": "id"} | _PAGE),
    "Policy.Read.All /identity/conditionalAccess/namedLocations": Reading(),
    "Policy.Read.All /identity/conditionalAccess/policies": Reading(),
    "Policy.Read.All /policies/authenticationMethodsPolicy": Reading(),
    "Policy.Read.All /policies/authorizationPolicy": Reading(),
    "Policy.Read.All /policies/crossTenantAccessPolicy/default": Reading(),
    "Policy.Read.All /policies/crossTenantAccessPolicy/partners": Reading(),
    "Policy.Read.All /policies/identitySecurityDefaultsEnforcementPolicy": Reading(),
    "RoleManagement.Read.Directory /roleManagement/directory/roleAssignments": Reading(
        {"$expand": "principal($select=id)"} | _PAGE
    ),
    "RoleManagement.Read.Directory /roleManagement/directory/roleDefinitions": Reading(),
    "RoleManagement.Read.Directory /roleManagement/directory/roleEligibilitySchedules": Reading(_PAGE),
    "User.Read.All /users": Reading({"$select": _GUESTS} | _PAGE),
}
"""Everything that a check may declare."""

GRAPH = "00000003-0000-0000-c000-000000000000"
"""The application id of Microsoft Graph, in every tenant and cloud."""
ROLES = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}
"""The ids of its application permissions."""

_NEED = re.compile(r"[A-Z][A-Za-z]+(\.[A-Za-z]+)+ /[A-Za-z]\S*", re.ASCII)


def refuse(need: str) -> str | None:
    """Why a check may not declare this need; None when it may."""
    if not _NEED.fullmatch(need) or ".Read" not in need:
        return f"{need} is not a permission to read and a path, as in Policy.Read.All /policies/..."
    if need not in PATHS:
        return f"{need} is not among the paths that may be read; known are {', '.join(PATHS)}"
    return None


def permission(need: str) -> str:
    """The permission that a need names."""
    return need.partition(" ")[0]


def permissions(need: str) -> tuple[str, ...]:
    """Every permission that a need asks."""
    return (permission(need), *PATHS[need].also)


def path(need: str, names: Mapping[str, str]) -> str:
    """The path that a need names, with names in it."""
    told = {name: quote(value, safe="") for name, value in names.items()}
    return f"/{PATHS[need].version}{need.partition(' ')[2].format_map(told)}"
