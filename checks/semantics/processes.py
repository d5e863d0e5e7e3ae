"""Which programs run on a host, as the kernel tells."""

import re
from collections.abc import Iterable

import msgspec

RUNNING = "grep -sE '^(Name|Uid):' /proc/[0-9]*/status"
"""The command whose lines are read here: name and user of each process."""

_LINE = re.compile(r"/proc/(?P<process>\d+)/status:(?P<what>Name|Uid):\s+(?P<value>[^\t]*)")
_NAME_LENGTH = 15
_FIRST_PERSON = 1000


class Processes(msgspec.Struct, frozen=True):
    """What runs."""

    names: frozenset[str]
    """The names of processes that run as root or as a system's account; the kernel cuts them to 15 letters.

    A person can call a process of theirs whatever they like.
    """
    whole: bool
    """Whether all processes were shown: with hidepid the first one is hidden from who is not root."""
    anybodys: frozenset[str] = frozenset()
    """The names of all processes, people's included."""

    def run(self, program: str) -> bool:
        """Whether a program does."""
        return program[:_NAME_LENGTH] in self.names


def processes(lines: Iterable[str]) -> Processes:
    """What `RUNNING` printed."""
    said: dict[str, dict[str, str]] = {}
    for line in lines:
        found = _LINE.match(line)
        if found:
            said.setdefault(found["process"], {})[found["what"]] = found["value"].strip()
    return Processes(
        frozenset(one["Name"] for one in said.values() if "Name" in one and _is_system(one.get("Uid", ""))),
        "1" in said,
        frozenset(one["Name"] for one in said.values() if "Name" in one),
    )


def _is_system(user: str) -> bool:
    return user.isdecimal() and int(user) < _FIRST_PERSON
