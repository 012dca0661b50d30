"""Leadership on a real API server, through a bad network: it changes hands, and is never in two."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.kinds import LEASE
from ailtire_operator.cluster.lease import Leadership, Timing
from cluster.cluster_layer_proxy import Proxy, everything, nothing, proxied, writes
from lab import ControlPlane

QUICK = Timing(duration=5.0, deadline=3.8, fence=2.8, retry=0.5, poll=0.1, request=0.8)
NAME = "operator"


class Contender:
    """One operator behind its own piece of network."""

    def __init__(self, proxy: Proxy, connection: Connection, namespace: str) -> None:
        self.proxy = proxy
        self.lost = 0
        self.leadership = Leadership(connection, namespace, name=NAME, timing=QUICK, on_lost=self._count)
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
async def _contest(plane: ControlPlane, namespace: str, number: int) -> AsyncIterator[list[Contender]]:
    watchdog = Watchdog()
    looking = asyncio.create_task(watchdog.run())
    async with AsyncExitStack() as stack:
        for _ in range(number):
            proxy, connection = await stack.enter_async_context(proxied(plane))
            watchdog.contenders.append(Contender(proxy, connection, namespace))
        try:
            yield watchdog.contenders
        finally:
            for task in (looking, *(one.task for one in watchdog.contenders)):
                task.cancel()
            await asyncio.gather(looking, *(one.task for one in watchdog.contenders), return_exceptions=True)
    assert watchdog.most <= 1


async def _leader(contenders: list[Contender], seconds: float = 15.0) -> Contender:
    async with asyncio.timeout(seconds):
        while True:
            for one in contenders:
                if one.leads:
                    return one
            await asyncio.sleep(0.01)


async def test_one_of_three_leads_and_a_dead_one_is_replaced(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 3) as contenders:
        for _ in range(2):
            first = await _leader(contenders)
            await asyncio.sleep(1.0)
            assert first.leads, "it renews"
            first.task.cancel()
            contenders.remove(first)
            killed = time.monotonic()
            await _leader(contenders)
            assert time.monotonic() - killed <= QUICK.duration + 4, "generous: this machine may be busy"


async def test_a_clean_stop_hands_over_at_once(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 2) as contenders:
        first = await _leader(contenders)
        first.task.cancel()
        started = time.monotonic()
        await first.leadership.release()
        assert not first.leads
        second = await _leader(contenders)
        assert second is not first
        assert time.monotonic() - started < QUICK.duration
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
        async with asyncio.timeout(10):
            while not first.lost:
                await asyncio.sleep(0.01)
        assert second.leads


async def test_lost_answers_of_renewals_do_not_end_leadership(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 1) as (only,):
        await _leader([only])
        only.proxy.lose_answer = writes
        await asyncio.sleep(0.5)
        only.proxy.lose_answer = nothing
        await asyncio.sleep(1.5)
        assert only.leads
        assert only.lost == 0


async def test_other_tools_can_read_the_lease(control_plane: ControlPlane, namespace: str) -> None:
    async with _contest(control_plane, namespace, 1) as (only,):
        await _leader([only])
        printed = control_plane.kubectl("get", "lease", NAME, "-n", namespace, "-o", "jsonpath={.spec.holderIdentity}")
        assert printed == only.leadership.identity
        assert LEASE.path(namespace, NAME).endswith(f"/leases/{NAME}")
