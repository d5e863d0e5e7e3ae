"""Authentication: keys first, each with its certificates, then the password where there is one."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from ..model import Reason
from .keys import Keys
from .login import Login
from .probe import Deadline, sanitised
from .secret import Secret
from .stages import refused, seconds, stage
from .watch import at_the_latest

if TYPE_CHECKING:
    import paramiko

_KEYS, _PASSWORD, _ASKED = "publickey", "password", "keyboard-interactive"
_MOST_PROMPTS = 4
"""Rounds in which a host may ask: a wrong password is asked for again."""


def authenticate(transport: "paramiko.Transport", login: Login, deadline: Deadline, *, new: bool) -> None:
    """Log in; a host whose key nobody has compared is told no password.

    Raises:
        ReadError: the host does not let us in; it says what was tried.
    """
    trying = _Trying(transport, login, deadline)
    with closing(Keys(login)) as keys:
        for key in keys.all():
            if _KEYS not in trying.ways:
                break
            if trying.let_in(_KEYS, str(key), partial(transport.auth_publickey, login.user, key.ready())):
                return
    if login.password is not None:
        if new:
            trying.refusals.append("no password is told to a host whose key nobody has compared")
        elif _by_password(trying, login.password):
            return
    raise trying.refused()


def _by_password(trying: "_Trying", password: Secret) -> bool:
    transport, user, word = trying.transport, trying.login.user, password()
    if _PASSWORD in trying.ways and trying.let_in(
        _PASSWORD, "the password", lambda: transport.auth_password(user, word, fallback=False)
    ):
        return True
    # A host that took the password for a wrong one would only take it so again.
    asked = _Asked(word)
    return (
        _ASKED in trying.ways
        and _PASSWORD not in trying.tried
        and trying.let_in(_ASKED, "the password, asked for", lambda: transport.auth_interactive(user, asked))
    )


class _Asked:
    """Answers a host that asks for just the password, and for nothing else."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._rounds = 0

    def __call__(self, title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        del title, instructions
        self._rounds += 1
        if not prompts:
            return []
        ((prompt, shown), *others) = prompts
        if others or shown or _PASSWORD not in prompt.lower() or self._rounds > _MOST_PROMPTS:
            said = sanitised("; ".join(text for text, _ in prompts).encode())
            raise ValueError(f"the host asks for something else than just the password: {said}")
        return [self._word]


class _Trying:
    """One login: what was tried, what the host said, and which ways are left."""

    def __init__(self, transport: "paramiko.Transport", login: Login, deadline: Deadline) -> None:
        self.transport = transport
        self.login = login
        self.refusals: list[str] = []
        self.tried: set[str] = set()
        self.ways: Sequence[str] = (_KEYS, _PASSWORD, _ASKED)
        """What the host may take next, as far as it has told."""
        self._deadline = deadline

    def let_in(self, way: str, what: str, attempt: Callable[[], list[str]]) -> bool:
        """Whether one attempt opens the host.

        Raises:
            ReadError: it went wrong, or took too long.
        """
        import paramiko

        limit = seconds(self.login, self._deadline)
        self.transport.auth_timeout = limit + 1
        name = f"logging in as {self.login.user}"
        self.tried.add(way)
        with (
            stage(name, Deadline(limit), Reason.CREDENTIALS, self._mend),
            at_the_latest(Deadline(limit), self.transport.close),
        ):
            try:
                further = attempt()
            except paramiko.BadAuthenticationType as error:
                self.ways = error.allowed_types
                self.tried.discard(way)
                self._said(f"the host takes {_listed(error.allowed_types)} only")
                return False
            except paramiko.AuthenticationException:
                if not self.transport.is_active():
                    raise
                self._said(what)
                return False
        if not further:
            return True
        self.ways = further
        thing = "the key" if way == _KEYS else "the password"
        self._said(f"the host takes {thing}, and asks for {_listed(further)} besides")
        return False

    def refused(self) -> Exception:
        """What is to be said of a host that takes nothing."""
        said = "; ".join(self.refusals) or "there was nothing to try"
        return refused(Reason.CREDENTIALS, f"{self.login.user} was not let in: {said}", self._mend)

    def _said(self, what: str) -> None:
        if what not in self.refusals:
            self.refusals.append(what)

    @property
    def _mend(self) -> str:
        user = self.login.user
        return f"see that {user}'s authorized_keys on the host has the key, and sshd lets this user in"


def _listed(methods: Iterable[str]) -> str:
    """Ways to log in, as the server names them."""
    return sanitised(", ".join(methods).encode())
