"""The logs of many containers: read once, a few at a time; or followed, each by a request that stays open."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Final, Protocol

from ailtire_operator import naming
from ailtire_operator.cli import log_lines
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.informer import Informer, changed_or_ended, stop
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.log_lines import BEGINNING, UNTAKEN, Line, Resumed, Taken
from ailtire_operator.cli.log_sources import Selection, Source, sources
from ailtire_operator.cli.paths import parts
from ailtire_operator.cli.trees import Resource, root_of
from ailtire_operator.cluster.errors import Invalid, NotFound, Unavailable
from ailtire_operator.cluster.kinds import POD, STACK
from ailtire_operator.printable import plural

Params = dict[str, str | int]
_IN_MEMORY: Final = 256 * 1024
"""Bytes of one container's log; what is longer waits in a temporary file for its turn."""
_QUIET_SECONDS: Final = 300.0
"""A log may be silent as long as it likes; after this the request is made anew, in case that nobody is there."""
_PAUSE: Final = 1.0
_STATUS_SECONDS: Final = 60.0
"""By so much a pod's status may be behind its kubelet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of each container."""

    tail: int | None = None
    since_seconds: int | None = None
    previous: bool = False
    limit_bytes: int | None = None
    """Of one container's log."""

    def params(self, source: Source) -> Params:
        """The query of one request; times are always asked for, as lines are put in order by them."""
        found: Params = {"container": source.container, "timestamps": "true"}
        if self.tail is not None:
            found["tailLines"] = self.tail
        if self.since_seconds is not None:
            found["sinceSeconds"] = self.since_seconds
        if self.limit_bytes is not None:
            found["limitBytes"] = self.limit_bytes
        return found | ({"previous": "true"} if self.previous else {})


class Sink(Protocol):
    """Where the lines of logs go."""

    async def line(self, source: Source, line: Line) -> None:
        """Take a line; the next one is read when this returns."""

    def note(self, text: str) -> None:
        """Take what there is to say about the reading itself."""

    def flush(self) -> None:
        """Let everything taken so far be read."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to read, and where it goes."""

    path: str
    choose: Callable[[list[Resource]], Selection]
    """What the path means in the tree as it is."""
    wanted: Wanted
    sink: Sink
    at_once: int
    """Logs that are read at the same time."""


def pods_selector(root: str) -> str:
    """The pods of a whole tree."""
    return f"{naming.MANAGED_SELECTOR},{naming.LABEL_ROOT}={root}"


async def tree_of(live: Live, path: str) -> tuple[list[Resource], str]:
    """The whole tree of a path and its root's name. Raises Missing."""
    name, _ = parts(path)
    tree: list[Resource] = list(await live.tree(name))
    return tree, root_of(tree[0])


async def readable(live: Live, root: str, chosen: Selection, request: Request) -> list[Source]:
    """The containers that have a log; what has none is noted."""
    found = sources(await live.list(POD, pods_selector(root)), chosen)
    for each in found:
        if not each.instance:
            request.sink.note(f"{each.path} {each.suffix}: no log yet: {each.waits_for or 'it has not started'}")
    previous = request.wanted.previous
    kept = [each for each in found if (each.restarted if previous else each.instance)]
    if not kept:
        request.sink.note("there is nothing to read: " + ("nothing has started again" if previous else _none(chosen)))
    return kept


def _none(chosen: Selection) -> str:
    return (
        f"no container is called {' or '.join(chosen.containers)}" if chosen.containers else "no container has started"
    )


async def read(live: Live, found: Iterable[Source], request: Request) -> bool:
    """Hand on everything that there is, in the order of time. Whether all of it could be read."""
    slots = asyncio.Semaphore(request.at_once)
    complete = True
    with ExitStack() as open_files:
        logs: dict[Source, IO[bytes]] = {
            source: open_files.enter_context(SpooledTemporaryFile(_IN_MEMORY)) for source in found
        }

        async def fetch(source: Source, into: IO[bytes]) -> None:
            nonlocal complete
            try:
                lines = live.connection.lines(_path(live, source), request.wanted.params(source))
                async with slots, aclosing(lines):
                    async for line in log_lines.ended(lines):
                        into.write(line)
            except (NotFound, Invalid) as error:
                request.sink.note(f"{source.path} {source.suffix}: {error}")
            except Unavailable as error:
                complete = False
                request.sink.note(f"{source.path} {source.suffix}: the log cannot be read: {error}")
            into.seek(0)

        tasks = [asyncio.create_task(fetch(source, file)) for source, file in logs.items()]
        try:
            await asyncio.gather(*tasks)
        finally:
            await stop(tasks)
        for source, line in log_lines.merged(logs):
            await request.sink.line(source, line)
        request.sink.flush()
    return complete


def _path(live: Live, source: Source) -> str:
    return POD.path(live.namespace, source.pod, "log")


@dataclass(slots=True)
class _Reading:
    """One instance of a container that is followed."""

    source: Source
    taken: Taken = UNTAKEN
    """Up to here its lines were taken."""
    ended: float | None = None
    """When its log did, by ``time.monotonic``. A kubelet knows the next instance before the pod's status does, so that
    what comes after that may be its."""
    ahead: Taken = UNTAKEN
    """Up to here lines were taken since then."""
    unread: Taken | None = None
    """The reading of the instance before was stopped here, which may not have been the end of that one's log."""


class Follower:
    """Follows what a path means, while pods come and go, containers start again and services appear."""

    def __init__(self, live: Live, root: str, request: Request) -> None:
        self._live = live
        self._request = request
        self._limit = request.at_once
        self._note = request.sink.note
        self._changed = asyncio.Event()
        self._stacks = Informer(live, STACK, "", self._changed)
        self._pods = Informer(live, POD, pods_selector(root), self._changed)
        self._readings: dict[tuple[str, str], _Reading] = {}
        """The last one of each container."""
        self._now: dict[tuple[str, str], Source] = {}
        self._tasks: dict[asyncio.Task[None], _Reading] = {}
        self._told_of_limit = False

    async def run(self) -> None:
        """Until cancelled, or until something cannot go on."""
        await self._stacks.sync()
        await self._pods.sync()
        await self._start(first=True)
        watches = [asyncio.create_task(each.run()) for each in (self._stacks, self._pods)]
        try:
            while True:
                for task in await changed_or_ended(self._changed, [*watches, *self._tasks]):
                    self._tasks.pop(task, None)
                await self._start(first=False)
        finally:
            await stop([*watches, *self._tasks])

    async def _start(self, *, first: bool) -> None:
        """Follow every instance of a container that is not followed yet."""
        try:
            chosen = self._request.choose(list(self._stacks.objects.values()))
        except (Missing, KeyError):  # it has just been removed, and may come back
            return
        self._now = {each.key: each for each in sources(self._pods.objects.values(), chosen)}
        for gone in self._readings.keys() - self._now.keys():
            del self._readings[gone]
        fresh = [each for each in self._now.values() if each.instance and not self._is_read(each)]
        if first and len(fresh) > self._limit:
            hint = f"Name a part of the tree, or say --max-log-requests {len(fresh)}."
            raise Failure(f"these are {plural(len(fresh), 'container')}, and {self._limit} are followed at once", hint)
        for source in fresh:
            reading = await self._next_reading(source)
            if len(self._tasks) >= self._limit:
                if not self._told_of_limit:
                    self._note(f"{source.path} {source.suffix} and others are not followed: --max-log-requests")
                self._told_of_limit = True
                return
            if not first:
                self._note(f"{source.path} {source.suffix}: {'started again' if source.restarted else 'started'}")
            self._readings[source.key] = reading
            wanted = self._request.wanted if first else Wanted()
            self._tasks[asyncio.create_task(self._follow(reading, wanted))] = reading

    def _is_read(self, source: Source) -> bool:
        reading = self._readings.get(source.key)
        return reading is not None and reading.source.instance == source.instance

    async def _next_reading(self, source: Source) -> _Reading:
        """From where the reading of the instance before has taken lines of this one; it is ended if it still does."""
        before = self._readings.get(source.key)
        if before is None or before.ended is None or time.monotonic() - before.ended > _STATUS_SECONDS:
            return _Reading(source)
        tasks = [task for task, reading in self._tasks.items() if reading is before]
        await stop(tasks)
        for task in tasks:
            del self._tasks[task]
        # Its log may only have broken off, and who takes the lines may be slow: then there are more of the one before.
        unread = before.taken if tasks and before.taken.moment != BEGINNING else None
        return _Reading(source, before.ahead, unread=unread)

    async def _follow(self, reading: _Reading, wanted: Wanted) -> None:
        """One instance to its end; a request that breaks off is made again from the last line on."""
        if reading.unread is not None:
            await self._read_rest(reading.source, reading.unread)
        source = reading.source
        params: Params = {**wanted.params(source), "follow": "true"}
        while True:
            broken = False
            try:
                async with aclosing(self._new_lines(source, params, reading.taken)) as found:
                    async for line, taken in found:
                        if line is not None:
                            await self._hand_on(source, line)
                        reading.taken = taken
                        if reading.ended is not None and line is not None:
                            reading.ahead = taken
            except (NotFound, Invalid):
                return
            except Unavailable:
                broken = True
            if not broken:
                reading.ended = time.monotonic()
            await asyncio.sleep(_PAUSE)
            now = self._now.get(source.key)
            if now is None or now.instance != source.instance or not (now.running or broken):
                return
            if reading.taken.moment != BEGINNING:
                params = {**_since(source, reading.taken), "follow": "true"}

    async def _read_rest(self, source: Source, taken: Taken) -> None:
        """What is left of the instance before this one, as long as its log is there."""
        while True:
            params: Params = {**_since(source, taken), "previous": "true"}
            try:
                async with aclosing(self._new_lines(source, params, taken)) as found:
                    async for line, now in found:
                        if line is not None:
                            await self._hand_on(source, line)
                        taken = now
            except (NotFound, Invalid):
                return
            except Unavailable:
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def _new_lines(
        self, source: Source, params: Params, taken: Taken
    ) -> AsyncGenerator[tuple[Line | None, Taken], None]:
        """What one request gives beyond what was taken, and up to where the log is taken with it."""
        resumed = Resumed(taken)
        lines = self._live.connection.lines(_path(self._live, source), params, idle=_QUIET_SECONDS)
        async with aclosing(lines) as found:
            async for piece in log_lines.pieces(found):
                yield resumed.take(piece)

    async def _hand_on(self, source: Source, line: Line) -> None:
        await self._request.sink.line(source, line)
        self._request.sink.flush()


def _since(source: Source, taken: Taken) -> Params:
    """The query for what comes after that."""
    params = Wanted().params(source)
    return params if taken.moment == BEGINNING else {**params, "sinceTime": log_lines.since(taken.moment)}
