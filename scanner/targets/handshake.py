"""The handshake: agree on keys, hold the host to its known key, log in."""

import logging
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import Reason
from .ahead import ReadAhead
from .authentication import authenticate
from .known_hosts import fingerprint
from .login import Login
from .probe import Deadline
from .stages import seconds, stage
from .trust import Trust
from .watch import at_the_latest

if TYPE_CHECKING:
    import paramiko

_RSA = ("rsa-sha2-512", "rsa-sha2-256")
_AEAD = "-gcm@openssh.com"
_LOG = "wardround.ssh"
_NO_SERVER = "see that an SSH server listens there"


@dataclass(frozen=True)
class Shown:
    """The key that a host showed."""

    fingerprint: str
    accepted: str | None
    """The file that took it, when nobody has compared it."""

    def __str__(self) -> str:
        how = f" (accepted as new, by {self.accepted})" if self.accepted else ""
        return self.fingerprint + how


def logged_in(
    login: Login, connection: "socket.socket | paramiko.Channel", deadline: Deadline, stack: ExitStack
) -> "tuple[paramiko.Transport, Shown]":
    """A transport that is closed with the stack, or by the deadline, and the key that the host showed.

    Raises:
        ReadError: there is no SSH server, it is not the known one, or it does not let us in.
    """
    from .transport import Transport

    stack.callback(connection.close)
    with stage("exchanging keys", deadline, Reason.UNREACHABLE, _NO_SERVER):
        link: Any = ReadAhead(connection) if isinstance(connection, socket.socket) else connection
        transport = Transport(link)
    stack.callback(transport.close)
    # Some of paramiko's waits know no timeout (exec_command, recv_exit_status): closing ends them all.
    stack.enter_context(at_the_latest(deadline, transport.close))
    # paramiko logs whole tracebacks as errors, which Python prints where nobody configured logging.
    transport.set_log_channel(_LOG)
    logging.getLogger(_LOG).setLevel(logging.CRITICAL + 1)
    trust = Trust.of(login)
    _exchange_keys(transport, login, trust, deadline)
    key = transport.get_remote_server_key()
    new = trust.hold(key.get_name(), key.asbytes())
    authenticate(transport, login, deadline, new=new)
    return transport, Shown(fingerprint(key.asbytes()), login.accept_new if new else None)


def _exchange_keys(transport: "paramiko.Transport", login: Login, trust: Trust, deadline: Deadline) -> None:
    """Agree on keys, asking for a type of host key that we know, as OpenSSH does."""
    options = transport.get_security_options()
    wanted = [
        offered
        for known_type in trust.key_types
        for offered in (_RSA if known_type == "ssh-rsa" else (known_type,))
        if offered in options.key_types
    ]
    options.key_types = [*wanted, *(each for each in options.key_types if each not in wanted)]
    # Other ciphers need a MAC, which paramiko compares byte by byte, in Python.
    options.ciphers = sorted(options.ciphers, key=lambda name: not name.endswith(_AEAD))
    limit = seconds(login, deadline)
    # start_client() returns in silence when its time is over; its own inner timeouts mislead.
    transport.banner_timeout = transport.handshake_timeout = limit + 1
    with stage("exchanging keys", Deadline(limit), Reason.UNREACHABLE, _NO_SERVER):
        transport.start_client(timeout=limit)
        transport.get_remote_server_key()
