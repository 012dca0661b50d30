"""A semaphore that is fair between namespaces: for requests, of which the API server takes only so many at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ailtire_operator.cluster.fair_queue import FairQueue


class FairSemaphore:
    """Lets ``limit`` through at once; the limit may change at any time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._turns: FairQueue[asyncio.Future[None]] = FairQueue()

    @asynccontextmanager
    async def turn(self, namespace: str, rank: int = 0) -> AsyncIterator[None]:
        """Wait for a slot: behind all of the same namespace that have a lower rank, in turn with other namespaces."""
        await self._enter(namespace, rank)
        try:
            yield
        finally:
            self._leave(namespace)

    async def _enter(self, namespace: str, rank: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._turns.put(namespace, rank, turn)
        self._wake()
        try:
            if not turn.done():
                await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(namespace)  # it had just become our turn: somebody else takes it
            else:
                self._turns.discard(namespace, rank, turn)
            raise

    def _leave(self, namespace: str) -> None:
        self._turns.end(namespace)
        self._wake()

    def _wake(self) -> None:
        """Let through whoever is next, as far as there is room."""
        while (taken := self._turns.take(self.limit)) is not None:
            namespace, turn = taken
            if turn.cancelled():
                self._turns.end(namespace)
            else:
                turn.set_result(None)
