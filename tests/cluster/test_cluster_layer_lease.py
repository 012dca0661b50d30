"""Leadership on a real API server, through a bad network: it changes hands, and is never in two."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.kinds import LEASE
from ailtire_operator.cluster.lease import Leadership, Timing
from cluster.cluster_layer import SECONDS
from cluster.cluster_layer_proxy import Proxy, everything, nothing, proxied, writes
from lab import ControlPlane

QUICK = Timing(duration=9.0, deadline=7.0, fence=5.5, retry=0.5, poll=0.1, request=3.0)
"""Where a lease has to end. A busy machine may take seconds for a renewal."""
LONG = Timing(duration=60.0, deadline=45.0, fence=30.0, retry=0.5, poll=0.1, request=10.0)
"""Where none ends."""
NAME = "operator"


class Contender:
    """One operator behind its own piece of network."""

    def __init__(self, proxy: Proxy, connection: Connection, namespace: str, timing: Timing) -> None:
        self.proxy = proxy
        self.lost = 0
        self.leadership = Leadership(connection, namespace, name=NAME, timing=timing, on_lost=self._count)
        self.task = asyncio.create_task(self.leadership.run())

    def _count(self) -> None:
        self.lost += 1

    @property
    def leads(self) -> bool:
        return self.leadership.is_leader()


class Watchdog:
    """Looks all the time how many lead."""

    def __init__(self) -> None:
        self.contenders: list[Contender] = []
        self.most = 0

    async def run(self) -> None:
        while True:
            self.most = max(self.most, sum(one.leads for one in self.contenders))
            await asyncio.sleep(0.002)


@asynccontextmanager
async def _contest(
    plane: ControlPlane, namespace: str, number: int, timing: Timing = QUICK
) -> AsyncIterator[list[Contender]]:
    watchdog = Watchdog()
    looking = asyncio.create_task(watchdog.run())
    async with AsyncExitStack() as stack:
        for _ in range(number):
            proxy, connection = await stack.enter_async_context(proxied(plane))
            watchdog.contenders.append(Contender(proxy, connection, namespace, timing))
        try:
            yield watchdog.contenders
        finally:
            for task in (looking, *(one.task for one in watchdog.contenders)):
                task.cancel()
            await asyncio.gather(looking, *(one.task for one in watchdog.contenders), return_exceptions=True)
    assert watchdog.most <= 1


async def _leader(contenders: list[Contender]) -> Contender:
    async with asyncio.timeout(SECONDS):
        while True:
            for one in contenders:
                if one.leads:
                    return one
            await asyncio.sleep(0.01)


async def _renewed(plane: ControlPlane, namespace: str) -> None:
    """Wait until the holder of the lease has renewed it twice: the first one may have been under way."""
    for _ in range(2):
        before = await _renew_time(plane, namespace)
        async with asyncio.timeout(SECONDS):
            while await _renew_time(plane, namespace) == before:
                await asyncio.sleep(0.05)


async def _renew_time(plane: ControlPlane, namespace: str) -> str:
    lease = await asyncio.to_thread(plane.api.get, LEASE.path(namespace, NAME))
    return str(lease["spec"]["renewTime"])


async def test_one_of_three_leads_and_a_dead_one_is_replaced(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 3) as contenders:
        for _ in range(2):
            first = await _leader(contenders)
            await _renewed(control_plane, namespace)
            assert first.leads, "it renews"
            first.task.cancel()
            contenders.remove(first)
            killed = time.monotonic()
            await _leader(contenders)
            assert time.monotonic() - killed <= QUICK.duration + 30, "generous: this machine may be busy"


async def test_a_clean_stop_hands_over_at_once(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 2, LONG) as contenders:
        first = await _leader(contenders)
        first.task.cancel()
        started = time.monotonic()
        await first.leadership.release()
        assert not first.leads
        second = await _leader(contenders)
        assert second is not first
        assert time.monotonic() - started < LONG.duration
        assert first.lost == 0


async def test_a_leader_without_a_network_stops_before_another_starts(
    control_plane: ControlPlane, namespace: str
) -> None:
    async with _contest(control_plane, namespace, 2) as contenders:
        first = await _leader(contenders)
        first.proxy.hang = everything
        second = await _leader([one for one in contenders if one is not first])
        assert not first.leads
        first.proxy.hang = nothing
        async with asyncio.timeout(SECONDS):
            while not first.lost:
                await asyncio.sleep(0.01)
        assert second.leads


async def test_lost_answers_of_renewals_do_not_end_leadership(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 1, LONG) as (only,):
        await _leader([only])
        only.proxy.lose_answer = writes
        only.proxy.seen.clear()
        async with asyncio.timeout(SECONDS):
            while sum(line.startswith("PUT ") for line in only.proxy.seen) < 2:
                await asyncio.sleep(0.01)
        only.proxy.lose_answer = nothing
        await _renewed(control_plane, namespace)
        assert only.leads
        assert only.lost == 0


async def test_other_tools_can_read_the_lease(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 1) as (only,):
        await _leader([only])
        printed = control_plane.kubectl("get", "lease", NAME, "-n", namespace, "-o", "jsonpath={.spec.holderIdentity}")
        assert printed == only.leadership.identity
        assert LEASE.path(namespace, NAME).endswith(f"/leases/{NAME}")
