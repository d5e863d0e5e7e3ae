"""Accounts on hosts: who may become root with sudo."""

from collections.abc import Iterator

from checks.semantics import passwd
from checks.semantics import sudoers as semantics
from scanner import Facts, Host, Reason, check

_ACCOUNTS = "cat /etc/passwd"
_GROUPS = "cat /etc/group"
_RULES = "sudo grep -RHs . /etc/sudoers /etc/sudoers.d /usr/etc/sudoers /usr/etc/sudoers.d"
_NAME = "uname -n"


class SudoRights(Facts):
    """What an account of a host's own may do with sudo."""

    name: str
    """The account's name."""
    superuser: bool
    """Whether it may do everything anyway: its number is 0."""
    everything: bool
    """Whether it may run any command as root."""
    commands: tuple[str, ...]
    """The commands that rules let it run, as they are written; ALL for any."""
    password_asked: bool
    """Whether its password is asked for before each of them, or a while before."""
    commands_without_password: tuple[str, ...]
    """The commands for which no password is asked."""


class SudoRules(Facts):
    """How sudo is set up."""

    principals: tuple[str, ...]
    """Everybody whom rules name: accounts, %groups, #numbers, +netgroups, ALL."""
    everybody: bool
    """Whether a rule gives something to ALL."""
    strange_groups: tuple[str, ...]
    """The groups and netgroups among them that are not the host's own, as a directory's."""
    authentication_disabled: bool
    """Whether Defaults ask nobody for a password."""
    terminal_of_its_own: bool
    """Whether commands run in a terminal of their own, which nothing left behind can type into (use_pty)."""
    own_log: bool
    """Whether sudo writes what was run to a file of its own, besides the system's log."""
    asks_for_anothers_password: bool
    """Whether it asks for root's or the other account's password, which people then share."""


@check(_ACCOUNTS, _GROUPS, _RULES, _NAME)
def sudo_rights(host: Host) -> Iterator[SudoRights]:
    """What each account of the host's own may do with sudo.

    Read from sudoers and what it includes, as sudo reads them: aliases, groups, hosts, tags, Defaults, and
    later rules before earlier ones. Rules for addresses and netgroups are taken to mean this host. Rules of a
    directory are not seen (accounts.host.sources tells whether there are any). Accounts that no rule names
    are not here, nor is anything said where there is no sudoers.
    """
    said = _read(host)
    listed = host.run(_GROUPS)
    ids = listed.read(passwd.group_ids)
    name = host.run(_NAME).text.strip()
    known = host.run(_ACCOUNTS).read(passwd.accounts)
    groups = passwd.memberships(listed.read(passwd.groups), known)
    for account in {account.name: account for account in reversed(known)}.values():
        numbers = {account.gid, *(ids[group] for group in groups[account.name])}
        person = semantics.Person(account.name, account.uid, groups[account.name], tuple(sorted(numbers)))
        found = semantics.rights(said, person, name)
        if found.commands:
            yield SudoRights(
                resource=f"{host.id}/users/{account.name}/sudo",
                name=account.name,
                superuser=account.uid == 0,
                everything=found.everything,
                commands=found.commands,
                password_asked=not found.without_password,
                commands_without_password=found.without_password,
            )


@check(_GROUPS, _RULES)
def sudo_rules(host: Host) -> Iterator[SudoRules]:
    """How sudo is set up: whom its rules name, and whether it asks and records.

    Nothing is said where there is no sudoers.
    """
    said = _read(host)
    own = host.run(_GROUPS).read(passwd.group_ids)
    if not (said.rules or said.defaults):
        return
    named = semantics.principals(said)
    yield SudoRules(
        resource=f"{host.id}/sudo",
        principals=named,
        everybody=semantics.ALL in named,
        strange_groups=tuple(
            name
            for name in named
            if name.startswith("+")
            or (name.startswith("%") and not name.startswith("%#") and name[1:].strip('"') not in own)
        ),
        authentication_disabled=semantics.setting(said, "authenticate") is False,
        terminal_of_its_own=semantics.setting(said, "use_pty") is True,
        own_log=bool(semantics.setting(said, "logfile") or semantics.setting(said, "log_output")),
        asks_for_anothers_password=any(
            semantics.setting(said, name) is True for name in ("rootpw", "targetpw", "runaspw")
        ),
    )


def _read(host: Host) -> semantics.Sudoers:
    # grep ends with 2 where one of the files does not exist; sudo, when it refuses, with 1.
    said = host.run(_RULES, ok=(0, 2)).read(semantics.parsed)
    if said.unfollowed:
        raise host.refuse(
            _RULES,
            Reason.NOT_COLLECTED,
            f"what sudoers includes from {said.unfollowed[0]} was not read",
            "move what is included to /etc/sudoers.d",
        )
    if said.unread:
        raise host.refuse(
            _RULES,
            Reason.INVALID_ANSWER,
            "a line of sudoers makes no sense, to us at least",
            "see what visudo -c says on the host",
        )
    return said
