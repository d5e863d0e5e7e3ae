"""What /proc tells of running programs."""

import re
from collections.abc import Iterable, Mapping

import msgspec

_MAPPING = re.compile(
    r"/proc/(?P<pid>[0-9]+)/maps:"
    r"[0-9a-f]+-[0-9a-f]+ ..x. \S+ \S+ [0-9]+ +(?P<path>/.*) \(deleted\)$"
)
_INSTALLED = ("/usr/", "/lib", "/bin/", "/sbin/", "/opt/")
"""Below these lies what packages install; elsewhere are files that a program made and deleted itself."""


class Outdated(msgspec.Struct, frozen=True):
    """A program that runs code whose file is replaced or gone."""

    pid: str
    path: str
    """The file, as it was called when the program opened it."""


def outdated(lines: Iterable[str]) -> list[Outdated]:
    """What `grep -H deleted` found in /proc/<pid>/maps, less what no package installed, each once."""
    found = (_MAPPING.match(line) for line in lines)
    return sorted(
        {
            Outdated(mapping["pid"], mapping["path"])
            for mapping in found
            if mapping and mapping["path"].startswith(_INSTALLED)
        },
        key=lambda each: (int(each.pid), each.path),
    )


def names(lines: Iterable[str]) -> Mapping[str, str]:
    """The programs that `ps -e -o pid=,comm=` printed, by process id."""
    split = (line.split(maxsplit=1) for line in lines)
    return {words[0]: words[1] for words in split if words[1:]}
