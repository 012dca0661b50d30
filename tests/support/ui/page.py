"""The page's server in this process, beside an API server of the tests' own."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from ailtire_operator.cli.ui.about import About
from ailtire_operator.cli.ui.application import Page, application
from ailtire_operator.cli.ui.assets import Assets
from ailtire_operator.cli.ui.gate import Gate
from ailtire_operator.cli.ui.routing import Route
from ailtire_operator.cli.ui.server import listening, running
from ailtire_operator.cli.ui.session import Session
from ailtire_operator.cli.ui.tree_feed import TreeFeed
from support.ui.api_server import ApiServer, serving
from support.ui.asking import Browser


@dataclass
class Running:
    """The server, who may ask it, and what is behind it."""

    api: ApiServer
    feed: TreeFeed
    session: Session
    gate: Gate
    browser: Browser
    """One that has not been let in."""
    app: web.Application
    reports: list[str] = field(default_factory=list)

    async def enter(self) -> Browser:
        """Let the browser in."""
        body = f'{{"code": "{self.session.code}"}}'.encode()
        answer = await self.browser.ask("POST", "/api/session", body)
        assert answer.status == 204
        self.browser.cookie = answer.header("Set-Cookie").partition(";")[0]
        return self.browser


@asynccontextmanager
async def page(routes: Iterable[Route] = (), *, allow_actions: bool = False) -> AsyncIterator[Running]:
    """A running server that answers these routes too."""
    async with serving() as (api, connection):
        with listening(0) as listener:
            port = int(listener.getsockname()[1])
            feed, session = TreeFeed(connection, None), Session()
            about = About("kind", connection.host, "eve", None, None, allow_actions)
            reports: list[str] = []
            gate = Gate(port, session, allow_actions)
            app = application(Page(connection, about, feed, gate, Assets(), reports.append), routes)
            async with running(app, listener), feed.running():
                yield Running(api, feed, session, gate, Browser(port), app, reports)
