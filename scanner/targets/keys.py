"""Keys: what a user logs in with, each read once whatever number of hosts they open."""

import io
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ReadError
from ..model import Reason
from .known_hosts import KnownHosts, fingerprint, keys
from .login import Login

if TYPE_CHECKING:
    import paramiko

_AGENT_SECONDS = 2
_LIST_KEYS = b"\0\0\0\x01\x0b"
"""SSH_AGENTC_REQUEST_IDENTITIES."""
_KEPT = 64
"""How many private keys are kept."""
_CERTIFICATE = "-cert-v01@openssh.com"
_USUAL_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True)
class Key:
    """A key to log in with: what signs, and the certificate that speaks for it."""

    signer: "paramiko.PKey"
    certificate: str | None = None
    """As it stands in its -cert.pub; one that the agent holds is the signer's own."""

    def ready(self) -> "paramiko.PKey":
        """What paramiko logs in with next: it finds the certificate in the signer."""
        import copy

        import paramiko

        signer = self.signer
        if not isinstance(signer, paramiko.AgentKey):
            # Others log in with the same key, and without this certificate.
            signer = copy.copy(signer)
        signer.public_blob = None
        if self.certificate is not None:
            signer.load_certificate(self.certificate)
        return signer

    def __str__(self) -> str:
        certified = " with its certificate" if self.certificate else ""
        return f"{self.signer.get_name()} {fingerprint(self.signer.asbytes())}{certified}"


class Keys:
    """The keys of one login, in the order in which they are tried."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._agent: paramiko.Agent | None = None

    def all(self) -> list[Key]:
        """The configured keys, or what the agent and ~/.ssh have; each after its certificates.

        Raises:
            ReadError: a configured key cannot be used, or there is none and no password either.
        """
        if not self._login.identity:
            return self._usual()
        return [each for identity in self._login.identity for each in self._configured(identity)]

    def close(self) -> None:
        """Let go of the agent."""
        if self._agent is not None:
            self._agent.close()

    def _configured(self, identity: str) -> list[Key]:
        path = Path(identity).expanduser()
        try:
            key = _private_key(path) or self._opened(path)
        except OSError as error:
            detail, mend = (
                f"{path}: {error.strerror}",
                "correct identity, or make the key readable to this user",
            )
            raise _unusable(detail, mend) from None
        key = key or self._in_agent(path)
        if key is None:
            with_which = "with its passphrase" if self._login.passphrase else "without a passphrase"
            raise _unusable(
                f"{path} is not a private key that can be used {with_which}",
                f"load it into an agent (ssh-add), with {path}.pub beside it, or use a key without one",
            )
        return [*self._certified(key, path), Key(key)]

    def _opened(self, path: Path) -> "paramiko.PKey | None":
        return _private_key(path, self._login.passphrase()) if self._login.passphrase else None

    def _certified(self, key: "paramiko.PKey", path: Path | None) -> Iterator[Key]:
        """A key with each certificate that is for it: its own file's, and the configured ones."""
        own = path.with_name(path.name + "-cert.pub") if path else None
        named = [Path(each).expanduser() for each in self._login.certificate]
        for place in ([own] if own is not None and own.exists() else []) + named:
            try:
                text = place.read_text()
            except (OSError, UnicodeDecodeError) as error:
                said = getattr(error, "strerror", None) or "not a certificate"
                raise _unusable(f"{place}: {said}", "correct certificate, or make it readable") from None
            if _is_for(text, key, place):
                yield Key(key, text)

    def _in_agent(self, path: Path) -> "paramiko.PKey | None":
        """The agent's key for a private key that is locked; its public half tells which."""
        try:
            public = keys(KnownHosts("public " + path.with_name(path.name + ".pub").read_text()).of("public"))
        except (OSError, ValueError):
            return None
        return next((key for key in self._agent_keys() if key.asbytes() in public), None)

    def _usual(self) -> list[Key]:
        agents = self._agent_keys()
        found: list[Key] = []
        # What a certificate opens is not to be lost behind a server's few tries: those first.
        for key in sorted(agents, key=lambda each: not each.get_name().endswith(_CERTIFICATE)):
            found += [*self._certified(key, None), Key(key)]
        for name in _USUAL_KEYS:
            path = Path("~/.ssh").expanduser() / name
            with suppress(OSError):
                own = _private_key(path)
                if own is not None and own not in agents:
                    found += [*self._certified(own, path), Key(own)]
        if not found and self._login.password is None:
            raise _unusable(
                "no key to log in with: no agent has one, and ~/.ssh has none without a passphrase",
                "set identity, or load a key into an agent (ssh-add)",
            )
        return found

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


def _is_for(text: str, key: "paramiko.PKey", path: Path) -> bool:
    """Whether a certificate is for a key: it holds the key's own numbers."""
    import paramiko

    try:
        blob = paramiko.pkey.PublicBlob.from_string(text)
        held = paramiko.PKey.from_type_string(blob.key_type.replace(_CERTIFICATE, ""), blob.key_blob)
    except Exception:  # noqa: BLE001 - whatever paramiko makes of a file that is none
        raise _unusable(f"{path} is not a certificate", "make one with ssh-keygen -s") from None
    return held.asbytes() == key.asbytes()


def _private_key(path: Path, passphrase: str | None = None) -> "paramiko.PKey | None":
    """A private key; None when it is locked or none.

    Raises:
        OSError: it cannot be read.
    """
    state = path.stat()
    path.open("rb").close()
    return _loaded(path, passphrase, (state.st_ino, state.st_size, state.st_mtime_ns))


@lru_cache(_KEPT)
def _loaded(path: Path, passphrase: str | None, state: tuple[int, ...]) -> "paramiko.PKey | None":
    import paramiko

    del state
    text = path.read_text(errors="replace")
    # Not PKey.from_path, which fails over a bad certificate beside the key, and then calls the key bad.
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(Exception):  # two libraries' errors, and what they say may quote the file
            return kind.from_private_key(io.StringIO(text), passphrase)
    return None


def _unusable(detail: str, mend: str) -> ReadError:
    return ReadError(need=None, reason=Reason.CREDENTIALS, detail=detail, mend=mend)
