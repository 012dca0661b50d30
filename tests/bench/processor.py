"""Which processor time each process of a turn uses, read from /proc while the turn lasts."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from lab.processes import processor_seconds

_POLL_SECONDS = 0.1
_REST_SECONDS = 2.0
_REST_SHARE = 0.15
"""Of one processor, of all processes together: some more than a control plane uses of which nobody asks anything."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What each process had used by some moment."""

    when: float
    """A wall clock time in seconds."""
    seconds: Mapping[str, float]
    """Processor time since the process began, by its name."""


class Sampler:
    """Reads the processor time of some processes ten times a second, for as long as a block lasts.

    When the last object was there is known only later, from the audit log: the samples say what was used by then.
    """

    def __init__(self, processes: Mapping[str, int], read: Callable[[int], float] = processor_seconds) -> None:
        self._processes = {pid: name for name, pid in processes.items()}
        self._spent: dict[int, float] = {}
        """By process: what it had used when it was last seen."""
        self._read = read
        self._samples: list[Sample] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def add(self, name: str, pid: int) -> None:
        """Read one more process, which has begun within the block: all that it uses counts.

        It may have the name of another: both are counted together.
        """
        self._processes = {**self._processes, pid: name}

    def __enter__(self) -> Self:
        """Take the first sample."""
        self._take()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the last one."""
        self._ended.set()
        self._thread.join()
        self._take()

    def used(self, until: float) -> dict[str, float]:
        """Seconds of each process from the first sample to the one at ``until``; see ``used``."""
        return used(self._samples, until)

    def _sample(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            self._take()

    def _take(self) -> None:
        """A process that has ended keeps its time in /proc until its parent has waited for it."""
        seconds: dict[str, float] = {}
        for pid, name in self._processes.items():
            with suppress(OSError):
                self._spent[pid] = self._read(pid)
            seconds[name] = seconds.get(name, 0.0) + self._spent.get(pid, 0.0)
        self._samples.append(Sample(time.time(), seconds))


def wait_for_rest(
    processes: Collection[int],
    limit: float,
    read: Callable[[int], float] = processor_seconds,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until processes use next to nothing for two seconds: what the turn before has left to them is done.

    Raises TimeoutError where that takes longer than ``limit`` seconds.
    """
    past = sum(map(read, processes))
    for _ in range(int(limit / _REST_SECONDS)):
        sleep(_REST_SECONDS)
        now = sum(map(read, processes))
        if now - past < _REST_SHARE * _REST_SECONDS:
            return
        past = now
    raise TimeoutError(f"the control plane is not at rest after {limit:.0f} s")


def used(samples: list[Sample], until: float) -> dict[str, float]:
    """Seconds that each process used from the first sample to the first at or after a wall clock time.

    A process that is not in the first sample began later. Where no sample is as late, the last one counts.
    """
    first = samples[0].seconds
    last = next((each for each in samples if each.when >= until), samples[-1]).seconds
    return {name: seconds - first.get(name, 0.0) for name, seconds in last.items()}
