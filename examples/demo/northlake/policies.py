"""The tenant's policies: how everybody is to sign in, who has an exception, and what others may do."""

from datetime import datetime

from .parts import Held, ago, number

_EVERYTHING = {
    "accessType": "allowed",
    "targets": [{"target": "AllApplications", "targetType": "application"}],
}
_EVERYBODY = {"accessType": "allowed", "targets": [{"target": "AllUsers", "targetType": "user"}]}
_NOTHING = _EVERYTHING | {"accessType": "blocked"}
_NOBODY = _EVERYBODY | {"accessType": "blocked"}
_ADMINISTRATORS = [
    "62e90394-69f5-4237-9190-012177145e10",
    "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "29232cdf-9323-42fd-ade2-1d097af3e4de",
]
_GUESTS = "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,b2bDirectConnectUser,otherExternalUser"


def policies(now: datetime) -> dict[str, list[Held] | Held]:
    """What the tenant has decided, by path of Graph."""
    return {
        "/identity/conditionalAccess/policies": _conditional_access(now),
        "/identity/conditionalAccess/namedLocations": [_campus()],
        "/policies/identitySecurityDefaultsEnforcementPolicy": {
            "id": "00000000-0000-0000-0000-000000000005",
            "displayName": "Security Defaults",
            "isEnabled": False,
        },
        "/policies/authenticationMethodsPolicy": _methods(now),
        "/policies/authorizationPolicy": _authorization(),
        "/policies/crossTenantAccessPolicy/default": {
            "isServiceDefault": False,
            "inboundTrust": _trust(mfa=False),
            "b2bCollaborationInbound": {"usersAndGroups": _EVERYBODY, "applications": _EVERYTHING},
            "b2bDirectConnectInbound": {"usersAndGroups": _NOBODY, "applications": _NOTHING},
        },
        "/policies/crossTenantAccessPolicy/partners": [
            {
                "tenantId": number("managed-services"),
                "isServiceProvider": True,
                "inboundTrust": _trust(mfa=True),
                "b2bCollaborationInbound": {"usersAndGroups": _EVERYBODY, "applications": _EVERYTHING},
                "b2bDirectConnectInbound": None,
            }
        ],
    }


def _campus() -> Held:
    addresses = {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "198.51.100.0/24"}
    return {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "id": number("campus"),
        "displayName": "Campus",
        "isTrusted": True,
        "ipRanges": [addresses],
    }


def _authorization() -> Held:
    """Whoever works here may register an application, and whoever is here may invite."""
    return {
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "allowInvitesFrom": "everyone",
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": False,
            "allowedToCreateTenants": False,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-low"],
        },
    }


def _trust(*, mfa: bool) -> Held:
    return {
        "isMfaAccepted": mfa,
        "isCompliantDeviceAccepted": False,
        "isHybridAzureADJoinedDeviceAccepted": False,
    }


def _conditional_access(now: datetime) -> list[Held]:
    """Administrators are asked; everybody else would be, if the policy were turned on."""
    emergency = [number("emergency-1"), number("emergency-2")]
    exempt = [number("without-a-second-factor")]
    guests = {
        "guestOrExternalUserTypes": _GUESTS,
        "externalTenants": {
            "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
            "membershipKind": "all",
        },
    }
    return [
        _policy(
            now,
            "Administrators: second factor",
            "enabled",
            includeRoles=_ADMINISTRATORS,
            excludeUsers=emergency[:1],
        ),
        _policy(
            now,
            "Staff: second factor",
            "enabled",
            includeGroups=[number("service-desk")],
            includeUsers=[number(name) for name in ("elena.petrova", "farid.nasser", "hana.kimura")],
            excludeGroups=exempt,
        ),
        _policy(
            now,
            "Everybody: second factor",
            "enabledForReportingButNotEnforced",
            includeUsers=["All"],
            excludeUsers=emergency,
            excludeGroups=exempt,
        ),
        _policy(
            now,
            "Everybody: no old protocols",
            "enabled",
            clients=["exchangeActiveSync", "other"],
            control="block",
            includeUsers=["All"],
        ),
        _policy(now, "Guests: second factor", "disabled", includeGuestsOrExternalUsers=guests),
    ]


def _policy(
    now: datetime,
    name: str,
    state: str,
    clients: list[str] | None = None,
    control: str = "mfa",
    **users: object,
) -> Held:
    nobody: Held = {
        f"{way}{what}": [] for way in ("include", "exclude") for what in ("Users", "Groups", "Roles")
    }
    return {
        "id": number(name),
        "displayName": name,
        "state": state,
        "createdDateTime": ago(now, 800),
        "modifiedDateTime": ago(now, 300),
        "conditions": {
            "clientAppTypes": clients or ["all"],
            "signInRiskLevels": [],
            "userRiskLevels": [],
            "applications": {
                "includeApplications": ["All"],
                "excludeApplications": [],
                "includeUserActions": [],
                "includeAuthenticationContextClassReferences": [],
            },
            "users": nobody | users,
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": [control],
            "customAuthenticationFactors": [],
            "termsOfUse": [],
        },
    }


def _methods(now: datetime) -> Held:
    everybody = [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}]
    kinds = {
        "Fido2": ("fido2", True),
        "MicrosoftAuthenticator": ("microsoftAuthenticator", True),
        "Sms": ("sms", True),
        "Voice": ("voice", False),
    }
    return {
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "lastModifiedDateTime": ago(now, 300),
        "policyMigrationState": "migrationInProgress",
        "authenticationMethodConfigurations": [
            {
                "@odata.type": f"#microsoft.graph.{kind}AuthenticationMethodConfiguration",
                "id": name,
                "state": "enabled" if on else "disabled",
                "includeTargets": everybody,
                "excludeTargets": [],
            }
            for name, (kind, on) in kinds.items()
        ],
    }
