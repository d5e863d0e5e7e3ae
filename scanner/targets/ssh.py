"""SSH: one connection, one login, one command; nothing is trusted or added by itself."""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ReadError
from ..model import Reason
from .keys import Keys
from .known_hosts import KnownHosts, fingerprint, line_for
from .probe import Deadline, Heard, Hearing, sanitised
from .script import EXEC

if TYPE_CHECKING:
    import paramiko

_CHUNK = 65536
_RSA = ("rsa-sha2-512", "rsa-sha2-256")
_LOG = "wardround.ssh"


@dataclass(frozen=True)
class Login:
    """Where to log in, as whom, and whom to trust."""

    address: str
    port: int
    user: str
    identity: str | None
    known_hosts: str | None
    connect_seconds: float

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.user}@{address}:{self.port}"


@dataclass(frozen=True)
class Connection:
    """A login that succeeded, on a host whose key is known."""

    transport: "paramiko.Transport"
    fingerprint: str
    through: str
    """The jump host, as user@host:port; empty without one."""

    def ask(self, script: bytes, over: bytes, deadline: Deadline) -> Heard:
        """Run the script in one exec, until it says that it is over.

        Raises:
            ReadError: the host opens no session or runs no commands.
        """
        with _stage(
            "opening a session", deadline, Reason.UNREACHABLE, "see what sshd's log on the host says"
        ):
            channel = self.transport.open_session(timeout=max(0.1, deadline.left))
        with closing(channel):
            with _stage(
                "starting a command", deadline, Reason.UNREACHABLE, "see what sshd's log on the host says"
            ):
                channel.exec_command(EXEC)
            return _drained(channel, script, over, deadline)


def hop(jump: str, login: Login) -> Login:
    """The jump host that `user@host:port` names; user and port may be left out.

    Raises:
        ValueError: it is not of that form.
    """
    user, _, place = jump.rpartition("@")
    address, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):
        address, port = place, "22"
    address = address.removeprefix("[").removesuffix("]")
    if not address or not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 - ports end there
        raise ValueError(f"{jump!r} is not of the form user@host:port")
    return replace(login, address=address, port=int(port), user=user or login.user)


@contextmanager
def connected(login: Login, jump: str | None, deadline: Deadline) -> Iterator[Connection]:
    """Connect, check the host key, log in; through a jump host where there is one.

    Raises:
        ReadError: any of it failed; it says which, on which host.
    """
    keys = Keys(login.identity)
    with ExitStack() as stack:
        stack.callback(keys.close)
        if jump is None:
            transport, shown = _login(login, _reach(login, deadline), keys, deadline, stack)
            yield Connection(transport, shown, "")
            return
        try:
            first = hop(jump, login)
        except ValueError as error:
            raise _refused(Reason.FAILED, f"jump: {error}", "write it as user@host:port") from None
        try:
            bastion, _ = _login(first, _reach(first, deadline), keys, deadline, stack)
            inner = _forwarded(bastion, login, deadline)
        except ReadError as error:
            raise _refused(error.reason, f"jump host {first}: {error.detail}", error.mend) from None
        transport, shown = _login(login, inner, keys, deadline, stack)
        yield Connection(transport, shown, str(first))


def _reach(login: Login, deadline: Deadline) -> socket.socket:
    seconds = _seconds(login, deadline)
    where = f"connecting to {login.address} port {login.port}"
    try:
        return _connected(login, Deadline(seconds))
    except socket.gaierror as error:
        detail, mend = f"{login.address} does not resolve: {error.strerror}", "correct the address, or DNS"
        raise _refused(Reason.UNREACHABLE, detail, mend) from None
    except TimeoutError:
        detail, mend = (
            f"{where} took longer than {seconds:.0f} s",
            "see whether it is up, and the firewalls between",
        )
        raise _refused(Reason.TIMEOUT, detail, mend) from None
    except (OSError, ValueError) as error:
        detail = f"{where}: {getattr(error, 'strerror', None) or error}"
        raise _refused(Reason.UNREACHABLE, detail, "see that sshd listens there") from None


def _connected(login: Login, deadline: Deadline) -> socket.socket:
    """The first of the host's addresses that answers, all within one deadline."""
    refusal: OSError = TimeoutError()
    for family, kind, protocol, _, address in socket.getaddrinfo(
        login.address, login.port, type=socket.SOCK_STREAM
    ):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(max(0.1, deadline.left))
            connection.connect(address)
        except OSError as error:
            connection.close()
            refusal = error
        else:
            return connection
    raise refusal


def _forwarded(bastion: "paramiko.Transport", login: Login, deadline: Deadline) -> "paramiko.Channel":
    stage = f"forwarding to {login.address} port {login.port}"
    mend = "see that the jump host allows AllowTcpForwarding and reaches the host"
    with _stage(stage, deadline, Reason.UNREACHABLE, mend):
        return bastion.open_channel(
            "direct-tcpip",
            (login.address, login.port),
            ("127.0.0.1", 0),
            timeout=_seconds(login, deadline),
        )


def _login(
    login: Login,
    connection: "socket.socket | paramiko.Channel",
    keys: "Keys",
    deadline: Deadline,
    stack: ExitStack,
) -> "tuple[paramiko.Transport, str]":
    """A transport that is closed with the stack, or by the deadline, and the host key's fingerprint."""
    import paramiko

    stack.callback(connection.close)
    with _stage("exchanging keys", deadline, Reason.UNREACHABLE, "see that an SSH server listens there"):
        transport = paramiko.Transport(connection)
    # A handshake that failed leaves paramiko's timer running, and Python waiting for it at its end.
    stack.callback(transport.packetizer.complete_handshake)
    stack.callback(transport.close)
    # Some of paramiko's waits know no timeout (exec_command, recv_exit_status): closing ends them all.
    watch = threading.Timer(max(0, deadline.left), transport.close)
    watch.daemon = True
    watch.start()
    stack.callback(watch.cancel)
    _quiet(transport)
    known = _known_hosts(login)
    _exchange_keys(transport, login, known, deadline)
    key = transport.get_remote_server_key()
    _check_host_key(login, known, key.get_name(), key.asbytes())
    _authenticate(transport, login, keys, deadline)
    return transport, fingerprint(key.asbytes())


def _quiet(transport: "paramiko.Transport") -> None:
    # paramiko logs whole tracebacks as errors, which Python prints where nobody configured logging.
    transport.set_log_channel(_LOG)
    logging.getLogger(_LOG).setLevel(logging.CRITICAL + 1)


def _exchange_keys(
    transport: "paramiko.Transport", login: Login, known: KnownHosts, deadline: Deadline
) -> None:
    """Agree on keys, asking for a type of host key that we know, as OpenSSH does."""
    options = transport.get_security_options()
    wanted = [
        offered
        for known_type in known.key_types(login.address, login.port)
        for offered in (_RSA if known_type == "ssh-rsa" else (known_type,))
        if offered in options.key_types
    ]
    options.key_types = [*wanted, *(each for each in options.key_types if each not in wanted)]
    seconds = _seconds(login, deadline)
    # start_client() returns in silence when its time is over; its own inner timeouts mislead.
    transport.banner_timeout = transport.handshake_timeout = seconds + 1
    stage = Deadline(seconds)
    with _stage("exchanging keys", stage, Reason.UNREACHABLE, "see that an SSH server listens there"):
        transport.start_client(timeout=seconds)
        transport.get_remote_server_key()


def _known_hosts(login: Login) -> KnownHosts:
    path = Path(login.known_hosts or "~/.ssh/known_hosts").expanduser()
    try:
        return KnownHosts(path.read_text(errors="replace"))
    except FileNotFoundError:
        return KnownHosts("")
    except OSError as error:
        raise _refused(Reason.UNREACHABLE, f"{path}: {error.strerror}", f"make {path} readable") from None


def _check_host_key(login: Login, known: KnownHosts, key_type: str, key: bytes) -> None:
    verdict = known.judge(login.address, login.port, key)
    if verdict == "known":
        return
    path = login.known_hosts or "~/.ssh/known_hosts"
    got = fingerprint(key)
    line = line_for(login.address, login.port, key_type, key)
    if verdict == "unknown":
        raise _refused(
            Reason.UNREACHABLE,
            f"the host key is not known: {path} has none for this host, which shows {key_type} {got}",
            f"compare {got} with the host's own (ssh-keygen -lf on its console), then add to {path}: {line}",
        )
    expected = " or ".join(fingerprint(each) for each in known.keys(login.address, login.port)) or "none"
    raise _refused(
        Reason.UNREACHABLE,
        f"the host key is revoked in {path}: {got}"
        if verdict == "revoked"
        else f"the host key changed: {path} expects {expected}, the host shows {key_type} {got}",
        "find out why: somebody may stand between. If the host did get a new key and its console shows "
        f"{got}, replace its lines in {path} by: {line}",
    )


def _authenticate(transport: "paramiko.Transport", login: Login, keys: Keys, deadline: Deadline) -> None:
    import paramiko

    offered = keys.all()
    mend = f"see that {login.user}'s authorized_keys on the host has the key, and sshd lets this user in"
    refusals: list[str] = []
    for key in offered:
        seconds = _seconds(login, deadline)
        transport.auth_timeout = seconds + 1
        stage = f"logging in as {login.user}"
        with _stage(stage, Deadline(seconds), Reason.CREDENTIALS, mend), _watched(transport, seconds):
            try:
                further = transport.auth_publickey(login.user, key)
            except paramiko.BadAuthenticationType as error:
                refusals.append(f"the host takes {_listed(error.allowed_types)} only")
                break
            except paramiko.AuthenticationException:
                if not transport.is_active():
                    raise
                refusals.append(f"{key.get_name()} {fingerprint(key.asbytes())}")
                continue
        if not further:
            return
        refusals.append(f"the host takes the key, and asks for {_listed(further)} besides")
        break
    raise _refused(Reason.CREDENTIALS, f"{login.user} was not let in: {'; '.join(refusals)}", mend)


def _listed(methods: Iterable[str]) -> str:
    """Ways to log in, as the server names them."""
    return sanitised(", ".join(methods).encode())


@contextmanager
def _watched(transport: "paramiko.Transport", seconds: float) -> Iterator[None]:
    """Close the transport when a stage takes too long."""
    watch = threading.Timer(seconds, transport.close)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


@contextmanager
def _stage(name: str, deadline: Deadline, reason: Reason, mend: str) -> Iterator[None]:
    """Tell what went wrong in one stage in our words; a stage that outlived its deadline timed out."""
    began = time.monotonic()
    try:
        yield
    except ReadError:
        raise
    except Exception as error:  # noqa: BLE001 - a strange server makes paramiko raise anything
        if deadline.left <= 0 or isinstance(error, TimeoutError):
            detail = f"{name} took longer than {time.monotonic() - began:.0f} s"
            raise _refused(Reason.TIMEOUT, detail, "see why the host is slow, or give it longer") from None
        said = sanitised((str(error) or type(error).__name__).encode())
        raise _refused(reason, f"{name}: {said}", mend) from None


def _seconds(login: Login, deadline: Deadline) -> float:
    return max(0.1, min(login.connect_seconds, deadline.left))


def _refused(reason: Reason, detail: str, mend: str) -> ReadError:
    return ReadError(need=None, reason=reason, detail=detail, mend=mend)


def _drained(channel: "paramiko.Channel", script: bytes, over: bytes, deadline: Deadline) -> Heard:
    """Both streams, read together while the script is sent: each has its own window to fill up."""
    hearing, unsent, told = Hearing(over), script, False
    channel.setblocking(False)
    with selectors.DefaultSelector() as ready:
        ready.register(channel, selectors.EVENT_READ)
        while True:
            # Whether it is over is asked first: what came before the end is then there to be read.
            closed = channel.eof_received or channel.closed
            quiet = True
            if channel.recv_ready():
                hearing.hear(channel.recv(_CHUNK))
                quiet = False
            if channel.recv_stderr_ready():
                hearing.err += channel.recv_stderr(_CHUNK)
                quiet = False
            unsent = _sent(channel, unsent)
            if hearing.over and not told:
                # The script waits for the end of what it is told, and ends whatever it started.
                told = True
                with suppress(OSError, EOFError):
                    channel.shutdown_write()
            if hearing.flooded:
                return hearing.heard("flood")
            if deadline.left <= 0:
                return hearing.heard("deadline")
            if quiet and closed:
                return hearing.heard("closed")
            if quiet:
                ready.select(min(deadline.left, 0.02 if unsent else 1))


def _sent(channel: "paramiko.Channel", unsent: bytes) -> bytes:
    """What is left to send, now that the channel took what it could."""
    if not unsent:
        return unsent
    try:
        return unsent[channel.send(unsent) :]
    except TimeoutError:
        return unsent
    except (OSError, EOFError):
        # A login shell that ended already: what it printed says why.
        return b""
