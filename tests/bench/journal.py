"""When the API server made which object, read from its audit log: measuring costs it nothing."""

import json
import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lab import appended

_POLL_SECONDS = 0.2
_WRITES = frozenset({"create", "update", "patch", "delete"})


@dataclass(frozen=True, slots=True)
class Name:
    """An object, as the audit log names it."""

    namespace: str
    resource: str
    name: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What one contender did."""

    seconds: float
    """From the start of the command until the last object was there."""
    writes: int
    """Requests by which the contender changed something in the namespaces."""
    last: float
    """When the last object was there: a wall clock time in seconds."""


class Journal:
    """The audit log of one API server."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def end(self) -> int:
        """The place behind all that is written so far."""
        return appended.end(self._log)

    def wait(self, since: int, wanted: Collection[Name], began: float, limit: float) -> Turn:
        """Read until every wanted object was made, and count the writes of those who made one of them.

        ``began`` is a wall clock time in seconds, as the log's own times are. Raises TimeoutError with what is missing.
        """
        missing, last, place = set(wanted), began, since
        namespaces, makers, changes = {name.namespace for name in wanted}, set[str](), Counter[str]()
        deadline = time.time() + limit
        while missing:
            if time.time() > deadline:
                raise TimeoutError(
                    f"{len(missing)} of {len(wanted)} objects are missing, such as {next(iter(missing))}"
                )
            time.sleep(_POLL_SECONDS)
            for event, behind in self._events(place, namespaces):
                place = behind
                changes[event["user"]["username"]] += event["verb"] in _WRITES
                if (made := _made(event)) in missing:
                    missing.discard(made)
                    makers.add(event["user"]["username"])
                    last = max(last, _time(event))
        return Turn(last - began, sum(changes[maker] for maker in makers), last)

    def writes(self, since: int, namespaces: Collection[str], user: str) -> int:
        """How many requests of a user changed something in the namespaces since then."""
        events = self._events(since, namespaces)
        return sum(event["verb"] in _WRITES and event["user"]["username"] == user for event, _ in events)

    def _events(self, since: int, namespaces: Collection[str]) -> Iterator[tuple[dict[str, Any], int]]:
        """What is behind a place, each with the place behind itself."""
        marks = [name.encode() for name in namespaces]
        for line, place in appended.lines(self._log, since):
            if any(mark in line for mark in marks):  # decoding takes longer
                event = json.loads(line)
                if event.get("objectRef", {}).get("namespace") in namespaces:
                    yield event, place


def _made(event: dict[str, Any]) -> Name | None:
    """The object that a request has written; one whose first answer was lost counts from the next."""
    done = event["verb"] in _WRITES and event.get("responseStatus", {}).get("code") in (200, 201)
    if not done or event["objectRef"].get("subresource"):
        return None
    of = event["objectRef"]
    return Name(of["namespace"], of["resource"], of.get("name", ""))


def _time(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["stageTimestamp"]).timestamp()
