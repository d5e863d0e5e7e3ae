"""Keys: what a user logs in with, without anybody being asked."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ReadError
from ..model import Reason
from .known_hosts import KnownHosts

if TYPE_CHECKING:
    import paramiko

_AGENT_SECONDS = 2
_LIST_KEYS = b"\0\0\0\x01\x0b"
"""SSH_AGENTC_REQUEST_IDENTITIES."""

_USUAL_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


class Keys:
    """The user's keys, each read once, whatever number of hosts they open."""

    def __init__(self, identity: str | None) -> None:
        self._identity = identity
        self._agent: paramiko.Agent | None = None
        self._loaded: list[paramiko.PKey] | None = None

    def all(self) -> "list[paramiko.PKey]":
        """The configured key, or what the agent and ~/.ssh have.

        Raises:
            ReadError: there is none that can be used without asking somebody.
        """
        if self._loaded is None:
            self._loaded = self._usual() if self._identity is None else [self._configured(self._identity)]
        return self._loaded

    def close(self) -> None:
        """Let go of the agent."""
        if self._agent is not None:
            self._agent.close()

    def _configured(self, identity: str) -> "paramiko.PKey":
        path = Path(identity).expanduser()
        try:
            key = _private_key(path)
        except OSError as error:
            detail, mend = (
                f"{path}: {error.strerror}",
                "correct identity, or make the key readable to this user",
            )
            raise _unusable(detail, mend) from None
        key = key or self._in_agent(path)
        if key is None:
            raise _unusable(
                f"{path} is not a private key that can be used without a passphrase",
                f"load it into an agent (ssh-add), with {path}.pub beside it, or use a key without one",
            )
        return key

    def _in_agent(self, path: Path) -> "paramiko.PKey | None":
        """The agent's key for a private key that is locked; its public half tells which."""
        try:
            public = KnownHosts("public " + path.with_name(path.name + ".pub").read_text()).keys("public", 22)
        except (OSError, ValueError):
            return None
        return next((key for key in self._agent_keys() if key.asbytes() in public), None)

    def _usual(self) -> "list[paramiko.PKey]":
        keys = self._agent_keys()
        for name in _USUAL_KEYS:
            with suppress(OSError):
                key = _private_key(Path("~/.ssh").expanduser() / name)
                keys += [] if key is None or key in keys else [key]
        if not keys:
            raise _unusable(
                "no key to log in with: no agent has one, and ~/.ssh has none without a passphrase",
                "set identity, or load a key into an agent (ssh-add)",
            )
        return keys

    def _agent_keys(self) -> "list[paramiko.PKey]":
        import paramiko

        if self._agent is None and _answers(os.environ.get("SSH_AUTH_SOCK")):
            with suppress(paramiko.SSHException, OSError):
                self._agent = paramiko.Agent()
        return list(self._agent.get_keys()) if self._agent else []


def _answers(agent: str | None) -> bool:
    """Whether an agent answers there: paramiko waits for it for ever, and leaks the socket of a dead one."""
    if not agent:
        return False
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_AGENT_SECONDS)
        try:
            asking.connect(agent)
            asking.sendall(_LIST_KEYS)
            return bool(asking.recv(1))
        except OSError:
            return False


def _private_key(path: Path) -> "paramiko.PKey | None":
    """A private key; None when it is locked or none.

    Raises:
        OSError: it cannot be read.
    """
    import paramiko

    path.read_bytes()
    try:
        return paramiko.PKey.from_path(path)
    except Exception:  # noqa: BLE001 - two libraries' errors, and what they say may quote the file
        return None


def _unusable(detail: str, mend: str) -> ReadError:
    return ReadError(need=None, reason=Reason.CREDENTIALS, detail=detail, mend=mend)
