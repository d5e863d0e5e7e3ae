"""Accounts as /etc/passwd, /etc/group and /etc/shadow hold them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

Password = Literal[
    "empty", "locked", "yescrypt", "bcrypt", "scrypt", "sha512", "sha256", "md5", "des", "other"
]
"""What an account's password is kept as; locked: none works; empty: none is asked for."""

ROOT_EQUIVALENT = frozenset(
    {"root", "docker", "lxd", "incus", "incus-admin", "libvirt", "disk", "shadow", "kmem"}
)
"""Groups whose members can become root without being asked, whatever sudo says: they start containers that
hold the machine's disks, or read and write disks, memory or everybody's password hashes."""

NEVER_DAYS = 99999
"""What shadow(5) and its tools write for a password that never expires."""

_NO_LOGIN = frozenset({"nologin", "false", "sync", "halt", "shutdown", "true"})
_KINDS: Mapping[str, Password] = {
    "$y": "yescrypt",
    "$g": "yescrypt",
    "$7": "scrypt",
    "$6": "sha512",
    "$5": "sha256",
    "$2": "bcrypt",
    "$1": "md5",
    "$m": "md5",
}
_DES = re.compile(r"[./0-9A-Za-z]{2}")
_MAX_DAYS = 2_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEEN = re.compile(
    r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(?P<day>[1-9]|[12]\d|3[01])"
    r" (?P<time>[01]\d:[0-5]\d:[0-5]\d|2[0-3]:[0-5]\d:[0-5]\d)"
    r" (?P<zone>[+-](?:0\d|1[0-4])[0-5]\d) (?P<year>20\d\d)"
)


class Account(msgspec.Struct, frozen=True):
    """One line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    field: str
    """The first two characters of its password field: x where the hash is in /etc/shadow."""

    @property
    def login_shell(self) -> bool:
        """Whether its shell lets somebody work; an empty one is /bin/sh."""
        return self.shell.rpartition("/")[2] not in _NO_LOGIN


class Ageing(msgspec.Struct, frozen=True):
    """What /etc/shadow says of how long an account and its password hold."""

    changed_at: datetime | None = None
    must_change: bool = False
    max_days: int | None = None
    inactive_days: int | None = None
    expires_at: datetime | None = None


def accounts(lines: Iterable[str]) -> tuple[Account, ...]:
    """The accounts of /etc/passwd; lines that stand for a directory's (`+::::::`) are none."""
    found = []
    for line in lines:
        parts = line.split(":")
        if len(parts) == 7 and parts[0][:1] not in {"", "+", "-", "#"}:  # noqa: PLR2004 - passwd(5)
            name, field, uid, gid, _, home, shell = parts
            if _number(uid) is not None and _number(gid) is not None:
                found.append(Account(name, int(uid), int(gid), home, shell.strip(), field[:2]))
    return tuple(found)


class Groups(msgspec.Struct, frozen=True):
    """What /etc/group says."""

    names: Mapping[int, str]
    """By number, the first that has it."""
    members: Mapping[str, Collection[str]]
    """The groups that name an account, by account."""


def groups(lines: Iterable[str]) -> Groups:
    """The groups of /etc/group."""
    names: dict[int, str] = {}
    members: dict[str, set[str]] = {}
    for line in lines:
        name, *rest = line.split(":")
        if len(rest) == 3 and _number(rest[1]) is not None:  # noqa: PLR2004 - group(5)
            names.setdefault(int(rest[1]), name)
            for member in rest[2].split(","):
                members.setdefault(member.strip(), set()).add(name)
    return Groups(names, members)


def memberships(said: Groups, known: Iterable[Account]) -> dict[str, tuple[str, ...]]:
    """The groups that each account is in, its own one among them, sorted."""
    return {
        account.name: tuple(
            sorted(
                {
                    *said.members.get(account.name, ()),
                    *([said.names[account.gid]] if account.gid in said.names else ()),
                }
            )
        )
        for account in known
    }


def group_ids(lines: Iterable[str]) -> dict[str, int]:
    """The number of each group."""
    parts = (line.split(":") for line in lines)
    return {each[0]: int(each[2]) for each in parts if len(each) == 4 and _number(each[2]) is not None}  # noqa: PLR2004


def password(beginning: str) -> Password:
    """What a password field with this beginning, of two characters, is; what follows it is never read."""
    if beginning == "" or beginning.startswith(":"):
        return "empty"
    if beginning[0] in "!*" or ":" in beginning or len(beginning) == 1:
        return "locked"
    found = _KINDS.get(beginning)
    return found or ("des" if _DES.fullmatch(beginning) or beginning[0] == "_" else "other")


def kinds(beginnings: Iterable[str]) -> dict[int, Password]:
    """What each line of /etc/shadow keeps as a password, by its number.

    From `grep -n -o :..`, whose first match in each line is how the password field begins.
    """
    found: dict[int, Password] = {}
    for line in beginnings:
        number, _, matched = line.partition(":")
        at = _number(number)
        if at is not None and at not in found:
            found[at] = password(matched.removeprefix(":"))
    return found


def passwords(kept: Mapping[int, Password], ages: Sequence[str]) -> dict[str, Password]:
    """What each account's password is kept as, from two extracts of /etc/shadow that hold no hash.

    One tells what each line keeps; the other is the file's lines without that field, in the same order,
    which tell whose they are.
    """
    found: dict[str, Password] = {}
    for at, kind in kept.items():
        if 0 < at <= len(ages):
            found.setdefault(ages[at - 1].partition(":")[0], kind)
    return found


def ageing(lines: Iterable[str]) -> dict[str, Ageing]:
    """How long accounts and their passwords hold, from /etc/shadow without its second field."""
    found: dict[str, Ageing] = {}
    for line in lines:
        name, *rest = line.split(":")
        numbers = [_number(each) for each in (*rest, *[""] * 7)]
        changed, most, inactive, expires = numbers[0], numbers[2], numbers[4], numbers[5]
        found.setdefault(
            name,
            Ageing(
                changed_at=_moment(changed) if changed else None,
                must_change=changed == 0,
                max_days=most if most is not None and most < NEVER_DAYS else None,
                inactive_days=inactive,
                expires_at=_moment(expires),
            ),
        )
    return found


def last_logins(lines: Iterable[str]) -> dict[str, datetime]:
    """When accounts last logged in, as lastlog and lastlog2 print it; who never did is not there."""
    found: dict[str, datetime] = {}
    for line in lines:
        seen = _SEEN.search(line)
        if seen is not None:
            text = f"{seen['year']} {seen['month']} {seen['day']} {seen['time']} {seen['zone']}"
            moment = _parsed(text)
            if moment is not None:
                found.setdefault(line.split()[0], moment)
    return found


def _parsed(text: str) -> datetime | None:
    day = int(text.split()[2])
    month = text.split()[1]
    leap = int(text[:4]) % 4 == 0
    longest = {"Feb": 29 if leap else 28, "Apr": 30, "Jun": 30, "Sep": 30, "Nov": 30}.get(month, 31)
    return datetime.strptime(text, "%Y %b %d %H:%M:%S %z").astimezone(UTC) if day <= longest else None


def _moment(days: int | None) -> datetime | None:
    return None if days is None or days > _MAX_DAYS else _EPOCH + timedelta(days=days)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None  # noqa: PLR2004
