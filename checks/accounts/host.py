"""Accounts on hosts: who may log in, with what kind of password, and when they last did."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from checks.semantics import passwd
from scanner import Facts, Host, Reason, check

_ACCOUNTS = "cat /etc/passwd"
_GROUPS = "cat /etc/group"
# Which of the two first characters a hash begins with tells its kind; no more of it is read.
_BEGINNINGS = "sudo grep -n -o :.. /etc/shadow"
_AGES = "sudo cut -d : -f 1,3-9 /etc/shadow"
_LAST = "lastlog2 2>/dev/null || lastlog 2>/dev/null"
_HOMES = "cut -d : -f 6 /etc/passwd | sort -u | tr '\\n' '\\0' | xargs -0 stat -L -c '%a %u %n' 2>&1"
_SOURCES = "cat /etc/nsswitch.conf"

_FIRST_USER = 1000
_NOBODY = 65534
_OTHERS_WRITE = 0o002
_GROUP_WRITES = 0o020
_OTHERS_READ = 0o004


class HostAccount(Facts):
    """An account of a host's own that somebody or something could log in with."""

    name: str
    """Its name."""
    uid: int
    """Its number, which is what its files and processes know it by."""
    superuser: bool
    """Whether it may do everything: its number is 0."""
    uid_shared: bool
    """Whether another account has the same number, so that nobody can tell them apart."""
    system: bool
    """Whether it belongs to a program: its number is below 1000 and not 0, or nobody's."""
    login_shell: bool
    """Whether its shell lets somebody work, and is not nologin, false or the like."""
    password_kind: passwd.Password
    """What its password is kept as: locked if none works, empty if none is asked for, or the kind of hash."""
    password_changed_at: datetime | None
    """When its password was last set; none where that is not written down."""
    password_max_age_days: int | None
    """After how many days its password must be changed; none if never."""
    expires_at: datetime | None
    """From when on nobody can log in with it; none if it does not end."""
    groups: tuple[str, ...]
    """The groups that it is in."""
    root_equivalent_groups: tuple[str, ...]
    """Those among them that let it become root without being asked: docker, lxd, disk, ..."""


class HostSignIn(Facts):
    """When somebody last logged in with an account of a host's own."""

    name: str
    """Its name."""
    superuser: bool
    """Whether it may do everything: its number is 0."""
    system: bool
    """Whether it belongs to a program: its number is below 1000 and not 0, or nobody's."""
    password_works: bool
    """Whether it can be used with a password, or with an empty one."""
    expires_at: datetime | None
    """From when on nobody can log in with it; none if it does not end."""
    last_used_at: datetime | None
    """When somebody last logged in with it, as far as the host remembers; none if nobody did."""
    last_seen_at: datetime | None
    """The later of that and when its password was set; none where there was neither."""


class Home(Facts):
    """The home of an account with a login shell."""

    name: str
    """The account's name."""
    exists: bool
    """Whether there is such a folder."""
    owned: bool
    """Whether it belongs to the account, or to root; true where there is none."""
    group_writable: bool
    """Whether its group may write to it; false where there is none."""
    world_writable: bool
    """Whether everybody may write to it; false where there is none."""
    world_readable: bool
    """Whether everybody may see what is in it; false where there is none."""


class Sources(Facts):
    """From where a host takes its accounts."""

    account_sources: tuple[str, ...]
    """What answers who somebody is, in this order: files, sss, winbind, ldap, ..."""
    directory: bool
    """Whether a directory is among them, whose accounts stand nowhere on the host."""
    sudo_sources: tuple[str, ...]
    """What says who may use sudo: files, sss, ldap."""


@check(_ACCOUNTS, _GROUPS, _BEGINNINGS, _AGES)
def users(host: Host) -> Iterator[HostAccount]:
    """Accounts that somebody could log in with: the superuser's, and any with a login shell or a password.

    Of /etc/shadow, no more is read than of which kind each hash is, and the dates. Accounts of a directory
    are not here: accounts.host.sources tells whether there is one.
    """
    known = host.run(_ACCOUNTS).read(passwd.accounts)
    groups = passwd.memberships(host.run(_GROUPS).read(passwd.groups), known)
    kinds, ages = _shadow(host)
    shared = Counter(account.uid for account in known)
    for account in {account.name: account for account in reversed(known)}.values():
        kind = _kind(account, kinds)
        if account.uid != 0 and not account.login_shell and kind == "locked":
            continue
        age = ages.get(account.name, passwd.Ageing())
        yield HostAccount(
            resource=_resource(host, account),
            name=account.name,
            uid=account.uid,
            superuser=account.uid == 0,
            uid_shared=shared[account.uid] > 1,
            system=_system(account),
            login_shell=account.login_shell,
            password_kind=kind,
            password_changed_at=age.changed_at,
            password_max_age_days=age.max_days,
            expires_at=age.expires_at,
            groups=groups[account.name],
            root_equivalent_groups=tuple(
                group
                for group in groups[account.name]
                if group in passwd.ROOT_EQUIVALENT and account.uid != 0
            ),
        )


@check(_ACCOUNTS, _BEGINNINGS, _AGES, _LAST)
def sign_ins(host: Host) -> Iterator[HostSignIn]:
    """When somebody last logged in with each account that has a login shell.

    Asked of lastlog, or lastlog2 where that took its place. They remember logins with a terminal: copying
    files, running one command by SSH, sudo and su leave nothing there. Where a host keeps no such list, or
    one in which nobody ever logged in, nothing is said: never would only mean that nobody wrote it down.
    """
    known = host.run(_ACCOUNTS).read(passwd.accounts)
    kinds, ages = _shadow(host)
    said = host.run(_LAST, ok=(0, 1, 127))
    seen = said.read(passwd.last_logins)
    if said.status != 0 or not seen:
        raise host.refuse(
            _LAST,
            Reason.NOT_COLLECTED,
            "the host does not remember who last logged in",
            "install and enable lastlog2 (Debian: libpam-lastlog2), or show otherwise who is still there",
        )
    for account in {account.name: account for account in reversed(known)}.values():
        if not account.login_shell:
            continue
        age = ages.get(account.name, passwd.Ageing())
        last = seen.get(account.name)
        yield HostSignIn(
            resource=_resource(host, account),
            name=account.name,
            superuser=account.uid == 0,
            system=_system(account),
            password_works=_kind(account, kinds) != "locked",
            expires_at=age.expires_at,
            last_used_at=last,
            last_seen_at=max((moment for moment in (last, age.changed_at) if moment), default=None),
        )


@check(_ACCOUNTS, _HOMES)
def homes(host: Host) -> Iterator[Home]:
    """Who may write to the homes of accounts with a login shell: whoever may can log in as them."""
    known = host.run(_ACCOUNTS).read(passwd.accounts)
    # xargs ends with 123 where one of the folders does not exist.
    lines = host.run(_HOMES, ok=(0, 1, 123)).lines
    found = {path: (int(mode, 8), int(owner)) for mode, owner, path in _stats(lines)}
    for account in {account.name: account for account in reversed(known)}.values():
        if not account.login_shell:
            continue
        resource = f"{_resource(host, account)}/home"
        with host.reading(resource):
            if any("ermission denied" in line and account.home in line for line in lines):
                raise host.refuse(
                    _HOMES,
                    Reason.DENIED,
                    f"the home of {account.name} could not be looked at",
                    "let the login pass through the folders above it, or log in as root",
                )
            mode, owner = found.get(account.home, (0, account.uid))
            yield Home(
                resource=resource,
                name=account.name,
                exists=account.home in found,
                owned=owner in {0, account.uid},
                group_writable=bool(mode & _GROUP_WRITES),
                world_writable=bool(mode & _OTHERS_WRITE),
                world_readable=bool(mode & _OTHERS_READ),
            )


@check(_SOURCES)
def sources(host: Host) -> Iterator[Sources]:
    """From where a host takes its accounts, and its rules for sudo: its own files, or a directory as well.

    Accounts of a directory stand in none of the host's files, so other checks of accounts do not see them.
    Without /etc/nsswitch.conf, as on Alpine, the files are all there is.
    """
    # cat ends with 1 where there is no such file.
    lines = host.run(_SOURCES, ok=(0, 1)).lines
    said = {
        name.strip(): tuple(word for word in words.partition("#")[0].split() if not word.startswith("["))
        for name, _, words in (line.partition(":") for line in lines)
    }
    accounts = said.get("passwd") or ("files",)
    yield Sources(
        resource=host.id,
        account_sources=accounts,
        directory=bool(set(accounts) - {"files", "compat", "systemd", "altfiles", "usrfiles", "extrausers"}),
        sudo_sources=said.get("sudoers") or ("files",),
    )


def _resource(host: Host, account: passwd.Account) -> str:
    return f"{host.id}/users/{account.name}"


def _system(account: passwd.Account) -> bool:
    return 0 < account.uid < _FIRST_USER or account.uid == _NOBODY


def _kind(account: passwd.Account, kinds: dict[str, passwd.Password]) -> passwd.Password:
    """What its password is kept as; without a line in /etc/shadow none works."""
    return kinds.get(account.name, "locked") if account.field == "x" else passwd.password(account.field)


def _shadow(host: Host) -> tuple[dict[str, passwd.Password], dict[str, passwd.Ageing]]:
    ages = host.run(_AGES)
    kinds = host.run(_BEGINNINGS).read(passwd.kinds)
    return passwd.passwords(kinds, ages.lines), ages.read(passwd.ageing)


def _stats(lines: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for line in lines:
        mode, _, rest = line.partition(" ")
        owner, _, path = rest.partition(" ")
        if mode.isdecimal() and owner.isdecimal():
            yield mode, owner, path
