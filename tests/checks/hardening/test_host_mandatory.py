import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.hardening.host_mandatory import (
    Apparmor,
    MandatoryControl,
    Selinux,
    apparmor,
    control,
    selinux,
)
from checks.semantics import confinement
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

ENFORCING, APPARMOR, PROFILES, COMMAND_LINE = control.needs
_, CONFIG, _, BOOLEANS, PROCESSES = selinux.needs

NO = Output(1, "")
PLAIN = "BOOT_IMAGE=/vmlinuz-6.1.0-40-amd64 root=UUID=1 ro quiet\n"
# The form of AppArmor 3's `aa-status --json`, with fewer profiles.
STATUS = {
    "version": "2",
    "profiles": {"/usr/sbin/cupsd": "enforce", "man_filter": "enforce", "/usr/bin/foo": "complain"},
    "processes": {
        "/usr/sbin/cupsd": [{"profile": "/usr/sbin/cupsd", "pid": "612", "status": "enforce"}],
        "/usr/bin/foo": [{"profile": "/usr/bin/foo", "pid": "700", "status": "unconfined"}],
    },
}
DEBIAN = world(control, {ENFORCING: NO, APPARMOR: "Y\n", PROFILES: json.dumps(STATUS), COMMAND_LINE: PLAIN})
world(apparmor, DEBIAN)
ROCKY = world(
    selinux,
    {
        ENFORCING: "1",
        CONFIG: "# SELINUX= can take one of three values\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
        COMMAND_LINE: PLAIN,
        BOOLEANS: """\
/sys/fs/selinux/booleans/selinuxuser_execheap:0 0
/sys/fs/selinux/booleans/selinuxuser_execmod:1 1
/sys/fs/selinux/booleans/selinuxuser_execstack:0 1
""",
        # The form of procps on a host with SELinux, with fewer processes.
        PROCESSES: """\
system_u:system_r:init_t:s0                                         1 systemd
system_u:system_r:unconfined_service_t:s0                         812 ehr server 2
system_u:system_r:sshd_t:s0-s0:c0.c1023                           901 sshd
unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023            1002 bash
""",
    },
)
WEAK = "root=UUID=1 selinux=1 enforcing=0 selinux=0 apparmor=0\n"


@pytest.mark.parametrize(
    ("needs", "module", "enforcing", "off"),
    [
        (DEBIAN, "apparmor", True, False),
        ({**DEBIAN, PROFILES: Output(2, "")}, "apparmor", False, False),
        ({**DEBIAN, APPARMOR: "N\n"}, None, False, False),
        ({**DEBIAN, APPARMOR: NO, COMMAND_LINE: WEAK}, None, False, True),
        ({**DEBIAN, ENFORCING: "1"}, "selinux", True, False),
        ({**DEBIAN, ENFORCING: "0\n", COMMAND_LINE: WEAK}, "selinux", False, True),
    ],
)
def test_control(needs: dict[str, Any], module: Any, enforcing: bool, off: bool) -> None:
    assert observe(control, needs) == [
        MandatoryControl(resource="host:ehr-1", module=module, enforcing=enforcing, off_at_boot=off)
    ]


def test_selinux() -> None:
    assert observe(selinux, ROCKY) == [
        Selinux(
            resource="host:ehr-1",
            mode="enforcing",
            configured_mode="enforcing",
            policy_type="targeted",
            kernel_parameters=(),
            executable_heap=False,
            executable_stack=False,
            modified_text=True,
            unconfined_services=("ehr server 2",),
        )
    ]


def test_selinux_that_is_switched_off() -> None:
    off = {ENFORCING: NO, CONFIG: "SELINUX=disabled\n", COMMAND_LINE: WEAK, BOOLEANS: Output(2, "")}

    assert observe(selinux, off) == [
        Selinux(
            resource="host:ehr-1",
            mode="disabled",
            configured_mode="disabled",
            policy_type=None,
            kernel_parameters=("enforcing=0", "selinux=0"),
            executable_heap=None,
            executable_stack=None,
            modified_text=None,
            unconfined_services=(),
        )
    ]


def test_nothing_is_said_of_hosts_without_it() -> None:
    assert observe(selinux, {ENFORCING: NO, CONFIG: NO}) == []
    assert observe(apparmor, {APPARMOR: NO}) == []


def test_apparmor() -> None:
    assert observe(apparmor, DEBIAN) == [
        Apparmor(
            resource="host:ehr-1",
            profiles_enforced=2,
            profiles_lenient=1,
            lenient_profiles=("/usr/bin/foo",),
            unconfined_programs=("/usr/bin/foo",),
        )
    ]


@pytest.mark.parametrize("check", [control, apparmor], ids=["control", "apparmor"])
@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({}, Reason.NOT_COLLECTED),
        ({PROFILES: "apparmor module is loaded.\n"}, Reason.INVALID_ANSWER),
        ({PROFILES: "[" * 100_000}, Reason.INVALID_ANSWER),
        (
            {PROFILES: Output(4, "", "You do not have enough privilege to read the profile set.\n")},
            Reason.FAILED,
        ),
    ],
)
def test_profiles_that_cannot_be_read(check: Any, answers: dict[str, Any], reason: Reason) -> None:
    sight = look(check, {ENFORCING: NO, APPARMOR: "Y\n", COMMAND_LINE: PLAIN, **answers})

    assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == ([], [reason])


@given(st.text())
def test_no_text_breaks_the_readers(text: str) -> None:
    lines = text.split("\n")
    confinement.profiles(text)
    confinement.settings(lines)
    confinement.booleans(lines)
    confinement.switches(text)
    confinement.unconfined_services(lines)
