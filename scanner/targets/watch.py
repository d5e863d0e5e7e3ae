"""A watch over what may wait for ever: one thread for all of it, where a timer would be one for each."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .probe import Deadline

Late = Callable[[], object]


class _Watch:
    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._held: dict[int, tuple[Deadline, Late]] = {}
        self._changed = threading.Condition()
        self._next = Deadline(0)
        """When the thread looks again, if nobody wakes it."""
        self._watching = False

    def hold(self, deadline: Deadline, late: Late) -> int:
        number = next(self._numbers)
        with self._changed:
            self._held[number] = deadline, late
            if not self._watching:
                # One that cannot be started is the caller's to hear of, and the next caller's to try again.
                threading.Thread(target=self._watch, name="watch", daemon=True).start()
                self._watching = True
            elif deadline.left < self._next.left:
                self._changed.notify()
        return number

    def release(self, number: int) -> None:
        with self._changed:
            self._held.pop(number, None)

    def _watch(self) -> None:
        with self._changed:
            try:
                while self._held:
                    self._tell_late()
                    if self._held:
                        self._next = min((deadline for deadline, _ in self._held.values()), key=_left)
                        self._changed.wait(max(0, self._next.left))
            finally:
                self._watching = False

    def _tell_late(self) -> None:
        for number, (deadline, late) in list(self._held.items()):
            if deadline.left <= 0:
                del self._held[number]
                # What is done then may take a while itself, and another's deadline may pass.
                threading.Thread(target=late, name="late", daemon=True).start()


def _left(deadline: Deadline) -> float:
    return deadline.left


_WATCH = _Watch()


@contextmanager
def at_the_latest(deadline: Deadline, late: Late) -> Iterator[None]:
    """Do something in a thread of its own if this is not over by then."""
    number = _WATCH.hold(deadline, late)
    try:
        yield
    finally:
        _WATCH.release(number)
