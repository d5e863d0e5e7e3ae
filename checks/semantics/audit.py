"""What the kernel's audit rules record, evaluated as the kernel does.

Rules are read in the order in which `auditctl -l` prints them, which is the kernel's: the first one that
matches decides, whether it is a rule about system calls or a watch. A rule counts as matching when it matches
whatever else is true of an event; one that only may match decides nothing, and an exception that may match
is kept by its words.
"""

import errno
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

Arch = Literal["b32", "b64"]
Matches = bool | None
"""Whether a rule matches an event; none: some events of the kind, and not others."""

UNSET = 2**32 - 1
"""The login id of who never logged in: daemons, and what they start."""

FIRST_PERSON = 1000
"""The first user id that is a person's, on all distributions by default."""

_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_FIELD = re.compile(r"(?P<name>\w+)(?P<op>!=|>=|<=|&=|=|>|<|&)(?P<value>.*)")
_BITS_32 = frozenset({"b32", "i386", "i486", "i586", "i686", "arm", "armeb", "armv7l", "ppc", "s390"})
_BITS_64 = frozenset({"b64", "x86_64", "aarch64", "ppc64", "ppc64le", "s390x"})
_NUMBERS = {"437": "openat2", "452": "fchmodat2"}
"""Calls that are newer than some auditctl; their numbers are the same on every architecture."""
# Calls that touch no file, so that a rule about them says nothing of files.
_NO_FILES = frozenset(
    [
        "adjtimex",
        "clock_adjtime",
        "clock_settime",
        "clock_settime64",
        "settimeofday",
        "stime",
        "sethostname",
        "setdomainname",
        "delete_module",
        "mount",
        "move_mount",
        "umount",
        "umount2",
        "ptrace",
        "kill",
        "bind",
        "connect",
        "socket",
        "setuid",
        "setgid",
    ]
)
_RECORDS = {"SYSCALL": 1300, "PATH": 1302}
# What lies on these is no file that anybody keeps.
_PSEUDO = frozenset({"tracefs", "debugfs", "0x74726163", "0x64626720", "sysfs", "0x62656572"})


class Field(msgspec.Struct, frozen=True):
    """One condition of a rule: auid>=1000."""

    name: str
    op: str
    value: str

    @property
    def number(self) -> int | None:
        """Its value as a number; none when it is a name that only the host can resolve."""
        text = "-1" if self.value == "unset" else self.value
        if text.lstrip("-").startswith("E"):
            known = getattr(errno, text.lstrip("-"), None)
            return -known if known and text.startswith("-") else known
        try:
            return int(text, 0)
        except ValueError:
            return None


class Rule(msgspec.Struct, frozen=True):
    """One rule that the kernel holds."""

    action: str
    """always or never."""
    filter: str
    """The list that it stands in: exit, task, user, exclude, filesystem."""
    calls: frozenset[str] | None
    """The system calls that it is about; none: all of them."""
    arch: str | None
    fields: tuple[Field, ...]
    watch: str | None
    """The file or folder of a `-w` rule."""
    opaque: bool
    """Whether it has conditions that cannot be told here, as comparisons of two fields."""
    text: str


class Event(msgspec.Struct, frozen=True):
    """Something that may happen, and should be recorded."""

    arch: Arch
    auid: int
    """Who logged in before it happened."""
    exit: int = 0
    """What the call returned; negative when it failed."""
    call: str | None = None
    """The system call; none when any call that does it is meant."""
    path: str | None = None
    """The file that is touched; ends with a slash for all that a folder has in it."""
    perm: Literal["w", "a", "x"] | None = None
    """How: written, its attributes changed, executed."""


class Kind(msgspec.Struct, frozen=True):
    """Events that differ in who brings them about, and in nothing else."""

    event: Event
    everybody: bool
    """Whether daemons and root's own log-ins are meant too, and not only people."""


class Judgement(msgspec.Struct, frozen=True):
    """Whether all events of a kind are recorded."""

    recorded: bool
    exceptions: frozenset[str]
    """The rules by which some of them may be left out."""


def rules(lines: Iterable[str]) -> tuple[Rule, ...]:
    """The rules that `auditctl -l` printed, in its order."""
    return tuple(_rule(line) for line in lines if line.startswith("-"))


def judge(held: Iterable[Rule], kinds: Collection[Kind]) -> dict[Kind, Judgement]:
    """Whether the kernel records each kind of event, under the rules that it holds."""
    every = list(held)
    who = _samples(every)
    return {kind: _judged(every, kind, who) for kind in kinds}


def _rule(line: str) -> Rule:
    words = line.split()
    action, where, watch, arch, opaque = "always", "exit", None, None, False
    calls: set[str] = set()
    fields = []
    for option, value in zip(words[::2], words[1::2], strict=False):
        match option:
            case "-a" | "-A":
                said = value.split(",")
                action = "never" if "never" in said else "always"
                where = next((word for word in said if word not in {"never", "always"}), "exit")
            case "-w":
                watch = value
            case "-p":
                fields.append(Field("perm", "=", value))
            case "-S":
                calls |= {_NUMBERS.get(call, call) for call in value.split(",")}
            case "-F" if found := _FIELD.fullmatch(value):
                field = Field(found["name"], found["op"], found["value"])
                arch = field.value if field.name == "arch" and field.op == "=" else arch
                fields.append(field)
            case "-k":
                pass
            case _:
                opaque = True
    named = frozenset(calls) if calls and "all" not in calls else None
    return Rule(action, where, named, arch, tuple(fields), watch, opaque or len(words) % 2 == 1, line)


def _samples(held: Iterable[Rule]) -> tuple[int, ...]:
    """Login ids of which each that the rules tell apart from others has one of its kind here."""
    said = {
        (number if number >= 0 else number + UNSET + 1)
        for rule in held
        for field in rule.fields
        if field.name in {"auid", "loginuid"} and (number := field.number) is not None
    }
    near = {number + step for number in said for step in (-1, 0, 1)}
    return tuple(sorted({0, FIRST_PERSON, UNSET - 1, UNSET} | {one for one in near if 0 <= one <= UNSET}))


def _judged(held: list[Rule], kind: Kind, who: tuple[int, ...]) -> Judgement:
    able = [rule for rule in held if _about(rule, kind.event)]
    if not able:
        return Judgement(recorded=False, exceptions=frozenset())
    exceptions: set[str] = set()
    recorded = True
    for auid in who:
        if kind.everybody or FIRST_PERSON <= auid < UNSET:
            recorded = _recorded(able, replace(kind.event, auid=auid), exceptions) and recorded
    return Judgement(recorded, frozenset(exceptions) if recorded else frozenset())


def _about(rule: Rule, event: Event) -> bool:
    """Whether a rule may match the event, whoever brings it about."""
    return rule.filter != "exit" or _call_matches(rule, event) is not False


def _recorded(held: Iterable[Rule], event: Event, exceptions: set[str]) -> bool:
    decided = False
    for rule in held:
        matches = _matches(rule, event)
        if matches is False:
            continue
        if rule.filter == "exit" and decided:
            continue
        if rule.action == "always" and rule.filter == "exit":
            decided = matches is True
        elif rule.filter in {"task", "exclude"} or rule.action == "never":
            if matches:
                return False
            exceptions.add(rule.text)
    return decided


def _matches(rule: Rule, event: Event) -> Matches:
    match rule.filter:
        case "exit":
            return _all_of(_exit_conditions(rule, event))
        case "task" if rule.action == "never":
            return _all_of(_conditions(rule, event))
        case "exclude":
            return _all_of(_conditions(rule, event)) if rule.fields else False
        case "filesystem" if event.path is not None:
            kinds = {field.value for field in rule.fields if field.name == "fstype"}
            return False if kinds <= _PSEUDO else None
        case _:
            return False


def _exit_conditions(rule: Rule, event: Event) -> Iterator[Matches]:
    yield _call_matches(rule, event)
    if rule.watch is not None:
        yield _under(event.path, rule.watch, folder=True)
    yield from _conditions(rule, event)


def _conditions(rule: Rule, event: Event) -> Iterator[Matches]:
    if rule.opaque:
        yield None
    for field in rule.fields:
        yield _field_matches(field, event)


def _call_matches(rule: Rule, event: Event) -> Matches:
    if rule.calls is None:
        return True
    if rule.arch is None:
        # auditctl names the calls of such a rule after an architecture that need not be the one it is for.
        return None
    if event.call is None:
        return False if rule.calls <= _NO_FILES else None
    return event.call in rule.calls


def _field_matches(field: Field, event: Event) -> Matches:  # noqa: PLR0911 - one line per field
    match field.name:
        case "key":
            return True
        case "arch":
            same = field.value in (_BITS_32 if event.arch == "b32" else _BITS_64)
            return None if field.value not in _BITS_32 | _BITS_64 else same == (field.op == "=")
        case "auid" | "loginuid":
            number = field.number
            return _compared(field, event.auid, None if number is None else number % (UNSET + 1))
        case "exit":
            return _compared(field, event.exit, field.number)
        case "success":
            wanted = {"yes": 1, "no": 0}.get(field.value, field.number)
            return _compared(field, int(event.exit >= 0), wanted)
        case "a0" if event.call == "clock_settime":
            # The clock that is set: 0 is the one that tells the time.
            return _compared(field, 0, field.number)
        case "perm":
            return None if event.perm is None else event.perm in field.value
        case "path" | "dir":
            under = _under(event.path, field.value, folder=field.name == "dir")
            return under if field.op == "=" or under is None else not under
        case "msgtype":
            return _excluded(field, event)
        case _:
            return None


def _compared(field: Field, actual: int, wanted: int | None) -> Matches:
    compare = _OPERATORS.get(field.op)
    return None if wanted is None or compare is None else compare(actual, wanted)


def _excluded(field: Field, event: Event) -> Matches:
    """Whether the records are dropped that say who did it, or to which file."""
    wanted = _RECORDS.get(field.value, field.number)
    compare = _OPERATORS.get(field.op)
    if compare is None:
        return None
    if wanted is None:
        return field.op == "!="
    return compare(_RECORDS["SYSCALL"], wanted) or (
        event.path is not None and compare(_RECORDS["PATH"], wanted)
    )


def _under(path: str | None, named: str, *, folder: bool) -> Matches:
    if path is None:
        return None
    wanted = canonical(named)
    if path.endswith("/"):
        return folder and f"{canonical(path)}/".startswith(f"{wanted.rstrip('/')}/")
    return path == wanted or (folder and path.startswith(f"{wanted.rstrip('/')}/"))


def canonical(path: str) -> str:
    """One name for a file that merged folders give several: /bin/su is /usr/bin/su, /var/run is /run."""
    plain = "/" + path.strip("/")
    for old, new in (("/var/run/", "/run/"), ("/bin/", "/usr/bin/"), ("/sbin/", "/usr/sbin/")):
        if f"{plain}/".startswith(old):
            return new.rstrip("/") + plain[len(old) - 1 :]
    return f"/usr{plain}" if plain.startswith("/lib") else plain


def _all_of(conditions: Iterable[Matches]) -> Matches:
    said = set(conditions)
    return False if False in said else None if None in said else True
