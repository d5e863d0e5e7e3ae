"""Progress as it is seen: a line written over on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from scanner.progress import Progress

from .log import Log

EVERY_SECONDS = 30.0
"""How often a log that nobody watches is told."""
LIVE_SECONDS = 0.2
_ERASE = "\r\x1b[K"


@contextmanager
def shown(progress: Progress, log: Log) -> Iterator[None]:
    """Show how far a run is, until it ends."""
    ended = threading.Event()
    tick = threading.Thread(target=_tick, args=(progress, log, ended), name="progress", daemon=True)
    tick.start()
    try:
        yield
    finally:
        ended.set()
        tick.join()


def _tick(progress: Progress, log: Log, ended: threading.Event) -> None:
    started = time.monotonic()
    live = log.live
    while not ended.wait(LIVE_SECONDS if live else EVERY_SECONDS):
        line = f"{progress.line()}, {_elapsed(time.monotonic() - started)}"
        if live:
            sys.stderr.write(f"{_ERASE}{line}")
            sys.stderr.flush()
        else:
            log.say(
                line,
                event="progress",
                targets=progress.targets_done,
                checks=progress.checks_done,
                calls=progress.calls,
            )
    if live:
        sys.stderr.write(_ERASE)
        sys.stderr.flush()


def _elapsed(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
