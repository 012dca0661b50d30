"""The looks that ``wait`` takes at the cluster, each with as few requests as will do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import reduce
from itertools import chain
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.failures import NotMade
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.paths import find, parts
from ailtire_operator.cli.trees import place_of
from ailtire_operator.cli.wait_conditions import judge_deleted, judge_ready, judge_service
from ailtire_operator.cli.wait_outcomes import Goal, Outcome, Verdict
from ailtire_operator.cluster.errors import Denied, NotFound
from ailtire_operator.cluster.kinds import OWNED_KINDS, POD, STACK, VOLUME_CLAIM, Kind

Poll = Callable[[], Awaitable[Verdict]]

_LEFT: Final = (POD, *(kind for kind in OWNED_KINDS if kind not in (STACK, VOLUME_CLAIM)))
"""What has to be gone beside the stacks. Claims may be kept, and Kubernetes ends the others after their last pod."""


def poll_for(goal: Goal, cluster: Live, path: str) -> Poll:
    """The look for what is waited for, at the end of a path."""
    name, keys = parts(path)
    if goal is Goal.DELETED:  # nobody can be asked for the name of what is gone, but it follows from the path
        return _Deleted(cluster, reduce(naming.member, keys, name)).poll
    return _Ready(cluster, name).poll if not keys else _AtPath(cluster, path).poll


class _AtPath:
    """What a path leads to: a stack, or one service of it. Raises Missing where nobody has declared it."""

    def __init__(self, cluster: Live, path: str) -> None:
        self._cluster = cluster
        self._path = path

    async def poll(self) -> Verdict:
        tree = await self._cluster.tree(parts(self._path)[0])
        try:
            target = find(self._path, tree)
        except NotMade as error:
            above = judge_ready(parts(self._path)[0], tree)
            final = above.outcome not in (Outcome.WAITING, Outcome.REACHED)
            return above if final else Verdict(Outcome.WAITING, str(error))
        if target.key:
            return judge_service(target.path, target.stack, target.key)
        return judge_ready(target.name, [target.stack, *(each for each in tree if each is not target.stack)])


class _Ready:
    """One read while nothing changes; the whole tree only when the stack does, as each change below reaches it."""

    def __init__(self, cluster: Live, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._seen = ""
        self._verdict = Verdict(Outcome.WAITING, "")

    async def poll(self) -> Verdict:
        top = await self._cluster.stack(self._name)
        version = top["metadata"]["resourceVersion"]
        if version != self._seen:
            verdict = judge_ready(self._name, [top])
            if verdict.outcome in (Outcome.WAITING, Outcome.SUSPENDED):
                verdict = judge_ready(self._name, await self._cluster.tree(self._name))
            self._seen, self._verdict = version, verdict
        return self._verdict


class _Deleted:
    """What is left of a tree is selected by its root's label, also once no stack is there to say what was in it.

    Of a tree's branch the names of the stacks are collected while they are there: no label says what it was.
    """

    def __init__(self, cluster: Live, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._root = ""
        self._names = {name}
        self._unseen: set[str] = set()

    async def poll(self) -> Verdict:
        stacks = await self._cluster.list(STACK)
        self._learn(stacks)
        left = {naming.KIND: sum(each["metadata"]["name"] in self._names for each in stacks)}
        if not left[naming.KIND]:
            counts = await asyncio.gather(*(self._count(kind) for kind in _LEFT))
            left |= {kind.kind: count for kind, count in zip(_LEFT, counts, strict=True)}
        return judge_deleted(self._name, left, sorted(self._unseen))

    def _learn(self, stacks: Sequence[Json]) -> None:
        """Which stacks are below the one that is waited for, by what each says of its parent."""
        places = {each["metadata"]["name"]: place_of(each) for each in stacks}
        known = 0
        while known < len(self._names):
            known = len(self._names)
            self._names |= {name for name, place in places.items() if place.get("parent") in self._names}
        for name in self._names & places.keys():
            self._root = naming.root_of(name, places[name])

    async def _count(self, kind: Kind) -> int:
        try:
            found = [await self._cluster.list(kind, f"{kind.selector},{each}") for each in self._selectors()]
        except Denied:
            self._unseen.add(kind.kind)
            return 0
        except NotFound:  # the cluster does not serve the kind
            return 0
        return len({each["metadata"]["uid"] for each in chain(*found) if self._is_below(each)})

    def _selectors(self) -> list[str]:
        """The whole tree of the root; or, where no stack has said which that is, of what may be one or a child."""
        if self._root:
            return [f"{naming.LABEL_ROOT}={self._root}"]
        return [f"{label}={self._name}" for label in (naming.LABEL_ROOT, naming.LABEL_STACK)]

    def _is_below(self, obj: Json) -> bool:
        if self._root in ("", self._name):
            return True
        return (obj["metadata"].get("labels") or {}).get(naming.LABEL_STACK) in self._names
