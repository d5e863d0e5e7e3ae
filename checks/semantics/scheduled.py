"""What a host does by schedule: systemd's timers and cron."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

_MOMENT = re.compile(r"\w{3} (?P<moment>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? UTC")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\s*=")
_WORD = re.compile(r"[\w.+-]+")
_SYSTEM_TABLES = ("/etc/crontab:", "/etc/cron.d/", "/etc/anacrontab:")
_SCRIPTS = re.compile(r"/etc/(?:cron\.(?:hourly|daily|weekly|monthly)|periodic/\w+)/")
_SPOOLED = re.compile(r"/(?:var/spool/cron|etc/crontabs)/")


class Unit(msgspec.Struct, frozen=True):
    """A service of systemd, as `systemctl show` tells it under TZ=UTC."""

    name: str
    loaded: bool
    result: str
    """success, exit-code, timeout, ..."""
    ended_at: datetime | None
    """When it last ended, since the machine started; none when it has not."""
    status: int
    """What its main process last ended with."""
    triggered_by: frozenset[str]
    """The timers that start it."""
    command: str
    """What it starts, with its arguments."""

    @property
    def last_success_at(self) -> datetime | None:
        """When it last ended, if that went well."""
        return self.ended_at if self.result == "success" and self.status == 0 else None

    def scheduled(self, enabled: frozenset[str]) -> bool:
        """Whether a timer that is on starts it."""
        return bool(self.triggered_by & enabled)

    def starts(self, programs: Iterable[str]) -> frozenset[str]:
        """Which of some programs its name or its command speaks of."""
        return _named(f"{self.name} {self.command}", programs)


class CronJob(msgspec.Struct, frozen=True):
    """One line of a cron table or script."""

    file: str
    command: str


def units(lines: Iterable[str]) -> list[Unit]:
    """The services that `systemctl show` described, one paragraph each."""
    found: list[dict[str, str]] = [{}]
    for line in lines:
        name, separator, value = line.partition("=")
        if separator:
            found[-1][name] = f"{found[-1][name]} {value}" if name in found[-1] else value
        elif not line.strip():
            found.append({})
    return [_unit(said) for said in found if said.get("Id", "").endswith(".service")]


def jobs(lines: Iterable[str]) -> list[CronJob]:
    """What cron runs, from lines of `grep -H` over its tables and folders; comments are left out."""
    found = []
    for line in lines:
        path, separator, text = line.partition(":")
        command = text.strip()
        if not separator or command.startswith("#") or _ASSIGNMENT.match(command):
            continue
        if line.startswith(_SYSTEM_TABLES) or _SCRIPTS.match(path) or _SPOOLED.match(path):
            found.append(CronJob(path, command))
    return found


def started(found: Iterable[CronJob], programs: Iterable[str]) -> dict[str, frozenset[str]]:
    """Which of some programs the lines of each of cron's files speak of."""
    wanted = frozenset(programs)
    said: dict[str, frozenset[str]] = {}
    for job in found:
        named = _named(job.command, wanted)
        if named:
            said[job.file] = said.get(job.file, frozenset()) | named
    return said


def _unit(said: Mapping[str, str]) -> Unit:
    moment = _MOMENT.fullmatch(said.get("ExecMainExitTimestamp", ""))
    status = said.get("ExecMainStatus", "0")
    return Unit(
        name=said["Id"],
        loaded=said.get("LoadState") == "loaded",
        result=said.get("Result", ""),
        ended_at=datetime.fromisoformat(moment["moment"]).replace(tzinfo=UTC) if moment else None,
        status=int(status) if status.isdecimal() else -1,
        triggered_by=frozenset(said.get("TriggeredBy", "").split()),
        command=said.get("ExecStart", ""),
    )


def _named(text: str, programs: Iterable[str]) -> frozenset[str]:
    """`/usr/bin/restic`, restic.service, restic-backup@home.service and run-restic speak of restic."""
    words = {part for word in _WORD.findall(text.lower()) for part in (word, *re.split(r"[.@_-]", word))}
    return frozenset(program for program in programs if program in words)
