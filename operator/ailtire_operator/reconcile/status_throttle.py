"""When to write a status. A condition that has changed is written at once; how far something has come, now and then.

While a tree comes up something changes on every level all the time: written at once, most statuses would say "soon"
and be out of date when somebody reads them, at the price of a write each, and of one more on every level above.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ailtire_operator.cluster.store import Record
from ailtire_operator.model.status import StackStatus
from ailtire_operator.reconcile.sessions import Sessions
from ailtire_operator.status.conditions import RECONCILING, REFERENCES, TRANSLATED, UNDER_WAY
from ailtire_operator.status.saved_status import SavedStatus

FIRST: Final = 1.25
"""Seconds that a new stack may take to be Ready before its first status says that it is on its way."""
MOMENT: Final = 2.0
"""Seconds that what is on its way may still take before anything is said of it: it may be there by then."""
PAUSE: Final = 5.0
"""Seconds from a status to one that only counts otherwise or names another thing that is not ready yet."""


class StatusThrottle:
    """Judges by since when there is something to say of a stack, and by when something was said last."""

    def __init__(self, sessions: Sessions, clock: Callable[[], float]) -> None:
        self._sessions = sessions
        self._clock = clock

    def wait(self, record: Record, old: Mapping[str, Any], new: StackStatus) -> float:
        """Seconds that writing the new status over the old one should wait; 0 where it should not."""
        if has_transitioned(old, new) if old else not _is_under_way(new):
            return 0.0
        now, session = self._clock(), self._sessions.of(record)
        session.waiting_since = now if session.waiting_since is None else session.waiting_since
        due = session.waiting_since + (MOMENT if old else FIRST)
        pause = 0.0 if session.written_at is None else session.written_at + PAUSE - now
        return max(0.0, due - now, pause)

    def note_written(self, record: Record) -> None:
        """A status has just been written."""
        session = self._sessions.of(record)
        session.written_at, session.waiting_since = self._clock(), None


def has_transitioned(old: Mapping[str, Any], new: StackStatus) -> bool:
    """Whether the new status says something else than the old one, not only more or less of the same.

    What every status but the very first reports can wait, as long as the stack is on its way. That its check is another
    one cannot: whoever judges the update of the tree would take the old one, which has passed, for it.
    """
    said = SavedStatus.of(old)
    before = {kind: (each.status, each.reason in UNDER_WAY) for kind, each in said.conditions.items()}
    after = {
        each.type: (each.status, each.reason in UNDER_WAY)
        for each in new.conditions
        if each.type in before or each.type not in (TRANSLATED, REFERENCES)
    }
    check = new.verify.job if new.verify is not None else None
    return (
        before != after
        or said.generation != new.observed_generation
        or (check is not None and check != (old.get("verify") or {}).get("job"))
    )


def _is_under_way(status: StackStatus) -> bool:
    return any(each.type == RECONCILING and each.reason in UNDER_WAY for each in status.conditions)
