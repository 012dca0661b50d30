"""The page's HTTP application: every address, and the checks before each. What is not registered here is not answered.

Three kinds of addresses: the files of the page, which hold no data and ask for no session; the exchange of the code;
and all others below /api, which ask for everything that the gate has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

from ailtire_operator import naming
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.ui.about import About
from ailtire_operator.cli.ui.assets import Assets
from ailtire_operator.cli.ui.encoding import encode
from ailtire_operator.cli.ui.errors import answer, described
from ailtire_operator.cli.ui.gate import Gate, Refused
from ailtire_operator.cli.ui.headers import FIXED, NO_STORE
from ailtire_operator.cli.ui.routing import ALLOW_ACTIONS, STACK_PATH, Route
from ailtire_operator.cli.ui.session import Exchange
from ailtire_operator.cli.ui.tree_feed import TreeFeed
from ailtire_operator.cli.ui.tree_stream import tree
from ailtire_operator.cluster.connection import Connection

_BODY_LIMIT: Final = 1 << 16
"""Bytes of a request's body."""
_API: Final = "/api"

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Page:
    """All that answers are made of."""

    connection: Connection
    about: About
    feed: TreeFeed
    gate: Gate
    assets: Assets
    report: Callable[[str], None]
    """Takes a sentence about a fault of this program."""


def application(page: Page, routes: Iterable[Route]) -> web.Application:
    """The application with the addresses of the page itself and these."""
    app = web.Application(client_max_size=_BODY_LIMIT, middlewares=[_errors_as_json(page)])
    app[ALLOW_ACTIONS] = page.gate.allow_actions
    app.on_response_prepare.append(_add_headers)
    add = app.router.add_route
    add("POST", f"{_API}/session", _exchange(page))
    add("GET", f"{_API}/about", _guarded(page, _about(page)))
    add("GET", f"{_API}/tree", _guarded(page, lambda request: tree(page.feed, request)))
    for route in routes:
        if not route.path.startswith(STACK_PATH):
            raise ValueError(f"{route.path} is no address of a stack")
        add(route.method, route.path, _guarded(page, _of_stack(page, route)))
    add("*", f"{_API}{{address:(/.*)?}}", _guarded(page, _unknown))
    add("*", "/{address:.*}", _shell(page))
    return app


def _guarded(page: Page, serve: Serve) -> Serve:
    """Everything that is checked before anything of the cluster is answered."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        page.gate.check_peer(request.transport)
        page.gate.check_sender(request.method, request.headers)
        page.gate.check_session(request.cookies)
        page.gate.check_action(request.method)
        if request.method == "GET":
            return await serve(request)
        # What has been begun is finished, though the browser be closed.
        return await asyncio.shield(asyncio.ensure_future(serve(request)))

    return guarded


def _exchange(page: Page) -> Serve:
    async def exchange(request: web.Request) -> web.StreamResponse:
        page.gate.check_peer(request.transport)
        page.gate.check_sender(request.method, request.headers)
        match page.gate.session.exchange(await _code(request)):
            case Exchange.TOO_OFTEN:
                raise Refused(429, "too many wrong codes", "Try again in a second.")
            case Exchange.REFUSED:
                raise Refused(
                    403,
                    "the code is wrong, has been used already, or is too old",
                    "Start 'kubectl ailtire ui' again and open the address that it prints.",
                )
        response = web.Response(status=204)
        cookie = page.gate.session.cookie
        response.set_cookie(page.gate.cookie_name, cookie, path=_API, httponly=True, samesite="Strict")
        return response

    return exchange


async def _code(request: web.Request) -> str:
    try:
        body = orjson.loads(await request.read())
    except JSONDecodeError:
        body = None
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(code, str):
        raise Refused(400, 'the body is not {"code": "…"}')
    return code


def _about(page: Page) -> Serve:
    async def about(_: web.Request) -> web.StreamResponse:
        body = encode(page.about.to_json(metrics=page.feed.measures))
        return web.Response(body=body, content_type="application/json")

    return about


def _of_stack(page: Page, route: Route) -> Serve:
    """An address with the names of a namespace and a stack, from which paths to the API server are made."""

    async def of_stack(request: web.Request) -> web.StreamResponse:
        names = request.match_info
        for each in ("namespace", "stack"):
            if not naming.is_dns_label(names.get(each, "")):
                raise Refused(404, f"that is no name of a {each}")
        return await route.handler(Live(page.connection, names["namespace"]), request)

    return of_stack


async def _unknown(_: web.Request) -> web.StreamResponse:
    raise Refused(404, "there is nothing at this address")


def _shell(page: Page) -> Serve:
    async def shell(request: web.Request) -> web.StreamResponse:
        page.gate.check_host(request.headers)
        if request.method not in ("GET", "HEAD"):
            raise Refused(405, f"{request.method} is not answered here")
        found = page.assets.find(request.path)
        if found is None:
            raise Refused(404, "there is no such file")
        headers = {"Content-Type": found.content_type, "Cache-Control": found.cache}
        return web.Response(body=found.content, headers=headers)

    return shell


def _errors_as_json(page: Page) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Serve) -> web.StreamResponse:
        try:
            return await handler(request)
        except ConnectionError:  # the browser has gone
            raise
        except Exception as error:
            status, _ = described(error)
            if status == 500:
                address = request.match_info.route.resource
                where = address.canonical if address is not None else "an unknown address"
                # Its words may be anything, a part of what the API server has answered among it.
                page.report(f"error: internal error in {request.method} {where}: {type(error).__name__}")
            return answer(error)

    return middleware


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(FIXED)
    response.headers.setdefault("Cache-Control", NO_STORE)
