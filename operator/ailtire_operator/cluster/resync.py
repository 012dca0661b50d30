"""Compare the store with the cluster now and then: an event that was lost on a live watch is missed by nobody else.

A list of metadata alone, page by page, says which objects there are and in which version; only those that differ are
read in full. One kind after the other, spread over minutes, so that neither side notices. Nothing is written.

Now and then it also searches for what no watch of ours brings: an object that a stack owns and that lacks our label, as
somebody took it away while nobody watched. With a label the watch would bring it; its owner counts without.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Denied, NotFound
from ailtire_operator.cluster.kinds import OWNED_KINDS, STACK, WATCHED_KINDS, Kind, Ref, controller_of
from ailtire_operator.cluster.list_watch import LIST_OF_METADATA, pages, selectors
from ailtire_operator.cluster.responses import version_of_list
from ailtire_operator.cluster.store import Store, version_of

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 150.0
"""In which every kind is compared once."""
SEARCH_SECONDS: Final = 3600.0
"""Between two searches for objects that lack our label; the first one begins at once."""
_LEAST_PAUSE: Final = 0.25
"""Seconds between two lists, where there are many namespaces: a round then takes longer."""
_GRACE: Final = 2.0
"""Seconds in which an event that is merely late arrives."""
_RETRY_SECONDS: Final = 1.0
_PAGE: Final = 50
"""An object's metadata has the list of its fields, which is as large as the object: a page is a MiB or two of maps."""
_METADATA: Final = f"{LIST_OF_METADATA},application/json"
_FOREIGN: Final = f"{naming.LABEL_MANAGED_BY}!={naming.OPERATOR_NAME}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """An object as a list of metadata shows it."""

    uid: str
    version: int


class Resync:
    """Compares the store with what the API server says, kind by kind."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        namespaces: Collection[str] = (),
        *,
        absent: Callable[[], Collection[str]] = frozenset,
        found: Callable[[str], None] = lambda kind: None,
        watched: Iterable[Kind] = WATCHED_KINDS,
        round_seconds: float = ROUND_SECONDS,
        grace: float = _GRACE,
    ) -> None:
        """``absent``: kinds that the cluster lacks. ``found`` is called for each object that had to be corrected."""
        self._connection = connection
        self._store = store
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._scopes = [(kind, namespace) for kind in watched for namespace in self._namespaces]
        self._absent = absent
        self._found = found
        self._pause = max(_LEAST_PAUSE, round_seconds / len(self._scopes))
        self._grace = grace

    async def run(self) -> None:
        """Compare everything in turn until cancelled; no error ends it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds())
            group.create_task(self._searches())

    async def catch_up(self, kind: Kind) -> None:
        """Compare a kind at once, and again until it has been compared: whoever goes on by the store may be behind."""
        for namespace in self._namespaces:
            while not await self._is_compared(kind, namespace):
                await asyncio.sleep(_RETRY_SECONDS)

    async def _is_compared(self, kind: Kind, namespace: str | None) -> bool:
        """Compare a kind in a namespace; whether there is nothing more to wait for."""
        try:
            await self.compare(kind, namespace)
            return True
        except ClusterError as error:
            # As for its watch: a namespace that was deleted, or taken from us, stops none of the others.
            without = isinstance(error, Denied) and len(self._namespaces) > 1
            where, yet = namespace or "all namespaces", "" if without else " yet"
            logger.warning("%s in %s are not compared%s: %s", kind.plural, where, yet, error)
            return without
        except Exception:
            logger.exception("comparing with the cluster")
        return False

    async def compare(self, kind: Kind, namespace: str | None) -> int:
        """Put right what the store has wrong of a kind; how many objects that were. Raises ClusterError."""
        listed: dict[Ref, _Seen] = {}
        version = 0
        async for page in self._pages(kind, namespace, kind.selector):
            version = version or version_of(version_of_list(page))
            listed.update((_ref(kind, item), _seen(item)) for item in page["items"] or ())
        if not any(self._differing(kind, namespace, listed, version)):
            return 0
        await asyncio.sleep(self._grace)
        wrong = list(self._differing(kind, namespace, listed, version))
        count = sum([await self._correct(kind, ref) for ref in wrong])
        if count:
            logger.warning("%s: %d objects differed from what the watch brought, and are corrected", kind.plural, count)
        return count

    async def search(self, kind: Kind, namespace: str) -> int:
        """Take into the store what a stack owns and what lacks our label; how many that were. Raises ClusterError."""
        count = 0
        async for page in self._pages(kind, namespace, _FOREIGN):
            for item in page["items"] or ():
                if self._is_owned(item) and self._store.get(_ref(kind, item)) is None:
                    count += await self._correct(kind, _ref(kind, item))
        if count:
            logger.warning("%s: %d objects of stacks in %s had lost their label", kind.plural, count, namespace)
        return count

    async def _rounds(self) -> None:
        while True:
            for kind, namespace in self._scopes:
                await asyncio.sleep(self._pause * random.uniform(0.8, 1.2))
                if kind.kind not in self._absent():
                    await self._try(self.compare(kind, namespace))

    async def _searches(self) -> None:
        while True:
            for namespace in sorted({record.ref.namespace for record in self._store.of_kind(STACK.kind)}):
                for kind in OWNED_KINDS:
                    await asyncio.sleep(_LEAST_PAUSE)
                    if kind.selected and kind.kind not in self._absent():
                        await self._try(self.search(kind, namespace))
            await asyncio.sleep(SEARCH_SECONDS * random.uniform(0.8, 1.2))

    async def _try(self, work: Awaitable[int]) -> None:
        try:
            await work
        except ClusterError as error:
            logger.debug("not compared: %s", error)  # the watch logs it
        except Exception:
            logger.exception("comparing with the cluster")

    async def _pages(self, kind: Kind, namespace: str | None, selector: str) -> AsyncIterator[dict[str, Any]]:
        """The list of a kind, metadata alone."""
        options: dict[str, Any] = {"limit": _PAGE, "accept": _METADATA}
        async with aclosing(pages(self._connection, kind.path(namespace), selectors(selector), **options)) as found:
            async for page in found:
                yield page
                await asyncio.sleep(0)  # whoever else waits for the loop comes in between

    def _differing(self, kind: Kind, namespace: str | None, listed: dict[Ref, _Seen], version: int) -> Sequence[Ref]:
        """Objects of which the store knows less than the list, and those that the list would have had."""
        wrong = []
        for ref, seen in listed.items():
            known = self._store.get(ref)
            if known is None or known.version < seen.version:
                wrong.append(ref)
        for known in self._store.of_kind(kind.kind):
            scoped = namespace in (None, known.ref.namespace)
            if scoped and known.ref not in listed and known.version <= version:
                wrong.append(known.ref)
        return wrong

    async def _correct(self, kind: Kind, ref: Ref) -> bool:
        """Let the store have an object as it is now; whether that was news."""
        before = self._store.get(ref)
        try:
            obj = await self._connection.request("GET", ref.path)
        except NotFound:
            obj = None
        if before is not None and (obj is None or obj["metadata"]["uid"] != before.uid):
            self._store.remove(ref, before.uid)
        if obj is not None and self._is_watched(kind, obj):
            self._store.put({**obj, "kind": kind.kind}, listed=False)
        elif obj is not None:
            self._store.remove(ref, obj["metadata"]["uid"], obj["metadata"]["resourceVersion"])
        news = self._store.get(ref) is not before
        if news:
            self._found(kind.kind)
        return news

    def _is_watched(self, kind: Kind, obj: dict[str, Any]) -> bool:
        """Whether the store is to have an object: what carries our label, and what a stack owns."""
        labels = obj["metadata"].get("labels") or {}
        return not kind.selected or labels.get(naming.LABEL_MANAGED_BY) == naming.OPERATOR_NAME or self._is_owned(obj)

    def _is_owned(self, obj: dict[str, Any]) -> bool:
        """Whether a stack that is there owns the object, by uid and in its own namespace."""
        controller = controller_of(obj)
        owner = self._store.by_uid(str(controller.get("uid"))) if controller else None
        return (
            owner is not None
            and owner.ref.kind == STACK.kind
            and owner.ref.namespace == obj["metadata"].get("namespace", "")
        )


def _ref(kind: Kind, item: dict[str, Any]) -> Ref:
    return Ref(kind.kind, item["metadata"].get("namespace", ""), item["metadata"]["name"])


def _seen(item: dict[str, Any]) -> _Seen:
    return _Seen(str(item["metadata"].get("uid")), version_of(str(item["metadata"].get("resourceVersion"))))
