"""The probe: one POSIX shell script that asks a host everything, and what it answers.

Nothing here touches a host. The script reads its commands from itself and writes to its two streams only:
no file, no process left. Everything a command says travels encoded (base64, or hexadecimal from `od`) between
lines that carry a nonce, so no output can end a frame, begin one or be mistaken for one.
"""

import secrets
import shlex
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..errors import ReadError
from ..redact import redacted

SUDO = "sudo "
"""Before a command that must be root to answer: `sudo nft --json list ruleset`."""

MAX_OUTPUT = 4 * 1024 * 1024
"""Bytes of standard output that one command may answer; more is a refusal."""

MAX_ERRORS = 64 * 1024
"""Bytes kept of a command's standard error; the rest is drained and dropped."""

MAX_HEARD = 64 * 1024 * 1024
"""Bytes that one host may send, encoded, on both streams."""

_SAID = 300
PROGRAMS = "programs"
"""The frame that lists the programs which exist."""


@dataclass(frozen=True)
class Output:
    """What one command answered."""

    status: int
    text: str = field(repr=False)
    errors: str = field(default="", repr=False)
    """Its standard error, the first 64 KiB of it; only for saying why it refused."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of its standard output, without their ends.

        Only a newline ends a line: a form feed or U+2028 in somebody's full name does not forge another one.
        """
        lines = self.text.split("\n")
        if not lines[-1]:
            lines.pop()
        return tuple(line.removesuffix("\r") for line in lines)


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
    """Everything that one host is asked, in one order, under one nonce."""

    needs: tuple[str, ...]
    sudo: bool
    """Whether a need of root may be asked through sudo."""
    nonce: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @classmethod
    def about(cls, needs: Collection[str], *, sudo: bool) -> "Questions":
        """Each need once, sorted."""
        return cls(tuple(sorted(set(needs))), sudo)

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """Each program that they start with, once, sorted."""
        return tuple(sorted({program_of(need) for need in self.needs}))

    def script(self, seconds: float, command_seconds: float) -> bytes:
        """The script: to end within so many seconds, and each command within so many.

        It stands in braces, so that a shell that gets half of it runs nothing.
        """
        asked = [
            f"ask {number} {'root' if need.startswith(SUDO) else 'plain'} {shlex.quote(command_of(need))}"
            for number, need in enumerate(self.needs)
        ]
        return _SCRIPT.format(
            nonce=self.nonce,
            seconds=max(1, int(seconds)),
            command_seconds=max(1, int(command_seconds)),
            max_output=MAX_OUTPUT + 1,
            max_errors=MAX_ERRORS,
            sudo="yes" if self.sudo else "no",
            programs=" ".join(shlex.quote(program) for program in self.programs),
            asked="\n".join(asked),
        ).encode()


def program_of(need: str) -> str:
    """The program that a declared command starts with."""
    return command_of(need).split(maxsplit=1)[0]


def command_of(need: str) -> str:
    """A need without the word that it must be root."""
    return need.removeprefix(SUDO).strip()


_SCRIPT = r"""
{{
set +x
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:$PATH LC_ALL=C
export PATH LC_ALL
unset ENV BASH_ENV CDPATH COLUMNS LINES LANGUAGE GREP_OPTIONS
umask 077
ulimit -c 0 2>/dev/null
cd /
exec 5>&1 6>&2 </dev/null
nonce={nonce}
over=$(($(date +%s) + {seconds}))

say() {{ printf '\n@%s %s\n' "$nonce" "$*"; }}
works() {{ [ "$("$@" 2>/dev/null)" = "$expected" ]; }}
first() {{ printf abc | head -c 2; }}
sixtyfour() {{ printf wardround | base64; }}
hex() {{ printf ab | od -A n -v -t x1 | tr -d ' \n'; }}

expected=ab; if works first; then
  bounded() {{ head -c {max_output}; }}
  clipped() {{ head -c {max_errors}; cat >/dev/null; }}
else
  bounded() {{ cat; }}
  clipped() {{ cat; }}
fi
expected=d2FyZHJvdW5k; if works sixtyfour; then
  encoding=base64
  encoded() {{ base64; }}
else expected=6162; if works hex; then
  encoding=hex
  encoded() {{ od -A n -v -t x1; }}
else
  say lost neither base64 nor od works
  exit
fi; fi

inner='(eval "$1") 4>&-; echo "$?" >&4'
if timeout -k 1 1 true 2>/dev/null; then limited() {{ timeout -k 1 "$1" /bin/sh -c "$inner" sh "$2"; }}
elif timeout 1 true 2>/dev/null; then limited() {{ timeout "$1" /bin/sh -c "$inner" sh "$2"; }}
else limited() {{ /bin/sh -c "$inner" sh "$2"; }}
fi

frame() {{
  left=$((over - $(date +%s)))
  [ "$left" -gt 0 ] || {{ say late; exit; }}
  [ "$left" -lt {command_seconds} ] || left={command_seconds}
  say begin "$1"; say begin "$1" >&6
  status=$(
    {{
      {{
        {{ limited "$left" "$2" 2>&3 3>&- 5>&- 6>&- || echo over $? >&4; }} |
          bounded | encoded 2>/dev/null >&5
      }} 3>&1 >/dev/null | clipped | encoded 2>/dev/null >&6
    }} 4>&1
  )
  say end "$1" $status; say end "$1" "$left" >&6
}}

uid=$(id -u)
ask() {{
  if [ "$2" = plain ] || [ "$uid" = 0 ]; then frame "$1" "$3"
  elif [ {sudo} = yes ]; then frame "$1" "sudo -n -- $3"
  fi
}}

say hello "$encoding" "$uid" "$(id -un)"
present() {{ for program in {programs}; do
  where=$(command -v "$program" 2>/dev/null) && printf '%s\t%s\n' "$program" "$where"
done; }}
say begin programs; present | encoded; say end programs 0
{asked}
say done
exit
}}
"""


def sanitised(raw: bytes) -> str:
    """What a host printed, on one line, bounded, without secrets: it may be hostile to terminals."""
    text = raw[: 4 * _SAID].decode("utf-8", "replace")
    line = redacted(" ".join("".join(_printable(text)).split()))
    return line if len(line) <= _SAID else line[:_SAID] + "..."


def _printable(text: str) -> Iterator[str]:
    for character in text:
        yield character if character.isprintable() else " "
