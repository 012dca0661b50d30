"""Objects of others that stand where a stack's should be: once one goes, or changes hands, the stack tries again.

Those that the store knows tell of themselves; any other is followed by a watch of its own, as long as there are few of
them. Beyond that, and in a restart, nothing is lost: what is refused is tried again from time to time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.subscriptions import Subscriptions

logger = logging.getLogger(__name__)

LIMIT: Final = 32
"""Watches of single objects at a time."""


class ForeignObjects:
    """The objects of others by the stacks that want their names."""

    def __init__(
        self, store: Store, until_changed: Callable[[Record], Awaitable[None]], wake: Callable[[Record], None]
    ) -> None:
        self._store = store
        self._until_changed = until_changed
        self._wake = wake
        self._wanted = Subscriptions[Ref]()
        """The stacks that want the name of an object."""
        self._tasks: dict[Ref, asyncio.Task[None]] = {}
        store.triggers.append(self._changed)

    def update(self, stack: Record, foreign: Mapping[Ref, Record | None]) -> None:
        """What this stack wants in vain, as of now."""
        self._set(stack.uid, foreign.keys())
        for ref, record in foreign.items():
            known = self._store.get(ref)
            unknown = record is not None and (known is None or known.uid != record.uid)
            if record is not None and unknown and ref not in self._tasks and len(self._tasks) < LIMIT:
                self._tasks[ref] = asyncio.create_task(self._follow(record), name=f"follow {ref}")

    def forget(self, uid: str) -> None:
        """The stack is gone and wants nothing more."""
        self._set(uid, ())

    def stop(self) -> None:
        """Follow nothing more."""
        for uid in self._wanted.uids():
            self._set(uid, ())

    async def _follow(self, record: Record) -> None:
        try:
            await self._until_changed(record)
        except Exception:  # the stack tries again anyway
            logger.exception("following %s", record.ref)
            return
        finally:
            if self._tasks.get(record.ref) is asyncio.current_task():
                del self._tasks[record.ref]
        self._report(record.ref)

    def _set(self, uid: str, refs: Collection[Ref]) -> None:
        for ref in self._wanted.set(uid, refs):
            if (task := self._tasks.pop(ref, None)) is not None:
                task.cancel()

    def _report(self, ref: Ref, origin: str | None = None) -> None:
        for uid in sorted({*self._wanted.of(ref)} - {origin}):
            if (stack := self._store.by_uid(uid)) is not None:
                self._wake(stack)

    def _changed(self, old: Record | None, new: Record | None, origin: str | None) -> None:
        if old is not None and self._wanted.of(old.ref) and holder(old) != holder(new):
            self._report(old.ref, origin)
