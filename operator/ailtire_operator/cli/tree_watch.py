"""A tree as it changes, by watches: the stacks, their pods, and (asked for now and then) what those use."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.informer import Informer, changed_or_ended, stop
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.pod_facts import facts
from ailtire_operator.cli.top_view import Facts
from ailtire_operator.cli.trees import StackNode, build
from ailtire_operator.cluster.errors import ClusterError, Denied, NotFound
from ailtire_operator.cluster.kinds import POD, STACK

_USAGE_PAUSE: Final = 15.0
"""Seconds: the kubelets are asked no more often either."""
_TICK: Final = 10.0
"""Seconds after which ages are written anew though nothing has happened."""


class TreeWatch:
    """A stack's subtree in a namespace."""

    def __init__(self, live: Live, name: str, *, usage: bool, note: Callable[[str], None]) -> None:
        self._live = live
        self._name = name
        self._usage = usage
        self._note = note
        self._changed = asyncio.Event()
        self._stacks = Informer(live, STACK, "", self._changed)
        self._pods: Informer | None = Informer(live, POD, naming.MANAGED_SELECTOR, self._changed)
        self._metrics: list[Json] = []
        self._noted_metrics = False

    async def poll(self) -> tuple[StackNode, Facts]:
        """The first look. Raises Missing; without the right to see pods it goes on without them."""
        await self._live.stack(self._name)
        await self._stacks.sync()
        try:
            if self._pods is not None:
                await self._pods.sync()
        except Denied as error:
            self._pods = None
            self._note(f"restarts and ages are not shown: {error}")
        if self._usage:
            await self._measure()
        node = self._node()
        assert node is not None, "the stack has just been read"
        return node, self._facts()

    async def states(self) -> AsyncIterator[tuple[StackNode, Facts]]:
        """The tree again and again, whenever something has changed; ends when the stack is gone."""
        yield await self.poll()
        self._changed.clear()
        mirrors = [each for each in (self._stacks, self._pods) if each is not None]
        tasks = [asyncio.create_task(each.run()) for each in mirrors]
        if self._usage:
            tasks.append(asyncio.create_task(self._keep_measuring()))
        try:
            while True:
                for task in await changed_or_ended(self._changed, tasks, _TICK):
                    tasks.remove(task)
                if (node := self._node()) is None:
                    self._note(f"{self._name} is gone")
                    return
                yield node, self._facts()
        finally:
            await stop(tasks)

    def _node(self) -> StackNode | None:
        return build(self._name, list(self._stacks.objects.values()))

    def _facts(self) -> Facts:
        return facts(self._pods.objects.values() if self._pods is not None else (), self._metrics)

    async def _keep_measuring(self) -> None:
        while self._usage:
            await asyncio.sleep(_USAGE_PAUSE)
            await self._measure()
            self._changed.set()

    async def _measure(self) -> None:
        """What is used now. Where nothing measures it, that is said once."""
        path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{self._live.namespace}/pods"
        try:
            answer = await self._live.connection.request("GET", path, params={"labelSelector": naming.MANAGED_SELECTOR})
            self._metrics = list(answer.get("items") or ())
        except NotFound:
            self._usage = False
            self._note("use is not shown: the cluster has no metrics-server (it serves no metrics.k8s.io)")
        except Denied as error:
            self._usage = False
            self._note(f"use is not shown: {error}")
        except ClusterError as error:  # one that has just been started needs a minute
            if not self._noted_metrics:
                self._note(f"use is not shown: the metrics-server does not answer yet ({error})")
            self._noted_metrics = True
