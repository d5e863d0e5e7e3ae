"""What the kernel's settings, modules and command line say, now and after the next boot."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from . import dropins

ReversePath = Literal["strict", "loose", "off"]

_LEVELS: Mapping[int, ReversePath] = {0: "off", 1: "strict", 2: "loose"}
_PROC = "/proc/sys/"
_INSTALL = re.compile(r"install\s+(?P<module>\S+)\s+(?P<command>.*)")
_BLACKLIST = re.compile(r"blacklist\s+(?P<module>\S+)")
_DOES_NOTHING = re.compile(r"(/usr)?(/s?bin/)?(true|false)\b")
_MODULE = re.compile(r"(?P<list>modules\.(?:dep|builtin)):(?:\S*/)?(?P<name>[^/:\s]+)\.ko[.\w]*")


def running(lines: Iterable[str]) -> dict[str, str]:
    """The kernel's settings by path below /proc/sys, from what `grep -H` printed of them."""
    split = (line.removeprefix(_PROC).partition(":") for line in lines if line.startswith(_PROC))
    return {name: value.strip() for name, _, value in split}


def configured(
    names: Iterable[str], found: Iterable[str], lines: Iterable[str], *, systemd: bool
) -> dict[str, str]:
    """What these settings are set to when the machine starts; settings that no file names are left out.

    systemd reads the files of sysctl.d in the order of their names, and /etc/sysctl.conf only where one of
    them is a link to it; without systemd that file is read, and last.
    """
    held = dropins.read(lines)
    order = dropins.files(found, "sysctl.d")
    wanted = tuple(names)
    said: dict[str, str] = {}
    for path in order if systemd else (*order, "/etc/sysctl.conf"):
        for line in held.get(path, ()):
            said |= _assigned(line, wanted)
    return said


def _assigned(line: str, wanted: Iterable[str]) -> dict[str, str]:
    """What one line sets: a leading hyphen lets a failure pass, and names may be patterns."""
    name, equals, value = line.partition("=")
    if not equals or line.startswith(("#", ";")):
        return {}
    pattern = _as_path(name.strip().removeprefix("-").strip())
    return {each: value.strip() for each in wanted if fnmatchcase(each, pattern)}


def _as_path(name: str) -> str:
    """A name's first separator says which one it is written with; the other then is a part of names."""
    dot, slash = name.find("."), name.find("/")
    if slash != -1 and (dot == -1 or slash < dot):
        return name
    return name.translate(str.maketrans("./", "/."))


def reverse_path(settings: Mapping[str, str]) -> ReversePath:
    """How strictly the sender's address is held against the routes, where it is least strict.

    Of the setting for all interfaces and the interface's own the higher counts.
    """
    every = int(settings.get("net/ipv4/conf/all/rp_filter", 0))
    levels = {_LEVELS.get(max(every, int(value)), "loose") for value in _each(settings, 4, "rp_filter")}
    return next((level for level in ("off", "loose", "strict") if level in levels), _LEVELS.get(every, "off"))


def any_interface(settings: Mapping[str, str], version: Literal[4, 6], name: str) -> bool:
    """Whether a setting is on for an interface by what is said of it, of all, or of those to come.

    The kernel joins the first two differently from setting to setting, and by whether it forwards.
    """
    every = settings.get(f"net/ipv{version}/conf/all/{name}", "0")
    return any(int(value) != 0 for value in (every, *_each(settings, version, name)))


def _each(settings: Mapping[str, str], version: int, name: str) -> list[str]:
    """What is said of each interface besides the loopback one, and of interfaces to come."""
    found = []
    for path, value in settings.items():
        match path.split("/"):
            case ["net", family, "conf", interface, last] if family == f"ipv{version}" and last == name:
                if interface not in ("all", "lo"):
                    found.append(value)
            case _:
                pass
    return found


class Modules(msgspec.Struct, frozen=True):
    """Which modules the kernel has, and which it is kept from loading."""

    loaded: frozenset[str]
    built_in: frozenset[str]
    installed: frozenset[str]
    blocked: frozenset[str]
    """Those whose loading was replaced by a command that does nothing."""
    blacklisted: frozenset[str]
    """Those that are not loaded because a device or file system asks for them; by name they still are."""


def modules(
    loaded: Iterable[str], known: Iterable[str], found: Iterable[str], said: Iterable[str]
) -> Modules:
    """The modules of /proc/modules, of modules.dep and modules.builtin by `grep -H`, and of modprobe.d."""
    lists: dict[str, set[str]] = {"modules.dep": set(), "modules.builtin": set()}
    for line in known:
        named = _MODULE.search(line)
        if named:
            lists[named["list"]].add(underscored(named["name"]))
    held = dropins.read(said)
    lines = [line for path in dropins.files(found, "modprobe.d") for line in held.get(path, ())]
    installs = [match for line in lines if (match := _INSTALL.match(line))]
    return Modules(
        loaded=frozenset(line.partition(" ")[0] for line in loaded),
        built_in=frozenset(lists["modules.builtin"]),
        installed=frozenset(lists["modules.dep"]),
        blocked=frozenset(
            underscored(match["module"]) for match in installs if _DOES_NOTHING.match(match["command"])
        ),
        blacklisted=frozenset(
            underscored(match["module"]) for line in lines if (match := _BLACKLIST.match(line))
        ),
    )


def underscored(module: str) -> str:
    """A module's name as the kernel writes it."""
    return module.replace("-", "_")


def arguments(line: str) -> dict[str, str]:
    """The arguments of a kernel command line; the last of a name counts, and one without a value is empty."""
    words = (word.partition("=") for word in line.split())
    return {name.replace("-", "_"): value.strip('"') for name, _, value in words}


def boot_lines(lines: Iterable[str]) -> list[str]:
    """The command lines that a boot loader may start the kernel with.

    They stand in entries of the Boot Loader Specification (`options ...`), in GRUB's environment
    (`kernelopts=...`) and in its menu (`linux /vmlinuz ...`).
    """
    found = []
    for line in lines:
        text = line.strip()
        if text.startswith("kernelopts="):
            found.append(text.removeprefix("kernelopts="))
            continue
        match text.split(None, 1):
            case ["options" | "linux" | "linux16" | "linuxefi", rest]:
                found.append(rest)
            case _:
                pass
    return found
