"""The looks that ``wait`` takes at the cluster, each with as few requests as will do."""

from collections.abc import Awaitable, Callable
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.failures import Missing
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.waiting import Goal, Outcome, Verdict, judge_deleted, judge_ready, subtree
from ailtire_operator.cluster.kinds import DEPLOYMENT, POD, SERVICE, STACK, STATEFUL_SET

Look = Callable[[], Awaitable[Verdict]]

_TOLD_OF: Final = (DEPLOYMENT, STATEFUL_SET, SERVICE, POD)
"""What has to be gone beside the stacks. All else goes in the same breath and is nothing that anybody waits for."""


def look_for(goal: Goal, cluster: Live, name: str) -> Look:
    """The look for what is waited for."""
    return _Ready(cluster, name).look if goal is Goal.READY else _Deleted(cluster, name).look


class _Ready:
    """One read while nothing changes; the whole tree only when the stack does, as each change below reaches it."""

    def __init__(self, cluster: Live, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._seen = ""
        self._verdict = Verdict(Outcome.WAITING, "")

    async def look(self) -> Verdict:
        top = await self._cluster.stack(self._name)
        version = top["metadata"]["resourceVersion"]
        if version != self._seen:
            verdict = judge_ready(self._name, [top])
            if verdict.outcome is Outcome.WAITING:
                verdict = judge_ready(self._name, await self._cluster.tree(self._name))
            self._seen, self._verdict = version, verdict
        return self._verdict


class _Deleted:
    """The stacks below are remembered from the first look: later nobody can tell whose they were."""

    def __init__(self, cluster: Live, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._uids: set[str] = set()
        self._names = {name}

    async def look(self) -> Verdict:
        try:
            tree = await self._cluster.tree(self._name)
            for stack in subtree(tree[0], tree):
                self._uids.add(stack["metadata"]["uid"])
                self._names.add(stack["metadata"]["name"])
        except Missing:
            pass
        stacks = await self._cluster.list(STACK)
        left = {naming.KIND: sum(each["metadata"]["uid"] in self._uids for each in stacks)}
        selector = f"{naming.LABEL_STACK} in ({','.join(sorted(self._names))})"
        if not left[naming.KIND]:
            for kind in _TOLD_OF:
                left[kind.kind] = len(await self._cluster.list(kind, selector))
        return judge_deleted(self._name, left)
