from typing import Any

import pytest

from checks.hardening.host_boot import (
    Arguments,
    BootLoader,
    Console,
    Firmware,
    boot_loaders,
    console,
    firmware,
    kernel_arguments,
)
from scanner.testing import Output, look, observe, world

MARKS, SUPERUSERS = boot_loaders.needs
UNITS, MANAGER, INITTAB = console.needs
COMMAND_LINE, NEXT = kernel_arguments.needs
FOUND, SECURE, LOCKDOWN = firmware.needs

# Red Hat 9's menu, and the stub that its EFI folder has.
GRUBS = world(
    boot_loaders,
    {
        MARKS: Output(
            2,
            """\
/proc/version:Linux
/boot/grub2/grub.cfg:GRUB2_PASSWORD
/boot/grub2/grub.cfg:GRUB2_PASSWORD
/boot/grub2/grub.cfg:menuentry
/boot/grub2/user.cfg:GRUB2_PASSWORD=grub.pbkdf2.sha
""",
        ),
        SUPERUSERS: Output(
            2,
            """\
/proc/version:Linux version 5.14
/boot/grub2/grub.cfg:  set superusers="root"
/boot/grub2/grub.cfg:  export superusers
""",
        ),
    },
)


def loader(menu: str, *names: str, password: bool, generic: bool = False) -> BootLoader:
    return BootLoader(
        resource=f"host:ehr-1/boot-loader{menu}",
        menu=menu,
        password=password,
        superusers=names,
        generic_superuser=generic,
    )


def test_red_hats_password_is_in_a_file_of_its_own() -> None:
    menu = "/boot/grub2/grub.cfg"
    without = GRUBS[MARKS].text.replace("/boot/grub2/user.cfg:GRUB2_PASSWORD=grub.pbkdf2.sha\n", "")

    assert observe(boot_loaders, GRUBS) == [loader(menu, "root", password=True, generic=True)]
    # It names superusers whether or not there is a password.
    assert observe(boot_loaders, {**GRUBS, MARKS: without}) == [
        loader(menu, "root", password=False, generic=True)
    ]


@pytest.mark.parametrize(
    ("lines", "names", "password"),
    [
        (
            '/boot/grub/grub.cfg:set superusers="bootmaster second,third"',
            ("bootmaster", "second", "third"),
            True,
        ),
        ("/boot/grub/grub.cfg:set superusers=bootmaster", ("bootmaster",), True),
        ('/boot/grub/grub.cfg:set superusers=""', (), False),
        # Without superusers a password guards nothing.
        ("", (), False),
    ],
)
def test_debians_password_is_in_the_menu(lines: str, names: tuple[str, ...], password: bool) -> None:
    marks = "/boot/grub/grub.cfg:grub.pbkdf2.sha\n/boot/grub/grub.cfg:menuentry\n"
    told = {MARKS: marks, SUPERUSERS: f"/proc/version:Linux version 6\n{lines}\n"}

    assert observe(boot_loaders, told) == [loader("/boot/grub/grub.cfg", *names, password=password)]


def test_hosts_without_grub_and_sudos_refusal() -> None:
    none = {MARKS: Output(2, "/proc/version:Linux\n"), SUPERUSERS: Output(2, "/proc/version:Linux version\n")}

    assert observe(boot_loaders, none) == []
    sight = look(boot_loaders, {**none, MARKS: Output(1, "", "sudo: a password is required\n")})
    assert (sight.facts, len(sight.refusals)) == ([], 1)


# In the form in which `systemctl show` prints several units: in the order asked, an empty line between.
SHOWN = """\
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled

ExecStart={ path=/bin/sh ; argv[]=/bin/sh ; ignore_errors=no ; pid=0 ; code=(null) ; status=0/0 }
Environment=
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled

ExecStart={ path=/lib/systemd/systemd-sulogin-shell ; argv[]=/lib/systemd/systemd-sulogin-shell emergency }
Environment=HOME=/root
LoadState=loaded
ActiveState=inactive
UnitFileState=static

ExecStart={ path=/lib/systemd/systemd-sulogin-shell ; argv[]=/lib/systemd/systemd-sulogin-shell rescue }
Environment=HOME=/root
LoadState=loaded
ActiveState=inactive
UnitFileState=static
"""
CONSOLE = world(
    console,
    {
        UNITS: SHOWN,
        MANAGER: "# /etc/systemd/system.conf\n[Manager]\n#CtrlAltDelBurstAction=reboot-force\n",
        INITTAB: Output(1, ""),
    },
)


def guarded(**changes: Any) -> Console:
    facts: dict[str, Any] = {
        "ctrl_alt_del_reboots": True,
        "ctrl_alt_del_burst": "reboot-force",
        "debug_shell": False,
        "emergency_password": True,
        "rescue_password": True,
    }
    return Console(resource="host:ehr-1", **{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        (
            {UNITS: SHOWN.replace("LoadState=loaded", "LoadState=masked", 1)},
            {"ctrl_alt_del_reboots": False},
        ),
        ({MANAGER: "CtrlAltDelBurstAction=none\n"}, {"ctrl_alt_del_burst": "none"}),
        (
            {MANAGER: "CtrlAltDelBurstAction=none\nCtrlAltDelBurstAction=poweroff-force\n"},
            {"ctrl_alt_del_burst": "poweroff-force"},
        ),
        (
            {UNITS: "\n\n".join(SHOWN.split("\n\n")[:1]) + "\n\n" + "\n\n".join(
                block.replace("UnitFileState=disabled", "UnitFileState=enabled")
                for block in SHOWN.split("\n\n")[1:]
            )},
            {"debug_shell": True},
        ),
        (
            {UNITS: SHOWN.replace("systemd-sulogin-shell rescue", "sh").replace(
                "path=/lib/systemd/systemd-sulogin-shell ; argv[]=/lib/systemd/sh", "path=/bin/sh"
            )},
            {"rescue_password": False},
        ),
        (
            {UNITS: SHOWN.replace("HOME=/root", "HOME=/root SYSTEMD_SULOGIN_FORCE=1", 1)},
            {"emergency_password": False},
        ),
    ],
)  # fmt: skip
def test_console(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert observe(console, {**CONSOLE, **changes}) == [guarded(**expected)]


@pytest.mark.parametrize(
    ("line", "reboots"),
    [("::ctrlaltdel:/sbin/reboot\n", True), ("#::ctrlaltdel:/sbin/reboot\n", False), ("", False)],
)
def test_a_console_without_systemd(line: str, reboots: bool) -> None:
    expected = guarded(ctrl_alt_del_reboots=reboots, ctrl_alt_del_burst="none")

    assert observe(console, {INITTAB: Output(0 if line else 1, line)}) == [expected]


def test_units_that_did_not_answer_are_refused() -> None:
    sight = look(console, {**CONSOLE, UNITS: SHOWN.partition("\n\n")[0]})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [UNITS])


ARGUMENTS = world(
    kernel_arguments,
    {
        COMMAND_LINE: "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-5.14 root=/dev/mapper/r ro audit=1 nousb\n",
        NEXT: Output(
            2,
            """\
Linux version 5.14.0
options root=/dev/mapper/r ro audit=1 nousb
kernelopts=root=/dev/mapper/r ro audit=1 nousb
\tlinux\t/boot/vmlinuz-6.1 root=/dev/sda1 ro single
""",
        ),
    },
)


def arguments(**changes: Any) -> Arguments:
    facts: dict[str, Any] = {
        "interactive_boot": False,
        "usb_off": True,
        "audited_from_start": True,
        "weakened_by": (),
        "single_user": False,
    }
    return Arguments(resource="host:ehr-1", **{**facts, **changes})


@pytest.mark.parametrize(
    ("now", "later", "expected"),
    [
        (ARGUMENTS[COMMAND_LINE], ARGUMENTS[NEXT].text, {}),
        ("ro nousb audit=1 single", "", {"single_user": True}),
        (
            "ro nousb audit=1",
            "options ro nousb systemd.confirm_spawn=true mitigations=off nokaslr\n",
            {
                "interactive_boot": True,
                "audited_from_start": False,
                "weakened_by": ("mitigations=off", "nokaslr"),
            },
        ),
        ("ro systemd.confirm_spawn audit=1", "", {"interactive_boot": True, "usb_off": False}),
        ("ro nousb audit=1 systemd.confirm_spawn=no", "", {}),
        # As Debian's menu is written, with tabs.
        (
            "ro nousb audit=1",
            "\tlinux\t/boot/vmlinuz-6.1 root=/dev/sda1 ro nousb audit=0\n",
            {"audited_from_start": False, "weakened_by": ("audit=0",)},
        ),
        ("ro nousb audit=1", "options ro audit=1\n", {"usb_off": False}),
    ],
)
def test_kernel_arguments(now: str, later: str, expected: dict[str, Any]) -> None:
    assert observe(kernel_arguments, {COMMAND_LINE: now, NEXT: later}) == [arguments(**expected)]


SIGNED = world(
    firmware,
    {
        FOUND: "/sys/firmware/efi\n/sys/firmware/efi/efivars/SecureBoot-8be4df61\n",
        SECURE: "   6   0   0   0   1\n",
        LOCKDOWN: "none [integrity] confidentiality\n",
    },
)


@pytest.mark.parametrize(
    ("changes", "kind", "secure", "lockdown"),
    [
        ({}, "uefi", True, "integrity"),
        ({SECURE: "   6   0   0   0   0\n", LOCKDOWN: "[none] integrity\n"}, "uefi", False, "none"),
        ({FOUND: Output(2, ""), LOCKDOWN: Output(1, "")}, "bios", False, "none"),
        ({FOUND: "/sys/firmware/efi\n", LOCKDOWN: "[confidentiality]\n"}, "uefi", False, "confidentiality"),
    ],
)
def test_firmware(changes: dict[str, Any], kind: Any, secure: bool, lockdown: Any) -> None:
    assert observe(firmware, {**SIGNED, **changes}) == [
        Firmware(resource="host:ehr-1", firmware=kind, secure_boot=secure, lockdown=lockdown)
    ]
