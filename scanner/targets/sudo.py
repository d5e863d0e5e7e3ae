"""Sudo, and doas where there is no sudo: how they refuse, and the line that would allow what was refused."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ReadError
from ..model import Reason
from .probe import Answer, Output, sanitised
from .script import command_of, program_of

_NOISE = re.compile(r"sudo: (unable to resolve host|setrlimit)")
_REFUSES = re.compile(
    r"(sudo: |Sorry, user |Sorry, try again|\S+ is not in the sudoers file|\S+ may not run sudo)"
)
_DOAS_REFUSES = re.compile(r"doas: (Authori[sz]ation required|Operation not permitted|a tty is required)")
_ABSENT = re.compile(r": (sudo|doas): (command )?not found$")
_LACKS = re.compile(r"(sudo|doas): .*: command not found$")
_TTY = re.compile(r"sudo: sorry, you must have a tty")


@dataclass(frozen=True)
class Way:
    """How commands that must be root are run by one login on one host."""

    login: str
    word: str
    """root, sudo, doas, or plain when there is none."""
    runas: str
    programs: Mapping[str, str]
    """Where the host has its programs."""

    def unasked(self, need: str) -> ReadError:
        """Why a need of root was not asked by somebody else."""
        return ReadError(
            need=need,
            reason=Reason.DENIED,
            detail=f"it needs root to answer wholly, and {self._login} is not root",
            mend=f"set sudo: true for this host and allow it in sudoers: {self._line(need)}",
        )

    def unvouched(self, need: str, vouched: Answer) -> ReadError | None:
        """Why nothing was asked after sudo did not take the password: tried again and again, it locks out."""
        if isinstance(vouched, Output) and vouched.status == 0:
            return None
        if isinstance(vouched, ReadError):
            said = vouched.detail
        else:
            lines = [line.strip() for line in vouched.errors.split("\n") if line.strip()]
            refused = [line for line in lines if _REFUSES.match(line) and not _NOISE.match(line)]
            said = sanitised((refused or lines or ["it said nothing"])[-1].encode())
        return ReadError(
            need=need,
            reason=Reason.DENIED,
            detail=f"sudo did not take the password of {self._login}, which was tried once: {said}",
            mend=f"correct the password, or allow it in sudoers without one: {self._line(need)}",
        )

    def refusal(self, need: str, answer: Output) -> ReadError | None:
        """What sudo itself said instead of the command.

        Whatever statuses the check takes for an answer: sudo's own refusal, status 1, is never one.
        """
        if answer.status == 0:
            return None
        said = [line.strip() for line in answer.errors.split("\n") if not _NOISE.match(line)]
        lacking = next((line for line in said if _LACKS.match(line)), None)
        if lacking:
            return ReadError(
                need=need,
                reason=Reason.FAILED,
                detail=sanitised(lacking.encode()),
                mend=f"install {program_of(need)} on the host, or add its folder to sudo's secure_path",
            )
        refuses = _DOAS_REFUSES if self.word == "doas" else _REFUSES
        refused = next((line for line in said if refuses.match(line) or _ABSENT.search(line)), None)
        if refused is None:
            return None
        program = program_of(need)
        if "/" not in program and program not in self.programs:
            # Sudo knows a program of its rules by the file: without it, sudo refuses as if nobody allowed it.
            return ReadError(
                need=need,
                reason=Reason.FAILED,
                detail=f"{self._login} finds no {program} there; {sanitised(refused.encode())}",
                mend=f"install {program} on the host, or see where it lies there",
            )
        return ReadError(
            need=need,
            reason=Reason.DENIED,
            detail=sanitised(refused.encode()),
            mend=self._allowed(need, refused),
        )

    @property
    def _login(self) -> str:
        return sanitised(self.login.encode()) or "the user"

    def _allowed(self, need: str, refused: str) -> str:
        if self.word == "doas":
            return f"allow it in doas.conf: {self._permit(need)}"
        if _TTY.match(refused):
            return f"let it be asked without a terminal, in sudoers: Defaults:{self._login} !requiretty"
        return f"allow it in sudoers: {self._line(need)}"

    def _words(self, need: str) -> list[str]:
        try:
            words = shlex.split(command_of(need))
        except ValueError:
            words = command_of(need).split()
        words[0] = sanitised(self.programs.get(words[0], words[0]).encode())
        return words

    def _line(self, need: str) -> str:
        """The line of sudoers that allows just this command."""
        first, *words = self._words(need)
        told = " ".join(re.sub(r"([,:=\\])", r"\\\1", word) for word in words) or '""'
        return f"{self._login_or_audit} ALL=({self.runas}) NOPASSWD: {first} {told}"

    def _permit(self, need: str) -> str:
        """The line of doas.conf that allows just this command.

        Doas compares the program with what it was called by; it looks for a bare name in a safe path only.
        """
        _, *words = self._words(need)
        told = " ".join(["args", *(shlex.quote(word) for word in words)])
        return f"permit nopass {self._login_or_audit} as {self.runas} cmd {program_of(need)} {told}"

    @property
    def _login_or_audit(self) -> str:
        return sanitised(self.login.encode()) or "audit"
