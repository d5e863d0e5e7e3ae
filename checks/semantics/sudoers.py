"""What sudoers(5) lets somebody do."""

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from .sudoers_words import INCLUDE, OPTION, TAGS, halves, host_parts, logical, split, two_lists, unquoted

ALL = "ALL"

_MAINS = ("/etc/sudoers", "/usr/etc/sudoers")
_ALIASES = {
    "User_Alias": "user",
    "Runas_Alias": "runas",
    "Host_Alias": "host",
    "Cmnd_Alias": "command",
    "Cmd_Alias": "command",
}
_DEFAULTS = re.compile(r"Defaults(?:(?P<of>[@:!>])\s*(?P<whom>\"[^\"]*\"|\S+))?(?:\s+(?P<settings>.*))?")
_TAG = re.compile(rf"(?P<tag>{TAGS})\s*:\s*")
_RUNAS = re.compile(r"\((?P<users>[^:)]*)(?::[^)]*)?\)\s*")
_DIGEST = re.compile(r"sha(?:224|256|384|512)\s*:\s*\S+\s+")


class Command(msgspec.Struct, frozen=True):
    """One command of a rule."""

    text: str
    """The command as written, or ALL; never its negation."""
    denied: bool
    """Whether an exclamation mark takes it away."""
    as_users: tuple[str, ...]
    """Whom it may be run as, as written; root unless said."""
    password: bool | None
    """Whether a tag says that a password is asked for, or is not; none: what Defaults say."""


class Rule(msgspec.Struct, frozen=True):
    """Who may run what on which hosts."""

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    commands: tuple[Command, ...]


class Default(msgspec.Struct, frozen=True):
    """A setting, and for whom it holds."""

    of: str
    """Empty for everybody; otherwise @ for hosts, : for users, > for whom one runs as, ! for commands."""
    whom: tuple[str, ...]
    name: str
    value: str | bool


class Sudoers(msgspec.Struct, frozen=True):
    """Everything that sudo reads."""

    rules: tuple[Rule, ...] = ()
    defaults: tuple[Default, ...] = ()
    aliases: Mapping[tuple[str, str], tuple[str, ...]] = msgspec.field(default_factory=dict)
    """The members of each alias, by its kind and name."""
    unfollowed: tuple[str, ...] = ()
    """Includes whose files were not among those that were read."""
    unread: tuple[str, ...] = ()
    """Lines that make no sense; sudo refuses them, and does nothing for anybody or skips them."""


class Person(msgspec.Struct, frozen=True):
    """Somebody who might use sudo."""

    name: str
    uid: int
    groups: tuple[str, ...] = ()
    group_ids: tuple[int, ...] = ()


class Rights(msgspec.Struct, frozen=True):
    """What somebody may do with sudo."""

    commands: tuple[str, ...]
    """The commands that some rule lets them run, as written, in the order of the rules."""
    everything: bool
    """Whether they may run any command as root."""
    without_password: tuple[str, ...]
    """Those among the commands for which no password is asked."""


def parsed(lines: Iterable[str]) -> Sudoers:
    """What lines of `grep -H` over the files say, in the order in which sudo reads them."""
    files: dict[str, list[str]] = {}
    for line in lines:
        path, _, text = line.partition(":")
        files.setdefault(path, []).append(text)
    main = next((path for path in _MAINS if path in files), None)
    reading = _Reading(files)
    if main is not None:
        reading.file(main, ())
    return Sudoers(
        rules=tuple(reading.rules),
        defaults=tuple(reading.defaults),
        aliases=reading.aliases,
        unfollowed=tuple(reading.unfollowed),
        unread=tuple(reading.unread),
    )


def rights(said: Sudoers, person: Person, host: str) -> Rights:
    """What somebody may do on a host of this name; a later rule about the same takes precedence."""
    given: list[Command] = []
    for rule in said.rules:
        if _listed(said, rule.users, "user", lambda word: _is(person, word)) and _listed(
            said, rule.hosts, "host", lambda word: _names(host, word)
        ):
            given += _spelled(said, rule.commands)
    if not given:
        return Rights((), False, ())
    given = _standing(given)
    asks = _authenticates(said, person, host)
    may = [command for command in given if not command.denied]
    free = [command for command in may if not (asks if command.password is None else command.password)]
    # Who is root, or becomes the one who asks, is never asked.
    free = may if person.uid == 0 else free
    return Rights(
        commands=_texts(may),
        everything=any(command.text == ALL and _as_root(said, command) for command in may),
        without_password=_texts(free),
    )


def setting(said: Sudoers, name: str) -> str | bool | None:
    """The last value that everybody's Defaults give a setting; none where they do not name it."""
    found = [default.value for default in said.defaults if default.name == name and not default.of]
    return found[-1] if found else None


def principals(said: Sudoers) -> tuple[str, ...]:
    """Everybody that rules name, aliases resolved, each once, in order."""
    named = (word for rule in said.rules for word in _members(said, rule.users, "user"))
    return tuple(dict.fromkeys(word for word in named if not word.startswith("!")))


def included(path: str) -> bool:
    """Whether a folder's file counts: sudo skips names with a dot in them, and backups."""
    name = posixpath.basename(path)
    return "." not in name and not name.endswith("~")


class _Reading:
    def __init__(self, files: Mapping[str, list[str]]) -> None:
        self.files = files
        self.rules: list[Rule] = []
        self.defaults: list[Default] = []
        self.aliases: dict[tuple[str, str], tuple[str, ...]] = {}
        self.unfollowed: list[str] = []
        self.unread: list[str] = []

    def file(self, path: str, including: tuple[str, ...]) -> None:
        for line in logical(self.files[path]):
            include = INCLUDE.fullmatch(line)
            if include is not None:
                wanted = posixpath.join(posixpath.dirname(path), unquoted(include["path"].strip()))
                self._include(include["kind"], wanted, (*including, path))
            elif not self._line(line):
                self.unread.append(line)

    def _include(self, kind: str, path: str, including: tuple[str, ...]) -> None:
        if kind == "include":
            wanted = [path]
            known = path in self.files
        else:
            folder = path.rstrip("/")
            wanted = sorted(
                each for each in self.files if posixpath.dirname(each) == folder and included(each)
            )
            known = folder in {"/etc/sudoers.d", "/usr/etc/sudoers.d"} or bool(wanted)
        if not known or any(each in including for each in wanted):
            self.unfollowed.append(path)
            return
        for each in wanted:
            self.file(each, including)

    def _line(self, line: str) -> bool:
        first, _, rest = line.partition(" ")
        if first in _ALIASES:
            return self._alias(_ALIASES[first], rest)
        found = _DEFAULTS.fullmatch(line)
        if found is not None:
            self._default(found)
            return True
        rules = list(_rules(line))
        self.rules += rules
        return bool(rules)

    def _alias(self, kind: str, text: str) -> bool:
        for definition in split(text, ":"):
            name, equals, members = definition.partition("=")
            if not equals:
                return False
            self.aliases[kind, name.strip()] = tuple(split(members, ","))
        return True

    def _default(self, found: re.Match[str]) -> None:
        whom = tuple(split(found["whom"] or "", ","))
        for each in split(found["settings"] or "", ","):
            name, equals, value = each.partition("=")
            name = name.strip().rstrip("+-").strip()
            said: str | bool = unquoted(value.strip()) if equals else not name.startswith("!")
            self.defaults.append(Default(found["of"] or "", whom, name.lstrip("! "), said))


def _rules(line: str) -> Iterator[Rule]:
    users: tuple[str, ...] = ()
    for number, part in enumerate(host_parts(line)):
        left, equals, right = halves(part)
        if not equals or not left:
            return
        if number == 0:
            words = two_lists(left)
            if len(words) < 2:  # noqa: PLR2004 - users, then hosts
                return
            users, hosts = tuple(split(words[0], ",")), tuple(split(" ".join(words[1:]), ","))
        else:
            hosts = tuple(split(left, ","))
        yield Rule(users, hosts, tuple(_commands(right)))


def _commands(text: str) -> Iterator[Command]:
    as_users: tuple[str, ...] = ("root",)
    asks: bool | None = None
    for part in split(text, ","):
        rest = part
        runas = _RUNAS.match(rest)
        if runas is not None:
            as_users = tuple(split(runas["users"], ",")) or ("the same",)
            rest = rest[runas.end() :]
        while (option := OPTION.match(rest)) is not None:
            rest = rest[option.end() :].partition(" ")[2].lstrip()
        while (tag := _TAG.match(rest)) is not None:
            asks = {"PASSWD": True, "NOPASSWD": False}.get(tag["tag"], asks)
            rest = rest[tag.end() :]
        while (digest := _DIGEST.match(rest)) is not None:
            rest = rest[digest.end() :]
        plain = rest.lstrip("! ")
        denied = rest[: len(rest) - len(plain)].count("!") % 2 == 1
        if plain:
            yield Command(plain, denied, as_users, asks)


def _spelled(said: Sudoers, commands: Iterable[Command]) -> Iterator[Command]:
    """Commands with aliases replaced by what they stand for."""
    for command in commands:
        for word in _members(said, (command.text,), "command"):
            plain = word.lstrip("! ")
            negated = word[: len(word) - len(plain)].count("!") % 2 == 1
            yield replace(command, text=plain, denied=command.denied ^ negated)


def _members(said: Sudoers, words: Iterable[str], kind: str, within: tuple[str, ...] = ()) -> Iterator[str]:
    for word in words:
        plain = word.lstrip("! ")
        marks = "!" * (word[: len(word) - len(plain)].count("!") % 2)
        members = said.aliases.get((kind, plain))
        if members is None or plain in within:
            yield marks + plain
            continue
        for each in _members(said, members, kind, (*within, plain)):
            yield each[1:] if marks and each.startswith("!") else marks + each


def _listed(said: Sudoers, words: Iterable[str], kind: str, matches: Callable[[str], bool]) -> bool:
    """Whether a list means somebody: its last word that does decides."""
    verdict = False
    for word in _members(said, words, kind):
        plain = word.removeprefix("!")
        if plain == ALL or matches(unquoted(plain)):
            verdict = not word.startswith("!")
    return verdict


def _standing(commands: list[Command]) -> list[Command]:
    """Those that no later command for everything, as the same users, replaces."""
    standing: list[Command] = []
    for at, command in enumerate(commands):
        later = commands[at + 1 :]
        if not any(other.text == ALL and _covers(other, command) for other in later):
            standing.append(command)
    return standing


def _covers(later: Command, command: Command) -> bool:
    return ALL in later.as_users or set(command.as_users) <= set(later.as_users)


def _as_root(said: Sudoers, command: Command) -> bool:
    return _listed(said, command.as_users, "runas", lambda word: word in {"root", "#0"})


def _authenticates(said: Sudoers, person: Person, host: str) -> bool:
    asks = True
    for default in said.defaults:
        if default.name != "authenticate":
            continue
        holds = (
            not default.of
            or (default.of == ":" and _listed(said, default.whom, "user", lambda word: _is(person, word)))
            or (default.of == "@" and _listed(said, default.whom, "host", lambda word: _names(host, word)))
        )
        if holds:
            asks = bool(default.value)
    return asks


def _is(person: Person, word: str) -> bool:
    plain = word.replace("\\", "")
    if plain.startswith("%#"):
        return plain[2:] in {str(each) for each in person.group_ids}
    if plain.startswith("%"):
        return unquoted(plain[1:]) in person.groups
    if plain.startswith("#"):
        return plain[1:] == str(person.uid)
    return plain == person.name


def _names(host: str, word: str) -> bool:
    """Whether a word means this host; addresses and netgroups, which cannot be told here, might."""
    if word.startswith("+") or re.fullmatch(r"[\d./]+|[\da-fA-F:/]*:[\da-fA-F:/]*", word):
        return True
    pattern = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in word.lower())
    return any(re.fullmatch(pattern, name) for name in {host.lower(), host.lower().partition(".")[0]})


def _texts(commands: Collection[Command]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(command.text for command in commands))
