"""Objects of one kind as they change: a list, then a watch, and a list again when the thread is lost.

And what goes on beside them, until something changes or one of it ends.
"""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from typing import Final

from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cluster.errors import Gone, Unavailable
from ailtire_operator.cluster.kinds import Kind
from ailtire_operator.cluster.responses import change_of_watch, version_of_list

_SILENCE: Final = 75.0
"""Seconds without an event or a bookmark after which the connection is taken for dead."""
_PAUSE: Final = 1.0


class Informer:
    """The objects as they are now; ``changed`` is set whenever that is something else."""

    def __init__(self, live: Live, kind: Kind, selector: str, changed: asyncio.Event) -> None:
        self.objects: dict[str, Json] = {}
        """By uid."""
        self._live = live
        self._kind = kind
        self._selector = selector
        self._changed = changed
        self._version = ""

    async def sync(self) -> None:
        """Read all of them. What the API server says against it is raised."""
        path = self._kind.path(self._live.namespace)
        # In one piece: the watch goes on from its version, and these are hundreds, not tens of thousands.
        answer = await self._live.connection.request("GET", path, params={"labelSelector": self._selector})
        self.objects = {each["metadata"]["uid"]: each for each in answer.get("items") or ()}
        self._version = version_of_list(answer)
        self._changed.set()

    async def run(self) -> None:
        """Follow them until cancelled. An outage is sat out; any other error ends it."""
        while True:
            try:
                if not self._version:
                    await self.sync()
                await self._watch()
            except Gone:
                self._version = ""
            except Unavailable:
                await asyncio.sleep(_PAUSE)

    async def _watch(self) -> None:
        params: dict[str, str | int] = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": 290,
            "labelSelector": self._selector,
        }
        path = self._kind.path(self._live.namespace)
        async with aclosing(self._live.connection.stream(path, params, idle=_SILENCE)) as events:
            async for event in events:
                self._version = ""  # what cannot be read must not be met again and again
                what, obj = change_of_watch(event)
                self._version = obj["metadata"]["resourceVersion"]
                self._take(what, obj)

    def _take(self, what: str, obj: Json) -> None:
        if what == "BOOKMARK":
            return
        if what == "DELETED":
            self.objects.pop(obj["metadata"]["uid"], None)
        else:
            self.objects[obj["metadata"]["uid"]] = obj
        self._changed.set()


async def changed_or_ended(
    changed: asyncio.Event, tasks: Iterable[asyncio.Task[None]], timeout: float | None = None
) -> list[asyncio.Task[None]]:
    """Wait for a change, the end of a task, or so many seconds. The tasks that have ended; an error of one is raised.

    The change is taken note of: only the next one counts from here on.
    """
    running = list(tasks)
    waiting = asyncio.create_task(changed.wait())
    try:
        await asyncio.wait({waiting, *running}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    ended = [each for each in running if each.done()]
    for task in ended:
        task.result()
    changed.clear()
    return ended


async def stop(tasks: Iterable[asyncio.Task[None]]) -> None:
    """End them, whatever they are at."""
    stopped = list(tasks)
    for task in stopped:
        task.cancel()
    await asyncio.gather(*stopped, return_exceptions=True)
