"""Conditional Access as a whole: whether who signs in is asked for a second factor, whichever way they come.

Every policy that applies has to be satisfied, so that one which asks for a second factor is enough, for the
sign-ins that it is about. Several may cover together what none covers alone: browsers by one, other clients
by the next. https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-policies

It errs on one side only: a policy with a condition that is not understood here covers nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import Final, Literal, NamedTuple

import msgspec

Guest = Literal["internalguest", "b2bcollaborationguest", "b2bcollaborationmember"]
"""What kind of guest somebody in the directory may be. Others, as from shared channels, are not in it."""
Strength = Literal["second-factor", "phishing-resistant"]
Respect = Literal["clients", "applications", "platforms", "locations", "user_risk", "sign_in_risk"]
"""What a condition of a policy is about."""

EVERYTHING = "all"
BLOCK = "block"
MFA = "mfa"
PHISHING_RESISTANT = "phishing-resistant"

MANAGEMENT = frozenset(
    {
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "40a69793-8fe6-4db1-9591-dbc5c57b17d8",  # in Azure Government
    }
)
"""Azure's management, as an application, by the ids that it has.

https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-cloud-apps
"""

LEGACY = ("exchangeactivesync", "other")
"""Clients that cannot be asked for a second factor."""
MODERN = ("browser", "mobileappsanddesktopclients")
CLIENTS = (*MODERN, *LEGACY)

_DEVICE_CONTROLS = frozenset(
    {"compliantdevice", "domainjoineddevice", "approvedapplication", "compliantapplication"}
)
"""What a phone that fetches mail by ActiveSync may satisfy all the same."""
_STRONG: Final[Mapping[Strength, frozenset[str]]] = {
    "second-factor": frozenset({BLOCK, MFA, PHISHING_RESISTANT}),
    "phishing-resistant": frozenset({BLOCK, PHISHING_RESISTANT}),
}
_PLATFORMS = ("android", "ios", "windows", "windowsphone", "macos", "linux")
_RISKS = ("none", "low", "medium", "high")
_SUITES = ("office365", "microsoftadminportals")
"""Applications that are many. What is in them changes; what is not told is supposed either way."""
_NOT_IN: Mapping[str, tuple[str, ...]] = dict.fromkeys(MANAGEMENT, ("office365",))
"""https://learn.microsoft.com/entra/identity/conditional-access/reference-office-365-application-contents"""
_PLACES = 6
"""Named locations up to which it is worked out what policies about them cover together."""


class Choice(NamedTuple):
    """What a policy is about, in one respect, by names; what is excluded wins."""

    included: frozenset[str]
    excluded: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether it is about everything."""
        return EVERYTHING in self.included and not self.excluded

    def holds(self, names: Collection[str]) -> bool:
        """Whether it is about something that goes by these names."""
        return (EVERYTHING in self.included or not self.included.isdisjoint(names)) and (
            self.excluded.isdisjoint(names)
        )


class Person(msgspec.Struct, frozen=True):
    """Somebody who signs in."""

    id: str
    guest: Guest | None = None
    roles: frozenset[str] = frozenset()
    """Built-in directory roles that they hold in the whole tenant, active ones."""
    member_of: Callable[[str], bool] = lambda _: False
    """Whether they are in a group; asked only where it decides."""


class People(msgspec.Struct, frozen=True):
    """Whom a policy names."""

    everybody: bool = False
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()
    """Kinds of guests, from any tenant."""
    some_guests: frozenset[str] = frozenset()
    """Kinds of guests, from some tenants only."""

    def names(self, person: Person) -> bool | None:
        """Whether somebody is among them; None: that depends on the tenant that a guest is from."""
        if (
            self.everybody
            or person.id in self.users
            or not self.roles.isdisjoint(person.roles)
            or person.guest in self.guests
            or any(person.member_of(group) for group in sorted(self.groups))
        ):
            return True
        return None if person.guest in self.some_guests else False


class Policy(msgspec.Struct, frozen=True):
    """A policy that is enforced."""

    name: str
    included: People
    excluded: People
    conditions: Mapping[Respect, Choice]
    """What it is about, where it is not about everything."""
    grant: tuple[frozenset[str], ...]
    """The ways to satisfy it, each of them controls that are all asked for; none: it asks for nothing."""
    narrowed: bool = False
    """Whether it has conditions besides."""

    def applies(self, person: Person) -> bool | None:
        """Whether it is about somebody; None: that depends on the tenant that a guest is from."""
        included = self.included.names(person)
        if included is False:
            return False
        excluded = self.excluded.names(person)
        if excluded:
            return False
        return None if included is None or excluded is None else True

    def excludes(self, person: Person) -> bool:
        """Whether it would be about somebody, but for what it excludes."""
        return self.included.names(person) is True and self.excluded.names(person) is True

    @property
    def asks(self) -> bool:
        """Whether there is no satisfying it without a second factor."""
        return not self.blocks and self._always(_STRONG["second-factor"])

    @property
    def blocks(self) -> bool:
        """Whether there is no satisfying it at all."""
        return self._always(frozenset({BLOCK}))

    def closes(self, client: str, strength: Strength) -> bool:
        """Whether nobody comes in by a client without a second factor, where the policy applies.

        Old protocols can do none of what a policy may ask for, so that asking is blocking; but ActiveSync
        knows devices. https://learn.microsoft.com/entra/identity/conditional-access/
        concept-conditional-access-conditions#client-apps
        """
        if self.narrowed:
            return False
        if client == "other":
            return bool(self.grant)
        if client == "exchangeactivesync":
            return bool(self.grant) and not any(way <= _DEVICE_CONTROLS for way in self.grant)
        return self._always(_STRONG[strength])

    def _always(self, controls: frozenset[str]) -> bool:
        return bool(self.grant) and all(not way.isdisjoint(controls) for way in self.grant)


def closed(
    policies: Iterable[Policy],
    *,
    clients: Iterable[str] = CLIENTS,
    application: frozenset[str] | None = None,
    strength: Strength = "second-factor",
) -> bool:
    """Whether policies that all apply let nobody in without a second factor.

    Args:
        policies: those that apply to whoever signs in.
        clients: with which clients.
        application: to which one, by its ids; every one, if it is not said.
        strength: how strong a second factor.
    """
    applied = list(policies)
    places = _named(applied, "locations") - {EVERYTHING}
    if len(places) > _PLACES:
        applied = [policy for policy in applied if "locations" not in policy.conditions]
        places = set()
    ways: dict[Respect, Sequence[Collection[str]]] = {
        "applications": list(_applications(applied, application)),
        "platforms": [*({each} for each in _PLATFORMS), frozenset()],
        # Named locations may overlap.
        "locations": list(_subsets(sorted(places))),
        "user_risk": [{each} for each in _RISKS],
        "sign_in_risk": [{each} for each in _RISKS],
    }
    return all(
        _covered(
            [each for each in applied if each.closes(client, strength) and _holds(each, "clients", {client})],
            tuple(ways.items()),
        )
        for client in clients
    )


def _covered(policies: Sequence[Policy], ways: tuple[tuple[Respect, Sequence[Collection[str]]], ...]) -> bool:
    """Whether whatever comes meets one of these policies."""
    if any(all(respect not in policy.conditions for respect, _ in ways) for policy in policies):
        return True
    if not policies:
        return False
    (respect, things), *rest = ways
    if not any(respect in policy.conditions for policy in policies):
        return _covered(policies, tuple(rest))
    return all(
        _covered([each for each in policies if _holds(each, respect, thing)], tuple(rest)) for thing in things
    )


def _holds(policy: Policy, respect: Respect, names: Collection[str]) -> bool:
    choice = policy.conditions.get(respect)
    return choice is None or choice.holds(names)


def _applications(policies: Iterable[Policy], only: frozenset[str] | None) -> Iterator[frozenset[str]]:
    """The names that each application may go by; one that no policy names stands for all of those."""
    named = _named(policies, "applications") - {EVERYTHING, *_SUITES}
    for one in [only] if only else [frozenset[str](), *(frozenset({each}) for each in sorted(named))]:
        apart = {suite for each in one for suite in _NOT_IN.get(each, ())}
        for within in _subsets([suite for suite in _SUITES if suite not in apart]):
            yield within | one


def _named(policies: Iterable[Policy], respect: Respect) -> set[str]:
    choices = [policy.conditions[respect] for policy in policies if respect in policy.conditions]
    return {name for choice in choices for name in choice.included | choice.excluded}


def _subsets(names: Collection[str]) -> Iterator[frozenset[str]]:
    sizes = range(len(names) + 1)
    return map(frozenset, chain.from_iterable(combinations(names, size) for size in sizes))
