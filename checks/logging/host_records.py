"""Records on hosts: whether they come in, under which clock, who may read them, how long they stay."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from checks.semantics import rotation
from scanner import Facts, Host, Reason, check

_NEWEST = "sudo journalctl -q -n 1 -o short-unix"
_FILES = (
    "sudo stat -c '%a %U %G %Y %n' / /var/log/auth.log /var/log/secure /var/log/messages /var/log/syslog"
    " /var/log/audit/audit.log /var/log/sudo.log /var/log/wtmp /var/log/btmp"
)
_ROTATION = (
    "sudo grep -RHs . /etc/os-release /etc/logrotate.conf /etc/logrotate.d /usr/etc/logrotate.conf"
    " /usr/etc/logrotate.d"
)
_KERNEL_CLOCK = "timedatectl show -p NTPSynchronized"
_CHRONY = "chronyc -n -c tracking"
_NTP = "ntpq -p -n"
_ROTATED = ("/var/log/auth.log", "/var/log/secure", "/var/log/messages", "/var/log/syslog")
_MOMENT = re.compile(r"(?P<seconds>\d+)(?:\.\d+)? ")
_STAT = re.compile(r"(?P<mode>[0-7]+) (?P<owner>\S+) (?P<group>\S+) (?P<seconds>\d+) (?P<path>/.*)")
_OTHERS_READ, _OTHERS_WRITE = 0o004, 0o002


class NewestEvent(Facts):
    """Whether records still come in."""

    newest_event_at: datetime | None
    """When the newest message in the journal, or in a log of log-ins or of the audit daemon, was written, by
    the host's own clock; none when there is none."""


class LogFile(Facts):
    """Who may read a log, and when it was last written."""

    path: str
    """Its path."""
    mode: str
    """Its permissions, as octal digits: 640."""
    owner: str
    """Whose it is."""
    group: str
    """The group that it belongs to."""
    private: bool
    """Whether nobody may read or change it but its owner and its group."""
    unalterable: bool
    """Whether nobody may change it but its owner and its group."""
    written_at: datetime
    """When it was last written, by the host's own clock."""


class LogRetention(Facts):
    """How long a log of log-ins stays on the host."""

    path: str
    """Its path."""
    rotated: bool
    """Whether logrotate puts old parts away; what it does not, stays until somebody deletes it."""
    retention_days: int | None
    """For how many days a message stays at least, a month counted as 28; 0 where the log's size may decide;
    none where it is not rotated."""


class Clock(Facts):
    """Whether the clock that dates all records is right."""

    synchronised: bool
    """Whether a source of time sets it, and reaches it now."""
    source: str | None
    """What says so: chrony, ntpd, or the kernel; none when nothing does."""
    offset_milliseconds: int | None
    """How far it was from that source, rounded up, as chrony or ntpd say; none when they do not."""


@check(_NEWEST, _FILES)
def newest_event(host: Host) -> Iterator[NewestEvent]:
    """When something was last recorded: in the journal, in a log of log-ins, in the audit daemon's log."""
    found = [
        moment
        for path, moment in ((file.path, file.written_at) for file in _files(host))
        if path.endswith(("auth.log", "secure", "messages", "syslog", "audit.log"))
    ]
    if host.has("journalctl"):
        # It ends with 1 where there is no journal at all.
        said = (_MOMENT.match(line) for line in host.run(_NEWEST).lines)
        found += [datetime.fromtimestamp(int(one["seconds"]), UTC) for one in said if one]
    yield NewestEvent(resource=host.id, newest_event_at=max(found, default=None))


@check(_FILES)
def log_files(host: Host) -> Iterator[LogFile]:
    """Who may read the logs of log-ins, of sessions and of the audit daemon; those that exist."""
    yield from _files(host)


@check(_FILES, _ROTATION)
def log_retention(host: Host) -> Iterator[LogRetention]:
    """How long logrotate keeps the logs of log-ins; those that exist."""
    # A line of os-release always matches, so 1 is no answer; grep ends with 2 where a folder does not exist.
    rules = host.run(_ROTATION, ok=(0, 2)).read(rotation.rotations)
    for file in _files(host):
        if file.path in _ROTATED:
            own = [rule.kept_days for rule in rules if rule.covers(file.path)]
            yield LogRetention(
                resource=file.resource,
                path=file.path,
                rotated=bool(own),
                retention_days=min(own, default=None),
            )


@check(_KERNEL_CLOCK, _CHRONY, _NTP)
def clock(host: Host) -> Iterator[Clock]:
    """Whether the clock is set by a source of time, and how far it was off: chrony, ntpd, or the kernel says.

    In a virtual machine whose hypervisor sets the clock nothing says so; that counts as not synchronised.
    Nothing is said where no program tells.
    """
    said = [*_chrony(host), *_ntp(host), *_kernel(host)]
    if not said:
        raise host.refuse(
            _KERNEL_CLOCK,
            Reason.NOT_COLLECTED,
            "no program here tells whether the clock is right",
            "run chronyd on the host",
        )
    yield next((one for one in said if one.synchronised), said[0])


def _files(host: Host) -> list[LogFile]:
    # stat ends with 1 where a file does not exist, and so does a sudo that refuses.
    found = [_STAT.fullmatch(line) for line in host.run(_FILES, ok=(0, 1)).lines]
    if not any(one and one["path"] == "/" for one in found):
        raise host.refuse(
            _FILES, Reason.DENIED, "does not even see the root folder", "let the login run it through sudo"
        )
    return [
        LogFile(
            resource=f"{host.id}{one['path']}",
            path=one["path"],
            mode=one["mode"],
            owner=one["owner"],
            group=one["group"],
            private=not int(one["mode"], 8) & (_OTHERS_READ | _OTHERS_WRITE),
            unalterable=not int(one["mode"], 8) & _OTHERS_WRITE,
            written_at=datetime.fromtimestamp(int(one["seconds"]), UTC),
        )
        for one in found
        if one and one["path"] != "/"
    ]


def _chrony(host: Host) -> Iterator[Clock]:
    # It ends with 1 where chronyd does not run.
    said = host.run(_CHRONY, ok=(0, 1)) if host.has("chronyc") else None
    match said.text.strip().split(",") if said and said.status == 0 else []:
        case [_, _, _, _, offset, _, *_, leap]:
            synchronised = leap in {"Normal", "Insert second", "Delete second"}
            yield _told(host, "chrony", _milliseconds(offset, 1000) if synchronised else None)
        case _:
            pass


def _ntp(host: Host) -> Iterator[Clock]:
    said = host.run(_NTP, ok=(0, 1)) if host.has("ntpq") else None
    if said and said.status == 0 and said.lines:
        chosen = [line.split() for line in said.lines if line.startswith("*")]
        yield _told(host, "ntpd", _milliseconds(chosen[0][-2], 1) if chosen else None)


def _kernel(host: Host) -> Iterator[Clock]:
    # It ends with 1 where systemd does not run.
    said = host.run(_KERNEL_CLOCK, ok=(0, 1)) if host.has("timedatectl") else None
    if said and said.status == 0:
        synchronised = "NTPSynchronized=yes" in said.lines
        yield Clock(
            resource=host.id,
            synchronised=synchronised,
            source="kernel" if synchronised else None,
            offset_milliseconds=None,
        )


def _told(host: Host, source: str, offset: int | None) -> Clock:
    synchronised = offset is not None
    return Clock(
        resource=host.id,
        synchronised=synchronised,
        source=source if synchronised else None,
        offset_milliseconds=offset,
    )


def _milliseconds(value: str, unit: int) -> int | None:
    """Rounded up, so that zero means less than none; none of what is no number."""
    found = re.fullmatch(r"[+-]?(\d+(?:\.\d+)?)(?:e[+-]?\d+)?", value)
    return None if found is None else -int(-abs(float(value)) * unit // 1)
