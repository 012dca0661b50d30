"""The page on loopback: the socket, the address that lets one browser in, and a clean end."""

import asyncio
import errno
import logging
import signal
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ailtire_operator.cli import output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.options import Target
from ailtire_operator.cli.paths import find, parts, stack_of
from ailtire_operator.cli.ui.about import About, context_of, user_of
from ailtire_operator.cli.ui.application import Page, application
from ailtire_operator.cli.ui.assets import Assets
from ailtire_operator.cli.ui.errors import kubectl_sentence
from ailtire_operator.cli.ui.gate import Gate
from ailtire_operator.cli.ui.routing import Route
from ailtire_operator.cli.ui.session import Session
from ailtire_operator.cli.ui.tree_feed import TreeFeed
from ailtire_operator.cluster.errors import Denied, NotFound
from ailtire_operator.cluster.kinds import STACK

_HOST: Final = "127.0.0.1"
_END_SECONDS: Final = 1.0
"""How long answers under way may take once the server stops."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user has asked for."""

    path: str | None
    """To the stack that is shown; None for all of them."""
    browser: bool
    port: int
    allow_actions: bool


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which stacks are shown."""

    namespace: str | None
    """None for all."""
    note: str = ""
    root: str | None = None
    """``NAMESPACE/NAME`` of the stack that was named."""


def routes() -> tuple[Route, ...]:
    """What is answered below /api/stacks."""
    from ailtire_operator.cli.ui.views import ROUTES

    return tuple(ROUTES)


async def serve(live: Live, target: Target, options: Options) -> None:
    """Serve until cancelled. Raises Failure, Missing and ClusterError where it cannot begin."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    assets = Assets()
    with listening(options.port) as listener:
        port = int(listener.getsockname()[1])
        scope = await _scope(live, target, options.path)
        feed = TreeFeed(live.connection, scope.namespace, scope.note)
        gate = Gate(port, Session(), options.allow_actions)
        about = About(
            context=context_of(target),
            cluster=live.connection.host,
            user=await user_of(live.connection),
            namespace=scope.namespace,
            root=scope.root,
            allow_actions=options.allow_actions,
        )
        app = application(Page(live.connection, about, feed, gate, assets, output.say), routes())
        async with running(app, listener), feed.running():
            _show(f"http://{_HOST}:{port}/#code={gate.session.code}", browser=options.browser)
            await asyncio.Event().wait()


def listening(port: int) -> socket.socket:
    """A socket of loopback; port 0 is any that is free."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise _refused(port, error) from None
    return listener


def _refused(port: int, error: OSError) -> Failure:
    if error.errno == errno.EADDRINUSE:
        message = f"port {port} of {_HOST} is in use"
        return Failure(message, "Choose another one with --port, or leave it out: any that is free is taken then.")
    if error.errno == errno.EACCES:
        return Failure(f"you may not listen on port {port}", "Choose one above 1023 with --port.")
    return Failure(f"port {port} of {_HOST} cannot be listened on: {error.strerror or error}")


async def _scope(live: Live, target: Target, path: str | None) -> _Scope:
    """Which stacks are shown: as many as may be listed. Raises Failure where the login is refused, and Missing."""
    if path:
        return _Scope(live.namespace, root=f"{live.namespace}/{await _named(live, path)}")
    if target.namespace:
        await _denied(live, live.namespace)
        return _Scope(live.namespace)
    said = await _denied(live, None)
    return _Scope(live.namespace, f"shown is the namespace {live.namespace} alone: {said}") if said else _Scope(None)


async def _named(live: Live, path: str) -> str:
    """The name of the stack at a path. Whoever may not list stacks reads that in the page."""
    name, keys = parts(path)
    if await _denied(live, live.namespace):
        return name
    if keys:
        return stack_of(find(path, await live.tree(name)))
    await live.stack(name)
    return name


async def _denied(live: Live, namespace: str | None) -> str:
    """What the API server says against listing stacks; empty where it does not. Raises Failure and ClusterError."""
    try:
        await live.connection.request("GET", STACK.path(namespace), params={"limit": 1})
    except NotFound:
        await live.require_kind()
        raise
    except Denied as error:
        if error.status == 401:
            raise Failure(
                f"the login of the kubeconfig is refused: {kubectl_sentence(error)}",
                "Log in again, or use another --context.",
            ) from None
        return kubectl_sentence(error)
    return ""


@asynccontextmanager
async def running(app: web.Application, listener: socket.socket) -> AsyncIterator[None]:
    """Answer on the socket for as long as the block lasts."""
    silent = logging.getLogger("ailtire.ui")  # a request's headers hold the cookie, and its text may be anything
    silent.disabled = True
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=_END_SECONDS,
        logger=silent,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()


def _show(url: str, *, browser: bool) -> None:
    output.data(url)
    output.flush()
    if browser:
        output.say("The page opens in a browser; the address lets one browser in, once. Ctrl-C ends it.")
        threading.Thread(target=_open, args=(url,), daemon=True).start()


def _open(url: str) -> None:
    """In a thread: some browsers are waited for."""
    if not webbrowser.open(url):
        output.say("note: there is no browser here that could be started; open the address yourself")
