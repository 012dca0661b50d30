"""All objects of a kind for as long as the server runs: whatever is said against it is noted, and tried again."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Final, Protocol

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Denied, Gone, Unavailable
from ailtire_operator.cluster.kinds import Kind
from ailtire_operator.cluster.list_watch import ListWatch, selectors

Json = dict[str, Any]

_PAGE: Final = 250
_PAUSE: Final = 1.0
_DENIED_PAUSE: Final = 15.0
"""Seconds before it is asked again for what may not be listed."""
_PATIENCE: Final = 2
"""Failures in a row that are an outage; one alone is a connection that the server has closed."""


class Sink(Protocol):
    """What takes the objects in."""

    def put(self, obj: Json, /) -> None:
        """An object as it is now."""

    def remove(self, uid: str, /) -> None:
        """One that is gone."""

    def keep(self, uids: set[str], /) -> None:
        """All others are gone."""


class Follower:
    """A list and then watches of it, into a sink."""

    def __init__(
        self, connection: Connection, kind: Kind, namespace: str | None, sink: Sink, changed: Callable[[], None]
    ) -> None:
        self.read = False
        """Whether all objects have been read."""
        self.trouble: ClusterError | None = None
        """Why they are not followed now."""
        self._source = ListWatch(connection, kind.path(namespace), selectors(kind.selector))
        self._sink = sink
        self._changed = changed
        self._failures = 0

    async def run(self) -> None:
        """Follow them until cancelled."""
        while True:
            begun = time.monotonic()
            try:
                await self._follow()
                if time.monotonic() - begun < _PAUSE:  # a server that ends each watch at once
                    await asyncio.sleep(_PAUSE)
            except Gone:
                self._source.version = ""
            except Unavailable as error:
                await self._sit_out(error)
            except ClusterError as error:
                self._source.version = ""
                if isinstance(error, Denied):
                    self._forget()
                self._say(error)
                await asyncio.sleep(_DENIED_PAUSE)

    async def _follow(self) -> None:
        if not self._source.version:
            await self._list()
        async with aclosing(self._source.changes(on_open=self._well)) as events:
            async for what, obj in events:
                if what == "BOOKMARK":
                    continue
                if what == "DELETED":
                    self._sink.remove(obj["metadata"]["uid"])
                else:
                    self._sink.put(obj)
                self._changed()

    async def _list(self) -> None:
        found = set()
        async with aclosing(self._source.pages(limit=_PAGE)) as pages:
            async for page in pages:
                for each in page.get("items") or ():
                    self._sink.put(each)
                    found.add(each["metadata"]["uid"])
        self._sink.keep(found)
        self.read = True
        self._well()
        self._changed()

    async def _sit_out(self, error: Unavailable) -> None:
        self._failures += 1
        if self._failures >= _PATIENCE:
            self._say(error)
        await asyncio.sleep(_PAUSE)

    def _forget(self) -> None:
        """What may no longer be read is no longer shown."""
        self.read = False
        self._sink.keep(set())

    def _well(self) -> None:
        self._failures = 0
        self._say(None)

    def _say(self, trouble: ClusterError | None) -> None:
        if str(trouble) != str(self.trouble):
            self.trouble = trouble
            self._changed()
