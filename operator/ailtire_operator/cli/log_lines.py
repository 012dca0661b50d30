"""Lines of logs: read off what the API server sends, put in order of time, and written for people or programs. Pure."""

import heapq
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zlib import crc32

from ailtire_operator import printable
from ailtire_operator.cli.log_sources import Source

_COLOURS: Final = tuple(f"\x1b[{code}m" for code in (36, 32, 33, 35, 34, 31, 96, 92, 93, 95, 94, 91))
_OFF: Final = "\x1b[0m"
_NANOSECONDS: Final = 9
_TIME_AT_MOST = re.compile(rb"[0-9TZ:.+-]* ?\n")
"""What was broken off before the text of a line began."""


class Moment(NamedTuple):
    """A time to the nanosecond, which no datetime holds."""

    seconds: int
    nanoseconds: int


BEGINNING: Final = Moment(0, 0)


class Line(NamedTuple):
    """One line and when it was written."""

    moment: Moment
    stamp: str
    """The time as it was sent."""
    text: bytes


def parse(raw: bytes, before: Moment = BEGINNING) -> Line:
    """Split what ``timestamps=true`` gives. A line without a time (the kubelet's own words) has that of the one before.

    Never before its predecessor: the lines of a container stay in the order in which they were written.
    """
    stamp, _, text = raw.rstrip(b"\r\n").partition(b" ")
    moment = _moment(stamp)
    if moment is None:
        return Line(before, "", raw.rstrip(b"\r\n"))
    return Line(max(moment, before), stamp.decode(), text)


def _moment(stamp: bytes) -> Moment | None:
    whole, dot, rest = stamp.partition(b".")
    digits = rest[: len(rest) - len(rest.lstrip(b"0123456789"))] if dot else b""
    zone = rest[len(digits) :] if dot else b""
    seconds = _seconds(whole + zone)
    if seconds is None:
        return None
    return Moment(seconds, int(digits[:_NANOSECONDS].ljust(_NANOSECONDS, b"0") or b"0"))


@lru_cache(maxsize=4096)
def _seconds(text: bytes) -> int | None:
    """A second holds many lines, so that it is read once."""
    try:
        found = datetime.fromisoformat(text.decode())
    except (ValueError, UnicodeDecodeError):
        return None
    return int(found.timestamp()) if found.tzinfo is not None else None


def since(moment: Moment) -> str:
    """The time from which to read again: the API takes whole seconds."""
    return datetime.fromtimestamp(moment.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Piece(NamedTuple):
    """A line, or a part of one that is too long or was broken off."""

    raw: bytes
    """With an end, and with the time of the whole line."""
    begins: bool
    """The line begins with it."""
    ends: bool
    """The line ends with it."""
    blank: bool
    """Nothing was left of the line but its end."""


async def pieces(lines: AsyncIterator[bytes]) -> AsyncIterator[Piece]:
    """The lines, and the parts of those that are too long, each of which has the time of the whole.

    A container could otherwise begin a part with a time of its own choice.
    """
    stamp, begins = b"", True
    async for each in lines:
        line = stamp + each
        ends = line.endswith(b"\n")
        yield Piece(line if ends else line + b"\n", begins, ends, blank=not begins and each == b"\n")
        first, blank, _ = line.partition(b" ")
        stamp = first + blank if not ends and _moment(first) is not None else b""
        begins = ends


async def ended(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines, all with an end. Each part of one that is too long is a line with the time of the whole."""
    async for piece in pieces(lines):
        if not piece.blank:
            yield piece.raw


class Taken(NamedTuple):
    """Up to where the lines of a log were taken."""

    moment: Moment = BEGINNING
    stamp: str = ""
    size: int = 0
    """So many bytes of the last line's text, which was broken off there; 0: all of it."""


UNTAKEN: Final = Taken()


class Resumed:
    """Finds what is new in a log that is read again from the second on in which the last line was written."""

    def __init__(self, taken: Taken) -> None:
        self._before = taken
        self._taken = taken
        self._seen = 0
        """Bytes of the text of the line that is read now."""

    def take(self, piece: Piece) -> tuple[Line | None, Taken]:
        """What is new of a piece, if anything is, and up to where the log is taken with it."""
        line = parse(piece.raw, self._taken.moment)
        start = 0 if piece.begins else self._seen
        self._seen = start + len(line.text)
        if piece.begins and not piece.ends and _TIME_AT_MOST.fullmatch(piece.raw):
            return None, self._taken
        known = 0
        if line.stamp and line.moment <= self._before.moment:
            if line.stamp != self._before.stamp or not self._before.size:
                return None, self._taken
            known = self._before.size
        if known and piece.ends:  # whatever its time is, all that comes after it is new
            self._before = UNTAKEN
        self._taken = Taken(line.moment, line.stamp, 0 if piece.ends else max(known, self._seen))
        text = line.text[max(0, known - start) :]
        return line._replace(text=text) if text or (piece.begins and not known) else None, self._taken


def parsed(raw: Iterable[bytes]) -> Iterator[Line]:
    """The lines of one container."""
    before = BEGINNING
    for each in raw:
        line = parse(each, before)
        before = line.moment
        yield line


def merged(logs: Mapping[Source, Iterable[bytes]]) -> Iterator[tuple[Source, Line]]:
    """All lines of all containers in the order of time; what is equally old in the order of the containers."""

    def tagged(number: int, source: Source, raw: Iterable[bytes]) -> Iterator[tuple[Moment, int, Source, Line]]:
        for line in parsed(raw):
            yield line.moment, number, source, line

    streams = [tagged(number, source, raw) for number, (source, raw) in enumerate(logs.items())]
    for _, _, source, line in heapq.merge(*streams, key=lambda each: each[:2]):
        yield source, line


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is written."""

    colour: bool = False
    timestamps: bool = False
    prefix: bool = True
    as_json: bool = False
    terminal: bool = False
    """A person's terminal shows it, which must obey no container."""

    def write(self, source: Source, line: Line) -> bytes:
        """The line with its end; of the text not a byte is changed, unless a terminal shows it."""
        if self.as_json:
            return _json(source, line)
        parts = [self._prefix(source)] if self.prefix else []
        if self.timestamps and line.stamp:
            parts.append(line.stamp)
        head = " ".join([*parts, ""]) if parts else ""
        text = printable.line(line.text.decode(errors="backslashreplace")).encode() if self.terminal else line.text
        return head.encode(errors="backslashreplace") + text + b"\n"

    def _prefix(self, source: Source) -> str:
        path, suffix = printable.line(source.path), printable.line(source.suffix)
        if not self.colour:
            return f"{path} {suffix} |"
        return f"{_colour(path)}{path}{_OFF} {_colour(suffix)}{suffix} |{_OFF}"


def _json(source: Source, line: Line) -> bytes:
    value = {
        "time": line.stamp,
        "path": source.path,
        "pod": source.pod,
        "container": source.container,
        "message": line.text.decode(errors="replace"),
    }
    return printable.in_json(json.dumps(value, ensure_ascii=False)).encode() + b"\n"


@lru_cache(maxsize=4096)
def _colour(text: str) -> str:
    """The same for the same text, today and tomorrow."""
    return _COLOURS[crc32(text.encode()) % len(_COLOURS)]
