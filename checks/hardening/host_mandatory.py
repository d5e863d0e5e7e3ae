"""Hardening of hosts: what SELinux or AppArmor keep programs from, whatever their users may do."""

from collections.abc import Iterator
from typing import Literal

from checks.semantics import confinement
from scanner import Facts, Host, Reason, check

_ENFORCING = "cat /sys/fs/selinux/enforce"
_CONFIG = "cat /etc/selinux/config"
_COMMAND_LINE = "cat /proc/cmdline"
_BOOLEANS = (
    "grep -Hs . /sys/fs/selinux/booleans/selinuxuser_execheap /sys/fs/selinux/booleans/selinuxuser_execmod"
    " /sys/fs/selinux/booleans/selinuxuser_execstack"
)
_PROCESSES = "ps -e -o label=,pid=,comm="
_APPARMOR = "cat /sys/module/apparmor/parameters/enabled"
_PROFILES = "sudo aa-status --json"

_NO_POLICY = (0, 2)
"""aa-status ends with 2 where AppArmor is on and no profile is loaded."""
_TOLD = 50


class MandatoryControl(Facts):
    """Whether the kernel holds programs to a policy, whoever runs them."""

    module: Literal["selinux", "apparmor"] | None
    """What does it; none when neither SELinux nor AppArmor is on."""
    enforcing: bool
    """Whether what the policy forbids is stopped, and not only noted; of AppArmor, whether it is for at least
    one program."""
    off_at_boot: bool
    """Whether the kernel was started with parameters that switch it off, or to noting only."""


class Selinux(Facts):
    """How SELinux is set up."""

    mode: Literal["enforcing", "permissive", "disabled"]
    """What it does now."""
    configured_mode: str | None
    """What it is set to do from the next boot on; none where it is set to nothing."""
    policy_type: str | None
    """The policy that it is set to: targeted, mls, minimum; none where it is set to none."""
    kernel_parameters: tuple[str, ...]
    """The kernel's parameters that weaken it: selinux=0, enforcing=0."""
    executable_heap: bool | None
    """Whether users' programs may run what is on their heap (selinuxuser_execheap); none where the policy
    that is in force has no such switch."""
    executable_stack: bool | None
    """Whether users' programs may run what is on their stack (selinuxuser_execstack); none as above."""
    modified_text: bool | None
    """Whether users' programs may run libraries that are changed when they are loaded (selinuxuser_execmod),
    as older ones have to be; none as above."""
    unconfined_services: tuple[str, ...]
    """The names of the first fifty services that run unconfined, since the policy does not know them."""


class Apparmor(Facts):
    """How AppArmor is set up."""

    profiles_enforced: int
    """How many programs' profiles stop what they do not allow."""
    profiles_lenient: int
    """How many profiles only note it, or allow everything."""
    lenient_profiles: tuple[str, ...]
    """The first fifty of them."""
    unconfined_programs: tuple[str, ...]
    """The first fifty programs that run without the profile that is loaded for them."""


@check(_ENFORCING, _APPARMOR, _PROFILES, _COMMAND_LINE)
def control(host: Host) -> Iterator[MandatoryControl]:
    """Whether SELinux or AppArmor holds programs to a policy, and stops what it forbids.

    The Red Hat family and SUSE from 16 on have SELinux; Debian, Ubuntu and older SUSE AppArmor; Alpine
    neither unless it is set up. In a container nothing is seen of what the machine below it enforces.
    """
    switches = confinement.switches(host.run(_COMMAND_LINE).text)
    mode = _mode(host)
    if mode != "disabled":
        yield MandatoryControl(
            resource=host.id,
            module="selinux",
            enforcing=mode == "enforcing",
            off_at_boot=bool(_weak(switches)),
        )
        return
    on = _apparmor_on(host)
    yield MandatoryControl(
        resource=host.id,
        module="apparmor" if on else None,
        enforcing=on and bool(_profiles(host).enforced),
        off_at_boot=bool(_weak(switches)) or switches.get("apparmor") == "0",
    )


@check(_ENFORCING, _CONFIG, _COMMAND_LINE, _BOOLEANS, _PROCESSES)
def selinux(host: Host) -> Iterator[Selinux]:
    """How SELinux is set up, what weakens it, and which services it does not confine.

    Nothing is said of a host that neither runs SELinux nor is set up for it.
    """
    mode = _mode(host)
    # cat ends with 1 where the file does not exist.
    config = host.run(_CONFIG, ok=(0, 1)).read(confinement.settings)
    if mode == "disabled" and not config:
        return
    # grep ends with 1 or 2 where the policy, or the kernel, does not have them.
    booleans = host.run(_BOOLEANS, ok=(0, 1, 2)).read(confinement.booleans)
    running = host.run(_PROCESSES).lines if mode != "disabled" else ()
    yield Selinux(
        resource=host.id,
        mode=mode,
        configured_mode=config.get("SELINUX") or None,
        policy_type=config.get("SELINUXTYPE") or None,
        kernel_parameters=_weak(confinement.switches(host.run(_COMMAND_LINE).text)),
        executable_heap=booleans.get("selinuxuser_execheap"),
        executable_stack=booleans.get("selinuxuser_execstack"),
        modified_text=booleans.get("selinuxuser_execmod"),
        unconfined_services=confinement.unconfined_services(running)[:_TOLD],
    )


@check(_APPARMOR, _PROFILES)
def apparmor(host: Host) -> Iterator[Apparmor]:
    """Which programs AppArmor confines, and which run without the profile that there is for them.

    Nothing is said of a host that does not run AppArmor.
    """
    if not _apparmor_on(host):
        return
    said = _profiles(host)
    yield Apparmor(
        resource=host.id,
        profiles_enforced=len(said.enforced),
        profiles_lenient=len(said.lenient),
        lenient_profiles=said.lenient[:_TOLD],
        unconfined_programs=said.unconfined[:_TOLD],
    )


def _mode(host: Host) -> Literal["enforcing", "permissive", "disabled"]:
    # cat ends with 1 where the kernel does not run SELinux.
    said = host.run(_ENFORCING, ok=(0, 1))
    if said.status == 1:
        return "disabled"
    return "enforcing" if said.text.strip() == "1" else "permissive"


def _weak(switches: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}=0" for name in ("enforcing", "selinux") if switches.get(name) == "0")


def _apparmor_on(host: Host) -> bool:
    # cat ends with 1 where the kernel has no AppArmor.
    return host.run(_APPARMOR, ok=(0, 1)).lines[:1] == ("Y",)


def _profiles(host: Host) -> confinement.Profiles:
    if not host.has("aa-status"):
        raise host.refuse(
            _PROFILES,
            Reason.NOT_COLLECTED,
            "AppArmor is on, and there is no program to list its profiles with",
            "install the package apparmor on the host",
        )
    said = host.run(_PROFILES, ok=_NO_POLICY)
    found = confinement.profiles(said.text)
    if found is None and said.status == 0:
        raise host.refuse(
            _PROFILES, Reason.INVALID_ANSWER, "its answer is not what AppArmor documents", "update AppArmor"
        )
    return found or confinement.Profiles((), (), ())
