"""The command that says what a scan must be allowed."""

from typing import TYPE_CHECKING, Any

import click

from . import options

if TYPE_CHECKING:  # --help is quicker without them
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from scanner.declaration import Check
    from scanner.targets import Group, Target

USER = "audit"
NOTE_AWS = """\
Resource is "*" because a scan looks at every resource, and most listings have no resource level in IAM.
sts:GetCallerIdentity needs no permission. Where a target has a role_arn, attach the policy to that role;
who assumes it needs sts:AssumeRole on it, and nothing else."""
NOTE_LONG = """\
It has {size} characters, and a managed policy holds {managed}: put it inline into the role (aws iam
put-role-policy), which holds {inline} so, or divide its statements between two managed policies."""
NOTE_ORGANIZATION = """\
Attach it to {role} in every account. Who lists the accounts needs organizations:ListAccounts, and
sts:AssumeRole on arn:aws:iam::*:role/{role}, besides."""
NOTE_AZURE = """\
Create it with: az role definition create --role-definition FILE, and assign it on each subscription.
A role belongs to one tenant: where subscriptions are of several, create it in each, with that tenant's
subscriptions as AssignableScopes."""
NOTE_ANY = "No subscription is configured by its id: put the ids of yours into AssignableScopes."
NOTE_GRAPH = """\
The tenant is read with these application permissions on Microsoft Graph, with an administrator's consent:
{names}
wardround permissions --for entra prints them as an application's manifest has them."""
NOTE_ENTRA = """\
Ask for them with: az ad app update --id APPLICATION --required-resource-accesses @FILE, and have an
administrator consent: az ad app permission admin-consent --id APPLICATION. They are
{names}"""
NOTE_HOSTS = """\
Install with: visudo -f /etc/sudoers.d/wardround, and set sudo: true for the hosts.
All that is not listed is asked as the login itself."""
NOTE_FORCED = """\
Keep it on the hosts as /usr/local/libexec/wardround-probe, owned by root and with mode 0755, and put before
the key in the login's authorized_keys: restrict,command="/usr/local/libexec/wardround-probe"
A login that is not root needs the lines of sudoers besides: wardround permissions --for hosts prints them.
Print it anew when the policies or wardround change; what it does not know is reported as denied."""


@click.command()
@options.config
@options.policies()
@click.option(
    "--for",
    "kind",
    type=click.Choice(["aws", "azure", "entra", "hosts"]),
    help="Which kind of target: aws prints an IAM policy, azure a custom role, entra permissions on "
    "Microsoft Graph, hosts lines of sudoers. "
    "[default: the only kind that is looked at]",
)
@click.option(
    "--user",
    metavar="NAME",
    help=f"The login that sudoers is for. [default: the configured ones with sudo: true, or {USER}]",
)
@click.option(
    "--forced-command",
    "forced",
    is_flag=True,
    help="For hosts: print a script that answers what a scan asks, and nothing else, to be a key's "
    "forced command.",
)
def permissions(
    config: "Path | None", policies: tuple[str, ...], kind: str | None, user: str | None, *, forced: bool
) -> None:
    """Print the least that a scan must be allowed.

    For the configured targets and policies; where nothing is configured, for any of the clouds and hosts.
    """
    from scanner import permissions as least

    targets, checks = _planned(config, policies)
    chosen = _kind("hosts" if forced and kind is None else kind, targets, checks)
    if forced:
        if chosen != "hosts":
            raise click.UsageError("--forced-command is for hosts")
        click.echo(least.forced_command(checks), nl=False)
        click.echo(NOTE_FORCED, err=True)
        return
    if chosen == "aws":
        _print_policy(targets, checks)
        return
    if chosen == "azure":
        _print_role(targets, checks)
        return
    if chosen == "entra":
        _print_permissions(checks)
        return
    for login, runas in sorted(_users(targets)) if user is None else [(user, "root")]:
        for line in least.sudoers(checks, [login], runas):
            click.echo(line)
    click.echo(NOTE_HOSTS, err=True)


def _print_policy(targets: "Sequence[Target | Group] | None", checks: "Sequence[Check]") -> None:
    from scanner import permissions as least

    from .output import as_json

    policy = least.iam_policy(checks)
    click.echo(as_json(policy))
    size = len("".join(as_json(policy).split()))
    click.echo(NOTE_AWS, err=True)
    for role in _roles(targets or ()):
        click.echo(NOTE_ORGANIZATION.format(role=role), err=True)
    if size > least.MANAGED_POLICY:
        click.echo(
            NOTE_LONG.format(size=size, managed=least.MANAGED_POLICY, inline=least.INLINE_POLICIES),
            err=True,
        )


def _roles(targets: "Sequence[Target | Group]") -> "list[str]":
    """The roles by which the accounts of organizations are entered."""
    from scanner.targets.organizations import AwsOrganization

    return [target.role_name for target in targets if isinstance(target, AwsOrganization)]


def _print_role(targets: "Sequence[Target | Group] | None", checks: "Sequence[Check]") -> None:
    from scanner import permissions as least

    from .output import as_json

    scopes = set(_scopes(targets or ()))
    groups = any("/managementGroups/" in scope for scope in scopes)
    click.echo(as_json(least.azure_role(checks, scopes, groups=groups)))
    click.echo(NOTE_AZURE if scopes else f"{NOTE_AZURE}\n{NOTE_ANY}", err=True)
    names = least.graph_permissions(checks)
    if names and (targets is None or any(target.kind == "entra" for target in targets)):
        click.echo(NOTE_GRAPH.format(names=", ".join(names)), err=True)


def _scopes(targets: "Sequence[Target | Group]") -> "Iterator[str]":
    """Where the role is to be assigned, as far as the configuration tells."""
    from scanner.targets.subscriptions import AzureGroup, AzureTarget

    for target in targets:
        if isinstance(target, AzureTarget):
            yield f"/subscriptions/{target.subscription.lower()}"
        elif isinstance(target, AzureGroup) and target.management_group:
            yield f"/providers/Microsoft.Management/managementGroups/{target.management_group}"


def _print_permissions(checks: "Sequence[Check]") -> None:
    from scanner import permissions as least

    from .output import as_json

    names = least.graph_permissions(checks)
    click.echo(as_json(least.resource_accesses(names)))
    click.echo(NOTE_ENTRA.format(names=", ".join(names)), err=True)


def _planned(
    config: "Path | None", policies: "Sequence[str]"
) -> "tuple[tuple[Target | Group, ...] | None, list[Check]]":
    """The configured targets (None: nothing is configured), and the checks that are run."""
    from scanner import plan, plugins
    from scanner.policy import resolved

    from .configuration import load, named

    if config is None and policies and not _is_configured():
        targets, read, checks = None, named(policies), plugins.permitted(())
    else:
        configuration = load(config, policies)
        targets, read = configuration.targets, configuration.grounds.policies
        checks = plugins.permitted(configuration.allow_host_commands)
    facts = plan.facts(checks)
    asked = plan.asked([resolved(file, facts, strict=True) for file in read], checks)
    return targets, list(asked.values())


def _is_configured() -> bool:
    """Whether there is a configuration where a scan would look for it."""
    from pathlib import Path

    from scanner.policy import work_tree

    from .configuration import NAME

    here = Path.cwd()
    root = work_tree(here / NAME) or here
    return any((place / NAME).is_file() for place in (here, *here.parents) if place.is_relative_to(root))


def _kind(kind: str | None, targets: "Sequence[Target | Group] | None", checks: "Sequence[Check]") -> str:
    from scanner.errors import ScannerError
    from scanner.permissions import kinds

    configured = None if targets is None else {target.kind for target in targets}
    looked_at = [name for name in kinds(checks) if configured is None or name in configured]
    if kind is None and len(looked_at) == 1:
        return looked_at[0]
    if not looked_at:
        raise ScannerError("the policies look at no configured target: there is nothing to allow")
    if kind is None:
        raise ScannerError(f"the plan looks at {_listed(looked_at)}: say which with --for")
    if kind not in looked_at:
        raise ScannerError(f"--for {kind}: the plan looks at {_listed(looked_at)} only")
    return kind


def _listed(words: "Sequence[str]") -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _users(targets: "Sequence[Target | Group] | None") -> "set[tuple[str, str]]":
    """The logins that ask through sudo, and as whom; root needs none."""
    return set(_logins(targets or ())) or {(USER, "root")}


def _logins(targets: "Sequence[Any]") -> "Iterator[tuple[str, str]]":
    from scanner.targets.host import HostTarget

    for target in targets:
        # Of a group that is listed later, the template is what is known of its hosts.
        host = getattr(target, "template", target)
        if isinstance(host, HostTarget) and host.sudo and host.transport == "ssh" and host.user != "root":
            yield host.user, "root" if isinstance(host.sudo, bool) else host.sudo.user
