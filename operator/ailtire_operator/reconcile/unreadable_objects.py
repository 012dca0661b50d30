"""Objects that cannot be read as they are: each is named in the log, and counted. The store has what is known of them.

Only what is new is told: an object is read again at every list, and whenever its status is written.
"""

import logging
from collections.abc import Callable

from ailtire_operator.cluster.store import Record, Store

logger = logging.getLogger(__name__)


class Unreadable:
    """Follows the store."""

    def __init__(self, store: Store, count: Callable[[str, int], None]) -> None:
        """``count`` is told of one more (1) or one less (-1) of a kind."""
        self._count = count
        store.listeners.append(self._changed)

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and old.unreadable:
            self._count(old.ref.kind, -1)
        if new is None or not new.unreadable:
            return
        self._count(new.ref.kind, 1)
        if old is None or (old.uid, old.generation, old.unreadable) != (new.uid, new.generation, new.unreadable):
            logger.warning("%s in the namespace %s cannot be read: %s", new.ref, new.ref.namespace, new.unreadable)
