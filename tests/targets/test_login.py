"""Logging in: certificates, passphrases, passwords; and hosts whose keys nobody knows."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko
import pytest

from scanner.errors import ReadError, ScannerError
from scanner.model import Reason
from scanner.targets import secret
from scanner.targets.accepted import accepting
from scanner.targets.host import HostTarget, Sudo
from scanner.targets.login import Login
from scanner.targets.probe import Deadline
from scanner.targets.secret import Secret
from scanner.targets.ssh import connected
from tests import sshd
from tests.entering import ANSWERS, ME, enter, login, refused, target
from tests.sshd import Sshd

WORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = tmp_path_factory.mktemp("authority") / "ca"
    sshd.keygen(key)
    return key


@pytest.fixture(scope="module")
def certifying(authority: Path) -> Iterator[Sshd]:
    """A server that takes no key, but certificates."""
    with sshd.running(f"TrustedUserCAKeys {authority}.pub", "AuthorizedKeysFile none") as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with sshd.running() as running:
        yield running


def certified(folder: Path, authority: Path, *, kind: str = "ed25519", principal: str = ME) -> Path:
    key = folder / f"key-{kind}"
    sshd.keygen(key, "-t", kind)
    command = ["ssh-keygen", "-q", "-s", authority, "-I", "audit", "-n", principal, f"{key}.pub"]
    subprocess.run(command, check=True, capture_output=True)
    return key


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_key_with_its_certificate_beside_it(
    certifying: Sshd, authority: Path, tmp_path: Path, kind: str
) -> None:
    key = certified(tmp_path, authority, kind=kind)

    assert enter(certifying, identity=str(key)).probe.answers == ANSWERS


def test_a_certificate_of_another_place(certifying: Sshd, authority: Path, tmp_path: Path) -> None:
    key = certified(tmp_path, authority)
    elsewhere = tmp_path / "elsewhere"
    Path(f"{key}-cert.pub").rename(elsewhere)

    assert enter(certifying, identity=str(key), certificate=str(elsewhere)).probe.answers == ANSWERS
    assert refused(certifying, identity=str(key)) == (
        Reason.CREDENTIALS,
        f"{ME} was not let in: ssh-ed25519 {sshd.fingerprint(key)}",
    )


def test_a_certificate_that_an_agent_holds(
    certifying: Sshd, authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = certified(tmp_path, authority)
    path = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            process.poll()
            assert process.returncode is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        monkeypatch.setenv("HOME", str(tmp_path))
        subprocess.run(["ssh-add", "-q", key], check=True, timeout=10, capture_output=True)
        key.unlink()
        assert enter(certifying, identity=None).probe.answers == ANSWERS
    finally:
        process.terminate()
        process.wait()


def test_a_certificate_for_somebody_else(certifying: Sshd, authority: Path, tmp_path: Path) -> None:
    key = certified(tmp_path, authority, principal="somebody-else")
    shown = f"ssh-ed25519 {sshd.fingerprint(key)}"

    assert refused(certifying, identity=str(key)) == (
        Reason.CREDENTIALS,
        f"{ME} was not let in: {shown} with its certificate; {shown}",
    )


def test_a_certificate_that_is_none(server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "cert").write_text("ssh-ed25519 AAAA\n")

    assert refused(server, certificate=str(tmp_path / "cert")) == (
        Reason.CREDENTIALS,
        f"{tmp_path / 'cert'} is not a certificate",
    )


def test_hosts_that_share_a_key_do_not_share_a_certificate(
    certifying: Sshd, server: Sshd, authority: Path
) -> None:
    command = ["ssh-keygen", "-q", "-s", authority, "-I", "a", "-n", ME, f"{server.user_key}.pub"]
    subprocess.run(command, check=True, capture_output=True)
    own = Path(f"{server.user_key}-cert.pub")
    elsewhere = own.rename(server.folder / "elsewhere")

    key = str(server.user_key)
    assert enter(certifying, identity=key, certificate=str(elsewhere)).probe.answers == ANSWERS
    before = len(server.log)
    assert enter(server, identity=key).probe.answers == ANSWERS
    assert "-CERT" not in server.log[before:]
    assert refused(certifying, identity=key)[0] == Reason.CREDENTIALS


def test_a_passphrase_of_the_environment(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.write_bytes(server.user_key.read_bytes())
    locked.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", WORD, "-f", locked], check=True, capture_output=True)
    passphrase = Secret("CLINIC_PASSPHRASE", "the passphrase of web")

    unset = refused(server, identity=str(locked), passphrase=passphrase)
    monkeypatch.setenv("CLINIC_PASSPHRASE", "wrong")
    wrong = refused(server, identity=str(locked), passphrase=passphrase)
    monkeypatch.setenv("CLINIC_PASSPHRASE", WORD)

    assert enter(server, identity=str(locked), passphrase=passphrase).probe.answers == ANSWERS
    assert unset == (
        Reason.CREDENTIALS,
        "the passphrase of web: the variable CLINIC_PASSPHRASE of the environment is not set, or empty",
    )
    assert wrong == (
        Reason.CREDENTIALS,
        f"{locked} is not a private key that can be used with its passphrase",
    )


class Doors(paramiko.ServerInterface):
    """A server of paramiko's that stands in for a host with passwords: OpenSSH's would need PAM or a user."""

    def __init__(self, ways: str, prompts: list[tuple[str, bool]]) -> None:
        self.ways = ways
        self.prompts = prompts
        self.heard: list[str] = []

    def get_allowed_auths(self, username: str) -> str:
        del username
        return self.ways

    def check_auth_password(self, username: str, password: str) -> int:
        del username
        self.heard.append(password)
        return paramiko.AUTH_SUCCESSFUL if password == WORD else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> paramiko.InteractiveQuery:
        del username, submethods
        return paramiko.InteractiveQuery("", "", *self.prompts)

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        self.heard += responses
        return paramiko.AUTH_SUCCESSFUL if responses == [WORD] else paramiko.AUTH_FAILED


@contextmanager
def door(folder: Path, ways: str, *prompts: tuple[str, bool]) -> Iterator[tuple[Login, Doors]]:
    host_key = paramiko.RSAKey.generate(2048)
    doors = Doors(ways, list(prompts))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        (folder / "known").write_text(f"[127.0.0.1]:{port} ssh-rsa {host_key.get_base64()}\n")
        transports: list[paramiko.Transport] = []

        def serve() -> None:
            with suppress(OSError, EOFError, paramiko.SSHException):
                transport = paramiko.Transport(listener.accept()[0])
                transports.append(transport)
                transport.add_server_key(host_key)
                transport.set_log_channel("wardround.ssh")
                transport.start_server(server=doors)

        thread = threading.Thread(target=serve)
        thread.start()
        sshd.keygen(folder / "key")
        try:
            yield (
                Login(
                    "127.0.0.1",
                    port,
                    "audit",
                    identity=(str(folder / "key"),),
                    known_hosts=(str(folder / "known"),),
                    password=Secret("CLINIC_PASSWORD", "the password of web"),
                    connect_seconds=5,
                ),
                doors,
            )
        finally:
            thread.join(10)
            for transport in transports:
                transport.close()
                transport.join(5)


def kept_out(login_: Login) -> ReadError:
    with pytest.raises(ReadError) as caught, connected(login_, (), Deadline(10)):
        pytest.fail("let in")
    return caught.value


@pytest.mark.parametrize(
    ("ways", "prompts"),
    [
        ("publickey,password", []),
        ("password", []),
        ("publickey,keyboard-interactive", [("Password: ", False)]),
        ("keyboard-interactive", [("(audit@web) Password:", False)]),
    ],
)
def test_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: str, prompts: list[tuple[str, bool]]
) -> None:
    monkeypatch.setenv("CLINIC_PASSWORD", WORD)
    with (
        door(tmp_path, ways, *prompts) as (login_, doors),
        connected(login_, (), Deadline(10)) as connection,
    ):
        assert connection.transport.is_authenticated()

    assert doors.heard == [WORD]


@pytest.mark.parametrize(
    "prompts",
    [
        [("Verification code: ", False)],
        [("Password: ", True)],
        [("Password: ", False), ("Token: ", False)],
    ],
)
def test_only_a_question_for_just_the_password_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompts: list[tuple[str, bool]]
) -> None:
    monkeypatch.setenv("CLINIC_PASSWORD", WORD)
    with door(tmp_path, "keyboard-interactive", *prompts) as (login_, doors):
        caught = kept_out(login_)

    assert doors.heard == []
    assert caught.reason == Reason.CREDENTIALS


def test_a_wrong_password_is_told_once_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIC_PASSWORD", "planted-and-wrong")
    with door(tmp_path, "publickey,password,keyboard-interactive", ("Password:", False)) as (login_, doors):
        caught = kept_out(login_)

    assert doors.heard == ["planted-and-wrong"]
    shown = f"ssh-ed25519 {sshd.fingerprint(tmp_path / 'key')}"
    assert caught.detail == f"audit was not let in: {shown}; the password"
    assert "planted" not in f"{login_!r}{caught!r}{caught.mend}"


def test_secrets_are_asked_for_before_anything_is_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLINIC_PASSWORD", raising=False)
    hosts = [
        HostTarget(name="a", sudo=Sudo(password=Secret("CLINIC_PASSWORD", "the password for sudo of a")))
    ]

    with pytest.raises(ScannerError) as caught:
        secret.asked(secret.within(hosts))

    assert str(caught.value).startswith(
        "the password for sudo of a: the variable CLINIC_PASSWORD of the environment is not set, or empty"
    )
    monkeypatch.setenv("CLINIC_PASSWORD", WORD)
    secret.asked(secret.within(hosts))
    assert WORD not in repr(hosts)


def test_a_new_host_key_is_written_apart_and_said(server: Sshd, tmp_path: Path) -> None:
    known, accepted = tmp_path / "known_hosts", tmp_path / "accepted"

    sessions = [enter(server, known_hosts=str(known), accept_new=str(accepted), jump=None) for _ in range(2)]

    assert accepted.read_text() == f"{server.place} {sshd.public(server.host_key)}\n"
    assert accepted.stat().st_mode & 0o777 == 0o600
    assert not known.exists()
    said = f"{ME}@127.0.0.1:{server.port} {server.fingerprint} (accepted as new, by {accepted})"
    assert [session.identity for session in sessions] == [said, said]
    # A key that is known is not called new.
    assert enter(server, accept_new=str(accepted)).identity.endswith(server.fingerprint)


def test_a_changed_key_is_never_accepted(server: Sshd, tmp_path: Path) -> None:
    known, accepted = tmp_path / "known_hosts", tmp_path / "accepted"
    sshd.keygen(tmp_path / "other")
    other = f"{server.place} {sshd.public(tmp_path / 'other')}\n"
    known.write_text(other)

    changed = refused(server, known_hosts=str(known), accept_new=str(accepted))
    assert not accepted.exists()
    accepted.write_text(other)
    since = refused(server, known_hosts=str(tmp_path / "none"), accept_new=str(accepted))

    expected, shown = sshd.fingerprint(tmp_path / "other"), f"ssh-ed25519 {server.fingerprint}"
    assert [changed, since] == [
        (
            Reason.UNREACHABLE,
            f"the host key changed: {path} expects {expected}, the host shows {shown}",
        )
        for path in (known, accepted)
    ]
    assert accepted.read_text() == other


def test_a_new_jump_host_is_written_apart_too(server: Sshd, tmp_path: Path) -> None:
    with sshd.running() as bastion:
        hop = login(bastion, known_hosts=(str(tmp_path / "none"),))
        (host,) = accepting([target(server, jump=(hop,))], tmp_path / "accepted")
        assert isinstance(host, HostTarget)
        host.enter({}).close()

        line = f"{bastion.place} {sshd.public(bastion.host_key)}\n"

    assert (tmp_path / "accepted").read_text() == line


def test_new_keys_are_not_written_where_ssh_trusts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(ScannerError, match="ssh itself trusts what is there"):
        accepting([], Path("~/.ssh/known_hosts"))


def test_no_password_is_told_to_a_host_that_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setenv("CLINIC_PASSWORD", WORD)
    with door(tmp_path, "password") as (login_, doors):
        new = replace(login_, known_hosts=(str(tmp_path / "none"),), accept_new=str(tmp_path / "accepted"))
        caught = kept_out(new)

    assert doors.heard == []
    assert caught.detail.endswith("no password is told to a host whose key nobody has compared")


def test_an_authority_in_known_hosts_is_not_taken_for_a_key(server: Sshd, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"@cert-authority * {sshd.public(server.host_key)}\n")

    reason, detail = refused(server, known_hosts=str(known))

    assert reason == Reason.UNREACHABLE
    assert detail.endswith(
        "(there is a @cert-authority, but certificates of hosts are not checked: only their keys)"
    )


def test_several_known_hosts_count_together(server: Sshd, tmp_path: Path) -> None:
    empty, revoking = tmp_path / "empty", tmp_path / "revoking"
    empty.touch()
    revoking.write_text(f"@revoked * {sshd.public(server.host_key)}\n")

    both = enter(server, known_hosts=(str(empty), str(server.known_hosts)))

    assert both.probe.answers == ANSWERS
    assert refused(server, known_hosts=(str(server.known_hosts), str(revoking)))[1].startswith(
        "the host key is revoked in "
    )
    assert os.stat(empty).st_size == 0  # noqa: PTH116 - its size says that nothing was added
