"""Waiting for what a cluster does in its own time."""

import time
from collections.abc import Callable

_PAUSE_SECONDS = 0.1


def eventually(condition: Callable[[], object], seconds: float = 20.0, what: str = "it") -> None:
    """Return as soon as a condition holds; complain when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds:.0f} s")
        time.sleep(_PAUSE_SECONDS)
