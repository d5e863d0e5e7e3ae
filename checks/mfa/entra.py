"""Multi-factor authentication on Entra: who is asked for a second factor, and who has one."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from scanner import EntraTenant, Entry, check

from ..semantics.conditional_access import LEGACY, MANAGEMENT, MODERN, Guest, Person, closed
from ..semantics.directory_roles import ADMINISTRATORS, PRIVILEGED, SYNCHRONISATION
from . import DirectoryUser, EligibleUser, Methods, NamedLocations, Registration, TenantDemands
from .policies import policy

USERS = "User.Read.All /users"
POLICIES = "Policy.Read.All /identity/conditionalAccess/policies"
DEFAULTS = "Policy.Read.All /policies/identitySecurityDefaultsEnforcementPolicy"
LOCATIONS = "Policy.Read.All /identity/conditionalAccess/namedLocations"
METHODS = "Policy.Read.All /policies/authenticationMethodsPolicy"
ASSIGNMENTS = "RoleManagement.Read.Directory /roleManagement/directory/roleAssignments"
ROLES = "RoleManagement.Read.Directory /roleManagement/directory/roleDefinitions"
ELIGIBILITIES = "RoleManagement.Read.Directory /roleManagement/directory/roleEligibilitySchedules"
MEMBERS = "GroupMember.Read.All /groups/{id}/transitiveMembers"
REGISTRATIONS = "AuditLog.Read.All /reports/authenticationMethods/userRegistrationDetails"

_STATES = {
    "enabled": "enabled",
    "enabledForReportingButNotEnforced": "report-only",
    "disabled": "disabled",
}
_GUESTS = {"Guest": True, "Member": False}
_ENABLED = {"enabled": True, "disabled": False}
_MIGRATIONS: dict[str, Literal["before", "under-way", "complete"]] = {
    "preMigration": "before",
    "migrationInProgress": "under-way",
    "migrationComplete": "complete",
}
_GONE = "Request_ResourceNotFound"
"""Graph's word for a group that was deleted; policies go on naming it."""
_ADDRESSES = "#microsoft.graph.ipNamedLocation"
_COUNTRIES = "#microsoft.graph.countryNamedLocation"
_GROUP = "#microsoft.graph.group"
_TENANT_WIDE = "/"
_EVERYBODY = "all_users"
_NO_USER = frozenset({"all", "none", "guestsorexternalusers"})
"""What stands among users' ids and is none."""
_RESISTANT = frozenset(
    {
        "fido2",
        "fido2securitykey",
        "passkeydevicebound",
        "passkeydeviceboundauthenticator",
        "passkeydeviceboundwindowshello",
        "passkeysynced",
        "windowshelloforbusiness",
        "macossecureenclavekey",
    }
)


@check(USERS, POLICIES, DEFAULTS, ASSIGNMENTS, ROLES, MEMBERS)
def users(tenant: EntraTenant) -> Iterator[DirectoryUser]:
    """Who is asked for a second factor at every sign-in, by Conditional Access or security defaults.

    Policies are taken together, those that are enforced: a policy that may be satisfied without a second
    factor, or that is about some applications, places, devices or risks only, covers its part. An application
    suite is not taken apart. Groups that policies name are read, one call each; where one cannot be, those
    users are unreadable of whom it decides. So are guests where a policy is about those of some tenants:
    Microsoft Graph does not tell which tenant a guest is from.

    Not seen are per-user MFA (the older switch, which Microsoft asks to give up), what an identity provider
    of one's own or a guest's own tenant asks, and what Microsoft asks of everybody who manages Azure. With
    security defaults it is Microsoft that decides how often ordinary users are asked. Whoever may take up a
    role has it here only for as long as they have taken it up; see mfa.entra.eligible_users.
    """
    directory = _Directory(tenant)
    for user in tenant.all(USERS):
        with tenant.reading(tenant.resource("users", user.id)):
            yield DirectoryUser(**directory.facts(user))


@check(ELIGIBILITIES, USERS, POLICIES, DEFAULTS, ASSIGNMENTS, ROLES, MEMBERS)
def eligible_users(tenant: EntraTenant) -> Iterator[EligibleUser]:
    """Who may take up a far-reaching role, and whether they are asked for a second factor as they are now.

    Of Privileged Identity Management, which Microsoft tells to tenants with Entra ID P2 only. A policy for a
    role is about those who have taken it up. Whether taking it up asks for a second factor is not looked at.
    """
    directory = _Directory(tenant)
    eligible = [
        (schedule.text("principalId").lower(), schedule.text("roleDefinitionId").lower())
        for schedule in tenant.all(ELIGIBILITIES)
    ]
    offered = [(principal, directory.named(role)) for principal, role in eligible if role in PRIVILEGED]
    people = {user.id for user in tenant.all(USERS)}
    for user in tenant.all(USERS):
        with tenant.reading(tenant.resource("users", user.id)):
            roles = {
                role
                for principal, role in offered
                # Whoever is no user is a group, or something that has no members.
                if principal == user.id
                or (principal not in people and user.id in directory.members(principal))
            }
            if roles:
                yield EligibleUser(**directory.facts(user), eligible_roles=tuple(sorted(roles)))


@check(POLICIES, DEFAULTS)
def tenant(tenant: EntraTenant) -> Iterator[TenantDemands]:
    """What a tenant's security defaults and Conditional Access ask of whoever has no exception.

    Judged for somebody who joins today, whom policies reach by everybody, kind of guest or role. Exceptions
    are counted here; who has one is in mfa.entra.users. What Microsoft asks of everybody who manages Azure,
    whatever the tenant's settings, is not counted.
    """
    described = [(each.word("state", _STATES), each) for each in tenant.all(POLICIES)]
    states = [state for state, _ in described]
    policies = [policy(each) for state, each in described if state == "enabled"]
    defaults = tenant.one(DEFAULTS).flag("isEnabled")
    asking = [each for each in policies if each.asks]

    def asked(person: Person, **how: Any) -> bool:
        return closed((each for each in policies if each.applies(person)), **how)

    anybody = Person("")
    admins = {name: Person("", roles=frozenset({role})) for role, name in ADMINISTRATORS.items()}
    without = () if defaults else tuple(name for name, admin in admins.items() if not asked(admin))
    yield TenantDemands(
        resource=tenant.id,
        security_defaults=defaults,
        policies_enabled=states.count("enabled"),
        policies_report_only=states.count("report-only"),
        policies_disabled=states.count("disabled"),
        mfa_for_all_users=defaults or asked(anybody),
        mfa_for_guests=defaults or asked(Person("", guest="b2bcollaborationguest")),
        mfa_for_admins=not without,
        admin_roles_without_mfa=without,
        phishing_resistant_mfa_for_admins=all(
            asked(admin, strength="phishing-resistant") for admin in admins.values()
        ),
        mfa_for_azure_management=defaults or asked(anybody, clients=MODERN, application=MANAGEMENT),
        legacy_authentication_blocked=defaults or asked(anybody, clients=LEGACY),
        excluded_users=len({user for each in asking for user in each.excluded.users - _NO_USER}),
        excluded_groups=len({group for each in asking for group in each.excluded.groups}),
    )


@check(LOCATIONS)
def named_locations(tenant: EntraTenant) -> Iterator[NamedLocations]:
    """How many places a tenant has given a name, and how many of them it trusts."""
    locations = list(tenant.all(LOCATIONS))
    kinds = [location.text("@odata.type") for location in locations]
    yield NamedLocations(
        resource=tenant.id,
        trusted_locations=sum(
            location.flag("isTrusted")
            for location, kind in zip(locations, kinds, strict=True)
            if kind == _ADDRESSES
        ),
        address_locations=kinds.count(_ADDRESSES),
        country_locations=kinds.count(_COUNTRIES),
    )


@check(METHODS)
def methods(tenant: EntraTenant) -> Iterator[Methods]:
    """Which methods a tenant lets its users sign in with.

    Until the migration is complete, the older settings for MFA and password reset allow methods besides.
    """
    told = tenant.one(METHODS)
    enabled = {
        each.text("id"): each
        for each in told.parts("authenticationMethodConfigurations")
        if each.word("state", _ENABLED)
    }
    fido2 = enabled.get("Fido2")
    targets = [] if fido2 is None else fido2.parts("includeTargets")
    yield Methods(
        resource=tenant.id,
        enabled_methods=tuple(sorted(enabled)),
        fido2_enabled=fido2 is not None,
        fido2_for_everybody=fido2 is not None
        and any(target.text("id") == _EVERYBODY for target in targets)
        and not fido2.parts("excludeTargets"),
        sms_enabled="Sms" in enabled,
        voice_enabled="Voice" in enabled,
        migration=told.word("policyMigrationState", _MIGRATIONS, default=None),
    )


@check(REGISTRATIONS)
def registrations(tenant: EntraTenant) -> Iterator[Registration]:
    """What users have registered to sign in with, and whether it cannot be phished.

    As Microsoft's report on registrations says, which lags by some hours, and which it gives to tenants with
    Entra ID P1 or P2 only. It does not tell whether a certificate is one factor or two: it does not count. A
    guest's methods in their own tenant are not seen.
    """
    for user in tenant.all(REGISTRATIONS):
        with tenant.reading(tenant.resource("users", user.id)):
            registered = user.texts("methodsRegistered")
            yield Registration(
                resource=tenant.resource("users", user.id),
                name=user.text("userPrincipalName"),
                guest=user.word("userType", _GUESTS),
                administrator=user.flag("isAdmin"),
                registered_methods=tuple(sorted(registered)),
                mfa_registered=user.flag("isMfaRegistered"),
                mfa_capable=user.flag("isMfaCapable"),
                passwordless_capable=user.flag("isPasswordlessCapable"),
                phishing_resistant_registered=any(each.lower() in _RESISTANT for each in registered),
            )


class _Directory:
    """What a tenant asks of each of its users; groups are read when somebody may be in them."""

    def __init__(self, tenant: EntraTenant) -> None:
        self._tenant = tenant
        self._defaults = tenant.one(DEFAULTS).flag("isEnabled")
        self._policies = [
            policy(each) for each in tenant.all(POLICIES) if each.word("state", _STATES) == "enabled"
        ]
        named = {
            role
            for each in self._policies
            for people in (each.included, each.excluded)
            for role in people.roles
        }
        self._held: dict[str, set[tuple[str, bool]]] = {}
        self._held_by_group: dict[str, set[tuple[str, bool]]] = {}
        for assignment in tenant.all(ASSIGNMENTS):
            role = assignment.text("roleDefinitionId").lower()
            if role in named or role in PRIVILEGED or role == SYNCHRONISATION:
                principal = assignment.text("principalId").lower()
                kind = assignment.part("principal").text("@odata.type", "")
                wide = assignment.text("directoryScopeId", "") == _TENANT_WIDE
                self._held.setdefault(principal, set()).add((role, wide))
                # Who is not told may be a group; what is none has no members.
                if kind in {"", _GROUP}:
                    self._held_by_group.setdefault(principal, set()).add((role, wide))
        self._names = {role.id: role.text("displayName") for role in tenant.all(ROLES)}
        self.members = cache(self._members)
        self._demands = cache(self._demanded)

    def named(self, role: str) -> str:
        """A role's name; Microsoft does not list all that it has retired."""
        return self._names.get(role, role)

    def _members(self, group: str) -> frozenset[str]:
        return frozenset(member.id for member in self._tenant.all(MEMBERS, absent=_GONE, id=group))

    def facts(self, user: Entry) -> dict[str, Any]:
        """What is asked of a user.

        Raises:
            ReadError: it depends on something that could not be read.
        """
        held = set(self._held.get(user.id, set()))
        for group, roles in self._held_by_group.items():
            if user.id in self.members(group):
                held |= roles
        person = Person(
            user.id,
            guest=_guest_kind(user),
            # A policy for a role is not about who holds it for a part of the directory.
            # https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-users-groups
            roles=frozenset(role for role, wide in held if wide),
            member_of=lambda group: user.id in self.members(group),
        )
        applied = [(n, each.applies(person)) for n, each in enumerate(self._policies) if each.grant]
        if any(applies is None for _, applies in applied):
            raise user.strange("externalTenants", "the guest's own tenant, on which a policy depends")
        privileged = tuple(sorted({self.named(role) for role, _ in held if role in PRIVILEGED}))
        return {
            "resource": self._tenant.resource("users", user.id),
            "name": user.text("userPrincipalName"),
            "active": user.flag("accountEnabled"),
            "guest": _is_guest(user),
            "privileged_roles": privileged,
            "privileged": bool(privileged),
            "excluded_from": tuple(
                sorted(each.name for each in self._policies if each.asks and each.excludes(person))
            ),
            # The account of Entra Connect is exempt.
            # https://learn.microsoft.com/entra/fundamentals/security-defaults
            **self._demands(
                frozenset(n for n, applies in applied if applies),
                defaults=self._defaults and SYNCHRONISATION not in {role for role, _ in held},
            ),
        }

    def _demanded(self, applied: frozenset[int], *, defaults: bool) -> dict[str, Any]:
        """What is asked by policies that apply: many users share them."""
        policies = [self._policies[n] for n in sorted(applied)]
        asked = closed(policies)
        by_policies: Literal["conditional-access"] | None = "conditional-access" if asked else None
        return {
            "mfa_active": defaults or asked,
            "required_by": "security-defaults" if defaults else by_policies,
            "phishing_resistant": closed(policies, strength="phishing-resistant"),
            "mfa_for_azure_management": defaults or closed(policies, clients=MODERN, application=MANAGEMENT),
            "legacy_authentication_blocked": self._defaults or closed(policies, clients=LEGACY),
        }


def _is_guest(user: Entry) -> bool:
    # Users from before there were guests have no type, and are members.
    return user.word("userType", _GUESTS, default=False)


def _guest_kind(user: Entry) -> Guest | None:
    # Who is from elsewhere was invited, or has a name of elsewhere.
    # https://learn.microsoft.com/entra/external-id/user-properties
    external = user.has("externalUserState") or "#ext#" in user.text("userPrincipalName").lower()
    if _is_guest(user):
        return "b2bcollaborationguest" if external else "internalguest"
    return "b2bcollaborationmember" if external else None
