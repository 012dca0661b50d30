"""Names that somebody else has: another stack, or whoever made an object that stands where a stack's should be.

Of a name that two stacks want, the one that has it cannot see that the other does: it is recorded here. ``shop`` with a
member ``a-b`` and its child ``shop-a`` with a member ``b`` meet in ``shop-a-b``, and both say so.

Once an object of somebody else goes, or changes hands, the stack tries again. Those that the store knows tell of
themselves; any other is followed by a watch of its own, as long as there are few of them. Beyond that, and in a
restart, nothing is lost: what is refused is tried again from time to time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import Context
from typing import Final

from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.subscriptions import Subscriptions

logger = logging.getLogger(__name__)

LIMIT: Final = 32
"""Watches of single objects at a time."""


class NameConflicts:
    """Objects by the stacks that want them in vain. Not lost in a restart: those stacks try again."""

    def __init__(self, store: Store, wake: Callable[[Record], None]) -> None:
        self._store = store
        self._wake = wake
        self._wanted: dict[Ref, dict[str, str]] = {}
        """By object: the uids and names of the stacks that want it and do not have it."""

    def update(self, stack: Record, foreign: Mapping[Ref, Record | None]) -> None:
        """What this stack wants in vain, as of now."""
        for ref in [ref for ref, wanting in self._wanted.items() if stack.uid in wanting and ref not in foreign]:
            self._drop(ref, stack.uid, origin=stack.uid)
        for ref, record in foreign.items():
            if record is not None and self._owner(record) is not None and stack.uid not in self._wanted.get(ref, {}):
                self._wanted.setdefault(ref, {})[stack.uid] = stack.ref.name
                self._report(ref, stack.uid)

    def forget(self, uid: str) -> None:
        """The stack is gone and wants nothing more."""
        for ref in [ref for ref, wanting in self._wanted.items() if uid in wanting]:
            self._drop(ref, uid)

    def of(self, stack: Record) -> list[str]:
        """The objects of this stack that others want too."""
        found = []
        for ref, wanting in self._wanted.items():
            record = self._store.get(ref)
            owner = self._owner(record) if record is not None else None
            if owner is not None and owner.uid == stack.uid:
                found.append(f"{ref} (wanted by {', '.join(sorted(wanting.values()))})")
        return sorted(found)

    def _drop(self, ref: Ref, uid: str, origin: str | None = None) -> None:
        self._wanted[ref].pop(uid)
        if not self._wanted[ref]:
            del self._wanted[ref]
        self._report(ref, origin)

    def _report(self, ref: Ref, origin: str | None) -> None:
        record = self._store.get(ref)
        owner = self._owner(record) if record is not None else None
        if owner is not None and owner.uid != origin:
            self._wake(owner)

    def _owner(self, record: Record) -> Record | None:
        owner = self._store.owner_of(record)
        return owner if owner is not None and owner.ref.kind == STACK.kind else None


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
                # In a context of its own: it outlives the reconcile, to which nothing that it logs belongs.
                work, name = self._follow(record), f"follow {ref}"
                self._tasks[ref] = asyncio.create_task(work, name=name, context=Context())

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
