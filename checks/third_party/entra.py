"""Third parties in Entra: guests, other organisations, and their applications."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, TypedDict

from scanner import EntraTenant, Entry, Fields, check

from ..semantics.entra import CONTENT_PERMISSIONS, DIRECTORY_PERMISSIONS, PRIVILEGED_ROLES, foreign
from . import (
    ConsentedApplication,
    ForeignApplication,
    GuestRoles,
    GuestUser,
    InboundAccess,
    OwnedApplication,
    Partner,
)

USERS = "User.Read.All /users"
ROLES = "RoleManagement.Read.Directory /roleManagement/directory/roleDefinitions"
HELD = "RoleManagement.Read.Directory /roleManagement/directory/roleAssignments"
MEMBERS = "GroupMember.Read.All /groups/{id}/transitiveMembers"
DEFAULT = "Policy.Read.All /policies/crossTenantAccessPolicy/default"
PARTNERS = "Policy.Read.All /policies/crossTenantAccessPolicy/partners"
REGISTERED = "Application.Read.All /applications"
OWNERS = "Application.Read.All /applications/{id}/owners"
ESTABLISHED = "Application.Read.All /servicePrincipals"
GRAPH = "Application.Read.All /servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
GRANTED = "Application.Read.All /servicePrincipals/{id}/appRoleAssignedTo"
CONSENTS = "Directory.Read.All /oauth2PermissionGrants"

# Users from before may have no date. https://learn.microsoft.com/graph/api/resources/user
_UNDATED = datetime(2018, 6, 1, tzinfo=UTC)
_TYPES = {"Guest": True, "Member": False}
_INVITED = "#EXT#"
_EVERYBODY = "AllPrincipals"

Invitation = Literal["accepted", "pending"]
Reach = Literal["everybody", "some", "nobody"]

_STATES: dict[str, Invitation] = {"Accepted": "accepted", "PendingAcceptance": "pending"}
_ACCESS = {"allowed": True, "blocked": False}
_ALL = {"AllUsers", "AllApplications"}


class _Inbound(TypedDict):
    collaboration: Reach
    direct_connect: Reach
    mfa_trusted: bool
    devices_trusted: bool


@check(USERS)
def guests(tenant: EntraTenant) -> Iterator[GuestUser]:
    """Which guests have an account in the directory, and whether they took up their invitation.

    When they last signed in is in accounts.entra.sign_ins.
    """
    for user in tenant.all(USERS):
        with tenant.reading(tenant.resource("users", user.id)):
            if _guest(user):
                name = user.text("userPrincipalName")
                yield GuestUser(
                    resource=tenant.resource("users", user.id),
                    name=name,
                    home_domain=_home(name),
                    active=user.flag("accountEnabled"),
                    invitation=user.word("externalUserState", _STATES, None),
                    created_at=user.moment("createdDateTime", _UNDATED),
                )


@check(USERS, HELD, ROLES, MEMBERS)
def guest_roles(tenant: EntraTenant) -> Iterator[GuestRoles]:
    """Which roles guests have in the directory, by themselves or by a group."""
    names = {role.id: role.text("displayName") for role in tenant.all(ROLES)}
    held: dict[str, set[str]] = defaultdict(set)
    for assignment in tenant.all(HELD):
        for holder in _holders(tenant, assignment.part("principal")):
            held[holder].add(assignment.text("roleDefinitionId").lower())
    for user in tenant.all(USERS):
        with tenant.reading(tenant.resource("users", user.id)):
            if _guest(user):
                yield GuestRoles(
                    resource=tenant.resource("users", user.id),
                    name=user.text("userPrincipalName"),
                    roles=_named(held[user.id], names),
                    privileged_roles=_named(held[user.id] & PRIVILEGED_ROLES, names),
                )


@check(DEFAULT)
def other_organizations(tenant: EntraTenant) -> Iterator[InboundAccess]:
    """What users of any organisation may do here that has no settings of its own."""
    default = tenant.one(DEFAULT)
    yield InboundAccess(resource=tenant.id, **_inbound(default, default))


@check(PARTNERS, DEFAULT)
def partners(tenant: EntraTenant) -> Iterator[Partner]:
    """What users of those organisations may do here that have settings of their own."""
    default = tenant.one(DEFAULT)
    for partner in tenant.all(PARTNERS):
        number = partner.text("tenantId").lower()
        with tenant.reading(tenant.resource("partners", number)):
            yield Partner(
                resource=tenant.resource("partners", number),
                partner_tenant=number,
                # Null means that nobody said so. https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyconfigurationpartner
                service_provider=partner.flag("isServiceProvider", False),
                own_organization=partner.flag("isInMultiTenantOrganization", False),
                **_inbound(partner, default),
            )


@check(ESTABLISHED, GRAPH, GRANTED)
def applications(tenant: EntraTenant) -> Iterator[ForeignApplication]:
    """What applications of other organisations may do on Microsoft Graph without a user.

    Applications of Microsoft's own tenants are left out. What others were given on other interfaces, as on
    Exchange's own, is not looked at.
    """
    graph = tenant.one(GRAPH)
    names = {role.text("id").lower(): role.text("value", "") for role in graph.parts("appRoles")}
    granted: dict[str, set[str]] = defaultdict(set)
    for grant in tenant.all(GRANTED, id=graph.id):
        number = grant.text("appRoleId").lower()
        granted[grant.text("principalId").lower()].add(names.get(number) or number)
    for application in tenant.all(ESTABLISHED):
        with tenant.reading(tenant.resource("servicePrincipals", application.id)):
            owner = application.text("appOwnerOrganizationId", "")
            if foreign(owner, tenant.tenant):
                permissions = granted[application.id]
                yield ForeignApplication(
                    resource=tenant.resource("servicePrincipals", application.id),
                    name=application.text("displayName"),
                    publisher_tenant=owner.lower(),
                    active=application.flag("accountEnabled"),
                    credentials=_added(application),
                    permissions=tuple(sorted(permissions)),
                    directory_permissions=tuple(sorted(permissions & DIRECTORY_PERMISSIONS)),
                    content_permissions=tuple(sorted(permissions & CONTENT_PERMISSIONS)),
                )


@check(ESTABLISHED, CONSENTS)
def consented_applications(tenant: EntraTenant) -> Iterator[ConsentedApplication]:
    """What applications of other organisations may do for every user, as an administrator consented.

    What single users consented to for themselves is not looked at, nor are Microsoft's own applications.
    """
    granted: dict[str, set[str]] = defaultdict(set)
    for grant in tenant.all(CONSENTS):
        if grant.text("consentType") == _EVERYBODY:
            granted[grant.text("clientId").lower()].update(grant.text("scope", "").split())
    for application in tenant.all(ESTABLISHED):
        with tenant.reading(tenant.resource("servicePrincipals", application.id)):
            owner = application.text("appOwnerOrganizationId", "")
            scopes = granted.get(application.id)
            if scopes and foreign(owner, tenant.tenant):
                yield ConsentedApplication(
                    resource=tenant.resource("servicePrincipals", application.id),
                    name=application.text("displayName"),
                    publisher_tenant=owner.lower(),
                    active=application.flag("accountEnabled"),
                    scopes=tuple(sorted(scopes)),
                    directory_scopes=tuple(sorted(scopes & DIRECTORY_PERMISSIONS)),
                    content_scopes=tuple(sorted(scopes & CONTENT_PERMISSIONS)),
                )


@check(REGISTERED, OWNERS, USERS)
def owned_applications(tenant: EntraTenant) -> Iterator[OwnedApplication]:
    """Which applications that the tenant registered are owned by guests."""
    names = {user.id: user.text("userPrincipalName") for user in tenant.all(USERS) if _guest(user)}

    def read(application: Entry) -> OwnedApplication:
        owners = {owner.id for owner in tenant.all(OWNERS, id=application.text("id"))}
        return OwnedApplication(
            resource=tenant.resource("applications", application.id),
            name=application.text("displayName"),
            owners=len(owners),
            guest_owners=tuple(sorted(names[owner] for owner in owners & names.keys())),
        )

    yield from tenant.each(
        tenant.all(REGISTERED), read, resource=lambda one: tenant.resource("applications", one.id)
    )


def _guest(user: Entry) -> bool:
    # Old users may have no type; whoever was invited shows it in their name.
    return user.word("userType", _TYPES, _INVITED in user.text("userPrincipalName"))


def _home(name: str) -> str | None:
    """As in ann_contoso.com#EXT#@clinic.onmicrosoft.com; a domain has no underscore."""
    mail, invited, _ = name.partition(_INVITED)
    return (mail.rpartition("_")[2].lower() or None) if invited else None


def _holders(tenant: EntraTenant, principal: Fields) -> Iterator[str]:
    """Whoever is meant: the principal, or of a group its members."""
    if principal.text("@odata.type").endswith(".group"):
        for member in tenant.all(MEMBERS, id=principal.text("id")):
            yield member.id
    else:
        yield principal.text("id").lower()


def _named(roles: set[str], names: dict[str, str]) -> tuple[str, ...]:
    """Their names; one that is not listed keeps its id. A built-in role's id is that of its template."""
    return tuple(sorted(names.get(role, role) for role in roles))


def _inbound(said: Fields, default: Fields) -> _Inbound:
    # What a partner's settings leave out is as in the default ones.
    trust = said.part("inboundTrust") if said.has("inboundTrust") else default.part("inboundTrust")
    return _Inbound(
        collaboration=_reach("b2bCollaborationInbound", said, default),
        direct_connect=_reach("b2bDirectConnectInbound", said, default),
        mfa_trusted=trust.flag("isMfaAccepted"),
        devices_trusted=trust.flag("isCompliantDeviceAccepted")
        or trust.flag("isHybridAzureADJoinedDeviceAccepted"),
    )


def _reach(setting: str, said: Fields, default: Fields) -> Reach:
    reaches = {
        _target((said if said.has(f"{setting}.{part}") else default).part(f"{setting}.{part}"))
        for part in ("usersAndGroups", "applications")
    }
    if "nobody" in reaches:
        return "nobody"
    return "everybody" if reaches == {"everybody"} else "some"


def _target(rule: Fields) -> Reach:
    allowed = rule.word("accessType", _ACCESS)
    if any(target.text("target") in _ALL for target in rule.parts("targets")):
        return "everybody" if allowed else "nobody"
    return "some"


def _added(application: Entry) -> int:
    """How many credentials sign in; a certificate that signs tokens is kept as a password and two keys."""
    keys = application.parts("keyCredentials")
    signing = {key.text("customKeyIdentifier", "") for key in keys if key.text("usage").lower() == "sign"}
    verifying = [key for key in keys if key.text("usage").lower() == "verify"]
    credentials = [*application.parts("passwordCredentials"), *verifying]
    return sum(one.text("customKeyIdentifier", "") not in signing - {""} for one in credentials)
