"""Logging on hosts: the audit daemon and the journal."""

from collections.abc import Iterator

from checks.semantics import journal
from checks.semantics.units import enabled
from scanner import Facts, Host, Reason, check

from . import Logged

_AUDIT_STATE = "sudo auditctl -s"
_AUDIT_RULES = "sudo auditctl -l"
_SERVICES = "systemctl list-unit-files --no-legend --type=service"
_JOURNAL = "systemd-analyze cat-config systemd/journald.conf"
_JOURNAL_KEPT = "test -d /var/log/journal"
_JOURNAL_RUNS = "test -S /run/systemd/journal/socket"


class AuditDaemon(Logged):
    """What the Linux audit daemon records; `logged` is true when it runs, is switched on, and has rules."""

    running: bool
    """Whether auditd takes the kernel's audit records now."""
    enabled: bool
    """Whether it is started with the machine."""
    rules: int
    """How many audit rules the kernel holds."""
    immutable: bool
    """Whether the rules are locked until the next boot."""


class Journal(Facts):
    """Where journald keeps what it is told."""

    running: bool
    """Whether journald takes messages now."""
    persistent: bool
    """Whether the journal is kept on disk, beyond a reboot."""
    storage: journal.Storage
    """The Storage setting, drop-ins included."""


@check(_AUDIT_STATE, _AUDIT_RULES, _SERVICES)
def auditd(host: Host) -> Iterator[AuditDaemon]:
    """Whether the Linux audit daemon records what its rules name.

    Asked of the kernel, not of the configuration: in a container the daemon can be enabled and not run. Where
    its programs are not installed it does not run. Where the kernel does not show its audit state, as in most
    containers, nothing is said.
    """
    if not host.has("auditctl"):
        yield AuditDaemon(
            resource=host.id, logged=False, running=False, enabled=False, rules=0, immutable=False
        )
        return
    state = host.run(_AUDIT_STATE).read(journal.audit_state)
    if not {"pid", "enabled"} <= state.keys():
        raise host.refuse(
            _AUDIT_STATE,
            Reason.INVALID_ANSWER,
            "does not say whether auditing is on, and who takes the records",
            "see what it says on the host",
        )
    rules = sum(line.startswith("-") for line in host.run(_AUDIT_RULES).lines)
    running, switch = state["pid"] != 0, state["enabled"]
    yield AuditDaemon(
        resource=host.id,
        logged=running and switch > 0 and rules > 0,
        running=running,
        enabled="auditd.service" in host.run(_SERVICES).read(enabled),
        rules=rules,
        immutable=switch == journal.IMMUTABLE,
    )


@check(_JOURNAL, _JOURNAL_KEPT, _JOURNAL_RUNS)
def journald(host: Host) -> Iterator[Journal]:
    """Whether journald runs, and keeps its journal beyond a reboot.

    Nothing is said of a host without systemd.
    """
    if not host.has("systemd-analyze"):
        return
    storage = host.run(_JOURNAL).read(journal.storage)
    kept = host.run(_JOURNAL_KEPT, ok=(0, 1)).status == 0
    yield Journal(
        resource=host.id,
        running=host.run(_JOURNAL_RUNS, ok=(0, 1)).status == 0,
        persistent=storage == "persistent" or (storage == "auto" and kept),
        storage=storage,
    )
