"""A backend that answers whatever a test says, byte by byte, and keeps all that it is sent."""

import asyncio
from typing import Self


class Scripted:
    """Answers each connection's first request with the same bytes and then only listens, while the block lasts."""

    def __init__(self, address: str, port: int, answer: bytes) -> None:
        self.received: list[bytearray] = []
        """What came in, by connection."""
        self._address, self._port, self._answer = address, port, answer
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._address, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(asyncio.create_task(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = bytearray()
        self.received.append(received)
        answered = False
        try:
            while data := await reader.read(65536):
                received += data
                if not answered and b"\r\n\r\n" in received:
                    answered = True
                    writer.write(self._answer)
                    await writer.drain()
        finally:
            writer.transport.abort()


def answer(status: str, *headers: str, body: str = "") -> bytes:
    """An HTTP answer as it stands on the wire."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", body]
    return "\r\n".join(lines).encode()
