"""One contender: it serves a tree, its routes change a hundred times under load, and it is asked what that cost."""

import asyncio
import dataclasses
import time
from dataclasses import dataclass

from bench.gateways.proxies import Proxy
from bench.gateways.traffic import Load, Sockets, percentile, served, status
from bench.gateways.tree import Entry

RENEWED = 20
"""Sockets that clients close and open anew between two changes."""
_PAUSE = 0.1
_SAMPLED = 10
_SETTLED = 30.0
"""Longer than the 25 seconds after which today's configuration closes what is still open."""


@dataclass(frozen=True)
class Result:
    """What was measured; seconds, bytes, and counts."""

    name: str
    stacks: int
    configuration: int
    start: float
    start_cpu: float
    memory_idle: int
    memory_sockets: int
    memory_peak: int
    memory_peak_resident: int
    memory_settled: int
    processes_peak: int
    watches: int
    """inotify instances."""
    changes: int
    served_p50: float
    served_p99: float
    cpu_per_change: float
    sockets: int
    sockets_closed: int
    requests_kept: int
    lost_kept: int
    requests_fresh: int
    lost_fresh: int


async def trial(proxy: Proxy, *, sockets: int, changes: int, settle: bool) -> Result:
    """Everything but the wrong stack; the proxy is running when this ends."""
    tree = proxy.tree
    begun = time.monotonic()
    await proxy.start()
    started, start_cpu = time.monotonic() - begun, proxy.cpu()
    idle = proxy.memory()
    changed, entrance = tree.below("p0/p0"), tree.port(tree.below(""))
    opened = Sockets(entrance, "/p1/p1/s0/socket")
    await opened.open(sockets)
    with_sockets = proxy.memory()
    load = Load(entrance, "/p2/p2/s0/page")
    load.start()
    times, peaks, cpu = [], [with_sockets], proxy.cpu()
    most = 0
    for number in range(changes):
        add_route(changed, f"/new{number}")
        begun = time.monotonic()
        proxy.rewrite(changed)
        proxy.tell()
        await served(tree.port(changed), f"/new{number}/")
        times.append(time.monotonic() - begun)
        if number % _SAMPLED == 0 or number == changes - 1:  # reading it takes long where processes are many
            peaks.append(proxy.memory())
            most = max(most, len(proxy.processes()))
        await opened.renew(RENEWED)
        await asyncio.sleep(_PAUSE)
    spent = proxy.cpu() - cpu
    await load.stop()
    if settle:
        await asyncio.sleep(_SETTLED)
    await opened.check()
    settled = proxy.memory()
    opened.close()
    return Result(
        name=proxy.name,
        stacks=len(tree.entries),
        configuration=proxy.size(),
        start=started,
        start_cpu=start_cpu,
        memory_idle=idle.proportional,
        memory_sockets=with_sockets.proportional,
        memory_peak=max(each.proportional for each in peaks),
        memory_peak_resident=max(each.resident for each in peaks),
        memory_settled=settled.proportional,
        processes_peak=most,
        watches=proxy.watches(),
        changes=changes,
        served_p50=percentile(times, 0.5),
        served_p99=percentile(times, 0.99),
        cpu_per_change=spent / changes,
        sockets=sockets,
        sockets_closed=opened.closed,
        requests_kept=load.kept,
        lost_kept=load.lost_kept,
        requests_fresh=load.fresh,
        lost_fresh=load.lost_fresh,
    )


@dataclass(frozen=True)
class Harm:
    """What a stack whose part of the configuration is wrong does to others."""

    name: str
    others_served: bool
    """Whether the routes from before still answer."""
    change_of_another: float
    """Seconds until a later change of another stack was served."""
    own_routes_kept: bool


async def harm(proxy: Proxy, limit: float = 5.0) -> Harm:
    """Spoil one stack, change another, and see what answers."""
    tree = proxy.tree
    wrong, other, third = tree.below("p0/p0"), tree.below("p1/p1"), tree.below("p2/p2")
    proxy.spoil(wrong)
    proxy.tell()
    await asyncio.sleep(1)
    add_route(other, "/later")
    proxy.rewrite(other)
    proxy.tell()
    waited = await served(tree.port(other), "/later/", limit)
    return Harm(
        proxy.name,
        await status(tree.port(third), "/s0/") == 200,
        waited,
        await status(tree.port(wrong), "/s0/") == 200,
    )


def add_route(entry: Entry, prefix: str) -> None:
    """Give a stack one more route, to a service of its own, instead of the one added before."""
    first = entry.routes[-1]
    entry.routes = [each for each in entry.routes if not each.prefix.startswith(("/new", "/later"))]
    entry.routes.insert(0, dataclasses.replace(first, prefix=prefix, host=f"new.{first.host}"))
