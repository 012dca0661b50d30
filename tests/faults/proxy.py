"""A proxy between an operator and the API server: it records every request, and spoils those that a rule names.

Plain HTTP in, TLS out, in a thread of its own, so that tests may block.
"""

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

from faults.journal import Entry, Journal
from lab import ControlPlane

_NOT_PASSED_ON = {"content-length", "transfer-encoding", "connection", "host", "accept-encoding"}
_LARGEST_BODY = 2**24
_SERVER = "server"
"""Where a request keeps the URL of the API server that it goes to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server said."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    """Others than the content's type."""


class Exchange:
    """A request that meets a fault, which decides whether the API server sees it and what comes back."""

    def __init__(self, entry: Entry, request: web.Request, body: bytes, proxy: "Proxy") -> None:
        self.entry = entry
        self.proxy = proxy
        self._request = request
        self._body = body

    @property
    def target(self) -> str:
        """Path and query."""
        return self._request.path_qs

    @property
    def body(self) -> bytes:
        """What it is to write."""
        return self._body

    async def send(self, body: bytes | None = None, *, dry_run: bool = False) -> Answer:
        """Have the API server carry it out; with another body, or without keeping what comes of it."""
        if self.entry.verb == "list" and "PartialObjectMetadata" not in self._request.headers.get("Accept", ""):
            self.proxy.list_targets.add(self.target)
        content = self._body if body is None else body
        options = {"dryRun": "All"} if dry_run else {}
        if dry_run and self.entry.verb == "delete" and content:
            content = json.dumps(
                {**json.loads(content), "dryRun": ["All"]}
            ).encode()  # the options of a body count alone
        async with self.proxy.upstream(self._request, content, options) as answer:
            read = await answer.read()
        self.entry.status = 0 if dry_run else answer.status
        return Answer(answer.status, answer.content_type, read)

    async def also(self, method: str) -> None:
        """Send a further request for the same object, as if the operator had: it is recorded like any other."""
        query = self._request.query_string if method == self.entry.method else ""
        entry = self.proxy.journal.add(method, self._request.path, query, self.proxy.replica)
        body = self._body if method == self.entry.method else b""
        async with self.proxy.upstream(self._request, body, {}, method) as answer:
            await answer.read()
        entry.status = answer.status

    def cut(self) -> web.Response:
        """Break the connection without an answer."""
        if self._request.transport is not None:
            self._request.transport.abort()
        return web.Response()

    async def respond(self, answer: Answer, *, length: int | None = None) -> web.StreamResponse:
        """Pass an answer on; of its body no more than ``length`` bytes, and then the connection breaks."""
        if length is None:
            headers = {**dict(answer.headers), "Content-Type": answer.content_type}
            return web.Response(status=answer.status, body=answer.body, headers=headers)
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
        response.content_length = len(answer.body)
        await response.prepare(self._request)
        await response.write(answer.body[:length])
        return self.cut()


Fault = Callable[[Exchange], Awaitable[web.StreamResponse]]
Lines = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]
"""What happens to the lines of a watch; where it ends, the watch does. Raises ConnectionResetError to break it."""


@dataclass
class Rule:
    """Which requests meet a fault: those that match, but not the first ``skip`` of them, and ``times`` of them."""

    name: str
    matches: Callable[[Entry], bool]
    fault: Fault | None = None
    lines: Lines | None = None
    """For watches."""
    skip: int = 0
    times: int = 1
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)

    def takes(self, entry: Entry) -> bool:
        """Whether this request meets the fault; it counts as seen, and as met."""
        if self.fired >= self.times or not self.matches(entry):
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        self.fired += 1
        return True


class Proxy:
    """One replica's way to the API server."""

    def __init__(self, plane: ControlPlane, journal: Journal, replica: int = 0) -> None:
        self.journal = journal
        self.replica = replica
        self.rules: list[Rule] = []
        self.route: Callable[[Entry], str] | None = None
        """Which API server a request goes to, by its URL; to the control plane's own where nothing is said."""
        self.list_targets: set[str] = set()
        """What was listed, as path and query; lists of metadata alone do not count."""
        self.url = ""
        self._plane = plane
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open: dict[int, web.Request] = {}
        self._changed: dict[int, web.Request] = {}
        """Open watches whose lines a rule changes."""
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut_all(self) -> None:
        """Break every connection that is in use now."""
        self._loop.call_soon_threadsafe(_cut, self._open)

    def cut_changed(self) -> None:
        """Break the watches whose lines a rule changes, also one that is in force no more: they would go on with it."""
        self._loop.call_soon_threadsafe(_cut, self._changed)

    def upstream(
        self, request: web.Request, body: bytes, options: Mapping[str, str] | None = None, method: str = ""
    ) -> Any:
        """The same request to the API server, with further query options or another method; a context manager."""
        assert self._session is not None
        headers = passed_on(request)
        url = URL(request[_SERVER] + (request.path if method == "DELETE" else request.path_qs), encoded=True)
        if options:
            url = url.update_query(dict(options))
        return self._session.request(method or request.method, url, headers=headers, data=body)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self) -> None:
        trust = ssl.create_default_context(cafile=str(self._plane.ca))
        connector = aiohttp.TCPConnector(ssl=trust, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        assert self._runner is not None and self._session is not None
        _cut(self._open)
        await self._runner.cleanup()
        await self._session.close()
        await asyncio.sleep(0.1)  # transports close in the loop's next rounds, TLS among them

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        entry = self.journal.add(request.method, request.path, request.query_string, self.replica)
        request[_SERVER] = self.route(entry) if self.route else self._plane.url
        rule = next((each for each in self.rules if each.takes(entry)), None)
        self._open[id(request)] = request
        try:
            body = await request.read()
            if rule is not None:
                entry.fault = rule.name
                if rule.fault is not None:
                    return await rule.fault(Exchange(entry, request, body, self))
            if rule is not None and rule.lines is not None:
                self._changed[id(request)] = request
            if entry.verb == "watch":
                return await self._stream(entry, request, rule.lines if rule else None)
            exchange = Exchange(entry, request, body, self)
            return await exchange.respond(await exchange.send())
        except aiohttp.ClientError:
            return Exchange(entry, request, b"", self).cut()  # the API server itself is away
        finally:
            self._open.pop(id(request), None)
            self._changed.pop(id(request), None)

    async def _stream(self, entry: Entry, request: web.Request, lines: Lines | None) -> web.StreamResponse:
        async with self.upstream(request, b"") as answer:
            entry.status = answer.status
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await response.prepare(request)
            passed = answer.content.iter_any() if lines is None else lines(lines_of(answer.content.iter_any()))
            try:
                async for piece in passed:
                    await response.write(piece)
            except ConnectionResetError:
                if request.transport is not None:
                    request.transport.abort()
            return response


def _cut(requests: Mapping[int, web.Request]) -> None:
    for request in requests.values():
        if request.transport is not None:
            request.transport.abort()


def passed_on(request: web.Request) -> dict[str, str]:
    """The headers that go with a request to the API server."""
    return {key: value for key, value in request.headers.items() if key.lower() not in _NOT_PASSED_ON}


async def lines_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a watch, each whole."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
