"""Reads files of lines while another process appends to them."""

import os
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 1 << 16


def end(path: Path) -> int:
    """Return the place behind the last whole line of a file, 0 where there is no file yet.

    A file's size is no such place: a long line is seen to grow while it is written.
    """
    try:
        with path.open("rb") as file:
            place = file.seek(0, os.SEEK_END)
            while place:
                begin = max(0, place - _BLOCK)
                file.seek(begin)
                found = file.read(place - begin).rfind(b"\n")
                if found >= 0:
                    return begin + found + 1
                place = begin
    except FileNotFoundError:
        pass
    return 0


def lines(path: Path, since: int) -> Iterator[tuple[bytes, int]]:
    """Yield the whole lines behind a place, each with the place behind itself; half a line is not there yet."""
    try:
        with path.open("rb") as file:
            place = file.seek(since)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                place += len(line)
                yield line, place
    except FileNotFoundError:
        return
