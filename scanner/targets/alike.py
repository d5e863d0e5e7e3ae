"""What many hosts of a fleet answer alike is read once."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Alike(Generic[Made]):
    """What was made of answers, until these are too many; then it begins anew."""

    def __init__(self, most: int) -> None:
        """Remember so many bytes of answers."""
        self.most = most
        self._made: dict[Hashable, Made] = {}
        self._size = 0
        self._keeping = threading.Lock()

    def read(self, answer: Hashable, size: int, make: Callable[[], Made]) -> Made:
        """What is made of an answer of this size; of the same one, the same, so nobody may change it."""
        found = self._made.get(answer)
        if found is None:
            found = make()
            self._keep(answer, size, found)
        return found

    def _keep(self, answer: Hashable, size: int, made: Made) -> None:
        if size > self.most:
            return
        with self._keeping:
            if self._size + size > self.most:
                self._made, self._size = {}, 0
            if answer not in self._made:
                self._made[answer] = made
                self._size += size
