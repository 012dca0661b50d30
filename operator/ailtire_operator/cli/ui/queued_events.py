"""An answer of server-sent events that work in the background adds, at most as fast as its reader takes them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from ailtire_operator.cli.informer import stop
from ailtire_operator.cli.ui.answers import encoded
from ailtire_operator.cli.ui.errors import described
from ailtire_operator.cli.ui.event_stream import HEARTBEAT_SECONDS, EventStream

_WAITING: Final = 256
"""Events that wait for a slow reader; whoever makes more of them waits as well."""


class EventQueue:
    """The events of one answer that have not been sent yet."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue(_WAITING)

    async def put(self, name: str, data: Any) -> None:
        """Add an event; waits while the reader is behind."""
        await self._waiting.put((name, encoded(data)))

    def offer(self, name: str, data: Any) -> None:
        """Add an event that is lost where the reader is behind."""
        if not self._waiting.full():
            self._waiting.put_nowait((name, encoded(data)))

    async def end(self) -> None:
        """Add the last one."""
        await self.put("end", {})
        await self._waiting.put(None)

    async def next(self) -> tuple[str, bytes] | None:
        """Name and JSON of the next event; None after the last. Raises TimeoutError where there is none for a while."""
        return await asyncio.wait_for(self._waiting.get(), HEARTBEAT_SECONDS)


async def stream(request: web.Request, work: Callable[[EventQueue], Awaitable[None]]) -> web.StreamResponse:
    """Send what the work adds, until it ends or the reader goes; what ends it as an error is an event too."""
    events, queue = EventStream(request), EventQueue()
    response = await events.open()
    working = asyncio.create_task(_work(work, queue))
    try:
        while True:
            try:
                event = await queue.next()
            except TimeoutError:
                await events.heartbeat()
                continue
            if event is None:
                break
            await events.send(*event)
    except ConnectionError:  # the reader has gone
        pass
    finally:
        await stop([working])
    return response


async def _work(work: Callable[[EventQueue], Awaitable[None]], queue: EventQueue) -> None:
    try:
        await work(queue)
    except Exception as error:  # the reader is to know that it is over, whatever has happened
        _, body = described(error)
        await queue.put("error", body)
    await queue.end()
