"""The HTTP layer against a small server of the test's own that misbehaves in every way a network can."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web

from ailtire_operator.cluster.connection import APPLY, Connection
from ailtire_operator.cluster.credentials import Credentials
from ailtire_operator.cluster.errors import Conflict, Denied, NotLeader, Unavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers with what the test put in line, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Handler] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.busy = self.most = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            self.seen.append((request.method, request.path_qs, dict(request.headers), await request.read()))
            return await (self.answers.pop(0) if self.answers else ok)(request)
        finally:
            self.busy -= 1


async def ok(request: web.Request) -> web.StreamResponse:
    return web.json_response({"kind": "Thing"})


def status(code: int, body: Any = None, **headers: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        if isinstance(body, bytes):
            return web.Response(status=code, body=body, headers=headers)
        return web.json_response(body or {"kind": "Status", "message": f"says {code}"}, status=code, headers=headers)

    return answer


async def hang(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    raise AssertionError("nobody waits this long")


async def cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"kind":')
    assert request.transport is not None
    request.transport.abort()
    return response


def chunks(*parts: bytes, then: Callable[[], Awaitable[None]] | None = None) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(0.01)
        if then is not None:
            await then()
        return response

    return answer


@asynccontextmanager
async def _serving(**options: Any) -> AsyncIterator[tuple[Server, Connection, list[str]]]:
    server = Server()
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    tokens = ["Bearer one"]

    def login() -> Credentials:
        async def token() -> str | None:
            return tokens[-1]

        return Credentials(host, "prod", None, None, None, token)

    async def reload() -> Credentials:
        tokens.append(f"Bearer {len(tokens) + 1}")
        return login()

    connection = Connection(login(), reload, **{"timeout": 2.0, "connections": 4, **options})
    try:
        async with connection:
            yield server, connection, tokens
    finally:
        await runner.cleanup()


async def test_a_request_is_json_both_ways() -> None:
    async with _serving() as (server, connection, _):
        answer = await connection.request("PATCH", "/x", params={"force": "true"}, body={"a": 1}, content_type=APPLY)
        assert answer == {"kind": "Thing"}
        method, path, headers, body = server.seen[0]
        assert (method, path, orjson.loads(body)) == ("PATCH", "/x?force=true", {"a": 1})
        assert headers["Content-Type"] == APPLY
        assert headers["Authorization"] == "Bearer one"
        assert headers["Accept-Encoding"] == "identity"
        assert connection.namespace == "prod"


async def test_reads_are_repeated() -> None:
    async with _serving() as (server, connection, _):
        server.answers = [status(503), cut_off, status(429, None, **{"Retry-After": "0"})]
        assert await connection.request("GET", "/x") == {"kind": "Thing"}
        assert len(server.seen) == 4


async def test_reads_are_not_repeated_for_ever() -> None:
    async with _serving() as (server, connection, _):
        server.answers = [status(503)] * 9
        with pytest.raises(Unavailable, match="says 503"):
            await connection.request("GET", "/x")
        assert len(server.seen) == 4


@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT", "DELETE"])
async def test_writes_are_sent_once(method: str) -> None:
    async with _serving() as (server, connection, _):
        server.answers = [status(503, None, **{"Retry-After": "7"})]
        with pytest.raises(Unavailable) as caught:
            await connection.request(method, "/x", body={})
        assert caught.value.retry_after == 7
        assert len(server.seen) == 1


async def test_refusals_are_not_repeated() -> None:
    async with _serving() as (server, connection, _):
        server.answers = [status(409)]
        with pytest.raises(Conflict):
            await connection.request("GET", "/x")
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (hang, "does not answer in time"),
        (cut_off, "cannot be reached"),
        (status(200, b"<html>"), "not the JSON"),
        (status(200, b"[]"), "not an object"),
        (status(502, b"<html>bad gateway</html>"), "<html>bad gateway"),
    ],
)
async def test_whatever_the_network_does_is_one_error(answer: Handler, words: str) -> None:
    async with _serving(timeout=0.2 if answer is hang else 60.0) as (server, connection, _):
        server.answers = [answer]
        with pytest.raises(Unavailable, match=words):
            await connection.request("POST", "/x", body={})


async def test_nobody_listens() -> None:
    async with _serving() as (_, connection, _):
        pass

    async def token() -> str | None:
        return None

    async def reload() -> Credentials:
        raise AssertionError("there is no 401 to renew for")

    deaf = Credentials("http://127.0.0.1:1", "prod", None, None, None, token)
    async with Connection(deaf, reload, timeout=60.0, connections=1) as connection:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await connection.request("POST", "/x")


async def test_an_expired_token_is_renewed_even_for_a_write() -> None:
    async with _serving() as (server, connection, tokens):
        server.answers = [status(401)]
        await connection.request("POST", "/x", body={})
        assert [headers["Authorization"] for _, _, headers, _ in server.seen] == ["Bearer one", "Bearer 2"]
        assert len(tokens) == 2


async def test_a_rejected_identity_is_an_error_and_no_storm() -> None:
    async with _serving() as (server, connection, tokens):
        server.answers = [status(401)] * 20
        results = await asyncio.gather(*(connection.request("GET", "/x") for _ in range(8)), return_exceptions=True)
        assert all(isinstance(result, Denied) for result in results)
        assert len(tokens) == 2, "the configuration is read again once, not by each request"


async def test_the_guard_holds_at_the_moment_of_sending() -> None:
    async with _serving(connections=1) as (server, connection, _):
        leading, answered = True, asyncio.Event()

        async def held() -> None:
            await answered.wait()

        def guard() -> None:
            if not leading:
                raise NotLeader("lost")

        server.answers = [chunks(b"{}", then=held)]
        first = asyncio.create_task(connection.request("POST", "/first", guard=guard))
        second = asyncio.create_task(connection.request("POST", "/second", guard=guard))
        async with asyncio.timeout(60):
            while not server.seen:
                await asyncio.sleep(0.01)
        leading = False
        answered.set()
        await first
        with pytest.raises(NotLeader):
            await second
        assert len(server.seen) == 1


async def test_requests_are_limited_and_waiting_costs_no_timeout() -> None:
    async with _serving(connections=2, timeout=2.0) as (server, connection, _):
        server.answers = [chunks(b"{}", then=lambda: asyncio.sleep(0.6))] * 8
        await asyncio.gather(*(connection.request("POST", "/x") for _ in range(8)))
        assert server.most == 2


async def test_the_lease_does_not_queue() -> None:
    async with _serving(connections=1) as (server, connection, _):
        server.answers = [hang]
        slow = asyncio.create_task(connection.request("POST", "/slow"))
        await asyncio.sleep(0.05)
        assert await connection.request("PUT", "/lease", urgent=True, timeout=60.0) == {"kind": "Thing"}
        slow.cancel()


async def _stream(connection: Connection, **options: Any) -> list[Any]:
    async with aclosing(connection.stream("/x", {"watch": "1"}, **options)) as events:
        return [event async for event in events]


async def test_lines_of_any_length_in_pieces_of_any_size() -> None:
    huge = orjson.dumps({"x": "y" * 3_000_000})
    async with _serving() as (server, connection, _):
        server.answers = [chunks(b'{"a":', b'1}\n{"b":2}\n', b"\n", huge, b"\n", b'{"cut')]
        assert await _stream(connection) == [{"a": 1}, {"b": 2}, orjson.loads(huge)]


async def test_silence_has_a_limit() -> None:
    async with _serving() as (server, connection, _):
        server.answers = [chunks(b"{}\n", then=lambda: asyncio.sleep(60))]
        opened: list[int] = []
        with pytest.raises(Unavailable):
            await _stream(connection, idle=1.5, on_open=lambda: opened.append(1))
        assert opened == [1]


async def test_a_refused_watch_says_why() -> None:
    async with _serving() as (server, connection, tokens):
        server.answers = [status(401)]
        with pytest.raises(Denied):
            await _stream(connection)
        assert len(tokens) == 2
        assert await _stream(connection) == []


async def test_garbage_in_a_watch_is_an_error() -> None:
    async with _serving() as (server, connection, _):
        server.answers = [chunks(b"<html>\n")]
        with pytest.raises(Unavailable):
            await _stream(connection)


async def test_watches_take_no_slot_of_the_requests() -> None:
    async with _serving(connections=1) as (server, connection, _):
        server.answers = [chunks(b"{}\n", then=lambda: asyncio.sleep(1))] * 3
        watches = [asyncio.create_task(_stream(connection)) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert await connection.request("GET", "/x") == {"kind": "Thing"}
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
