"""What SELinux and AppArmor say of themselves, and of what runs under them."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_PROCESS = re.compile(r"(?P<label>\S.*?)\s+(?P<pid>[0-9]+) (?P<name>.*)$")
_UNCONFINED_SERVICE = re.compile(r"[^:]*:[^:]*:unconfined_service_t(:|$)")


class Profiles(msgspec.Struct, frozen=True):
    """What `aa-status --json` says."""

    enforced: tuple[str, ...]
    """The profiles that stop what they do not allow."""
    lenient: tuple[str, ...]
    """The profiles that only note it, or allow everything (complain, unconfined, mixed, prompt)."""
    unconfined: tuple[str, ...]
    """The programs that run without the profile that is loaded for them."""


def settings(lines: Iterable[str]) -> dict[str, str]:
    """The settings of /etc/selinux/config; the last one counts."""
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def booleans(lines: Iterable[str]) -> dict[str, bool]:
    """SELinux's booleans by name: `/sys/fs/selinux/booleans/name:1 1` says what is, and what is pending."""
    pairs = (line.rpartition("/")[2].partition(":") for line in lines)
    return {name: value.split()[:1] == ["1"] for name, sign, value in pairs if sign}


def switches(command_line: str) -> dict[str, str]:
    """The kernel's parameters; the last of a name counts, and one without a value is empty."""
    pairs = (word.partition("=") for word in command_line.split())
    return {name: value for name, _, value in pairs}


def unconfined_services(lines: Iterable[str]) -> tuple[str, ...]:
    """The programs that SELinux runs as unconfined_service_t, of `ps -e -o label=,pid=,comm=`."""
    found = (_PROCESS.match(line) for line in lines)
    return tuple(
        sorted(
            {process["name"] for process in found if process and _UNCONFINED_SERVICE.match(process["label"])}
        )
    )


def profiles(text: str) -> Profiles | None:
    """What `aa-status --json` printed; None where it is not what AppArmor documents."""
    match _parsed(text):
        case {"profiles": dict(modes), "processes": dict(running)}:
            named = {str(name): str(mode) for name, mode in modes.items()}
            return Profiles(
                enforced=tuple(sorted(name for name, mode in named.items() if mode in _STOPS)),
                lenient=tuple(sorted(name for name, mode in named.items() if mode not in _STOPS)),
                unconfined=tuple(sorted(name for name, told in running.items() if _is_unconfined(told))),
            )
        case _:
            return None


_STOPS = frozenset({"enforce", "kill"})


def _is_unconfined(processes: Any) -> bool:
    told = processes if isinstance(processes, list) else []
    return any(isinstance(each, Mapping) and each.get("status") == "unconfined" for each in told)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
