"""The probe: everything that one host is asked at once, and what it answers.

Nothing here touches a host. Everything a command says travels encoded (base64, or hexadecimal from `od`)
between lines that carry a nonce, so no output can end a frame, begin one or be mistaken for one.
"""

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from ..errors import ReadError
from ..redact import redacted
from . import script
from .script import SUDO, command_of, program_of

__all__ = [
    "SUDO",
    "Answer",
    "Deadline",
    "Heard",
    "Output",
    "Probe",
    "Questions",
    "Sudo",
    "command_of",
    "program_of",
    "sanitised",
]

MAX_HEARD = 64 * 1024 * 1024
"""Bytes that one host may send, encoded, on both streams."""

_SAID = 300
_READERS = 64
"""How many parsers' results an answer keeps: one that is made anew for each reading must not fill memory."""

Made = TypeVar("Made")


@dataclass(frozen=True)
class Output:
    """What one command answered."""

    status: int
    text: str = field(repr=False)
    errors: str = field(default="", repr=False)
    """Its standard error, the first 16 KiB of it; only for saying why it refused."""
    _made: dict[Callable[..., Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of its standard output, without their ends.

        Only a newline ends a line: a form feed or U+2028 in somebody's full name does not forge another one.
        """
        lines = self.text.split("\n")
        if not lines[-1]:
            lines.pop()
        return tuple(line.removesuffix("\r") for line in lines) if "\r" in self.text else tuple(lines)

    def read(self, parse: Callable[[Sequence[str]], Made]) -> Made:
        """What a parser makes of the lines: once for all checks, so nobody may change it.

        It must depend on nothing else: of the same answer from another host it is not asked again, either.
        """
        if parse in self._made:
            known: Made = self._made[parse]
            return known
        made = parse(self.lines)
        if len(self._made) < _READERS:
            self._made[parse] = made
        return made


Answer = Output | ReadError
"""A whole frame, or why there is none."""


@dataclass(frozen=True)
class Probe:
    """Everything one host answered: by declared command, and which of their programs exist."""

    answers: Mapping[str, Answer]
    programs: frozenset[str]
    root: bool = True
    """Whether commands that ask for sudo ran as root."""
    user: str = ""
    """Who ran the others, as the host calls them."""


class Deadline:
    """A moment after which nobody waits any more."""

    def __init__(self, seconds: float) -> None:
        """So many seconds from now."""
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left; negative when it has passed."""
        return self._at - time.monotonic()


@dataclass(frozen=True)
class Heard:
    """What came back over a transport, and why it ended."""

    out: bytes = field(repr=False)
    err: bytes = field(repr=False)
    ended: Literal["closed", "deadline", "flood"]
    """By the host; by our deadline; because it sent more than MAX_HEARD."""


@dataclass(frozen=True)
class Sudo:
    """How a need of root is asked for by a login that is not root."""

    user: str = "root"
    """As whom it is run."""
    password: Callable[[], str] | None = None
    """What sudo is told when it asks; None: it must not ask."""


@dataclass(frozen=True)
class Questions:
    """Everything that one host is asked, under one nonce."""

    needs: tuple[str, ...]
    sudo: Sudo | None
    """None: a need of root is asked as root only."""
    nonce: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @classmethod
    def about(cls, needs: Collection[str], *, sudo: Sudo | None) -> "Questions":
        """Each need once, sorted."""
        return cls(tuple(sorted(set(needs))), sudo)

    @property
    def over(self) -> bytes:
        """What the script says when it has said everything."""
        return f"\n@{self.nonce} done\n".encode()

    def script(self, seconds: float, command_seconds: float, password: str = "") -> bytes:
        """The script: to end within so many seconds, and each command within so many."""
        request = (
            f"{script.WORD} {self.nonce} {max(1, int(seconds))} {max(1, int(command_seconds))} "
            f"{'sudo' if self.sudo else 'plain'} {script.order(self.needs)}"
        )
        runas = self.sudo.user if self.sudo else "root"
        return script.ordinary(request.rstrip(), self.needs, runas=runas, password=password)


class Hearing:
    """Both streams of the script, until it says that it has said everything or has said too much."""

    def __init__(self, over: bytes) -> None:
        """Listen for the words that mean that it is over."""
        self.out = bytearray()
        self.err = bytearray()
        self.over = False
        self._words = over
        self._searched = 0

    def hear(self, chunk: bytes) -> None:
        """More of standard output."""
        self.out += chunk
        self.over = self.over or self.out.find(self._words, self._searched) >= 0
        self._searched = max(0, len(self.out) - len(self._words))

    @property
    def flooded(self) -> bool:
        """Whether it said more than MAX_HEARD."""
        return len(self.out) + len(self.err) > MAX_HEARD

    def heard(self, ended: Literal["closed", "deadline", "flood"]) -> Heard:
        """Everything, now that it ended."""
        return Heard(bytes(self.out), bytes(self.err), ended)


def sanitised(raw: bytes) -> str:
    """What a host printed, on one line, bounded, without secrets: it may be hostile to terminals."""
    text = raw[: 4 * _SAID].decode("utf-8", "replace")
    line = redacted(" ".join("".join(_printable(text)).split()))
    return line if len(line) <= _SAID else line[:_SAID] + "..."


def _printable(text: str) -> Iterator[str]:
    for character in text:
        yield character if character.isprintable() else " "
