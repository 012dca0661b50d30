"""Requests to the page's server byte for byte, and its events."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_SECONDS = 60.0


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The one header of a name; empty for none."""
        found = [value for each, value in self.headers if each.lower() == name.lower()]
        assert len(found) < 2
        return found[0] if found else ""

    @property
    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


@dataclass
class Browser:
    """Sends what a page of the server would send, and then what the test says."""

    port: int
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name."""

    def __post_init__(self) -> None:
        self.headers = {
            "host": f"127.0.0.1:{self.port}",
            "origin": f"http://127.0.0.1:{self.port}",
            "sec-fetch-site": "same-origin",
            "content-type": "application/json",
            "x-ailtire-ui": "1",
        }

    async def ask(self, method: str, target: str, body: bytes = b"", raw: bytes = b"", **headers: str | None) -> Answer:
        """One request; a header with the value None is left out, ``raw`` are further lines of the head."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self._head(method, target, len(body), raw, headers) + body)
            async with asyncio.timeout(_SECONDS):
                return _answer(await reader.read())
        finally:
            writer.close()

    @asynccontextmanager
    async def events(self, target: str) -> AsyncIterator["Events"]:
        """An event stream for as long as the block lasts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self._head("GET", target, 0, b"", {}))
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 OK" in head, head
            assert b"text/event-stream" in head
            yield Events(reader)
        finally:
            writer.close()

    def _head(self, method: str, target: str, size: int, raw: bytes, headers: Mapping[str, str | None]) -> bytes:
        sent: dict[str, str | None] = {**self.headers, "connection": "close"}
        if self.cookie:
            sent["cookie"] = self.cookie
        sent |= {"content-length": str(size)} if size or method != "GET" else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [
            f"{method} {target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in sent.items() if value is not None),
        ]
        return "".join(f"{line}\r\n" for line in lines).encode() + raw + b"\r\n"


class Events:
    """The events of a stream."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._data = b""

    async def next(self) -> tuple[str, Any]:
        """Name and data of the next one; comments are passed over."""
        async with asyncio.timeout(_SECONDS):
            while True:
                while b"\n\n" not in self._data:
                    self._data += await self._chunk()
                event, _, self._data = self._data.partition(b"\n\n")
                lines = dict(line.split(b": ", 1) for line in event.split(b"\n") if not line.startswith(b":"))
                if lines:
                    return lines[b"event"].decode(), json.loads(lines[b"data"])

    async def ended(self) -> None:
        """Wait for the end of the stream."""
        async with asyncio.timeout(_SECONDS):
            await self._reader.read()

    async def _chunk(self) -> bytes:
        size = int(await self._reader.readline(), 16)
        assert size, "the stream has ended"
        data = await self._reader.readexactly(size)
        await self._reader.readexactly(2)
        return data


def _answer(data: bytes) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    return Answer(int(first.split()[1]), headers, body)
