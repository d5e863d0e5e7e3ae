"""What sudo's Defaults say of its logs."""

import re
from collections.abc import Iterable

import msgspec

_DEFAULTS = re.compile(r"\s*Defaults(?P<whose>[@:!>]\S+)?\s+(?P<said>.+)")
_PARAMETER = re.compile(r'(?P<off>!*)(?P<name>\w+)\s*(?:\+?=\s*(?P<value>"[^"]*"|[^,\s]+))?')
_SESSIONS = frozenset({"log_output", "log_input"})
# sudo leaves such files out: names with a dot, and what editors leave.
_LEFT_OUT = re.compile(r"/etc/sudoers\.d/(.*\..*|.*~)$")


class Settings(msgspec.Struct, frozen=True):
    """What Defaults that hold for everybody say; and whether those of somebody record sessions."""

    to_syslog: bool = True
    log_file: str | None = None
    sessions_recorded: bool = False


def settings(lines: Iterable[str]) -> Settings:
    """What lines of `grep -H` over sudoers and its folder say, the last of which counts."""
    to_syslog, log_file, sessions = True, None, False
    for line in lines:
        path, _, text = line.partition(":")
        found = _DEFAULTS.match(text)
        if not found or _LEFT_OUT.search(path):
            continue
        for one in _PARAMETER.finditer(found["said"].split("#", 1)[0]):
            on = len(one["off"]) % 2 == 0
            if one["name"] in _SESSIONS:
                sessions = on or sessions
            elif found["whose"]:
                # Somebody's log that is turned off is not everybody's.
                to_syslog = to_syslog and (on or one["name"] != "syslog")
            elif one["name"] == "syslog":
                to_syslog = on
            elif one["name"] == "logfile":
                log_file = (one["value"] or "").strip('"') or None if on else None
    return Settings(to_syslog, log_file, sessions)
