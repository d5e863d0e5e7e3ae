"""Logins: where, as whom, with what, and whom to trust; how people write them down."""

from dataclasses import dataclass, replace

from .secret import Secret

_LAST_PORT = 65535


@dataclass(frozen=True)
class Login:
    """Where to log in, as whom, and whom to trust."""

    address: str
    port: int = 22
    user: str = "root"
    identity: tuple[str, ...] = ()
    """Paths of private keys; none: the agent's keys, then the usual ones in ~/.ssh."""
    certificate: tuple[str, ...] = ()
    """Paths of certificates that go with the keys, besides a key's own -cert.pub."""
    passphrase: Secret | None = None
    """What opens locked keys."""
    password: Secret | None = None
    """What the host is told when it takes no key."""
    known_hosts: tuple[str, ...] = ()
    """Paths of the host keys to trust; none: ~/.ssh/known_hosts."""
    known_as: str | None = None
    """The name by which they know the host; None: its address and port."""
    accept_new: str | None = None
    """Path of the file that takes the keys of hosts that nobody knows; None: such a host is refused."""
    program: tuple[str, ...] = ()
    """A program of this machine that connects, and its arguments; none: a socket."""
    connect_seconds: float = 10
    """For each of: connecting, exchanging keys, logging in."""

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.user}@{address}:{self.port}"


def hop(written: str, login: Login) -> Login:
    """The jump host that `user@host:port` names; user and port may be left out.

    It is logged in to as the host behind it is, but by address and under its own name.

    Raises:
        ValueError: it is not of that form.
    """
    user, address, port = parted(written)
    return replace(
        login,
        address=address,
        port=port or 22,
        user=user or login.user,
        password=None,
        known_as=None,
        program=(),
    )


def parted(written: str) -> tuple[str, str, int | None]:
    """User, address and port of `user@host:port`; an empty user and no port where they are left out.

    Raises:
        ValueError: it is not of that form.
    """
    user, _, place = written.strip().removeprefix("ssh://").rpartition("@")
    address, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):
        address, port = place, ""
    bare = address.removeprefix("[").removesuffix("]")
    if not bare or (colon and not place.endswith("]") and not port) or (port and not _is_port(port)):
        raise ValueError(f"{written!r} is not of the form user@host:port")
    return user, bare, int(port) if port else None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) <= _LAST_PORT
