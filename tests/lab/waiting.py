"""Waiting for what takes its own time: a cluster, and long builds."""

import subprocess
import time
from collections.abc import Callable

from lab.report import Say

_PAUSE_SECONDS = 0.1
_HEARTBEAT_SECONDS = 20.0


def eventually(condition: Callable[[], object], seconds: float = 120.0, what: str = "it") -> None:
    """Return as soon as a condition holds; complain when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds:.0f} s")
        time.sleep(_PAUSE_SECONDS)


def until_ended(child: subprocess.Popen[bytes], what: str, begun: float, tell: Say) -> None:
    """Give a sign of life now and then; a child that nobody waits for any more is ended."""
    try:
        while child.poll() is None:
            try:
                child.wait(_HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                tell(f"{what}: {time.monotonic() - begun:.0f} s so far")
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
