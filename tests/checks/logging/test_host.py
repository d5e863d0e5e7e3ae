from dataclasses import replace
from typing import Any

import pytest

from checks.logging.host import AuditDaemon, Journal, auditd, journald
from scanner.testing import Output, look, observe, world

STATE, RULES, SERVICES = auditd.needs
CONFIGURED, KEPT, LISTENING = journald.needs

AUDITED = world(
    auditd,
    {
        STATE: """\
enabled 2
failure 1
pid 712
rate_limit 0
backlog_limit 8192
lost 0
backlog 0
backlog_wait_time 60000
backlog_wait_time_actual 0
loginuid_immutable 0 unlocked
""",
        RULES: "-w /etc/passwd -p wa -k identity\n-a always,exit -F arch=b64 -S chmod -F key=perm\n",
        SERVICES: "auditd.service   enabled         enabled\ncron.service     enabled         enabled\n",
    },
)

KEPT_ON_DISK = world(
    journald,
    {
        CONFIGURED: """\
# /etc/systemd/journald.conf
[Journal]
#Storage=auto
Storage=volatile

# /usr/lib/systemd/journald.conf.d/50-clinic.conf
[Journal]
Storage=persistent
ForwardToSyslog=yes
""",
        KEPT: Output(1, ""),
        LISTENING: "",
    },
)

RECORDED = AuditDaemon(
    resource="host:ehr-1", logged=True, running=True, enabled=True, rules=2, immutable=True
)


@pytest.mark.parametrize(
    ("needs", "seen"),
    [
        ({}, RECORDED),
        ({STATE: "enabled 1\npid 712\n"}, replace(RECORDED, immutable=False)),
        ({STATE: "enabled 1\npid 0\n"}, replace(RECORDED, immutable=False, logged=False, running=False)),
        ({STATE: "enabled 0\npid 712\n"}, replace(RECORDED, immutable=False, logged=False)),
        ({RULES: "No rules\n"}, replace(RECORDED, logged=False, rules=0)),
        ({SERVICES: "auditd.service disabled enabled\n"}, replace(RECORDED, enabled=False)),
    ],
)
def test_auditd(needs: dict[str, Any], seen: AuditDaemon) -> None:
    assert observe(auditd, {**AUDITED, **needs}) == [seen]


def test_a_host_without_its_programs_records_nothing() -> None:
    assert observe(auditd, {SERVICES: "cron.service enabled enabled\n"}) == [
        AuditDaemon(
            resource="host:ehr-1", logged=False, running=False, enabled=False, rules=0, immutable=False
        )
    ]


@pytest.mark.parametrize(
    "state",
    [
        Output(255, "", "Error - audit support not in kernel\nCannot open netlink audit socket\n"),
        Output(0, "AUDIT_STATUS: enabled=1 flag=1 pid=712\n"),
    ],
)
def test_a_kernel_that_does_not_tell_is_a_refusal(state: Output) -> None:
    sight = look(auditd, {**AUDITED, STATE: state})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [STATE])


@pytest.mark.parametrize(
    ("configured", "kept", "storage", "persistent"),
    [
        ("[Journal]\nStorage=persistent\n", False, "persistent", True),
        ("[Journal]\n#Storage=persistent\n", True, "auto", True),
        ("[Journal]\n", False, "auto", False),
        ("[Journal]\nStorage=volatile\n", True, "volatile", False),
        ("[Journal]\nStorage = none\n", True, "none", False),
        ("[Journal]\nStorage=volatile\n[Journal]\nStorage=\n", True, "auto", True),
    ],
)
def test_journald(configured: str, kept: bool, storage: Any, persistent: bool) -> None:
    answers = {CONFIGURED: configured, KEPT: Output(0 if kept else 1, ""), LISTENING: Output(1, "")}

    assert observe(journald, answers) == [
        Journal(resource="host:ehr-1", running=False, persistent=persistent, storage=storage)
    ]


def test_a_later_drop_in_counts() -> None:
    assert observe(journald, KEPT_ON_DISK) == [
        Journal(resource="host:ehr-1", running=True, persistent=True, storage="persistent")
    ]


def test_without_systemd_there_is_no_journal() -> None:
    sight = look(journald, {KEPT: Output(1, "")})

    assert (sight.facts, sight.refusals) == ([], [])
