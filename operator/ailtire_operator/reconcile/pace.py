"""When to write a status. What has turned is told at once; how far something has come, now and then.

While a tree comes up something changes on every level all the time: written at once, most statuses would say "soon"
and be out of date when somebody reads them, at the price of a write each, and of one more on every level above.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ailtire_operator.cluster.kinds import STACK
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.status import StackStatus
from ailtire_operator.status.conditions import RECONCILING, REFERENCES, TRANSLATED, UNDER_WAY

FIRST: Final = 1.25
"""Seconds that a new stack may take to be Ready before its first status says that it is on its way."""
MOMENT: Final = 2.0
"""Seconds that what is on its way may still take before anything is said of it: it may be there by then."""
PAUSE: Final = 5.0
"""Seconds from a status to one that only counts otherwise or names another thing that is not ready yet."""


class Pace:
    """Remembers since when there is something to say of a stack, and when something was said last."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._noticed: dict[str, float] = {}
        """Since when there is something to say, by the stack's uid."""
        self._told: dict[str, float] = {}
        store.listeners.append(self._changed)

    def wait(self, record: Record, old: Mapping[str, Any], new: StackStatus) -> float:
        """Seconds that writing the new status over the old one should wait; 0 where it should not."""
        if has_turned(old, new) if old else not _is_under_way(new):
            return 0.0
        now = self._clock()
        due = self._noticed.setdefault(record.uid, now) + (MOMENT if old else FIRST)
        return max(0.0, due - now, self._told.get(record.uid, float("-inf")) + PAUSE - now)

    def told(self, record: Record) -> None:
        """A status has just been written."""
        self._told[record.uid] = self._clock()
        self._noticed.pop(record.uid, None)

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and old.ref.kind == STACK.kind and (new is None or new.uid != old.uid):
            self._noticed.pop(old.uid, None)
            self._told.pop(old.uid, None)
        appeared = new is not None and new.ref.kind == STACK.kind and (old is None or new.uid != old.uid)
        if new is not None and appeared and not new.summary.get("status"):
            self._noticed[new.uid] = self._clock()


def has_turned(old: Mapping[str, Any], new: StackStatus) -> bool:
    """Whether the new status says something else than the old one, not only more or less of the same.

    What every status but the very first tells of can wait, as long as the stack is on its way.
    """
    before = {
        str(each.get("type")): (each.get("status"), each.get("reason") in UNDER_WAY)
        for each in old.get("conditions") or ()
    }
    after = {
        each.type: (each.status, each.reason in UNDER_WAY)
        for each in new.conditions
        if each.type in before or each.type not in (TRANSLATED, REFERENCES)
    }
    return before != after or old.get("observedGeneration") != new.observed_generation


def _is_under_way(status: StackStatus) -> bool:
    return any(each.type == RECONCILING and each.reason in UNDER_WAY for each in status.conditions)
