"""The Events of a stack and of everything below it, or of one service."""

from typing import Final

from aiohttp import web

from ailtire_operator.cli.event_reader import EventReader
from ailtire_operator.cli.event_rows import EventFilter, types_of
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.ui.answers import answer, path_of, text

LIMIT: Final = 1000
"""Events in one answer, the newest ones."""


async def events(live: Live, request: web.Request) -> web.StreamResponse:
    """As ``events -o json`` prints them, in one list with the newest last. ``service`` and ``types`` choose of them."""
    types = text(request, "types")
    wanted = EventFilter(types_of(types)) if types else EventFilter()
    found = await EventReader(live, path_of(request), wanted).start()
    return answer([row.to_json(path) for path, row in found[-LIMIT:]])
