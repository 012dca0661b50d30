"""What others have changed of an object and the operator is about to put back: one read, a line in the log, a count."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.drift import FieldChange, added_by_others, changed_by_others
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.cluster.write_history import WriteHistory

logger = logging.getLogger(__name__)

Changes = tuple[FieldChange, ...]


class DriftLog:
    """Finds out who changed what, just before it is undone; never keeps an object from being put back."""

    def __init__(self, connection: Connection, memory: WriteHistory, count: Callable[[str], None]) -> None:
        self._connection = connection
        self._memory = memory
        self._count = count

    async def changed(self, manifest: Manifest, wanted: str, record: Record) -> Changes:
        """What others have changed of the manifest's object; nothing, and no read, where the manifest itself is new.

        Nor is there a read where an object that was not seen as wanted before was touched by nobody else.
        """
        unchanged = self._memory.was_settled(record.ref, wanted)
        if unchanged is False or (unchanged is None and not record.touched):
            return ()
        return await self._ask(record, lambda obj: changed_by_others(manifest, obj, unchanged=unchanged is True))

    async def added(self, record: Record, pointers: Sequence[str]) -> Changes:
        """What others have added to a stack's spec, of what these JSON pointers lead to."""
        return await self._ask(record, lambda obj: added_by_others(obj, pointers))

    def deleted(self, ref: Ref, wanted: str) -> Changes:
        """That somebody has deleted an object that is about to be made as it was; who, the API server does not keep."""
        return (FieldChange("", ()),) if self._memory.was_deleted(ref, wanted) else ()

    def log(self, ref: Ref, changes: Changes) -> None:
        """Log and count what has been put back of one object."""
        if changes:
            self._count(ref.kind)
            logger.info("put back: %s/%s %s", ref.namespace, ref, ", ".join(map(str, changes)))

    async def _ask(self, record: Record, judge: Callable[[Mapping[str, Any]], list[FieldChange]]) -> Changes:
        try:
            obj = await self._connection.request("GET", record.ref.path)
        except ClusterError:
            return ()
        if obj["metadata"].get("uid") != record.uid:
            return ()
        try:
            return tuple(judge(obj))
        except Exception as error:  # whoever may write the object may write anything into its managedFields
            logger.info("%s: its managedFields cannot be read: %r", record.ref, error)
            return ()
