"""The logs of a stack or service, as server-sent events: what there is, and with ``follow`` what comes.

Events: ``line`` (path, pod, container, time, text), ``note`` (text: what is to say of the reading itself), ``error``
(as any answer that is none), and ``end``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.log_lines import Line
from ailtire_operator.cli.log_reader import Follower, Request, Wanted, read, readable, tree_of
from ailtire_operator.cli.log_sources import Selection, Source, selection
from ailtire_operator.cli.trees import Resource
from ailtire_operator.cli.ui.answers import flag, number, path_of, text
from ailtire_operator.cli.ui.queued_events import EventQueue, stream
from ailtire_operator.printable import plural

TAIL_LIMIT: Final = 5000
"""Lines that are read at the start, of all containers together."""
LINE_LIMIT: Final = 8192
"""Bytes of a line."""
_TAIL: Final = 200
_BYTES: Final = 16 << 20
"""Of one container's log, where it is not followed."""
_AT_ONCE: Final = 16
_FOLLOWED: Final = 60
"""Containers that one reader follows."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """Lines on their way to the page."""

    queue: EventQueue

    async def line(self, source: Source, line: Line) -> None:
        """Send a line."""
        data = {"path": source.path, "pod": source.pod, "container": source.container, "time": line.stamp}
        await self.queue.put("line", {**data, "text": shortened(line.text)})

    def note(self, text: str) -> None:
        """Send what there is to say of the reading."""
        self.queue.offer("note", {"text": text})

    def flush(self) -> None:
        """Nothing is held back here."""


async def logs(live: Live, request: web.Request) -> web.StreamResponse:
    """``service``, ``tail`` (of each container), ``previous``, ``gateways``, ``container`` and ``follow`` choose."""
    path = path_of(request)
    tail = number(request, "tail", _TAIL, 0, TAIL_LIMIT)
    follow, previous = flag(request, "follow"), flag(request, "previous")
    gateways, container = flag(request, "gateways"), text(request, "container")
    if follow and previous:
        raise Failure("the log of the instance before is over and cannot be followed")
    tree, root = await tree_of(live, path)

    def choose(tree: "list[Resource]") -> Selection:
        return selection(path, tree, gateways=gateways, containers=(container,) if container else ())

    chosen = choose(tree)

    async def work(queue: EventQueue) -> None:
        sink = _Sent(queue)
        wanted = Request(path, choose, Wanted(tail, previous=previous), sink, _FOLLOWED if follow else _AT_ONCE)
        found = await readable(live, root, chosen, wanted)
        if follow:
            _require_few(found)
            bounded = Wanted(share(tail, len(found)))
            await Follower(live, root, Request(path, choose, bounded, sink, _FOLLOWED)).run()
        bounded = Wanted(share(tail, len(found)), previous=previous, limit_bytes=_BYTES)
        await read(live, found, Request(path, choose, bounded, sink, _AT_ONCE))

    return await stream(request, work)


def _require_few(found: Sequence[Source]) -> None:
    if len(found) > _FOLLOWED:
        message = f"these are {plural(len(found), 'container')}, and {_FOLLOWED} are followed at once"
        raise Failure(message, "Choose a service, or a stack below.")


def share(tail: int | None, containers: int) -> int:
    """Lines of each container, so that all of them together are not too many."""
    most = TAIL_LIMIT // max(1, containers)
    return max(1, most) if tail is None else min(tail, max(1, most))


def shortened(line: bytes) -> str:
    """The text of a line, with a bound."""
    kept = line[:LINE_LIMIT].decode(errors="replace")
    return kept if len(line) <= LINE_LIMIT else f"{kept}… ({plural(len(line) - LINE_LIMIT, 'more byte')})"
