"""An API server that has stacks and pods, tells who watches, and fails as it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.credentials import Credentials

Json = dict[str, Any]
_PATHS = {"ailtirestacks": "stacks", "pods": "pods"}


class ApiServer:
    """What it has, and what it answers instead."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Json]] = {"stacks": {}, "pods": {}}
        self.refusals: dict[str, int] = {}
        """By kind ("stacks", "pods", "metrics", "users") the status that is answered."""
        self.asked: list[str] = []
        """Method and path of each request."""
        self.log: Callable[[web.Request], AsyncIterator[bytes]] | None = None
        """The lines that are answered to a request for a log."""
        self._watches: dict[str, set[asyncio.Queue[bytes]]] = {"stacks": set(), "pods": set()}

    def put(self, kind: str, obj: Json) -> None:
        """Make or change an object."""
        uid = obj["metadata"]["uid"]
        what = "MODIFIED" if uid in self.objects[kind] else "ADDED"
        self.objects[kind][uid] = obj
        self._tell(kind, {"type": what, "object": obj})

    def remove(self, kind: str, uid: str) -> None:
        """Delete one."""
        self._tell(kind, {"type": "DELETED", "object": self.objects[kind].pop(uid)})

    def watchers(self, kind: str) -> int:
        """How many watch a kind now."""
        return len(self._watches[kind])

    def end_watches(self) -> None:
        """Close them, as a server does that stops."""
        for queues in self._watches.values():
            for queue in queues:
                queue.put_nowait(b"")
            queues.clear()

    def _tell(self, kind: str, event: Json) -> None:
        for queue in self._watches[kind]:
            queue.put_nowait(orjson.dumps(event) + b"\n")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        self.asked.append(f"{request.method} {request.path}")
        kind = _kind_of(request.path)
        if kind in self.refusals:
            return web.json_response(
                {"kind": "Status", "message": f'{kind} is forbidden: User "eve" cannot list', "code": 403},
                status=self.refusals[kind],
            )
        if self.log is not None and request.path.endswith("/log"):
            return await _lines(self.log(request), request)
        if kind == "users":
            return web.json_response({"metadata": {}, "status": {"userInfo": {"username": "eve"}}})
        if kind not in self.objects:
            return web.json_response({"kind": "Status", "message": "not found"}, status=404)
        if "watch" in request.query:
            return await self._watch(kind, request)
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": list(self.objects[kind].values())})

    async def _watch(self, kind: str, request: web.Request) -> web.StreamResponse:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        response = web.StreamResponse()
        await response.prepare(request)
        self._watches[kind].add(queue)
        try:
            while line := await queue.get():
                await response.write(line)
        except ConnectionError:
            pass
        finally:
            self._watches[kind].discard(queue)
        return response


async def _lines(lines: AsyncIterator[bytes], request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    async for line in lines:
        await response.write(line)
    return response


def _kind_of(path: str) -> str:
    if "metrics.k8s.io" in path:
        return "metrics"
    if "selfsubjectreviews" in path:
        return "users"
    return _PATHS.get(path.rpartition("/")[2], "")


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[ApiServer, Connection]]:
    """The server, and a connection to it with a token that must be seen nowhere else."""
    server = ApiServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    async def token() -> str | None:
        return "Bearer the-token"

    login = Credentials(f"http://127.0.0.1:{runner.addresses[0][1]}", "ns", None, None, None, token)

    async def reload() -> Credentials:
        return login

    try:
        async with Connection(login, reload, timeout=60.0, connections=4) as connection:
            yield server, connection
    finally:
        await runner.cleanup()
