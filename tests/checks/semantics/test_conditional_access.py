from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics.conditional_access import (
    CLIENTS,
    LEGACY,
    MANAGEMENT,
    MODERN,
    Choice,
    People,
    Person,
    Policy,
    closed,
)

NOBODY = People()
EVERYBODY = People(everybody=True)
ALL = frozenset({"all"})
AZURE = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
GOVERNMENT = "40a69793-8fe6-4db1-9591-dbc5c57b17d8"


def choice(*included: str, but: tuple[str, ...] = ()) -> Choice:
    return Choice(frozenset(included), frozenset(but))


def policy(*controls: str, together: bool = False, narrowed: bool = False, **conditions: Choice) -> Policy:
    return Policy(
        name="a policy",
        included=EVERYBODY,
        excluded=NOBODY,
        conditions=conditions,
        grant=(frozenset(controls),) if together else tuple(frozenset({each}) for each in controls),
        narrowed=narrowed,
    )


MFA = policy("mfa")


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], False),
        ([MFA], True),
        # What is asked for.
        ([policy()], False),
        ([policy("block")], True),
        ([policy("phishing-resistant")], True),
        ([policy("mfa", "compliantdevice")], False),
        ([policy("mfa", "compliantdevice", together=True)], True),
        ([policy("mfa", "phishing-resistant")], True),
        ([policy("compliantdevice"), policy("termsofuse")], False),
        ([policy("compliantdevice"), MFA], True),
        ([policy("mfa", narrowed=True)], False),
        # By which client.
        ([policy("mfa", clients=choice(*MODERN))], False),
        ([policy("mfa", clients=choice(*MODERN)), policy("block", clients=choice(*LEGACY))], True),
        ([policy("mfa", clients=choice("browser")), policy("block", clients=choice(*LEGACY))], False),
        ([policy("mfa", clients=choice(*MODERN, "easupported", "other"))], False),
        # Where a phone's mail may come in by a device, and other old clients by nothing.
        ([policy("mfa", clients=choice(*MODERN)), policy("compliantdevice", clients=choice(*LEGACY))], False),
        ([policy("mfa", clients=choice(*MODERN)), policy("termsofuse", clients=choice(*LEGACY))], True),
        # To which application.
        ([policy("mfa", applications=choice("office365"))], False),
        ([policy("mfa", applications=choice("none"))], False),
        ([policy("mfa", applications=choice("all", but=("an-app",)))], False),
        (
            [
                policy("mfa", applications=choice("all", but=("an-app",))),
                policy("phishing-resistant", applications=choice("an-app")),
            ],
            True,
        ),
        (
            [
                policy("mfa", applications=choice("all", but=("office365",))),
                policy("mfa", applications=choice("office365")),
            ],
            True,
        ),
        # An application that may be in the suite is left out of both, if it is.
        (
            [
                policy("mfa", applications=choice("all", but=("office365",))),
                policy("mfa", applications=choice("office365", but=("an-app",))),
            ],
            False,
        ),
        # By which platform.
        ([policy("mfa", platforms=choice("all", but=("ios",)))], False),
        (
            [
                policy("mfa", platforms=choice("android", "ios", "windows", "macos", "linux")),
                policy("block", platforms=choice("all", but=("android", "ios", "windows", "macos", "linux"))),
            ],
            True,
        ),
        (
            [policy("mfa", platforms=choice("android", "ios", "windows", "windowsphone", "macos", "linux"))],
            False,
        ),
        # From where.
        ([policy("mfa", locations=choice("all", but=("alltrusted",)))], False),
        (
            [
                policy("mfa", locations=choice("all", but=("alltrusted",))),
                policy("mfa", locations=choice("alltrusted")),
            ],
            True,
        ),
        # One place may lie in another.
        (
            [
                policy("mfa", locations=choice("all", but=("ward",))),
                policy("mfa", locations=choice("ward", but=("home",))),
            ],
            False,
        ),
        # Too many places to work out what covers them together.
        (
            [
                policy("mfa", locations=choice("all", but=tuple("abcdefg"))),
                policy("mfa", locations=choice(*"abcdefg")),
            ],
            False,
        ),
        # At which risk.
        ([policy("mfa", sign_in_risk=choice("high", "medium"))], False),
        ([policy("mfa", user_risk=choice("high")), MFA], True),
        (
            [
                policy("mfa", sign_in_risk=choice("none", "low")),
                policy("block", sign_in_risk=choice("medium", "high")),
            ],
            True,
        ),
    ],
)
def test_closed(policies: list[Policy], *, expected: bool) -> None:
    assert closed(policies) is expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([policy("mfa", applications=choice(AZURE))], True),
        ([policy("mfa", applications=choice(GOVERNMENT))], True),
        ([policy("mfa", applications=choice("office365"))], False),
        # The suite has not Azure's management in it.
        ([policy("mfa", applications=choice("all", but=("office365",)))], True),
        ([policy("mfa", applications=choice("all", but=(AZURE,)))], False),
        # The portals may have it in them.
        ([policy("mfa", applications=choice("all", but=("microsoftadminportals",)))], False),
        ([policy("mfa", applications=choice("microsoftadminportals"))], False),
    ],
)
def test_closed_for_one_application(policies: list[Policy], *, expected: bool) -> None:
    assert closed(policies, application=MANAGEMENT) is expected


def test_closed_to_what_can_be_phished() -> None:
    assert not closed([MFA], strength="phishing-resistant")
    assert closed([MFA, policy("phishing-resistant")], strength="phishing-resistant")
    assert not closed([policy("mfa", "phishing-resistant")], strength="phishing-resistant")


def test_closed_to_old_clients() -> None:
    assert closed([policy("block", clients=choice(*LEGACY))], clients=LEGACY)
    assert not closed([policy("mfa", clients=choice(*MODERN))], clients=LEGACY)


GUEST = Person("g", guest="b2bcollaborationguest")
ADMIN = Person("a", roles=frozenset({"global"}))
NURSE = Person("n", member_of=lambda group: group == "nurses")


@pytest.mark.parametrize(
    ("included", "excluded", "person", "expected"),
    [
        (EVERYBODY, NOBODY, NURSE, True),
        (EVERYBODY, NOBODY, GUEST, True),
        (NOBODY, NOBODY, NURSE, False),
        (People(users=frozenset({"n"})), NOBODY, NURSE, True),
        (People(users=frozenset({"n"})), NOBODY, ADMIN, False),
        (People(groups=frozenset({"doctors", "nurses"})), NOBODY, NURSE, True),
        (People(roles=frozenset({"global"})), NOBODY, ADMIN, True),
        (People(guests=frozenset({"b2bcollaborationguest"})), NOBODY, GUEST, True),
        (People(guests=frozenset({"internalguest"})), NOBODY, GUEST, False),
        (People(guests=frozenset({"internalguest"})), NOBODY, NURSE, False),
        # Excluding wins.
        (EVERYBODY, People(groups=frozenset({"nurses"})), NURSE, False),
        (People(users=frozenset({"n"})), EVERYBODY, NURSE, False),
        (EVERYBODY, People(roles=frozenset({"global"})), ADMIN, False),
        # Nobody knows which tenant a guest is from.
        (People(some_guests=frozenset({"b2bcollaborationguest"})), NOBODY, GUEST, None),
        (People(some_guests=frozenset({"b2bcollaborationguest"})), NOBODY, NURSE, False),
        (EVERYBODY, People(some_guests=frozenset({"b2bcollaborationguest"})), GUEST, None),
        (
            EVERYBODY,
            People(users=frozenset({"g"}), some_guests=frozenset({"b2bcollaborationguest"})),
            GUEST,
            False,
        ),
        (NOBODY, People(some_guests=frozenset({"b2bcollaborationguest"})), GUEST, False),
    ],
)
def test_applies(included: People, excluded: People, person: Person, *, expected: bool | None) -> None:
    assert Policy("a policy", included, excluded, {}, MFA.grant).applies(person) is expected


def test_a_group_is_asked_about_only_where_it_decides() -> None:
    asked: list[str] = []
    person = Person("n", member_of=lambda group: bool(asked.append(group)))

    People(users=frozenset({"n"}), groups=frozenset({"nurses"})).names(person)
    Policy("a policy", NOBODY, People(groups=frozenset({"nurses"})), {}, MFA.grant).applies(person)

    assert asked == []


def test_what_excludes_somebody() -> None:
    exempt = Policy("a policy", EVERYBODY, People(users=frozenset({"n"})), {}, MFA.grant)

    assert (exempt.excludes(NURSE), exempt.excludes(ADMIN)) == (True, False)
    assert not Policy("another", NOBODY, People(users=frozenset({"n"})), {}, MFA.grant).excludes(NURSE)


APPLICATIONS = ("an-app", "office365", "microsoftadminportals")
PLACES = ("ward", "home")
PLATFORMS = ("android", "ios", "windows", "windowsphone", "macos", "linux")
RISKS = ("none", "low", "medium", "high")


def choices(names: tuple[str, ...]) -> st.SearchStrategy[Choice]:
    some = st.frozensets(st.sampled_from(names))
    return st.builds(Choice, st.one_of(st.just(ALL), some), st.one_of(st.just(frozenset()), some))


POLICIES = st.lists(
    st.builds(
        Policy,
        name=st.just("a policy"),
        included=st.just(EVERYBODY),
        excluded=st.just(NOBODY),
        conditions=st.fixed_dictionaries(
            {},
            optional={
                "clients": choices(CLIENTS),
                "applications": choices(APPLICATIONS),
                "platforms": choices(PLATFORMS),
                "locations": choices(PLACES),
                "sign_in_risk": choices(RISKS),
            },
        ),
        grant=st.sampled_from(
            [
                (),
                (frozenset({"mfa"}),),
                (frozenset({"block"}),),
                (frozenset({"mfa"}), frozenset({"termsofuse"})),
            ]
        ),
        narrowed=st.booleans(),
    ),
    max_size=4,
)


def subsets(names: tuple[str, ...]) -> list[frozenset[str]]:
    return [
        frozenset(name for name, taken in zip(names, chosen, strict=True) if taken)
        for chosen in product((False, True), repeat=len(names))
    ]


SIGN_INS = [
    {
        "clients": frozenset({client}),
        "applications": application,
        "platforms": platform,
        "locations": place,
        "sign_in_risk": frozenset({risk}),
    }
    for client, application, platform, place, risk in product(
        CLIENTS,
        subsets(APPLICATIONS),
        [frozenset({platform}) for platform in PLATFORMS] + [frozenset[str]()],
        subsets(PLACES),
        RISKS,
    )
]


def stops(policy: Policy, sign_in: dict[str, frozenset[str]]) -> bool:
    (client,) = sign_in["clients"]
    asked = {next(iter(way)) for way in policy.grant}
    enough = {"mfa", "block"} if client in MODERN else {"mfa", "block", "termsofuse"}
    return (
        not policy.narrowed
        and bool(asked)
        and asked <= enough
        and all(
            ("all" in about.included or about.included & sign_in[respect])
            and not about.excluded & sign_in[respect]
            for respect, about in policy.conditions.items()
        )
    )


@given(POLICIES)
def test_what_is_closed_has_no_way_in_and_what_is_not_has_one(policies: list[Policy]) -> None:
    every = all(any(stops(each, sign_in) for each in policies) for sign_in in SIGN_INS)

    assert closed(policies) == every


@given(POLICIES, POLICIES)
def test_another_policy_opens_nothing(policies: list[Policy], more: list[Policy]) -> None:
    assert closed([*policies, *more]) >= closed(policies)
