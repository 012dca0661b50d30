"""Which processor time each process of a turn uses, read from /proc while the turn lasts."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from lab.processes import processor_seconds

_POLL_SECONDS = 0.1


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
        self._processes = dict(processes)
        self._read = read
        self._samples: list[Sample] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def add(self, name: str, pid: int) -> None:
        """Read one more process, which has begun within the block: all that it uses counts."""
        self._processes = {**self._processes, name: pid}

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
        seconds = dict(self._samples[-1].seconds) if self._samples else {}
        for name, pid in self._processes.items():
            with suppress(OSError):
                seconds[name] = self._read(pid)
        self._samples.append(Sample(time.time(), seconds))


def used(samples: list[Sample], until: float) -> dict[str, float]:
    """Seconds that each process used from the first sample to the first at or after a wall clock time.

    A process that is not in the first sample began later. Where no sample is as late, the last one counts.
    """
    first = samples[0].seconds
    last = next((each for each in samples if each.when >= until), samples[-1]).seconds
    return {name: seconds - first.get(name, 0.0) for name, seconds in last.items()}
