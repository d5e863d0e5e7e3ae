"""Sudo and doas over a real sshd: passwords, other users, and what they refuse."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.declaration import Check
from scanner.model import Reason
from scanner.targets import local
from scanner.targets.frames import parsed
from scanner.targets.host import HostTarget, Sudo
from scanner.targets.probe import Answer, Deadline, Output, Probe, Questions
from tests import logins, sshd

PASSWORD = "gehe'im $x\\"  # noqa: S105 - of a user who lives as long as a test
WHO, NAME, READ = "sudo id -u", "sudo id -un", "sudo cat /etc/sudoers"


@pytest.fixture(scope="module")
def server() -> Iterator[sshd.Sshd]:
    with sshd.running() as running:
        yield running


@pytest.fixture
def auditor() -> Iterator[str]:
    with logins.login(PASSWORD) as name:
        yield name


def enter(server: sshd.Sshd, user: str, sudo: bool | Sudo, *needs: str) -> Probe:
    target = HostTarget(
        name="web",
        address=server.address,
        port=server.port,
        user=user,
        identity=str(server.user_key),
        known_hosts=str(server.known_hosts),
        deadline_seconds=40,
        sudo=sudo,
    )
    return target.enter({"a.host.b": Check(lambda _: iter(()), needs)}).probe


def told(answers: dict[str, Answer]) -> dict[str, tuple[Reason, str] | tuple[int, str]]:
    return {
        need: (answer.status, answer.text) if isinstance(answer, Output) else (answer.reason, answer.detail)
        for need, answer in answers.items()
    }


@pytest.mark.parametrize("defaults", ["!use_pty", "use_pty", "lecture=always", "timestamp_timeout=0"])
def test_a_password_is_told_to_sudo_and_to_nobody_else(
    server: sshd.Sshd, auditor: str, defaults: str, caplog: pytest.LogCaptureFixture
) -> None:
    sudo = Sudo(password=lambda: PASSWORD)
    everything = "sleep 0.4; ps axeww -o args; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"
    stuck = "sudo sleep 1"
    allowed = f"{auditor} ALL=(root) /usr/bin/id -u, /usr/bin/sleep 1, /usr/bin/id -un"
    with logins.sudoers(auditor, f"Defaults:{auditor} {defaults}", allowed):
        answers = dict(enter(server, auditor, sudo, WHO, NAME, stuck, READ, everything).answers)

    listed = answers.pop(everything)
    assert isinstance(listed, Output)
    assert "sleep" in listed.text
    assert "gehe" not in listed.text + repr(answers) + repr(sudo) + caplog.text + server.log
    refused = answers.pop(READ)
    assert told(answers) == {WHO: (0, "0\n"), NAME: (0, "root\n"), stuck: (0, "")}
    assert (refused.reason, refused.mend) == (
        Reason.DENIED,
        f"allow it in sudoers: {auditor} ALL=(root) NOPASSWD: /usr/bin/cat /etc/sudoers",
    )


def test_no_password_is_told_to_a_host_that_nobody_has_compared(
    server: sshd.Sshd, auditor: str, tmp_path: Path
) -> None:
    accepted = tmp_path / "accepted"
    target = HostTarget(
        name="web",
        address=server.address,
        port=server.port,
        user=auditor,
        identity=str(server.user_key),
        known_hosts=str(tmp_path / "none"),
        accept_new=str(accepted),
        deadline_seconds=40,
        sudo=Sudo(password=lambda: PASSWORD),
    )
    log = tmp_path / "log"
    everything = Check(lambda _: iter(()), (WHO, READ, "id -un"))
    with logins.sudoers(auditor, f"Defaults:{auditor} logfile={log}, !syslog", f"{auditor} ALL=(ALL) ALL"):
        # The second time its key is in the file already, and still nobody has compared it.
        found = [dict(target.enter({"a.host.b": everything}).probe.answers) for _ in range(2)]
        asked = log.exists()
        known = replace(target, known_hosts=str(accepted)).enter({"a.host.b": everything}).probe.answers

    uncompared = (
        Reason.DENIED,
        "no password for sudo is told to a host whose key nobody has compared",
        (
            f"compare {server.fingerprint} with the host's own (ssh-keygen -lf on its console), "
            f"then move its line from {accepted} to known_hosts"
        ),
    )
    assert [answers.pop("id -un") for answers in found] == [Output(0, f"{auditor}\n")] * 2
    assert [
        {need: (error.reason, error.detail, error.mend) for need, error in answers.items()}
        for answers in found
    ] == [{WHO: uncompared, READ: uncompared}] * 2
    assert not asked
    assert known[WHO] == Output(0, "0\n")


def test_a_wrong_password_is_tried_once(server: sshd.Sshd, auditor: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with logins.sudoers(auditor, f"Defaults:{auditor} logfile={log}, !syslog", f"{auditor} ALL=(ALL) ALL"):
        answers = dict(
            enter(server, auditor, Sudo(password=lambda: "other"), WHO, NAME, READ, "id -un").answers
        )

    denied = f"sudo did not take the password of {auditor}, which was tried once: "
    assert answers.pop("id -un") == Output(0, f"{auditor}\n")
    assert {(refused.reason, refused.detail) for refused in answers.values()} == {
        (Reason.DENIED, denied + "sudo: 1 incorrect password attempt")
    }
    assert (log.read_text().count("incorrect password attempt"), log.read_text().count("COMMAND=")) == (1, 1)


def test_without_a_password_sudo_is_not_asked_for_one(server: sshd.Sshd, auditor: str) -> None:
    with logins.sudoers(auditor, f"{auditor} ALL=(root) /usr/bin/id -u"):
        answers = enter(server, auditor, True, WHO).answers

    assert told(dict(answers)) == {WHO: (Reason.DENIED, "sudo: a password is required")}


def test_what_needs_no_password_gets_none(server: sshd.Sshd, auditor: str) -> None:
    # Nobody takes the password from standard input then, but the command itself.
    allowed = f"{auditor} ALL=(root) NOPASSWD: /usr/bin/cat, /usr/bin/id -u"
    with logins.sudoers(auditor, allowed):
        answers = enter(server, auditor, Sudo(password=lambda: PASSWORD), "sudo cat", WHO).answers

    assert told(dict(answers)) == {
        "sudo cat": (Reason.INVALID_ANSWER, "the answer holds the password for sudo"),
        WHO: (0, "0\n"),
    }


def test_another_user_than_root(server: sshd.Sshd, auditor: str) -> None:
    with logins.sudoers(auditor, f"{auditor} ALL=(daemon) NOPASSWD: /usr/bin/id -un"):
        probe = enter(server, auditor, Sudo(user="daemon"), NAME, WHO)

    refused = probe.answers[WHO]
    assert (probe.answers[NAME], probe.root) == (Output(0, "daemon\n"), False)
    assert (refused.reason, refused.mend) == (
        Reason.DENIED,
        f"allow it in sudoers: {auditor} ALL=(daemon) NOPASSWD: /usr/bin/id -u",
    )


def test_doas_where_there_is_no_sudo(auditor: str) -> None:
    if shutil.which("doas") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("doas is not installed")
        pytest.skip("doas is not installed")
    questions = Questions.about([WHO, NAME, "id -un"], sudo=Sudo())
    script = questions.script(20, 10).replace(b"command -v sudo ", b"command -v nosudo ")
    line = f"permit nopass {auditor} as root cmd id args -u\n"
    with logins.kept(Path("/etc/doas.conf"), line, 0o400):
        shell = ("runuser", "-u", auditor, "--", "/bin/sh", "-s")
        answers = dict(parsed(questions, local.ask(script, questions.over, Deadline(25), shell)).answers)

    refused = answers.pop(NAME)
    assert answers == {WHO: Output(0, "0\n"), "id -un": Output(0, f"{auditor}\n")}
    assert (refused.reason, refused.mend) == (
        Reason.DENIED,
        f"allow it in doas.conf: permit nopass {auditor} as root cmd id args -un",
    )
