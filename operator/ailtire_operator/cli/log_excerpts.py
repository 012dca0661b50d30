"""Reads the ends of those logs that explain what is not ready: bounded in size, number and time, and never an error."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.blocker_logs import LogExcerpt, LogPlace, blocking_member, shown, telling_log
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.log_reader import pods_selector
from ailtire_operator.cli.paths import find, parts, paths
from ailtire_operator.cli.service_pods import selector_of
from ailtire_operator.cli.trees import Member, Resource, StackNode, root_of
from ailtire_operator.cluster.errors import ClusterError, Denied
from ailtire_operator.cluster.kinds import POD
from ailtire_operator.status.conditions import PROGRESSING, WAITING
from ailtire_operator.status.health import service_subject
from ailtire_operator.status.observed import Problem

_SECONDS: Final = 10.0
"""For one log. A node that is gone does not answer."""
_BYTES: Final = 1 << 20
_AT_ONCE: Final = 8
_MOST_LOGS: Final = 20
"""What is not ready has few causes, and each log is a request."""


async def of_blocker(live: Live, path: str, lines: int, note: Callable[[str], None]) -> LogExcerpt | None:
    """The log of what keeps a path from being ready; None where none could tell. What it may not read it notes."""
    try:
        async with asyncio.timeout(2 * _SECONDS):
            tree = await live.tree(parts(path)[0])
            member = blocking_member(find(path, tree), tree)
            if member is None:
                return None
            place = telling_log(await live.list(POD, selector_of(member)))
            return None if place is None else await _read(live, member.path, place, lines)
    except Denied as error:
        note(f"its log is not shown: {error}")
    except (ClusterError, Failure, TimeoutError):  # the end of the wait has been printed already
        pass
    return None


async def of_tree(live: Live, node: StackNode, tree: Sequence[Resource], lines: int) -> dict[Member, LogExcerpt]:
    """The logs of all services and gateways of a subtree that are in trouble, by stack and key. Raises ClusterError
    where pods may not be listed. The stack that was asked for is the first of the tree."""
    known = paths(tree)
    root = root_of(tree[0])
    members = _in_trouble(node, known)
    if not members:
        return {}
    pods: dict[Member, list[Json]] = defaultdict(list)
    for pod in await live.list(POD, pods_selector(root)):
        labels = pod["metadata"].get("labels") or {}
        pods[labels.get(naming.LABEL_STACK, ""), labels.get(naming.LABEL_SERVICE, "")].append(pod)
    places = {each: telling_log(pods[each[0], naming.sanitize(each[1]) if each[1] else ""]) for each in members}
    telling = [(each, place) for each, place in places.items() if place is not None]
    slots = asyncio.Semaphore(_AT_ONCE)

    async def read(member: Member, place: LogPlace) -> LogExcerpt:
        async with slots:
            return await _read(live, members[member], place, lines)

    found = await asyncio.gather(*(read(*each) for each in telling[:_MOST_LOGS]))
    return {member: excerpt for (member, _), excerpt in zip(telling, found, strict=False)}


def _in_trouble(top: StackNode, known: dict[str, str]) -> dict[Member, str]:
    """Their paths."""
    found: dict[Member, str] = {}
    for stack in top.walk():
        path = known.get(stack.name, stack.name)
        if stack.blocker is not None and not stack.blocker.path and _is_gateways(stack.blocker):
            found[stack.name, ""] = path
        for each in stack.services:
            if not each.ok and each.reason not in (WAITING, PROGRESSING, ""):
                found[stack.name, each.key] = f"{path}/{each.key}"
    return found


def _is_gateways(blocker: Problem) -> bool:
    return blocker.subject == service_subject("") and blocker.reason not in (WAITING, PROGRESSING)


async def _read(live: Live, path: str, place: LogPlace, lines: int) -> LogExcerpt:
    params: dict[str, str | int] = {"container": place.container, "tailLines": lines, "limitBytes": _BYTES}
    if place.previous:
        params["previous"] = "true"
    last: deque[bytes] = deque(maxlen=lines)
    try:
        async with (
            asyncio.timeout(_SECONDS),
            aclosing(live.connection.lines(POD.path(live.namespace, place.pod, "log"), params)) as read,
        ):
            async for each in read:
                last.append(each)
    except TimeoutError:
        return LogExcerpt(path, place, problem=f"no answer within {_SECONDS:g} s")
    except Denied as error:
        return LogExcerpt(path, place, problem=f"not permitted: {error}")
    except ClusterError as error:
        return LogExcerpt(path, place, problem=str(error))
    return LogExcerpt(path, place, tuple(map(shown, last)))
