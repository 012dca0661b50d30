"""What one open page has not been told yet. A slow reader has more ids waiting, never more records."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from ailtire_operator.cli.ui.encoding import encode
from ailtire_operator.cli.ui.forest import Forest

Event = tuple[str, bytes]
"""Name and data."""
_COMMA: Final = b","


class Facts(Protocol):
    """What a page is told beside the records."""

    @property
    def complete(self) -> bool:
        """Whether there is anything to be shown: all stacks have been read, or will not be."""

    @property
    def outage(self) -> str:
        """Why nothing is heard of the cluster; empty where all is well."""

    def opening(self) -> dict[str, object]:
        """The fields of a snapshot but for its stacks."""


class TreePage:
    """One reader of the trees, or of what is below one stack."""

    def __init__(self, forest: Forest, facts: Facts, top: str = "") -> None:
        self.woken = asyncio.Event()
        self.ended = False
        self._forest = forest
        self._facts = facts
        self._top = top
        self._changed: set[str] = set()
        self._told: set[str] = set()
        """The ids of the records that it has."""
        self._anew = True
        self._first = True
        self._outage = ""

    def note(self, changed: Iterable[str]) -> None:
        """These records are different or gone."""
        self._changed.update(changed)
        if self._changed:
            self.woken.set()

    def renew(self) -> None:
        """Something beside the records is different."""
        self._anew = True
        self.woken.set()

    def end(self) -> None:
        """The server stops."""
        self.ended = True
        self.woken.set()

    def events(self) -> Iterator[Event]:
        """All that it has to be told now. Each is made when it is asked for, so that it is as new as can be."""
        self.woken.clear()
        outage = self._facts.outage
        if self._anew and self._facts.complete and (not outage or self._first):
            self._anew = self._first = False
            self._changed.clear()
            yield "snapshot", self._snapshot()
        if outage != self._outage:
            self._outage = outage
            if outage:
                self._anew = True
                yield "outage", encode({"message": outage})
        if self._changed and not self._anew:
            data = self._change()
            if data:
                yield "change", data

    def _snapshot(self) -> bytes:
        found = [name for name in sorted(self._forest.records) if self._shows(name)]
        self._told = set(found)
        opening = encode(self._facts.opening())
        return opening[:-1] + b',"stacks":[' + _COMMA.join(self._forest.records[each] for each in found) + b"]}"

    def _change(self) -> bytes:
        """The records that are different, whole, and the ids of those that are gone; empty for neither."""
        changed, self._changed = self._changed, set()
        there = {name for name in changed if name in self._forest.records and self._shows(name)}
        gone = (changed - there) & self._told
        self._told = (self._told - gone) | there
        if not there and not gone:
            return b""
        records = _COMMA.join(self._forest.records[each] for each in sorted(there))
        return b'{"set":[' + records + b'],"gone":' + encode(sorted(gone)) + b"}"

    def _shows(self, record: str) -> bool:
        return not self._top or self._forest.within(record, self._top)
