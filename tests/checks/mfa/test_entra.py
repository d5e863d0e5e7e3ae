from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from checks.mfa import DirectoryUser, EligibleUser, Methods, NamedLocations, Registration, TenantDemands
from checks.mfa.entra import (
    ASSIGNMENTS,
    DEFAULTS,
    ELIGIBILITIES,
    LOCATIONS,
    MEMBERS,
    METHODS,
    POLICIES,
    REGISTRATIONS,
    ROLES,
    USERS,
    eligible_users,
    methods,
    named_locations,
    registrations,
    tenant,
    users,
)
from checks.semantics.directory_roles import ADMINISTRATORS, SYNCHRONISATION
from scanner.model import Reason
from scanner.testing import TENANT, Error, by, look, observe, world

ID = f"entra:{TENANT}"
ANN, BEN, CAT, DAN, EVE = (f"{letter}0000000-0000-4000-8000-000000000001" for letter in "abcde")
GUS = "f0000000-0000-4000-8000-000000000001"
ADMINS, EXEMPT, GONE = (f"{number}0000000-0000-4000-8000-000000000009" for number in "123")
GLOBAL, EXCHANGE, USER_ADMIN = (
    "62e90394-69f5-4237-9190-012177145e10",
    "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "fe930be7-5e62-47db-91af-98c3a49a38b1",
)
REPORTS = "4a5d8f65-41da-4de4-8968-e035b65339cf"
MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
STRENGTH = {
    "id": "00000000-0000-0000-0000-000000000004",
    "createdDateTime": "2021-12-01T00:00:00Z",
    "modifiedDateTime": "2021-12-01T00:00:00Z",
    "displayName": "Phishing-resistant MFA",
    "description": "Phishing-resistant, Passwordless methods for the strongest authentication",
    "policyType": "builtIn",
    "requirementsSatisfied": "mfa",
    "allowedCombinations": ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"],
    "combinationConfigurations": [],
}


def user(number: str, name: str, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "userPrincipalName": name,
        "displayName": name.partition("@")[0],
        "accountEnabled": True,
        "userType": "Member",
        "externalUserState": None,
        "createdDateTime": "2021-02-03T04:05:06Z",
        **more,
    }


def policy(name: str, *controls: str, state: str = "enabled", **more: dict[str, object]) -> dict[str, object]:
    """A policy for everybody and everything; more says of which parts it is otherwise."""
    conditions: dict[str, object] = {
        "userRiskLevels": [],
        "signInRiskLevels": [],
        "clientAppTypes": ["all"],
        "platforms": None,
        "locations": None,
        "servicePrincipalRiskLevels": [],
        "clientApplications": None,
        "devices": None,
        "authenticationFlows": None,
        "insiderRiskLevels": None,
        "applications": {
            "includeApplications": ["All"],
            "excludeApplications": [],
            "includeUserActions": [],
            "includeAuthenticationContextClassReferences": [],
            "applicationFilter": None,
        }
        | more.get("applications", {}),
        "users": {
            "includeUsers": ["All"],
            "excludeUsers": [],
            "includeGroups": [],
            "excludeGroups": [],
            "includeRoles": [],
            "excludeRoles": [],
            "includeGuestsOrExternalUsers": None,
            "excludeGuestsOrExternalUsers": None,
        }
        | more.get("users", {}),
    }
    return {
        "id": f"00000000-0000-4000-8000-{len(name):012}",
        "templateId": None,
        "displayName": name,
        "createdDateTime": "2024-01-02T03:04:05Z",
        "modifiedDateTime": None,
        "state": state,
        "sessionControls": None,
        "conditions": conditions | more.get("conditions", {}),
        "grantControls": {
            "operator": "OR",
            "builtInControls": list(controls),
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x",
            "authenticationStrength": None,
        }
        | more.get("grant", {}),
    }


def defaults(*, enabled: bool) -> dict[str, object]:
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#policies/x/$entity",
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms.",
        "isEnabled": enabled,
    }


def assigned(principal: str, role: str, kind: str = "user", scope: str = "/") -> dict[str, object]:
    return {
        "id": f"{principal[:8]}-{role[:8]}",
        "principalId": principal,
        "roleDefinitionId": role,
        "directoryScopeId": scope,
        "principal": {"@odata.type": f"#microsoft.graph.{kind}", "id": principal},
    }


def members(*people: str) -> list[dict[str, object]]:
    return [{"@odata.type": "#microsoft.graph.user", "id": person} for person in people]


NAMES = {**ADMINISTRATORS, REPORTS: "Reports Reader", SYNCHRONISATION: "Directory Synchronization Accounts"}
PEOPLE = [
    user(ANN, "ann@clinic.example"),
    user(BEN, "ben@clinic.example", accountEnabled=False),
    user(CAT, "cat@clinic.example"),
    user(DAN, "dan@clinic.example"),
    user(EVE, "eve@clinic.example", userType=None),
    user(
        GUS,
        "gus_partner.example#EXT#@clinic.onmicrosoft.com",
        userType="Guest",
        externalUserState="Accepted",
    ),
]
EVERYBODY = policy("MFA for everybody", "mfa", users={"excludeUsers": [EVE], "excludeGroups": [EXEMPT, GONE]})
WORLD: dict[str, Any] = {
    USERS: PEOPLE,
    POLICIES: [
        EVERYBODY,
        policy(
            "Passkeys for admins",
            users={"includeUsers": [], "includeRoles": [GLOBAL]},
            grant={"authenticationStrength": STRENGTH},
        ),
        policy("Tried out", "mfa", state="enabledForReportingButNotEnforced"),
        policy("Given up", "mfa", state="disabled"),
    ],
    DEFAULTS: defaults(enabled=False),
    ASSIGNMENTS: [
        assigned(ADMINS, GLOBAL, "group"),
        assigned(BEN, EXCHANGE, scope="/administrativeUnits/90000000-0000-4000-8000-000000000001"),
        assigned(CAT, REPORTS),
    ],
    ROLES: [{"id": role, "displayName": name, "isBuiltIn": True} for role, name in NAMES.items()],
    MEMBERS: by(
        "id",
        {ADMINS: members(ANN), EXEMPT: members(DAN, ADMINS), GONE: Error("Request_ResourceNotFound")},
    ),
}
FULL = world(users, WORLD)


def directory_user(number: str, name: str, **more: Any) -> DirectoryUser:
    """A user of whom nothing is out of the way."""
    told: dict[str, Any] = {
        "resource": f"{ID}/users/{number}",
        "name": name,
        "active": True,
        "guest": False,
        "privileged_roles": (),
        "privileged": False,
        "mfa_active": True,
        "required_by": "conditional-access",
        "excluded_from": (),
        "phishing_resistant": False,
        "mfa_for_azure_management": True,
        "legacy_authentication_blocked": True,
    }
    return DirectoryUser(**told | more)


UNASKED: dict[str, Any] = {
    "mfa_active": False,
    "required_by": None,
    "mfa_for_azure_management": False,
    "legacy_authentication_blocked": False,
}


def test_users() -> None:
    assert observe(users, FULL) == [
        directory_user(
            ANN,
            "ann@clinic.example",
            privileged=True,
            privileged_roles=("Global Administrator",),
            phishing_resistant=True,
        ),
        directory_user(
            BEN,
            "ben@clinic.example",
            active=False,
            privileged=True,
            privileged_roles=("Exchange Administrator",),
        ),
        directory_user(CAT, "cat@clinic.example"),
        directory_user(DAN, "dan@clinic.example", excluded_from=("MFA for everybody",), **UNASKED),
        directory_user(EVE, "eve@clinic.example", excluded_from=("MFA for everybody",), **UNASKED),
        directory_user(GUS, "gus_partner.example#EXT#@clinic.onmicrosoft.com", guest=True),
    ]


def seen(*policies: dict[str, object], **more: Any) -> dict[str, DirectoryUser]:
    found = observe(users, WORLD | {POLICIES: list(policies)} | more)
    return {facts.name.partition("@")[0]: facts for facts in found if isinstance(facts, DirectoryUser)}


def asked(*policies: dict[str, object], **more: Any) -> set[str]:
    return {name.partition("_")[0] for name, facts in seen(*policies, **more).items() if facts.mfa_active}


ALL = {"ann", "ben", "cat", "dan", "eve", "gus"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (policy("x", "mfa"), ALL),
        (policy("x", "mfa", state="disabled"), set()),
        (policy("x", "mfa", state="enabledForReportingButNotEnforced"), set()),
        (policy("x", "block"), ALL),
        (policy("x", "compliantDevice"), set()),
        (policy("x", "mfa", "compliantDevice"), set()),
        (policy("x", "mfa", "compliantDevice", grant={"operator": "AND"}), ALL),
        (policy("x", "mfa", grant={"termsOfUse": ["a"], "operator": "AND"}), ALL),
        (policy("x", "mfa", grant={"customAuthenticationFactors": ["a"]}), set()),
        (policy("x") | {"grantControls": None}, set()),
        (policy("x", grant={"authenticationStrength": STRENGTH}), ALL),
        (policy("x", grant={"authenticationStrength": {**STRENGTH, "requirementsSatisfied": "none"}}), set()),
        (
            policy("x", "mfa", conditions={"clientAppTypes": ["browser", "mobileAppsAndDesktopClients"]}),
            set(),
        ),
        (policy("x", "mfa", conditions={"signInRiskLevels": ["high"]}), set()),
        (policy("x", "mfa", conditions={"userRiskLevels": ["high"]}), set()),
        (policy("x", "mfa", conditions={"insiderRiskLevels": ["elevated"]}), set()),
        (
            policy("x", "mfa", conditions={"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}),
            set(),
        ),
        (policy("x", "mfa", conditions={"authenticationFlows": {"transferMethods": "none"}}), ALL),
        (
            policy(
                "x",
                "mfa",
                conditions={"devices": {"deviceFilter": {"mode": "exclude", "rule": "device.isCompliant"}}},
            ),
            set(),
        ),
        (policy("x", "mfa", conditions={"devices": {"deviceFilter": None}}), ALL),
        (
            policy(
                "x",
                "mfa",
                conditions={"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}},
            ),
            set(),
        ),
        (
            policy(
                "x", "mfa", conditions={"locations": {"includeLocations": ["All"], "excludeLocations": []}}
            ),
            ALL,
        ),
        (
            policy(
                "x",
                "mfa",
                conditions={"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]}},
            ),
            set(),
        ),
        (policy("x", "mfa", applications={"includeApplications": ["Office365"]}), set()),
        (policy("x", "mfa", applications={"excludeApplications": [MANAGEMENT]}), set()),
        (
            policy(
                "x",
                "mfa",
                applications={
                    "includeApplications": [],
                    "includeUserActions": ["urn:user:registersecurityinfo"],
                },
            ),
            set(),
        ),
        (
            policy(
                "x",
                "mfa",
                applications={"applicationFilter": {"mode": "exclude", "rule": "CustomSecurityAttribute.a"}},
            ),
            set(),
        ),
        (policy("x", "mfa", users={"includeUsers": ["None"]}), set()),
        (policy("x", "mfa", users={"includeUsers": [ANN.upper(), CAT]}), {"ann", "cat"}),
        (policy("x", "mfa", users={"includeUsers": ["GuestsOrExternalUsers"]}), {"gus"}),
        (policy("x", "mfa", users={"excludeUsers": ["GuestsOrExternalUsers"]}), ALL - {"gus"}),
        (policy("x", "mfa", users={"includeUsers": [], "includeGroups": [EXEMPT]}), {"dan"}),
        (policy("x", "mfa", users={"includeUsers": [], "includeRoles": [GLOBAL]}), {"ann"}),
        # Ben administers a part of the directory only.
        (policy("x", "mfa", users={"includeUsers": [], "includeRoles": [EXCHANGE]}), set()),
        (policy("x", "mfa", users={"excludeRoles": [GLOBAL, REPORTS]}), ALL - {"ann", "cat"}),
        (policy("x", "mfa", users={"excludeSomethingNew": ["a"]}), set()),
    ],
)
def test_what_one_policy_asks(told: dict[str, object], *, expected: set[str]) -> None:
    assert asked(told) == expected


def guests(kinds: str, tenants: str | None = "all") -> dict[str, object]:
    of = {"@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants", "membershipKind": "all"}
    if tenants == "enumerated":
        of = {
            "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
            "membershipKind": "enumerated",
            "members": [TENANT],
        }
    return {"guestOrExternalUserTypes": kinds, "externalTenants": None if tenants is None else of}


@pytest.mark.parametrize(
    ("more", "kinds", "expected"),
    [
        (
            {"userType": "Guest", "externalUserState": "PendingAcceptance"},
            "b2bCollaborationGuest",
            {"cat", "gus"},
        ),
        ({"userType": "Guest"}, "internalGuest, serviceProvider", {"cat"}),
        ({"userType": "Guest"}, "b2bCollaborationGuest,b2bCollaborationMember", {"gus"}),
        ({"externalUserState": "Accepted"}, "b2bCollaborationMember,b2bDirectConnectUser", {"cat"}),
        ({"externalUserState": "Accepted"}, "internalGuest", set()),
        ({}, "internalGuest,b2bCollaborationGuest,b2bCollaborationMember", {"gus"}),
    ],
)
def test_kinds_of_guests(more: Mapping[str, object], kinds: str, *, expected: set[str]) -> None:
    everyone = [*(each for each in PEOPLE if each["id"] != CAT), user(CAT, "cat@clinic.example", **more)]
    told = policy("x", "mfa", users={"includeUsers": [], "includeGuestsOrExternalUsers": guests(kinds)})

    assert asked(told, **{USERS: everyone}) == expected


@pytest.mark.parametrize("verb", ["include", "exclude"])
def test_a_guest_of_whom_it_is_not_told_whether_a_policy_is_about_them_is_unreadable(verb: str) -> None:
    some = guests("internalGuest,b2bCollaborationGuest", "enumerated")
    chosen = {"includeUsers": [] if verb == "include" else ["All"], f"{verb}GuestsOrExternalUsers": some}

    sight = look(users, WORLD | {POLICIES: [policy("x", "mfa", users=chosen)]})

    assert len(sight.facts) == len(PEOPLE) - 1
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/users/{GUS}",
            "externalTenants is missing; expected the guest's own tenant, on which a policy depends",
        )
    ]


def test_policies_are_taken_together() -> None:
    modern = policy("new", "mfa", conditions={"clientAppTypes": ["browser", "mobileAppsAndDesktopClients"]})
    old = policy("old", "block", conditions={"clientAppTypes": ["exchangeActiveSync", "other"]})

    assert asked(modern) == set()
    assert asked(modern, old) == ALL
    assert {facts.legacy_authentication_blocked for facts in seen(modern).values()} == {False}
    assert {facts.legacy_authentication_blocked for facts in seen(old).values()} == {True}


def test_azure_management_by_itself() -> None:
    told = seen(policy("x", "mfa", applications={"includeApplications": [MANAGEMENT]}))

    assert {(facts.mfa_active, facts.mfa_for_azure_management) for facts in told.values()} == {(False, True)}


def test_security_defaults_ask_everybody_but_the_account_that_synchronises() -> None:
    told = seen(
        **{
            DEFAULTS: defaults(enabled=True),
            ASSIGNMENTS: [assigned(EVE, SYNCHRONISATION), assigned(ANN, USER_ADMIN)],
        }
    )

    assert {name: (facts.mfa_active, facts.required_by) for name, facts in told.items()} == {
        "ann": (True, "security-defaults"),
        "ben": (True, "security-defaults"),
        "cat": (True, "security-defaults"),
        "dan": (True, "security-defaults"),
        "eve": (False, None),
        "gus_partner.example#EXT#": (True, "security-defaults"),
    }
    assert {facts.legacy_authentication_blocked for facts in told.values()} == {True}


def test_users_of_whom_an_unreadable_group_decides_are_unreadable_and_nobody_else() -> None:
    answers = by("id", {ADMINS: members(ANN), GONE: Error("Request_ResourceNotFound")})

    sight = look(users, WORLD | {MEMBERS: answers})

    assert [facts.resource for facts in sight.facts] == [f"{ID}/users/{EVE}"]
    assert [refusal.resource for refusal in sight.refusals] == [
        f"{ID}/users/{number}" for number in (ANN, BEN, CAT, DAN, GUS)
    ]
    assert {(refusal.error.need, refusal.error.reason) for refusal in sight.refusals} == {
        (MEMBERS, Reason.DENIED)
    }


def test_whoever_holds_a_role_and_is_not_told_may_be_a_group() -> None:
    told = seen(policy("x", "mfa"), **{ASSIGNMENTS: [assigned(ADMINS, GLOBAL) | {"principal": None}]})

    assert [name for name, facts in told.items() if facts.privileged] == ["ann"]


@pytest.mark.parametrize(
    ("told", "detail"),
    [
        (
            policy("x", "mfa", state="enabledForTea"),
            "state is 'enabledForTea'; known are enabled, enabledForReportingButNotEnforced, disabled",
        ),
        (
            policy("x", "mfa", conditions={"clientAppTypes": []}),
            "conditions.clientAppTypes is a list; expected a list of one client or more",
        ),
        (
            policy("x", "mfa", grant={"operator": "XOR"}),
            "grantControls.operator is 'XOR'; known are AND, OR",
        ),
    ],
)
def test_a_policy_that_is_not_as_documented_is_refused(told: dict[str, object], detail: str) -> None:
    sight = look(users, WORLD | {POLICIES: [told]})

    assert (sight.facts, [refusal.error.detail for refusal in sight.refusals]) == ([], [detail])


def schedule(principal: str, role: str) -> dict[str, object]:
    return {
        "id": f"{principal[:8]}-{role[:8]}",
        "principalId": principal,
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "memberType": "Direct",
        "status": "Provisioned",
        "createdUsing": "3ad0ed80-c1ee-4a0e-8a4f-0d6f0b0f0b0f",
        "createdDateTime": "2025-01-02T03:04:05Z",
        "scheduleInfo": {"startDateTime": "2025-01-02T03:04:05Z", "expiration": {"type": "noExpiration"}},
    }


ELIGIBLE = world(
    eligible_users,
    WORLD
    | {
        ELIGIBILITIES: [
            schedule(CAT, GLOBAL),
            schedule(CAT, REPORTS),
            schedule(EXEMPT, USER_ADMIN),
            schedule(GONE, USER_ADMIN),
            schedule(EVE, REPORTS),
        ]
    },
)


def test_eligible_users() -> None:
    everybody = {facts.resource: facts for facts in observe(users, WORLD)}

    def eligible(number: str, *roles: str) -> EligibleUser:
        return EligibleUser(**vars(everybody[f"{ID}/users/{number}"]), eligible_roles=roles)

    assert observe(eligible_users, ELIGIBLE) == [
        eligible(CAT, "Global Administrator"),
        eligible(DAN, "User Administrator"),
    ]


def test_a_tenant_without_a_licence_for_eligible_roles() -> None:
    sight = look(
        eligible_users, ELIGIBLE | {ELIGIBILITIES: Error("AadPremiumLicenseRequired", Reason.UNLICENSED)}
    )

    assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == ([], [Reason.UNLICENSED])


DEMANDS = world(tenant, {POLICIES: WORLD[POLICIES], DEFAULTS: WORLD[DEFAULTS]})
DEMANDED = TenantDemands(
    resource=ID,
    security_defaults=False,
    policies_enabled=2,
    policies_report_only=1,
    policies_disabled=1,
    mfa_for_all_users=True,
    mfa_for_guests=True,
    mfa_for_admins=True,
    admin_roles_without_mfa=(),
    phishing_resistant_mfa_for_admins=False,
    mfa_for_azure_management=True,
    legacy_authentication_blocked=True,
    excluded_users=1,
    excluded_groups=2,
)
NOTHING = replace(
    DEMANDED,
    policies_enabled=0,
    policies_report_only=0,
    policies_disabled=0,
    mfa_for_all_users=False,
    mfa_for_guests=False,
    mfa_for_admins=False,
    admin_roles_without_mfa=tuple(ADMINISTRATORS.values()),
    mfa_for_azure_management=False,
    legacy_authentication_blocked=False,
    excluded_users=0,
    excluded_groups=0,
)


def demands(*policies: dict[str, object], security: bool = False) -> list[object]:
    return list(observe(tenant, {POLICIES: list(policies), DEFAULTS: defaults(enabled=security)}))


def test_tenant() -> None:
    assert observe(tenant, DEMANDS) == [DEMANDED]


def test_a_tenant_that_asks_for_nothing() -> None:
    assert demands() == [NOTHING]


def test_a_tenant_with_security_defaults() -> None:
    assert demands(security=True) == [
        replace(
            DEMANDED,
            security_defaults=True,
            policies_enabled=0,
            policies_report_only=0,
            policies_disabled=0,
            excluded_users=0,
            excluded_groups=0,
        )
    ]


def test_a_tenant_that_asks_some_roles_and_no_guests() -> None:
    roles = [role for role in ADMINISTRATORS if role != EXCHANGE]

    assert demands(
        policy(
            "Passkeys",
            users={"includeUsers": [], "includeRoles": roles},
            grant={"authenticationStrength": STRENGTH},
        ),
        policy(
            "Members",
            "mfa",
            applications={"includeApplications": [MANAGEMENT]},
            users={"excludeUsers": ["GuestsOrExternalUsers"]},
        ),
    ) == [
        replace(
            NOTHING,
            policies_enabled=2,
            admin_roles_without_mfa=("Exchange Administrator",),
            mfa_for_azure_management=True,
        )
    ]


def test_passkeys_for_every_administrator() -> None:
    told = policy(
        "Passkeys",
        users={"includeUsers": [], "includeRoles": list(ADMINISTRATORS)},
        grant={"authenticationStrength": STRENGTH},
    )

    assert demands(told) == [
        replace(
            NOTHING,
            policies_enabled=1,
            mfa_for_admins=True,
            admin_roles_without_mfa=(),
            phishing_resistant_mfa_for_admins=True,
        )
    ]


def addresses(name: str, *, trusted: bool) -> dict[str, object]:
    return {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "id": f"{name}-id",
        "displayName": name,
        "isTrusted": trusted,
        "createdDateTime": "2024-01-02T03:04:05Z",
        "modifiedDateTime": "2024-01-02T03:04:05Z",
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}],
    }


PLACES = world(
    named_locations,
    {
        LOCATIONS: [
            addresses("ward", trusted=True),
            addresses("lobby", trusted=False),
            {
                "@odata.type": "#microsoft.graph.countryNamedLocation",
                "id": "home-id",
                "displayName": "home",
                "countriesAndRegions": ["NL"],
                "countryLookupMethod": "clientIpAddress",
                "includeUnknownCountriesAndRegions": False,
                "createdDateTime": "2024-01-02T03:04:05Z",
                "modifiedDateTime": "2024-01-02T03:04:05Z",
            },
        ]
    },
)


def test_named_locations() -> None:
    assert observe(named_locations, PLACES) == [
        NamedLocations(resource=ID, trusted_locations=1, address_locations=2, country_locations=1)
    ]


def test_a_tenant_that_names_no_place() -> None:
    assert observe(named_locations, {LOCATIONS: []}) == [
        NamedLocations(resource=ID, trusted_locations=0, address_locations=0, country_locations=0)
    ]


def method(name: str, *, enabled: bool, **more: object) -> dict[str, object]:
    kind = f"{name[0].lower()}{name[1:]}"
    return {
        "@odata.type": f"#microsoft.graph.{kind}AuthenticationMethodConfiguration",
        "id": name,
        "state": "enabled" if enabled else "disabled",
        "excludeTargets": [],
        **more,
    }


ALL_USERS = {"targetType": "group", "id": "all_users", "isRegistrationRequired": False}


def told_methods(*configurations: dict[str, object], migration: str | None) -> dict[str, object]:
    return {
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed",
        "lastModifiedDateTime": "2024-01-02T03:04:05Z",
        "policyVersion": "1.5",
        "policyMigrationState": migration,
        "registrationEnforcement": None,
        "authenticationMethodConfigurations": list(configurations),
    }


ALLOWED = world(
    methods,
    {
        METHODS: told_methods(
            method("Fido2", enabled=True, includeTargets=[ALL_USERS]),
            method("MicrosoftAuthenticator", enabled=True, includeTargets=[ALL_USERS]),
            method("Sms", enabled=True, includeTargets=[]),
            method("Voice", enabled=False, includeTargets=[]),
            migration="migrationInProgress",
        )
    },
)


def test_methods() -> None:
    assert observe(methods, ALLOWED) == [
        Methods(
            resource=ID,
            enabled_methods=("Fido2", "MicrosoftAuthenticator", "Sms"),
            fido2_enabled=True,
            fido2_for_everybody=True,
            sms_enabled=True,
            voice_enabled=False,
            migration="under-way",
        )
    ]


@pytest.mark.parametrize(
    ("fido2", "enabled"),
    [
        (method("Fido2", enabled=False, includeTargets=[ALL_USERS]), False),
        (method("Fido2", enabled=True, includeTargets=[ALL_USERS | {"id": ADMINS}]), True),
        (
            method(
                "Fido2",
                enabled=True,
                includeTargets=[ALL_USERS],
                excludeTargets=[{"targetType": "group", "id": EXEMPT}],
            ),
            True,
        ),
    ],
)
def test_passkeys_that_are_not_for_everybody(fido2: dict[str, object], *, enabled: bool) -> None:
    (told,) = observe(methods, {METHODS: told_methods(fido2, migration=None)})

    assert isinstance(told, Methods)
    assert (told.fido2_enabled, told.fido2_for_everybody, told.migration) == (enabled, False, None)


def registered(number: str, name: str, *found: str, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "userPrincipalName": name,
        "userDisplayName": name.partition("@")[0],
        "userType": "member",
        "isAdmin": False,
        "isSsprRegistered": False,
        "isSsprEnabled": False,
        "isSsprCapable": False,
        "isMfaRegistered": bool(found),
        "isMfaCapable": bool(found),
        "isPasswordlessCapable": False,
        "methodsRegistered": list(found),
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "systemPreferredAuthenticationMethods": [],
        "userPreferredMethodForSecondaryAuthentication": "push",
        "lastUpdatedDateTime": "2026-11-20T03:04:05Z",
        **more,
    }


REPORT = world(
    registrations,
    {
        REGISTRATIONS: [
            registered(
                ANN,
                "ann@clinic.example",
                "passKeyDeviceBound",
                "mobilePhone",
                isAdmin=True,
                isPasswordlessCapable=True,
            ),
            registered(CAT, "cat@clinic.example", "softwareOneTimePasscode", isMfaCapable=False),
            registered(GUS, "gus@partner.example", userType="guest"),
        ]
    },
)


def test_registrations() -> None:
    cat = Registration(
        resource=f"{ID}/users/{CAT}",
        name="cat@clinic.example",
        guest=False,
        administrator=False,
        registered_methods=("softwareOneTimePasscode",),
        mfa_registered=True,
        mfa_capable=False,
        passwordless_capable=False,
        phishing_resistant_registered=False,
    )

    assert observe(registrations, REPORT) == [
        replace(
            cat,
            resource=f"{ID}/users/{ANN}",
            name="ann@clinic.example",
            administrator=True,
            registered_methods=("mobilePhone", "passKeyDeviceBound"),
            mfa_capable=True,
            passwordless_capable=True,
            phishing_resistant_registered=True,
        ),
        cat,
        replace(
            cat,
            resource=f"{ID}/users/{GUS}",
            name="gus@partner.example",
            guest=True,
            registered_methods=(),
            mfa_registered=False,
        ),
    ]
