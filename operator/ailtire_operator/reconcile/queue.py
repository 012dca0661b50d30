"""The stacks that have to be reconciled: each at most once in the queue, and never by two workers at a time.

What happens in the cluster only says *that* a stack has to be reconciled, not why: a reconcile reads everything afresh.
A thousand events about one stack make one entry, and an event lost makes no difference that the next does not heal.

Namespaces take turns (``cluster.fair_queue``): whatever goes on in one of them, a stack in another waits for no more
than one reconcile of each. Priorities count within a namespace only.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, Generic, TypeVar

from ailtire_operator.cluster.fair_queue import FairQueue
from ailtire_operator.reconcile import log_context

logger = logging.getLogger(__name__)

BACKOFF_FIRST: Final = 0.2
BACKOFF_LAST: Final = 60.0
BUSY_LAST: Final = 5.0
"""Seconds: the longest pause where nothing is wrong, but the cluster was busy or something is still on its way out."""
PATIENCE: Final = 4
"""Every so many reconciles of a namespace the stack that has waited longest goes first, whatever its priority."""

Key = TypeVar("Key", bound=Hashable)


class Priority(IntEnum):
    """Who waits for the reconcile: within a namespace the lowest number goes first."""

    USER = 0
    """A person changed something."""
    STATUS = 1
    """A child or an object of the stack changed. Before what is new, so that what was begun comes to its end."""
    TREE = 2
    """A person's change elsewhere reaches this stack: its parent has made or changed it, or its template is new."""
    BACKGROUND = 3
    """The first reconcile after a start, another one after a failure, or just to be sure."""

    @property
    def cause(self) -> str:
        """For the log: why there is a reconcile."""
        return _CAUSES[self]


_CAUSES: Final = {
    Priority.USER: "edited",
    Priority.STATUS: "an object has changed",
    Priority.TREE: "edited elsewhere in the tree",
    Priority.BACKGROUND: "start, retry or resync",
}


class Outcome(Enum):
    """How a reconcile ended."""

    DONE = "done"
    FAILED = "failed"
    """Something went wrong that may go right later: reconcile again, after a longer pause each time."""
    BUSY = "busy"
    """The same, where waiting is all that it takes: reconcile again soon."""
    WAITING = "waiting"
    """Nothing new went wrong: the pause that is under way stands."""


@dataclass(frozen=True, slots=True)
class Request(Generic[Key]):
    """One entry as it is handed out."""

    key: Key
    retry_refused: bool
    """Whether what failed before is to be tried again: True unless only a child or object changed meanwhile."""
    priority: Priority = Priority.BACKGROUND


@dataclass(slots=True)
class _Entry:
    """What is wanted of one key."""

    priority: Priority
    retry_refused: bool


class Queue(Generic[Key]):
    """Keys with priorities, pauses and workers; for one event loop."""

    def __init__(
        self,
        workers: int,
        namespace_of: Callable[[Key], str],
        *,
        jitter: Callable[[], float] = lambda: random.uniform(0.75, 1.25),
    ) -> None:
        self._workers = workers
        self._namespace_of = namespace_of
        self._jitter = jitter
        self._wanted: dict[Key, _Entry] = {}
        """What is wanted; in line too, unless a worker has the key in hand."""
        self._line: FairQueue[Key] = FairQueue(patience=PATIENCE)
        self._running: set[Key] = set()
        self._later: dict[Key, tuple[float, asyncio.TimerHandle]] = {}
        self._retries: dict[Key, tuple[float, asyncio.TimerHandle]] = {}
        self._failures: dict[Key, int] = {}
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopped = False

    @property
    def depth(self) -> int:
        """Keys that wait for a worker now; those in a pause are not counted."""
        return len(self._wanted)

    @property
    def running(self) -> int:
        """Keys that a worker has in hand."""
        return len(self._running)

    def failures(self, key: Key) -> int:
        """How often in a row the key has failed."""
        return self._failures.get(key, 0)

    def add(self, key: Key, priority: Priority, delay: float = 0.0) -> None:
        """Ask for a reconcile, at the latest in ``delay`` seconds: what is to happen sooner anyway stays so."""
        if self._stopped:
            return
        if priority in (Priority.USER, Priority.TREE):
            self._failures.pop(key, None)  # what is new may well be right: it starts with a short pause again
        if delay > 0:
            self._postpone(key, priority, delay)
        else:
            self._want(key, priority, retry_refused=priority is not Priority.STATUS)

    def forget(self, key: Key) -> None:
        """The key is gone for good: no reconcile that is still planned makes sense, and nothing is remembered."""
        if (entry := self._wanted.pop(key, None)) is not None:
            self._line.discard(self._namespace_of(key), entry.priority, key)
        self._failures.pop(key, None)
        _cancel(self._later, key)
        _cancel(self._retries, key)

    def stop(self) -> None:
        """Hand out nothing more; reconciles under way go on."""
        self._stopped = True
        for timers in (self._later, self._retries):
            for key in list(timers):
                _cancel(timers, key)
        self._wanted.clear()
        self._news.set()

    async def drained(self) -> None:
        """Wait until no worker has a key in hand."""
        await self._idle.wait()

    async def work(self, reconcile: Callable[[Request[Key]], Awaitable[Outcome]]) -> None:
        """All workers: take keys until the queue is stopped."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work(reconcile))

    async def _work(self, reconcile: Callable[[Request[Key]], Awaitable[Outcome]]) -> None:
        """One worker. An exception of ``reconcile`` counts as a failure."""
        while (taken := await self._take()) is not None:
            outcome = Outcome.FAILED
            with log_context.reconcile(taken.key, taken.priority.cause):
                try:
                    outcome = await reconcile(taken)
                except Exception:
                    logger.exception("reconciling %s", taken.key)
                finally:
                    self._done(taken.key, outcome)

    async def _take(self) -> Request[Key] | None:
        while not self._stopped:
            if (taken := self._next()) is not None:
                return taken
            self._news.clear()
            await self._news.wait()
        return None

    def _next(self) -> Request[Key] | None:
        if (taken := self._line.take(self._workers)) is None:
            return None
        _, key = taken
        entry = self._wanted.pop(key)
        self._running.add(key)
        self._idle.clear()
        if entry.retry_refused:
            _cancel(self._retries, key)
        return Request(key, entry.retry_refused, entry.priority)

    def _want(self, key: Key, priority: Priority, *, retry_refused: bool) -> None:
        entry = self._wanted.get(key)
        if entry is None:
            self._wanted[key] = _Entry(priority, retry_refused)
            self._line_up(key, priority)
            return
        entry.retry_refused = entry.retry_refused or retry_refused
        if priority < entry.priority:
            self._line.discard(self._namespace_of(key), entry.priority, key)
            entry.priority = priority
            self._line_up(key, priority)

    def _line_up(self, key: Key, priority: Priority) -> None:
        """Let the key wait for a worker; where one has it in hand, that one sees to it."""
        if key not in self._running:
            self._line.put(self._namespace_of(key), priority, key)
            self._news.set()

    def _done(self, key: Key, outcome: Outcome) -> None:
        self._running.discard(key)
        self._line.end(self._namespace_of(key))
        self._news.set()  # there is room again, also for a key that had to wait for that
        if not self._running:
            self._idle.set()
        if self._stopped:
            return
        if outcome is Outcome.DONE:
            self._failures.pop(key, None)
            _cancel(self._retries, key)
        elif outcome is not Outcome.WAITING or key not in self._retries:
            self._retry(key, BUSY_LAST if outcome is Outcome.BUSY else BACKOFF_LAST)
        if (entry := self._wanted.get(key)) is not None:
            self._line_up(key, entry.priority)

    def _retry(self, key: Key, longest: float) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        pause = min(longest, BACKOFF_FIRST * 2.0 ** min(failures - 1, 20)) * self._jitter()
        _cancel(self._retries, key)
        self._retries[key] = self._timer(pause, self._retries, key, Priority.BACKGROUND)

    def _postpone(self, key: Key, priority: Priority, delay: float) -> None:
        when = asyncio.get_running_loop().time() + delay
        if key in self._later and self._later[key][0] <= when:
            return
        _cancel(self._later, key)
        self._later[key] = self._timer(delay, self._later, key, priority)

    def _timer(
        self, delay: float, timers: dict[Key, tuple[float, asyncio.TimerHandle]], key: Key, priority: Priority
    ) -> tuple[float, asyncio.TimerHandle]:
        loop = asyncio.get_running_loop()

        def due() -> None:
            timers.pop(key, None)
            self._want(key, priority, retry_refused=priority is not Priority.STATUS)

        return loop.time() + delay, loop.call_later(delay, due)


def _cancel(timers: dict[Key, tuple[float, asyncio.TimerHandle]], key: Key) -> None:
    if (timer := timers.pop(key, None)) is not None:
        timer[1].cancel()
