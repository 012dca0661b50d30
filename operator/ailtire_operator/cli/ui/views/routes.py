"""All routes of a stack and below it, and the one that a request takes."""

import re
from typing import Final

from aiohttp import web

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.gateway_routes import route_rows
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.outside_reader import read_outside, whole_tree
from ailtire_operator.cli.request_trace import trace
from ailtire_operator.cli.settings import environment_settings
from ailtire_operator.cli.ui.answers import answer, stack_of, text

_HOST: Final = re.compile(r"[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?")
_HOST_LIMIT: Final = 253


async def routes(live: Live, request: web.Request) -> web.StreamResponse:
    """A list, by host and path."""
    tree = await whole_tree(live, stack_of(request))
    outside = await read_outside(live, tree)
    return answer([each.to_json() for each in route_rows(tree[0], tree, outside, environment_settings())])


async def request_route(live: Live, request: web.Request) -> web.StreamResponse:
    """The gateways that a request for ``host`` and ``path`` passes, in order, and the service that answers it."""
    name = stack_of(request)
    host, path = host_of(text(request, "host")), request_path(text(request, "path"))
    tree = await whole_tree(live, name)
    outside = await read_outside(live, tree)
    return answer(trace(tree[0], tree, outside, host, path, environment_settings()).to_json())


def host_of(written: str) -> str:
    """The name of a host, without its port; empty for none. Raises Failure for what is no host's name."""
    name, colon, port = written.strip().lower().partition(":")
    host = name.removesuffix(".")
    is_host = _HOST.fullmatch(host) is not None and len(host) <= _HOST_LIMIT and port.isdecimal() == bool(colon)
    if written and not is_host:
        raise Failure("host is no name of a host", "Write it as shop.example.com, without http:// and a path.")
    return host


def request_path(written: str) -> str:
    """The path of a request without what follows ``?`` or ``#``. Raises Failure for what is no path."""
    path = written.partition("#")[0].partition("?")[0] or "/"
    if not path.startswith("/"):
        raise Failure("path begins with a slash", "Write it as /orders/api.")
    return path
