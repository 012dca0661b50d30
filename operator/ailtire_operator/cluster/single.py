"""Follow one object that no other watch brings, as it does not carry our label, until it goes or changes hands."""

import asyncio
import random
from contextlib import aclosing
from typing import Final

from ailtire_operator.cluster.answers import event_of_watch
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.kinds import KINDS
from ailtire_operator.cluster.store import Record, record_of
from ailtire_operator.cluster.watch import SILENCE_SECONDS, WATCH_SECONDS

_PAUSE: Final = 5.0


async def until_changed(connection: Connection, seen: Record) -> None:
    """Return when the object has gone, or its owner or our labels on it have changed; also when that cannot be told.

    So whoever asked has to look again, and gets no promise of what it will find.
    """
    version = seen.resource_version
    try:
        while version:
            version = await _watch(connection, seen, version)
    except ClusterError:
        await asyncio.sleep(_PAUSE * random.uniform(0.5, 1.5))


async def _watch(connection: Connection, seen: Record, version: str) -> str:
    """One watch; the version to go on from, or nothing if the object is not what it was."""
    kind = KINDS[seen.ref.kind]
    params: dict[str, str | int] = {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "fieldSelector": f"metadata.name={seen.ref.name}",
        "resourceVersion": version,
        "timeoutSeconds": WATCH_SECONDS - random.randrange(20),
    }
    stream = connection.stream(kind.path(seen.ref.namespace), params, idle=SILENCE_SECONDS)
    async with aclosing(stream) as events:
        async for event in events:
            what, obj = event_of_watch(event)
            if what in ("DELETED", "ERROR"):
                return ""
            if what != "BOOKMARK" and holder(record_of({**obj, "kind": seen.ref.kind})) != holder(seen):
                return ""
            version = obj["metadata"]["resourceVersion"]
    return version


def holder(record: Record | None) -> tuple[object, ...]:
    """What of the object under a name decides whether it may be written; empty for none."""
    if record is None:
        return ()
    return record.uid, record.owner_uid, record.deleting, record.finalizers, tuple(sorted(record.labels.items()))
