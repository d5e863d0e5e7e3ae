"""Hosts over SSH: a real sshd on loopback, and servers that are none."""

import base64
import getpass
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from scanner.declaration import Check
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets import keys
from scanner.targets import probe as probing
from scanner.targets.host import HostSession, HostTarget
from scanner.targets.known_hosts import KnownHosts, judged, line_for, place
from scanner.targets.login import Login, hop
from scanner.targets.probe import Output
from scanner.targets.script import MAX_ERRORS
from tests import logins, sshd

ME = getpass.getuser()
NEEDS = ("id -un", "uname -s", "printf 'a\\r\\n\\000'", "echo no >&2; exit 3")
ANSWERS = {
    "id -un": Output(0, f"{ME}\n"),
    "uname -s": Output(0, os.uname().sysname + "\n"),
    "printf 'a\\r\\n\\000'": Output(0, "a\r\n\0"),
    "echo no >&2; exit 3": Output(3, "", "no\n"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[sshd.Sshd]:
    with sshd.running() as running:
        yield running


def target(server: sshd.Sshd, **options: Any) -> HostTarget:
    given = {
        "address": server.address,
        "port": server.port,
        "user": server.user,
        "identity": str(server.user_key),
        "known_hosts": str(server.known_hosts),
        "deadline_seconds": 15,
        "connect_seconds": 5,
    }
    return HostTarget(name="web", **{**given, **options})


def enter(server: sshd.Sshd, *needs: str, **options: Any) -> HostSession:
    return target(server, **options).enter({"a.host.b": Check(lambda _: iter(()), needs or NEEDS)})


def refused(server: sshd.Sshd, *needs: str, **options: Any) -> tuple[Reason, str, str]:
    with pytest.raises(ReadError) as caught:
        enter(server, *needs, **options)
    error = caught.value
    assert error.need is None
    assert "\n" not in error.detail
    return error.reason, error.detail, error.mend


def left(marker: str, seconds: float = 5) -> list[str]:
    """The processes with a word among their arguments that are still there when they had time to end."""
    until = time.monotonic() + seconds
    while True:
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        found = [line for line in listed.splitlines() if marker in line]
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.05)


@contextmanager
def listening(say: bytes | None = None) -> Iterator[int]:
    """A server that accepts, says so much, and then nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = []

        def accept() -> None:
            try:
                taken.append(listener.accept()[0])
                if say is not None:
                    taken[0].sendall(say)
                    taken[0].shutdown(socket.SHUT_WR)
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            # accept() is not woken by close() everywhere.
            with socket.socket() as waker:
                waker.settimeout(1)
                waker.connect_ex(listener.getsockname())
            thread.join(5)
            for connection in taken:
                connection.close()


def test_one_connection_one_login_one_exec(server: sshd.Sshd) -> None:
    before = len(server.log)

    session = enter(server, tags={"phi": "true"})

    assert session.probe.answers == ANSWERS
    assert session.identity == f"{ME}@127.0.0.1:{server.port} {server.fingerprint}"
    assert (session.id, session.tags, session.probe.programs) == (
        "host:web",
        {"phi": "true"},
        {"id", "uname", "printf", "echo"},
    )
    log = server.log[before:]
    counted = [
        len(re.findall(what, log)) for what in ("Connection from", "Accepted publickey", "Starting session")
    ]
    assert (counted, log.count("userauth-request")) == ([1, 1, 1], 1)


def test_hosts_are_entered_side_by_side_and_leave_nothing_open() -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with sshd.running("MaxStartups 100") as server:
        enter(server, "true")
        before = descriptors()
        with ThreadPoolExecutor(8) as pool:
            sessions = list(pool.map(lambda _: enter(server), range(16)))

    assert [session.probe.answers for session in sessions] == [ANSWERS] * 16
    assert descriptors() <= before


def test_one_watch_looks_after_all_hosts_and_nobody_else(
    server: sshd.Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> NoReturn:
        raise AssertionError("a timer for one host")

    monkeypatch.setattr(threading, "Timer", none)

    assert enter(server).probe.answers == ANSWERS
    with listening(b"SSH-2.0-x\r\n" + b"\0" * 64) as port:
        assert refused(server, port=port)[0] is Reason.UNREACHABLE


def test_an_unknown_key_is_refused_with_the_line_that_would_add_it(server: sshd.Sshd, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    before = len(server.log)

    reason, detail, mend = refused(server, known_hosts=str(path))

    line = f"[127.0.0.1]:{server.port} {sshd.public(server.host_key)}"
    assert (reason, detail) == (
        Reason.UNREACHABLE,
        (
            f"the host key is not known: {path} has none for this host, "
            f"which shows ssh-ed25519 {server.fingerprint}"
        ),
    )
    assert mend == (
        f"compare {server.fingerprint} with the host's own (ssh-keygen -lf on its console), "
        f"then add to {path}: {line}"
    )
    assert not path.exists()
    assert "userauth-request" not in server.log[before:]
    path.write_text(line + "\n")
    assert enter(server, known_hosts=str(path)).probe.answers == ANSWERS


def test_a_changed_key_is_refused_with_both_fingerprints(server: sshd.Sshd, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    sshd.keygen(tmp_path / "other")
    path.write_text(f"{server.place} {sshd.public(tmp_path / 'other')}\n")
    before = len(server.log)

    reason, detail, mend = refused(server, known_hosts=str(path))

    assert (reason, detail) == (
        Reason.UNREACHABLE,
        (
            f"the host key changed: {path} expects {sshd.fingerprint(tmp_path / 'other')}, "
            f"the host shows ssh-ed25519 {server.fingerprint}"
        ),
    )
    assert mend.endswith(f"replace its lines in {path} by: {server.place} {sshd.public(server.host_key)}")
    assert "userauth-request" not in server.log[before:]


def test_a_revoked_key_is_refused(server: sshd.Sshd, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    line = f"{server.place} {sshd.public(server.host_key)}\n"
    path.write_text(line + "@revoked * " + line.split(" ", 1)[1])

    reason, detail, _ = refused(server, known_hosts=str(path))

    assert (reason, detail) == (
        Reason.UNREACHABLE,
        f"the host key is revoked in {path}: {server.fingerprint}",
    )


def test_hashed_known_hosts_are_read(server: sshd.Sshd, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(server.known_hosts.read_text())
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True, capture_output=True)
    assert path.read_text().startswith("|1|")

    assert enter(server, known_hosts=str(path)).probe.answers == ANSWERS


def test_the_type_of_key_that_is_known_is_asked_for(tmp_path: Path) -> None:
    for kind in ("rsa", "ed25519"):
        sshd.keygen(tmp_path / kind, "-t", kind)
    both = (f"HostKey {tmp_path / 'ed25519'}", f"HostKey {tmp_path / 'rsa'}")
    hosts = tmp_path / "known_hosts"

    for kind in ("rsa", "ed25519"):
        with sshd.running(*both) as server:
            hosts.write_text(f"{server.place} {sshd.public(tmp_path / kind)}\n")
            session = enter(server, "true", known_hosts=str(hosts))
        assert session.identity.endswith(sshd.fingerprint(tmp_path / kind))


def test_a_key_that_the_host_does_not_take(server: sshd.Sshd, tmp_path: Path) -> None:
    sshd.keygen(tmp_path / "wrong")

    assert refused(server, identity=str(tmp_path / "wrong")) == (
        Reason.CREDENTIALS,
        f"{ME} was not let in: ssh-ed25519 {sshd.fingerprint(tmp_path / 'wrong')}",
        f"see that {ME}'s authorized_keys on the host has the key, and sshd lets this user in",
    )


def test_keys_that_cannot_be_used(server: sshd.Sshd, tmp_path: Path) -> None:
    sshd.keygen(tmp_path / "locked", "-N", "geheim")
    (tmp_path / "broken").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\ngeheim\n")
    unusable = "is not a private key that can be used without a passphrase"

    assert [
        refused(server, identity=str(tmp_path / name))[:2] for name in ("locked", "broken", "absent")
    ] == [
        (Reason.CREDENTIALS, f"{tmp_path / 'locked'} {unusable}"),
        (Reason.CREDENTIALS, f"{tmp_path / 'broken'} {unusable}"),
        (Reason.CREDENTIALS, f"{tmp_path / 'absent'}: No such file or directory"),
    ]


def test_without_any_key(server: sshd.Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    reason, detail, _ = refused(server, identity=None)

    assert (reason, detail) == (
        Reason.CREDENTIALS,
        "no key to log in with: no agent has one, and ~/.ssh has none without a passphrase",
    )


def test_the_usual_key_and_known_hosts_are_found(
    server: sshd.Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_ed25519").write_bytes(server.user_key.read_bytes())
    (tmp_path / ".ssh/known_hosts").write_bytes(server.known_hosts.read_bytes())

    assert enter(server, identity=None, known_hosts=None).probe.answers == ANSWERS


@contextmanager
def agent(folder: Path, *held: Path) -> Iterator[Path]:
    path = folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 5
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.01)
        for key in held:
            environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
            subprocess.run(["ssh-add", "-q", key], env=environment, check=True, timeout=10)
        yield path
    finally:
        process.terminate()
        process.wait()


def test_the_agent_opens_a_locked_key(
    server: sshd.Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.write_bytes(server.user_key.read_bytes())
    locked.chmod(0o600)
    Path(f"{locked}.pub").write_text(sshd.public(server.user_key) + " comment\n")
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "geheim", "-f", locked], check=True, capture_output=True)
    sshd.keygen(tmp_path / "other")

    with agent(tmp_path, tmp_path / "other", server.user_key) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        before = server.log.count("Failed publickey")
        locked_answers = enter(server, identity=str(locked)).probe.answers
        tries = server.log.count("Failed publickey") - before
        monkeypatch.setenv("HOME", str(tmp_path))
        agents_answers = enter(server, identity=None).probe.answers

    assert (locked_answers, tries, agents_answers) == (ANSWERS, 0, ANSWERS)


def test_an_agent_that_does_not_answer_is_no_agent(
    server: sshd.Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(keys, "_AGENT_SECONDS", 0.2)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    gone = refused(server, identity=None)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "silent"))
        mute = refused(server, identity=None)

    assert gone == mute
    assert gone[0] == Reason.CREDENTIALS


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    closed = HostTarget(name="web", address="127.0.0.1", port=port, user=ME, deadline_seconds=5)

    with pytest.raises(ReadError) as caught:
        closed.enter({})

    assert (caught.value.reason, caught.value.detail) == (
        Reason.UNREACHABLE,
        f"connecting to 127.0.0.1 port {port}: Connection refused",
    )


def test_a_name_that_does_not_resolve(server: sshd.Sshd) -> None:
    reason, detail, mend = refused(server, address="web.invalid")

    assert (reason, mend) == (Reason.UNREACHABLE, "correct the address, or DNS")
    assert detail.startswith("web.invalid does not resolve: ")


def test_a_silent_listener_is_a_timeout(
    server: sshd.Sshd, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    with listening() as port:
        reason, detail, _ = refused(server, port=port, connect_seconds=0.6)

    assert (reason, detail) == (Reason.TIMEOUT, "exchanging keys took longer than 1 s")
    assert time.monotonic() - began < 4
    assert caplog.text == capfd.readouterr().err == ""


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"SSH-2.0-x\r\n" + b"\0" * 64])
def test_a_listener_that_speaks_no_ssh(
    server: sshd.Sshd, said: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with listening(said) as port:
        reason, detail, mend = refused(server, port=port, connect_seconds=3)

    assert (reason, mend) == (Reason.UNREACHABLE, "see that an SSH server listens there")
    assert detail.startswith("exchanging keys: ")
    # paramiko logs tracebacks, which Python prints when nobody configured logging.
    assert caplog.text == capfd.readouterr().err == ""


def test_a_login_shell_that_runs_nothing() -> None:
    with sshd.running("ForceCommand /usr/sbin/nologin") as server:
        assert refused(server)[:2] == (
            Reason.INVALID_ANSWER,
            (
                "logged in, but the login shell did not run /bin/sh; "
                "it printed: This account is currently not available."
            ),
        )


def test_what_start_files_and_banners_print_is_not_an_answer(tmp_path: Path) -> None:
    (tmp_path / "banner").write_text("AUTHORISED USE ONLY\n" * 50)
    (tmp_path / "motd").write_text("welcome\n")
    # bash reads ~/.bashrc for ssh's commands where it was built so (Debian); a forced command always prints.
    noise = "printf 'noise without end'; echo noise >&2; printf '@x begin 0\\nAAAA\\n'"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".bashrc").write_text(noise)
    forced = f'ForceCommand {noise}; eval "$SSH_ORIGINAL_COMMAND"'
    with sshd.running(f"Banner {tmp_path / 'banner'}", f"SetEnv HOME={home}", forced) as server:
        assert enter(server).probe.answers == ANSWERS


def test_start_files_that_never_end() -> None:
    with sshd.running("ForceCommand echo waiting; sleep 9") as server:
        found = refused(server, deadline_seconds=4)[:2]

    assert found == (
        Reason.TIMEOUT,
        "logged in, but the shell did not begin before the deadline; it printed: waiting",
    )


def test_a_trickle_does_not_move_the_deadline() -> None:
    with sshd.running("ForceCommand for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 1; done") as server:
        reason, detail, _ = refused(server, deadline_seconds=4)

    assert reason == Reason.TIMEOUT
    assert re.search(r"it printed: 1( \d)*$", detail)


def test_a_flood_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "MAX_HEARD", 1_000_000)
    with sshd.running("ForceCommand yes") as server:
        reason, detail, _ = refused(server)

    assert reason == Reason.INVALID_ANSWER
    assert re.search(r"it printed: (y ){100,}y? ?\.\.\.$", detail)


def test_two_streams_larger_than_every_window(server: sshd.Sshd) -> None:
    both = "head -c 6000000 /dev/zero >&2; head -c 4000000 /dev/zero; head -c 6000000 /dev/zero >&2"
    much = "head -c 5000000 /dev/zero"

    answers = enter(server, both, much, "true").probe.answers

    assert (answers[both].status, len(answers[both].text), len(answers[both].errors)) == (
        0,
        4_000_000,
        MAX_ERRORS,
    )
    assert (answers[much].reason, answers[much].detail) == (Reason.INVALID_ANSWER, "answered more than 4 MiB")
    assert answers["true"] == Output(0, "")


def test_a_command_that_never_ends_leaves_the_others_and_no_process(server: sshd.Sshd) -> None:
    marker = f"64.{os.getpid()}"

    session = enter(server, "echo a", f"sleep {marker}", "true z", command_seconds=1)

    stuck = session.probe.answers.pop(f"sleep {marker}")
    assert (stuck.reason, session.probe.answers) == (
        Reason.TIMEOUT,
        {"echo a": Output(0, "a\n"), "true z": Output(0, "")},
    )
    assert left(marker) == []


def test_a_connection_that_breaks_keeps_what_was_answered(server: sshd.Sshd) -> None:
    # The parent of our session's leader, and only if it is a session's sshd.
    broken = (
        "sleep 1; sshd=$(ps -o ppid= -p $(ps -o sid= -p $$)); "
        'case $(ps -o args= -p $sshd) in "sshd: "*@notty*) kill -9 $sshd; sleep 1;; esac'
    )
    marker = f"sleep 65.{os.getpid()}"
    session = enter(server, "echo a", broken, marker)

    answers = session.probe.answers
    assert answers["echo a"] == Output(0, "a\n")
    assert [answers[need].reason for need in (broken, marker)] == [Reason.UNREACHABLE] * 2
    assert left(marker) == []


def test_nothing_is_written_on_the_host(tmp_path: Path) -> None:
    # Every file that the commands' shells could make: where they start, at home, where TMPDIR says.
    watched = (tmp_path, Path("/"), Path("/dev/shm"))  # noqa: S108 - looked at, not written to
    before = {folder: sorted(folder.iterdir()) for folder in watched}

    with sshd.running(f"SetEnv HOME={tmp_path} TMPDIR={tmp_path}") as server:
        session = enter(server, 'cd "$HOME"; ls -A', *NEEDS)

    assert session.probe.answers['cd "$HOME"; ls -A'] == Output(0, "")
    assert {folder: sorted(folder.iterdir()) for folder in watched} == before


def test_through_a_jump_host(server: sshd.Sshd) -> None:
    with sshd.running() as bastion:
        bastion.known_hosts.write_text(bastion.known_hosts.read_text() + server.known_hosts.read_text())
        (bastion.folder / "authorized_keys").write_text(sshd.public(server.user_key) + "\n")
        jump = f"{ME}@127.0.0.1:{bastion.port}"
        session = enter(server, jump=jump, known_hosts=str(bastion.known_hosts))
        log = bastion.log

    assert session.probe.answers == ANSWERS
    assert session.identity == f"{ME}@127.0.0.1:{server.port} {server.fingerprint} via {jump}"
    counted = [log.count(what) for what in ("Accepted publickey", "ctype direct-tcpip", "Starting session")]
    assert counted == [1, 1, 0]


def test_a_jump_host_that_is_not_known_or_does_not_forward(server: sshd.Sshd) -> None:
    with sshd.running("AllowTcpForwarding no") as bastion:
        jump = f"127.0.0.1:{bastion.port}"
        unknown = refused(server, jump=jump)
        bastion.known_hosts.write_text(bastion.known_hosts.read_text() + server.known_hosts.read_text())
        (bastion.folder / "authorized_keys").write_text(sshd.public(server.user_key) + "\n")
        closed = refused(server, jump=jump, known_hosts=str(bastion.known_hosts))

    assert unknown[0] == closed[0] == Reason.UNREACHABLE
    assert unknown[1].startswith(f"jump host {ME}@{jump}: the host key is not known: ")
    assert closed[1] == (
        f"jump host {ME}@{jump}: forwarding to 127.0.0.1 port {server.port}: "
        "ChannelException(1, 'Administratively prohibited')"
    )


def test_a_jump_that_cannot_be_read(server: sshd.Sshd) -> None:
    assert refused(server, jump="me@:22") == (
        Reason.FAILED,
        "jump: 'me@:22' is not of the form user@host:port",
        "write it as user@host:port",
    )


@pytest.mark.parametrize(
    ("written", "user", "address", "port"),
    [
        ("bastion", "audit", "bastion", 22),
        ("me@bastion:2222", "me", "bastion", 2222),
        ("me@[::1]:2222", "me", "::1", 2222),
        ("[fe80::1]", "audit", "fe80::1", 22),
        ("a@b@bastion", "a@b", "bastion", 22),
    ],
)
def test_how_a_jump_is_written(written: str, user: str, address: str, port: int) -> None:
    login = Login("web", user="audit")

    found = hop(written, login)

    assert (found.user, found.address, found.port) == (user, address, port)


@pytest.mark.parametrize("written", ["", "me@", "bastion:", "bastion:ssh", "bastion:70000", "bastion:0"])
def test_how_a_jump_is_not_written(written: str) -> None:
    with pytest.raises(ValueError, match="is not of the form user@host:port"):
        hop(written, Login("web", user="audit"))


@pytest.fixture
def auditor() -> Iterator[str]:
    """A user who is not root, and who may do nothing yet."""
    with logins.login() as name:
        yield name


def test_root_is_asked_for_through_sudo_and_only_there(auditor: str) -> None:
    allowed, denied = "sudo id -u", "sudo cat /etc/sudoers"
    with sshd.running() as server:
        plain = enter(server, "id -un", allowed, user=auditor)
        refusing = enter(server, allowed, user=auditor, sudo=True)
        mend = refusing.probe.answers[allowed].mend
        with logins.sudoers(auditor, mend.partition(": ")[2]):
            granted = enter(server, "id -un", allowed, denied, user=auditor, sudo=True)

    assert mend == f"allow it in sudoers: {auditor} ALL=(root) NOPASSWD: /usr/bin/id -u"
    assert plain.probe.answers["id -un"] == Output(0, f"{auditor}\n")
    assert [session.probe.answers[allowed].reason for session in (plain, refusing)] == [Reason.DENIED] * 2
    answers = granted.probe.answers
    assert (answers["id -un"], answers[allowed].status, answers[allowed].text) == (
        Output(0, f"{auditor}\n"),
        0,
        "0\n",
    )
    assert (answers[denied].reason, answers[denied].mend) == (
        Reason.DENIED,
        f"allow it in sudoers: {auditor} ALL=(root) NOPASSWD: /usr/bin/cat /etc/sudoers",
    )


def test_a_login_that_the_host_forbids(auditor: str) -> None:
    with sshd.running(f"DenyUsers {auditor}") as server:
        assert refused(server, user=auditor)[0] == Reason.CREDENTIALS


def test_a_host_that_wants_more_than_a_key() -> None:
    lines = ("AuthenticationMethods publickey,password", "PasswordAuthentication yes")
    with sshd.running(*lines) as server:
        assert refused(server)[:2] == (
            Reason.CREDENTIALS,
            f"{ME} was not let in: the host takes the key, and asks for password besides",
        )


def test_a_login_that_hangs_is_a_timeout() -> None:
    lines = (
        "AuthorizedKeysFile none",
        "AuthorizedKeysCommand /usr/bin/sleep 4",
        f"AuthorizedKeysCommandUser {ME}",
    )
    with sshd.running(*lines) as server:
        began = time.monotonic()
        found = refused(server, connect_seconds=1)[:2]

    assert found == (Reason.TIMEOUT, f"logging in as {ME} took longer than 1 s")
    assert time.monotonic() - began < 4


def test_a_host_that_takes_no_keys() -> None:
    with sshd.running("PubkeyAuthentication no", "PasswordAuthentication yes") as server:
        assert refused(server)[:2] == (
            Reason.CREDENTIALS,
            f"{ME} was not let in: the host takes password only",
        )


def test_a_host_that_opens_no_session() -> None:
    with sshd.running("MaxSessions 0") as server:
        reason, detail, mend = refused(server)

    assert (reason, mend) == (Reason.UNREACHABLE, "see what sshd's log on the host says")
    assert detail.startswith("opening a session: ")


KEY = base64.b64encode(b"a key").decode()


@pytest.mark.parametrize(
    ("line", "address", "port", "verdict"),
    [
        (f"web ssh-ed25519 {KEY}", "web", 22, "known"),
        (f"WEB,db\tssh-ed25519\t{KEY} comment", "web", 22, "known"),
        (f"web ssh-ed25519 {KEY}", "Web", 22, "known"),
        (f"web ssh-ed25519 {KEY}", "web", 2222, "unknown"),
        (f"[web]:2222 ssh-ed25519 {KEY}", "web", 2222, "known"),
        (f"*.example.org,!bad.example.org ssh-ed25519 {KEY}", "a.example.org", 22, "known"),
        (f"*.example.org,!bad.example.org ssh-ed25519 {KEY}", "bad.example.org", 22, "unknown"),
        (f"10.0.0.? ssh-ed25519 {KEY}", "10.0.0.7", 22, "known"),
        (f"10.0.0.? ssh-ed25519 {KEY}", "10a0.0.7", 22, "unknown"),
        ("web ssh-ed25519 b3RoZXI=", "web", 22, "changed"),
        ("web ssh-ed25519 !!!", "web", 22, "unknown"),
        ("web ssh-ed25519", "web", 22, "unknown"),
        (f"# web ssh-ed25519 {KEY}", "web", 22, "unknown"),
        (f"@cert-authority web ssh-ed25519 {KEY}", "web", 22, "unknown"),
        (f"web ssh-ed25519 {KEY}\n@revoked web ssh-ed25519 {KEY}", "web", 22, "revoked"),
        (f"|1|x ssh-ed25519 {KEY}", "web", 22, "unknown"),
        (f"|1|!|! ssh-ed25519 {KEY}", "web", 22, "unknown"),
        ("", "web", 22, "unknown"),
    ],
)
def test_whom_known_hosts_know(line: str, address: str, port: int, verdict: str) -> None:
    assert judged(KnownHosts(line).of(place(address, port)), b"a key") == verdict


def test_a_line_makes_its_key_known() -> None:
    line = line_for("Web", 2222, "ssh-ed25519", b"a key")

    assert line == f"[web]:2222 ssh-ed25519 {KEY}"
    assert judged(KnownHosts(line).of("[web]:2222"), b"a key") == "known"
