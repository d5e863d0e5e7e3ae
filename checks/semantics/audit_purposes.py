"""What an audited host should record, by purpose: system calls, files, programs.

The purposes are those of the rules that come with the audit daemon (30-stig.rules, 31-privileged.rules,
43-module-load.rules: https://github.com/linux-audit/audit-userspace/tree/master/rules) and of the HIPAA
profile of the SCAP Security Guide (https://github.com/ComplianceAsCode/content).
"""

import errno
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import product

import msgspec

from .audit import FIRST_PERSON, Arch, Event, Judgement, Kind, Rule, canonical, judge

_PERMISSIONS = (
    "chmod fchmod fchmodat fchmodat2 chown fchown fchownat lchown"
    " setxattr fsetxattr lsetxattr removexattr fremovexattr lremovexattr"
)
_FAILING = "creat open openat open_by_handle_at truncate ftruncate rename renameat unlink unlinkat"
_SINCE = {"fchmodat2": (6, 6), "openat2": (5, 6), "clock_settime64": (5, 1), "move_mount": (5, 2)}
"""The first kernel that has a call; the others are older than any that is still mended."""
# Architectures that came late, as 64-bit ARM, never had these calls.
_NOT_GENERIC = frozenset(["chmod", "chown", "lchown", "creat", "open", "rename", "unlink", "rmdir", "stime"])
_ONLY_32 = frozenset({"stime", "clock_settime64"})
_GENERIC = frozenset({"aarch64", "riscv64", "loongarch64"})
_WITHOUT_32 = frozenset({"ppc64le", "riscv64", "loongarch64"})
_REFUSED = (-errno.EACCES, -errno.EPERM)

ALIKE = 64
"""How many machines with rules of their own are remembered: those of a fleet are much alike."""

IDENTITY = "/etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/security/opasswd"
LOGINS = "/run/faillock /var/log/faillock /var/log/lastlog /var/log/tallylog /var/lib/lastlog/lastlog2.db"
SESSIONS = "/run/utmp /var/log/wtmp /var/log/btmp /var/lib/wtmpdb/wtmp.db"
NETWORK = (
    "/etc/hosts /etc/hostname /etc/issue /etc/issue.net /etc/sysconfig/network /etc/network"
    " /etc/NetworkManager /etc/netplan"
)
ACCESS_CONTROL = "/etc/selinux /usr/share/selinux /etc/apparmor /etc/apparmor.d"
ADMINISTRATION = "/etc/sudoers /etc/sudoers.d /var/log/sudo.log"
CLOCK = "/etc/localtime"
PATHS = f"{IDENTITY} {LOGINS} {SESSIONS} {NETWORK} {ACCESS_CONTROL} {ADMINISTRATION} {CLOCK}"
LABELLING = frozenset({"chcon", "restorecon", "semanage", "setsebool"})
"""Programs that change what SELinux keeps apart."""


class Purpose(msgspec.Struct, frozen=True):
    """Events that are recorded for one purpose."""

    calls: str = ""
    everybody: bool = False
    """Whether daemons' are meant too, and not only people's."""
    exits: tuple[int, ...] = (0,)
    paths: str = ""


PURPOSES = {
    "permission_changes": Purpose(_PERMISSIONS),
    "deletions": Purpose("rename renameat renameat2 rmdir unlink unlinkat"),
    "module_loading": Purpose("init_module finit_module delete_module"),
    "time_changes": Purpose("adjtimex settimeofday stime clock_settime", everybody=True, paths=CLOCK),
    "failed_access": Purpose(_FAILING, exits=_REFUSED),
    "mounts": Purpose("mount"),
    "network_settings": Purpose("sethostname setdomainname", everybody=True, paths=NETWORK),
    "newer_calls": Purpose("openat2", exits=_REFUSED),
    "newer_time_changes": Purpose("clock_settime64", everybody=True),
    "newer_mounts": Purpose("move_mount"),
    "identity_files": Purpose(everybody=True, paths=IDENTITY),
    "login_records": Purpose(everybody=True, paths=LOGINS),
    "session_records": Purpose(everybody=True, paths=SESSIONS),
    "access_control": Purpose(everybody=True, paths=ACCESS_CONTROL),
    "administration": Purpose(everybody=True, paths=ADMINISTRATION),
}


class Machine(msgspec.Struct, frozen=True):
    """What can happen on a machine."""

    kind: str
    """As `uname -m` says: x86_64."""
    kernel: tuple[int, int]
    paths: tuple[str, ...]
    """Which of the files exist; a folder's name ends with a slash."""
    programs: tuple[str, ...]
    """Programs that give who starts them somebody else's rights."""

    @property
    def arches(self) -> tuple[Arch, ...]:
        """The ways in which programs can call the kernel."""
        if not self.kind.endswith(("64", "64le", "s390x")):
            return ("b32",)
        return ("b64",) if self.kind in _WITHOUT_32 else ("b32", "b64")

    def has(self, call: str, arch: Arch) -> bool:
        """Whether its kernel has a call."""
        late = arch == "b64" and self.kind in _GENERIC and call in _NOT_GENERIC
        # 32-bit ARM has no stime either; its kernel takes the call's number for an unknown one.
        never = call == "stime" and self.kind.startswith(("aarch64", "arm"))
        only = arch == "b64" and call in _ONLY_32
        return not (late or never or only) and self.kernel >= _SINCE.get(call, (0, 0))


class Coverage(msgspec.Struct, frozen=True):
    """What a machine's rules do not record."""

    missing: dict[str, tuple[str, ...]]
    """By purpose: `b32 chmod`, /etc/passwd."""
    exceptions: tuple[str, ...]
    """The rules that leave some events out of what is recorded otherwise."""

    def of(self, *purposes: str) -> tuple[str, ...]:
        """What is not recorded for some purposes."""
        return tuple(sorted({name for purpose in purposes for name in self.missing[purpose]}))


@lru_cache(ALIKE)
def coverage(rules: tuple[Rule, ...], machine: Machine) -> Coverage:
    """What the rules do not record on a machine, by purpose."""
    kinds = {
        purpose: {**dict(_calls(said, machine)), **dict(_files(said, machine))}
        for purpose, said in PURPOSES.items()
    }
    label = [path for path in machine.programs if _name(path) in LABELLING]
    kinds["privileged_programs"] = dict(_programs(sorted({*machine.programs} - {*label}), machine))
    kinds["labelling_programs"] = dict(_programs(label if _has_selinux(label) else [], machine))
    judged = judge(rules, {kind for named in kinds.values() for kind in named})
    return Coverage(
        {purpose: _missing(named, judged) for purpose, named in kinds.items()},
        tuple(sorted({text for judgement in judged.values() for text in judgement.exceptions})),
    )


def kernel_of(release: str) -> tuple[int, int]:
    """6 and 1 of 6.1.0-25-amd64; zeros of what is no release."""
    major, _, rest = release.strip().partition(".")
    minor = rest.partition(".")[0].partition("-")[0]
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else (0, 0)


def _missing(named: dict[Kind, str], judged: dict[Kind, Judgement]) -> tuple[str, ...]:
    return tuple(sorted({name for kind, name in named.items() if not judged[kind].recorded}))


def _calls(purpose: Purpose, machine: Machine) -> Iterator[tuple[Kind, str]]:
    for call, arch, status in product(purpose.calls.split(), machine.arches, purpose.exits):
        if machine.has(call, arch):
            event = Event(arch=arch, auid=FIRST_PERSON, exit=status, call=call)
            yield Kind(event, purpose.everybody), f"{arch} {call}"


def _files(purpose: Purpose, machine: Machine) -> Iterator[tuple[Kind, str]]:
    wanted = {canonical(path) for path in purpose.paths.split()}
    for path in machine.paths:
        name = canonical(path)
        if name in wanted:
            end = "/" if path.endswith("/") else ""
            for arch in machine.arches:
                for perm in ("w", "a"):
                    event = Event(arch=arch, auid=FIRST_PERSON, exit=3, path=name + end, perm=perm)
                    yield Kind(event, purpose.everybody), path


def _programs(paths: Collection[str], machine: Machine) -> Iterator[tuple[Kind, str]]:
    for path, arch in product(paths, machine.arches):
        event = Event(arch=arch, auid=FIRST_PERSON, call="execve", path=canonical(path), perm="x")
        yield Kind(event, everybody=False), path


def _has_selinux(programs: Collection[str]) -> bool:
    """Whether there is more than chcon, which every distribution has."""
    return any(_name(path) != "chcon" for path in programs)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
