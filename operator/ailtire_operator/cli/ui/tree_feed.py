"""The trees of a server, however many pages are open: one watch for each kind, and what every page is told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Final

from ailtire_operator.cli.informer import stop
from ailtire_operator.cli.ui.errors import kubectl_sentence
from ailtire_operator.cli.ui.follower import Follower
from ailtire_operator.cli.ui.forest import Forest
from ailtire_operator.cli.ui.gate import Refused
from ailtire_operator.cli.ui.tree_page import TreePage
from ailtire_operator.cli.ui.usage_poll import UsagePoll
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.connection_errors import explain
from ailtire_operator.cluster.errors import ClusterError, Denied, Unavailable
from ailtire_operator.cluster.kinds import POD, STACK

_PAUSE: Final = 0.25
"""Seconds between two rounds of changes."""
_PAGES: Final = 32
"""Pages that may be open at once."""


class TreeFeed:
    """Follows stacks and pods of a namespace, or of all of them."""

    def __init__(self, connection: Connection, namespace: str | None, note: str = "") -> None:
        self.forest = Forest()
        self.complete = False
        """Whether there is anything to be shown: all stacks have been read, or may not be, and the records say so."""
        self._connection = connection
        self._changed = asyncio.Event()
        self._pages: set[TreePage] = set()
        self._stacks = Follower(connection, STACK, namespace, self.forest, self._changed.set)
        self._pods = Follower(connection, POD, namespace, self.forest.pods, self._changed.set)
        self._usage = UsagePoll(connection, namespace, self.forest.pods, self._changed.set)
        self._note = note

    @property
    def measures(self) -> bool:
        """Whether processor and memory are shown."""
        return self._usage.available

    @property
    def outage(self) -> str:
        """Why the stacks are not followed at the moment; a missing right is no outage."""
        error = self._stacks.trouble
        if error is None or isinstance(error, Denied):
            return ""
        return explain(error) if isinstance(error, Unavailable) else str(error)

    def opening(self) -> dict[str, object]:
        """The fields of a snapshot but for its stacks; the time is the API server's."""
        now = self._connection.clock.now()
        time = None if now is None else f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {"time": time, "denied": self._denied, "notes": list(self._notes())}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow them for as long as the block lasts; pages that are open then are told to end."""
        works = (self._stacks.run(), self._pods.run(), self._usage.run(), self._tell())
        tasks = [asyncio.create_task(each) for each in works]
        try:
            yield
        finally:
            for page in self._pages:
                page.end()
            await stop(tasks)

    @contextmanager
    def page(self, top: str = "") -> Iterator[TreePage]:
        """A page for as long as the block lasts; with the id of a stack of what is below that. Raises Refused."""
        if len(self._pages) >= _PAGES:
            raise Refused(503, f"{_PAGES} pages are open already", "Close some of them.")
        page = TreePage(self.forest, self, top)
        self._pages.add(page)
        try:
            yield page
        finally:
            self._pages.discard(page)

    async def _tell(self) -> None:
        """Tell all pages what is different, a few times a second at most."""
        beside = None
        while True:
            await self._changed.wait()
            self._changed.clear()
            changed = self.forest.flush()
            self.complete = self._stacks.read or self._denied is not None
            now = self.complete, self.outage, self._denied, *self._notes()
            for page in self._pages:
                page.note(changed)
                if now != beside:
                    page.renew()
            beside = now
            await asyncio.sleep(_PAUSE)

    @property
    def _denied(self) -> str | None:
        error = self._stacks.trouble
        return kubectl_sentence(error) if isinstance(error, Denied) else None

    def _notes(self) -> Iterator[str]:
        if self._note:
            yield self._note
        if (error := self._pods.trouble) is not None and not self.outage and self._denied is None:
            yield f"restarts and ages are not shown: {_said(error)}"
        if self._usage.note and self._denied is None:
            yield self._usage.note


def _said(error: ClusterError) -> str:
    return kubectl_sentence(error) if isinstance(error, Denied) else str(error)
