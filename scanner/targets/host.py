"""Hosts: one machine, one connection, everything asked at once."""

import re
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import ClassVar, Literal

from ..declaration import Check
from ..errors import ReadError
from ..model import Reason, Scope
from ..view import View
from . import AtOnce, local, login, ssh
from . import needs as needs_of
from .frames import parsed
from .handshake import Shown
from .login import Login
from .probe import Answer, Deadline, Output, Probe, Questions, Sudo, sanitised
from .script import SUDO, command_of, program_of
from .secret import Secret

__all__ = ["SUDO", "Answer", "Host", "HostSession", "HostTarget", "Output", "Probe", "Sudo", "program_of"]

MARGIN_SECONDS = 1
"""How long before our deadline the script ends by itself, so that what it did see still travels."""

_SHELL = re.compile(r"[;&|<>$`\\\n(){}*?\[\]~!#]")


class Host(View):
    """One machine, reached over SSH or this one."""

    platform: ClassVar[str] = "host"

    def __init__(self, needs: Collection[str], name: str, probe: Probe) -> None:
        """Show a check the answers to the commands that it declared."""
        super().__init__(needs)
        self.id = f"host:{name}"
        self._probe = probe

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """A command under sudo is a plain one, so that one line of sudoers can allow just that."""
        # find's {} is a word like any other, to shells and to sudoers.
        if need.startswith(SUDO) and _SHELL.search(need.replace(" {} ", " ")):
            return f"{need!r} asks for sudo and is not a plain command: sudoers could not allow just that"
        if not need.isprintable() or not command_of(need):
            return f"{need!r} is not a command on one line"
        if need.startswith(SUDO) and command_of(need).startswith("-"):
            return f"{need!r} gives options to sudo: it runs as root, and nobody else"
        return None

    def run(self, command: str, *, ok: Collection[int] = (0,)) -> Output:
        """What a declared command answered.

        Raises:
            ReadError: it was not run, did not end, or ended with a status that is not an answer.
        """
        answer = self._probe.answers.get(self.declared(command))
        if answer is None:
            raise self.refused(
                ReadError(
                    need=command,
                    reason=Reason.NOT_COLLECTED,
                    detail="the command was not run",
                    mend="collect again with this check",
                )
            )
        if isinstance(answer, ReadError):
            raise self.refused(answer.again())
        if answer.status not in ok:
            raise self.refused(self._unexpected(command, answer))
        return answer

    def has(self, program: str) -> bool:
        """Whether the host has a program that one of the declared commands starts with."""
        if program not in _programs(self.needs):
            self.declared(program)
        return program in self._probe.programs

    def refuse(self, command: str, reason: Reason, detail: str, mend: str) -> ReadError:
        """Keep as refused what a command answered well but cannot be relied on: stale lists, cut output.

        Returns what is to be raised: `raise host.refuse(...)`.
        """
        return self.refused(ReadError(need=self.declared(command), reason=reason, detail=detail, mend=mend))

    def _unexpected(self, command: str, answer: Output) -> ReadError:
        said = next((line for line in reversed(answer.errors.splitlines()) if line.strip()), "")
        privileged = command.startswith(SUDO) and not self._probe.root
        return ReadError(
            need=command,
            reason=Reason.DENIED if privileged else Reason.FAILED,
            detail=f"status {answer.status}" + (f": {sanitised(said.encode())}" if said else ""),
            mend=(
                f"log in as root, or set sudo: true and allow `{command.removeprefix(SUDO)}` in sudoers"
                if privileged
                else f"see why `{command}` fails on the host"
            ),
        )


@dataclass(frozen=True)
class HostSession:
    """A host that answered everything already: the connection is closed."""

    id: str
    name: str
    identity: str
    """Who asked, and the host key that answered: `audit@10.0.0.2:22 SHA256:...`."""
    tags: Mapping[str, str]
    """What the inventory says of this host."""
    probe: Probe = field(repr=False)
    scopes: tuple[Scope, ...] = (Scope(name="host", on="Host"),)

    @property
    def calls(self) -> Mapping[str, int]:
        """How many commands were answered."""
        return {"commands": len(self.probe.answers)}

    def view(self, scope: Scope, check: Check, leaves: Executor | None = None) -> Host:
        """The answers to the commands that the check declares."""
        del scope, leaves
        return Host(check.needs, self.name, self.probe)

    def done(self, scope: Scope, check: Check) -> None:
        """Nothing: one host's answers are freed with its session."""

    def close(self) -> None:
        """Nothing: the connection was closed when the host had answered."""


@dataclass(frozen=True)
class HostTarget:
    """A configured host: how it is reached, and how long it may take."""

    name: str
    """Its name in the inventory."""
    transport: Literal["ssh", "local"] = "ssh"
    address: str | None = None
    """What to connect to; None: its name."""
    port: int = 22
    user: str = "root"
    identity: str | tuple[str, ...] | None = None
    """Paths of private keys; None: the agent's keys, then the usual ones in ~/.ssh."""
    certificate: str | tuple[str, ...] | None = None
    """Paths of certificates of keys, besides a key's own -cert.pub."""
    passphrase: Secret | None = None
    """What opens the private key."""
    password: Secret | None = None
    """What the host is told when it takes no key."""
    known_hosts: str | tuple[str, ...] | None = None
    """Paths of the host keys to trust; None: ~/.ssh/known_hosts."""
    known_as: str | None = None
    """The name by which they know it; None: its address and port."""
    accept_new: str | None = None
    """Path of the file that takes the keys of hosts that nobody knows; None: they are refused."""
    sudo: bool | Sudo = False
    """Whether a need of root may be asked through sudo, and how."""
    jump: str | tuple[Login, ...] | None = None
    """`user@host:port` to go through, several in their order with commas between; or a login each."""
    program: tuple[str, ...] = ()
    """A program of this machine that connects, and its arguments; none: a socket."""
    deadline_seconds: float = 120
    """For the host as a whole."""
    connect_seconds: float = 10
    """For each of: connecting, exchanging keys, logging in."""
    command_seconds: float = 30
    """For each command."""
    tags: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    """The configured name of the inventory it is in."""

    @property
    def id(self) -> str:
        """`host:` and its name."""
        return f"host:{self.name}"

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        return "hosts"

    @property
    def kinds(self) -> tuple[type[View], ...]:
        """What checks can be run on."""
        return (Host,)

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name, and its group's."""
        return (self.name, self.group) if self.group else (self.name,)

    @property
    def at_once(self) -> Mapping[type[View], AtOnce]:
        """None: they read what the host has answered already."""
        return {}

    def enter(self, checks: Mapping[str, Check]) -> HostSession:
        """Connect, ask everything that the checks declare in one go, and disconnect.

        Raises:
            ReadError: it cannot be reached, is not who it should be, does not let us in, or runs no shell.
        """
        sudo = (Sudo() if self.sudo else None) if isinstance(self.sudo, bool) else self.sudo
        questions = Questions.about(needs_of(tuple(checks.values())), sudo=sudo)
        password = sudo.password() if sudo and sudo.password else ""
        deadline = Deadline(self.deadline_seconds)
        ask = self._here if self.transport == "local" else self._there
        identity, probe = ask(questions, password, deadline)
        return HostSession(id=self.id, name=self.name, identity=identity, tags=self.tags, probe=probe)

    def _script(self, questions: Questions, password: str, deadline: Deadline) -> bytes:
        return questions.script(deadline.left - MARGIN_SECONDS, self.command_seconds, password)

    def _here(self, questions: Questions, password: str, deadline: Deadline) -> tuple[str, Probe]:
        try:
            heard = local.ask(self._script(questions, password, deadline), questions.over, deadline)
        except OSError as error:
            raise ReadError(
                need=None,
                reason=Reason.FAILED,
                detail=f"/bin/sh could not be started here: {error.strerror}",
                mend="see that this machine has /bin/sh and processes to spare",
            ) from None
        probe = parsed(questions, heard, password)
        return f"{sanitised(probe.user.encode())}@localhost (this machine)", probe

    def _there(self, questions: Questions, password: str, deadline: Deadline) -> tuple[str, Probe]:
        login, hops = self.logins()
        with ssh.connected(login, hops, deadline) as connection:
            identity = f"{login} {connection.key}"
            withheld = bool(password and connection.key.accepted)
            if withheld:
                questions, password = replace(questions, sudo=None), ""
            heard = connection.ask(self._script(questions, password, deadline), questions.over, deadline)
        through = f" via {connection.through}" if connection.through else ""
        probe = parsed(questions, heard, password)
        return identity + through, _untold(probe, connection.key) if withheld else probe

    def logins(self) -> tuple[Login, tuple[Login, ...]]:
        """How it is logged in to, and its jump hosts.

        Raises:
            ReadError: a jump host is not written as one.
        """
        own = Login(
            address=self.address or self.name,
            port=self.port,
            user=self.user,
            identity=_several(self.identity),
            certificate=_several(self.certificate),
            passphrase=self.passphrase,
            password=self.password,
            known_hosts=_several(self.known_hosts),
            known_as=self.known_as,
            accept_new=self.accept_new,
            program=self.program,
            connect_seconds=self.connect_seconds,
        )
        if isinstance(self.jump, tuple):
            return own, self.jump
        try:
            return own, tuple(login.hop(each, own) for each in self.jump.split(",")) if self.jump else ()
        except ValueError as error:
            raise ReadError(
                need=None, reason=Reason.FAILED, detail=f"jump: {error}", mend="write it as user@host:port"
            ) from None


def _untold(probe: Probe, key: Shown) -> Probe:
    """What a host answered that was not told the password for sudo: it may not be who it says."""
    if probe.root:
        return probe
    answers = {
        need: ReadError(
            need=need,
            reason=Reason.DENIED,
            detail="no password for sudo is told to a host whose key nobody has compared",
            mend=f"compare {key.fingerprint} with the host's own (ssh-keygen -lf on its console), "
            f"then move its line from {key.accepted} to known_hosts",
        )
        if need.startswith(SUDO)
        else answer
        for need, answer in probe.answers.items()
    }
    return replace(probe, answers=answers)


@lru_cache(1024)
def _programs(needs: frozenset[str]) -> frozenset[str]:
    return frozenset(map(program_of, needs))


def _several(paths: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else paths or ()
