"""Bodies: how large they may be, and that neither a disk nor the memory fills with them."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from yarl import URL

from gateway.asking import service
from gateway.backend import Backend
from gateway.rig import Gateway, Rig

MEBIBYTE = 2**20
LIMITS = [
    # the stack's gateway, the service's policies, the largest body that passes
    ({}, {}, 64 * MEBIBYTE),
    ({"maxBody": "1Mi"}, {}, MEBIBYTE),
    ({"maxBody": "1Mi"}, {"maxBody": "2Mi"}, 2 * MEBIBYTE),
    ({"maxBody": "2Mi"}, {"maxBody": 1000}, 1000),
    ({}, {"maxBody": "1k", "retry": {"maxRetries": 2}, "timeout": {"requestTimeout": "9s"}}, 1000),
    ({"maxBody": "9E"}, {}, None),
]


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A body of this size whose length is not said beforehand."""
    while size > 0:
        yield b"x" * min(size, MEBIBYTE)
        size -= MEBIBYTE


async def sent(client: ClientSession, gateway: Gateway, size: int, *, chunked: bool, method: str = "POST") -> int:
    """The status for a body of this size."""
    body = pieces(size) if chunked else io.BytesIO(b"x" * size)
    headers = {"Expect": "100-continue"}
    async with client.request(method, URL(f"{gateway.url}/web/x"), data=body, headers=headers) as answer:
        if answer.status == 200:
            assert (await answer.json())["size"] == size
        return answer.status


@pytest.mark.parametrize(("gateway", "policies", "limit"), LIMITS)
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_above_the_limit_is_refused(
    rig: Rig,
    backend: Backend,
    client: ClientSession,
    gateway: dict[str, Any],
    policies: dict[str, Any],
    limit: int | None,
    chunked: bool,
) -> None:
    spec = {"gateway": gateway, "services": {"web": service({"/web": {"path": "/"}}, policies=policies)}}
    running = await rig.gateway(spec)
    largest = limit if limit is not None else 65 * MEBIBYTE
    assert await sent(client, running, largest, chunked=chunked) == 200
    if limit is not None:
        assert await sent(client, running, limit + 1, chunked=chunked) == 413


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000, 100_001, 10 * MEBIBYTE])
@pytest.mark.parametrize("policies", [{}, {"retry": {"maxRetries": 2}, "timeout": {"requestTimeout": "9s"}}])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_any_size_arrives_once_and_whole(
    rig: Rig, backend: Backend, client: ClientSession, size: int, policies: dict[str, Any], chunked: bool
) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}}, policies=policies)}})
    for method in ("POST", "PUT"):
        assert await sent(client, gateway, size, chunked=chunked, method=method) == 200
    assert [asked.method for asked in backend.asked] == ["POST", "PUT"]


@pytest.mark.parametrize("head", ["Content-Length: 60000000", "Transfer-Encoding: chunked", "Content-Length: 99999"])
async def test_an_upload_under_way_lies_in_no_file(rig: Rig, backend: Backend, tmp_path: Path, head: str) -> None:
    """It goes through as it comes: the backend has been asked while the caller is still sending."""
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}})}})
    _, writer = await asyncio.open_connection(gateway.address, gateway.port)
    piece = b"x" * 90_000
    writer.write(f"POST /web/x HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode())
    large = "99999" not in head
    for _ in range(100 if large else 1):
        writer.write(b"15f90\r\n%s\r\n" % piece if "chunked" in head else piece)
        await writer.drain()
    if large:
        async with asyncio.timeout(60):
            while not backend.asked:
                await asyncio.sleep(0.01)
    assert gateway.files_without_a_name == []
    assert not [file for file in tmp_path.rglob("*") if "client_body" in str(file) and file.is_file()]
    writer.transport.abort()


async def test_a_long_answer_to_a_slow_caller_lies_in_no_file(rig: Rig, backend: Backend) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}})}})
    reader, writer = await asyncio.open_connection(gateway.address, gateway.port, limit=1024)
    writer.write(b"GET /web/pour HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")  # and no more: everything else has to wait somewhere
    async with asyncio.timeout(60):
        await backend.stuck.wait()
    assert gateway.files_without_a_name == []
    writer.transport.abort()
