from dataclasses import replace
from datetime import UTC, datetime

import pytest

from checks.third_party import (
    ConsentedApplication,
    ForeignApplication,
    GuestRoles,
    GuestUser,
    InboundAccess,
    OwnedApplication,
    Partner,
)
from checks.third_party.entra import (
    CONSENTS,
    DEFAULT,
    ESTABLISHED,
    GRANTED,
    GRAPH,
    HELD,
    MEMBERS,
    OWNERS,
    PARTNERS,
    REGISTERED,
    ROLES,
    USERS,
    applications,
    consented_applications,
    guest_roles,
    guests,
    other_organizations,
    owned_applications,
    partners,
)
from scanner.testing import TENANT, by, look, observe, world

PAT = "c0000000-0000-4000-8000-000000000003"
SAM = "c0000000-0000-4000-8000-000000000004"
LEE = "c0000000-0000-4000-8000-000000000005"
ANN = "a0000000-0000-4000-8000-000000000001"
TEAM = "d0000000-0000-4000-8000-000000000004"
PAT_NAME = "pat_o_partner.example#EXT#@clinic.onmicrosoft.com"
MADE_AT = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
USER = f"entra:{TENANT}/users/"


def user(number: str, name: str, kind: str = "Guest", **more: object) -> dict[str, object]:
    return {
        "id": number,
        "userPrincipalName": name,
        "displayName": "Pat",
        "accountEnabled": True,
        "userType": kind,
        "externalUserState": None,
        "createdDateTime": "2021-02-03T04:05:06Z",
        **more,
    }


PEOPLE = [
    user(PAT, PAT_NAME, externalUserState="Accepted"),
    user(ANN, "ann@clinic.example", "Member"),
    user(SAM, "sam_other.example#EXT#@clinic.onmicrosoft.com", externalUserState="PendingAcceptance"),
    user(LEE, "lee@clinic.example", accountEnabled=False, createdDateTime=None),
]
world(guests, {USERS: PEOPLE})


def test_guests() -> None:
    pat = GuestUser(
        resource=USER + PAT,
        name=PAT_NAME,
        home_domain="partner.example",
        active=True,
        invitation="accepted",
        created_at=MADE_AT,
    )

    assert observe(guests, {USERS: PEOPLE}) == [
        pat,
        replace(
            pat,
            resource=USER + SAM,
            name="sam_other.example#EXT#@clinic.onmicrosoft.com",
            home_domain="other.example",
            invitation="pending",
        ),
        replace(
            pat,
            resource=USER + LEE,
            name="lee@clinic.example",
            home_domain=None,
            active=False,
            invitation=None,
            created_at=datetime(2018, 6, 1, tzinfo=UTC),
        ),
    ]


def role(number: str, name: str) -> dict[str, object]:
    return {"id": number, "templateId": number, "displayName": name, "isBuiltIn": True, "isEnabled": True}


HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
INVITER = "95e79109-95c0-4d8e-aee3-d01accf2d47b"


def held(which: str, who: str, kind: str = "user", at: str = "/") -> dict[str, object]:
    return {
        "id": f"{which}-{who}",
        "principalId": who,
        "roleDefinitionId": which,
        "directoryScopeId": at,
        "principal": {"@odata.type": f"#microsoft.graph.{kind}", "id": who},
    }


GUEST_ROLES = world(
    guest_roles,
    {
        USERS: PEOPLE,
        ROLES: [role(HELPDESK, "Helpdesk Administrator"), role(INVITER, "Guest Inviter")],
        HELD: [
            held(INVITER, PAT.upper()),
            held(HELPDESK, TEAM, "group", "/administrativeUnits/77"),
            held(HELPDESK, ANN),
            held("77777777-0000-4000-8000-000000000007", SAM),
        ],
        MEMBERS: by("id", {TEAM: [{"@odata.type": "#microsoft.graph.user", "id": PAT}]}),
    },
)


def test_guest_roles() -> None:
    pat = GuestRoles(
        resource=USER + PAT,
        name=PAT_NAME,
        roles=("Guest Inviter", "Helpdesk Administrator"),
        privileged_roles=("Helpdesk Administrator",),
    )

    assert observe(guest_roles, GUEST_ROLES) == [
        pat,
        replace(
            pat,
            resource=USER + SAM,
            name="sam_other.example#EXT#@clinic.onmicrosoft.com",
            roles=("77777777-0000-4000-8000-000000000007",),
            privileged_roles=(),
        ),
        replace(pat, resource=USER + LEE, name="lee@clinic.example", roles=(), privileged_roles=()),
    ]


def rule(access: str, *targets: str, kind: str) -> dict[str, object]:
    return {"accessType": access, "targets": [{"target": target, "targetType": kind} for target in targets]}


def access(people: str, apps: str, who: str = "AllUsers", what: str = "AllApplications") -> dict[str, object]:
    return {
        "usersAndGroups": rule(people, who, kind="user"),
        "applications": rule(apps, what, kind="application"),
    }


def trust(*, mfa: bool = False, compliant: bool = False, joined: bool = False) -> dict[str, object]:
    return {
        "isMfaAccepted": mfa,
        "isCompliantDeviceAccepted": compliant,
        "isHybridAzureADJoinedDeviceAccepted": joined,
    }


STANDARD = {
    "isServiceDefault": True,
    "inboundTrust": trust(),
    "b2bCollaborationInbound": access("allowed", "allowed"),
    "b2bCollaborationOutbound": access("allowed", "allowed"),
    "b2bDirectConnectInbound": access("blocked", "blocked"),
    "b2bDirectConnectOutbound": access("blocked", "blocked"),
    "tenantRestrictions": None,
}
SILENT = {
    "tenantId": "B5CDC9B5-0000-4000-8000-000000000001",
    "isServiceProvider": None,
    "isInMultiTenantOrganization": False,
    "inboundTrust": None,
    "b2bCollaborationInbound": None,
    "b2bCollaborationOutbound": None,
    "b2bDirectConnectInbound": None,
    "b2bDirectConnectOutbound": None,
    "tenantRestrictions": None,
}
world(other_organizations, {DEFAULT: STANDARD})
PARTNERS_WORLD = world(
    partners,
    {
        DEFAULT: STANDARD,
        PARTNERS: [
            SILENT,
            {
                **SILENT,
                "tenantId": "b5cdc9b5-0000-4000-8000-000000000002",
                "isServiceProvider": True,
                "isInMultiTenantOrganization": True,
                "inboundTrust": trust(mfa=True, joined=True),
                "b2bCollaborationInbound": access("allowed", "allowed", who=TEAM),
                "b2bDirectConnectInbound": access("allowed", "allowed"),
            },
        ],
    },
)


def test_other_organizations() -> None:
    assert observe(other_organizations, {DEFAULT: STANDARD}) == [
        InboundAccess(
            resource=f"entra:{TENANT}",
            collaboration="everybody",
            direct_connect="nobody",
            mfa_trusted=False,
            devices_trusted=False,
        )
    ]


def test_partners() -> None:
    silent = Partner(
        resource=f"entra:{TENANT}/partners/b5cdc9b5-0000-4000-8000-000000000001",
        partner_tenant="b5cdc9b5-0000-4000-8000-000000000001",
        service_provider=False,
        own_organization=False,
        collaboration="everybody",
        direct_connect="nobody",
        mfa_trusted=False,
        devices_trusted=False,
    )

    assert observe(partners, PARTNERS_WORLD) == [
        silent,
        Partner(
            resource=f"entra:{TENANT}/partners/b5cdc9b5-0000-4000-8000-000000000002",
            partner_tenant="b5cdc9b5-0000-4000-8000-000000000002",
            service_provider=True,
            own_organization=True,
            collaboration="some",
            direct_connect="everybody",
            mfa_trusted=True,
            devices_trusted=True,
        ),
    ]


@pytest.mark.parametrize(
    ("inbound", "reach"),
    [
        (access("allowed", "allowed"), "everybody"),
        (access("blocked", "blocked"), "nobody"),
        (access("allowed", "blocked"), "nobody"),
        (access("allowed", "allowed", who=TEAM), "some"),
        (access("blocked", "allowed", who=TEAM), "some"),
        (access("allowed", "allowed", what="Office365"), "some"),
        (access("allowed", "blocked", who=TEAM), "nobody"),
    ],
)
def test_how_far_access_reaches(inbound: dict[str, object], reach: str) -> None:
    (seen,) = observe(other_organizations, {DEFAULT: {**STANDARD, "b2bCollaborationInbound": inbound}})

    assert seen.collaboration == reach


@pytest.mark.parametrize(("compliant", "joined"), [(True, False), (False, True)])
def test_devices_may_be_trusted_either_way(*, compliant: bool, joined: bool) -> None:
    told = {**STANDARD, "inboundTrust": trust(compliant=compliant, joined=joined)}

    (seen,) = observe(other_organizations, {DEFAULT: told})

    assert (seen.mfa_trusted, seen.devices_trusted) == (False, True)


def test_a_default_that_says_nothing_is_refused() -> None:
    sight = look(other_organizations, {DEFAULT: {**STANDARD, "b2bCollaborationInbound": None}})

    assert (sight.facts, len(sight.refusals)) == ([], 1)


VENDOR = "5aa1b9f2-0000-4000-8000-00000000000a"
MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
SCRIBE = "90000000-0000-4000-8000-000000000001"
WIDGET = "90000000-0000-4000-8000-000000000002"
GRAPH_ID = "90000000-0000-4000-8000-0000000000ff"


def established(
    number: str, name: str, owner: str | None, *, enabled: bool = True, **more: object
) -> dict[str, object]:
    return {
        "id": number,
        "appId": f"8{number[1:]}",
        "displayName": name,
        "accountEnabled": enabled,
        "appOwnerOrganizationId": owner,
        "servicePrincipalType": "Application",
        "passwordCredentials": [],
        "keyCredentials": [],
        **more,
    }


def key(usage: str, group: str) -> dict[str, object]:
    return {"keyId": "f1", "type": "AsymmetricX509Cert", "usage": usage, "customKeyIdentifier": group}


ESTABLISHED_LIST = [
    established(
        SCRIBE,
        "Scribe",
        VENDOR.upper(),
        passwordCredentials=[{"keyId": "f2", "customKeyIdentifier": None}, {"keyId": "f3"}],
        keyCredentials=[key("Verify", "AA==")],
    ),
    established(
        WIDGET,
        "Widget",
        VENDOR,
        enabled=False,
        # One certificate that signs tokens.
        passwordCredentials=[{"keyId": "f4", "customKeyIdentifier": "BB=="}],
        keyCredentials=[key("Sign", "BB=="), key("Verify", "BB==")],
    ),
    established("90000000-0000-4000-8000-000000000003", "Ours", TENANT),
    established("90000000-0000-4000-8000-000000000004", "Teams", MICROSOFT),
    established("90000000-0000-4000-8000-000000000005", "Managed", None),
]


def granted(who: str, which: str) -> dict[str, object]:
    return {
        "id": "41W1zT6z1U-kJxf62svfp1HFE8pMZhxDun-ThPczmJE",
        "appRoleId": which,
        "principalId": who,
        "principalType": "ServicePrincipal",
        "principalDisplayName": "one",
        "resourceId": GRAPH_ID,
        "resourceDisplayName": "Microsoft Graph",
    }


APPLICATIONS = world(
    applications,
    {
        ESTABLISHED: ESTABLISHED_LIST,
        GRAPH: {
            "id": GRAPH_ID,
            "appId": "00000003-0000-0000-c000-000000000000",
            "appRoles": [
                {"id": "9E3F62CF-CA93-4989-B6CE-BF83C28F9FE8", "value": "RoleManagement.ReadWrite.Directory"},
                {"id": "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "value": "Mail.Read"},
                {"id": "df021288-bdef-4463-88db-98f22de89214", "value": "User.Read.All"},
            ],
        },
        GRANTED: by(
            "id",
            {
                GRAPH_ID: [
                    granted(SCRIBE, "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
                    granted(SCRIBE, "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
                    granted(SCRIBE, "df021288-bdef-4463-88db-98f22de89214"),
                    granted(SCRIBE, "00000000-0000-4000-8000-00000000dead"),
                    granted("90000000-0000-4000-8000-000000000003", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
                ]
            },
        ),
    },
)
PRINCIPAL = f"entra:{TENANT}/servicePrincipals/"


def test_applications() -> None:
    assert observe(applications, APPLICATIONS) == [
        ForeignApplication(
            resource=PRINCIPAL + SCRIBE,
            name="Scribe",
            publisher_tenant=VENDOR,
            active=True,
            credentials=3,
            permissions=(
                "00000000-0000-4000-8000-00000000dead",
                "Mail.Read",
                "RoleManagement.ReadWrite.Directory",
                "User.Read.All",
            ),
            directory_permissions=("RoleManagement.ReadWrite.Directory",),
            content_permissions=("Mail.Read",),
        ),
        ForeignApplication(
            resource=PRINCIPAL + WIDGET,
            name="Widget",
            publisher_tenant=VENDOR,
            active=False,
            credentials=0,
            permissions=(),
            directory_permissions=(),
            content_permissions=(),
        ),
    ]


def consent(who: str, scope: str, kind: str = "AllPrincipals") -> dict[str, object]:
    return {
        "id": "l5eW7x0ga0-WDOntXzHateQDNpSH5-lPk9HjD3Sarjk",
        "clientId": who,
        "consentType": kind,
        "principalId": None if kind == "AllPrincipals" else ANN,
        "resourceId": GRAPH_ID,
        "scope": scope,
    }


CONSENTED = world(
    consented_applications,
    {
        ESTABLISHED: ESTABLISHED_LIST,
        CONSENTS: [
            consent(SCRIBE, " User.Read Files.Read.All "),
            consent(SCRIBE, "Directory.AccessAsUser.All"),
            consent(WIDGET, "Mail.Read", "Principal"),
            consent("90000000-0000-4000-8000-000000000003", "Mail.Read"),
            consent("90000000-0000-4000-8000-000000000004", "Mail.Read"),
        ],
    },
)


def test_consented_applications() -> None:
    assert observe(consented_applications, CONSENTED) == [
        ConsentedApplication(
            resource=PRINCIPAL + SCRIBE,
            name="Scribe",
            publisher_tenant=VENDOR,
            active=True,
            scopes=("Directory.AccessAsUser.All", "Files.Read.All", "User.Read"),
            directory_scopes=("Directory.AccessAsUser.All",),
            content_scopes=("Files.Read.All",),
        )
    ]


def registered(number: str, name: str) -> dict[str, object]:
    return {"id": number, "appId": f"a{number}", "displayName": name, "signInAudience": "AzureADMyOrg"}


OWNED = world(
    owned_applications,
    {
        REGISTERED: [registered("11", "Sync"), registered("22", "Orphan")],
        OWNERS: by(
            "id",
            {
                "11": [
                    {"@odata.type": "#microsoft.graph.user", "id": ANN},
                    {"@odata.type": "#microsoft.graph.user", "id": PAT},
                ],
                "22": [],
            },
        ),
        USERS: PEOPLE,
    },
)


def test_owned_applications() -> None:
    application = f"entra:{TENANT}/applications/"

    assert observe(owned_applications, OWNED) == [
        OwnedApplication(resource=application + "11", name="Sync", owners=2, guest_owners=(PAT_NAME,)),
        OwnedApplication(resource=application + "22", name="Orphan", owners=0, guest_owners=()),
    ]
