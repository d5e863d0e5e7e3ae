"""The road to a host: a socket, a program of this machine, or a way through jump hosts."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ReadError
from ..model import Reason
from .handshake import logged_in
from .login import Login
from .probe import Deadline, sanitised
from .stages import refused, seconds, stage

if TYPE_CHECKING:
    import paramiko

_REMEMBERED_SECONDS = 60
"""For how long a jump host that cannot be reached is not tried again."""
_LOGINS_AT_ONCE = 4
"""To one jump host: sshd drops some of more than ten that have not logged in yet (MaxStartups)."""
_ENDING_SECONDS = 2
_SAID = 4096
_CLOSING_SECONDS = 0.5

Hops = tuple[Login, ...]
"""The jump hosts in the order in which they are gone through."""


def arrive(
    login: Login, hops: Hops, deadline: Deadline, stack: ExitStack
) -> "socket.socket | paramiko.Channel":
    """Something that ends at the host's SSH server, closed with the stack.

    Raises:
        ReadError: it cannot be reached; when a jump host is to blame, it is named.
    """
    bastion: paramiko.Transport | None = None
    for at, hop in enumerate(hops):
        gate = _gate(hops[: at + 1])
        with _blamed(hop), gate.entered(deadline):
            with gate.remembering(deadline):
                connection = _leg(hop, bastion, deadline, stack)
            with gate.remembering(deadline, Reason.TIMEOUT):
                bastion, _ = logged_in(hop, connection, deadline, stack)
    if bastion is None:
        return _leg(login, None, deadline, stack)
    with _blamed(hops[-1]):
        return _forwarded(bastion, login, deadline)


def _leg(
    login: Login, bastion: "paramiko.Transport | None", deadline: Deadline, stack: ExitStack
) -> "socket.socket | paramiko.Channel":
    if bastion is not None:
        return _forwarded(bastion, login, deadline)
    return _run(login, stack) if login.program else _reached(login, deadline)


@contextmanager
def _blamed(hop: Login) -> Iterator[None]:
    try:
        yield
    except ReadError as error:
        raise refused(error.reason, f"jump host {hop}: {error.detail}", error.mend) from None


@dataclass
class _Gate:
    """One jump host, as everybody behind it finds it."""

    turns: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(_LOGINS_AT_ONCE)
    )
    refusal: ReadError | None = None
    until: float = 0

    @contextmanager
    def remembering(self, deadline: Deadline, *reasons: Reason) -> Iterator[None]:
        """Remember for a while that nobody gets there: the next host need not wait as long to learn it."""
        try:
            yield
        except ReadError as refusal:
            # A host whose own time was over says nothing of the jump host.
            if deadline.left > 0 and (not reasons or refusal.reason in reasons):
                self.refusal, self.until = refusal.again(), time.monotonic() + _REMEMBERED_SECONDS
            raise

    @contextmanager
    def entered(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a turn, unless it is known that nobody gets there.

        Raises:
            ReadError: it is known, or the turn did not come.
        """
        if not self.turns.acquire(timeout=max(0.1, deadline.left)):
            raise refused(
                Reason.TIMEOUT, "others were logging in all the time", "give it longer, or scan fewer at once"
            )
        try:
            if self.refusal is not None and time.monotonic() < self.until:
                raise self.refusal.again()
            yield
        finally:
            self.turns.release()


_GATES: dict[Hops, _Gate] = {}
_GATES_LOCK = threading.Lock()


def forget() -> None:
    """Try every jump host again."""
    with _GATES_LOCK:
        _GATES.clear()


def _gate(hops: Hops) -> _Gate:
    with _GATES_LOCK:
        return _GATES.setdefault(hops, _Gate())


def _reached(login: Login, deadline: Deadline) -> socket.socket:
    limit = seconds(login, deadline)
    where = f"connecting to {login.address} port {login.port}"
    try:
        return _connected(login, Deadline(limit))
    except socket.gaierror as error:
        detail, mend = f"{login.address} does not resolve: {error.strerror}", "correct the address, or DNS"
        raise refused(Reason.UNREACHABLE, detail, mend) from None
    except TimeoutError:
        detail, mend = (
            f"{where} took longer than {limit:.0f} s",
            "see whether it is up, and the firewalls between",
        )
        raise refused(Reason.TIMEOUT, detail, mend) from None
    except (OSError, ValueError) as error:
        detail = f"{where}: {getattr(error, 'strerror', None) or error}"
        raise refused(Reason.UNREACHABLE, detail, "see that sshd listens there") from None


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
    name = f"forwarding to {login.address} port {login.port}"
    mend = "see that the jump host allows AllowTcpForwarding and reaches the host"
    with stage(name, deadline, Reason.UNREACHABLE, mend):
        return bastion.open_channel(
            "direct-tcpip",
            (login.address, login.port),
            ("127.0.0.1", 0),
            timeout=seconds(login, deadline),
        )


def _run(login: Login, stack: ExitStack) -> socket.socket:
    """A program of this machine that connects, at the other end of a socket; it ends with the stack."""
    ours, its = socket.socketpair()
    name = os.path.basename(login.program[0])  # noqa: PTH119 - a name, not a file
    with its:
        try:
            # No shell; a session of its own, so that what it starts ends with it.
            process = subprocess.Popen(
                login.program,
                stdin=its.fileno(),
                stdout=its.fileno(),
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise refused(
                Reason.FAILED, f"ProxyCommand: {login.program[0]}: {error.strerror}", "correct ProxyCommand"
            ) from None
    stack.push(_Telling(process, name))
    return ours


@dataclass(frozen=True)
class _Telling:
    """Ends a program, and adds what it said to what went wrong."""

    process: "subprocess.Popen[bytes]"
    name: str

    def __call__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        del kind, trace
        if error is not None:
            # Its end of the socket closes a moment before it is over.
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_CLOSING_SECONDS)
        status = self.process.poll()
        said = self._said()
        self._end()
        if isinstance(error, ReadError) and (said or status):
            told = f" (status {status})" if status else ""
            detail = f"{error.detail}; the ProxyCommand {self.name}{told}: {said or 'said nothing'}"
            raise refused(error.reason, detail, error.mend) from None
        return False

    def _said(self) -> str:
        errors = self.process.stderr
        if errors is None:
            return ""
        os.set_blocking(errors.fileno(), False)
        with errors:
            return sanitised(errors.read(_SAID) or b"").strip()

    def _end(self) -> None:
        for ending in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, ending)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_ENDING_SECONDS)
                return


def shown(hops: Sequence[Login]) -> str:
    """The jump hosts, as an identity names them."""
    return ", ".join(str(hop) for hop in hops)
