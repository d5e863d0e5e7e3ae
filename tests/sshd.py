"""A real sshd on a loopback port, with its own configuration, keys and known_hosts, in its own folder."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
_STARTING_SECONDS = 10


@dataclass(frozen=True)
class Sshd:
    """A server that is listening: where, and what opens it."""

    folder: Path
    """Readable to everyone, so that sshd finds the keys as whichever user logs in."""
    port: int
    user: str
    """Who runs it; only root's server lets others in."""

    address = "127.0.0.1"

    @property
    def host_key(self) -> Path:
        return self.folder / "host_key"

    @property
    def user_key(self) -> Path:
        return self.folder / "user_key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def log(self) -> str:
        """What it logged until now, at DEBUG1."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def place(self) -> str:
        return f"[{self.address}]:{self.port}"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.host_key)


def keygen(path: Path, *options: str) -> None:
    """Make a key pair: ed25519 and no passphrase unless the options say otherwise."""
    kind = () if "-t" in options else ("-t", "ed25519")
    phrase = () if "-N" in options else ("-N", "")
    subprocess.run(["ssh-keygen", "-q", *kind, *phrase, *options, "-f", path], check=True, timeout=20)


def fingerprint(key: Path) -> str:
    """What OpenSSH itself says the fingerprint of a key is."""
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{key}.pub"], check=True, capture_output=True, text=True, timeout=20
    )
    return listed.stdout.split()[1]


def public(key: Path) -> str:
    """A public key without its comment."""
    return " ".join(Path(f"{key}.pub").read_text().split()[:2])


@contextmanager
def running(*lines: str) -> Iterator[Sshd]:
    """Start a server with more lines of sshd_config; it and its folder are gone afterwards."""
    if SSHD is None:
        if os.environ.get("CI") == "true":
            pytest.fail("sshd is not installed")
        pytest.skip("sshd is not installed")
    with tempfile.TemporaryDirectory(prefix="wardround-sshd-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Sshd(folder, _free_port(), getpass.getuser())
        _write(server, lines)
        if os.geteuid() == 0:
            # Privilege separation wants it; a package's start script makes it elsewhere.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        # -D: our child, which ends with us; -E: its log in a file.
        process = subprocess.Popen([SSHD, "-D", "-f", folder / "sshd_config", "-E", folder / "log"])
        try:
            _await(server, process)
            yield server
        finally:
            _end(process)


def _write(server: Sshd, lines: tuple[str, ...]) -> None:
    folder = server.folder
    keygen(server.host_key)
    keygen(server.user_key)
    (folder / "authorized_keys").write_text(public(server.user_key) + "\n")
    server.known_hosts.write_text(f"{server.place} {public(server.host_key)}\n")
    given = {line.split()[0] for line in lines}
    defaults = (
        f"ListenAddress {server.address}:{server.port}",
        f"HostKey {server.host_key}",
        f"PidFile {folder / 'pid'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        # The folder stands in /tmp, which everyone may write to.
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin prohibit-password",
        "LogLevel DEBUG1",
        "UseDNS no",
    )
    kept = [line for line in defaults if line.split()[0] not in given]
    (folder / "sshd_config").write_text("\n".join([*kept, *lines]) + "\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(server: Sshd, process: "subprocess.Popen[bytes]") -> None:
    """Wait until it listens, without connecting: its log is to show the tests' connections only."""
    until = time.monotonic() + _STARTING_SECONDS
    log = server.folder / "log"
    while time.monotonic() < until:
        if log.exists() and f"Server listening on {server.address}" in server.log:
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    pytest.fail(f"sshd did not start: {server.log if log.exists() else 'no log'}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the server and the sessions that it forked."""
    sessions = _children(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    for session in sessions:
        with suppress(ProcessLookupError):
            os.kill(session, 15)
    process.kill()
    process.wait()


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []
