"""The manual, read off policies and checks."""

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import click

from scanner import plan, plugins
from scanner.declaration import Check
from scanner.documents import suggestion
from scanner.errors import ScannerError
from scanner.facts import schema
from scanner.policy import resolved
from scanner.targets import operations
from scanner.targets.aws import Aws

from .configuration import named


def policy_list() -> Iterator[str]:
    """A line a policy.

    Raises:
        ScannerError: one of them is wrong.
    """
    for name in plugins.policies():
        (read,) = named([name])
        requirements = sum(len(control.requirements) for control in read.policy.controls)
        counted = f"{_counted(len(read.policy.controls), 'control')}, {_counted(requirements, 'requirement')}"
        yield f"{name}: {read.policy.title} ({counted})"


def policy_manual(name: str) -> Iterator[str]:
    """What a policy asks for, control by control.

    Raises:
        ScannerError: there is no such policy, or it is wrong.
    """
    (read,) = named([name])
    policy = resolved(read, plan.facts(plugins.checks()), strict=True)
    yield f"{policy.title} ({policy.policy})"
    yield f"Source: {policy.source}"
    for control in policy.controls:
        yield ""
        status = f", {control.status}" if control.status else ""
        yield f"{control.control} {control.title} ({control.owner}{status})"
        if control.text:
            yield from _wrapped(control.text, "  ")
        for requirement in control.requirements:
            when = f" when {json.dumps(requirement.when)}" if requirement.when else ""
            expected = json.dumps(requirement.expect)
            yield f"  [{requirement.severity.value}] {requirement.check}{when}: {expected}"
            if requirement.check.endswith(".*"):
                yield from _wrapped(f"looks at {', '.join(requirement.checks)}", "      ")


def lint(names: Sequence[str]) -> Iterator[str]:
    """One line for each policy that is right.

    Raises:
        ScannerError: any of them is wrong; every mistake of all of them.
    """
    facts = plan.facts(plugins.checks())
    wrong: list[str] = []
    for name in names:
        try:
            (read,) = named([name])
            policy = resolved(read, facts, strict=True)
        except ScannerError as error:
            wrong += error.messages
            continue
        requirements = [item for control in policy.controls for item in control.requirements]
        checks = {check for item in requirements for check in item.checks}
        yield (
            f"{name}: well formed: {_counted(len(policy.controls), 'control')}, "
            f"{_counted(len(requirements), 'requirement')}, {_counted(len(checks), 'check')}"
        )
    if wrong:
        raise ScannerError(*wrong)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def checks_list(pattern: str) -> Iterator[str]:
    """A line a check."""
    for name, check in plugins.checks().items():
        if fnmatch.fnmatchcase(name, pattern):
            yield f"{name}: {check.title}"


def check_manual(name: str) -> Iterator[str]:
    """All that is to be known of one check.

    Raises:
        ScannerError: there is no such check.
    """
    checks = plugins.checks()
    if name not in checks:
        raise ScannerError(
            f"unknown check {name!r}{suggestion(name, checks) or '; see wardround checks list'}"
        )
    check = checks[name]
    yield name
    yield f"Run on: {check.on.__name__}"
    yield ""
    yield check.manual
    yield ""
    yield "Facts:"
    for fact, described in schema(check.facts).items():
        yield f"  {fact}: {_type(described)}"
        yield from _wrapped(described.get("description", ""), "      ")
    yield ""
    yield "Needs:"
    for need in check.needs:
        yield f"  {need}{_action(check, need)}"
    named_by = [_naming(policy, name) for policy in plugins.policies()]
    yield ""
    yield f"Named by: {', '.join(policy for policy in named_by if policy) or 'no shipped policy'}"


def _naming(policy: str, check: str) -> str:
    return policy if check in _asked(policy) else ""


@cache
def _asked(policy: str) -> frozenset[str]:
    """The checks that a shipped policy asks for; reading it takes longer than all else here."""
    (read,) = named([policy])
    return frozenset(plan.asked([read.policy], plugins.checks()))


def _action(check: Check, need: str) -> str:
    if not issubclass(check.on, Aws) or operations.action(need) == need:
        return ""
    return f" (IAM: {operations.action(need)})"


def _type(described: Mapping[str, Any]) -> str:
    if "anyOf" in described:
        return " or ".join(_type(option) for option in described["anyOf"])
    if "enum" in described:
        return " or ".join(json.dumps(value) for value in described["enum"])
    if described["type"] == "array":
        return f"list of {_type(described['items'])}"
    return "moment" if described.get("format") == "date-time" else str(described["type"])


def _wrapped(text: str, indent: str) -> Iterator[str]:
    if text:
        yield click.wrap_text(" ".join(text.split()), 100, initial_indent=indent, subsequent_indent=indent)
