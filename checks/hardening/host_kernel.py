"""Hardening of hosts: how the kernel is set up, and what it may still load."""

from collections.abc import Iterator
from typing import Literal

from checks.semantics import kernel
from scanner import Facts, Host, Reason, check

Kind = Literal["removable-media", "direct-memory", "radio", "file-system", "protocol"]

_CPU = "grep -m1 -E '^(flags|Features)' /proc/cpuinfo"
_MACHINE = "uname -m"
_RUNNING = (
    "grep -sH . /proc/sys/fs/suid_dumpable /proc/sys/kernel/core_pattern /proc/sys/kernel/dmesg_restrict"
    " /proc/sys/kernel/randomize_va_space /proc/sys/kernel/kptr_restrict /proc/sys/kernel/yama/ptrace_scope"
    " /proc/sys/kernel/unprivileged_bpf_disabled /proc/sys/kernel/perf_event_paranoid"
    " /proc/sys/kernel/sysrq /proc/sys/kernel/kexec_load_disabled /proc/sys/kernel/modules_disabled"
    " /proc/sys/net/ipv4/tcp_syncookies /proc/sys/net/ipv4/icmp_echo_ignore_broadcasts"
    " /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding"
    " /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv[46]/conf/*/accept_redirects"
    " /proc/sys/net/ipv4/conf/*/send_redirects /proc/sys/net/ipv[46]/conf/*/accept_source_route"
    " /proc/sys/net/ipv4/conf/*/log_martians"
)
_LINKS = (
    "sudo grep -sH . /proc/sys/fs/protected_hardlinks /proc/sys/fs/protected_symlinks"
    " /proc/sys/fs/protected_fifos /proc/sys/fs/protected_regular"
)
_FILES = (
    "ls -d /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf"
    " /lib/sysctl.d/*.conf /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/local/lib/modprobe.d/*.conf"
    " /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf"
)
_SETTINGS = (
    "sudo grep -RHs = /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d"
    " /lib/sysctl.d /proc/mounts"
)
_SYSTEMD = "test -d /run/systemd/system"
_LOADED = "cat /proc/modules"
_RISKY: dict[str, Kind] = {
    "usb-storage": "removable-media",
    "uas": "removable-media",
    "firewire-ohci": "direct-memory",
    "firewire-sbp2": "removable-media",
    "bluetooth": "radio",
    "cramfs": "file-system",
    "freevxfs": "file-system",
    "hfs": "file-system",
    "hfsplus": "file-system",
    "jffs2": "file-system",
    "dccp": "protocol",
    "rds": "protocol",
    "sctp": "protocol",
    "tipc": "protocol",
}
_KNOWN = (
    f"grep -HE '/({'|'.join(_RISKY)})[.]ko' /lib/modules/$(uname -r)/modules.dep"
    " /lib/modules/$(uname -r)/modules.builtin"
)
_MODPROBE = (
    "grep -RHsE '^[[:space:]]*(install|blacklist)[[:space:]]' /etc/modprobe.d /run/modprobe.d"
    " /usr/local/lib/modprobe.d /usr/lib/modprobe.d /lib/modprobe.d"
)
_COMMAND_LINE = "cat /proc/cmdline"

_LASTING = (
    "fs/suid_dumpable",
    "kernel/dmesg_restrict",
    "kernel/kptr_restrict",
    "kernel/randomize_va_space",
    "kernel/unprivileged_bpf_disabled",
    "kernel/yama/ptrace_scope",
    "net/ipv4/conf/all/accept_redirects",
    "net/ipv4/conf/all/accept_source_route",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/all/send_redirects",
    "net/ipv4/ip_forward",
    "net/ipv4/tcp_syncookies",
    "net/ipv6/conf/all/accept_redirects",
    "net/ipv6/conf/all/accept_source_route",
    "net/ipv6/conf/all/forwarding",
)
"""What is compared to what the next boot will set; some of it programs set themselves when they start."""

_RANDOM: dict[str, Literal["full", "partial", "none"]] = {"0": "none", "1": "partial", "2": "full"}
_DUMPS: dict[str, Literal["never", "to-everybody", "to-root"]] = {
    "0": "never",
    "1": "to-everybody",
    "2": "to-root",
}


class Memory(Facts):
    """How the kernel keeps programs from reading and subverting each other and itself."""

    privileged_core_dumps: Literal["never", "to-root", "to-everybody"]
    """Who gets the memory of a crashed program that had more rights than whoever started it."""
    core_dumps_piped_to: str | None
    """The program that the kernel hands crashed programs' memory to; none where it writes files itself."""
    address_space_randomized: Literal["full", "partial", "none"]
    """Whether programs lie at addresses that nobody can foretell; partial leaves out the heap."""
    no_execute: bool
    """Whether the processor refuses to run what lies in memory as data."""
    kernel_messages_restricted: bool
    """Whether only root reads the kernel's messages."""
    kernel_addresses_restricted: bool
    """Whether the kernel hides its addresses from those who are not root."""
    tracing_restricted: bool
    """Whether a program may read the memory of its children only, and not of all its user's programs."""
    unprivileged_bpf: bool
    """Whether everybody may load programs into the kernel."""


class Networking(Facts):
    """What the kernel believes of packets, over all interfaces but the loopback one."""

    reverse_path: kernel.ReversePath
    """Whether a packet is dropped whose sender would not be answered by the way it came; the least strict."""
    accepts_redirects: bool
    """Whether some interface lets others change the machine's IPv4 routes."""
    accepts_redirects_ipv6: bool
    """The same for IPv6."""
    sends_redirects: bool
    """Whether some interface tells others to change theirs."""
    accepts_source_routes: bool
    """Whether some interface lets IPv4 packets say which way they want to go."""
    accepts_source_routes_ipv6: bool
    """The same for IPv6."""
    syn_cookies: bool
    """Whether connections that are opened and left do not exhaust the machine."""
    answers_broadcasts: bool
    """Whether it answers a ping to everybody, as a flood by proxy needs."""
    logs_impossible_addresses: bool
    """Whether some interface has packets with impossible addresses logged."""


class Links(Facts):
    """What the kernel makes of links and files in folders that everybody writes to."""

    hard_links_protected: bool
    """Whether nobody can link to others' files that they may not write to."""
    symbolic_links_protected: bool
    """Whether another's symbolic link in such a folder is not followed."""
    files_protected: bool
    """Whether another's file in such a folder is not opened by who meant to create it."""


class Lasting(Facts):
    """Whether the kernel's settings will be the same after the next boot."""

    differing: tuple[str, ...]
    """Settings that files set to something else than they are now, as in kernel/dmesg_restrict 1 -> 0."""
    unset: tuple[str, ...]
    """Settings that no file names: after the next boot they are what the kernel or a program makes them."""


class Module(Facts):
    """A part of the kernel that most servers have no need of."""

    module: str
    """Its name."""
    kind: Kind
    """What it is for."""
    installed: bool
    """Whether it is there to be loaded, or is part of the kernel."""
    built_in: bool
    """Whether it is part of the kernel, and cannot be taken out."""
    loaded: bool
    """Whether it is loaded now."""
    blacklisted: bool
    """Whether it is not loaded when a device or file system asks for it."""
    blocked: bool
    """Whether it is not loaded by its name, either."""
    usable: bool
    """Whether it works now, or would when a device is plugged in or a user asks: neither of the two above."""


@check(_RUNNING, _CPU, _MACHINE)
def memory(host: Host) -> Iterator[Memory]:
    """Whether the kernel keeps programs from reading and subverting each other, as it runs now.

    exec-shield was Red Hat's; the processor's no-execute bit took its place, and x86 processors say whether
    they have it turned on. Processors of 64-bit ARM and others always have it. In a container these are the
    settings of the machine below.
    """
    settings = _running(host)
    x86 = host.run(_MACHINE).text.strip() in ("x86_64", "i686", "i586", "i386")
    processor = host.run(_CPU, ok=(0, 1)).text.split()
    pattern = settings.get("kernel/core_pattern", "")
    yield Memory(
        resource=host.id,
        privileged_core_dumps=_DUMPS[_said(host, settings, "fs/suid_dumpable")],
        core_dumps_piped_to=pattern[1:].split(" ")[0] if pattern.startswith("|") else None,
        address_space_randomized=_RANDOM[_said(host, settings, "kernel/randomize_va_space")],
        no_execute=not x86 or "nx" in processor,
        kernel_messages_restricted=_said(host, settings, "kernel/dmesg_restrict") == "1",
        kernel_addresses_restricted=_said(host, settings, "kernel/kptr_restrict") != "0",
        # Absent where the kernel was built without them: nothing restricts, and there is no BPF to load.
        tracing_restricted=settings.get("kernel/yama/ptrace_scope", "0") != "0",
        unprivileged_bpf=settings.get("kernel/unprivileged_bpf_disabled") == "0",
    )


@check(_RUNNING)
def networking(host: Host) -> Iterator[Networking]:
    """What the kernel believes of packets that come in, as it runs now, over all interfaces.

    Packets of the loopback interface come from the machine itself. Where IPv6 is off, its facts are false.
    """
    settings = _running(host)
    yield Networking(
        resource=host.id,
        reverse_path=kernel.reverse_path(settings),
        accepts_redirects=kernel.any_interface(settings, 4, "accept_redirects"),
        accepts_redirects_ipv6=kernel.any_interface(settings, 6, "accept_redirects"),
        sends_redirects=kernel.any_interface(settings, 4, "send_redirects"),
        # Both have to be on: https://docs.kernel.org/networking/ip-sysctl.html
        accepts_source_routes=settings.get("net/ipv4/conf/all/accept_source_route", "0") != "0"
        and kernel.any_interface(settings, 4, "accept_source_route"),
        # Below zero no routing header is accepted; zero is type 2 only, that of Mobile IPv6.
        accepts_source_routes_ipv6=any(
            path.startswith("net/ipv6/") and path.endswith("/accept_source_route") and int(value) > 0
            for path, value in settings.items()
        ),
        syn_cookies=_said(host, settings, "net/ipv4/tcp_syncookies") != "0",
        answers_broadcasts=_said(host, settings, "net/ipv4/icmp_echo_ignore_broadcasts") == "0",
        logs_impossible_addresses=kernel.any_interface(settings, 4, "log_martians"),
    )


@check(_LINKS)
def links(host: Host) -> Iterator[Links]:
    """Whether the kernel protects users from others' links and files in folders that everybody writes to."""
    # grep ends with 2 where a kernel lacks one of them, and sudo with 1 where it refuses.
    settings = host.run(_LINKS, ok=(0, 2)).read(kernel.running)
    yield Links(
        resource=host.id,
        hard_links_protected=settings.get("fs/protected_hardlinks", "0") != "0",
        symbolic_links_protected=settings.get("fs/protected_symlinks", "0") != "0",
        files_protected=all(
            settings.get(f"fs/protected_{kind}", "0") != "0" for kind in ("fifos", "regular")
        ),
    )


@check(_RUNNING, _FILES, _SETTINGS, _SYSTEMD)
def settings_after_boot(host: Host) -> Iterator[Lasting]:
    """Whether the next boot sets the kernel as it is set now.

    Read from every directory of sysctl.d, a file hiding those of the same name in directories that come
    later. What ufw, Docker or libvirt set when they start is not seen.
    """
    now = _running(host)
    wanted = [name for name in _LASTING if name in now]
    # ls and grep end with 2 where a directory does not exist; only sudo ends with 1.
    found = host.run(_FILES, ok=(0, 1, 2)).lines
    systemd = host.run(_SYSTEMD, ok=(0, 1)).status == 0
    said = kernel.configured(wanted, found, host.run(_SETTINGS, ok=(0, 2)).lines, systemd=systemd)
    yield Lasting(
        resource=host.id,
        differing=tuple(
            f"{name} {now[name]} -> {said[name]}" for name in wanted if said.get(name, now[name]) != now[name]
        ),
        unset=tuple(name for name in wanted if name not in said),
    )


@check(_LOADED, _KNOWN, _FILES, _MODPROBE, _COMMAND_LINE, _RUNNING)
def modules(host: Host) -> Iterator[Module]:
    """Whether parts of the kernel that most servers have no need of can be used: USB disks, odd file systems.

    It is not enough that one is not loaded: it must not be when a device is plugged in. Root loads what it
    likes all the same. In a container the machine below decides, and nothing can be seen.
    """
    state = kernel.modules(
        host.run(_LOADED).lines,
        host.run(_KNOWN, ok=(0, 1)).lines,
        host.run(_FILES, ok=(0, 1, 2)).lines,
        host.run(_MODPROBE, ok=(0, 1, 2)).lines,
    )
    started = kernel.arguments(host.run(_COMMAND_LINE).text)
    refused = {kernel.underscored(name) for name in started.get("module_blacklist", "").split(",")}
    skipped = {kernel.underscored(name) for name in started.get("modprobe.blacklist", "").split(",")}
    locked = _running(host).get("kernel/modules_disabled") == "1"
    without_usb = "nousb" in started or started.get("usbcore.nousb") in ("", "1", "y", "Y")
    for module, kind in _RISKY.items():
        yield _module(
            host,
            module,
            kind,
            state,
            refused=locked or kernel.underscored(module) in refused,
            skipped=kernel.underscored(module) in skipped,
            deaf=without_usb and module in ("usb-storage", "uas"),
        )


def _module(  # noqa: PLR0913 - each says something else
    host: Host, module: str, kind: Kind, state: kernel.Modules, *, refused: bool, skipped: bool, deaf: bool
) -> Module:
    name = kernel.underscored(module)
    built_in, loaded = name in state.built_in, name in state.loaded
    blocked = not built_in and (refused or name in state.blocked)
    blacklisted = not built_in and (skipped or name in state.blacklisted)
    there = built_in or loaded or name in state.installed
    return Module(
        resource=f"{host.id}/module/{module}",
        module=module,
        kind=kind,
        installed=there,
        built_in=built_in,
        loaded=loaded,
        blacklisted=blacklisted,
        blocked=blocked,
        usable=there and not deaf and (loaded or not (blocked or blacklisted)),
    )


def _running(host: Host) -> dict[str, str]:
    # grep ends with 2 where the kernel lacks one of them.
    return host.run(_RUNNING, ok=(0, 2)).read(kernel.running)


def _said(host: Host, settings: dict[str, str], name: str) -> str:
    if name not in settings:
        raise host.refuse(
            _RUNNING, Reason.NOT_COLLECTED, f"/proc/sys/{name} cannot be seen", "scan the machine below"
        )
    return settings[name]
