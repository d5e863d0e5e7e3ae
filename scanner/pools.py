"""The threads in which targets are read."""

import os
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")

CALLS = 64
"""Threads for the calls of a target's checks on one kind of scope."""
_PROCESSOR = 36
"""Where /proc/<pid>/stat has the processor, after the name (proc_pid_stat(5))."""


def pool(size: int, name: str, processor: Collection[int] = ()) -> ThreadPoolExecutor:
    """So many threads, all on this processor where one is named, and the system can keep them there.

    Threads of one interpreter take turns. Where the turn goes from one processor to another, waking that one
    takes a fifth of all CPU time when calls are many and short.
    """
    # By these names the command knows that it leaves something behind that may hang.
    return ThreadPoolExecutor(
        size, thread_name_prefix=f"wardround-{name}", initializer=partial(_stay, processor)
    )


class Calls(Executor):
    """Threads for calls; few of them, until it is said that all may be used."""

    def __init__(self, few: Executor | None, all_there_are: Executor) -> None:
        """Begin with the few, where there are some."""
        self._used = few or all_there_are
        self._all = all_there_are

    def submit(
        self, call: Callable[Given, Made], /, *args: Given.args, **named: Given.kwargs
    ) -> Future[Made]:
        """Make a call in one of those that may be used."""
        return self._used.submit(call, *args, **named)

    def use_all(self) -> None:
        """From now on."""
        self._used = self._all


class Threads(NamedTuple):
    """Those in which one kind of scope is looked at."""

    checks: Executor
    calls: Calls


def processor() -> set[int]:
    """The processor that this process was last run on, found free by the kernel; empty where unknown."""
    with suppress(OSError, ValueError, IndexError):
        told = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        return {int(told[_PROCESSOR])}
    return set()


def _stay(processor: Collection[int]) -> None:
    if processor and hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(0, processor)
