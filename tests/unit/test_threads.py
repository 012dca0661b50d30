"""Work that several threads share."""

import threading

import pytest

from support.checks.threads import share_out


def test_each_item_is_taken_once_and_in_their_order() -> None:
    taken: list[int] = []
    share_out(range(100), taken.append, 1)
    assert taken == list(range(100))
    taken.clear()
    share_out(range(100), taken.append, 4)
    assert sorted(taken) == list(range(100))


def test_as_many_are_at_work_as_there_are_workers() -> None:
    both = threading.Barrier(2, timeout=60)
    share_out(["one", "two"], lambda _: both.wait(), 2)


def test_an_error_is_raised_once_the_others_have_done_the_rest() -> None:
    taken: list[int] = []

    def work(item: int) -> None:
        if not item:
            raise ValueError("none")
        taken.append(item)

    with pytest.raises(ValueError, match="none"):
        share_out(range(10), work, 2)
    assert taken == list(range(1, 10))
