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
from ailtire_operator.cluster.list_watch import ListWatch, selectors

_PAUSE: Final = 1.0


class Informer:
    """The objects as they are now; ``changed`` is set whenever that is something else."""

    def __init__(self, live: Live, kind: Kind, selector: str, changed: asyncio.Event) -> None:
        self.objects: dict[str, Json] = {}
        """By uid."""
        self._source = ListWatch(live.connection, kind.path(live.namespace), selectors(selector))
        self._changed = changed

    async def sync(self) -> None:
        """Read all of them. What the API server says against it is raised."""
        found: dict[str, Json] = {}
        async with aclosing(self._source.pages()) as pages:
            async for page in pages:
                found |= {each["metadata"]["uid"]: each for each in page.get("items") or ()}
        self.objects = found
        self._changed.set()

    async def run(self) -> None:
        """Follow them until cancelled. An outage is sat out; any other error ends it."""
        while True:
            try:
                if not self._source.version:
                    await self.sync()
                await self._watch()
            except Gone:
                self._source.version = ""
            except Unavailable:
                await asyncio.sleep(_PAUSE)

    async def _watch(self) -> None:
        async with aclosing(self._source.changes()) as events:
            async for what, obj in events:
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
