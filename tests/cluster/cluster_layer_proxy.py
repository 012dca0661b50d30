"""A bad network between the operator and the API server: what passes is lost, cut or refused as a test wants it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.credentials import Credentials
from cluster.cluster_layer import View, viewing
from faults.proxy import lines_of, passed_on
from lab import ControlPlane

Match = Callable[[web.Request], bool]


def nothing(request: web.Request) -> bool:
    return False


def everything(request: web.Request) -> bool:
    return True


def watches(request: web.Request) -> bool:
    return "watch" in request.query


def writes(request: web.Request) -> bool:
    return request.method not in ("GET", "HEAD")


class Proxy:
    """Plain HTTP in, TLS out."""

    def __init__(self, plane: ControlPlane) -> None:
        self.refuse: Match = nothing
        """Requests that are cut off before they reach the API server."""
        self.lose_answer: Match = nothing
        """Requests that reach the API server, but whose answers do not come back."""
        self.lose_event: Callable[[bytes], bool] = lambda line: False
        """Lines of watches that do not come through, while the watches live on."""
        self.gone: Match = nothing
        """Requests that are answered as if history had been compacted."""
        self.hang: Match = nothing
        """Requests that get no answer at all, and do not reach the API server."""
        self.instead: tuple[Match, int, str] = (nothing, 200, "")
        """Requests that are answered with this status and text, and do not reach the API server."""
        self.seen: list[str] = []
        self.url = ""
        self._plane = plane
        self._open: list[web.Request] = []

    def cut(self) -> None:
        """Break every connection that is in use now."""
        for request in self._open:
            _abort(request)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path_qs}")
        if self.refuse(request):
            _abort(request)
            return web.Response()
        if self.gone(request):
            return web.json_response({"kind": "Status", "code": 410, "message": "too old"}, status=410)
        chosen, status, text = self.instead
        if chosen(request):
            return web.Response(status=status, text=text, content_type="application/json")
        self._open.append(request)
        try:
            if self.hang(request):
                await asyncio.sleep(60)
            return await self._forward(request)
        finally:
            self._open = [one for one in self._open if one is not request]

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        headers = passed_on(request)
        trust = ssl.create_default_context(cafile=str(self._plane.ca))
        url = self._plane.url + request.path_qs
        body = await request.read()
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, url, headers=headers, data=body, ssl=trust) as answer,
        ):
            try:
                return await self._pass_back(request, answer)
            finally:
                if answer.connection is not None and answer.connection.transport is not None:
                    answer.connection.transport.abort()

    async def _pass_back(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        if self.lose_answer(request):
            await answer.read()
            _abort(request)
            return web.Response()
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
        await response.prepare(request)
        chunks = answer.content.iter_any()
        async for chunk in self._events(chunks) if watches(request) else chunks:
            await response.write(chunk)
        return response

    async def _events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The lines of a watch that come through."""
        async for line in lines_of(chunks):
            if not self.lose_event(line):
                yield line


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


@asynccontextmanager
async def proxied(plane: ControlPlane, *, timeout: float = 15.0) -> AsyncIterator[tuple[Proxy, Connection]]:
    """A proxy in front of the control plane, and a connection through it."""
    proxy = Proxy(plane)
    application = web.Application(client_max_size=2**24)
    application.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def token() -> str:
        return f"Bearer {plane.token}"

    login = Credentials(proxy.url, "default", None, None, None, token)

    async def reload() -> Credentials:
        return login

    try:
        async with Connection(login, reload, timeout=timeout, connections=16) as connection:
            yield proxy, connection
    finally:
        await runner.cleanup()
        await asyncio.sleep(0.05)  # the loop closes aborted transports in its own time


@asynccontextmanager
async def through(plane: ControlPlane, namespace: str) -> AsyncIterator[tuple[Proxy, View, View]]:
    """A view behind the bad network, and one with a good one, which plays everybody else."""
    async with proxied(plane) as (proxy, connection), viewing(plane, namespace, follow=False) as others:
        view = await View(connection, namespace).follow()
        try:
            yield proxy, view, others
        finally:
            await view.watches.stop()
