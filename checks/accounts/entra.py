"""Accounts in Entra: users, applications, and who decides over the directory."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from scanner import EntraTenant, Entry, Fields, check

from ..semantics.entra import PRIVILEGED_ROLES
from . import (
    ApplicationCredential,
    ApplicationSignIn,
    DirectoryRole,
    DirectoryUser,
    EligibleRole,
    SignIn,
    TenantSettings,
)

USERS = "User.Read.All /users"
SIGN_INS = "AuditLog.Read.All /users"
APPLICATIONS = "Application.Read.All /applications"
ESTABLISHED = "Application.Read.All /servicePrincipals"
ACTIVITIES = "AuditLog.Read.All /reports/servicePrincipalSignInActivities"
ROLES = "RoleManagement.Read.Directory /roleManagement/directory/roleDefinitions"
HELD = "RoleManagement.Read.Directory /roleManagement/directory/roleAssignments"
ELIGIBLE = "RoleManagement.Read.Directory /roleManagement/directory/roleEligibilitySchedules"
MEMBERS = "GroupMember.Read.All /groups/{id}/transitiveMembers"
AUTHORIZATION = "Policy.Read.All /policies/authorizationPolicy"

# Users from before may have no date. https://learn.microsoft.com/graph/api/resources/user
_UNDATED = datetime(2018, 6, 1, tzinfo=UTC)
# Since then successes are kept apart from attempts. https://learn.microsoft.com/graph/api/resources/signinactivity
_SUCCESSES_KEPT = datetime(2023, 12, 1, tzinfo=UTC)
_TYPES = {"Guest": True, "Member": False}
_INVITED = "#EXT#"

Consent = Literal["nothing", "low-risk", "recommended", "custom", "anything"]
Inviter = Literal["nobody", "administrators", "members", "everybody"]
GuestAccess = Literal["as-members", "limited", "restricted"]

_INVITERS: dict[str, Inviter] = {
    "none": "nobody",
    "adminsAndGuestInviters": "administrators",
    "adminsGuestInvitersAndAllMembers": "members",
    "everyone": "everybody",
}
# https://learn.microsoft.com/entra/identity/users/users-restrict-guest-permissions
_GUEST_ROLES: dict[str, GuestAccess] = {
    "a0b1b346-4d3e-4e8b-98f8-753987be4970": "as-members",
    "10dae51f-b6af-4016-8d66-8c2a99b929b3": "limited",
    "2af84b1e-32c8-42b7-82bc-daa82404023b": "restricted",
}
# https://learn.microsoft.com/entra/identity/enterprise-apps/manage-app-consent-policies
_FOR_SELF = "managepermissiongrantsforself."
_CONSENTS: dict[str, Consent] = {
    "microsoft-user-default-low": "low-risk",
    "microsoft-user-default-recommended": "recommended",
    "microsoft-user-default-legacy": "anything",
}
_WIDTHS: tuple[Consent, ...] = ("nothing", "low-risk", "recommended", "custom", "anything")


@check(USERS)
def users(tenant: EntraTenant) -> Iterator[DirectoryUser]:
    """Who has an account in the directory, guests among them, and who of them may sign in."""
    for user in tenant.all(USERS):
        with tenant.reading(tenant.resource("users", user.id)):
            yield DirectoryUser(
                resource=tenant.resource("users", user.id),
                name=user.text("userPrincipalName"),
                active=user.flag("accountEnabled"),
                guest=_guest(user),
                created_at=user.moment("createdDateTime", _UNDATED),
            )


@check(SIGN_INS)
def sign_ins(tenant: EntraTenant) -> Iterator[SignIn]:
    """When users last signed in successfully, at a prompt or by a client that renewed a sign-in.

    Entra tells it to tenants with a P1 licence, some hours late. Successes are kept since December 2023; of
    who had none since then, an attempt before that counts.
    """
    for user in tenant.all(SIGN_INS):
        with tenant.reading(tenant.resource("users", user.id)):
            made_at = user.moment("createdDateTime", _UNDATED)
            used_at = _used_at(user.part("signInActivity"))
            yield SignIn(
                resource=tenant.resource("users", user.id),
                name=user.text("userPrincipalName"),
                guest=_guest(user),
                active=user.flag("accountEnabled"),
                last_used_at=used_at,
                last_seen_at=used_at or made_at,
            )


@check(APPLICATIONS, ESTABLISHED, ACTIVITIES)
def applications(tenant: EntraTenant) -> Iterator[ApplicationSignIn]:
    """When applications that the tenant registered last signed in, on their own or for a user.

    One that has no service principal here, or whose sign-in is turned off, is not active. Entra tells it to
    tenants with a premium licence.
    """
    enabled = {one.text("appId").lower(): one.flag("accountEnabled") for one in tenant.all(ESTABLISHED)}
    used = {one.text("appId").lower(): _last_activity(one) for one in tenant.all(ACTIVITIES)}
    for application in tenant.all(APPLICATIONS):
        with tenant.reading(tenant.resource("applications", application.id)):
            number = application.text("appId").lower()
            yield ApplicationSignIn(
                resource=tenant.resource("applications", application.id),
                name=application.text("displayName"),
                active=enabled.get(number, False),
                last_used_at=used.get(number),
                last_seen_at=used.get(number) or application.moment("createdDateTime"),
            )


@check(APPLICATIONS)
def application_credentials(tenant: EntraTenant) -> Iterator[ApplicationCredential]:
    """Which secrets and certificates the tenant's applications sign in with, and for how long.

    Certificates that encrypt tokens or sign them are not among them: nobody signs in with those.
    """
    for application in tenant.all(APPLICATIONS):
        about = tenant.resource("applications", application.id)
        with tenant.reading(about):
            yield from _credentials(about, application)


@check(ROLES, HELD, MEMBERS)
def directory_roles(tenant: EntraTenant) -> Iterator[DirectoryRole]:
    """How many have each of the directory's built-in roles that Microsoft calls privileged.

    Roles over a part of the directory, as over an administrative unit, are not counted, nor are those that
    somebody may take up and has not: accounts.entra.eligible_roles.
    """
    held = defaultdict(list)
    for assignment in tenant.all(HELD):
        if assignment.text("directoryScopeId", "") == "/":
            held[assignment.text("roleDefinitionId").lower()].append(assignment.part("principal"))

    def read(role: Entry) -> DirectoryRole:
        kinds = [_kind(principal) for principal in held[role.id]]
        holders = {
            (_kind(holder), holder.text("id").lower())
            for principal in held[role.id]
            for holder in _expanded(tenant, principal)
        }
        return DirectoryRole(
            resource=tenant.resource("roleDefinitions", role.id),
            name=role.text("displayName"),
            holders=sum(kind == "user" for kind, _ in holders),
            holder_groups=kinds.count("group"),
            holder_service_principals=sum(kind == "servicePrincipal" for kind, _ in holders),
        )

    yield from tenant.each(
        _privileged(tenant), read, resource=lambda role: tenant.resource("roleDefinitions", role.id)
    )


@check(ROLES, ELIGIBLE)
def eligible_roles(tenant: EntraTenant) -> Iterator[EligibleRole]:
    """How many may take up each of the directory's built-in roles that Microsoft calls privileged.

    Entra tells it to tenants with a P2 licence, which Privileged Identity Management asks for.
    """
    eligible: dict[str, set[str]] = defaultdict(set)
    for schedule in tenant.all(ELIGIBLE):
        if schedule.text("directoryScopeId", "") == "/":
            eligible[schedule.text("roleDefinitionId").lower()].add(schedule.text("principalId").lower())
    for role in _privileged(tenant):
        with tenant.reading(tenant.resource("roleDefinitions", role.id)):
            yield EligibleRole(
                resource=tenant.resource("roleDefinitions", role.id),
                name=role.text("displayName"),
                eligible=len(eligible[role.id]),
            )


@check(AUTHORIZATION)
def settings(tenant: EntraTenant) -> Iterator[TenantSettings]:
    """What the directory lets every user and every guest do, without a role."""
    policy = tenant.one(AUTHORIZATION)
    everybody = policy.part("defaultUserRolePermissions")
    yield TenantSettings(
        resource=tenant.id,
        apps_by_users=everybody.flag("allowedToCreateApps"),
        security_groups_by_users=everybody.flag("allowedToCreateSecurityGroups"),
        tenants_by_users=everybody.flag("allowedToCreateTenants"),
        user_consent=_consent(everybody.texts("permissionGrantPoliciesAssigned")),
        invitations_by=policy.word("allowInvitesFrom", _INVITERS),
        guest_access=policy.word("guestUserRoleId", _GUEST_ROLES),
    )


def _guest(user: Entry) -> bool:
    # Old users may have no type; whoever was invited shows it in their name.
    return user.word("userType", _TYPES, _INVITED in user.text("userPrincipalName"))


def _used_at(activity: Fields) -> datetime | None:
    succeeded = activity.moment("lastSuccessfulSignInDateTime", None)
    attempts = [
        activity.moment(name, None) for name in ("lastSignInDateTime", "lastNonInteractiveSignInDateTime")
    ]
    # A later attempt without a success was no sign-in: a guessed password must not make a user seem awake.
    early = [attempt for attempt in attempts if attempt and attempt < _SUCCESSES_KEPT]
    return succeeded or max(early, default=None)


def _last_activity(activity: Entry) -> datetime | None:
    return activity.moment("lastSignInActivity.lastSignInDateTime", None)


def _credentials(about: str, application: Entry) -> Iterator[ApplicationCredential]:
    secrets: list[tuple[Fields, Literal["secret", "certificate"]]] = [
        (secret, "secret") for secret in application.parts("passwordCredentials")
    ]
    certificates: list[tuple[Fields, Literal["secret", "certificate"]]] = [
        (key, "certificate")
        for key in application.parts("keyCredentials")
        if key.text("usage").lower() == "verify"
    ]
    for credential, kind in (*secrets, *certificates):
        started_at = credential.moment("startDateTime")
        expires_at = credential.moment("endDateTime")
        yield ApplicationCredential(
            resource=f"{about}/{credential.text('keyId').lower()}",
            links=(about,),
            application=application.text("displayName"),
            kind=kind,
            started_at=started_at,
            expires_at=expires_at,
            lifetime_days=(expires_at - started_at).days,
        )


def _privileged(tenant: EntraTenant) -> Iterator[Entry]:
    for role in tenant.all(ROLES):
        if role.text("templateId", "").lower() in PRIVILEGED_ROLES:
            yield role


def _kind(entry: Fields) -> str:
    return entry.text("@odata.type").removeprefix("#microsoft.graph.")


def _expanded(tenant: EntraTenant, principal: Fields) -> Iterator[Fields]:
    """Whoever is meant: the principal, or of a group its members."""
    if _kind(principal) == "group":
        yield from tenant.all(MEMBERS, id=principal.text("id"))
    else:
        yield principal


def _consent(assigned: tuple[str, ...]) -> Consent:
    """The widest of what users may grant in their own name."""
    names = [name.lower() for name in assigned]
    own = [name.removeprefix(_FOR_SELF) for name in names if name.startswith(_FOR_SELF)]
    return max((_CONSENTS.get(name, "custom") for name in own), key=_WIDTHS.index, default="nothing")
