"""Virtual time for a few tasks: hours pass in milliseconds, and always in the same order."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


class Timeline:
    """A clock that moves only when everybody waits for it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.watchers: list[Callable[[], None]] = []
        """Called after each step: what must hold at every instant is checked here."""
        self._due: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._tasks: list[asyncio.Task[Any]] = []

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._due, (self.now + max(0.0, seconds), next(self._order), future))
        await future

    def clock(self, offset: float = 0.0) -> Callable[[], float]:
        """A monotonic clock of one machine: no two of them agree."""
        return lambda: self.now + offset

    def start(self, task: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self._tasks.append(asyncio.create_task(task))
        return self._tasks[-1]

    async def run(self, seconds: float) -> None:
        end = self.now + seconds
        await self._settle()
        while self._due and self._due[0][0] <= end:
            self.now, _, future = heapq.heappop(self._due)
            if not future.done():
                future.set_result(None)
            await self._settle()
        self.now = end

    async def until(self, condition: Callable[[], bool], seconds: float) -> float:
        """Let time pass until the condition holds; how long that took."""
        begun = self.now
        while not condition():
            assert self.now - begun < seconds, "it never came true"
            await self.run(0.01)
        return self.now - begun

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _settle(self) -> None:
        for _ in range(12):
            await asyncio.sleep(0)
        for watcher in self.watchers:
            watcher()


def never() -> Awaitable[None]:
    """Something that does not come."""
    return asyncio.get_running_loop().create_future()
