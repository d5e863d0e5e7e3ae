"""The commands that show what there is: policies and checks."""

from collections.abc import Iterable

import click


@click.group()
def policy() -> None:
    """List, show and check policies."""


@policy.command("list")
def policy_list() -> None:
    """List the policies that are installed."""
    from .manual import policy_list

    _print(policy_list())


@policy.command("show")
@click.argument("policy")
def policy_show(policy: str) -> None:
    """Show what POLICY, a shipped name or a path, asks for."""
    from .manual import policy_manual

    _print(policy_manual(policy))


@policy.command("lint")
@click.argument("policies", nargs=-1, required=True)
def policy_lint(policies: tuple[str, ...]) -> None:
    """Hold POLICIES, shipped names or paths, to the facts that the installed checks state."""
    from .manual import lint

    _print(lint(policies))


@policy.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema of a policy file, for editors."""
    from scanner.policy import json_schema

    from .output import as_json

    click.echo(as_json(json_schema()))


@click.group()
def checks() -> None:
    """List and explain checks."""


@checks.command("list")
@click.argument("pattern", required=False, default="*")
def checks_list(pattern: str) -> None:
    """List the installed checks whose id matches PATTERN, as in 'encryption.*'."""
    from .manual import checks_list

    _print(checks_list(pattern))


@checks.command("explain")
@click.argument("check")
def checks_explain(check: str) -> None:
    """Explain CHECK: what it looks at, the facts it states, what it needs."""
    from .manual import check_manual

    _print(check_manual(check))


def _print(texts: Iterable[str]) -> None:
    """A policy may be a stranger's: what it says is shown, and never obeyed."""
    from scanner.plain import line

    for text in texts:
        for part in text.splitlines() or [""]:
            click.echo(line(part))
