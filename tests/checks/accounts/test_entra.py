from dataclasses import replace
from datetime import UTC, datetime

import pytest

from checks.accounts import (
    ApplicationCredential,
    ApplicationSignIn,
    DirectoryRole,
    DirectoryUser,
    EligibleRole,
    SignIn,
    TenantSettings,
)
from checks.accounts.entra import (
    ACTIVITIES,
    APPLICATIONS,
    AUTHORIZATION,
    ELIGIBLE,
    ESTABLISHED,
    HELD,
    MEMBERS,
    ROLES,
    SIGN_INS,
    USERS,
    application_credentials,
    applications,
    directory_roles,
    eligible_roles,
    settings,
    sign_ins,
    users,
)
from scanner.testing import TENANT, by, look, observe, world

ANN = "a0000000-0000-4000-8000-000000000001"
BEN = "b0000000-0000-4000-8000-000000000002"
PAT = "c0000000-0000-4000-8000-000000000003"
TEAM = "d0000000-0000-4000-8000-000000000004"
PROGRAM = "e0000000-0000-4000-8000-000000000005"
MADE = "2021-02-03T04:05:06Z"
MADE_AT = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)


def user(number: str, name: str, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "userPrincipalName": name,
        "displayName": name.partition("@")[0],
        "accountEnabled": True,
        "userType": "Member",
        "externalUserState": None,
        "createdDateTime": MADE,
        **more,
    }


GUEST = user(
    PAT,
    "pat_partner.example#EXT#@clinic.onmicrosoft.com",
    userType="Guest",
    externalUserState="Accepted",
    accountEnabled=False,
)
OLD = user(BEN, "ben@clinic.example", userType=None, createdDateTime=None)
USERS_WORLD = world(users, {USERS: [user(ANN.upper(), "ann@clinic.example"), OLD, GUEST]})


def test_users() -> None:
    def seen(number: str, name: str, **more: object) -> DirectoryUser:
        plain = DirectoryUser(
            resource=f"entra:{TENANT}/users/{number}", name=name, active=True, guest=False, created_at=MADE_AT
        )
        return replace(plain, **more)

    assert observe(users, USERS_WORLD) == [
        seen(ANN, "ann@clinic.example"),
        seen(BEN, "ben@clinic.example", created_at=datetime(2018, 6, 1, tzinfo=UTC)),
        seen(PAT, GUEST["userPrincipalName"], active=False, guest=True),
    ]


def test_who_was_invited_before_there_were_types_is_a_guest() -> None:
    (seen,) = observe(users, {USERS: [{**GUEST, "userType": None}]})

    assert seen.guest


def test_a_member_may_have_the_name_of_a_guest() -> None:
    (seen,) = observe(users, {USERS: [{**GUEST, "userType": "Member"}]})

    assert not seen.guest


def activity(success: str | None, prompted: str | None, renewed: str | None) -> dict[str, object]:
    return {
        "lastSuccessfulSignInDateTime": success,
        "lastSuccessfulSignInRequestId": None,
        "lastSignInDateTime": prompted,
        "lastSignInRequestId": None,
        "lastNonInteractiveSignInDateTime": renewed,
        "lastNonInteractiveSignInRequestId": None,
    }


SPRAYED = "2026-11-20T01:00:00Z"
SIGN_INS_WORLD = world(
    sign_ins,
    {
        SIGN_INS: [
            user(ANN, "ann@clinic.example", signInActivity=activity("2026-11-19T08:00:00Z", SPRAYED, None)),
            {**OLD, "signInActivity": None},
            {**GUEST, "signInActivity": activity(None, "2023-05-01T00:00:00Z", "2023-06-01T00:00:00Z")},
        ]
    },
)


def test_sign_ins() -> None:
    def seen(number: str, name: str, used_at: datetime | None, **more: object) -> SignIn:
        plain = SignIn(
            resource=f"entra:{TENANT}/users/{number}",
            name=name,
            active=True,
            guest=False,
            last_used_at=used_at,
            last_seen_at=used_at or datetime(2018, 6, 1, tzinfo=UTC),
        )
        return replace(plain, **more)

    assert observe(sign_ins, SIGN_INS_WORLD) == [
        seen(ANN, "ann@clinic.example", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        seen(BEN, "ben@clinic.example", None),
        seen(PAT, GUEST["userPrincipalName"], datetime(2023, 6, 1, tzinfo=UTC), active=False, guest=True),
    ]


@pytest.mark.parametrize(
    ("success", "prompted", "renewed", "used_at"),
    [
        (None, SPRAYED, None, None),
        (None, SPRAYED, "2023-11-30T23:59:59Z", "2023-11-30T23:59:59+00:00"),
        (None, "2023-12-01T00:00:00Z", None, None),
        ("2024-01-01T00:00:00Z", SPRAYED, SPRAYED, "2024-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", None, None, None),
    ],
)
def test_an_attempt_is_no_sign_in(
    success: str | None, prompted: str | None, renewed: str | None, used_at: str | None
) -> None:
    tried = user(ANN, "ann@clinic.example", signInActivity=activity(success, prompted, renewed))

    (seen,) = observe(sign_ins, {SIGN_INS: [tried]})

    expected = datetime.fromisoformat(used_at) if used_at else None
    assert (seen.last_used_at, seen.last_seen_at) == (expected, expected or MADE_AT)


def application(number: str, app: str, name: str, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "appId": app,
        "displayName": name,
        "signInAudience": "AzureADMyOrg",
        "createdDateTime": MADE,
        "passwordCredentials": [],
        "keyCredentials": [],
        **more,
    }


def key(number: str, usage: str) -> dict[str, object]:
    return {
        "customKeyIdentifier": "sBCL5w==",
        "displayName": "CN=sync",
        "keyId": number,
        "type": "AsymmetricX509Cert",
        "usage": usage,
        "key": None,
        "startDateTime": "2026-01-01T00:00:00Z",
        "endDateTime": "2027-01-01T00:00:00Z",
    }


def established(app: str, *, enabled: bool) -> dict[str, object]:
    return {
        "id": f"99{app[2:]}",
        "appId": app,
        "displayName": "one",
        "accountEnabled": enabled,
        "appOwnerOrganizationId": TENANT,
        "servicePrincipalType": "Application",
        "passwordCredentials": [],
        "keyCredentials": [],
    }


def used(app: str, moment: str | None) -> dict[str, object]:
    last = {"lastSignInDateTime": moment, "lastSignInRequestId": "f1"}
    return {
        "id": "ODNmNWE4MjYtMzhmMS00NmJiLTk4ZjItZTZhZjY5",
        "appId": app,
        "lastSignInActivity": last,
        "delegatedClientSignInActivity": None,
        "delegatedResourceSignInActivity": None,
        "applicationAuthenticationClientSignInActivity": last,
        "applicationAuthenticationResourceSignInActivity": None,
    }


SECRET = {
    "customKeyIdentifier": None,
    "displayName": "nightly",
    "endDateTime": "2030-01-01T00:00:00Z",
    "hint": "abc",
    "keyId": "F0000000-0000-4000-8000-000000000001",
    "secretText": None,
    "startDateTime": "2020-01-01T00:00:00Z",
}
APPS = [
    application("11", "aa", "Sync", passwordCredentials=[SECRET]),
    application("22", "bb", "Old", keyCredentials=[key("F2", "Verify"), key("F3", "Encrypt")]),
    application("33", "cc", "Elsewhere"),
]
APPLICATIONS_WORLD = world(
    applications,
    {
        APPLICATIONS: APPS,
        ESTABLISHED: [established("AA", enabled=True), established("bb", enabled=False)],
        ACTIVITIES: [used("aA", "2026-11-20T00:00:00Z"), used("zz", "2026-11-20T00:00:00Z")],
    },
)
world(application_credentials, {APPLICATIONS: APPS})


def test_applications() -> None:
    def seen(number: str, name: str, *, active: bool, used_at: datetime | None = None) -> ApplicationSignIn:
        return ApplicationSignIn(
            resource=f"entra:{TENANT}/applications/{number}",
            name=name,
            active=active,
            last_used_at=used_at,
            last_seen_at=used_at or MADE_AT,
        )

    assert observe(applications, APPLICATIONS_WORLD) == [
        seen("11", "Sync", active=True, used_at=datetime(2026, 11, 20, tzinfo=UTC)),
        seen("22", "Old", active=False),
        seen("33", "Elsewhere", active=False),
    ]


def test_application_credentials() -> None:
    assert observe(application_credentials, {APPLICATIONS: APPS}) == [
        ApplicationCredential(
            resource=f"entra:{TENANT}/applications/11/f0000000-0000-4000-8000-000000000001",
            links=(f"entra:{TENANT}/applications/11",),
            application="Sync",
            kind="secret",
            started_at=datetime(2020, 1, 1, tzinfo=UTC),
            expires_at=datetime(2030, 1, 1, tzinfo=UTC),
            lifetime_days=3653,
        ),
        ApplicationCredential(
            resource=f"entra:{TENANT}/applications/22/f2",
            links=(f"entra:{TENANT}/applications/22",),
            application="Old",
            kind="certificate",
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            expires_at=datetime(2027, 1, 1, tzinfo=UTC),
            lifetime_days=365,
        ),
    ]


GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
MAIL = "29232cdf-9323-42fd-ade2-1d097af3e4de"
HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"


def role(number: str, name: str) -> dict[str, object]:
    return {
        "id": number,
        "templateId": number,
        "displayName": name,
        "description": name,
        "isBuiltIn": True,
        "isEnabled": True,
        "resourceScopes": ["/"],
        "rolePermissions": [],
        "version": "1",
    }


def held(which: str, who: str, kind: str, at: str = "/") -> dict[str, object]:
    return {
        "id": f"lAPpYvVpN0KRkAEhdxReEMmO4KwRqtpKkUWt3wOYIz4-{who}",
        "principalId": who,
        "roleDefinitionId": which,
        "directoryScopeId": at,
        "principal": {"@odata.type": f"#microsoft.graph.{kind}", "id": who},
    }


def member(who: str, kind: str) -> dict[str, object]:
    return {"@odata.type": f"#microsoft.graph.{kind}", "id": who}


ROLE_LIST = [
    role(GLOBAL, "Global Administrator"),
    role(MAIL, "Exchange Administrator"),
    role(HELPDESK, "Helpdesk Administrator"),
]
HELD_WORLD = world(
    directory_roles,
    {
        ROLES: ROLE_LIST,
        HELD: [
            held(GLOBAL, ANN, "user"),
            held(GLOBAL, TEAM, "group"),
            held(GLOBAL, PROGRAM, "servicePrincipal"),
            held(MAIL, PAT, "user"),
            held(HELPDESK, PAT, "user", "/administrativeUnits/77"),
        ],
        MEMBERS: by(
            "id", {TEAM: [member(ANN, "user"), member(BEN, "user"), member(PROGRAM, "servicePrincipal")]}
        ),
    },
)


def privileged(number: str, name: str, holders: int, groups: int, programs: int) -> DirectoryRole:
    return DirectoryRole(
        resource=f"entra:{TENANT}/roleDefinitions/{number}",
        name=name,
        holders=holders,
        holder_groups=groups,
        holder_service_principals=programs,
    )


def test_directory_roles() -> None:
    assert observe(directory_roles, HELD_WORLD) == [
        privileged(GLOBAL, "Global Administrator", 2, 1, 1),
        privileged(HELPDESK, "Helpdesk Administrator", 0, 0, 0),
    ]


def test_a_group_that_may_not_be_read_hides_only_its_roles() -> None:
    sight = look(directory_roles, HELD_WORLD, denied=[MEMBERS])

    assert sight.facts == [privileged(HELPDESK, "Helpdesk Administrator", 0, 0, 0)]
    assert [refusal.resource for refusal in sight.refusals] == [f"entra:{TENANT}/roleDefinitions/{GLOBAL}"]


def schedule(which: str, who: str, at: str = "/") -> dict[str, object]:
    return {
        "id": f"{which}-{who}",
        "principalId": who,
        "roleDefinitionId": which,
        "directoryScopeId": at,
        "appScopeId": None,
        "memberType": "Direct",
        "status": "Provisioned",
        "createdDateTime": MADE,
    }


ELIGIBLE_WORLD = world(
    eligible_roles,
    {
        ROLES: ROLE_LIST,
        ELIGIBLE: [
            schedule(GLOBAL, BEN),
            schedule(GLOBAL, BEN.upper()),
            schedule(GLOBAL, TEAM),
            schedule(HELPDESK, ANN, "/administrativeUnits/77"),
            schedule(MAIL, ANN),
        ],
    },
)


def test_eligible_roles() -> None:
    assert observe(eligible_roles, ELIGIBLE_WORLD) == [
        EligibleRole(
            resource=f"entra:{TENANT}/roleDefinitions/{number}", name=f"{name} Administrator", eligible=count
        )
        for number, name, count in [(GLOBAL, "Global", 2), (HELPDESK, "Helpdesk", 0)]
    ]


def policy(*grants: str, **more: object) -> dict[str, object]:
    return {
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "everyone",
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "allowUserConsentForRiskyApps": None,
        "blockMsolPowerShell": False,
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": False,
            "allowedToReadBitlockerKeysForOwnedDevice": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": list(grants),
        },
        **more,
    }


LEGACY = "ManagePermissionGrantsForSelf.microsoft-user-default-legacy"
SETTINGS = world(settings, {AUTHORIZATION: policy(LEGACY)})


def test_settings() -> None:
    assert observe(settings, SETTINGS) == [
        TenantSettings(
            resource=f"entra:{TENANT}",
            apps_by_users=True,
            security_groups_by_users=True,
            tenants_by_users=False,
            user_consent="anything",
            invitations_by="everybody",
            guest_access="limited",
        )
    ]


@pytest.mark.parametrize(
    ("grants", "consent"),
    [
        ([], "nothing"),
        (["ManagePermissionGrantsForOwnedResource.microsoft-all-application-permissions"], "nothing"),
        (["managePermissionGrantsForSelf.microsoft-user-default-low"], "low-risk"),
        (["ManagePermissionGrantsForSelf.microsoft-user-default-recommended"], "recommended"),
        (["ManagePermissionGrantsForSelf.our-own"], "custom"),
        (["ManagePermissionGrantsForSelf.microsoft-user-default-low", LEGACY], "anything"),
    ],
)
def test_what_users_may_consent_to(grants: list[str], consent: str) -> None:
    (seen,) = observe(settings, {AUTHORIZATION: policy(*grants)})

    assert seen.user_consent == consent


@pytest.mark.parametrize(
    ("told", "invitations", "access"),
    [
        ("none", "nobody", "limited"),
        ("adminsAndGuestInviters", "administrators", "limited"),
        ("adminsGuestInvitersAndAllMembers", "members", "limited"),
    ],
)
def test_who_may_invite(told: str, invitations: str, access: str) -> None:
    (seen,) = observe(settings, {AUTHORIZATION: policy(allowInvitesFrom=told)})

    assert (seen.invitations_by, seen.guest_access) == (invitations, access)


@pytest.mark.parametrize(
    ("told", "access"),
    [
        ("a0b1b346-4d3e-4e8b-98f8-753987be4970", "as-members"),
        ("2AF84B1E-32C8-42B7-82BC-DAA82404023B", "restricted"),
    ],
)
def test_what_guests_see(told: str, access: str) -> None:
    (seen,) = observe(settings, {AUTHORIZATION: policy(guestUserRoleId=told)})

    assert seen.guest_access == access
