"""Auditing on hosts: what the kernel's rules record, and what becomes of the records."""

from collections.abc import Iterator
from typing import Literal

from checks.semantics import audit, audit_purposes, auditd, blocks, journal
from scanner import Facts, Host, Reason, check

_STATE = "sudo auditctl -s"
_RULES = "sudo auditctl -l"
_MACHINE = "uname -m"
_KERNEL = "uname -r"
_FILES = f"ls -dp / {audit_purposes.PATHS}"
_PROGRAMS = (
    "sudo find /bin /sbin /usr -xdev -path /usr/share -prune -o -path /usr/src -prune"
    " -o -path /usr/include -prune -o -type f -perm /6000 -print -o -name chcon -print"
    " -o -name restorecon -print -o -name semanage -print -o -name setsebool -print"
)
_SETTINGS = "sudo grep -RHs . /etc/audit/auditd.conf /etc/audit/plugins.d /etc/audisp/plugins.d"
_MOUNTS = "cat /proc/self/mountinfo"
_BOOT = "cat /proc/cmdline"
_CONSEQUENCES: dict[int, Literal["silent", "log", "panic"]] = {0: "silent", 1: "log", 2: "panic"}


class AuditRules(Facts):
    """What the audit rules that the kernel holds do not record, by purpose.

    A system call stands with the way it is made: `b32 chmod` is what a 32-bit program calls, on a 64-bit
    machine too. A call that the kernel does not have, and a file or program that the host does not have, is
    not named. Calls of people are meant, whoever they have become since they logged in; files, the clock and
    the host's name are watched whoever touches them.
    """

    unrecorded_permission_changes: tuple[str, ...]
    """Calls that change who owns a file, who may use it, or its extended attributes."""
    unrecorded_deletions: tuple[str, ...]
    """Calls that delete or rename files."""
    unrecorded_module_loading: tuple[str, ...]
    """Calls that load kernel modules, or remove them."""
    unrecorded_time_changes: tuple[str, ...]
    """Calls that set the clock, and the file that says the time zone."""
    unrecorded_failed_access: tuple[str, ...]
    """Calls on files whose refusal (EACCES, EPERM) is not recorded, be it one of the two."""
    unrecorded_mounts: tuple[str, ...]
    """Calls that mount a file system: data leaves on media."""
    unrecorded_network_settings: tuple[str, ...]
    """Calls that change the host's name, and files with its network's settings and banners."""
    unrecorded_identity_files: tuple[str, ...]
    """Files that say who may log in."""
    unrecorded_login_records: tuple[str, ...]
    """Files that say who last logged in, or failed to."""
    unrecorded_session_records: tuple[str, ...]
    """Files that say who is, was, or tried to be logged in."""
    unrecorded_access_control: tuple[str, ...]
    """Files with the policy of SELinux or AppArmor."""
    unrecorded_administration: tuple[str, ...]
    """Files that say who may become whom, and sudo's own log."""
    unrecorded_privileged_programs: tuple[str, ...]
    """Programs with a setuid or setgid bit that people can start without a record."""
    unrecorded_labelling_programs: tuple[str, ...]
    """Programs that change SELinux' policy and labels, and that people can start without a record."""
    unrecorded_newer_calls: tuple[str, ...]
    """Calls of newer kernels that do the same and that the usual rules overlook: openat2, move_mount."""
    exceptions: tuple[str, ...]
    """The rules that leave out some of what is recorded otherwise, as auditctl prints them."""


class AuditKernel(Facts):
    """How the kernel's auditing is set up."""

    from_boot: bool
    """Whether the boot loader turns it on (audit=1), so that what starts early is recorded too."""
    boot_backlog_limit: int | None
    """How many records may wait until the daemon runs, as the boot loader says; none when it does not."""
    backlog_limit: int
    """How many records may wait for the daemon now."""
    lost_records: int
    """How many records were lost since the machine started."""
    on_failure: Literal["silent", "log", "panic"]
    """What the kernel does when it cannot record: nothing, a message, or stop the machine."""


class AuditLog(Facts):
    """Where the audit daemon writes, and what it does when that fills up; actions in auditd.conf's words."""

    written: bool
    """Whether it writes a log of its own."""
    log_file: str
    """Which file."""
    own_partition: bool
    """Whether the folder of that file is a file system of its own, which nothing else fills up."""
    flush: str
    """How it sees to it that records reach the disk: none, incremental, incremental_async, data, sync."""
    max_log_file_mb: int
    """From which size on it acts; 0 when no size is said."""
    max_log_file_action: str
    """What it does then: keep_logs, rotate, ignore, syslog, suspend."""
    num_logs: int
    """How many files it keeps where it rotates."""
    space_left_action: str
    """What it does when the disk begins to fill up: email, syslog, exec, ignore, ..."""
    admin_space_left_action: str
    """What it does when the disk is nearly full: single, halt, suspend, email, ..."""
    disk_full_action: str
    """What it does when the disk is full."""
    disk_error_action: str
    """What it does when it cannot write."""
    action_mail_acct: str
    """Who gets its mail."""
    sent_to_syslog: bool
    """Whether a plug-in hands each record to syslog."""
    sent_elsewhere: bool
    """Whether a plug-in sends each record to another machine's audit daemon."""


@check(_RULES, _MACHINE, _KERNEL, _FILES, _PROGRAMS)
def rules(host: Host) -> Iterator[AuditRules]:
    """What the audit rules in the kernel leave unrecorded, evaluated as the kernel does.

    The first matching rule counts, so exceptions before a rule take from it and `-a never,task` takes all.
    A rule about calls that names no architecture counts for nothing: auditctl prints other calls' names for
    it than it may mean. Programs are looked for in /bin, /sbin and /usr, less /usr/share, /usr/src and
    /usr/include. Whether auditing is on at all, the check `auditd` tells. Without the daemon's programs
    nothing is taken to be recorded.
    """
    held = host.run(_RULES).read(audit.rules) if host.has("auditctl") else ()
    # ls ends with 2 (1 on Alpine) where one of the files does not exist.
    there = host.run(_FILES, ok=(0, 1, 2)).lines
    machine = audit_purposes.Machine(
        kind=host.run(_MACHINE).text.strip(),
        kernel=audit_purposes.kernel_of(host.run(_KERNEL).text),
        paths=tuple(path for path in there if path.strip("/")),
        programs=tuple(host.run(_PROGRAMS).lines),
    )
    seen = audit_purposes.coverage(held, machine)
    newer = seen.of("newer_calls", "newer_time_changes", "newer_mounts")
    yield AuditRules(
        resource=host.id,
        unrecorded_permission_changes=seen.of("permission_changes"),
        unrecorded_deletions=seen.of("deletions"),
        unrecorded_module_loading=seen.of("module_loading"),
        unrecorded_time_changes=seen.of("time_changes"),
        unrecorded_failed_access=seen.of("failed_access"),
        unrecorded_mounts=seen.of("mounts"),
        unrecorded_network_settings=seen.of("network_settings"),
        unrecorded_identity_files=seen.of("identity_files"),
        unrecorded_login_records=seen.of("login_records"),
        unrecorded_session_records=seen.of("session_records"),
        unrecorded_access_control=seen.of("access_control"),
        unrecorded_administration=seen.of("administration"),
        unrecorded_privileged_programs=seen.of("privileged_programs"),
        unrecorded_labelling_programs=seen.of("labelling_programs"),
        unrecorded_newer_calls=newer,
        exceptions=seen.exceptions,
    )


@check(_STATE, _BOOT)
def kernel(host: Host) -> Iterator[AuditKernel]:
    """Whether the kernel audits from the start, how much may wait, and whether anything was lost.

    Nothing is said where the audit daemon's programs are not installed.
    """
    if not host.has("auditctl"):
        return
    state = host.run(_STATE).read(journal.audit_state)
    if not {"failure", "backlog_limit", "lost"} <= state.keys():
        raise host.refuse(
            _STATE,
            Reason.INVALID_ANSWER,
            "does not say what happens to records that cannot be kept",
            "see what it says on the host",
        )
    boot = auditd.boot_settings(host.run(_BOOT).text)
    backlog = boot.get("audit_backlog_limit", "")
    yield AuditKernel(
        resource=host.id,
        from_boot=boot.get("audit") in {"1", "on"},
        boot_backlog_limit=int(backlog) if backlog.isdecimal() else None,
        backlog_limit=state["backlog_limit"],
        lost_records=state["lost"],
        on_failure=_CONSEQUENCES.get(state["failure"], "log"),
    )


@check(_SETTINGS, _MOUNTS)
def log(host: Host) -> Iterator[AuditLog]:
    """Where the audit daemon writes, what it does when the disk fills up, and to whom it hands records.

    Nothing is said where it has no configuration, and so is not installed.
    """
    # grep ends with 2 where a folder does not exist; sudo, when it refuses, with 1.
    said = host.run(_SETTINGS, ok=(0, 2)).read(auditd.settings)
    if not said.daemon:
        return
    folder = said.text("log_file").rpartition("/")[0]
    points = {mount.point for mount in host.run(_MOUNTS).read(blocks.mounts)}
    yield AuditLog(
        resource=host.id,
        written=said.text("write_logs") == "yes",
        log_file=said.text("log_file"),
        own_partition=folder in points,
        flush=said.text("flush"),
        max_log_file_mb=said.number("max_log_file"),
        max_log_file_action=said.text("max_log_file_action"),
        num_logs=said.number("num_logs"),
        space_left_action=said.text("space_left_action"),
        admin_space_left_action=said.text("admin_space_left_action"),
        disk_full_action=said.text("disk_full_action"),
        disk_error_action=said.text("disk_error_action"),
        action_mail_acct=said.text("action_mail_acct"),
        sent_to_syslog="syslog" in said.plugins,
        sent_elsewhere="au-remote" in said.plugins,
    )
