"""The traffic: a backend, sockets that stay open, and requests that must all be answered."""

import asyncio
import time
from dataclasses import dataclass, field

from gateway.rig import Names

_UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"
_LIMIT = 10.0


class AnyName(Names):
    """All Services are at one address."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        labels, at = [], 12
        while size := data[at]:
            labels.append(data[at + 1 : at + 1 + size].decode())
            at += size + 1
        self.addresses.setdefault(".".join(labels).lower(), ("127.0.0.1",))
        super().datagram_received(data, addr)


class Backend(asyncio.Protocol):
    """Answers requests with `ok`, takes upgrades, and returns what comes through an upgraded connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._upgraded = False
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._upgraded:
            self._transport.write(data)
            return
        self._rest += data
        while b"\r\n\r\n" in self._rest:
            head, _, self._rest = self._rest.partition(b"\r\n\r\n")
            self._upgraded = b"upgrade: websocket" in head.lower()
            self._transport.write(_SWITCHED if self._upgraded else _OK)


async def backend(port: int) -> None:
    """Serve for ever."""
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> int:
    """The status of one GET on a connection that stays open."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"content-length:" in head:
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
    elif b"chunked" in head:
        while await reader.readline() != b"0\r\n":
            pass
        await reader.readline()
    return int(head.split()[1])


async def status(port: int, path: str) -> int:
    """The status of a GET on a new connection; 0 where there was no answer."""
    try:
        async with asyncio.timeout(_LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await asked(reader, writer, path)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return 0


class Sockets:
    """WebSockets that stay open."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._open: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.closed = 0

    async def open(self, count: int) -> None:
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(_UPGRADE % self._path.encode())
            async with asyncio.timeout(_LIMIT):
                head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head:
                raise RuntimeError(f"no WebSocket: {head.decode()}")
            self._open.append((reader, writer))

    async def renew(self, count: int) -> None:
        """Close the oldest, and open as many new ones."""
        for _, writer in self._open[:count]:
            writer.close()
        del self._open[:count]
        await self.open(count)

    async def check(self) -> None:
        """Send something through each, and count those that do not answer."""
        alive = []
        for reader, writer in self._open:
            try:
                writer.write(b"x")
                async with asyncio.timeout(_LIMIT):
                    await reader.readexactly(1)
                alive.append((reader, writer))
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                self.closed += 1
        self._open = alive

    def close(self) -> None:
        for _, writer in self._open:
            writer.close()
        self._open = []


@dataclass
class Load:
    """Requests at a steady pace: on connections that are kept, and each on one of its own."""

    port: int
    path: str
    kept: int = 0
    fresh: int = 0
    lost_kept: int = 0
    lost_fresh: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(each()) for each in (self._keep, self._keep, self._renew)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                while True:
                    async with asyncio.timeout(_LIMIT):
                        code = await asked(reader, writer, self.path)
                    self.kept += 1
                    self.lost_kept += code != 200
                    await asyncio.sleep(0.01)
                    if reader.at_eof():  # closed between two requests: a client opens another, and has lost nothing
                        break
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                self.kept += 1
                self.lost_kept += 1

    async def _renew(self) -> None:
        while True:
            self.fresh += 1
            self.lost_fresh += await status(self.port, self.path) != 200
            await asyncio.sleep(0.01)


async def served(port: int, path: str, limit: float = 60.0) -> float:
    """Seconds until three new connections one after another get 200."""
    started, good = time.monotonic(), 0
    while time.monotonic() - started < limit:
        good = good + 1 if await status(port, path) == 200 else 0
        if good == 3:
            return time.monotonic() - started
        await asyncio.sleep(0.002)
    return float("inf")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
