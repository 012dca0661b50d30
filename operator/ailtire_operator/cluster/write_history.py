"""What keeps the operator from writing in a circle: memory of how the cluster took our last writes.

In memory only. After a restart each of these objects costs one write more, which the API server answers with the same
object: nothing rolls.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record

DELETED: Final = 1_000
"""Objects that were deleted and not made anew, of which something is remembered: most go with their stack."""
FIGHT_WRITES: Final = 10
FIGHT_SECONDS: Final = 60.0
"""So many writes of the same content in so short a time mean that another writer undoes each of them."""


class WriteHistory:
    """What was learnt from answers, by object; it ends with the object."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._overridden: dict[Ref, tuple[str, str]] = {}
        self._stubborn: dict[Ref, tuple[str, ...]] = {}
        self._updates: dict[Ref, tuple[str, float, int]] = {}
        self._met: dict[Ref, tuple[str, float]] = {}
        self._seen: dict[Ref, str] = {}
        self._deleted: OrderedDict[Ref, str] = OrderedDict()
        self._left: OrderedDict[Ref, tuple[str, tuple[str, float, int]]] = OrderedDict()

    def learn(self, record: Record, wanted: str, *, created: bool) -> None:
        """Note an answer: whether the fields that we own came back as we sent them, and how often we send them."""
        self._met.pop(record.ref, None)
        if not self.settled(record, wanted):
            # A dropped alpha field, a mutating policy: sending it again would only give the same answer again.
            self._overridden[record.ref] = (wanted, record.owned_hash)
            self._seen[record.ref] = wanted
        if not created:
            last, since, count = self._updates.get(record.ref, ("", 0.0, 0))
            fresh = last != wanted or self._clock() - since >= FIGHT_SECONDS
            self._updates[record.ref] = (wanted, self._clock(), 1) if fresh else (wanted, since, count + 1)

    def settled(self, record: Record, wanted: str) -> bool:
        """Whether the object is as wanted, or as the cluster insists on having it when that is sent."""
        if record.owned_hash == wanted:
            self._overridden.pop(record.ref, None)
            self._seen[record.ref] = record.owned_hash
            return True
        if self._overridden.get(record.ref) == (wanted, record.owned_hash):
            self._seen[record.ref] = wanted
            return True
        return False

    def was_settled(self, ref: Ref, wanted: str) -> bool | None:
        """Whether the object was as wanted when it was settled last; None where it never was, as after a restart."""
        last = self._seen.get(ref)
        return None if last is None else last == wanted

    def expect_end(self, ref: Ref) -> None:
        """The object is about to be deleted by us: it is not made anew for somebody else's deletion."""
        self._seen.pop(ref, None)

    def was_deleted(self, ref: Ref, wanted: str) -> bool:
        """Whether somebody else has deleted the object when it was as it is wanted now, and it is not there again."""
        return self._deleted.get(ref) == wanted

    def is_overridden(self, record: Record) -> bool:
        """Whether the object is as the cluster insists on having it."""
        return record.ref in self._overridden and self._overridden[record.ref][1] == record.owned_hash

    def in_write_loop(self, ref: Ref, wanted: str) -> bool:
        """Whether this content was written so often lately that writing it once more would not help."""
        _, left = self._left.get(ref, ("", ("", 0.0, 0)))
        last, since, count = self._updates.get(ref, left)
        return last == wanted and count >= FIGHT_WRITES and self._clock() - since < FIGHT_SECONDS

    def learn_stubborn(self, ref: Ref, pointers: Sequence[str]) -> None:
        """Note fields that were there again after their removal (defaults of a schema)."""
        self._stubborn[ref] = tuple(pointers)

    def is_stubborn(self, ref: Ref, pointers: Sequence[str]) -> bool:
        """Whether removing just these fields has been tried in vain."""
        return self._stubborn.get(ref) == tuple(pointers)

    def in_the_way(self, record: Record) -> float:
        """For how many seconds an object that is not ours has been known to be in the way."""
        uid, since = self._met.get(record.ref, ("", 0.0))
        if uid != record.uid:
            since = self._clock()
            self._met[record.ref] = record.uid, since
        return self._clock() - since

    def forget(self, old: Record | None, new: Record | None) -> None:
        """A listener of the store: another object under the same name starts from nothing.

        The same object may come back: a watch by labels shows one whose label was taken away as deleted.
        """
        if old is not None and new is None:
            self._note_end(old)
        if new is not None:
            self._deleted.pop(new.ref, None)
            uid, updates = self._left.pop(new.ref, ("", ("", 0.0, 0)))
            if uid == new.uid:
                self._updates[new.ref] = updates
        if old is not None and (new is None or new.uid != old.uid):
            self._seen.pop(old.ref, None)
            self._overridden.pop(old.ref, None)
            self._stubborn.pop(old.ref, None)
            self._updates.pop(old.ref, None)
            self._met.pop(old.ref, None)

    def _note_end(self, record: Record) -> None:
        ref = record.ref
        if (last := self._seen.pop(ref, None)) is not None:
            self._deleted[ref] = last
        if (updates := self._updates.get(ref)) is not None:
            self._left[ref] = record.uid, updates
        for remembered in (self._deleted, self._left):
            if len(remembered) > DELETED:
                remembered.popitem(last=False)
