import pytest

from checks.hardening.host_files import (
    Automounter,
    Folder,
    Removable,
    SystemFile,
    Writable,
    automounter,
    folders,
    removable_media,
    system_files,
    writable_system_files,
)
from scanner.testing import Output, look, observe, world

[STAT] = system_files.needs
[MOUNTS] = folders.needs
[WRITABLE] = writable_system_files.needs

FILES = world(
    system_files,
    {
        STAT: Output(
            1,
            "755:0:root:root:/\n640:0:root:shadow:/etc/shadow\n666:0:root:root:/etc/passwd\n"
            "620:1000:ann:staff:/boot/grub/grub.cfg\n4755:0:root:root:/etc/unasked\n",
        )
    },
)


def test_system_files() -> None:
    assert observe(system_files, FILES) == [
        SystemFile(
            resource="host:ehr-1/file/etc/shadow",
            path="/etc/shadow",
            kind="secret",
            mode="0640",
            owner="root",
            group="shadow",
            owned_by_root=True,
            group_of_root=True,
            group_may_write=False,
            others_may_read=False,
            others_may_write=False,
        ),
        SystemFile(
            resource="host:ehr-1/file/etc/passwd",
            path="/etc/passwd",
            kind="account-list",
            mode="0666",
            owner="root",
            group="root",
            owned_by_root=True,
            group_of_root=True,
            group_may_write=True,
            others_may_read=True,
            others_may_write=True,
        ),
        SystemFile(
            resource="host:ehr-1/file/boot/grub/grub.cfg",
            path="/boot/grub/grub.cfg",
            kind="boot-loader",
            mode="0620",
            owner="ann",
            group="staff",
            owned_by_root=False,
            group_of_root=False,
            group_may_write=True,
            others_may_read=False,
            others_may_write=False,
        ),
    ]


def test_sudos_refusal_is_not_an_absence_of_files() -> None:
    sight = look(system_files, {STAT: Output(1, "", "sudo: a password is required\n")})

    assert (sight.facts, len(sight.refusals)) == ([], 1)


MOUNTED = world(
    folders,
    {
        MOUNTS: """\
28 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw
30 28 0:40 / /tmp rw,nosuid,nodev shared:30 - tmpfs tmpfs rw
31 28 0:41 / /dev/shm rw,nosuid,nodev,noexec shared:31 - tmpfs tmpfs rw
32 28 253:2 / /var rw,nodev shared:32 - ext4 /dev/mapper/vg-var rw
33 28 8:17 / /media/a\\040stick rw,nosuid shared:33 - vfat /dev/sdb1 rw
34 28 11:0 / /mnt/disc rw,nosuid,nodev,noexec shared:34 - iso9660 /dev/sr0 ro
""",
    },
)
world(removable_media, {MOUNTS: MOUNTED[MOUNTS]})


@pytest.mark.parametrize(
    ("path", "own", "true"),
    [
        ("/dev/shm", True, {"devices", "set_uid", "programs"}),  # noqa: S108 - read, not written
        ("/home", False, set()),
        ("/tmp", True, {"devices", "set_uid"}),  # noqa: S108 - read, not written
        ("/var", True, {"devices"}),
        ("/var/log", False, {"devices"}),
        ("/var/log/audit", False, {"devices"}),
        ("/var/tmp", False, {"devices"}),  # noqa: S108 - read, not written
    ],
)
def test_folders(path: str, own: bool, true: set[str]) -> None:
    assert [found for found in observe(folders, MOUNTED) if found.resource == f"host:ehr-1/folder{path}"] == [
        Folder(
            resource=f"host:ehr-1/folder{path}",
            path=path,
            own_mount=own,
            devices_ignored="devices" in true,
            set_uid_ignored="set_uid" in true,
            programs_refused="programs" in true,
            read_only=False,
        )
    ]


def test_removable_media() -> None:
    assert observe(removable_media, MOUNTED) == [
        Removable(
            resource="host:ehr-1/removable/media/a stick",
            path="/media/a stick",
            devices_ignored=False,
            set_uid_ignored=True,
            programs_refused=False,
        ),
        Removable(
            resource="host:ehr-1/removable/mnt/disc",
            path="/mnt/disc",
            devices_ignored=True,
            set_uid_ignored=True,
            programs_refused=True,
        ),
    ]


LOOSE = world(writable_system_files, {WRITABLE: "/usr/local/bin/run\n/etc/cron.d/own\n"})


def test_writable_system_files() -> None:
    assert observe(writable_system_files, LOOSE) == [
        Writable(resource="host:ehr-1", writable_by_all=("/etc/cron.d/own", "/usr/local/bin/run"))
    ]


RUNS, SERVICES, OPENRC = automounter.needs
MOUNTING = world(
    automounter,
    {RUNS: Output(1, ""), SERVICES: "autofs.service disabled enabled\n", OPENRC: Output(2, "")},
)


@pytest.mark.parametrize(
    ("changes", "running", "at_boot"),
    [
        ({}, False, False),
        ({RUNS: "812\n"}, True, False),
        ({SERVICES: "autofs.service enabled enabled\n"}, False, True),
        ({OPENRC: "/etc/runlevels/default/autofs\n"}, False, True),
    ],
)
def test_automounter(changes: dict[str, str], running: bool, at_boot: bool) -> None:
    assert observe(automounter, {**MOUNTING, **changes}) == [
        Automounter(resource="host:ehr-1", running=running, enabled=at_boot)
    ]


def test_an_automounter_without_systemd() -> None:
    assert observe(automounter, {RUNS: Output(1, ""), OPENRC: "/etc/runlevels/default/autofs\n"}) == [
        Automounter(resource="host:ehr-1", running=False, enabled=True)
    ]
