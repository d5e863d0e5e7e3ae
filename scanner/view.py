"""Views: what a check is given, through which it sees only what it declared."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from .errors import ReadError, Undeclared

WINDOW = 64
"""How many reads `each` keeps queued or in flight."""

Item = TypeVar("Item")
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Refusal:
    """A refused read, and the resource it was about (None: the whole scope)."""

    resource: str | None
    error: ReadError


class View:
    """What a check is given: one scope of one target, through the needs that the check declared.

    Every refusal is kept here, not in the check, so that no check can swallow one.
    """

    platform: ClassVar[str]

    def __init__(self, needs: Collection[str], leaves: Executor | None = None) -> None:
        """Give the check its needs, and a pool for its overlapping reads (None: read in line)."""
        self.needs = frozenset(needs)
        self.refusals: list[Refusal] = []
        self._leaves = leaves
        self._reading = threading.local()

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """Why a check on this kind of view may not declare this need; None when it may."""
        raise NotImplementedError

    @contextmanager
    def reading(self, resource: str) -> Iterator[None]:
        """Say which resource is being read: a refusal is kept under its id, and the check goes on."""
        before = getattr(self._reading, "resource", None)
        self._reading.resource = resource
        try:
            yield
        except ReadError:
            # Kept when it was raised; see refused().
            pass
        finally:
            self._reading.resource = before

    def each(
        self, items: Iterable[Item], read: Callable[[Item], Seen], *, resource: Callable[[Item], str]
    ) -> Iterator[Seen]:
        """Read something more for each item, overlapping in a bounded window.

        What `read` returns comes out in the order of the items; an item that refuses is left out and kept as
        a refusal of its resource. Inside another `each` it reads in line.
        """

        def one(item: Item) -> tuple[Seen, ...]:
            before = getattr(self._reading, "leaf", False)
            with self.reading(resource(item)):
                self._reading.leaf = True
                try:
                    return (read(item),)
                finally:
                    self._reading.leaf = before
            return ()

        if self._leaves is None or getattr(self._reading, "leaf", False):
            for item in items:
                yield from one(item)
            return
        yield from self._overlapped(self._leaves, items, one)

    def _overlapped(
        self, leaves: Executor, items: Iterable[Item], one: Callable[[Item], tuple[Seen, ...]]
    ) -> Iterator[Seen]:
        window: deque[Future[tuple[Seen, ...]]] = deque()
        try:
            for item in items:
                window.append(leaves.submit(one, item))
                if len(window) >= WINDOW:
                    yield from window.popleft().result()
            while window:
                yield from window.popleft().result()
        finally:
            for future in window:
                future.cancel()

    def declared(self, need: str) -> str:
        """The need, if the check declared it.

        Raises:
            Undeclared: it did not.
        """
        if need not in self.needs:
            raise Undeclared(
                f"{need!r} is not declared in @check; declared are {', '.join(sorted(self.needs))}"
            )
        return need

    def refused(self, error: ReadError, resource: str | None = None) -> ReadError:
        """Keep a refusal and hand it back to be raised.

        It is of the resource that is named, or of the one that is being read, or of the whole scope.
        """
        about = resource or getattr(self._reading, "resource", None)
        self.refusals.append(Refusal(about, error))
        return error
