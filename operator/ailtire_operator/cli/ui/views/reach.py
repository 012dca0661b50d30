"""Who of a stack, and of all below it, reaches whom: the answer of the verb ``reach``."""

from typing import Final

from aiohttp import web

from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.outside_reader import with_ancestors
from ailtire_operator.cli.paths import paths
from ailtire_operator.cli.reach_objects import below, of_cluster, pairs
from ailtire_operator.cli.reach_segments import segments_json
from ailtire_operator.cli.ui.answers import answer, stack_of
from ailtire_operator.printable import plural

MEMBERS: Final = 400
"""Workloads of one answer: each may reach each."""


async def reach(live: Live, request: web.Request) -> web.StreamResponse:
    """Members, segments and pairs, by the NetworkPolicies of the namespace as they are; none where nothing runs."""
    name = stack_of(request)
    path = paths(await with_ancestors(live, name))[name]
    found = await of_cluster(live)
    count = len(below(found.workloads.values(), path))
    if not count:
        return answer({"members": [], "segments": [], "reaches": []})
    if count > MEMBERS:
        message = f"{plural(count, 'service')} and gateways are more than the {MEMBERS} of one picture"
        raise Failure(message, "Choose a stack below.", code=Exit.NO)
    return answer(segments_json(found, *pairs(found, path)))
