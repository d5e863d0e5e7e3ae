"""A Microsoft Graph: what each path holds, and which permissions it asks."""

import re
from dataclasses import dataclass, field
from typing import Any

from .answer import Answer, error, page, said

PERMISSIONS = (
    # As Microsoft's reference names the least application permission for each.
    (r"/applications(/[^/]+/owners)?", {"Application.Read.All"}),
    (
        r"/servicePrincipals(\(.+\)|/[^/]+/(owners|appRoleAssignedTo|appRoleAssignments))?",
        {"Application.Read.All"},
    ),
    (r"/identity/conditionalAccess/.+", {"Policy.Read.All"}),
    (r"/policies/.+", {"Policy.Read.All"}),
    (r"/reports/.+", {"AuditLog.Read.All"}),
    (r"/roleManagement/directory/.+", {"RoleManagement.Read.Directory"}),
    (r"/groups/[^/]+/transitiveMembers", {"GroupMember.Read.All"}),
    (r"/oauth2PermissionGrants", {"Directory.Read.All"}),
    (r"/users", {"User.Read.All"}),
)
PAGE = 100


@dataclass
class Graph:
    """A directory by paths, each a list of entries or one object."""

    entries: dict[str, Any] = field(default_factory=dict)
    granted: frozenset[str] | None = None
    """The permissions of whoever asks; None: every one that reads."""
    premium: bool = True
    """Whether the tenant has a licence for what not every tenant is told."""
    page_size: int = PAGE

    def answer(self, path: str, query: dict[str, list[str]], url: str) -> Answer:
        """What is answered to whoever has shown a token."""
        version, _, rest = path.lstrip("/").partition("/")
        rest = f"/{rest}"
        asked = next((names for pattern, names in PERMISSIONS if re.fullmatch(pattern, rest)), None)
        if version not in {"v1.0", "beta"} or asked is None:
            return error(400, "BadRequest", f"Resource not found for the segment '{rest}'.")
        selected = set(query.get("$select", [""])[0].split(","))
        needed = asked | ({"AuditLog.Read.All"} if "signInActivity" in selected else set())
        if self.granted is not None and not needed <= self.granted:
            return error(
                403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
            )
        if not self.premium and ("signInActivity" in selected or rest.startswith("/reports/")):
            told = "Neither tenant is B2C or tenant doesn't have premium license"
            return error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", told)
        held = self.entries.get(rest, [])
        if isinstance(held, Answer):
            return held
        if not isinstance(held, list):
            return said(held)
        start = int(query.get("$skiptoken", ["0"])[0])
        size = min(int(query.get("$top", [str(self.page_size)])[0]), self.page_size)
        more = "&".join(f"{name}={values[0]}" for name, values in query.items() if name != "$skiptoken")
        chosen = [_selected(each, selected) for each in held]
        return page(chosen, start, size, "@odata.nextLink", f"{url}{path}?{more}")


def _selected(entry: dict[str, Any], names: set[str]) -> dict[str, Any]:
    if names == {""}:
        return entry
    # What kind of entry it is, Graph tells unasked.
    return {name: value for name, value in entry.items() if name in names or name.startswith("@odata.")}
