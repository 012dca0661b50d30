"""What the page's server answers below /api/stacks: a table of routes, which the server registers behind its checks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from ailtire_operator.cli.live import Live

Method = Literal["GET", "POST"]
Handler = Callable[[Live, web.Request], Awaitable[web.StreamResponse]]
"""Answers one request. ``Live`` is of the namespace in the path. What cannot be answered is raised as in the command
line: Failure, Missing, Denied, Unavailable and other ClusterErrors."""

ALLOW_ACTIONS: Final = web.AppKey("allow_actions", bool)
"""Of the application: whether anything may be changed through the page."""
STACK_PATH: Final = "/api/stacks/{namespace}/{stack}"
"""Where the answers about one stack begin; ``request.match_info`` has both names."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address of the page's API; ``views.ROUTES`` is the table of them."""

    method: Method
    path: str
    """As aiohttp writes it: ``/api/stacks/{namespace}/{stack}/events``."""
    handler: Handler
