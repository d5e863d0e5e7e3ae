"""What the configuration of journald and rsyslog, and the kernel's audit state, say of logging."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Literal, get_args

import msgspec

Storage = Literal["auto", "persistent", "volatile", "none"]

IMMUTABLE = 2
"""The kernel's audit switch when its rules are locked until the next boot; 1 is on, 0 off."""

_READ = re.compile(r"/etc/rsyslog\.conf|/etc/rsyslog\.d/[^/]+\.conf")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|#.*')
_OBJECT = re.compile(
    r'\b(?P<kind>action|global)\s*\((?P<inside>(?:[^()"]|"(?:\\.|[^"\\])*")*)\)', re.IGNORECASE
)
_PARAMETER = re.compile(r'(?P<name>[\w.]+)\s*=\s*"(?P<value>(?:\\.|[^"\\])*)"')
_LEGACY = re.compile(
    r"^(?P<selector>\S.*?)\s+(?P<at>@@?)(?:\(\w+\))?(?P<target>\[[^\]]+\]|[^\s:;]+)(?P<port>:\w+)?"
)
_DIRECTIVE = re.compile(r"^\$(?P<name>\w+)\s+(?P<value>\S+)")
_SPAN = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[a-zA-Z]*)")
_UNITS: tuple[tuple[frozenset[str], float], ...] = (
    (frozenset({"", "s", "sec", "second", "seconds"}), 1),
    (frozenset({"m", "min", "minute", "minutes"}), 60),
    (frozenset({"h", "hr", "hour", "hours"}), 3600),
    (frozenset({"d", "day", "days"}), 86400),
    (frozenset({"w", "week", "weeks"}), 7 * 86400),
    (frozenset({"M", "month", "months"}), 30.44 * 86400),
    (frozenset({"y", "year", "years"}), 365.25 * 86400),
)
_SIZE = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]?)B?")
_SIZES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_AUTHENTICATION = frozenset({"authpriv", "*"})
_TLS_DRIVERS = frozenset({"gtls", "ossl", "mbedtls"})


class Forward(msgspec.Struct, frozen=True):
    """One place that rsyslog sends messages to."""

    target: str
    """Host and port, as configured."""
    encrypted: bool
    """Whether they travel in TLS."""
    authentication: bool
    """Whether messages about who logged in are among them, as far as a plain selector says."""

    @property
    def local(self) -> bool:
        """Whether it is this machine itself."""
        name = self.target.strip("[]").rpartition(":")[0].strip("[]") or self.target
        return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)


def settings(lines: Iterable[str]) -> dict[str, str]:
    """The settings of journald's configuration and drop-ins, the last of which counts."""
    pairs = (line.strip().partition("=") for line in lines if not line.lstrip().startswith(("#", ";")))
    return {name.strip(): value.strip() for name, separator, value in pairs if separator}


def storage(lines: Iterable[str]) -> Storage:
    """Where journald keeps its journal, by its configuration and drop-ins, the last of which counts."""
    said = settings(lines).get("Storage", "")
    return next((known for known in get_args(Storage) if known == said), "auto")


def span_days(text: str) -> int | None:
    """The whole days of a span of time as systemd writes it (1month, 90d 12h, 3600); none of 0 or nothing."""
    parts = [(float(found["count"]), found["unit"]) for found in _SPAN.finditer(text)]
    seconds = sum(count * next((size for names, size in _UNITS if unit in names), 0) for count, unit in parts)
    return int(seconds // 86400) if seconds else None


def size_megabytes(text: str) -> int | None:
    """A size in systemd's words (500M, 2G); none of nothing."""
    found = _SIZE.fullmatch(text)
    return int(float(found["count"]) * _SIZES[found["unit"]] // 1024**2) if found else None


def audit_state(lines: Iterable[str]) -> dict[str, int]:
    """The numbers that `auditctl -s` printed: enabled, pid, lost, ..."""
    split = (line.split() for line in lines)
    return {words[0]: int(words[1]) for words in split if len(words) > 1 and words[1].isdecimal()}


def forwards(lines: Iterable[str]) -> list[Forward]:
    """Where rsyslog sends messages, from lines of `grep -H` over its configuration.

    Both of its languages are read. Conditions in RainerScript are not evaluated: an action in one counts as
    if it got every message.
    """
    text = _configuration(lines)
    objects = [(found["kind"].lower(), _parameters(found["inside"])) for found in _OBJECT.finditer(text)]
    settings = {name: value for kind, said in objects if kind == "global" for name, value in said.items()}
    driver = settings.get("defaultnetstreamdriver", "")
    found = [_action(said, driver) for kind, said in objects if kind == "action"]
    return [forward for forward in found if forward] + list(_legacy(_OBJECT.sub("", text), driver))


def _configuration(lines: Iterable[str]) -> str:
    split = (line.partition(":") for line in lines)
    files: dict[str, list[str]] = {}
    for path, _, line in split:
        if _READ.fullmatch(path):
            files.setdefault(path, []).append(_COMMENT.sub(lambda found: found[1] or "", line).strip())
    return "\n".join(line for path in sorted(files) for line in files[path])


def _parameters(inside: str) -> dict[str, str]:
    return {
        found["name"].lower().replace(".", ""): found["value"].lower()
        for found in _PARAMETER.finditer(inside)
    }


def _action(said: Mapping[str, str], default_driver: str) -> Forward | None:
    kind, target = said.get("type"), f"{said.get('target', '')}:{said.get('port', '514')}"
    if kind == "omrelp":
        return Forward(target, encrypted=said.get("tls") == "on", authentication=True)
    if kind != "omfwd" or "target" not in said:
        return None
    driver = said.get("streamdriver") or said.get("streamdrivername") or default_driver
    tls = driver in _TLS_DRIVERS and said.get("streamdrivermode") == "1"
    return Forward(target, encrypted=tls and said.get("protocol") == "tcp", authentication=True)


def _legacy(text: str, default_driver: str) -> Iterator[Forward]:
    driver, mode, selector = default_driver, "0", ""
    for line in text.splitlines():
        directive = _DIRECTIVE.match(line)
        if directive:
            name, value = directive["name"].lower(), directive["value"].lower()
            if name in ("defaultnetstreamdriver", "actionsendstreamdriver"):
                driver = value
            elif name == "actionsendstreamdrivermode":
                mode = value
            continue
        found = _LEGACY.match(line)
        # `&` adds an action to the selector before.
        selector = line.split(maxsplit=1)[0] if line and not line.startswith("&") else selector
        if found:
            yield Forward(
                found["target"] + (found["port"] or ":514"),
                encrypted=found["at"] == "@@" and mode == "1" and driver in _TLS_DRIVERS,
                authentication=selector.startswith(":") or _selects_authentication(selector),
            )


def _selects_authentication(selector: str) -> bool:
    """Whether `*.*;authpriv.none` lets through what authpriv says: later parts overrule earlier ones."""
    selected = False
    for part in selector.split(";"):
        facilities, _, priority = part.partition(".")
        if _AUTHENTICATION & {*facilities.lower().split(",")}:
            selected = priority.lower() != "none"
    return selected


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdecimal()
