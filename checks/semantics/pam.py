"""What a PAM stack demands: which modules nobody gets past without.

A stack is walked as Linux-PAM does (`_pam_dispatch_aux`), with every answer that a module might give, so that
"required" means: there is no way through without it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import msgspec
from msgspec.structs import replace

Factor = Literal["password", "token"]
Kind = Literal["auth", "account", "password", "session"]

PASSWORDS = frozenset(
    {
        "pam_unix",
        "pam_sss",
        "pam_ldap",
        "pam_krb5",
        "pam_winbind",
        "pam_radius_auth",
        "pam_pwdfile",
        "pam_tcb",
    }
)
"""Modules that ask for a password. Some ask for more if a far server says so, which cannot be seen here."""

TOKENS = frozenset(
    {
        "pam_duo",
        "pam_google_authenticator",
        "pam_oath",
        "pam_otpw",
        "pam_securid",
        "pam_u2f",
        "pam_yubico",
    }
)
"""Modules that ask for a one-time code, a key's touch, or an answer on another device."""

_SKIPS = frozenset({"nullok", "nouserok"})
_KEYWORDS: Mapping[str, Mapping[str, str]] = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
_LINE = re.compile(r"-?(?P<type>\w+)\s+(?P<control>\[[^\]]*\]|\S+)\s+(?P<module>\S+)\s*(?P<arguments>.*)")


class Module(msgspec.Struct, frozen=True):
    """One line of a stack."""

    name: str
    """Without folder and ending: pam_unix."""
    actions: Mapping[str, str]
    """What follows from each answer."""
    arguments: tuple[str, ...] = ()
    inside: tuple[int, ...] = ()
    """The substacks that it stands in, outermost first."""

    @property
    def skippable(self) -> bool:
        """Whether it lets somebody by who never set up the second factor.

        pam_unix has a `nullok` too, for empty passwords; sshd overrides that one (PermitEmptyPasswords).
        """
        return self.name in TOKENS and any(argument in _SKIPS for argument in self.arguments)


class Stack(msgspec.Struct, frozen=True):
    """The modules that a service asks one after the other, and what could not be seen of them."""

    modules: tuple[Module, ...]
    unread: tuple[str, ...]
    """Included services whose files were not read, or that include themselves."""


@dataclass(frozen=True)
class Services:
    """The lines of each service's file."""

    lines: Mapping[str, Sequence[str]]
    _stacks: dict[tuple[str, Kind], Stack] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __contains__(self, service: str) -> bool:
        """Whether a service has a file."""
        return service in self.lines

    def stack(self, service: str, kind: Kind = "auth") -> Stack:
        """The modules of one kind that a service asks, with those of what it includes."""
        if (service, kind) not in self._stacks:
            self._stacks[service, kind] = _stacked(self.lines, service, kind)
        return self._stacks[service, kind]


def files(lines: Iterable[str]) -> Services:
    """What stands in lines of `grep -H` over folders in falling precedence."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in lines:
        path, _, text = line.partition(":")
        folder, _, name = path.rpartition("/")
        found.setdefault(name, {}).setdefault(folder, []).append(text)
    return Services({name: next(iter(by_folder.values())) for name, by_folder in found.items()})


def _stacked(services: Mapping[str, Sequence[str]], service: str, kind: Kind) -> Stack:
    found = list(_stack(_Source(services, kind, count()), service, (), ()))
    return Stack(
        modules=tuple(module for module in found if isinstance(module, Module)),
        unread=tuple(module for module in found if isinstance(module, str)),
    )


def demanded(modules: Sequence[Module], factor: Factor) -> bool:
    """Whether nobody gets through without satisfying a module of this factor, and there is one."""
    return unavoidable(modules, PASSWORDS if factor == "password" else TOKENS)


def unavoidable(modules: Sequence[Module], wanted: Collection[str]) -> bool:
    """Whether nobody gets through without satisfying one of these modules, and there is one."""
    return any(module.name in wanted for module in modules) and not _passable(modules, wanted)


def refusing(modules: Iterable[Module], name: str) -> tuple[Module, ...]:
    """The modules, as they are for somebody whom each of this name refuses."""
    return tuple(replace(module, name="pam_deny") if module.name == name else module for module in modules)


def argument(module: Module, name: str) -> str | None:
    """The value of a module's argument, empty where it has none; none where it is not given."""
    found = [value for word, _, value in (each.partition("=") for each in module.arguments) if word == name]
    return found[-1] if found else None


def names(modules: Iterable[Module], kind: Collection[str]) -> tuple[str, ...]:
    """The modules of one kind that a stack has, each once, sorted."""
    return tuple(sorted({module.name for module in modules if module.name in kind}))


class _Source(msgspec.Struct, frozen=True):
    services: Mapping[str, Sequence[str]]
    kind: Kind
    numbers: Iterator[int]


def _stack(
    source: _Source, service: str, including: tuple[str, ...], inside: tuple[int, ...]
) -> Iterator[Module | str]:
    if service not in source.services or service in including:
        yield service
        return
    below = (*including, service)
    for line in _logical(source.services[service]):
        if line.startswith("@include"):
            yield from _stack(source, _file_name(line.split()[-1]), below, inside)
            continue
        found = _LINE.match(line)
        if found is None or found["type"].lower() != source.kind:
            continue
        control, name = found["control"].lower(), _file_name(found["module"])
        if control == "include":
            yield from _stack(source, name, below, inside)
        elif control == "substack":
            yield from _stack(source, name, below, (*inside, next(source.numbers)))
        else:
            arguments = tuple(found["arguments"].split())
            yield Module(name.removesuffix(".so"), _actions(control), arguments, inside)


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _logical(lines: Iterable[str]) -> Iterator[str]:
    """Lines joined where a backslash ends one, without comments and empty ones."""
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        plain = line.partition("#")[0].strip()
        if plain:
            yield plain


def _actions(control: str) -> Mapping[str, str]:
    if control.startswith("["):
        pairs = (pair.partition("=") for pair in control.strip("[]").split())
        return {"default": "bad"} | {answer: action for answer, _, action in pairs}
    return _KEYWORDS.get(control, _KEYWORDS["required"])


def _passable(modules: Sequence[Module], wanted: Collection[str]) -> bool:
    """Whether some run of answers ends well though none of these modules was satisfied."""
    start = (0, "undefined")
    seen, waiting = {start}, [start]
    while waiting:
        at, impression = waiting.pop()
        if at >= len(modules):
            if impression == "good":
                return True
            continue
        for answer, action in _answers(modules[at], wanted):
            following = _follow(modules, at, impression, answer, action)
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return False


def _answers(module: Module, wanted: Collection[str]) -> set[tuple[str, str]]:
    """What a module may answer when nobody satisfies these modules, and what follows."""
    default = module.actions.get("default", "bad")
    success = {("success", module.actions.get("success", default))}
    kindly = {"ignore", "success", "new_authtok_reqd"}
    refusing = {action for answer, action in module.actions.items() if answer not in kindly} | {default}
    refused = {("failure", action) for action in refusing}
    if module.name == "pam_permit":
        return success
    if module.name == "pam_deny" or (module.name in wanted and not module.skippable):
        return refused
    return success | refused | {("failure", module.actions.get("ignore", default))}


def _follow(modules: Sequence[Module], at: int, impression: str, answer: str, action: str) -> tuple[int, str]:
    """Where a module's action leads, and how well things stand then."""
    match action:
        case "ignore":
            return at + 1, impression
        case "ok" | "done":
            good = impression if impression != "undefined" else "good" if answer == "success" else "bad"
            return (_end(modules, at) if action == "done" and good == "good" else at + 1), good
        case "die":
            return _end(modules, at), "bad"
        case "reset":
            return at + 1, "undefined"
        case _ if action.isdecimal():
            good = "good" if impression == "undefined" and answer == "success" else impression
            return _jump(modules, at, int(action)), good
        case _:
            return at + 1, "bad"


def _end(modules: Sequence[Module], at: int) -> int:
    """The end of the substack that a module stands in, or of all."""
    inside = modules[at].inside
    if not inside:
        return len(modules)
    return next(
        (later for later in range(at + 1, len(modules)) if modules[later].inside[: len(inside)] != inside),
        len(modules),
    )


def _jump(modules: Sequence[Module], at: int, steps: int) -> int:
    """So many modules on; a substack counts as one."""
    inside = modules[at].inside
    to = at + 1
    for _ in range(steps):
        if to >= len(modules) or modules[to].inside[: len(inside)] != inside:
            return to
        deeper = modules[to].inside[: len(inside) + 1]
        to += 1
        while len(deeper) > len(inside) and to < len(modules) and modules[to].inside[: len(deeper)] == deeper:
            to += 1
    return to
