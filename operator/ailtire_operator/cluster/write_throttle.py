"""As many writes at once as the API server can take, found out by trying.

An overloaded server answers late, and a write that comes too late is given up and sent again: with a fixed number of
them under way all can be too late for ever, and nothing gets done. So each answer in time lets a little more through,
and each that does not come halves what is let through, as TCP does.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ailtire_operator.cluster.errors import Unavailable
from ailtire_operator.cluster.fair_semaphore import FairSemaphore


class WriteThrottle:
    """Slots whose number follows what becomes of those whom it lets through."""

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._slots = FairSemaphore(most)
        self._halved = 0
        """How often the limit was halved: what was let through before the last time says nothing about it."""

    @property
    def limit(self) -> int:
        """How many are let through at once, just now."""
        return self._slots.limit

    @asynccontextmanager
    async def turn(self, namespace: str, rank: int = 0) -> AsyncIterator[None]:
        """Wait for one's turn, behind all of a lower rank in the same namespace.

        An ``Unavailable`` inside means that there were too many at once.
        """
        async with self._slots.turn(namespace, rank):
            halved = self._halved
            try:
                yield
                self._set(min(self._most, self._limit + 1 / self._limit))
            except Unavailable:
                if halved == self._halved:
                    self._halved += 1
                    self._set(max(1.0, self._limit / 2))
                raise

    def _set(self, limit: float) -> None:
        self._limit = limit
        self._slots.limit = max(1, int(limit))
