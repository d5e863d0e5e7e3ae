"""Which of many configuration files count, where vendors, administrators and the system each have some."""

from collections.abc import Iterable, Mapping

_PLACES = ("/etc/", "/run/", "/usr/local/lib/", "/usr/lib/", "/lib/")
"""A file hides those of the same name in what comes after."""


def files(found: Iterable[str], kind: str) -> tuple[str, ...]:
    """The files of all directories `<place>/<kind>` that count, in the order in which they are read.

    Files are read by their names, wherever they lie; of one name only the foremost place's counts, be it
    empty or a link to /dev/null.

    Args:
        found: the paths of files that exist.
        kind: the directory's name, as in sysctl.d.
    """
    foremost: dict[str, str] = {}
    known = set(found)
    for place in _PLACES:
        directory = f"{place}{kind}/"
        for path in known:
            name = path.removeprefix(directory)
            if name != path and "/" not in name:
                foremost.setdefault(name, path)
    return tuple(foremost[name] for name in sorted(foremost))


def read(lines: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The lines of each file, by its path, from what `grep -H` printed of them."""
    held: dict[str, list[str]] = {}
    for line in lines:
        path, colon, text = line.partition(":")
        if colon:
            held.setdefault(path, []).append(text.strip())
    return {path: tuple(text) for path, text in held.items()}
