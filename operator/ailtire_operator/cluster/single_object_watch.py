"""Follow one object that no other watch brings, as it does not carry our label, until it goes or changes hands."""

import asyncio
import random
from contextlib import aclosing
from typing import Any, Final

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Denied, NotFound
from ailtire_operator.cluster.kinds import KINDS
from ailtire_operator.cluster.list_watch import ListWatch
from ailtire_operator.cluster.responses import version_of_list
from ailtire_operator.cluster.store import Record, record_of

_PAUSE: Final = 5.0
_LONG_PAUSE: Final = 60.0
"""Seconds, where the API server does not let us, or does not serve the kind any more."""


async def until_changed(connection: Connection, seen: Record) -> None:
    """Return when the object has gone, or its owner or our labels on it have changed. Outages are sat out."""
    version = ""
    while True:
        try:
            version = version or await _version_if_unchanged(connection, seen)
            if version:
                version = await _watch(connection, seen, version)
            if not version:
                return
        except ClusterError as error:
            version = ""  # the version of the object itself may be of a history that is compacted away
            long = isinstance(error, Denied | NotFound)
            await asyncio.sleep((_LONG_PAUSE if long else _PAUSE) * random.uniform(0.5, 1.5))


async def _version_if_unchanged(connection: Connection, seen: Record) -> str:
    """The version from which a watch can go on; nothing if the object is not what it was."""
    kind = KINDS[seen.ref.kind]
    answer = await connection.request("GET", kind.path(seen.ref.namespace), params=_selector(seen))
    found = any(_is_same(item, seen) for item in answer["items"] or ())
    return version_of_list(answer) if found else ""


async def _watch(connection: Connection, seen: Record, version: str) -> str:
    """One watch; the version to go on from, or nothing if the object is not what it was."""
    source = ListWatch(connection, KINDS[seen.ref.kind].path(seen.ref.namespace), _selector(seen))
    source.version = version
    async with aclosing(source.changes()) as events:
        async for what, obj in events:
            if what == "DELETED" or (what != "BOOKMARK" and not _is_same(obj, seen)):
                return ""
    return source.version


def _selector(seen: Record) -> dict[str, str]:
    return {"fieldSelector": f"metadata.name={seen.ref.name}"}


def _is_same(obj: dict[str, Any], seen: Record) -> bool:
    return holder(record_of({**obj, "kind": seen.ref.kind})) == holder(seen)


def holder(record: Record | None) -> tuple[object, ...]:
    """What of the object under a name decides whether it may be written; empty for none."""
    if record is None:
        return ()
    return record.uid, record.owner_uid, record.deleting, record.finalizers, tuple(sorted(record.labels.items()))
