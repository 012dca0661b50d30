"""What the page shows of one stack: a module for each view, and the table of their addresses."""

from collections.abc import Sequence
from typing import Final

from ailtire_operator.cli.ui.routing import STACK_PATH, Route
from ailtire_operator.cli.ui.views.actions import actions
from ailtire_operator.cli.ui.views.definition import definition
from ailtire_operator.cli.ui.views.detail import detail
from ailtire_operator.cli.ui.views.events import events
from ailtire_operator.cli.ui.views.history import revision, revisions, timeline
from ailtire_operator.cli.ui.views.logs import logs
from ailtire_operator.cli.ui.views.reach import reach
from ailtire_operator.cli.ui.views.routes import request_route, routes

ROUTES: Final[Sequence[Route]] = (
    Route("GET", STACK_PATH, detail),
    Route("GET", f"{STACK_PATH}/events", events),
    Route("GET", f"{STACK_PATH}/yaml", definition),
    Route("GET", f"{STACK_PATH}/logs", logs),
    Route("GET", f"{STACK_PATH}/routes", routes),
    Route("GET", f"{STACK_PATH}/way", request_route),
    Route("GET", f"{STACK_PATH}/reach", reach),
    Route("GET", f"{STACK_PATH}/timeline", timeline),
    Route("GET", f"{STACK_PATH}/revisions", revisions),
    Route("GET", f"{STACK_PATH}/revisions/{{number}}", revision),
    Route("POST", f"{STACK_PATH}/actions", actions),
)
