"""Hardening of hosts: who may interfere while the machine starts."""

from collections.abc import Iterator, Mapping
from typing import Literal

from checks.semantics import boot, kernel
from scanner import Facts, Host, Reason, check

_FOLDERS = (
    "/boot/grub",
    "/boot/grub2",
    *(
        f"/boot/efi/EFI/{vendor}"
        for vendor in (
            "almalinux",
            "amzn",
            "centos",
            "debian",
            "fedora",
            "opensuse",
            "oracle",
            "redhat",
            "rocky",
            "sles",
            "ubuntu",
        )
    ),
)
"""Where GRUB's menu lies: https://www.gnu.org/software/grub/manual/, and vendors' EFI folders."""
MENUS = tuple(f"{folder}/grub.cfg" for folder in _FOLDERS)
USERS = tuple(f"{folder}/user.cfg" for folder in _FOLDERS)
"""Where Red Hat's GRUB keeps the hash of its password."""
_MENUS, _USERS = " ".join(MENUS), " ".join(USERS)
# -o prints the words and not what follows them: no hash leaves the host. /proc/version always matches, so
# that nothing found is told from sudo's refusal, which ends with 1 as grep does.
_MARKS = (
    "sudo grep -sHo -e grub.pbkdf2.sha -e GRUB2_PASSWORD=grub.pbkdf2.sha -e GRUB2_PASSWORD -e menuentry"
    f" -e Linux /proc/version {_MENUS} {_USERS}"
)
_SUPERUSERS = f"sudo grep -sH -e superusers= -e Linux.version /proc/version {_MENUS}"
_COMMAND_LINE = "cat /proc/cmdline"
_NEXT = (
    "sudo grep -rhs -e ^options -e ^kernelopts= -e vmlinuz -e Linux.version /proc/version"
    " /boot/loader/entries /boot/grub2/grubenv /boot/grub/grub.cfg /boot/grub2/grub.cfg"
)
_ASKED = ("ctrl-alt-del.target", "debug-shell.service", "emergency.service", "rescue.service")
_UNITS = "systemctl show --property=LoadState,ActiveState,UnitFileState,ExecStart,Environment " + " ".join(
    _ASKED
)
_MANAGER = "systemd-analyze cat-config systemd/system.conf"
_INITTAB = "grep -s ctrlaltdel /etc/inittab"
_FIRMWARE = (
    "ls -d /sys/firmware/efi /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
)
_SECURE = "od -An -v -t u1 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_LOCKDOWN = "cat /sys/kernel/security/lockdown"

_ON = frozenset({"", "1", "y", "yes", "t", "true", "on"})
_GENERIC = frozenset({"root", "admin", "administrator"})


class BootLoader(Facts):
    """Whether somebody at the machine may change what GRUB starts."""

    menu: str
    """The path of the menu."""
    password: bool
    """Whether changing an entry, or GRUB's command line, needs a password, which is stored hashed."""
    superusers: tuple[str, ...]
    """Who may; these are GRUB's own names."""
    generic_superuser: bool
    """Whether one of them is called root, admin or administrator, as whoever tries would guess first."""


class Console(Facts):
    """What somebody at the machine's keyboard may do without logging in."""

    ctrl_alt_del_reboots: bool
    """Whether pressing Ctrl, Alt and Del reboots it."""
    ctrl_alt_del_burst: str
    """What pressing them seven times within two seconds does, as systemd calls it; none when nothing."""
    debug_shell: bool
    """Whether a root shell without a password waits on a console, now or after the next boot."""
    emergency_password: bool
    """Whether emergency mode asks for root's password."""
    rescue_password: bool
    """Whether rescue mode, which single-user mode is called by systemd, asks for root's password."""


class Arguments(Facts):
    """What the kernel was started with, and will be."""

    interactive_boot: bool
    """Whether somebody at the machine is asked which services are to be started, now or at the next boot."""
    usb_off: bool
    """Whether the kernel was told to leave USB alone (nousb)."""
    audited_from_start: bool
    """Whether programs are audited that run before the audit daemon (audit=1)."""
    weakened_by: tuple[str, ...]
    """Arguments that turn a protection off, now or at the next boot, as in mitigations=off."""
    single_user: bool
    """Whether it was started into single-user, rescue or emergency mode, or a shell."""


class Firmware(Facts):
    """What the firmware and the kernel let start."""

    firmware: Literal["uefi", "bios"]
    """What starts the machine; bios for all that is not UEFI."""
    secure_boot: bool
    """Whether the firmware starts only what was signed by somebody it trusts."""
    lockdown: Literal["none", "integrity", "confidentiality"]
    """Whether root is kept from changing the running kernel, or from reading it, too."""


@check(_MARKS, _SUPERUSERS)
def boot_loaders(host: Host) -> Iterator[BootLoader]:
    """Whether GRUB asks for a password before it lets somebody change what it starts.

    One observation for each menu, of BIOS and of UEFI; one that only points to another menu is left out.
    Passwords are never read, only whether there is one. Nothing is said of hosts without GRUB.
    """
    marks = host.run(_MARKS, ok=(0, 2)).lines
    superusers = host.run(_SUPERUSERS, ok=(0, 2)).lines
    for menu in MENUS:
        if f"{menu}:menuentry" not in marks:
            continue
        said = boot.loader(menu, marks, superusers)
        yield BootLoader(
            resource=f"{host.id}/boot-loader{menu}",
            menu=menu,
            password=said.password,
            superusers=said.superusers,
            generic_superuser=not _GENERIC.isdisjoint(said.superusers),
        )


@check(_UNITS, _MANAGER, _INITTAB)
def console(host: Host) -> Iterator[Console]:
    """What somebody at the machine's keyboard may do without logging in.

    As systemd would start it, drop-ins included. Without systemd, as on Alpine, /etc/inittab says what Ctrl,
    Alt and Del do, and there is neither a debug shell nor a mode that a unit would guard.
    """
    # grep ends with 2 where the file does not exist, as beside systemd.
    line = host.run(_INITTAB, ok=(0, 1, 2)).text.strip()
    if not host.has("systemd-analyze"):
        reboots = bool(line) and not line.startswith("#")
        yield _console(host, reboots=reboots, burst="none")
        return
    units = boot.units(host.run(_UNITS).text, _ASKED)
    if units.keys() != {*_ASKED}:
        raise host.refuse(_UNITS, Reason.INVALID_ANSWER, "not every unit was told of", "see what it says")
    burst = boot.last_setting(host.run(_MANAGER).lines, "CtrlAltDelBurstAction") or "reboot-force"
    shell = units["debug-shell.service"]
    yield _console(
        host,
        reboots=units["ctrl-alt-del.target"].get("LoadState") == "loaded",
        burst=burst,
        shell=shell.get("ActiveState") == "active" or shell.get("UnitFileState", "").startswith("enabled"),
        emergency=_asks(units["emergency.service"]),
        rescue=_asks(units["rescue.service"]),
    )


@check(_COMMAND_LINE, _NEXT)
def kernel_arguments(host: Host) -> Iterator[Arguments]:
    """What the kernel was started with, and what the boot loader's entries would start it with.

    What is at odds with a protection counts if it stands in either; entries for recovery that Debian and
    Ubuntu add to their menu are left out, as GRUB's password is what guards them.
    """
    now = host.run(_COMMAND_LINE).text
    later = [line for line in host.run(_NEXT, ok=(0, 2)).read(kernel.boot_lines) if not _recovers(line)]
    started = [kernel.arguments(line) for line in (now, *later)]
    weak = sorted({word for said in started for word in _weakening(said)})
    yield Arguments(
        resource=host.id,
        interactive_boot=any(
            said.get("systemd.confirm_spawn", "no").lower() not in ("no", "0", "false", "off")
            for said in started
        ),
        usb_off=all("nousb" in said or said.get("usbcore.nousb", "0").lower() in _ON for said in started),
        audited_from_start=all(said.get("audit") in ("1", "on") for said in started),
        weakened_by=tuple(weak),
        single_user=_recovers(now),
    )


@check(_FIRMWARE, _SECURE, _LOCKDOWN)
def firmware(host: Host) -> Iterator[Firmware]:
    """Whether the firmware starts only what was signed, and whether root may change the running kernel.

    A machine that was not started by UEFI has no Secure Boot. In a container it is the machine's below.
    """
    # ls ends with 2 where one of them does not exist, busybox with 1.
    found = host.run(_FIRMWARE, ok=(0, 1, 2)).lines
    secure = any("SecureBoot" in line for line in found) and host.run(_SECURE).text.split()[-1:] == ["1"]
    said = host.run(_LOCKDOWN, ok=(0, 1)).text
    yield Firmware(
        resource=host.id,
        firmware="uefi" if found else "bios",
        secure_boot=secure,
        lockdown="confidentiality"
        if "[confidentiality]" in said
        else "integrity"
        if "[integrity]" in said
        else "none",
    )


def _console(  # noqa: PLR0913 - each is a fact
    host: Host,
    *,
    reboots: bool,
    burst: str,
    shell: bool = False,
    emergency: bool = True,
    rescue: bool = True,
) -> Console:
    return Console(
        resource=host.id,
        ctrl_alt_del_reboots=reboots,
        ctrl_alt_del_burst=burst,
        debug_shell=shell,
        emergency_password=emergency,
        rescue_password=rescue,
    )


def _asks(unit: Mapping[str, str]) -> bool:
    """Whether a unit lets nobody in without root's password; one that is masked lets nobody in at all."""
    if unit.get("LoadState") == "masked":
        return True
    forced = "SYSTEMD_SULOGIN_FORCE=1" in unit.get("Environment", "").split()
    return "sulogin" in unit.get("ExecStart", "") and not forced


def _recovers(line: str) -> bool:
    """Whether a command line starts a shell or a mode for repairs."""
    words = set(line.split())
    shell = any(word.startswith(("init=/bin/", "rd.break")) for word in words)
    modes = {"single", "recovery", "emergency", "rescue", "1", "s", "S"}
    return shell or not modes.isdisjoint(words) or "systemd.unit=rescue.target" in words


def _weakening(said: Mapping[str, str]) -> Iterator[str]:
    off = {
        "mitigations": ("off",),
        "selinux": ("0",),
        "enforcing": ("0",),
        "apparmor": ("0",),
        "audit": ("0", "off"),
        "noexec": ("off",),
        "kaslr": ("off",),
        "pti": ("off",),
        "spectre_v2": ("off",),
        "module.sig_enforce": ("0",),
    }
    for name, values in off.items():
        if said.get(name, "").lower() in values and name in said:
            yield f"{name}={said[name]}"
    yield from (name for name in ("nokaslr", "nopti", "nosmep", "nosmap", "nospectre_v2") if name in said)
