"""What has happened to a stack and to all below it, and the revisions of its tree."""

import asyncio
from typing import Final

from aiohttp import web

from ailtire_operator.cli import output
from ailtire_operator.cli.event_reader import EventReader
from ailtire_operator.cli.event_rows import EventFilter
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.history_reader import read_history
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.outside_reader import whole_tree
from ailtire_operator.cli.partial_reader import PartialReader
from ailtire_operator.cli.paths import SEPARATOR, paths
from ailtire_operator.cli.pod_causes import PodNote
from ailtire_operator.cli.revisions import Entry, Revision, find, history, manifests, unified, written
from ailtire_operator.cli.timeline import Moment, newest_first, of_definitions, of_event, of_pod, of_rollout
from ailtire_operator.cli.trees import root_of, spec_of
from ailtire_operator.cli.ui.answers import answer, document, number, stack_of, whole_number
from ailtire_operator.cli.why_reader import read_why
from ailtire_operator.cluster.errors import Denied
from ailtire_operator.model.templates import is_template
from ailtire_operator.plan.definition_changes import TreeDefinition

_LIMIT: Final = 200
_MOST: Final = 1000
_LAST_REVISION: Final = 10**9
"""No tree comes to it; a bound for the text in an address."""


async def timeline(live: Live, request: web.Request) -> web.StreamResponse:
    """The newest ``limit`` entries first. What may not be read is left out."""
    name, limit = stack_of(request), number(request, "limit", _LIMIT, 1, _MOST)
    tree = await whole_tree(live, name)
    known = paths(tree)
    found = await asyncio.gather(
        _of_definitions(live, tree[0], known[name]), _of_rollouts(live, name), _of_events(live, name)
    )
    moments = newest_first(each for part in found for each in part)
    stacks = {path: f"{live.namespace}/{name}" for name, path in known.items()}
    return answer([each.to_json(stacks) for each in moments[:limit]])


async def _of_rollouts(live: Live, name: str) -> list[Moment]:
    entries = await read_why(live, name, PartialReader(live))
    return [of_pod(each) if isinstance(each, PodNote) else of_rollout(each) for each in entries]


async def _of_events(live: Live, name: str) -> list[Moment]:
    try:
        return [of_event(*each) for each in await EventReader(live, name, EventFilter()).start()]
    except Denied:  # who may not list Events sees all else
        return []


async def _of_definitions(live: Live, stack: Json, path: str) -> list[Moment]:
    root, *keys = path.split(SEPARATOR)
    if is_template(spec_of(stack)):
        return []
    try:
        return list(of_definitions((await _history(live, root))[1], root, keys))
    except Denied:
        return []


async def _history(live: Live, root: str) -> tuple[Json, list[Entry], list[Revision]]:
    resource, stacks, found = await read_history(live, root)
    return resource, history(found, written(spec_of(resource), stacks)), found


async def revisions(live: Live, request: web.Request) -> web.StreamResponse:
    """As ``history -o json`` prints them, of the tree to which the stack belongs."""
    _, entries, _ = await _history(live, await _root(live, stack_of(request)))
    return answer([each.to_json() for each in entries])


async def revision(live: Live, request: web.Request) -> web.StreamResponse:
    """One of them as files have it, and what differs from ``against``: another number, else the one before."""
    name = stack_of(request)
    wanted = whole_number("a revision", request.match_info["number"], 1, _LAST_REVISION)
    against = number(request, "against", None, 1, _LAST_REVISION)
    root, _, found = await _history(live, await _root(live, name))
    top = root["metadata"]["name"]
    one = find(found, wanted, top)
    index = found.index(one)
    other = find(found, against, top) if against is not None else found[index - 1] if index else None
    before = other.definition if other else TreeDefinition({})
    names = f"{top}/revision-{other.number}" if other else "/dev/null", f"{top}/revision-{one.number}"
    return answer(
        {
            "number": one.number,
            "against": other.number if other else None,
            "time": one.time,
            "by": one.manager,
            "cause": one.cause,
            "definition": document(output.to_yaml_stream(manifests(one.definition, root))),
            "difference": document("\n".join(unified(before, one.definition, names, root))),
        }
    )


async def _root(live: Live, name: str) -> str:
    """The root of the stack's tree. Raises Failure for a template, of which no revisions are kept."""
    stack = await live.stack(name)
    if is_template(spec_of(stack)):
        raise Failure(f"{name} is a template; revisions are kept of the trees that refer to it")
    return root_of(stack)
