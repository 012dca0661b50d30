"""The whole operator in one object: started once, stopped once, no state anywhere else."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Collection, Coroutine, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Self

from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.discovery import PodFields, open_nodes, pod_fields, volume_claims
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.events import latest_warning
from ailtire_operator.cluster.kinds import HTTP_ROUTE, SECRET, STACK, WATCHED_KINDS
from ailtire_operator.cluster.lease import Leadership
from ailtire_operator.cluster.resync import Resync
from ailtire_operator.cluster.single_object_watch import until_changed
from ailtire_operator.cluster.store import Store
from ailtire_operator.cluster.watch import Watches
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import SecretWatch
from ailtire_operator.reconcile.assembly import Assembly, ClusterAccess, assemble
from ailtire_operator.reconcile.event_router import EventRouter
from ailtire_operator.reconcile.health_server import HealthServer, LoopMonitor, complaints
from ailtire_operator.reconcile.metrics import Metrics, Unreadable
from ailtire_operator.reconcile.new_stacks import NewStacks
from ailtire_operator.reconcile.planner import Features
from ailtire_operator.reconcile.process import release_free_memory
from ailtire_operator.reconcile.queue import Outcome, Priority, Queue, Request
from ailtire_operator.reconcile.reconciler import Key
from ailtire_operator.status.saved_status import READY, SavedStatus

logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 3.0
"""How long reconciles under way may take after the order to stop."""
RELEASE_SECONDS: Final = 5.0
"""How long giving the lease back may take, after all else has stopped. Where it fails, the next leader waits fifteen
seconds; so it is long enough for a slow API server, and for three requests where a renewal was cut off."""
RESYNC_SECONDS: Final = 600.0
"""How often every stack is reconciled for no reason: whatever an event was missed for is mended then."""
_FEATURES_SECONDS: Final = 15.0


class Runtime:
    """Connection, store, watches, queue, workers and leadership of one process."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.connection = connection
        self.store = Store()
        self.queue: Queue[Key] = Queue(settings.max_concurrent_reconciles, lambda key: key[0])
        self.metrics = Metrics()
        self._settings = settings
        self._pod_fields = PodFields()
        self._looks = 0
        """Reconciles under way."""
        self._moved = 0.0
        """When something came of a reconcile last: a write, or its end."""
        self._tasks: list[asyncio.Task[None]] = []
        watched = (*WATCHED_KINDS, SECRET) if settings.watch_secret_metadata else WATCHED_KINDS
        self._watches = Watches(connection, self.store, settings.namespace, watched=watched)
        self._leadership = Leadership(connection, settings.lease_namespace)
        self._caught_up = asyncio.Event()
        """Set while this process leads, once it knows the stacks as they are."""
        Unreadable(self.store, self.metrics.unreadable)
        self._event_router = EventRouter(self.store, self.queue)
        self._assembly = assembly = self._assemble()
        self._foreign_objects, self._reconciler = assembly.foreign_objects, assembly.reconciler
        self._newcomers = NewStacks(self.store, self._reconciler.acknowledge, time.monotonic)
        self._loop_monitor = LoopMonitor(time.monotonic)
        self._pages = HealthServer(self._unhealthy, self._unready, self._numbers)
        self.metrics.follow_queue(lambda: self.queue.depth)
        self.metrics.follow_leader(self.may_write)

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """A runtime with a connection as the environment configures it; no request is made yet."""
        for old, new in settings.deprecated.items():
            logger.warning("AILTIRE_OPERATOR_%s is deprecated: use AILTIRE_OPERATOR_%s", old.upper(), new.upper())
        requests = settings.max_inflight_requests
        return cls(settings, await Connection.open(timeout=settings.request_timeout, connections=requests))

    def may_write(self) -> bool:
        """Whether this process may write at this very moment."""
        return not self._settings.leader_election or self._leadership.is_leader()

    def ages(self) -> dict[str, float]:
        """Seconds since the last sign of life of each watch."""
        return self._watches.health()

    async def start(self) -> None:
        """Begin to follow the cluster, and to work once this process leads; waits for neither."""
        await self._pages.start(self._settings.metrics_host, self._settings.metrics_port)
        await self._watches.start()
        self._spawn("loop monitor", self._loop_monitor.beat())
        if self._settings.leader_election:
            self._spawn("leadership", self._lead())
        self._spawn("work", self._work())
        self._spawn("recheck", self._recheck())

    async def stop(self) -> None:
        """Let the reconciles under way end, within reason; give the lease back; close everything."""
        self.queue.stop()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.queue.drained()
        except TimeoutError:
            logger.warning("stopping with %d reconciles under way", self.queue.running)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._foreign_objects.stop()
        await self._watches.stop()
        if self._settings.leader_election:
            try:
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._leadership.release()
            except TimeoutError:
                logger.warning("the lease could not be given back in time")
        await self._pages.stop()
        await self.connection.close()

    def _assemble(self) -> Assembly:
        """The reconciler and all that it is made of, for this cluster."""
        connection, settings = self.connection, self._settings
        return assemble(
            self.store,
            Applier(
                connection,
                self.store,
                fence=self.may_write,
                on_write=self._wrote,
                on_put_back=self.metrics.put_back,
                concurrency=settings.max_inflight_requests,
            ),
            self.queue,
            settings,
            ClusterAccess(
                features=self._current_features,
                synced=self._watches.is_synced,
                server_time=connection.clock.now,
                nodes=partial(open_nodes, connection),
                claims=partial(volume_claims, connection),
                warning=partial(latest_warning, connection),
                until_changed=partial(until_changed, connection),
                wake=self._event_router.wake,
                wake_soon=partial(self._event_router.wake, priority=Priority.TREE),
                clock=time.monotonic,
                now=_now,
            ),
        )

    async def _lead(self) -> None:
        """Take part in the election for as long as the process runs.

        Who has lost may win again: what was under way is fenced off, and a reconcile starts from nothing but the store.
        An API server that is overloaded for a while would otherwise leave nobody to do the work afterwards.
        """
        while True:
            catching_up = asyncio.create_task(self._catch_up(), name="catch up")
            try:
                await self._leadership.run()
            finally:
                catching_up.cancel()  # also where the process stops: it would ask by a closed connection for ever
            self._leadership.acquired.clear()
            self._caught_up.clear()

    async def _catch_up(self) -> None:
        """Read what the stacks are now before acting by them.

        The watch of a process that takes over may be behind that of the one before it: acting by the definition before
        would take its workloads back, and then forward again.
        """
        await self._watches.synced()
        await self._leadership.acquired.wait()
        await Resync(self.connection, self.store, self._settings.namespace, grace=0.0).catch_up(STACK)
        self._caught_up.set()

    async def _work(self) -> None:
        """Wait until there is something to work on and leave to do so, then work until stopped."""
        await self._watches.synced()
        self._event_router.synced = True
        logger.info("synced: %d objects", len(self.store))
        await self._led()
        self._pod_fields = await self._ask_pod_fields()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.work(self._reconcile))
            group.create_task(self._newcomers.run())
            group.create_task(self._resync())
            group.create_task(release_free_memory(self._assembly.forget_resting))

    async def _recheck(self) -> None:
        """Compare the store with the cluster from time to time, whether this process leads or stands by."""
        await self._watches.synced()
        namespaces, missed = self._settings.namespace, self.metrics.missed
        await Resync(self.connection, self.store, namespaces, absent=self._watches.absent, found=missed).run()

    async def _led(self) -> None:
        """Wait until this process leads, and knows the stacks as they are."""
        if self._settings.leader_election:
            await self._caught_up.wait()

    def _wrote(self, kind: str, verb: str) -> None:
        self._moved = time.monotonic()
        self.metrics.wrote(kind, verb)

    async def _reconcile(self, request: Request[Key]) -> Outcome:
        await self._led()
        started = time.monotonic()
        if not self._looks:
            self._moved = started
        self._looks += 1
        try:
            outcome = await self._reconciler.reconcile(request)
        finally:
            self._looks -= 1
            self._moved = time.monotonic()
            self.metrics.reconcile_seconds.observe(self._moved - started)
        self.metrics.reconciles.labels(outcome.value).inc()
        return outcome

    async def _resync(self) -> None:
        """Reconcile everything from time to time, and when the cluster has learnt something."""
        features, due = self._current_features(), time.monotonic() + RESYNC_SECONDS
        while True:
            await asyncio.sleep(_FEATURES_SECONDS * random.uniform(0.9, 1.1))
            if features != self._current_features() or time.monotonic() >= due:
                features, due = self._current_features(), time.monotonic() + RESYNC_SECONDS
                self._event_router.resync()

    async def _ask_pod_fields(self) -> PodFields:
        """What is not known must not be guessed: the wrong guess would roll every pod that has such a field."""
        settings = self._settings
        own = settings.lease_namespace if settings.leader_election else self.connection.namespace
        namespaces = tuple(settings.namespace) or (own,)  # it takes the right to Deployments there
        while True:
            try:
                return await pod_fields(self.connection, *namespaces)
            except ClusterError as error:
                logger.warning("%s", error)
                await asyncio.sleep(1.0)

    def _current_features(self) -> Features:
        absent = self._watches.absent()
        return Features(
            stop_signal=self._pod_fields.stop_signal,
            hostname_override=self._pod_fields.hostname_override,
            resource_claims=self._pod_fields.resource_claims,
            http_routes=HTTP_ROUTE.kind not in absent,
            secret_watch=self._secret_watch(absent),
        )

    def _secret_watch(self, absent: Collection[str]) -> SecretWatch:
        if not self._settings.watch_secret_metadata:
            return "off"
        return "denied" if SECRET.kind in absent else "on"

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_report)
        self._tasks.append(task)

    def _unhealthy(self) -> Iterator[str]:
        idle = time.monotonic() - self._moved
        silence = self._settings.watch_silence_seconds
        yield from complaints(self._watches.silences(), silence, self._loop_monitor.lag(), self._looks, idle)
        yield from (f"{task.get_name()} has ended" for task in self._tasks if task.done())

    def _unready(self) -> Iterator[str]:
        if not self._watches.is_synced():
            yield "the first lists are not complete yet"
            yield from (f"{kind}: {error}" for kind, error in sorted(self._watches.failures().items()))

    def _numbers(self) -> bytes:
        ready = Counter({"true": 0, "false": 0})
        for record in self.store.of_kind(STACK.kind):
            said = SavedStatus.of(record.summary.get("status"))
            ready[str(said.condition(READY).is_true).lower()] += 1
        return self.metrics.text(ready, self._watches.health(), self._loop_monitor.lag())


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("%s has ended: %r", task.get_name(), error, exc_info=error)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
