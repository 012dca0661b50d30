"""One operator process: everything that decides, put together as ``reconcile.runtime`` does, in virtual time."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.discovery import volume_claims
from ailtire_operator.cluster.kinds import HTTP_ROUTE, STACK, WATCHED_KINDS
from ailtire_operator.cluster.resync import Resync
from ailtire_operator.cluster.single_object_watch import until_changed
from ailtire_operator.cluster.store import Store
from ailtire_operator.cluster.watch import Reflector
from ailtire_operator.reconcile.assembly import ClusterAccess, assemble
from ailtire_operator.reconcile.event_router import EventRouter
from ailtire_operator.reconcile.new_stacks import NewStacks
from ailtire_operator.reconcile.planner import Features
from ailtire_operator.reconcile.queue import Outcome, Priority, Queue, Request
from ailtire_operator.reconcile.reconciler import Key
from orders.connection import Network, SimulatedConnection
from support.definitions.stacks import SETTINGS, open_nodes

_ABSENT = frozenset({HTTP_ROUTE.kind})
"""The tree has no routes of the Gateway API; one reflector less is one list less in each order."""
WATCHED = tuple(kind for kind in WATCHED_KINDS if kind.kind not in _ABSENT)


class Process:
    """An operator from its start until it is killed."""

    def __init__(self, network: Network, name: str, namespace: str) -> None:
        self.name = name
        self.store = Store()
        self.leads = False
        self.alive = True
        self.connection = SimulatedConnection(network, name)
        self._network = network
        self._namespace = namespace
        clock = asyncio.get_running_loop().time
        self._reflectors = [
            Reflector(self.connection, self.store, kind, namespace, clock=clock, silence=1e9) for kind in WATCHED
        ]
        self._queue: Queue[Key] = Queue(4, lambda key: key[0], jitter=lambda: 1.0)
        self._router = EventRouter(self.store, self._queue)
        self._led = asyncio.Event()
        applier = Applier(self.connection, self.store, fence=lambda: self.leads and self.alive)
        assembly = assemble(self.store, applier, self._queue, SETTINGS, self._access())
        self._reconciler = assembly.reconciler
        self._foreign_objects = assembly.foreign_objects
        self._new_stacks = NewStacks(self.store, self._reconciler.acknowledge, clock)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to follow the cluster; to work once it leads."""
        for each in self._reflectors:
            self._spawn(each.run())
        self._spawn(self._work())

    def lead(self) -> None:
        """It may write from now on."""
        self.leads = True
        self._spawn(self._catch_up())

    def stop_leading(self) -> None:
        """Another one may write from now on."""
        self.leads = False
        self._led.clear()

    async def kill(self) -> None:
        """End at once; what has been sent is on its way all the same."""
        self.alive = False
        self._queue.stop()
        for task in self._tasks:
            task.cancel()
        self._foreign_objects.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.connection.close()

    def ended(self) -> list[BaseException]:
        """What has ended a task that never ends by itself."""
        return [error for task in self._tasks if task.done() and not task.cancelled() and (error := task.exception())]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _work(self) -> None:
        await asyncio.gather(*(each.synced.wait() for each in self._reflectors))
        self._router.synced = True
        await self._led.wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._queue.work(self._reconcile))
            group.create_task(self._new_stacks.run())

    async def _catch_up(self) -> None:
        await asyncio.gather(*(each.synced.wait() for each in self._reflectors))
        await Resync(self.connection, self.store, (self._namespace,), grace=0.0).catch_up(STACK)
        if self.leads:
            self._led.set()

    async def _reconcile(self, request: Request[Key]) -> Outcome:
        await self._led.wait()
        return await self._reconciler.reconcile(request)

    async def _nodes(self) -> tuple[dict[str, Any], ...]:
        return open_nodes(1)  # type: ignore[return-value]

    async def _no_warning(self, *_: object) -> None:
        return None

    def _access(self) -> ClusterAccess:
        connection = self.connection
        return ClusterAccess(
            features=partial(Features, stop_signal=False, http_routes=False),
            synced=lambda: all(each.synced.is_set() for each in self._reflectors),
            server_time=connection.clock.now,
            nodes=self._nodes,
            claims=partial(volume_claims, connection),
            warning=self._no_warning,
            until_changed=partial(until_changed, connection),
            wake=self._router.wake,
            wake_soon=partial(self._router.wake, priority=Priority.TREE),
            clock=asyncio.get_running_loop().time,
            now=self._network.server.time,
        )
