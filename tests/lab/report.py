"""How the lab tells what it is doing: one line at a time, so that it reads well in a CI log too."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]


def say(line: str) -> None:
    """Print a progress line to standard error; standard output is for results."""
    print(f"lab: {line}", file=sys.stderr, flush=True)


def silent(_line: str) -> None:
    """Say nothing."""


@contextmanager
def step(tell: Say, what: str) -> Iterator[None]:
    """Tell that something begins, and when it is done how long it took."""
    begun = time.monotonic()
    tell(f"{what} …")
    yield
    tell(f"{what}: done in {time.monotonic() - begun:.1f} s")
