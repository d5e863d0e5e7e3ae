"""Pace: no more calls than a cloud says it will answer."""

import threading
import time


class Pace:
    """A bucket of calls, refilled at a rate; whoever finds it empty waits for the next one."""

    def __init__(self, at_once: int, per_second: float) -> None:
        """Start with a full bucket."""
        self._at_once = at_once
        self._per_second = per_second
        self._left = float(at_once)
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take one call, when it is there."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self._at_once, self._left + (now - self._at) * self._per_second)
            self._at = now
            # Taken before it is there, so that each who waits has a turn of his own.
            self._left -= 1
            wait = -self._left / self._per_second
        if wait > 0:
            time.sleep(wait)
