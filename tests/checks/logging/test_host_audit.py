from dataclasses import replace
from typing import Any

import pytest

from checks.logging.host_audit import AuditKernel, AuditLog, AuditRules, kernel, log, rules
from scanner.testing import Output, look, observe, world

RULES, MACHINE, KERNEL, FILES, PROGRAMS = rules.needs
STATE, BOOT = kernel.needs
SETTINGS, MOUNTS = log.needs

AUDITED = world(
    rules,
    {
        RULES: """\
-a always,exit -F arch=b64 -S chmod,fchmod,fchmodat,fchmodat2 -F auid>=1000 -F auid!=-1 -F key=perm_mod
-a always,exit -F arch=b32 -S all -F key=32bit-abi
-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -F key=modules
-w /etc/passwd -p wa -k identity
-a never,exit -S all -F exe=/usr/bin/su
-a always,exit -S all -F path=/usr/bin/su -F perm=x -F auid>=1000 -F auid!=-1 -F key=privileged
""",
        MACHINE: "x86_64\n",
        KERNEL: "6.1.0-25-amd64\n",
        FILES: Output(2, "/\n/etc/group\n/etc/passwd\n/etc/sudoers.d/\n/var/log/wtmp\n"),
        PROGRAMS: "/usr/bin/chcon\n/usr/bin/passwd\n/usr/bin/su\n",
    },
)

SEEN = AuditRules(
    resource="host:ehr-1",
    unrecorded_permission_changes=tuple(
        f"b64 {call}"
        for call in (
            *("chown", "fchown", "fchownat", "fremovexattr", "fsetxattr", "lchown", "lremovexattr"),
            *("lsetxattr", "removexattr", "setxattr"),
        )
    ),
    unrecorded_deletions=tuple(
        f"b64 {call}" for call in ("rename", "renameat", "renameat2", "rmdir", "unlink", "unlinkat")
    ),
    unrecorded_module_loading=(),
    unrecorded_time_changes=("b64 adjtimex", "b64 clock_settime", "b64 settimeofday"),
    unrecorded_failed_access=tuple(
        f"b64 {call}"
        for call in (
            *("creat", "ftruncate", "open", "open_by_handle_at", "openat", "rename", "renameat"),
            *("truncate", "unlink", "unlinkat"),
        )
    ),
    unrecorded_mounts=("b64 mount",),
    unrecorded_network_settings=("b64 setdomainname", "b64 sethostname"),
    unrecorded_identity_files=("/etc/group",),
    unrecorded_login_records=(),
    unrecorded_session_records=("/var/log/wtmp",),
    unrecorded_access_control=(),
    unrecorded_administration=("/etc/sudoers.d/",),
    unrecorded_privileged_programs=("/usr/bin/passwd",),
    unrecorded_labelling_programs=(),
    unrecorded_newer_calls=("b64 move_mount", "b64 openat2"),
    exceptions=("-a never,exit -S all -F exe=/usr/bin/su",),
)

STARTED = world(
    kernel,
    {
        STATE: "enabled 1\nfailure 1\npid 712\nrate_limit 0\nbacklog_limit 8192\nlost 3\nbacklog 0\n",
        BOOT: "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro quiet audit=1 audit_backlog_limit=8192\n",
    },
)

WRITTEN = world(
    log,
    {
        SETTINGS: Output(
            2,
            """\
/etc/audit/auditd.conf:#
/etc/audit/auditd.conf:write_logs = yes
/etc/audit/auditd.conf:log_file = /var/log/audit/audit.log
/etc/audit/auditd.conf:flush = INCREMENTAL_ASYNC
/etc/audit/auditd.conf:max_log_file = 8
/etc/audit/auditd.conf:num_logs = 5
/etc/audit/auditd.conf:##name = mydomain
/etc/audit/auditd.conf:max_log_file_action = ROTATE
/etc/audit/auditd.conf:space_left_action = SYSLOG
/etc/audit/auditd.conf:action_mail_acct = security@example.org
/etc/audit/auditd.conf:admin_space_left_action = SUSPEND
/etc/audit/auditd.conf:disk_full_action = SUSPEND
/etc/audit/auditd.conf:disk_error_action = SUSPEND
/etc/audit/plugins.d/syslog.conf:active = yes
/etc/audit/plugins.d/au-remote.conf:active = no
/etc/audit/plugins.d/filter.conf:# active = yes
""",
        ),
        MOUNTS: """\
22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
30 22 254:2 / /var/log/audit rw,relatime - ext4 /dev/vda2 rw
""",
    },
)

LOG = AuditLog(
    resource="host:ehr-1",
    written=True,
    log_file="/var/log/audit/audit.log",
    own_partition=True,
    flush="incremental_async",
    max_log_file_mb=8,
    max_log_file_action="rotate",
    num_logs=5,
    space_left_action="syslog",
    admin_space_left_action="suspend",
    disk_full_action="suspend",
    disk_error_action="suspend",
    action_mail_acct="security@example.org",
    sent_to_syslog=True,
    sent_elsewhere=False,
)


def test_rules() -> None:
    assert observe(rules, AUDITED) == [SEEN]


def test_without_its_programs_nothing_is_recorded() -> None:
    # What lists the rules is not there; everything else is.
    answers = {need: answer for need, answer in AUDITED.items() if need != RULES}

    assert observe(rules, answers) == observe(rules, {**AUDITED, RULES: "No rules\n"})


def test_rules_that_root_alone_may_list() -> None:
    sight = look(rules, {**AUDITED, RULES: Output(4, "", "You must be root to run this program.\n")})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [RULES])


STARTED_SEEN = AuditKernel(
    resource="host:ehr-1",
    from_boot=True,
    boot_backlog_limit=8192,
    backlog_limit=8192,
    lost_records=3,
    on_failure="log",
)


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, STARTED_SEEN),
        ({BOOT: "quiet audit=0\n"}, replace(STARTED_SEEN, from_boot=False, boot_backlog_limit=None)),
        (
            {BOOT: "audit=1 audit=0 audit_backlog_limit=many\n"},
            replace(STARTED_SEEN, from_boot=False, boot_backlog_limit=None),
        ),
        (
            {STATE: "failure 2\nbacklog_limit 64\nlost 0\n"},
            replace(STARTED_SEEN, backlog_limit=64, lost_records=0, on_failure="panic"),
        ),
        ({STATE: "failure 0\nbacklog_limit 8192\nlost 3\n"}, replace(STARTED_SEEN, on_failure="silent")),
    ],
)
def test_kernel(needs: dict[str, Any], seen: AuditKernel) -> None:
    assert observe(kernel, {**STARTED, **needs}) == [seen]


def test_a_kernel_that_tells_something_else_is_a_refusal() -> None:
    sight = look(kernel, {**STARTED, STATE: "enabled 1\n"})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [STATE])


def test_without_its_programs_the_kernel_is_not_asked() -> None:
    assert observe(kernel, {BOOT: "quiet\n"}) == []


def test_log() -> None:
    assert observe(log, WRITTEN) == [LOG]


def test_a_silent_configuration_has_the_defaults() -> None:
    answers = {
        SETTINGS: Output(2, "/etc/audit/auditd.conf:num_logs = a few\n/etc/audit/auditd.conf:flush =\n"),
        MOUNTS: "22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n",
    }

    assert observe(log, answers) == [
        AuditLog(
            resource="host:ehr-1",
            written=True,
            log_file="/var/log/audit/audit.log",
            own_partition=False,
            flush="none",
            max_log_file_mb=0,
            max_log_file_action="ignore",
            num_logs=0,
            space_left_action="ignore",
            admin_space_left_action="ignore",
            disk_full_action="ignore",
            disk_error_action="syslog",
            action_mail_acct="root",
            sent_to_syslog=False,
            sent_elsewhere=False,
        )
    ]


def test_without_a_configuration_there_is_no_log() -> None:
    assert observe(log, {SETTINGS: Output(2, "")}) == []
