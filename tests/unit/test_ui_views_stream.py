"""Events on their way to the page: their order, their end, an error, and a reader that is slow or gone."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.ui import queued_events
from ailtire_operator.cli.ui.queued_events import EventQueue, stream
from ailtire_operator.cluster.errors import Denied

Work = Callable[[EventQueue], Awaitable[None]]


@asynccontextmanager
async def served(work: Work) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await stream(request, work)

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        yield client


async def sent(work: Work) -> list[tuple[str, Any]]:
    async with served(work) as client, client.get("/") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        blocks = (await answer.text()).split("\n\n")
    pairs = [each.split("\n") for each in blocks if each and not each.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]


async def test_events_come_in_their_order_and_the_last_one_says_so() -> None:
    async def work(queue: EventQueue) -> None:
        for number in range(1000):  # more than wait at once
            await queue.put("line", {"n": number})

    found = await sent(work)
    assert [each["n"] for name, each in found if name == "line"] == list(range(1000))
    assert found[-1] == ("end", {})


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (Failure("no such thing", "Try another."), {"error": "no such thing", "hint": "Try another."}),
        (Denied("pods is forbidden"), {"denied": True}),
        (KeyError("s3cret"), {"error": "internal error: KeyError"}),
    ],
)
async def test_an_error_is_the_last_event_but_one(error: Exception, body: Any) -> None:
    async def work(queue: EventQueue) -> None:
        await queue.put("line", {})
        raise error

    found = await sent(work)
    assert [name for name, _ in found] == ["line", "error", "end"]
    assert found[1][1].items() >= body.items()
    assert "s3cret" not in str(found)


async def test_no_text_ends_an_event_before_its_end() -> None:
    async def work(queue: EventQueue) -> None:
        await queue.put("line", {"text": "a\n\nevent: end\r\ndata: {}\u2028"})

    found = await sent(work)
    assert [name for name, _ in found] == ["line", "end"]
    assert found[0][1] == {"text": "a\n\nevent: end\\r\ndata: {}\\u2028"}


async def test_who_makes_more_than_is_read_waits_and_what_may_be_lost_is_lost() -> None:
    queue = EventQueue()
    for number in range(queued_events._WAITING):
        await queue.put("line", number)
    queue.offer("note", "lost")
    waiting = asyncio.create_task(queue.put("line", "last"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await queue.next() == ("line", b"0")
    await waiting


async def test_a_reader_that_waits_gets_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queued_events, "HEARTBEAT_SECONDS", 0.01)
    go_on = asyncio.Event()

    async def work(queue: EventQueue) -> None:
        await go_on.wait()

    async with served(work) as client, client.get("/") as answer:
        for _ in range(3):
            assert await answer.content.readuntil(b"\n\n") == b":\n\n"
        go_on.set()
        assert (await answer.text()).endswith("event: end\ndata: {}\n\n")


async def test_work_ends_with_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queued_events, "HEARTBEAT_SECONDS", 0.01)
    ended = asyncio.Event()

    async def work(queue: EventQueue) -> None:
        await queue.put("line", {})
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with served(work) as client:
        answer = await client.get("/")
        await answer.content.readuntil(b"\n\n")
        answer.close()
        await asyncio.wait_for(ended.wait(), 30)
