"""The API server's clock, as its answers tell it."""

import pytest

from ailtire_operator.cluster.server_time import ServerClock

NOON = "Sat, 28 Nov 2026 12:00:00 GMT"
SECONDS = 1_795_867_200.0


def test_it_goes_on_between_answers_and_follows_the_next_one() -> None:
    ours = [100.0]
    clock = ServerClock(lambda: ours[0])
    assert clock.now() is None
    clock.update(NOON)
    ours[0] += 90
    assert clock.now() == SECONDS + 90
    clock.update("Sat, 28 Nov 2026 12:15:00 GMT")
    assert clock.now() == SECONDS + 900, "somebody has set it"


def test_within_one_second_the_first_answer_is_the_best() -> None:
    ours = [100.0]
    clock = ServerClock(lambda: ours[0])
    clock.update(NOON)
    ours[0] += 0.9
    clock.update(NOON)
    assert clock.now() == SECONDS + 0.9


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_tells_nothing(date: str | None) -> None:
    clock = ServerClock(lambda: 0.0)
    clock.update(NOON)
    clock.update(date)
    assert clock.now() == SECONDS
