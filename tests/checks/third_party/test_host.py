import pytest

from checks.semantics.remote_access import PROGRAMS, Program
from checks.third_party import RemoteAccess
from checks.third_party.host import remote_access
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

RUNNING, BOOTED, SERVICES = remote_access.needs
FIRST = "/proc/1/status:Name:\tsystemd\n/proc/1/status:Uid:\t0\t0\t0\t0\n"


def processes(*names: str, user: int = 0) -> str:
    return "".join(
        f"/proc/{number}/status:Name:\t{name}\n/proc/{number}/status:Uid:\t{user}\t0\t0\t0\n"
        for number, name in enumerate(names, 100 + user)
    )


HOST = world(
    remote_access,
    {
        RUNNING: Output(
            2, FIRST + processes("sshd", "tailscaled", "ninjarmm-linage") + processes("anydesk", user=1000)
        ),
        BOOTED: "",
        SERVICES: """\
anydesk.service                        disabled        enabled
connectwisecontrol-0a1b2c3d4e.service  enabled         enabled
ssh.service                            enabled         enabled
tailscaled.service                     enabled         enabled
teamviewerd.service                    masked          enabled
wg-quick@.service                      disabled        enabled
""",
    },
)


def access(program: str, purpose: str, *, running: bool = False, enabled: bool = False) -> RemoteAccess:
    return RemoteAccess(
        resource=f"host:ehr-1:{program}", program=program, purpose=purpose, running=running, enabled=enabled
    )


def test_programs_that_run_or_are_started_with_the_machine() -> None:
    assert observe(remote_access, HOST) == [
        access("AnyDesk", "remote-control", running=True),
        access("ScreenConnect", "remote-control", enabled=True),
        access("NinjaOne", "remote-management", running=True),
        access("Tailscale", "network", running=True, enabled=True),
    ]


def test_without_systemd_what_runs_is_said() -> None:
    told = {**HOST, RUNNING: FIRST + processes("zerotier-one"), BOOTED: Output(1, "")}

    assert observe(remote_access, told) == [access("ZeroTier", "network", running=True)]


def test_a_host_without_any_has_none() -> None:
    told = {**HOST, RUNNING: FIRST + processes("sshd", "java"), SERVICES: "ssh.service enabled enabled\n"}

    assert observe(remote_access, told) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({RUNNING: processes("sshd")}, Reason.DENIED),
        ({SERVICES: Output(1, "", "Failed to connect to bus")}, Reason.FAILED),
    ],
)
def test_what_is_hidden_is_refused(changes: dict[str, object], reason: Reason) -> None:
    sight = look(remote_access, {**HOST, **changes})

    assert sight.facts == []
    assert [refusal.error.reason for refusal in sight.refusals] == [reason]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: str(program.name))
def test_each_program_is_known_by_each_of_its_names(program: Program) -> None:
    for name in program.processes:
        told = {**HOST, RUNNING: FIRST + processes(name[:15]), SERVICES: ""}
        assert observe(remote_access, told) == [access(program.name, program.purpose, running=True)]
    for service in program.services:
        line = f"{service.replace('*', 'x')}.service enabled enabled\n"
        told = {**HOST, RUNNING: FIRST, SERVICES: line}
        assert observe(remote_access, told) == [access(program.name, program.purpose, enabled=True)]
