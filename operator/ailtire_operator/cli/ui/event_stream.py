"""Server-sent events, one after the other: whoever reads slowly is waited for."""

import asyncio
from typing import Final

from aiohttp import web

HEARTBEAT_SECONDS: Final = 15.0
"""After this long without an event a comment is sent: a dead connection shows then."""


class EventStream:
    """An answer that goes on."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})

    async def open(self) -> web.StreamResponse:
        """Send the headers; what is returned is the handler's answer."""
        await self._response.prepare(self._request)
        await self.heartbeat()  # headers alone would wait for the first event
        return self._response

    async def send(self, name: str, data: bytes) -> None:
        """Send an event with JSON in one line. Raises ConnectionError where nobody reads any more."""
        await self._write(b"event: " + name.encode() + b"\ndata: " + data + b"\n\n")

    async def heartbeat(self) -> None:
        """Send a comment."""
        await self._write(b":\n\n")

    async def _write(self, data: bytes) -> None:
        await self._response.write(data)
        await asyncio.sleep(0)
