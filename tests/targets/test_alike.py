"""What many hosts answer alike is read once, and memory is bounded whatever they answer."""

import gc
import weakref

from scanner.targets.alike import Alike


class Made:
    """Something that can be seen to be gone."""


def test_the_same_answer_is_read_once() -> None:
    alike = Alike[Made](100)
    made = alike.read(b"one", 3, Made)

    assert alike.read(b"one", 3, Made) is made
    assert alike.read(b"two", 3, Made) is not made


def test_what_does_not_fit_makes_room_by_beginning_anew() -> None:
    alike = Alike[Made](10)
    first = alike.read(b"first", 6, Made)
    gone = weakref.ref(first)
    second = alike.read(b"second", 6, Made)
    del first
    gc.collect()

    assert gone() is None
    assert alike.read(b"second", 6, Made) is second


def test_what_is_larger_than_all_of_it_is_not_kept_and_drives_nothing_out() -> None:
    alike = Alike[Made](10)
    kept = alike.read(b"kept", 4, Made)

    assert alike.read(b"large", 11, Made) is not alike.read(b"large", 11, Made)
    assert alike.read(b"kept", 4, Made) is kept
