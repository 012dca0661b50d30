"""Lines out of the pieces in which they come over the network."""

from collections.abc import AsyncIterator


async def whole_lines(chunks: AsyncIterator[bytes], longest: int | None = None) -> AsyncIterator[bytes]:
    """Yield whole lines with their ends, and at last what has none; blank ones are left out.

    ``longest``: in bytes; what is longer comes in parts without an end as soon as it is known to be, so that no more
    than that is held, and a chunk. Without, a line may have any length. The end of a line that came in parts is never
    left out, also where nothing else is left of it: what comes next would be a part of it otherwise.
    """
    pending: list[bytes] = []
    size = 0
    in_parts = False
    async for chunk in chunks:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            pending.append(line)
            whole = b"".join(pending)
            pending.clear()
            size = 0
            if in_parts or whole.strip():
                yield whole + b"\n"
            in_parts = False
        if rest:
            pending.append(rest)
            size += len(rest)
        if longest is not None and size > longest:
            yield b"".join(pending)
            pending.clear()
            size = 0
            in_parts = True
    if pending:
        yield b"".join(pending)
