"""Conditional Access policies as Microsoft Graph describes them.

https://learn.microsoft.com/graph/api/resources/conditionalaccesspolicy
"""

from collections.abc import Iterator, Mapping
from typing import Any

from scanner import Entry, Fields

from ..semantics.conditional_access import (
    EVERYTHING,
    MFA,
    PHISHING_RESISTANT,
    Choice,
    People,
    Policy,
    Respect,
)

_GUESTS = frozenset({"internalguest", "b2bcollaborationguest", "b2bcollaborationmember"})
_ANY_GUEST = "guestsorexternalusers"
_OUR_OWN = frozenset({"internalguest"})
"""Guests who are from no other tenant."""
_TENANTS = {"all": True, "enumerated": False}
_WAYS = {"AND": True, "OR": False}
_SATISFIES_MFA = {"mfa": True, "none": False}
_RESISTANT = frozenset({"fido2", "windowsHelloForBusiness", "x509CertificateMultiFactor"})
"""https://learn.microsoft.com/entra/identity/authentication/concept-authentication-strengths"""

_CONDITIONS = frozenset(
    {
        "users",
        "applications",
        "clientAppTypes",
        "platforms",
        "locations",
        "userRiskLevels",
        "signInRiskLevels",
    }
)
_APPLICATIONS = frozenset(
    {
        "includeApplications",
        "excludeApplications",
        # What is done, not where: a policy about actions names no application, and covers none.
        "includeUserActions",
        "includeAuthenticationContextClassReferences",
    }
)
_USERS = frozenset(
    f"{verb}{what}"
    for verb in ("include", "exclude")
    for what in ("Users", "Groups", "Roles", "GuestsOrExternalUsers")
)


def policy(entry: Entry) -> Policy:
    """A policy, as if it were enforced.

    Raises:
        ReadError: it is not as documented.
    """
    conditions = entry.part("conditions")
    users = conditions.part("users")
    applications = conditions.part("applications")
    return Policy(
        name=entry.text("displayName"),
        included=_people(users, "include"),
        excluded=_people(users, "exclude"),
        conditions=_narrowing(conditions),
        grant=tuple(_grant(entry.part("grantControls"))),
        narrowed=_more(conditions, _CONDITIONS) or _more(applications, _APPLICATIONS) or _more(users, _USERS),
    )


def _people(users: Fields, verb: str) -> People:
    named = _words(users, f"{verb}Users")
    guests = users.part(f"{verb}GuestsOrExternalUsers")
    # Kinds are one text, with commas: includeGuestsOrExternalUsers.guestOrExternalUserTypes.
    kinds = (
        frozenset(guests.text("guestOrExternalUserTypes", "").lower().replace(" ", "").split(",")) & _GUESTS
    )
    tenants = guests.part("externalTenants")
    every = tenants.word("membershipKind", _TENANTS, default=True)
    sure = kinds if every else kinds & _OUR_OWN
    return People(
        everybody=EVERYTHING in named,
        users=named,
        groups=_words(users, f"{verb}Groups"),
        roles=_words(users, f"{verb}Roles"),
        guests=sure | (_GUESTS if _ANY_GUEST in named else frozenset()),
        some_guests=kinds - sure,
    )


def _narrowing(conditions: Fields) -> Mapping[Respect, Choice]:
    clients = _words(conditions, "clientAppTypes")
    if not clients:
        raise conditions.strange("clientAppTypes", "a list of one client or more")
    applications, platforms, locations = (
        Choice(_words(conditions, f"{part}.include{name}"), _words(conditions, f"{part}.exclude{name}"))
        for part, name in (
            ("applications", "Applications"),
            ("platforms", "Platforms"),
            ("locations", "Locations"),
        )
    )
    choices: dict[Respect, Choice] = {
        "clients": Choice(clients),
        "applications": applications,
        "platforms": platforms if conditions.has("platforms") else _ALL,
        "locations": locations if conditions.has("locations") else _ALL,
        "user_risk": Choice(_words(conditions, "userRiskLevels") or _ALL.included),
        "sign_in_risk": Choice(_words(conditions, "signInRiskLevels") or _ALL.included),
    }
    return {respect: choice for respect, choice in choices.items() if not choice.whole}


def _grant(grant: Fields) -> Iterator[frozenset[str]]:
    """The ways to satisfy what is asked for."""
    controls = [*_words(grant, "builtInControls")]
    controls += grant.texts("customAuthenticationFactors")
    controls += grant.texts("termsOfUse")
    if grant.has("authenticationStrength"):
        controls.append(_strength(grant.part("authenticationStrength")))
    # Where it is not told, any one of the controls might do: that asks for less.
    together: bool = grant.word("operator", _WAYS, default=False)
    if controls and together:
        yield frozenset(controls)
    else:
        yield from (frozenset({control}) for control in controls)


def _strength(strength: Fields) -> str:
    if not strength.word("requirementsSatisfied", _SATISFIES_MFA):
        return "authenticationstrength"
    allowed = frozenset(strength.texts("allowedCombinations"))
    return PHISHING_RESISTANT if allowed and allowed <= _RESISTANT else MFA


def _words(fields: Fields, path: str) -> frozenset[str]:
    return frozenset(word.lower() for word in fields.texts(path))


def _more(fields: Fields, known: frozenset[str]) -> bool:
    """Whether something is said besides what is known; Graph also says that there is nothing."""
    return any(_said(value) for name, value in fields.held.items() if name not in known and "@" not in name)


def _said(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_said(held) for name, held in value.items() if "@" not in name)
    return value not in (None, [], "", "none")


_ALL = Choice(frozenset({EVERYTHING}))
