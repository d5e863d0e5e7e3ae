"""How far a run is: counted where things happen, shown by whoever wants to."""

import threading
from dataclasses import dataclass, field

from .targets import Session


@dataclass
class Progress:
    """Targets, checks and calls, counted."""

    targets: int = 0
    targets_done: int = 0
    checks: int = 0
    """Of the targets that were entered so far: a check on each scope."""
    checks_done: int = 0
    _sessions: list[Session] = field(default_factory=list)
    """Those that are open: one of a host holds everything that the host answered."""
    _calls: int = 0
    """Of those that are done."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def entered(self, session: Session, checks: int) -> None:
        """A target was entered; so many checks will run in it."""
        with self._lock:
            self.checks += checks
            self._sessions.append(session)

    def ended(self, session: Session) -> None:
        """Every check has run in a target that was entered."""
        with self._lock:
            self._calls += sum(session.calls.values())
            self._sessions = [each for each in self._sessions if each is not session]

    def checked(self) -> None:
        """A check has run on a scope."""
        with self._lock:
            self.checks_done += 1

    def left(self) -> None:
        """A target is done, or could not be entered."""
        with self._lock:
            self.targets_done += 1

    @property
    def calls(self) -> int:
        """How many calls were answered, commands on hosts included."""
        with self._lock:
            return self._calls + sum(sum(each.calls.values()) for each in self._sessions)

    def line(self) -> str:
        """All of it, in a line."""
        return (
            f"{self.targets_done:,} of {self.targets:,} targets, {self.checks_done:,} of {self.checks:,} "
            f"checks, {self.calls:,} calls"
        )
