"""Events as rows: when something was seen last, of what, and what is said of it. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.pod_facts import age_text
from ailtire_operator.printable import in_json, line

_HEADS: Final = ("LAST SEEN", "TYPE", "REASON", "PATH", "OBJECT", "MESSAGE")


class EventType(StrEnum):
    """The types that Kubernetes has."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class EventRow:
    """One Event, without what nobody shows."""

    uid: str
    version: str
    kind: str
    name: str
    object_uid: str
    type: str
    reason: str
    message: str
    source: str
    count: int
    first: datetime | None
    last: datetime | None

    def to_json(self, path: str) -> dict[str, Any]:
        """As data; the form is part of the command's promise (docs/cli.md)."""
        return {
            "time": _stamp(self.last),
            "type": self.type,
            "reason": self.reason,
            "path": path,
            "kind": self.kind,
            "name": self.name,
            "count": self.count,
            "source": self.source,
            "message": self.message,
        }


def event_row(event: Mapping[str, Any]) -> EventRow:
    """Read an Event, of whichever of the two APIs wrote it."""
    metadata, about = event["metadata"], event.get("involvedObject") or {}
    series = event.get("series") or {}
    first = _time(event.get("firstTimestamp") or event.get("eventTime") or metadata.get("creationTimestamp"))
    last = _time(series.get("lastObservedTime") or event.get("lastTimestamp"))
    return EventRow(
        uid=str(metadata.get("uid") or ""),
        version=str(metadata.get("resourceVersion") or ""),
        kind=str(about.get("kind") or ""),
        name=str(about.get("name") or ""),
        object_uid=str(about.get("uid") or ""),
        type=str(event.get("type") or ""),
        reason=str(event.get("reason") or ""),
        message=str(event.get("message") or "").strip(),
        source=str(event.get("reportingComponent") or (event.get("source") or {}).get("component") or ""),
        count=int(series.get("count") or event.get("count") or 1),
        first=first,
        last=last or first,
    )


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _stamp(time: datetime | None) -> str:
    return "" if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def types_of(text: str) -> frozenset[str]:
    """``Warning,Normal``, in any capitals. Raises Failure for another."""
    known = {each.lower(): str(each) for each in EventType}
    asked = [each.strip().lower() for each in text.split(",")]
    for each in asked:
        if each not in known:
            raise Failure(f"--types: '{each}' is none; write Normal, Warning or both with a comma between them")
    return frozenset(known[each] for each in asked)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which Events are shown."""

    types: frozenset[str] = frozenset(EventType)
    since: timedelta | None = None

    @property
    def fields(self) -> dict[str, str]:
        """What the API server leaves out itself: the parameter of a request."""
        return {"fieldSelector": f"type={next(iter(self.types))}"} if len(self.types) == 1 else {}

    def shows(self, row: EventRow, now: datetime | None) -> bool:
        """Whether it is of a type that is asked for, and not too old by the API server's clock."""
        if row.type not in self.types:
            return False
        if self.since is None or now is None or row.last is None:
            return True
        return row.last >= now - self.since


def in_order(found: Iterable[tuple[str, EventRow]]) -> list[tuple[str, EventRow]]:
    """The newest last, by the time and within a second by who wrote last; Events without a time first."""
    return sorted(found, key=lambda each: (_stamp(each[1].last), _number(each[1].version)))


def _number(version: str) -> int:
    return int(version) if version.isdecimal() else 0


class EventTable:
    """Lines with columns under each other. Later lines keep the widths, unless they need more."""

    def __init__(self, *, times: bool) -> None:
        self._times = times
        """The time of day in place of the age, which would be wrong a minute later."""
        self._widths = [0] * (len(_HEADS) - 1)

    def lines(self, found: Sequence[tuple[str, EventRow]], now: datetime | None, *, head: bool) -> list[str]:
        """The lines of these Events, and the heads of the columns above them."""
        heads = [("TIME", *_HEADS[1:]) if self._times else _HEADS] if head else []
        rows = [*heads, *(self._cells(path, row, now) for path, row in found)]
        for cells in rows:
            self._widths = [max(pair) for pair in zip(self._widths, map(len, cells[:-1]), strict=True)]
        return [self._line(cells) for cells in rows]

    def _line(self, cells: Sequence[str]) -> str:
        padded = [f"{cell:<{width}}" for cell, width in zip(cells[:-1], self._widths, strict=True)]
        return "  ".join((*padded, cells[-1])).rstrip()

    def _cells(self, path: str, row: EventRow, now: datetime | None) -> tuple[str, ...]:
        return (
            self._last_seen(row, now),
            line(row.type),
            line(row.reason),
            line(path),
            line(f"{row.kind}/{row.name}"),
            line(row.message),
        )

    def _last_seen(self, row: EventRow, now: datetime | None) -> str:
        time = row.last.strftime("%H:%M:%SZ") if row.last else ""
        seen = time if self._times else age_text(row.last, now)
        if row.count < 2:
            return seen
        began = "" if self._times else age_text(row.first, now)
        return f"{seen} (x{row.count}{f' over {began}' if began else ''})"


def json_line(path: str, row: EventRow) -> str:
    """One object in one line."""
    return in_json(json.dumps(row.to_json(path), ensure_ascii=False))
