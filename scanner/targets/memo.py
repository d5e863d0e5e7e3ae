"""Ask once: each answer is computed by whoever asks first, and told to all."""

import threading
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, NamedTuple

import msgspec

from ..errors import ReadError
from ..plain import whole

Page = dict[str, Any]

_SMALL = 512
"""Bytes that are not worth compressing: hardly fewer come of it, and other threads are let in meanwhile."""
_PLAIN = b"\0"
"""What begins a page that is not compressed; zlib's begin otherwise."""

_Kept = tuple[bytes, ...] | ReadError
"""Packed pages, or why there are none."""

EVERYWHERE = "account"
"""The scope whose checks may ask in any region."""
ELSEWHERE = "elsewhere: "
"""What stands before a region that a check asks which runs on another one."""


class Key(NamedTuple):
    """One question: an operation, where it is asked, and its canonical parameters."""

    need: str
    region: str
    parameters: Hashable


class Memo:
    """The answers of one target.

    Answers are kept packed and unpacked for each asker: nobody can change a shared one, and 100,000 volumes
    take megabytes. A refusal is an answer too, of which each asker gets its own exception. An interrupt or a
    bug is told to those who wait, and forgotten.
    """

    def __init__(self) -> None:
        """Nothing was asked yet, and nobody will ask."""
        self._lock = threading.Lock()
        self._answers: defaultdict[str, dict[Key, _Kept | Future[_Kept]]] = defaultdict(dict)
        """By need: whenever a check has run, those to its needs are gone through. A future while it is asked
        for: of 20,000 answers these would be more than what was answered."""
        self._askers: Counter[tuple[str, str]] = Counter()
        self._awaited: Counter[tuple[str, str]] = Counter()
        """How many times a service is still to be asked in a scope."""

    def expect(self, need: str, scope: str) -> None:
        """One more check that declares this need will run on this scope."""
        with self._lock:
            self._askers[need, scope] += 1
            self._awaited[need.partition(":")[0], scope] += 1

    def done(self, need: str, scope: str) -> None:
        """That check has run; what nobody will ask for again is freed."""
        with self._lock:
            self._askers[need, scope] -= 1
            self._awaited[need.partition(":")[0], scope] -= 1
            if self._askers[need, scope]:
                return
            answers = self._answers[need]
            for key in [key for key in answers if not self._wanted(key)]:
                del answers[key]

    def awaited(self, service: str, scope: str) -> bool:
        """Whether checks are still to run that ask a service there."""
        with self._lock:
            return self._awaited[service, scope] > 0 or self._awaited[service, EVERYWHERE] > 0

    def pages(self, key: Key, ask: Callable[[], Iterable[Page]]) -> Iterator[Page]:
        """The pages of an answer, asked for by the first who wants it.

        Raises:
            ReadError: the target refused, now or the first time.
        """
        return (_unpack(page) for page in self._packed(key, ask))

    def items(self, key: Key, ask: Callable[[], Iterable[Page]], name: str) -> Iterator[Any]:
        """What an answer's pages list under a name with dots, unpacked one after the other.

        A page of a thousand things, taken apart at once, is some megabytes for each check that reads it.

        Raises:
            ReadError: the target refused, now or the first time.
        """
        return (item for page in self._packed(key, ask) for item in _items(page, name.split(".")))

    def _packed(self, key: Key, ask: Callable[[], Iterable[Page]]) -> tuple[bytes, ...]:
        with self._lock:
            answers = self._answers[key.need]
            held = answers.get(key)
            if held is None:
                mine = answers[key] = Future()
        if held is None:
            kept = self._answer(key, mine, ask)
        else:
            kept = held.result() if isinstance(held, Future) else held
        if isinstance(kept, ReadError):
            raise kept.again() from None
        return kept

    def _answer(self, key: Key, future: Future[_Kept], ask: Callable[[], Iterable[Page]]) -> _Kept:
        kept: _Kept
        try:
            kept = tuple(_pack(page) for page in ask())
        except ReadError as refusal:
            kept = refusal.again()  # without the frames that it came through
        except BaseException as error:
            with self._lock:
                self._answers[key.need].pop(key, None)
            future.set_exception(error)
            raise
        with self._lock:
            if self._answers[key.need].get(key) is future:
                self._answers[key.need][key] = kept
        future.set_result(kept)
        return kept

    def _wanted(self, key: Key) -> bool:
        if key.region.startswith(ELSEWHERE):
            return any(left > 0 for (need, _), left in self._askers.items() if need == key.need)
        return self._askers[key.need, key.region] > 0 or self._askers[key.need, EVERYWHERE] > 0


def frozen(parameters: object) -> Hashable:
    """Parameters in one order, hashable, whatever order they were written in."""
    if isinstance(parameters, dict):
        return tuple(sorted((name, frozen(value)) for name, value in parameters.items()))
    if isinstance(parameters, list | tuple):
        return tuple(frozen(value) for value in parameters)
    return parameters


def _pack(page: Page) -> bytes:
    try:
        packed = msgspec.msgpack.encode(page)
    except UnicodeEncodeError:  # half a character, which JSON can say and UTF-8 cannot
        packed = msgspec.msgpack.encode(whole(page))
    return _PLAIN + packed if len(packed) < _SMALL else zlib.compress(packed, 1)


def _unpack(page: bytes) -> Page:
    return msgspec.msgpack.decode(_inflated(page), type=Page)


def _items(page: bytes, names: list[str]) -> Iterator[Any]:
    held: bytes | msgspec.Raw = _inflated(page)
    for name in names:
        members = msgspec.msgpack.decode(held, type=dict[str, msgspec.Raw] | None) or {}
        if name not in members:
            return
        held = members[name]
    for item in msgspec.msgpack.decode(held, type=list[msgspec.Raw] | None) or ():
        yield msgspec.msgpack.decode(item)


def _inflated(page: bytes) -> bytes:
    return page[1:] if page[:1] == _PLAIN else zlib.decompress(page)
