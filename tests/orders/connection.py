"""The operator's connection, all of it but the network: exchanges wait for the scheduler instead.

A request is carried out by the server at one step and answered at a later one; what happens in between is the
scheduler's choice, and so is whether it, or its answer, is lost.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import orjson

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.credentials import Credentials
from ailtire_operator.cluster.errors import Unavailable
from ailtire_operator.cluster.kinds import Kind
from ailtire_operator.cluster.server_time import ServerClock
from orders.answers import Answer
from orders.api_server import ApiServer, Commit, Request, address_of
from orders.selectors import selects


@dataclass(eq=False, slots=True)
class Exchange:
    """A request under way: not carried out yet, or not answered yet."""

    number: int
    request: Request
    answered: asyncio.Future[Answer]
    answer: Answer | None = None
    """What the server has said; None before it has carried the request out."""

    @property
    def name(self) -> str:
        """The same name in every order of the same requests."""
        where = address_of(self.request.path)
        what = f"{where.kind.kind} {where.name} {where.subresource}".strip() if where else self.request.path
        return f"{self.request.actor} {self.request.method} {what}"


@dataclass(eq=False, slots=True)
class Watch:
    """An open watch and the events that it has not brought yet."""

    actor: str
    kind: Kind
    namespace: str
    params: Mapping[str, Any]
    backlog: deque[tuple[str, dict[str, Any]]] = field(default_factory=deque)
    waiting: asyncio.Future[None] | None = None
    ended: bool = False

    @property
    def name(self) -> str:
        """What tells it from the other watches."""
        only = str(self.params.get("fieldSelector", ""))
        return f"{self.actor} watch {self.kind.kind} {only}".strip()

    def hear(self, commit: Commit) -> None:
        """Note an event of a commit, if the watch is about it."""
        if commit.ref.kind != self.kind.kind or self.namespace not in ("", commit.ref.namespace):
            return
        before = commit.old is not None and selects(self.params, commit.old)
        after = commit.new is not None and selects(self.params, commit.new)
        if before or after:
            what = ("MODIFIED" if before else "ADDED") if after else "DELETED"
            self.backlog.append((what, commit.last if after or commit.new is None else _left(commit)))


def _left(commit: Commit) -> dict[str, Any]:
    """An object that has left the selector is told of as it was, with the version of the change."""
    assert commit.old is not None
    metadata = {**commit.old["metadata"], "resourceVersion": str(commit.version)}
    return {**commit.old, "metadata": metadata}


class Network:
    """What is between all operators and the server."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.exchanges: list[Exchange] = []
        self.watches: list[Watch] = []
        self._numbers = 0
        server.listeners.append(self._committed)

    def begin(self, request: Request) -> Exchange:
        """A request is sent."""
        self._numbers += 1
        exchange = Exchange(self._numbers, request, asyncio.get_running_loop().create_future())
        self.exchanges.append(exchange)
        return exchange

    def carry_out(self, exchange: Exchange) -> None:
        """The server does what a request asks for."""
        exchange.answer = self.server.handle(exchange.request)
        if exchange.answered.done():  # nobody waits for it any more
            self.exchanges.remove(exchange)

    def reply(self, exchange: Exchange) -> None:
        """The answer arrives."""
        self.exchanges.remove(exchange)
        if not exchange.answered.done() and exchange.answer is not None:
            exchange.answered.set_result(exchange.answer)

    def lose(self, exchange: Exchange) -> None:
        """The request, or its answer, does not arrive."""
        self.exchanges.remove(exchange)
        if not exchange.answered.done():
            exchange.answered.set_exception(Unavailable("the connection was cut"))

    def open(self, actor: str, path: str, params: Mapping[str, Any]) -> Watch:
        """Open a watch; what has happened since its version is what it tells first, or that too much has."""
        where = address_of(path)
        assert where is not None, path
        version = int(params["resourceVersion"])
        watch = Watch(actor, where.kind, where.namespace, params)
        if (refusal := self.server.expired(version)) is not None:
            watch.backlog.append(("ERROR", refusal.body))
        else:
            for commit in self.server.history:
                if commit.version > version:
                    watch.hear(commit)
        self.watches.append(watch)
        return watch

    def deliver(self, watch: Watch) -> None:
        """Let the watch bring its next event."""
        if watch.waiting is not None and not watch.waiting.done():
            watch.waiting.set_result(None)

    def end(self, watch: Watch) -> None:
        """End a watch; what it has not brought is left to the next one."""
        self.close(watch)
        self.deliver(watch)

    def has_yet_to_hear(self, actor: str, uid: str) -> bool:
        """Whether an event that the object of this uid is gone is under way to an operator."""
        return any(
            what == "DELETED" and obj["metadata"]["uid"] == uid
            for watch in self.watches
            if watch.actor == actor
            for what, obj in watch.backlog
        )

    def close(self, watch: Watch) -> None:
        """Nobody reads it any more."""
        watch.ended = True
        if watch in self.watches:
            self.watches.remove(watch)

    def _committed(self, commit: Commit) -> None:
        for watch in self.watches:
            watch.hear(commit)


class _Response:
    """What the connection reads of an HTTP response."""

    def __init__(self, code: int, body: dict[str, Any] | None, server: ApiServer, content: Any = None) -> None:
        self.status = code
        self.headers = {"Date": formatdate(server.seconds(), usegmt=True)}
        self.content = content
        self._body = body

    async def read(self) -> bytes:
        """The body."""
        return orjson.dumps(self._body)


class _Events:
    """The body of a watch: a line for each event that the scheduler lets through."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def iter_any(self) -> AsyncIterator[bytes]:
        """The lines."""
        watch = self._watch
        while not watch.ended:
            watch.waiting = asyncio.get_running_loop().create_future()
            await watch.waiting
            if not watch.ended:
                what, obj = watch.backlog.popleft()
                yield orjson.dumps({"type": what, "object": obj}) + b"\n"


class SimulatedConnection(Connection):
    """A connection whose exchanges go to the simulated server."""

    def __init__(self, network: Network, actor: str) -> None:
        async def token() -> str | None:
            return None

        login = Credentials("http://simulated", "shop", None, None, None, token)
        super().__init__(login, lambda: None, timeout=15.0, connections=16)
        self.clock = ServerClock(asyncio.get_running_loop().time)
        self._network = network
        self._actor = actor

    @asynccontextmanager
    async def _exchange(self, method: str, path: str, **options: Any) -> AsyncIterator[Any]:
        params = options.get("params") or {}
        if "watch" in params:
            async with self._watching(path, params) as response:
                yield response
            return
        content_type = (options.get("headers") or {}).get("Content-Type", "")
        request = Request(self._actor, method, path, params, options.get("data") or b"", content_type)
        exchange = self._network.begin(request)
        try:
            async with asyncio.timeout(options["timeout"].total):
                answer = await exchange.answered
        except TimeoutError as error:
            raise Unavailable("the API server does not answer in time") from error
        response = _Response(answer.code, answer.body, self._network.server)
        self.clock.update(response.headers["Date"])
        yield response

    @asynccontextmanager
    async def _watching(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[_Response]:
        watch = self._network.open(self._actor, path, params)
        try:
            yield _Response(200, None, self._network.server, _Events(watch))
        finally:
            self._network.close(watch)
