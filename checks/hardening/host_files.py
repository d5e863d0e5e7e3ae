"""Hardening of hosts: who may write to the files that everything rests on, and how folders are mounted."""

from collections.abc import Iterator
from typing import Literal

from checks.semantics import blocks
from checks.semantics.units import enabled
from scanner import Facts, Host, check

from .host_boot import MENUS, USERS

Kind = Literal["account-list", "secret", "privileges", "scheduler", "boot-loader", "ssh-server", "host-key"]

_PATHS: dict[str, Kind] = {
    "/etc/passwd": "account-list",
    "/etc/passwd-": "account-list",
    "/etc/group": "account-list",
    "/etc/group-": "account-list",
    "/etc/shadow": "secret",
    "/etc/shadow-": "secret",
    "/etc/gshadow": "secret",
    "/etc/gshadow-": "secret",
    "/etc/security/opasswd": "secret",
    "/etc/sudoers": "privileges",
    "/etc/sudoers.d": "privileges",
    "/etc/crontab": "scheduler",
    "/etc/cron.d": "scheduler",
    "/etc/cron.hourly": "scheduler",
    "/etc/cron.daily": "scheduler",
    "/etc/cron.weekly": "scheduler",
    "/etc/cron.monthly": "scheduler",
    "/etc/ssh/sshd_config": "ssh-server",
    "/etc/ssh/ssh_host_rsa_key": "host-key",
    "/etc/ssh/ssh_host_ecdsa_key": "host-key",
    "/etc/ssh/ssh_host_ed25519_key": "host-key",
    **dict.fromkeys((*MENUS, *USERS), "boot-loader"),
}
# The root folder always exists, so that nothing found is told from sudo's refusal.
_STAT = "sudo stat -L -c %a:%u:%U:%G:%n / " + " ".join(_PATHS)
_MOUNTS = "cat /proc/self/mountinfo"
_WRITABLE = (
    "find /etc /boot /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin /usr/lib/systemd /usr/lib/modules"
    " -xdev -perm -0002 ! -type l ! -type s 2>/dev/null | head -n 1000"
)
_AUTOMOUNT_RUNS = "pgrep -x automount"
_SERVICES = "systemctl list-unit-files --no-legend --type=service"
_OPENRC = "ls -d /etc/runlevels/*/autofs"
_FOLDERS = ("/dev/shm", "/home", "/tmp", "/var", "/var/log", "/var/log/audit", "/var/tmp")  # noqa: S108 - read
_FIELDS = 4
_OTHERS_WRITE, _OTHERS_READ, _GROUP_WRITE = 0o002, 0o004, 0o020
_ROOTS_GROUPS = frozenset({"root", "shadow", "ssh_keys", "wheel"})


class SystemFile(Facts):
    """Who may read and write a file or folder that other protections rest on."""

    path: str
    """Where it is; of a link, what it leads to."""
    kind: Kind
    """What it holds."""
    mode: str
    """Its permissions as chmod takes them, as in 0640."""
    owner: str
    """Whose it is."""
    group: str
    """Which group's it is."""
    owned_by_root: bool
    """Whether it is root's."""
    group_of_root: bool
    """Whether its group is root's, or one that distributions keep for such files: shadow, ssh_keys."""
    group_may_write: bool
    """Whether its group may write to it."""
    others_may_read: bool
    """Whether everybody may read it."""
    others_may_write: bool
    """Whether everybody may write to it."""


class Folder(Facts):
    """How a folder is mounted where users and programs leave files."""

    path: str
    """The folder."""
    own_mount: bool
    """Whether it is a file system of its own, so that filling it leaves others alone."""
    devices_ignored: bool
    """Whether a device file in it does nothing (nodev)."""
    set_uid_ignored: bool
    """Whether a program in it runs with no more rights than its user's (nosuid)."""
    programs_refused: bool
    """Whether no program in it can be started (noexec)."""
    read_only: bool
    """Whether nothing in it can be changed."""


class Removable(Facts):
    """How a medium is mounted that can be taken away."""

    path: str
    """Where it is mounted."""
    devices_ignored: bool
    """Whether a device file on it does nothing (nodev)."""
    set_uid_ignored: bool
    """Whether a program on it runs with no more rights than its user's (nosuid)."""
    programs_refused: bool
    """Whether no program on it can be started (noexec)."""


class Writable(Facts):
    """What everybody may change of the system's own files."""

    writable_by_all: tuple[str, ...]
    """Files and folders of the system that everybody may write to, the first thousand."""


class Automounter(Facts):
    """Whether file systems are mounted as soon as somebody looks at them."""

    running: bool
    """Whether autofs runs now."""
    enabled: bool
    """Whether it is started with the machine."""


@check(_STAT)
def system_files(host: Host) -> Iterator[SystemFile]:
    """Who may read and write the lists of accounts, sudo's rules, cron's, GRUB's and the SSH server's files.

    One observation for each that exists. Access control lists are not read: where one is set, the group's
    permissions shown are the most that it grants.
    """
    # stat ends with 1 where one does not exist, as sudo does where it refuses.
    found = host.run(_STAT, ok=(0, 1)).lines or host.run(_STAT).lines
    for line in found:
        permissions, _, rest = line.partition(":")
        number, owner, group, path = rest.split(":", _FIELDS - 1)
        if path not in _PATHS:
            continue
        mode = int(permissions, 8)
        yield SystemFile(
            resource=f"{host.id}/file{path}",
            path=path,
            kind=_PATHS[path],
            mode=f"{mode:04o}",
            owner=owner,
            group=group,
            owned_by_root=number == "0",
            group_of_root=group in _ROOTS_GROUPS,
            group_may_write=bool(mode & _GROUP_WRITE),
            others_may_read=bool(mode & _OTHERS_READ),
            others_may_write=bool(mode & _OTHERS_WRITE),
        )


@check(_MOUNTS)
def folders(host: Host) -> Iterator[Folder]:
    """How the folders are mounted where everybody, or many, leave files: /tmp, /dev/shm, /home, /var.

    A folder without a file system of its own has the options of the one that it lies in.
    """
    lines = host.run(_MOUNTS).lines
    mounts = blocks.mounts(lines)
    options = blocks.options(lines)
    for path in _FOLDERS:
        mount = blocks.holding(path, mounts)
        if mount is None:
            continue
        said = options[mount.point]
        yield Folder(
            resource=f"{host.id}/folder{path}",
            path=path,
            own_mount=mount.point == path,
            devices_ignored="nodev" in said,
            set_uid_ignored="nosuid" in said,
            programs_refused="noexec" in said,
            read_only="ro" in said,
        )


@check(_MOUNTS)
def removable_media(host: Host) -> Iterator[Removable]:
    """How media are mounted that can be taken away.

    That is what lies under /media, /run/media, /mnt/usb or /mnt/cdrom, and what has a CD's format.
    """
    lines = host.run(_MOUNTS).lines
    options = blocks.options(lines)
    for mount in {mount.point: mount for mount in blocks.mounts(lines)}.values():
        inside = mount.point.startswith(("/media/", "/run/media/", "/mnt/usb", "/mnt/cdrom"))
        if inside or mount.kind in ("iso9660", "udf"):
            said = options[mount.point]
            yield Removable(
                resource=f"{host.id}/removable{mount.point}",
                path=mount.point,
                devices_ignored="nodev" in said,
                set_uid_ignored="nosuid" in said,
                programs_refused="noexec" in said,
            )


@check(_WRITABLE)
def writable_system_files(host: Host) -> Iterator[Writable]:
    """Which of the system's own files and folders everybody may change.

    Folders that hide their content from the user who looks are passed over: nobody else gets in, either.
    """
    yield Writable(
        resource=host.id,
        writable_by_all=tuple(sorted(line for line in host.run(_WRITABLE).lines if line.startswith("/"))),
    )


@check(_AUTOMOUNT_RUNS, _SERVICES, _OPENRC)
def automounter(host: Host) -> Iterator[Automounter]:
    """Whether autofs mounts what somebody looks at, media and others' shares among it, now or after a boot.

    What systemd mounts by units that an administrator wrote is not meant. On a host without autofs neither
    is true.
    """
    at_boot = host.run(_OPENRC, ok=(0, 1, 2)).text.strip() != ""
    if host.has("systemctl"):
        at_boot = at_boot or "autofs.service" in host.run(_SERVICES).read(enabled)
    yield Automounter(
        resource=host.id,
        running=host.run(_AUTOMOUNT_RUNS, ok=(0, 1)).status == 0,
        enabled=at_boot,
    )
