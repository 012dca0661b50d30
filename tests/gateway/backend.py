"""What stands behind the gateways in these tests: an HTTP server that tells what it was asked."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

_CODES = {"/error": 500, "/missing": 404, "/busy": 503, "/late": 504}


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]


class Backend:
    """Answers any path with what arrived; one with ``/slow``, ``/wait``, ``/break``, ``/busy`` in it misbehaves."""

    def __init__(self, address: str, port: int) -> None:
        self.asked: list[Asked] = []
        self.slow_for = 30.0
        self.release = asyncio.Event()
        self.stuck = asyncio.Event()
        """Set once an answer without end (``/pour``) is not taken any more."""
        self._address, self._port = address, port
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))

    async def start(self) -> "Backend":
        """Listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._address, self._port).start()
        return self

    async def stop(self) -> None:
        """Stop listening."""
        self.release.set()
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(Asked(request.method, request.raw_path, dict(request.headers)))
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._talk(request)
        body = await request.content.read()  # request.read() has a limit
        if "/pour" in request.raw_path:
            return await self._pour(request)
        if "/slow" in request.raw_path:
            await asyncio.wait({asyncio.ensure_future(self.release.wait())}, timeout=self.slow_for)
        if "/wait" in request.raw_path:
            await self.release.wait()
        if "/break" in request.raw_path and request.transport is not None:
            request.transport.abort()
        told: dict[str, Any] = {
            "method": request.method,
            "path": request.raw_path,
            "headers": dict(request.headers),
            "size": len(body),
            "digest": hashlib.sha256(body).hexdigest(),
            "text": body[:200].decode(errors="replace"),
        }
        return web.json_response(
            told, status=next((code for part, code in _CODES.items() if part in request.raw_path), 200)
        )

    async def _pour(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer without end, until nothing is taken any more."""
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            try:
                async with asyncio.timeout(1):
                    await answer.write(b"x" * 65536)
            except TimeoutError:
                self.stuck.set()
                return answer

    async def _talk(self, request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(request.raw_path)
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await socket.send_str(f"echo {message.data}")
        return socket
