import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets.memo import EVERYWHERE, Key, Memo, Page, frozen

KEY = Key("ec2:DescribeVolumes", "us-east-1", ())
THREADS = 8


class Asked:
    """A target that counts how often it is asked; its last answer stays."""

    def __init__(self, *answers: Any) -> None:
        self.times = 0
        self._answers = answers

    def __call__(self) -> Iterator[Page]:
        self.times += 1
        answer = self._answers[min(self.times, len(self._answers)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        yield from answer


def refusal() -> ReadError:
    return ReadError(
        need=KEY.need, reason=Reason.DENIED, detail="no", mend="allow it", code="UnauthorizedOperation"
    )


def at_once(asks: Callable[[], Any]) -> list[Any]:
    """What several threads get that ask at the same moment; an exception is a result too."""
    start = threading.Barrier(THREADS)

    def ask() -> Any:
        start.wait()
        try:
            return asks()
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(ask) for _ in range(THREADS)]]


def test_asks_once_whoever_asks() -> None:
    memo, asked = Memo(), Asked([{"Volumes": [1]}, {"Volumes": [2]}])

    answers = [list(memo.pages(KEY, asked)) for _ in range(3)]

    assert answers == [[{"Volumes": [1]}, {"Volumes": [2]}]] * 3
    assert asked.times == 1


def test_asks_once_however_many_ask_at_once() -> None:
    memo = Memo()
    entered, go = threading.Event(), threading.Event()
    times = []

    def slow() -> Iterator[Page]:
        times.append(1)
        entered.set()
        assert go.wait(10)
        yield {"Volumes": [1]}

    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(lambda: list(memo.pages(KEY, slow)))
        assert entered.wait(10)
        others = [pool.submit(lambda: list(memo.pages(KEY, slow))) for _ in range(THREADS - 1)]
        go.set()
        answers = [future.result(10) for future in [first, *others]]

    assert answers == [[{"Volumes": [1]}]] * THREADS
    assert len(times) == 1


def test_each_key_is_asked_once_under_threads() -> None:
    memo = Memo()
    asked = {number: Asked([{"number": number}]) for number in range(20)}

    def all_of_them() -> list[Page]:
        return [
            page
            for number, target in asked.items()
            for page in memo.pages(Key("ec2:DescribeVolumes", "us-east-1", number), target)
        ]

    assert at_once(all_of_them) == [[{"number": number} for number in range(20)]] * THREADS
    assert [target.times for target in asked.values()] == [1] * 20


def test_keys_differ_by_need_region_and_parameters() -> None:
    memo, asked = Memo(), Asked([{"a": 1}])
    keys = [
        KEY,
        KEY._replace(need="ec2:DescribeSnapshots"),
        KEY._replace(region="us-west-2"),
        KEY._replace(parameters=frozen({"OwnerIds": ["self"]})),
    ]

    for key in keys + keys:
        list(memo.pages(key, asked))

    assert asked.times == len(keys)


def test_a_refusal_is_an_answer_of_which_each_asker_gets_its_own() -> None:
    memo, asked = Memo(), Asked(refusal())

    told = at_once(lambda: list(memo.pages(KEY, asked)))

    assert asked.times == 1
    assert [vars(error) for error in told] == [vars(refusal())] * THREADS
    assert len({id(error) for error in told}) == THREADS


def test_a_bug_is_told_to_all_and_forgotten() -> None:
    memo, asked = Memo(), Asked(KeyError("oops"), [{"Volumes": []}])

    with pytest.raises(KeyError):
        memo.pages(KEY, asked)

    assert list(memo.pages(KEY, asked)) == [{"Volumes": []}]
    assert asked.times == 2


def test_an_interrupt_reaches_those_who_wait_and_is_forgotten() -> None:
    memo = Memo()
    entered, go = threading.Event(), threading.Event()

    def interrupted() -> Iterator[Page]:
        entered.set()
        assert go.wait(10)
        raise KeyboardInterrupt
        yield {}

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(memo.pages, KEY, interrupted)
        assert entered.wait(10)
        second = pool.submit(memo.pages, KEY, interrupted)
        go.set()
        errors = [type(future.exception(10)) for future in (first, second)]

    assert errors == [KeyboardInterrupt, KeyboardInterrupt]
    assert list(memo.pages(KEY, Asked([{"a": 1}]))) == [{"a": 1}]


def test_a_page_that_fails_half_way_is_no_answer() -> None:
    memo = Memo()

    def broken() -> Iterator[Page]:
        yield {"Volumes": [1]}
        raise refusal()

    for _ in range(2):
        with pytest.raises(ReadError):
            memo.pages(KEY, broken)


def test_nobody_can_change_an_answer() -> None:
    memo, asked = Memo(), Asked([{"Volumes": [{"Id": "v1"}]}])

    (page,) = memo.pages(KEY, asked)
    page["Volumes"][0]["Id"] = "changed"
    page["Volumes"].clear()

    assert list(memo.pages(KEY, asked)) == [{"Volumes": [{"Id": "v1"}]}]


def test_answers_come_back_as_they_were() -> None:
    page = {
        "moment": datetime(2026, 11, 21, 3, 0, 0, 123456, tzinfo=UTC),
        "bytes": b"\x00\xff",
        "text": "é\n",
        "numbers": [1, -(2**62), 1.5],
        "nothing": None,
        "yes": True,
    }
    memo = Memo()

    for _ in range(2):
        assert list(memo.pages(KEY, Asked([page]))) == [page]


def held(memo: Memo) -> int:
    return sum(map(len, memo._answers.values()))  # noqa: SLF001 - memory is what this is about


def test_is_freed_after_the_last_who_would_ask() -> None:
    memo, asked = Memo(), Asked([{"a": 1}])
    for _ in range(2):
        memo.expect(KEY.need, KEY.region)
    for number in range(5):
        list(memo.pages(KEY._replace(parameters=number), asked))

    assert held(memo) == 5
    memo.done(KEY.need, KEY.region)
    assert held(memo) == 5
    memo.done(KEY.need, KEY.region)
    assert held(memo) == 0


def test_is_kept_for_who_may_ask_anywhere() -> None:
    memo = Memo()
    memo.expect(KEY.need, KEY.region)
    memo.expect(KEY.need, EVERYWHERE)
    list(memo.pages(KEY, Asked([{"a": 1}])))

    memo.done(KEY.need, KEY.region)
    assert held(memo) == 1
    memo.done(KEY.need, EVERYWHERE)
    assert held(memo) == 0


def test_one_region_does_not_wait_for_another() -> None:
    memo = Memo()
    for region in ("us-east-1", "us-west-2"):
        memo.expect(KEY.need, region)
        list(memo.pages(KEY._replace(region=region), Asked([{"a": 1}])))

    memo.done(KEY.need, "us-east-1")

    assert held(memo) == 1


def test_parameters_have_one_order() -> None:
    one = frozen({"Filters": [{"Name": "a", "Values": ["x", "y"]}], "MaxResults": 5})
    other = frozen({"MaxResults": 5, "Filters": ({"Values": ("x", "y"), "Name": "a"},)})

    assert one == other
    assert hash(one) == hash(other)
    assert one != frozen({"Filters": [{"Name": "a", "Values": ["y", "x"]}], "MaxResults": 5})
