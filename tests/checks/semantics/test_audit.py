import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.semantics import audit
from checks.semantics.audit_purposes import PATHS, PURPOSES, Machine, coverage, kernel_of

# Loaded into a kernel 6.18 from 30-stig.rules of audit 3.0.9, and printed by its auditctl -l.
LISTED = """\
-a always,exit -F arch=b32 -S stime,settimeofday,adjtimex -F key=time-change
-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change
-a always,exit -F arch=b32 -S clock_settime -F a0=0x0 -F key=time-change
-a always,exit -F arch=b64 -S clock_settime -F a0=0x0 -F key=time-change
-w /etc/localtime -p wa -k time-change
-w /etc/group -p wa -k identity
-w /etc/passwd -p wa -k identity
-w /etc/gshadow -p wa -k identity
-w /etc/shadow -p wa -k identity
-w /etc/security/opasswd -p wa -k identity
-a always,exit -F arch=b32 -S sethostname,setdomainname -F key=system-locale
-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=system-locale
-w /etc/issue -p wa -k system-locale
-w /etc/issue.net -p wa -k system-locale
-w /etc/hosts -p wa -k system-locale
-w /etc/hostname -p wa -k system-locale
-w /etc/network -p wa -k system-locale
-a always,exit -F arch=b32 -S chmod,fchmod,fchmodat -F auid>=1000 -F auid!=-1 -F key=perm_mod
-a always,exit -F arch=b64 -S chmod,fchmod,fchmodat -F auid>=1000 -F auid!=-1 -F key=perm_mod
-a always,exit -F arch=b32 -S lchown,fchown,chown,fchownat -F auid>=1000 -F auid!=-1 -F key=perm_mod
-a always,exit -F arch=b64 -S chown,fchown,lchown,fchownat -F auid>=1000 -F auid!=-1 -F key=perm_mod
-a always,exit -F arch=b32 -S setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr -F auid>=1000 -F auid!=-1 -F key=perm_mod
-a always,exit -F arch=b64 -S setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr -F auid>=1000 -F auid!=-1 -F key=perm_mod
-a always,exit -F arch=b32 -S open,creat,truncate,ftruncate,openat,open_by_handle_at,openat2 -F exit=-EACCES -F auid>=1000 -F auid!=-1 -F key=access
-a always,exit -F arch=b32 -S open,creat,truncate,ftruncate,openat,open_by_handle_at,openat2 -F exit=-EPERM -F auid>=1000 -F auid!=-1 -F key=access
-a always,exit -F arch=b64 -S open,truncate,ftruncate,creat,openat,open_by_handle_at,openat2 -F exit=-EACCES -F auid>=1000 -F auid!=-1 -F key=access
-a always,exit -F arch=b64 -S open,truncate,ftruncate,creat,openat,open_by_handle_at,openat2 -F exit=-EPERM -F auid>=1000 -F auid!=-1 -F key=access
-a always,exit -F arch=b32 -S mount -F auid>=1000 -F auid!=-1 -F key=export
-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=-1 -F key=export
-a always,exit -F arch=b32 -S unlink,rename,unlinkat,renameat -F auid>=1000 -F auid!=-1 -F key=delete
-a always,exit -F arch=b64 -S rename,unlink,unlinkat,renameat -F auid>=1000 -F auid!=-1 -F key=delete
-w /etc/sudoers -p wa -k actions
-w /etc/sudoers.d -p wa -k actions
-a always,exit -S all -F path=/usr/bin/su -F perm=x -F auid>=1000 -F auid!=-1 -F key=privileged
-a always,exit -S all -F path=/usr/bin/sudo -F auid>=1000 -F auid!=-1 -F key=privileged
"""  # noqa: E501 - as it was printed

HELD = audit.rules(LISTED.splitlines())
FOLDERS = {"/etc/sudoers.d", "/etc/network"}
OLD = Machine(
    kind="x86_64",
    kernel=(6, 1),
    paths=(
        *("/etc/passwd", "/etc/shadow", "/etc/localtime", "/etc/hosts", "/etc/network/", "/etc/sudoers.d/"),
        *("/var/log/wtmp", "/etc/apparmor.d/"),
    ),
    programs=("/usr/bin/su", "/bin/sudo", "/usr/bin/chage", "/usr/bin/chcon"),
)
NEVER_MISSING = dict.fromkeys([*PURPOSES, "privileged_programs", "labelling_programs"], ())


def test_the_rules_that_come_with_the_daemon() -> None:
    seen = coverage(HELD, OLD)

    assert seen.exceptions == ()
    assert seen.missing == {
        **NEVER_MISSING,
        "deletions": ("b32 renameat2", "b32 rmdir", "b64 renameat2", "b64 rmdir"),
        "module_loading": tuple(
            f"{arch} {call}"
            for arch in ("b32", "b64")
            for call in ("delete_module", "finit_module", "init_module")
        ),
        "newer_time_changes": ("b32 clock_settime64",),
        "newer_mounts": ("b32 move_mount", "b64 move_mount"),
        "session_records": ("/var/log/wtmp",),
        "access_control": ("/etc/apparmor.d/",),
        "privileged_programs": ("/usr/bin/chage",),
    }


@pytest.mark.parametrize(
    "first", ["-a never,task", "-a always,exclude -F msgtype=SYSCALL", "-a never,exit -S all"]
)
def test_what_takes_all_takes_all(first: str) -> None:
    assert coverage(audit.rules([first, *LISTED.splitlines()]), OLD) == coverage((), OLD)


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        # The one that comes with the daemon for chrony: it is about nobody who logged in.
        ("-a never,exit -F arch=b64 -S adjtimex -F auid=-1 -F uid=987", ()),
        ("-a never,exit -F arch=b64 -S adjtimex -F auid=-1", ("b64 adjtimex",)),
        ("-a never,exit -F arch=b32 -S adjtimex,stime", ("b32 adjtimex", "b32 stime")),
        ("-a never,exit -S all -F exe=/usr/sbin/chronyd", ()),
        ("-a never,exit -F dir=/var/lib/app", ()),
        ("-a never,exit -F path=/etc/localtime", ("/etc/localtime",)),
        ("-a never,exit -F arch=b32 -F dir=/etc -F perm=a", ("/etc/localtime",)),
        ("-a always,exclude -F msgtype=PATH", ("/etc/localtime",)),
        ("-a always,exclude -F msgtype=CWD", ()),
        ("-a never,filesystem -F fstype=tracefs", ()),
        ("-a never,user -F auid>=0", ()),
    ],
)
def test_exceptions_come_first(rule: str, missing: tuple[str, ...]) -> None:
    assert coverage(audit.rules([rule, *LISTED.splitlines()]), OLD).missing["time_changes"] == missing


def test_an_exception_for_some_is_told_by_its_words() -> None:
    some = "-a never,exit -F arch=b64 -S unlink -F exe=/usr/bin/postgres"
    nobody = "-a never,exit -F arch=b64 -S mount -F auid=-1"
    after = "-a never,exit -F arch=b64 -S chmod -F uid=5"

    seen = coverage(audit.rules([some, nobody, *LISTED.splitlines(), after]), OLD)

    assert (seen.exceptions, seen.missing) == ((some,), coverage(HELD, OLD).missing)


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        (["-a always,exit -F arch=b64 -S mount"], ("b32 mount",)),
        (["-a always,exit -F arch=b64 -S mount -F auid>=1000", "-a always,exit -F arch=b32 -S all"], ()),
        (["-a always,exit -F arch=x86_64 -S mount", "-a always,exit -F arch=i386 -S mount"], ()),
        (["-a always,exit -S all"], ()),
        (["-a always,exit -S mount"], ("b32 mount", "b64 mount")),
        (["-a exit,always -S all"], ()),
        (["-a always,exit -S all -F auid>=2000"], ("b32 mount", "b64 mount")),
        (["-a always,exit -S all -F auid>=500"], ()),
        (["-a always,exit -S all -F auid=1000", "-a always,exit -S all -F auid>1000"], ()),
        (
            ["-a always,exit -S all -F auid=1000", "-a always,exit -S all -F auid>1001"],
            ("b32 mount", "b64 mount"),
        ),
        (["-a never,exit -S all -F auid=1234", "-a always,exit -S all"], ("b32 mount", "b64 mount")),
        (["-a always,exit -S all -F auid!=unset -F auid!=0"], ()),
        (["-a always,exit -S all -F auid!=4294967295"], ()),
        (["-a always,exit -S all -F success=1"], ()),
        (["-a always,exit -S all -F success=0"], ("b32 mount", "b64 mount")),
        (["-a always,exit -S all -F exit=-EACCES"], ("b32 mount", "b64 mount")),
        (["-a always,exit -S all -F uid=0"], ("b32 mount", "b64 mount")),
        (["-a always,exit -S all -C uid!=euid"], ("b32 mount", "b64 mount")),
        (["-a always,exit -S all -F auid=alice"], ("b32 mount", "b64 mount")),
        (["-a always,user -S all"], ("b32 mount", "b64 mount")),
        (["-w / -p wa"], ("b32 mount", "b64 mount")),
    ],
)
def test_whose_mounts_are_recorded(rules: list[str], missing: tuple[str, ...]) -> None:
    assert coverage(audit.rules(rules), OLD).missing["mounts"] == missing


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        (["-a always,exit -S all -F exit=-EACCES"], False),
        (["-a always,exit -S all -F exit=-EACCES", "-a always,exit -S all -F exit=-1"], True),
        (["-a always,exit -S all -F success=0"], True),
        (["-a always,exit -S all -F success!=1"], True),
        (["-a always,exit -S all -F exit<0"], True),
        # Those for O_CREAT and O_TRUNC alone leave reading out, in whatever order they stand.
        (["-a always,exit -F arch=b64 -S openat -F a2&0x40 -F exit=-EACCES"], False),
    ],
)
def test_both_refusals_count(rules: list[str], missing: bool) -> None:
    assert (coverage(audit.rules(rules), OLD).missing["failed_access"] == ()) == missing


@pytest.mark.parametrize(
    ("rule", "recorded"),
    [
        ("-w /etc/sudoers.d -p wa", True),
        ("-w /etc/sudoers.d/ -p rwxa", True),
        ("-w /etc -p wa", True),
        ("-w /etc/sudoers.d -p w", False),
        ("-w /etc/sudoers -p wa", False),
        ("-a always,exit -S all -F dir=/etc/ -F perm=wa", True),
        ("-a always,exit -F dir=/etc/sudoers.d", True),
        ("-a always,exit -F arch=b64 -F dir=/etc/sudoers.d -F perm=wa", False),
        ("-a always,exit -S all -F path=/etc/sudoers.d -F perm=wa", False),
        ("-a always,exit -S all -F dir=/etc/sudoers.d -F perm=wa -F auid>=1000", False),
        ("-a always,exit -S all -F dir!=/etc/sudoers.d", False),
    ],
)
def test_folders(rule: str, recorded: bool) -> None:
    assert (coverage(audit.rules([rule]), OLD).missing["administration"] == ()) == recorded


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        ("-w /sbin/unix_chkpwd -p x", ()),
        ("-a always,exit -S all -F path=/usr/sbin/unix_chkpwd -F perm=x -F auid>=1000 -F auid!=-1", ()),
        ("-a always,exit -F arch=b64 -S execve -F auid>=1000", ("/usr/sbin/unix_chkpwd",)),
        ("-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0", ("/usr/sbin/unix_chkpwd",)),
        ("-w /usr/sbin/unix_chkpwd -p wa", ("/usr/sbin/unix_chkpwd",)),
    ],
)
def test_programs(rule: str, missing: tuple[str, ...]) -> None:
    machine = replace(OLD, programs=("/usr/sbin/unix_chkpwd",))

    assert coverage(audit.rules([rule]), machine).missing["privileged_programs"] == missing


def test_who_executes_anything_is_recorded_either_way() -> None:
    both = audit.rules([f"-a always,exit -F arch={arch} -S execve -F auid>=1000" for arch in ("b32", "b64")])

    assert coverage(both, OLD).missing["privileged_programs"] == ()


def test_labelling_counts_where_there_is_selinux() -> None:
    selinux = replace(OLD, programs=("/usr/bin/chcon", "/usr/sbin/setsebool"))

    assert coverage(HELD, selinux).missing["labelling_programs"] == selinux.programs


def test_what_a_kernel_does_not_have_is_not_missing() -> None:
    new = coverage((), replace(OLD, kernel=(6, 6))).missing["permission_changes"]
    arm = coverage((), replace(OLD, kind="aarch64")).missing

    assert set(new) - set(coverage((), OLD).missing["permission_changes"]) == {
        "b32 fchmodat2",
        "b64 fchmodat2",
    }
    assert arm["deletions"] == (
        *("b32 rename", "b32 renameat", "b32 renameat2", "b32 rmdir", "b32 unlink", "b32 unlinkat"),
        *("b64 renameat", "b64 renameat2", "b64 unlinkat"),
    )
    assert coverage((), replace(OLD, kind="ppc64le")).missing["mounts"] == ("b64 mount",)
    assert coverage((), replace(OLD, kind="armv7l")).missing["mounts"] == ("b32 mount",)


def test_a_call_that_auditctl_has_no_name_for() -> None:
    held = audit.rules(["-a always,exit -F arch=b64 -S 452", "-a always,exit -F arch=b32 -S 452,15"])
    seen = coverage(held, replace(OLD, kernel=(6, 12))).missing["permission_changes"]

    assert [name for name in seen if name.endswith("fchmodat2")] == []


@pytest.mark.parametrize(
    ("release", "kernel"),
    [("6.1.0-25-amd64", (6, 1)), ("5.14.0-503.el9.x86_64", (5, 14)), ("6.6-rc1", (6, 6)), ("odd", (0, 0))],
)
def test_kernel_of(release: str, kernel: tuple[int, int]) -> None:
    assert kernel_of(release) == kernel


RULES = st.sampled_from(LISTED.splitlines())


@given(st.lists(RULES), st.lists(RULES), st.sampled_from(PATHS.split()))
def test_one_more_rule_never_records_less(some: list[str], more: list[str], path: str) -> None:
    machine = replace(OLD, paths=(*OLD.paths, path))
    fewer, all_ = (coverage(audit.rules(lines), machine).missing for lines in (some, [*some, *more]))

    assert all(set(all_[purpose]) <= set(missing) for purpose, missing in fewer.items())


@given(st.lists(RULES), st.lists(RULES))
def test_what_follows_the_end_of_all_changes_nothing(some: list[str], more: list[str]) -> None:
    end = "-a never,exit -S all"
    short, long = ([*some, end], [*some, end, *more])

    assert coverage(audit.rules(long), OLD) == coverage(audit.rules(short), OLD)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    coverage(audit.rules([f"-a {text}", f"-a always,exit -F {text}", f"-w {text}", text]), OLD)
