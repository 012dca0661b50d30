"""Server-sent events: an answer that goes on, at most as fast as its reader takes it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.informer import stop
from ailtire_operator.cli.ui.answers import encoded
from ailtire_operator.cluster.errors import ClusterError, Denied

_WAITING: Final = 256
"""Events that wait for a slow reader; whoever makes more of them waits as well."""
_QUIET_SECONDS: Final = 15.0
"""After so long without an event a comment is sent, by which a reader that has gone is noticed."""


class EventQueue:
    """The events of one answer, on their way to its reader."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)

    async def put(self, name: str, data: Any) -> None:
        """Add an event; waits while the reader is behind."""
        await self._waiting.put(event(name, data))

    def offer(self, name: str, data: Any) -> None:
        """Add an event that is lost where the reader is behind."""
        if not self._waiting.full():
            self._waiting.put_nowait(event(name, data))

    async def end(self) -> None:
        """Add the last one."""
        await self.put("end", {})
        await self._waiting.put(None)

    async def next(self) -> bytes | None:
        """The next event; a comment where there is none for a while, None after the last."""
        try:
            return await asyncio.wait_for(self._waiting.get(), _QUIET_SECONDS)
        except TimeoutError:
            return b": \n\n"


def event(name: str, data: Any) -> bytes:
    """One event; its data is one line of JSON."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encoded(data))


async def stream(request: web.Request, work: Callable[[EventQueue], Awaitable[None]]) -> web.StreamResponse:
    """Send what the work adds, until it ends or the reader goes; what ends it as an error is an event too."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    queue = EventQueue()
    working = asyncio.create_task(_work(work, queue))
    try:
        while (sent := await queue.next()) is not None:
            await response.write(sent)
    except ConnectionError:  # the reader has gone
        pass
    finally:
        await stop([working])
    return response


async def _work(work: Callable[[EventQueue], Awaitable[None]], queue: EventQueue) -> None:
    try:
        await work(queue)
    except Failure as failure:
        await queue.put("error", {"error": str(failure), "hint": failure.hint})
    except ClusterError as error:
        denied = {"denied": True} if isinstance(error, Denied) else {}
        await queue.put("error", {"error": str(error), "hint": "", **denied})
    except Exception as error:  # the reader is to know that it is over, whatever has happened
        await queue.put("error", {"error": f"internal error: {type(error).__name__}", "hint": ""})
    await queue.end()
