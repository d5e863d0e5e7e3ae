"""Least privilege: what a plan's checks need to be allowed, in the words of each kind of target."""

import re
import shlex
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Any

from .declaration import Check
from .errors import ScannerError
from .targets import arm_types, graph_paths, needs, operations, script
from .targets.accounts import REGIONS
from .targets.aws import Aws
from .targets.azure import AzureSubscription
from .targets.entra import EntraTenant
from .targets.host import Host
from .targets.script import SUDO, command_of

ENTERING = (REGIONS,)
"""What entering an account asks besides its checks; sts:GetCallerIdentity needs no permission."""

MANAGED_POLICY, INLINE_POLICIES = 6144, 10240
"""Characters, white space aside, that a managed policy of IAM may have, and all inline policies of a role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

_KINDS = {"aws": Aws, "azure": AzureSubscription, "entra": EntraTenant, "hosts": Host}
ANY_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
"""What stands for a subscription that nobody configured."""
_FOLDER = {
    "auditctl": "sbin",
    "cat": "bin",
    "cut": "bin",
    "find": "bin",
    "grep": "bin",
    "ip6tables-save": "sbin",
    "iptables-save": "sbin",
    "nft": "sbin",
    "sshd": "sbin",
}
"""Where a program lies on every Linux there is; what is not listed may lie in either."""

_USER = re.compile(r"[A-Za-z_][\w.@\\-]*", re.ASCII)


def kinds(checks: Collection[Check]) -> tuple[str, ...]:
    """The kinds of targets that these checks are run on, in the configuration's words."""
    return tuple(kind for kind, view in _KINDS.items() if any(issubclass(check.on, view) for check in checks))


def iam_policy(checks: Collection[Check]) -> dict[str, Any]:
    """The IAM policy under which an account can be entered, and nothing is denied to these checks.

    Resource is always "*": a scan looks at every resource there is, so no policy can name them in advance,
    and most of what lists them has no resource level in IAM.
    """
    asked = needs([check for check in checks if issubclass(check.on, Aws)])
    actions = sorted({*ENTERING, *(action for need in asked for action in operations.actions(need))})
    statements = [
        {"Sid": _sid(service), "Effect": "Allow", "Action": list(named), "Resource": "*"}
        for service, named in groupby(actions, lambda action: action.partition(":")[0])
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def azure_role(checks: Collection[Check], scopes: Collection[str], *, groups: bool = False) -> dict[str, Any]:
    """The custom role under which subscriptions can be entered, and nothing is denied to these checks.

    Args:
        checks: what is to be run.
        scopes: the ids of the subscriptions and management groups that it may be assigned on.
        groups: whether the subscriptions of a management group are to be found, too.
    """
    asked = needs([check for check in checks if issubclass(check.on, AzureSubscription)])
    actions = {arm_types.action(need) for need in asked}
    found = {arm_types.DESCENDANTS} if groups else set()
    return {
        "Name": "Wardround",
        "IsCustom": True,
        "Description": "Reads what a scan by Wardround looks at, and nothing else.",
        "Actions": sorted({arm_types.ENTERING, *actions, *found}),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": sorted(set(scopes) or {ANY_SUBSCRIPTION}),
    }


def graph_permissions(checks: Collection[Check]) -> tuple[str, ...]:
    """The application permissions on Microsoft Graph with which nothing is denied to these checks, sorted."""
    asked = needs([check for check in checks if issubclass(check.on, EntraTenant)])
    return tuple(sorted({name for need in asked for name in graph_paths.permissions(need)}))


def resource_accesses(permissions: Collection[str]) -> list[dict[str, Any]]:
    """Permissions on Graph as an application's manifest asks for them."""
    roles = [{"id": graph_paths.ROLES[name], "type": "Role"} for name in permissions]
    return [{"resourceAppId": graph_paths.GRAPH, "resourceAccess": roles}]


def sudoers(checks: Collection[Check], users: Collection[str], runas: str = "root") -> Iterator[str]:
    """A line of sudoers for each command that these checks run as root, for each user.

    Args:
        checks: what is to be run.
        users: the logins.
        runas: as whom they may run it, where that is not root.

    Raises:
        ScannerError: sudoers cannot hold a user's name.
    """
    asked = sorted(need for need in needs([check for check in checks if issubclass(check.on, Host)]))
    for user in sorted(users):
        for name in (user, runas):
            if not _USER.fullmatch(name) or name.isupper():
                raise ScannerError(f"{name!r} is not a user's name that sudoers can hold")
        for need in asked:
            if need.startswith(SUDO):
                who = f"{_escaped(user, '@')} ALL=({_escaped(runas, '@')})"
                yield f"{who} NOPASSWD: {', '.join(_commands(need))}"


def forced_command(checks: Collection[Check]) -> str:
    """The script that answers what these checks ask of a host, and nothing else; a key's forced command."""
    return script.forced(needs([check for check in checks if issubclass(check.on, Host)]))


def _sid(service: str) -> str:
    """A statement's name; IAM takes letters and digits only."""
    return "".join(word.capitalize() for word in service.split("-"))


def _commands(need: str) -> Iterator[str]:
    """A command by absolute path, with exactly its arguments.

    Sudoers takes a list, so it names the program where /usr is merged and where it is not. Both are folders
    that only root writes to, which /usr/local is not everywhere.
    """
    program, *arguments = shlex.split(command_of(need))
    # Without arguments, sudoers would allow any: iptables-save runs a program that -M names.
    told = " ".join(_escaped(argument, ",:=") for argument in arguments) or '""'
    for path in [program] if program.startswith("/") else _paths(program):
        yield f"{_escaped(path, ',:=')} {told}"


def _paths(program: str) -> Iterator[str]:
    for folder in [_FOLDER[program]] if program in _FOLDER else ["sbin", "bin"]:
        yield f"/usr/{folder}/{program}"
        yield f"/{folder}/{program}"


def _escaped(word: str, special: str) -> str:
    return re.sub(rf"[\\{special}]", r"\\\g<0>", word)
