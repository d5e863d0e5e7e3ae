import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from scanner.errors import ReadError, Undeclared
from scanner.model import Reason
from scanner.view import WINDOW, View


class World(View):
    """A view that answers everything but what is refused."""

    platform: ClassVar[str] = "world"

    def read(self, name: str) -> str:
        need = self.declared("read")
        if name.startswith("bad"):
            raise self.refused(ReadError(need=need, reason=Reason.DENIED, detail=name, mend="allow it"))
        return name.upper()


@pytest.fixture
def leaves() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4, thread_name_prefix="leaf") as pool:
        yield pool


def kept(view: View) -> list[tuple[str | None, str]]:
    return sorted((refusal.resource or "", refusal.error.detail) for refusal in view.refusals)


def test_what_is_not_declared_raises() -> None:
    with pytest.raises(Undeclared, match=r"^'write' is not declared in @check; declared are list, read$"):
        World(["read", "list"]).declared("write")


def test_a_refusal_is_kept_under_the_resource_being_read() -> None:
    view = World(["read"])
    seen = []

    for name in ("a", "bad-b", "c"):
        with view.reading(f"arn:{name}"):
            seen.append(view.read(name))

    assert seen == ["A", "C"]
    assert kept(view) == [("arn:bad-b", "bad-b")]


def test_reading_within_reading() -> None:
    view = World(["read"])

    with view.reading("outer"):
        with view.reading("inner"):
            view.read("bad-1")
        view.read("bad-2")
    with pytest.raises(ReadError):
        view.read("bad-3")

    assert kept(view) == [("", "bad-3"), ("inner", "bad-1"), ("outer", "bad-2")]


def test_reading_hides_no_bug() -> None:
    with pytest.raises(KeyError), World(["read"]).reading("arn:a"):
        raise KeyError


@pytest.mark.parametrize("pooled", [True, False])
def test_each_keeps_the_order_and_leaves_out_what_refuses(
    leaves: ThreadPoolExecutor, *, pooled: bool
) -> None:
    view = World(["read"], leaves if pooled else None)
    names = [f"{'bad' if number % 7 == 0 else 'item'}-{number:03}" for number in range(3 * WINDOW)]

    def read(name: str) -> str:
        time.sleep(0.002 if name.endswith("1") else 0)
        return view.read(name)

    seen = list(view.each(names, read, resource=lambda name: f"arn:{name}"))

    assert seen == [name.upper() for name in names if name.startswith("item")]
    assert kept(view) == [(f"arn:{name}", name) for name in names if name.startswith("bad")]


def test_each_reads_in_the_leaves() -> None:
    with ThreadPoolExecutor(2, thread_name_prefix="leaf") as leaves:
        view = World(["read"], leaves)
        names = view.each("ab", lambda _: threading.current_thread().name, resource=str)

        assert all(name.startswith("leaf") for name in names)


def test_each_overlaps(leaves: ThreadPoolExecutor) -> None:
    together = threading.Barrier(4)
    view = World(["read"], leaves)

    def read(item: int) -> int:
        together.wait(10)
        return item

    assert list(view.each(range(4), read, resource=str)) == [0, 1, 2, 3]


def test_each_asks_for_no_more_items_than_its_window(leaves: ThreadPoolExecutor) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(10 * WINDOW):
            taken.append(number)
            yield number

    reading = World(["read"], leaves).each(items(), lambda item: item, resource=str)

    assert next(reading) == 0
    assert len(taken) == WINDOW
    assert next(reading) == 1
    assert len(taken) == WINDOW + 1
    reading.close()


def test_each_within_each_reads_in_line_again_and_again() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="leaf") as leaves:
        view = World(["read"], leaves)

        def read(item: str) -> SimpleNamespace:
            # With one leaf, anything but reading in line would wait for itself for ever.
            first = list(view.each("ab", lambda one: view.read(item + one), resource=str))
            second = list(view.each("cd", lambda one: view.read(item + one), resource=str))
            return SimpleNamespace(seen=first + second)

        done: list[Any] = []
        runner = threading.Thread(
            target=lambda: done.extend(view.each("xy", read, resource=str)), daemon=True
        )
        runner.start()
        runner.join(10)

        assert [item.seen for item in done] == [["XA", "XB", "XC", "XD"], ["YA", "YB", "YC", "YD"]]


def test_after_each_a_refusal_is_of_the_whole_scope_again() -> None:
    view = World(["read"])
    list(view.each(["a", "bad-b"], view.read, resource=lambda name: f"arn:{name}"))

    with pytest.raises(ReadError):
        view.read("bad-c")

    assert kept(view) == [("", "bad-c"), ("arn:bad-b", "bad-b")]


def test_a_listing_that_is_refused_half_way_ends_each(leaves: ThreadPoolExecutor) -> None:
    view = World(["read"], leaves)

    def items() -> Iterator[str]:
        yield "a"
        view.read("bad-page")

    with pytest.raises(ReadError):
        list(view.each(items(), view.read, resource=str))

    assert ("", "bad-page") in kept(view)


@pytest.mark.parametrize("pooled", [True, False])
def test_each_hides_no_bug(leaves: ThreadPoolExecutor, *, pooled: bool) -> None:
    view = World(["read"], leaves if pooled else None)

    with pytest.raises(ZeroDivisionError):
        list(view.each([1, 0], lambda item: 1 // item, resource=str))
    assert view.refusals == []
