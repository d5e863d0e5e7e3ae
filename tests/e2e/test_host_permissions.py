"""What `wardround permissions --for hosts` prints is enough for a scan, and allows nothing else."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner import plan, plugins
from scanner.cli.configuration import named
from scanner.declaration import Check
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets.host import Host, HostTarget
from scanner.targets.probe import Answer, Output
from scanner.targets.script import EXEC, WORD
from tests import logins, sshd
from tests.e2e.command import run

POLICY = "hipaa-security-rule"
CHECKS = {
    name: check
    for name, check in plan.asked([named([POLICY])[0].policy], plugins.checks()).items()
    if check.on is Host
}
ROOTED = {need for check in CHECKS.values() for need in check.needs if need.startswith("sudo ")}
OTHER = Check(lambda _: iter(()), ("echo other", "sudo id -u"))


@pytest.fixture
def auditor() -> Iterator[str]:
    with logins.login() as name:
        yield name


def _asked(server: sshd.Sshd, user: str, **more: Check) -> dict[str, Answer]:
    target = HostTarget(
        name="ehr",
        address=server.address,
        port=server.port,
        user=user,
        identity=str(server.user_key),
        known_hosts=str(server.known_hosts),
        sudo=True,
    )
    return dict(target.enter({**CHECKS, **more}).probe.answers)


def _denied(answers: dict[str, Answer]) -> set[str]:
    return {
        need
        for need, answer in answers.items()
        if isinstance(answer, ReadError) and answer.reason == Reason.DENIED
    }


def _printed(folder: Path, *options: str) -> str:
    shipped = ("permissions", "--for", "hosts", "-p", POLICY)
    result = run(folder, *shipped, *options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_scan_under_exactly_the_printed_sudoers(tmp_path: Path, auditor: str) -> None:
    lines = _printed(tmp_path, "--user", auditor).splitlines()
    with sshd.running() as server:
        before = _denied(_asked(server, auditor))
        with logins.sudoers(auditor, *lines):
            answers = _asked(server, auditor, **{"a.host.other": OTHER})

    assert lines
    assert "sudo grep -RHs . /etc/os-release /etc/rsyslog.conf /etc/rsyslog.d" in before
    assert before <= ROOTED
    assert _denied(answers) == {"sudo id -u"}
    assert answers["echo other"] == Output(0, "other\n")


def test_the_logins_of_hosts_that_are_listed_later(tmp_path: Path) -> None:
    (tmp_path / "all.ini").write_text("[clinic]\nehr ansible_host=127.0.0.1\n")
    (tmp_path / "config").write_text("Host lab\n  HostName 127.0.0.1\n  User lab\n")
    (tmp_path / "wardround.yaml").write_text(
        "targets:\n"
        '  - aws: {name: prod, account: "111122223333"}\n'
        "  - hosts: {name: clinic, ansible: {inventory: all.ini}, user: deploy, sudo: true}\n"
        "  - hosts: {name: cloud, aws: {target: prod, tags: {audit: 'yes'}}, user: ec2-user, sudo: true}\n"
        "  - hosts: {name: lab, ssh_config: {file: config}, sudo: true}\n"
        "  - hosts: {name: others, aws: {target: prod, tags: {audit: 'no'}}, user: nobody}\n"
        f"policies: [{POLICY}]\n"
    )
    result = run(tmp_path, "permissions", "-c", "wardround.yaml", "--for", "hosts")

    assert result.returncode == 0, result.stderr
    named = {line.split()[0] for line in result.stdout.splitlines() if " NOPASSWD: " in line}
    assert named == {"deploy", "ec2-user", "lab"}, result.stdout


def test_a_scan_under_the_printed_forced_command(tmp_path: Path, auditor: str) -> None:
    with sshd.running() as server:
        free = _asked(server, server.user)
        _force(server, _printed(tmp_path, "--forced-command"))
        root = _asked(server, server.user, **{"a.host.other": OTHER})
        with logins.sudoers(auditor, *_printed(tmp_path, "--user", auditor).splitlines()):
            other = _asked(server, auditor)

    assert _denied(root) == {"echo other", "sudo id -u"}
    assert root["echo other"].detail == "the forced command on the host does not have it"
    assert _shape(root, free) == _shape(free, free)
    assert _denied(other) == set()


def _force(server: sshd.Sshd, script: str) -> None:
    program = server.folder / "wardround-probe"
    program.write_text(script)
    program.chmod(0o755)
    key = sshd.public(server.user_key)
    (server.folder / "authorized_keys").write_text(f'restrict,command="{program}" {key}\n')


def _shape(answers: dict[str, Answer], like: dict[str, Answer]) -> dict[str, tuple[object, ...]]:
    """Statuses and refusals; what a machine says of itself differs from moment to moment.

    So does whether a process that is looked at has ended by then.
    """
    return {
        need: ("/proc/[0-9]*" in need or answers[need].status,)
        if isinstance(answers[need], Output)
        else (answers[need].reason,)
        for need in like
    }


def test_a_forced_command_runs_nothing_else(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    nonce = "0" * 32
    requests = (
        f"touch {mark}",
        f"# {WORD} {nonce} 9 9 plain $(touch {mark})",
        f"# {WORD} {nonce} 9 9 plain ;touch {mark}",
        f"# {WORD} {nonce} `touch {mark}` 9 plain 0",
        f"# {WORD} {nonce} a[$(touch${{IFS}}{mark})] 9 plain 0",
        f"# {WORD} {nonce} over 9 plain 0",
        f"# {WORD} {nonce} 9 9 both 0",
        f"# {WORD} short 9 9 plain 0",
        f"# {WORD}",
        "# wardround-probe-0",
        "",
    )
    with sshd.running() as server:
        _force(server, _printed(tmp_path, "--forced-command"))
        commands = [_ssh(server, command, "") for command in (f"touch {mark}", f"{EXEC}; touch {mark}", "")]
        told = [_ssh(server, EXEC, f"{request}\ntouch {mark}\n") for request in requests]
        unknown = _ssh(server, EXEC, f"# {WORD} {nonce} 9 9 plain 0123456789abcdef\ntouch {mark}\n")

    assert [(each.returncode, each.stdout, each.stderr) for each in commands] == [
        (126, "", "this key may be used by wardround only\n")
    ] * 3
    assert [(each.returncode, each.stdout) for each in told] == [(126, "")] * len(requests)
    assert (unknown.returncode, "absent 0123456789abcdef" in unknown.stdout) == (0, True)
    assert not mark.exists()


def _ssh(server: sshd.Sshd, command: str, told: str) -> "subprocess.CompletedProcess[str]":
    """By OpenSSH's own client, which knows nothing of ours."""
    options = (
        *("-F", "none", "-p", str(server.port), "-i", str(server.user_key), "-T"),
        *(
            "-o",
            f"UserKnownHostsFile={server.known_hosts}",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "BatchMode=yes",
        ),
        *("-o", "LogLevel=ERROR", "-o", "KexAlgorithms=curve25519-sha256"),
    )
    return subprocess.run(
        ["ssh", *options, f"{server.user}@{server.address}", *([command] if command else [])],
        input=told,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
