"""What a function may cost, measured so that other work on the machine decides nothing.

Its processor time is compared with that of something else before and after it, and one good try of several is enough: a
function that costs too much has none.
"""

import time
from collections.abc import Callable
from typing import Final

_TRIES: Final = 8


def check(function: Callable[[], object], loops: float) -> None:
    """Raise AssertionError where the function takes more than so many plain loops each time that it is tried."""
    check_ratio(function, _plain_loop, loops)


def check_ratio(function: Callable[[], object], other: Callable[[], object], most: float) -> None:
    """Raise AssertionError where the function takes more than so many times the other each time that it is tried."""
    tries = []
    before = _seconds(other)
    for _ in range(_TRIES):
        spent, after = _seconds(function), _seconds(other)
        tries.append(2 * spent / (before + after))
        if tries[-1] <= most:
            return
        before = after
    raise AssertionError(f"it took {min(tries):.1f} times as long, not {most:g}")


def _plain_loop() -> int:
    """A hundred thousand steps of plain Python: 5 ms on a machine of 2023 without load."""
    total = 0
    for number in range(100_000):
        total += number % 7
    return total


def _seconds(function: Callable[[], object]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started
