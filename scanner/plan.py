"""The plan: which checks on which targets, so that policies can be decided."""

from collections.abc import Collection, Mapping, Sequence

from .declaration import Check
from .facts import schema
from .knowledge import BULK
from .model import PlannedCheck, Policy
from .policy import FactSchemas, depends_on_context, matching


def facts(checks: Mapping[str, Check]) -> FactSchemas:
    """The fact schemas of installed checks."""
    return {name: schema(check.facts) for name, check in checks.items()}


def asked(policies: Sequence[Policy], checks: Mapping[str, Check]) -> dict[str, Check]:
    """The checks that these policies name, and those that they depend on."""
    patterns = {
        requirement.check
        for policy in policies
        for control in policy.controls
        for requirement in control.requirements
    }
    names = {name for pattern in patterns for name in matching(pattern, checks)}
    if depends_on_context(policies):
        names |= {name for name in checks if name.startswith(BULK)}
    names |= {need for name in names for need in checks[name].needs if need in checks}
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
