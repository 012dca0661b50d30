"""Is the operator well? Three pages over HTTP: /healthz, /readyz, /metrics.

A probe that only says that the process runs is worth nothing: operators have sat for days on a dead watch, green all
the while. So health asks for a sign of life from every watch, from the queue's workers and from the event loop.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

from aiohttp import web

from ailtire_operator.reconcile.metrics import CONTENT_TYPE

logger = logging.getLogger(__name__)

LAG_LIMIT: Final = 10.0
"""Seconds by which the event loop may be late before it counts as stuck."""
STUCK_SECONDS: Final = 90.0
"""Seconds without the end of a reconcile or a write, though there is work; whatever one waits for ends before."""
_BEAT: Final = 1.0

Complaints = Callable[[], Iterator[str]]


def complaints(watches: Mapping[str, float], silence: float, lag: float, reconciles: int, idle: float) -> Iterator[str]:
    """What is wrong, a sentence each.

    From seconds of silence by watch, seconds that the event loop is late, reconciles under way, and seconds since one
    ended or wrote. How long one reconcile takes says nothing: those of a large tree wait for each other's writes.
    """
    for kind, age in sorted(watches.items()):
        if age > silence:
            yield f"the watch of {kind} has been silent for {age:.0f} s"
    if lag > LAG_LIMIT:
        yield f"the event loop is {lag:.0f} s late"
    if reconciles and idle > STUCK_SECONDS:
        yield f"{reconciles} reconciles have made no progress for {idle:.0f} s"


class LoopMonitor:
    """How late the event loop is: a timer that measures its own delay."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due = clock() + _BEAT

    def lag(self) -> float:
        """Seconds by which the event loop is late now."""
        return max(0.0, self._clock() - self._due)

    async def beat(self) -> None:
        """Beat until cancelled."""
        while True:
            self._due = self._clock() + _BEAT
            await asyncio.sleep(_BEAT)


class HealthServer:
    """The HTTP server."""

    def __init__(self, healthy: Complaints, ready: Complaints, metrics: Callable[[], bytes]) -> None:
        self._healthy = healthy
        self._ready = ready
        self._metrics = metrics
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 turns the pages off."""
        if not port:
            return
        app = web.Application()
        app.router.add_get("/healthz", self._page(self._healthy))
        app.router.add_get("/readyz", self._page(self._ready))
        app.router.add_get("/metrics", self._numbers)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        logger.info("serving /healthz, /readyz and /metrics on %s:%d", host, port)

    async def stop(self) -> None:
        """Stop to listen."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _page(self, wrong: Complaints) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def page(request: web.Request) -> web.Response:
            found = list(wrong())
            return web.Response(text="\n".join(found) or "ok", status=503 if found else 200)

        return page

    async def _numbers(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": CONTENT_TYPE})
