"""New stacks whose first reconcile is not over in time: a first status tells their authors that they are known.

In a storm of new stacks the last of them waits for all others. Without a status it would look like one that
nobody reconciles. A stack whose reconcile is over sooner gets its first status from that, and nothing is written here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from ailtire_operator.cluster.errors import ClusterError, Conflict, NotLeader, Unavailable
from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.status_throttle import FIRST

logger = logging.getLogger(__name__)

GRACE: Final = FIRST + 0.25
"""Seconds that a new stack may be without a status; a reconcile that is over by then has written its own."""
_AGAIN: Final = 2.0
"""Seconds until the next try, where somebody was faster or the API server did not answer."""
_STEP: Final = 0.1
"""Seconds between two reconciles at what is due."""
_PASSING: Final = (Conflict, Unavailable, NotLeader)


class NewStacks:
    """The stacks that have no status yet, in the order in which they came."""

    def __init__(
        self, store: Store, acknowledge: Callable[[Record], Awaitable[None]], clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._acknowledge = acknowledge
        self._clock = clock
        self._due: dict[str, tuple[float, Ref]] = {}
        """When a status is due, by the stack's uid."""
        self._news = asyncio.Event()
        store.listeners.append(self._changed)

    async def run(self) -> None:
        """See to it that each has a status soon, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._until_due()
                now = self._clock()
                for uid in [uid for uid, (when, _) in self._due.items() if when <= now]:
                    _, ref = self._due.pop(uid)
                    group.create_task(self._report(uid, ref))

    async def _until_due(self) -> None:
        if not self._due:
            self._news.clear()
            await self._news.wait()
        earliest = min((when for when, _ in self._due.values()), default=0.0)
        await asyncio.sleep(max(_STEP, earliest - self._clock()))

    async def _report(self, uid: str, ref: Ref) -> None:
        """Give one stack its first status, if it still has none."""
        record = self._store.get(ref)
        if record is None or record.uid != uid or not _is_new(record):
            return
        try:
            await self._acknowledge(record)
        except _PASSING:
            self._due[uid] = (self._clock() + _AGAIN, ref)
            self._news.set()
        except ClusterError as error:
            logger.info("%s/%s: no first status: %s", ref.namespace, ref.name, error)
        except Exception:
            logger.exception("the first status of %s/%s", ref.namespace, ref.name)

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and old.ref.kind == STACK.kind and (new is None or new.uid != old.uid or not _is_new(new)):
            self._due.pop(old.uid, None)
        appeared = new is not None and new.ref.kind == STACK.kind and (old is None or new.uid != old.uid)
        if new is not None and appeared and _is_new(new):
            self._due[new.uid] = (self._clock() + GRACE, new.ref)
            self._news.set()


def _is_new(record: Record) -> bool:
    return not record.summary.get("status") and not record.deleting
