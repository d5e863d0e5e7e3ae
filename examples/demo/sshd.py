"""A real sshd on a loopback port, with its own keys and configuration, and a home folder that knows it."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ADDRESS = "127.0.0.1"
STARTING_SECONDS = 10
# Debian does not have the folders of servers on a user's PATH.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/sbin"])


class NoSshd(Exception):  # noqa: N818 - not an error: a machine may well have none
    """Why there is no sshd to log in to."""


@dataclass(frozen=True)
class Door:
    """Where somebody can log in."""

    port: int
    user: str


@contextmanager
def running(home: Path, log: Path) -> Iterator[Door]:
    """Start sshd; ~/.ssh in that home folder gets the key that opens it, and the key that it shows.

    Raises:
        NoSshd: the machine has none, or it does not start.
    """
    sshd, keygen = (shutil.which(program, path=_PATH) for program in ("sshd", "ssh-keygen"))
    if sshd is None or keygen is None:
        raise NoSshd("this machine has no sshd")
    door = Door(_free_port(), getpass.getuser())
    configuration = _written(home / ".ssh", keygen, door)
    if os.geteuid() == 0:
        # Where sshd locks itself in before anybody logged in; elsewhere its package's start makes it.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    # -D: it stays our child, so that it can be ended. Ctrl-C at the terminal is for us, not for it.
    command = [sshd, "-D", "-f", configuration, "-E", log]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _await(process, door, log)
        yield door
    finally:
        sessions = _children(process.pid)
        process.terminate()
        process.wait()
        for session in sessions:
            with suppress(ProcessLookupError):
                os.kill(session, signal.SIGTERM)


def _written(folder: Path, keygen: str, door: Door) -> Path:
    """Keys, known_hosts and sshd_config in this folder; the last one's path."""
    folder.mkdir(mode=0o700)
    for key in ("audit", "host_key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", folder / key], check=True)
    shown = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[{ADDRESS}]:{door.port} {shown}")
    configuration = folder / "sshd_config"
    configuration.write_text(
        f"""\
ListenAddress {ADDRESS}:{door.port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/audit.pub
# The folder's parents are everybody's.
StrictModes no
UsePAM no
UseDNS no
AllowUsers {door.user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
    )
    return configuration


def _await(process: "subprocess.Popen[bytes]", door: Door, log: Path) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection((ADDRESS, door.port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    said = log.read_text(errors="replace").splitlines() if log.exists() else []
    raise NoSshd(f"sshd does not start on this machine: {said[-1] if said else 'it does not say why'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
    return port


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []
