"""As many writes at once as the API server can take, found out by trying.

An overloaded server answers late, and a write that comes too late is given up and sent again: with a fixed number of
them under way all can be too late for ever, and nothing gets done. So each answer in time lets a little more through,
and each that does not come halves what is let through, as TCP does.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from ailtire_operator.cluster.errors import Unavailable


class Throttle:
    """A semaphore whose size follows what becomes of those whom it lets through."""

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._busy = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        """A heap: by rank, then by arrival."""
        self._arrivals = count()
        self._halved = 0
        """How often the limit was halved: what was let through before the last time says nothing about it."""

    @property
    def limit(self) -> int:
        """How many are let through at once, just now."""
        return max(1, int(self._limit))

    @asynccontextmanager
    async def turn(self, rank: int = 0) -> AsyncIterator[None]:
        """Wait for one's turn, behind everybody of a lower rank.

        An ``Unavailable`` inside is what tells that there were too many at once.
        """
        await self._enter(rank)
        halved = self._halved
        try:
            yield
            self._limit = min(self._most, self._limit + 1 / self._limit)
        except Unavailable:
            if halved == self._halved:
                self._halved += 1
                self._limit = max(1.0, self._limit / 2)
            raise
        finally:
            self._busy -= 1
            self._wake()

    async def _enter(self, rank: int) -> None:
        if not self._waiting and self._busy < self.limit:
            self._busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._busy -= 1  # it had just become our turn: somebody else takes it
                self._wake()
            raise

    def _wake(self) -> None:
        """Give the turn to those of the lowest rank who have waited longest, as far as there is room."""
        while self._waiting and self._busy < self.limit:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._busy += 1
                turn.set_result(None)
