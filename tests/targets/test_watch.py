"""A watch over deadlines: what is late is ended, what is over is not, and what is slow delays no other."""

import threading
import time

from scanner.targets.probe import Deadline
from scanner.targets.watch import at_the_latest


def test_what_is_late_is_told_so_once() -> None:
    told = threading.Event()
    with at_the_latest(Deadline(0.05), told.set):
        assert told.wait(10)


def test_a_deadline_that_has_passed_already_is_late_at_once() -> None:
    told = threading.Event()
    with at_the_latest(Deadline(-1), told.set):
        assert told.wait(10)


def test_what_is_over_is_not_late() -> None:
    late = threading.Event()
    with at_the_latest(Deadline(0.05), late.set):
        pass
    after = threading.Event()
    with at_the_latest(Deadline(0.2), after.set):
        assert after.wait(10)

    assert not late.is_set()


def test_an_earlier_deadline_does_not_wait_for_a_later_one() -> None:
    late, soon = threading.Event(), threading.Event()
    with at_the_latest(Deadline(60), late.set):
        time.sleep(0.05)  # the watch waits for the later one by now
        with at_the_latest(Deadline(0.05), soon.set):
            assert soon.wait(10)

    assert not late.is_set()


def test_one_that_takes_long_to_end_delays_no_other() -> None:
    stuck, other = threading.Event(), threading.Event()
    with at_the_latest(Deadline(0.01), lambda: stuck.wait(30)), at_the_latest(Deadline(0.05), other.set):
        assert other.wait(10)
    stuck.set()


def test_many_deadlines_take_one_thread() -> None:
    before = threading.active_count()
    watches = [at_the_latest(Deadline(60), lambda: None) for _ in range(50)]
    for watch in watches:
        watch.__enter__()
    more = threading.active_count() - before
    for watch in watches:
        watch.__exit__(None, None, None)

    assert more <= 1
