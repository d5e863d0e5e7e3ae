"""Hosts: one machine, one connection, everything asked at once."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..view import View
from ..errors import ReadError
from ..model import Reason

SUDO = "sudo "
"""Before a command that must be root to answer: `sudo nft --json list ruleset`."""

_SHELL = re.compile(r"[;&|<>$`\\\n(){}*?\[\]~!#]")


@dataclass(frozen=True)
class Output:
    """What one command answered."""

    status: int
    text: str
    errors: str = ""
    """Its standard error; only for saying why it refused."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of its standard output."""
        return tuple(self.text.splitlines())


Answer = Output | ReadError
"""A whole frame, or why there is none."""


@dataclass(frozen=True)
class Probe:
    """Everything one host answered: by declared command, and which of their programs exist."""

    answers: Mapping[str, Answer]
    programs: frozenset[str]
    root: bool = True
    """Whether commands that ask for sudo ran as root."""


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
        if need.startswith(SUDO) and _SHELL.search(need):
            return f"{need!r} asks for sudo and is not a plain command: sudoers could not allow just that"
        if not need.strip() or "\n" in need:
            return f"{need!r} is not a command on one line"
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
        if program not in {program_of(need) for need in self.needs}:
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
            detail=f"status {answer.status}" + (f": {said.strip()[:300]}" if said else ""),
            mend=(
                f"log in as root, or set sudo: true and allow `{command.removeprefix(SUDO)}` in sudoers"
                if privileged
                else f"see why `{command}` fails on the host"
            ),
        )


def program_of(need: str) -> str:
    """The program that a declared command starts with."""
    return need.removeprefix(SUDO).split(maxsplit=1)[0]
