"""Lines out of the pieces in which they come over the network."""

from collections.abc import AsyncIterator


async def whole_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield whole lines with their ends, whatever their length, and at last what has none; blank ones are left out."""
    pending: list[bytes] = []
    async for chunk in chunks:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            pending.append(line)
            whole = b"".join(pending)
            pending.clear()
            if whole.strip():
                yield whole + b"\n"
        if rest:
            pending.append(rest)
    if pending:
        yield b"".join(pending)
