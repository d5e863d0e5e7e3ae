from typing import Any

import pytest

from checks.hardening.host_kernel import (
    Lasting,
    Links,
    Memory,
    Module,
    Networking,
    links,
    memory,
    modules,
    networking,
    settings_after_boot,
)
from checks.semantics import kernel
from scanner.testing import Output, look, observe, world

RUNNING, CPU, MACHINE = memory.needs
[LINKS] = links.needs
_, FILES, SETTINGS, SYSTEMD = settings_after_boot.needs
LOADED, KNOWN, _, MODPROBE, COMMAND_LINE, _ = modules.needs

# As Debian 12's kernel answers.
SET = """\
/proc/sys/fs/suid_dumpable:0
/proc/sys/kernel/core_pattern:|/usr/lib/systemd/systemd-coredump %P %u
/proc/sys/kernel/dmesg_restrict:1
/proc/sys/kernel/randomize_va_space:2
/proc/sys/kernel/kptr_restrict:0
/proc/sys/kernel/unprivileged_bpf_disabled:2
/proc/sys/kernel/modules_disabled:0
/proc/sys/net/ipv4/tcp_syncookies:1
/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts:1
/proc/sys/net/ipv4/ip_forward:0
/proc/sys/net/ipv4/conf/all/rp_filter:0
/proc/sys/net/ipv4/conf/default/rp_filter:2
/proc/sys/net/ipv4/conf/eth0/rp_filter:1
/proc/sys/net/ipv4/conf/lo/rp_filter:0
/proc/sys/net/ipv4/conf/all/accept_redirects:0
/proc/sys/net/ipv4/conf/eth0/accept_redirects:0
/proc/sys/net/ipv4/conf/lo/accept_redirects:1
/proc/sys/net/ipv6/conf/all/accept_redirects:0
/proc/sys/net/ipv6/conf/eth0/accept_redirects:1
/proc/sys/net/ipv4/conf/all/send_redirects:1
/proc/sys/net/ipv4/conf/all/accept_source_route:0
/proc/sys/net/ipv4/conf/eth0/accept_source_route:1
/proc/sys/net/ipv6/conf/eth0/accept_source_route:0
/proc/sys/net/ipv4/conf/eth0/log_martians:0
"""
MEMORY = world(memory, {RUNNING: Output(2, SET), CPU: "flags\t\t: fpu vme nx lm\n", MACHINE: "x86_64\n"})
world(networking, {RUNNING: SET})


def kept(**changes: Any) -> Memory:
    facts: dict[str, Any] = {
        "privileged_core_dumps": "never",
        "core_dumps_piped_to": "/usr/lib/systemd/systemd-coredump",
        "address_space_randomized": "full",
        "no_execute": True,
        "kernel_messages_restricted": True,
        "kernel_addresses_restricted": False,
        "tracing_restricted": False,
        "unprivileged_bpf": False,
    }
    return Memory(resource="host:ehr-1", **{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({CPU: "flags\t: fpu vme lm\n"}, {"no_execute": False}),
        ({CPU: Output(1, "")}, {"no_execute": False}),
        ({CPU: "Features\t: fp asimd\n", MACHINE: "aarch64\n"}, {}),
        (
            {RUNNING: SET.replace("dumpable:0", "dumpable:1").replace("space:2", "space:1")},
            {"privileged_core_dumps": "to-everybody", "address_space_randomized": "partial"},
        ),
        (
            {
                RUNNING: SET.replace("bpf_disabled:2", "bpf_disabled:0").replace(":|/usr", ":core /")
                + "/proc/sys/kernel/yama/ptrace_scope:1\n"
            },
            {"unprivileged_bpf": True, "core_dumps_piped_to": None, "tracing_restricted": True},
        ),
    ],
)
def test_memory(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert observe(memory, {**MEMORY, **changes}) == [kept(**expected)]


def test_a_setting_that_cannot_be_seen_is_refused() -> None:
    sight = look(memory, {**MEMORY, RUNNING: SET.replace("/proc/sys/fs/suid_dumpable:0\n", "")})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [RUNNING])


def test_networking() -> None:
    assert observe(networking, {RUNNING: SET}) == [
        Networking(
            resource="host:ehr-1",
            # The stricter of all and the interface's own counts, and the least strict interface.
            reverse_path="loose",
            accepts_redirects=False,
            accepts_redirects_ipv6=True,
            sends_redirects=True,
            # Both all and the interface have to say so.
            accepts_source_routes=False,
            accepts_source_routes_ipv6=False,
            syn_cookies=True,
            answers_broadcasts=False,
            logs_impossible_addresses=False,
        )
    ]


@pytest.mark.parametrize(
    ("every", "own", "expected"), [(0, 0, "off"), (1, 0, "strict"), (1, 2, "loose"), (0, 1, "strict")]
)
def test_reverse_path(every: int, own: int, expected: str) -> None:
    said = {"net/ipv4/conf/all/rp_filter": str(every), "net/ipv4/conf/eth0/rp_filter": str(own)}

    assert kernel.reverse_path(said) == expected


PROTECTED = world(
    links,
    {
        LINKS: "/proc/sys/fs/protected_hardlinks:1\n/proc/sys/fs/protected_symlinks:1\n"
        "/proc/sys/fs/protected_fifos:1\n/proc/sys/fs/protected_regular:2\n"
    },
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROTECTED[LINKS], (True, True, True)),
        (PROTECTED[LINKS].replace("fifos:1", "fifos:0"), (True, True, False)),
        (Output(2, "/proc/sys/fs/protected_hardlinks:1\n"), (True, False, False)),
    ],
)
def test_links(text: str, expected: tuple[bool, bool, bool]) -> None:
    hard, symbolic, files = expected

    assert observe(links, {LINKS: text}) == [
        Links(
            resource="host:ehr-1",
            hard_links_protected=hard,
            symbolic_links_protected=symbolic,
            files_protected=files,
        )
    ]


def test_sudos_refusal_is_not_an_unprotected_kernel() -> None:
    sight = look(links, {LINKS: Output(1, "", "sudo: a password is required\n")})

    assert (sight.facts, len(sight.refusals)) == ([], 1)


BOOTING = world(
    settings_after_boot,
    {
        RUNNING: """\
/proc/sys/fs/suid_dumpable:0
/proc/sys/kernel/dmesg_restrict:1
/proc/sys/kernel/randomize_va_space:2
/proc/sys/net/ipv4/conf/all/rp_filter:1
/proc/sys/net/ipv4/ip_forward:1
""",
        FILES: Output(
            2,
            """\
/etc/sysctl.d/10-kernel.conf
/etc/sysctl.d/50-hidden.conf
/etc/modprobe.d/no-usb.conf
/usr/lib/sysctl.d/50-hidden.conf
/usr/lib/sysctl.d/90-vendor.conf
""",
        ),
        SETTINGS: Output(
            2,
            """\
/etc/sysctl.conf:net.ipv4.ip_forward=0
/etc/sysctl.d/10-kernel.conf:# kernel.randomize_va_space = 0
/etc/sysctl.d/10-kernel.conf:kernel.dmesg_restrict = 1
/etc/sysctl.d/10-kernel.conf:-net/ipv4/conf/*/rp_filter = 1
/usr/lib/sysctl.d/50-hidden.conf:kernel.randomize_va_space = 0
/usr/lib/sysctl.d/90-vendor.conf:kernel.dmesg_restrict = 0
/usr/lib/sysctl.d/not-read.txt:fs.suid_dumpable = 1
/proc/mounts:proc /proc proc rw,hidepid=2 0 0
""",
        ),
        SYSTEMD: "",
    },
)


def test_what_the_next_boot_changes() -> None:
    unset = ("fs/suid_dumpable", "kernel/randomize_va_space", "net/ipv4/ip_forward")

    assert observe(settings_after_boot, BOOTING) == [
        Lasting(resource="host:ehr-1", differing=("kernel/dmesg_restrict 1 -> 0",), unset=unset)
    ]


def test_without_systemd_the_old_file_counts_last() -> None:
    assert observe(settings_after_boot, {**BOOTING, SYSTEMD: Output(1, "")}) == [
        Lasting(
            resource="host:ehr-1",
            differing=("kernel/dmesg_restrict 1 -> 0", "net/ipv4/ip_forward 1 -> 0"),
            unset=("fs/suid_dumpable", "kernel/randomize_va_space"),
        )
    ]


MODULES = world(
    modules,
    {
        LOADED: "sctp 401408 2 - Live 0x0000000000000000\next4 1 - Live 0x0\n",
        KNOWN: """\
/lib/modules/6.1.0-18-amd64/modules.dep:kernel/drivers/usb/storage/usb-storage.ko.xz: kernel/usb-common.ko
/lib/modules/6.1.0-18-amd64/modules.dep:kernel/drivers/usb/storage/uas.ko: kernel/drivers/x.ko
/lib/modules/6.1.0-18-amd64/modules.dep:kernel/fs/cramfs/cramfs.ko:
/lib/modules/6.1.0-18-amd64/modules.dep:kernel/net/sctp/sctp.ko:
/lib/modules/6.1.0-18-amd64/modules.dep:kernel/net/rds/rds.ko:
/lib/modules/6.1.0-18-amd64/modules.builtin:kernel/fs/hfs/hfs.ko
""",
        FILES: "/etc/modprobe.d/no-usb.conf\n/etc/modprobe.d/vendor.conf\n/usr/lib/modprobe.d/vendor.conf\n",
        MODPROBE: """\
/etc/modprobe.d/no-usb.conf:install usb-storage /bin/false
/etc/modprobe.d/no-usb.conf:blacklist uas
/etc/modprobe.d/no-usb.conf:install sctp /usr/bin/true
/etc/modprobe.d/no-usb.conf:install hfs /bin/true
/etc/modprobe.d/no-usb.conf:install rds /sbin/modprobe --ignore-install rds
/usr/lib/modprobe.d/vendor.conf:blacklist cramfs
""",
        COMMAND_LINE: "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n",
        RUNNING: SET,
    },
)


def part(name: str, kind: Any, *true: str) -> Module:
    facts = {
        fact: fact in true for fact in ("installed", "built_in", "loaded", "blacklisted", "blocked", "usable")
    }
    return Module(resource=f"host:ehr-1/module/{name}", module=name, kind=kind, **facts)


def seen(**changes: Any) -> dict[str, Module]:
    found = observe(modules, {**MODULES, **changes})
    return {module.module: module for module in found if isinstance(module, Module)}


def test_modules() -> None:
    found = seen()

    assert found["usb-storage"] == part("usb-storage", "removable-media", "installed", "blocked")
    assert found["uas"] == part("uas", "removable-media", "installed", "blacklisted")
    # What is loaded works, whatever keeps it from being loaded again.
    assert found["sctp"] == part("sctp", "protocol", "installed", "loaded", "blocked", "usable")
    assert found["hfs"] == part("hfs", "file-system", "installed", "built_in", "usable")
    # A file of the administrator's hides the vendor's of its name, and this install loads it.
    assert found["cramfs"] == part("cramfs", "file-system", "installed", "usable")
    assert found["rds"] == part("rds", "protocol", "installed", "usable")
    assert found["jffs2"] == part("jffs2", "file-system")


def test_the_command_line_keeps_modules_out() -> None:
    found = seen(**{COMMAND_LINE: "ro module_blacklist=cramfs modprobe.blacklist=rds nousb\n", MODPROBE: ""})

    assert found["cramfs"] == part("cramfs", "file-system", "installed", "blocked")
    assert found["rds"] == part("rds", "protocol", "installed", "blacklisted")
    assert found["usb-storage"] == part("usb-storage", "removable-media", "installed")


def test_a_kernel_that_loads_nothing_any_more() -> None:
    found = seen(
        **{RUNNING: SET.replace("modules_disabled:0", "modules_disabled:1"), MODPROBE: Output(1, "")}
    )

    assert found["usb-storage"] == part("usb-storage", "removable-media", "installed", "blocked")


def test_a_container_does_not_see_the_kernels_modules() -> None:
    sight = look(modules, {**MODULES, KNOWN: Output(2, "", "grep: no such file\n")})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [KNOWN])
