"""The plan: which checks on which targets, so that policies can be decided."""

from collections.abc import Collection, Iterable, Mapping

from .declaration import Check
from .facts import schema
from .model import PlannedCheck, Policy
from .policy import FactSchemas, matching


def facts(checks: Mapping[str, Check]) -> FactSchemas:
    """The fact schemas of installed checks."""
    return {name: schema(check.facts) for name, check in checks.items()}


def asked(policies: Iterable[Policy], checks: Mapping[str, Check]) -> dict[str, Check]:
    """The checks that these policies name."""
    patterns = {
        requirement.check
        for policy in policies
        for control in policy.controls
        for requirement in control.requirements
    }
    names = {name for pattern in patterns for name in matching(pattern, checks)}
    return {name: checks[name] for name in sorted(names)}


def planned(checks: Mapping[str, Check], schemas: FactSchemas) -> tuple[PlannedCheck, ...]:
    """The checks as they are written into the bundle."""
    return tuple(
        PlannedCheck(
            id=name,
            on=check.on.__name__,
            title=check.title,
            manual=check.manual,
            facts={fact: dict(described) for fact, described in schemas[name].items()},
            needs=tuple(sorted(check.needs)),
        )
        for name, check in checks.items()
    )


def on(checks: Mapping[str, Check], kinds: Collection[type]) -> dict[str, Check]:
    """The checks that are run on one of these views."""
    return {name: check for name, check in checks.items() if check.on in kinds}
