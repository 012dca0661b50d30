"""What three levels add to a request: three processes, one process that calls itself, and one level for comparison."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.gateways.traffic import asked, percentile

_WARM_UP = 50


@dataclass(frozen=True)
class Latency:
    """Seconds, beside the same request straight to the backend."""

    name: str
    p50: float
    p99: float


async def latencies(ways: Mapping[str, tuple[int, str]], requests: int) -> list[Latency]:
    """Ask each way in turn, so that a busy minute of the machine is one for all."""
    connections = {name: await asyncio.open_connection("127.0.0.1", port) for name, (port, _) in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(_WARM_UP + requests):
        for name, (_, path) in ways.items():
            begun = time.perf_counter()
            code = await asked(*connections[name], path)
            if code != 200:
                raise RuntimeError(f"{name} answers {code}")
            if number >= _WARM_UP:
                times[name].append(time.perf_counter() - begun)
    for _, writer in connections.values():
        writer.close()
    return [Latency(name, percentile(each, 0.5), percentile(each, 0.99)) for name, each in times.items()]
