"""Trust: whether the key that a host shows is the one that known_hosts files say it has."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ReadError
from ..model import Reason
from . import known_hosts
from .known_hosts import Line, fingerprint, line_for
from .login import Login

USUAL = "~/.ssh/known_hosts"
_AUTHORITY = "@cert-authority"
_ACCEPTING = threading.Lock()


@dataclass(frozen=True)
class Trust:
    """What the files of one login say of its host."""

    login: Login
    lines: tuple[Line, ...]
    """From the files that were configured."""
    accepted: tuple[Line, ...]
    """From the file of keys that nobody has compared."""

    @classmethod
    def of(cls, login: Login) -> "Trust":
        """Look a login's host up.

        Raises:
            ReadError: a file is there and cannot be read.
        """
        found = [line for path in login.known_hosts or (USUAL,) for line in _about(login, path)]
        new = _about(login, login.accept_new) if login.accept_new else []
        return cls(login, tuple(found), tuple(new))

    @property
    def key_types(self) -> tuple[str, ...]:
        """The types of the keys known for the host, as it should offer them first."""
        lines = (line for line in (*self.lines, *self.accepted) if not line.marker)
        return tuple(dict.fromkeys(line.key_type for line in lines))

    def hold(self, key_type: str, key: bytes) -> bool:
        """Let a key pass that is the host's; whether it is so only because new ones are accepted.

        Raises:
            ReadError: it is unknown, or not the one that is known, or revoked.
        """
        verdict = known_hosts.judged((*self.lines, *self.accepted), key)
        if verdict == "known":
            return key not in known_hosts.keys(self.lines)
        if verdict == "unknown" and self.login.accept_new:
            return self._accept(key_type, key)
        raise self._refused(verdict, key_type, key)

    def _accept(self, key_type: str, key: bytes) -> bool:
        path = Path(self.login.accept_new or "").expanduser()
        with _ACCEPTING:
            # Another login may have accepted a key for this name since.
            now = Trust.of(self.login)
            if known_hosts.keys(now.accepted):
                return now.hold(key_type, key)
            try:
                # Not followed: the folder may be one that others write to.
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(path, flags, 0o600), "a") as file:
                    file.write(self._line(key_type, key) + "\n")
            except OSError as error:
                detail = f"the new host key could not be written to {path}: {error.strerror}"
                raise _untrusted(detail, f"make {path} writable, or name another file") from None
        return True

    def _line(self, key_type: str, key: bytes) -> str:
        if self.login.known_as:
            return line_for(self.login.known_as, 22, key_type, key)
        return line_for(self.login.address, self.login.port, key_type, key)

    def _refused(self, verdict: str, key_type: str, key: bytes) -> ReadError:
        paths = self.login.known_hosts or (USUAL,)
        path, got, line = ", ".join(paths), fingerprint(key), self._line(key_type, key)
        if verdict == "unknown":
            has = "has" if len(paths) == 1 else "have"
            compare = f"compare {got} with the host's own (ssh-keygen -lf on its console), "
            return _untrusted(
                f"the host key is not known: {path} {has} none for this host, "
                f"which shows {key_type} {got}" + self._authority(),
                f"{compare}then add to {paths[0]}: {line}",
            )
        expected = " or ".join(fingerprint(each) for each in known_hosts.keys((*self.lines, *self.accepted)))
        where = path if known_hosts.keys(self.lines) or not self.accepted else str(self.login.accept_new)
        return _untrusted(
            f"the host key is revoked in {path}: {got}"
            if verdict == "revoked"
            else f"the host key changed: {where} {'expects' if ', ' not in where else 'expect'} "
            f"{expected or 'none'}, the host shows {key_type} {got}",
            "find out why: somebody may stand between. If the host did get a new key and its console shows "
            f"{got}, replace its lines in {where} by: {line}",
        )

    def _authority(self) -> str:
        """What to say of certificates: only a host's own key is compared."""
        if any(line.marker == _AUTHORITY for line in self.lines):
            return " (there is a @cert-authority, but certificates of hosts are not checked: only their keys)"
        return ""


def _about(login: Login, path: str) -> Iterator[Line]:
    name = login.known_as.lower() if login.known_as else known_hosts.place(login.address, login.port)
    where = Path(path).expanduser()
    try:
        yield from known_hosts.read(where).of(name)
    except OSError as error:
        raise _untrusted(f"{where}: {error.strerror}", f"make {where} readable") from None


def _untrusted(detail: str, mend: str) -> ReadError:
    return ReadError(need=None, reason=Reason.UNREACHABLE, detail=detail, mend=mend)
