"""``GET /api/tree``: all trees, and from then on what changes."""

import asyncio
from contextlib import suppress

from aiohttp import web

from ailtire_operator import naming
from ailtire_operator.cli.ui.event_stream import HEARTBEAT_SECONDS, EventStream
from ailtire_operator.cli.ui.gate import Refused
from ailtire_operator.cli.ui.tree_feed import TreeFeed
from ailtire_operator.cli.ui.tree_page import TreePage


async def tree(feed: TreeFeed, request: web.Request) -> web.StreamResponse:
    """Answer until the page is closed or the server stops."""
    with feed.page(_top(request)) as page:
        stream = EventStream(request)
        response = await stream.open()
        with suppress(ConnectionError):
            await _tell(page, stream)
        return response


async def _tell(page: TreePage, stream: EventStream) -> None:
    while not page.ended:
        for name, data in page.events():
            await stream.send(name, data)
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await page.woken.wait()
        except TimeoutError:
            await stream.heartbeat()


def _top(request: web.Request) -> str:
    """The id of the stack that is asked for; empty for all of them."""
    asked = request.query.getall("root", [])
    if not asked:
        return ""
    parts = asked[0].split("/")
    if len(asked) > 1 or len(parts) != 2 or not all(map(naming.is_dns_label, parts)):
        raise Refused(400, "root is not NAMESPACE/STACK")
    return asked[0]
