"""The Events of a subtree: one list of the namespace's, then the objects that they name, and a watch from there on."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from datetime import datetime
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.event_owners import SEEN_KINDS, EventScope, event_scope
from ailtire_operator.cli.event_rows import EventFilter, EventRow, event_row, in_order
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.paths import find, parts
from ailtire_operator.cluster.errors import Denied, Gone, NotFound, Unavailable
from ailtire_operator.cluster.kinds import EVENT, STACK, Kind
from ailtire_operator.cluster.list_watch import ListWatch, items, selectors

Found = list[tuple[str, EventRow]]
"""Events with the paths to which they belong."""

_PAUSE: Final = 1.0
_METADATA: Final = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
"""Names and labels alone, where the API server can leave out the rest."""


class EventReader:
    """Reads what there is, then what comes."""

    def __init__(self, live: Live, path: str, wanted: EventFilter) -> None:
        self._live = live
        self._path = path
        self._wanted = wanted
        self._source = ListWatch(live.connection, EVENT.path(live.namespace), wanted.fields)
        self._paths: dict[tuple[str, str], str] = {}
        """Of objects that are known, by kind and uid; empty for those of others."""
        self._seen: dict[str, str] = {}
        """The version of each Event that was shown, by uid."""
        self._asked_for: set[tuple[str, str]] = set()
        """Stacks and services for which the tree was read again."""
        self._scope: EventScope
        self.denied: set[str] = set()
        """Kinds that may not be listed; their objects are known by their names alone."""

    async def start(self) -> Found:
        """All that there are. Raises Missing, and what the API server says against it."""
        await self._read_tree()
        rows = await self._list()
        now = self._live.now()
        return in_order(await self._resolved(row for row in rows if self._wanted.shows(row, now)))

    async def changes(self) -> AsyncIterator[Found]:
        """What comes after that, for ever. An outage is sat out; any other error ends it."""
        while True:
            try:
                if not self._source.version:
                    yield await self._missed()
                async with aclosing(self._source.changes()) as events:
                    async for what, obj in events:
                        if what in ("ADDED", "MODIFIED"):
                            yield await self._next(event_row(obj))
            except Gone:
                self._source.version = ""
            except Unavailable:
                await asyncio.sleep(_PAUSE)

    async def _missed(self) -> Found:
        """What has come while nothing was followed."""
        rows = await self._list()
        there = {each.uid for each in rows}
        self._seen = {uid: version for uid, version in self._seen.items() if uid in there}
        fresh = [each for each in rows if self._seen.get(each.uid) != each.version]
        return in_order(await self._resolved(each for each in fresh if self._wanted.shows(each, self.now())))

    def now(self) -> datetime | None:
        """The API server's time."""
        return self._live.now()

    async def _next(self, row: EventRow) -> Found:
        """One that has come: nobody asks how old it is."""
        if row.type not in self._wanted.types or not self._scope.may_hold(row.name):
            return []
        if (row.kind, row.object_uid) not in self._paths:
            await self._learn(row)
        return self._with_paths([row])

    async def _list(self) -> list[EventRow]:
        rows: list[EventRow] = []
        async with aclosing(self._source.pages()) as pages:
            async for page in pages:
                rows += [event_row(each) for each in page.get("items") or ()]
        return rows

    async def _read_tree(self) -> None:
        tree = await self._live.tree(parts(self._path)[0])
        self._scope = event_scope(find(self._path, tree), tree)

    async def _resolved(self, rows: Iterable[EventRow]) -> Found:
        """Those of the subtree. Of the kinds that are named, all objects of the tree are read by one list each."""
        mine = [row for row in rows if self._scope.may_hold(row.name)]
        kinds = {row.kind for row in mine if (row.kind, row.object_uid) not in self._paths}
        await asyncio.gather(*(self._learn_all(SEEN_KINDS[each]) for each in kinds if each in SEEN_KINDS))
        return self._with_paths(mine)

    def _with_paths(self, rows: Iterable[EventRow]) -> Found:
        found = []
        for row in rows:
            path = self._paths.get((row.kind, row.object_uid))
            if path is None:
                path = self._scope.by_name(row.kind, row.name)
            if path:
                self._seen[row.uid] = row.version
                found.append((path, row))
        return found

    async def _learn_all(self, kind: Kind) -> None:
        """What there is of a kind in the whole tree."""
        path, label = kind.path(self._live.namespace), f"{naming.LABEL_ROOT}={self._scope.root}"
        try:
            accept = _METADATA.format("List")
            async with aclosing(items(self._live.connection, path, selectors(label), accept=accept)) as found:
                async for each in found:
                    metadata = each["metadata"]
                    place = self._scope.by_labels(metadata["name"], metadata.get("labels") or {})
                    self._paths[kind.kind, metadata["uid"]] = place
        except Denied:
            self.denied.add(kind.kind)
        except NotFound:  # the cluster does not serve the kind
            pass

    async def _learn(self, row: EventRow) -> None:
        """The object of an Event that has just come."""
        if row.kind == STACK.kind:
            await self._know(row.name)
            return
        if row.kind not in SEEN_KINDS or row.kind in self.denied:
            return
        try:
            path = SEEN_KINDS[row.kind].path(self._live.namespace, row.name)
            found = await self._live.connection.request("GET", path, accept=_METADATA.format(""))
        except (NotFound, Denied):
            self._paths[row.kind, row.object_uid] = self._scope.by_name(row.kind, row.name)
            return
        labels = found["metadata"].get("labels") or {}
        if labels.get(naming.LABEL_ROOT) == self._scope.root:
            await self._know(labels.get(naming.LABEL_STACK, ""), labels.get(naming.LABEL_SERVICE, ""))
        self._paths[row.kind, row.object_uid] = self._scope.by_labels(row.name, labels)

    async def _know(self, stack: str, service: str = "") -> None:
        """Read the tree again for what was not in it, once for each."""
        if not self._scope.whole or self._scope.knows(stack, service) or (stack, service) in self._asked_for:
            return
        self._asked_for.add((stack, service))
        try:
            await self._read_tree()
        except Failure:  # it is gone; its last Events are still shown
            return
