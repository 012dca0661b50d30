"""What can be done to one request, list or watch on its way."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from faults.proxy import Answer, Exchange, Fault, Lines

Response = web.StreamResponse

LATE_SECONDS = 1.0
LONG_SECONDS = 3.0
"""More than the operators of the tests wait for an answer (``replica.REQUEST_TIMEOUT``)."""


def status(code: int, reason: str, message: str = "made by the fault proxy", **details: Any) -> Answer:
    """An error as the API server words it."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return Answer(code, "application/json", json.dumps({**body, "message": message, "details": details}).encode())


def throttled(seconds: int) -> Answer:
    """429 with a Retry-After of so many seconds."""
    answer = status(429, "TooManyRequests", retryAfterSeconds=seconds)
    return Answer(answer.status, answer.content_type, answer.body, (("Retry-After", str(seconds)),))


def text(code: int, content: str, content_type: str = "application/json") -> Answer:
    """Whatever somebody on the way might answer."""
    return Answer(code, content_type, content.encode())


def answers(answer: Answer, *, after: bool = False) -> Fault:
    """This instead of the API server's answer; ``after`` it has carried the request out, or without that."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        if after:
            await exchange.send()
        return await exchange.respond(answer)

    return fault


def cuts(*, after: bool) -> Fault:
    """No answer: the connection breaks."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        if after:
            await exchange.send()
        return exchange.cut()

    return fault


def truncates(part: float = 0.5) -> Fault:
    """The first part of the true answer, and then the connection breaks."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.send()
        return await exchange.respond(answer, length=int(len(answer.body) * part))

    return fault


def late(seconds: float, *, after: bool) -> Fault:
    """The true answer, late; longer than anybody waits where there are enough seconds."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        if not after:
            await asyncio.sleep(seconds)
        answer = await exchange.send()
        if after:
            await asyncio.sleep(seconds)
        return await exchange.respond(answer)

    return fault


def twice() -> Fault:
    """The request reaches the API server twice, as where something on the way sends it again; the second answer."""

    async def fault(exchange: Exchange) -> web.StreamResponse:
        first = await exchange.send()
        second = await exchange.send()
        return await exchange.respond(second if second.status < 400 else first)

    return fault


def does(act: Callable[[int], None], moment: str) -> Fault:
    """Something done to the replica that has sent the request.

    ``before`` the API server sees the request, ``at`` its answer (neither of which the replica then hears), or
    ``after`` that.
    """

    async def fault(exchange: Exchange) -> web.StreamResponse:
        replica = exchange.entry.replica
        if moment == "before":
            act(replica)
            return exchange.cut()
        answer = await exchange.send()
        if moment == "at":
            act(replica)
            return exchange.cut()
        response = await exchange.respond(answer)
        asyncio.get_running_loop().call_later(0.02, act, replica)
        return response

    return fault


def ends(after: int, *, broken: bool) -> Lines:
    """A watch that ends after some lines, by a reset or as if it were over."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        count = 0
        async for line in given:
            yield line
            count += 1
            if count >= after:
                if broken:
                    raise ConnectionResetError
                return

    return lines


def says(line: bytes, after: int = 0) -> Lines:
    """A watch in which the API server, or whoever stands before it, says this after some lines."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        count = 0
        async for each in given:
            if count == after:
                yield line
            count += 1
            yield each

    return lines


def loses(count: int, skip: int = 0) -> Lines:
    """Some events do not come, and the watch lives on; bookmarks come."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        seen = 0
        async for line in given:
            if b'"type":"BOOKMARK"' not in line:
                seen += 1
                if skip < seen <= skip + count:
                    continue
            yield line

    return lines


def loses_then(count: int, line: bytes) -> Lines:
    """Some events do not come, and the watch ends with this line, so that it lists anew."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        lost = 0
        async for each in given:
            lost += b'"type":"BOOKMARK"' not in each
            if lost >= count:
                yield line
                return

    return lines


def repeats() -> Lines:
    """Each event comes twice."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for line in given:
            yield line
            yield line

    return lines


def lags(seconds: float) -> Lines:
    """Each event comes late, in order."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for line in given:
            await asyncio.sleep(seconds)
            yield line

    return lines


def splits() -> Lines:
    """Each event comes in pieces."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for line in given:
            third = max(1, len(line) // 3)
            for start in range(0, len(line), third):
                yield line[start : start + third]
                await asyncio.sleep(0.002)

    return lines


def stalls() -> Lines:
    """A watch that says nothing any more, not even bookmarks, and stays open."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for line in given:
            yield line
            break
        async for _ in given:
            pass

    return lines


def pads(size: int) -> Lines:
    """Each event on a line of at least ``size`` bytes."""

    async def lines(given: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for line in given:
            yield line.rstrip(b"\n") + b" " * size + b"\n"

    return lines


def error_event(code: int, reason: str) -> bytes:
    """An ERROR as a watch has it."""
    body = json.loads(status(code, reason).body)
    return json.dumps({"type": "ERROR", "object": body}, separators=(",", ":")).encode() + b"\n"
