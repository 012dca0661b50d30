"""Follow the kinds we own: one list, then a watch, and a list again whenever the thread of history is lost.

A watch alone is not enough. What is deleted while no watch is open is never announced, so that every list is compared
with the store; and a dead connection looks like a quiet cluster, so that silence has a limit. The API server sends a
bookmark every minute, which is the sign of life that is waited for.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import aclosing
from typing import Any, Final

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Denied, Gone, NotFound, Unavailable
from ailtire_operator.cluster.kinds import STACK, WATCHED_KINDS, Kind, Ref
from ailtire_operator.cluster.list_watch import SILENCE_SECONDS, ListWatch, selectors
from ailtire_operator.cluster.responses import version_of_list
from ailtire_operator.cluster.store import Store, version_of

logger = logging.getLogger(__name__)

_YIELD_AFTER: Final = 50
"""Objects: a page is some 40 ms of pure computing, and whoever else waits for the loop comes in between."""
ABSENT_SECONDS: Final = 60.0
"""How often a kind that the cluster lacks is looked for again."""
_PAUSE_MIN: Final = 0.1
_PAUSE_MAX: Final = 5.0
"""Seconds: after an outage of any length the cluster is followed again within so many, whatever a server asks for."""
_REFUSALS: Final = 3
"""Refusals in a row beyond which a kind counts as absent: an API server that starts, or whose authorizer does not
answer, refuses too."""
_UNAUTHORIZED: Final = 401
_LIST_TIMEOUT: Final = 60.0
_SHORT: Final = 1.0
"""Seconds: a server that ends watches sooner than this is not asked again at once."""
_MAX_SILENT_WATCHES: Final = 2
"""After so many watches in a row that ended in silence, history is read anew by a list."""


class Reflector:
    """Keeps the store's records of one kind like the cluster's."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        kind: Kind,
        namespace: str | None = None,
        *,
        alone: bool = True,
        silence: float = SILENCE_SECONDS,
        absent_pause: float = ABSENT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kind = kind
        self.synced = asyncio.Event()
        """Set once the kind has been listed, or is known to be absent."""
        self.absent = False
        """Whether the cluster does not serve this (optional) kind."""
        self.error = ""
        """Why it is not up to date, in words; empty while all is well."""
        self._store = store
        self._namespace = namespace
        self._alone = alone
        self._source = ListWatch(
            connection,
            kind.path(namespace),
            selectors(kind.selector),
            silence=silence,
            metadata_only=kind.metadata_only,
        )
        self._absent_pause = absent_pause
        self._clock = clock
        self._alive_at = self._answered_at = clock()
        self._newest = 0
        self._failures = 0
        self._refusals = 0
        """In a row, by lists and watches."""
        self._silent_watches = 0

    def age(self) -> float:
        """Seconds since the last sign of life of the watch: a page of the list, an event, a bookmark."""
        return self._clock() - self._alive_at

    def silence(self) -> float:
        """Seconds since the API server answered anything, a refusal included, which no restart would change."""
        return self._clock() - self._answered_at

    async def run(self) -> None:
        """Follow the kind until cancelled; no error ends it."""
        while True:
            try:
                if not self._source.version:
                    await self._list()
                await self._watch()
                pause = self._pause() if self._failures else 0.0
            except Gone:
                # Compacted history is everyday life; it counts as a failure for the case that a list does not help.
                self._source.version = ""
                self._answered_at = self._clock()
                self._failures += 1
                pause = self._pause()
            except ClusterError as error:
                pause = self._failed(error)
            except Exception as error:
                # An object that breaks our own reading of it must not blind us to all the others for ever.
                logger.exception("following %s", self.kind.plural)
                self._source.version = ""
                pause = self._failed(error)
            await asyncio.sleep(pause)

    async def _list(self) -> None:
        """Read all pages of the list, put every object into the store, and drop what is no longer there."""
        seen: set[Ref] = set()
        version = ""
        async with aclosing(self._source.pages(timeout=_LIST_TIMEOUT)) as pages:
            async for page in pages:
                if not version:
                    version = version_of_list(page)
                    self._check_rewind(version)
                    self.absent = False  # before its objects are there: what is planned without the kind deletes them
                for number, item in enumerate(page.get("items") or (), 1):
                    seen.add(self._put(item))
                    if number % _YIELD_AFTER == 0:
                        await asyncio.sleep(0)
                self._is_alive()
        self._store.listed(self.kind.kind, self._namespace, seen, version)
        self._newest = max(self._newest, version_of(version))
        self.synced.set()

    def _check_rewind(self, version: str) -> None:
        """A list older than what was seen before is not stale, as lists are consistent: the database was restored."""
        if version_of(version) < self._newest:
            logger.warning("%s: the cluster's history went back to %s", self.kind.plural, version)
            self._newest = 0
            self._store.rewind(self.kind.kind)

    async def _watch(self) -> None:
        """Take in what happens from the known version on, until the server ends the watch."""
        started = self._clock()
        async with aclosing(self._source.changes(on_open=self._opened)) as events:
            async for what, obj in events:
                self._handle(what, obj)
        self._failures = self._failures + 1 if self._clock() - started < _SHORT else 0

    def _handle(self, what: str, obj: dict[str, Any]) -> None:
        self._is_alive()
        self._silent_watches = self._failures = self._refusals = 0
        metadata = obj["metadata"]
        if what == "DELETED":
            obj["kind"] = self.kind.kind
            self._store.remove(Ref.of(obj), metadata["uid"], metadata["resourceVersion"])
        elif what != "BOOKMARK":
            self._put(obj)
        self._newest = max(self._newest, version_of(metadata["resourceVersion"]))

    def _put(self, obj: dict[str, Any]) -> Ref:
        obj["kind"] = self.kind.kind  # the items of a list do not say it
        self._store.put(_version_alone(obj) if self.kind.metadata_only else obj)
        return Ref.of(obj)

    def _opened(self) -> None:
        self._is_alive()
        self._refusals = 0
        self._silent_watches += 1

    def _is_alive(self) -> None:
        self._alive_at = self._answered_at = self._clock()
        self.error = ""

    def _failed(self, error: Exception) -> float:
        """Take note of an error, and return how long to wait before the next try."""
        if isinstance(error, ClusterError) and error.status:
            self._answered_at = self._clock()
        self._refusals = self._refusals + 1 if self._may_be_absent(error) else 0
        if self._refusals and self._is_absent_by(error):
            return self._without(error)
        if isinstance(error, NotFound) and self.kind == STACK:
            self._store.clear(STACK.kind, self._namespace)  # without their definition there are none
        if isinstance(error, NotFound) or self._silent_watches >= _MAX_SILENT_WATCHES:
            # A watch from a version that the server will never reach (a restored database) is accepted and silent.
            self._source.version = ""
        if not self.error:
            logger.warning("%s: %s", self.kind.plural, error)
        self.error = str(error)
        self._failures += 1
        wish = error.retry_after if isinstance(error, Unavailable) else None
        return max(min(wish or 0.0, _PAUSE_MAX) * random.uniform(0.8, 1.0), self._pause())

    def _may_be_absent(self, error: Exception) -> bool:
        """Whether the operator does without the kind where this refusal stays.

        An add-on may be missing, and a namespace that was deleted, or taken from us, stops none of the others. A token
        that is not accepted (401) says nothing about a kind.
        """
        if isinstance(error, Denied):
            return error.status != _UNAUTHORIZED and (self.kind.optional or not self._alone)
        return self.kind.optional and isinstance(error, NotFound)

    def _is_absent_by(self, error: Exception) -> bool:
        """Whether such a refusal is enough: an add-on that is not there at the start is not installed."""
        not_installed = isinstance(error, NotFound) and not self.synced.is_set()
        return not_installed or self.absent or self._refusals > _REFUSALS

    def _without(self, error: Exception) -> float:
        """Take note that the API server does not serve a kind, or does not let us see it in the namespace.

        A right is asked for again soon, and less and less often: an authorizer that did not answer may do so by now.
        """
        if not self.absent:
            logger.info("%s: %s; looking again, in the end every %.0f s", self.kind.plural, error, self._absent_pause)
        self.absent = True
        self._source.version = ""
        self._is_alive()
        self._store.clear(self.kind.kind, self._namespace)
        self.synced.set()
        soon = _PAUSE_MIN * 2.0 ** min(self._refusals, 10) if isinstance(error, Denied) else self._absent_pause
        return min(self._absent_pause, soon) * random.uniform(0.9, 1.1)

    def _pause(self) -> float:
        """A random pause that grows with the failures in a row, so that many operators do not come back as one."""
        return random.uniform(_PAUSE_MIN / 2, min(_PAUSE_MAX, _PAUSE_MIN * 2.0 ** min(self._failures, 10)))


def _version_alone(obj: dict[str, Any]) -> dict[str, Any]:
    """The object with nothing but its name and version.

    Its owner and its labels must not count: what a stack owns and does not plan would be deleted. An annotation of
    kubectl has the values of a Secret.
    """
    metadata = obj["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion") if name in metadata}
    return {"kind": obj["kind"], "metadata": kept}


class Watches:
    """The reflectors of all kinds, for each of some namespaces or for the whole cluster."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        namespaces: Collection[str] = (),
        *,
        watched: Iterable[Kind] = WATCHED_KINDS,
    ) -> None:
        self._reflectors = [
            Reflector(connection, store, kind, namespace, alone=len(namespaces) < 2)
            for kind in watched
            for namespace in namespaces or (None,)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to follow; see ``synced`` for when the store is complete."""
        self._tasks = [asyncio.create_task(one.run(), name=f"watch {one.kind.plural}") for one in self._reflectors]

    async def stop(self) -> None:
        """End all watches."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def synced(self) -> None:
        """Wait until every kind has been listed once: before that, what is missing only seems to be."""
        await asyncio.gather(*(one.synced.wait() for one in self._reflectors))

    def is_synced(self) -> bool:
        """Whether ``synced`` would return at once."""
        return all(one.synced.is_set() for one in self._reflectors)

    def health(self) -> dict[str, float]:
        """Seconds since the last sign of life, by kind (in the namespace where that is longest ago).

        Kinds that the cluster lacks are left out.
        """
        ages: dict[str, float] = {}
        for one in self._reflectors:
            if not one.absent:
                ages[one.kind.kind] = max(one.age(), ages.get(one.kind.kind, 0.0))
        return ages

    def silences(self) -> dict[str, float]:
        """Seconds since the API server said anything at all, by kind: the measure of a dead connection."""
        silences: dict[str, float] = {}
        for one in self._reflectors:
            silences[one.kind.kind] = max(one.silence(), silences.get(one.kind.kind, 0.0))
        return silences

    def absent(self) -> frozenset[str]:
        """The optional kinds that the cluster lacks, or shows us in no namespace."""
        return frozenset(one.kind.kind for one in self._reflectors) - {
            one.kind.kind for one in self._reflectors if not one.absent
        }

    def failures(self) -> dict[str, str]:
        """Why a kind is not up to date, by kind: empty while all is well."""
        return {one.kind.kind: one.error for one in self._reflectors if one.error}
