"""The tenant: staff, guests, administrators, policies, and applications of others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .parts import DOMAIN, TENANT, Held, ago, number
from .policies import policies

_GRAPH = "00000003-0000-0000-c000-000000000000"
_MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
_ROLES = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "Helpdesk Administrator": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
}
_HELD = (
    ("Global Administrator", "emergency-1", "user"),
    ("Global Administrator", "emergency-2", "user"),
    ("Global Administrator", "amelia.okafor", "user"),
    ("Global Administrator", "bernard.lindqvist", "user"),
    ("Global Administrator", "hana.kimura", "user"),
    ("Security Administrator", "bernard.lindqvist", "user"),
    ("Exchange Administrator", "gita.rao", "user"),
    ("Helpdesk Administrator", "service-desk", "group"),
    ("Global Reader", "audit@assessors.example", "user"),
    ("User Administrator", "support@imaging-vendor.example", "user"),
)
_APP_ROLES = {
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Mail.Read": "810c84a8-4a9e-49e6-bf7d-12d183f40d01",
    "Calendars.Read": "798ee544-9d2d-430c-a058-570e29e34338",
}
_STRONG = ["microsoftAuthenticatorPush", "passKeyDeviceBound"]
_USUAL = ["microsoftAuthenticatorPush", "softwareOneTimePasscode"]
_WEAK = ["mobilePhone"]


@dataclass(frozen=True, kw_only=True)
class _Person:
    name: str
    seen_days: float | None = 1
    """Days since the last successful sign-in; None: never."""
    enabled: bool = True
    methods: list[str]
    invitation: str | None = None
    """A guest's, as Graph words it; None: no guest."""
    made_days: float = 1500

    @property
    def principal(self) -> str:
        if self.invitation is None:
            return f"{self.name}@{DOMAIN}"
        return f"{self.name.replace('@', '_')}#EXT#@{DOMAIN}"


_PEOPLE = (
    _Person(name="emergency-1", seen_days=30, methods=["passKeyDeviceBound"]),
    _Person(name="emergency-2", seen_days=30, methods=["passKeyDeviceBound"]),
    _Person(name="amelia.okafor", methods=_STRONG),
    _Person(name="bernard.lindqvist", methods=_STRONG),
    _Person(name="chen.wei", methods=_USUAL),
    # She left in spring: her sign-in is blocked, and her role on the subscription is still there.
    _Person(name="dolores.haze", seen_days=190, enabled=False, methods=_USUAL),
    _Person(name="elena.petrova", methods=_USUAL),
    _Person(name="farid.nasser", methods=_USUAL),
    _Person(name="gita.rao", methods=_USUAL),
    _Person(name="hana.kimura", methods=_WEAK),
    _Person(name="ines.duarte", methods=_USUAL),
    _Person(name="jonas.berg", methods=_STRONG),
    _Person(name="kwame.mensah", methods=_USUAL),
    _Person(name="lucia.moretti", methods=_USUAL),
    _Person(name="marek.nowak", methods=_WEAK),
    _Person(name="noor.haddad", methods=_USUAL),
    _Person(name="olga.ivanova", seen_days=140, methods=_USUAL),
    _Person(name="pablo.reyes", methods=_USUAL),
    _Person(name="quinn.murphy", methods=_USUAL),
    # Screens in the wards at which everybody is the same person.
    _Person(name="night-desk", methods=[]),
    _Person(name="ward-3", methods=[]),
    _Person(name="ward-4", methods=[]),
    _Person(name="scan-to-mail", methods=[]),
    _Person(name="locum-2019", seen_days=None, methods=[], made_days=2300),
    _Person(name="test-user", seen_days=None, methods=[], made_days=700),
    _Person(name="audit@assessors.example", methods=_USUAL, invitation="Accepted", made_days=60),
    _Person(name="support@imaging-vendor.example", seen_days=4, methods=_WEAK, invitation="Accepted"),
    _Person(name="sales@imaging-vendor.example", seen_days=500, methods=[], invitation="Accepted"),
    _Person(name="fellow@university.example", methods=_USUAL, invitation="Accepted", made_days=90),
    _Person(name="billing@clearinghouse.example", seen_days=20, methods=_USUAL, invitation="Accepted"),
    _Person(
        name="recruiter@agency.example",
        seen_days=None,
        methods=[],
        invitation="PendingAcceptance",
        made_days=300,
    ),
)
_GROUPS = {
    "service-desk": ("ines.duarte", "kwame.mensah"),
    "without-a-second-factor": ("night-desk", "ward-3", "ward-4", "hana.kimura"),
    "backup-administrators": ("jonas.berg",),
    "auditors": ("audit@assessors.example",),
}


def entries(now: datetime) -> dict[str, list[Held] | Held]:
    """What Graph tells, by path."""
    return {
        "/users": [_user(person, now) for person in _PEOPLE],
        "/reports/authenticationMethods/userRegistrationDetails": [_registered(person) for person in _PEOPLE],
        **{
            f"/groups/{number(name)}/transitiveMembers": [
                {"@odata.type": "#microsoft.graph.user", "id": number(member)} for member in members
            ]
            for name, members in _GROUPS.items()
        },
        "/roleManagement/directory/roleDefinitions": [_role(*role) for role in _ROLES.items()],
        "/roleManagement/directory/roleAssignments": [_held(*held) for held in _HELD],
        "/roleManagement/directory/roleEligibilitySchedules": [
            _eligible("Global Administrator", "chen.wei", now),
            _eligible("Security Administrator", "jonas.berg", now),
        ],
        **policies(now),
        **_applications(now),
    }


def _user(person: _Person, now: datetime) -> Held:
    signed_in = None if person.seen_days is None else ago(now, person.seen_days)
    return {
        "id": number(person.name),
        "userPrincipalName": person.principal,
        "displayName": person.name.partition("@")[0].replace(".", " ").title(),
        "accountEnabled": person.enabled,
        "userType": "Member" if person.invitation is None else "Guest",
        "externalUserState": person.invitation,
        "createdDateTime": ago(now, person.made_days),
        "signInActivity": {
            "lastSignInDateTime": signed_in,
            "lastNonInteractiveSignInDateTime": signed_in,
            "lastSuccessfulSignInDateTime": signed_in,
        },
    }


def _registered(person: _Person) -> Held:
    administrators = {name for _, name, _ in _HELD}
    return {
        "id": number(person.name),
        "userPrincipalName": person.principal,
        "userDisplayName": person.name,
        "userType": "member" if person.invitation is None else "guest",
        "isAdmin": person.name in administrators,
        "isMfaRegistered": bool(person.methods),
        "isMfaCapable": bool(person.methods),
        "isPasswordlessCapable": "passKeyDeviceBound" in person.methods,
        "methodsRegistered": person.methods,
    }


def _role(name: str, role: str) -> Held:
    return {"id": role, "templateId": role, "displayName": name, "isBuiltIn": True, "isEnabled": True}


def _held(role: str, who: str, kind: str) -> Held:
    return {
        "id": number(f"{role}-{who}"),
        "principalId": number(who),
        "roleDefinitionId": _ROLES[role],
        "directoryScopeId": "/",
        "principal": {"@odata.type": f"#microsoft.graph.{kind}", "id": number(who)},
    }


def _eligible(role: str, who: str, now: datetime) -> Held:
    return {
        "id": number(f"may-be-{role}-{who}"),
        "principalId": number(who),
        "roleDefinitionId": _ROLES[role],
        "directoryScopeId": "/",
        "memberType": "Direct",
        "status": "Provisioned",
        "createdDateTime": ago(now, 200),
    }


def _applications(now: datetime) -> dict[str, list[Held] | Held]:
    """The hospital's own applications, and those of vendors: one of them may change the whole directory."""
    own = [
        _application("interface-engine", now, secret_days=(700, -30), owner="dolores.haze"),
        _application("patient-portal", now, secret_days=(100, -200), owner="elena.petrova"),
        _application("fax-bridge", now, secret_days=(3000, -6000), owner="support@imaging-vendor.example"),
    ]
    return {
        "/applications": [application for application, _ in own],
        **{f"/applications/{application['id']}/owners": owners for application, owners in own},
        "/reports/servicePrincipalSignInActivities": [
            _active("interface-engine", ago(now, 0.1)),
            _active("patient-portal", ago(now, 0.1)),
            _active("fax-bridge", ago(now, 420)),
        ],
        "/servicePrincipals": list(_service_principals()),
        f"/servicePrincipals(appId='{_GRAPH}')": {
            "id": number("microsoft-graph"),
            "appId": _GRAPH,
            "appRoles": [{"id": role, "value": name} for name, role in _APP_ROLES.items()],
        },
        f"/servicePrincipals/{number('microsoft-graph')}/appRoleAssignedTo": [
            _granted("imaging-cloud", "Directory.ReadWrite.All"),
            _granted("imaging-cloud", "User.Read.All"),
            _granted("transcription", "Mail.Read"),
            _granted("rota", "Calendars.Read"),
        ],
        "/oauth2PermissionGrants": [
            {
                "id": number("consent-transcription"),
                "clientId": number("transcription"),
                "consentType": "AllPrincipals",
                "resourceId": number("microsoft-graph"),
                "scope": "User.Read Mail.ReadWrite",
            }
        ],
    }


def _application(
    name: str, now: datetime, *, secret_days: tuple[float, float], owner: str
) -> tuple[Held, list[Held]]:
    made, ends = secret_days
    secret = {
        "keyId": number(f"{name}-secret"),
        "displayName": "nightly",
        "startDateTime": ago(now, made),
        "endDateTime": ago(now, ends),
        "secretText": None,
    }
    application = {
        "id": number(f"{name}-application"),
        "appId": number(f"{name}-app-id"),
        "displayName": name,
        "signInAudience": "AzureADMyOrg",
        "createdDateTime": ago(now, made),
        "passwordCredentials": [secret],
        "keyCredentials": [],
    }
    return application, [{"@odata.type": "#microsoft.graph.user", "id": number(owner)}]


def _active(name: str, moment: str) -> Held:
    activity = {"lastSignInDateTime": moment, "lastSignInRequestId": number(f"{name}-request")}
    return {
        "id": number(f"{name}-activity"),
        "appId": number(f"{name}-app-id"),
        "lastSignInActivity": activity,
    }


def _service_principals() -> Iterator[Held]:
    for name, owner, secrets in (
        ("interface-engine", TENANT, 0),
        ("patient-portal", TENANT, 0),
        ("fax-bridge", TENANT, 0),
        ("imaging-cloud", number("imaging-vendor"), 1),
        ("transcription", number("transcription-vendor"), 0),
        ("rota", number("rota-vendor"), 0),
        ("microsoft-graph", _MICROSOFT, 0),
    ):
        yield {
            "id": number(name),
            "appId": _GRAPH if name == "microsoft-graph" else number(f"{name}-app-id"),
            "displayName": name,
            "accountEnabled": True,
            "appOwnerOrganizationId": owner,
            "servicePrincipalType": "Application",
            "passwordCredentials": [{"keyId": number(f"{name}-{at}")} for at in range(secrets)],
            "keyCredentials": [],
        }


def _granted(name: str, permission: str) -> Held:
    return {
        "id": number(f"{name}-{permission}"),
        "principalId": number(name),
        "principalType": "ServicePrincipal",
        "resourceId": number("microsoft-graph"),
        "appRoleId": _APP_ROLES[permission],
    }
