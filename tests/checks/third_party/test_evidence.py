from checks.third_party import ForeignAccounts, GrantedTo
from checks.third_party.evidence import foreign_accounts
from scanner import Facts, plugins
from scanner.testing import ACCOUNT, observe, world

OURS, THEIRS = ACCOUNT, "444455556666"


def given(name: str, *accounts: str) -> GrantedTo:
    return GrantedTo(
        resource=f"arn:aws:made:up:999999999999:{name}", anyone=False, external_accounts=accounts
    )


SHARING = sorted(foreign_accounts.needs)
WORLD = world(
    foreign_accounts,
    {
        need: [given(f"{need}/both", OURS, THEIRS), given(f"{need}/kept"), given(f"{need}/ours", OURS)]
        for need in SHARING
    },
)


def test_accounts_that_are_no_targets_of_the_run_are_foreign() -> None:
    def told(need: str, name: str, foreign: tuple[str, ...]) -> ForeignAccounts:
        return ForeignAccounts(
            resource=f"arn:aws:made:up:999999999999:{need}/{name}",
            seen_by=need,
            foreign_accounts=foreign,
            own_accounts=(OURS,),
        )

    seen = observe(foreign_accounts, WORLD)

    expected = [
        told(need, name, foreign) for need in SHARING for name, foreign in (("both", (THEIRS,)), ("ours", ()))
    ]
    assert by_resource(seen) == by_resource(expected)


def by_resource(facts: list[Facts]) -> dict[str, Facts]:
    return {each.resource: each for each in facts}


def test_every_check_that_tells_of_external_accounts_is_asked() -> None:
    telling = [name for name, check in plugins.checks().items() if issubclass(check.facts, GrantedTo)]

    assert sorted(telling) == SHARING
