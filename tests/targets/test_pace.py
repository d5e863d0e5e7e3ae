"""Pace: a bucket of calls and its refilling, on a clock that only sleeping moves."""

import pytest

from scanner.targets import pace
from scanner.targets.pace import Pace


class Clock:
    """A clock that stands still but for those who sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pace, "time", made)
    return made


def test_a_full_bucket_holds_nobody_up(clock: Clock) -> None:
    bucket = Pace(3, 10)

    for _ in range(3):
        bucket.take()

    assert clock.slept == []


def test_an_empty_one_is_waited_for_at_the_rate_it_is_refilled(clock: Clock) -> None:
    bucket = Pace(3, 10)

    for _ in range(6):
        bucket.take()

    assert clock.slept == [0.1, 0.1, 0.1]


def test_it_is_never_fuller_than_full(clock: Clock) -> None:
    bucket = Pace(2, 10)
    clock.now += 1000

    for _ in range(3):
        bucket.take()

    assert clock.slept == [0.1]
