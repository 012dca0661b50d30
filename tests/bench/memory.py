"""``python -m bench.memory``: what a stack costs the operator's process, in memory and in processor time.

The process is the real one; the API server is simulated, so that no cluster is needed and the same figures come out
each time. A run: nothing is there; the trees are created, until all is at rest; the root's image is changed once; and
the process is started anew beside what is there.
"""

import asyncio
import os
import platform
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import aiohttp
import typer
import yaml
from prometheus_client.parser import text_string_to_metric_families

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import STACK, Ref
from bench import tree
from bench.simulated_server import SimulatedServer
from lab import sessions
from lab.operator_process import arguments, environment
from lab.paths import ROOT
from lab.processes import Process, free_ports, log_tail, memory, peak_memory, processor_seconds, spawn
from support.conditions import is_ready

_ROOT: Final = "bench"
_REST_SECONDS: Final = 8.0
"""Without a write for so long, all is at rest."""
_TRIM_SECONDS: Final = 65.0
"""After so long what nobody asks for any more is forgotten, and free memory has been given back."""
_LIMIT_SECONDS: Final = 900.0
_LOG: Final = ROOT / "build" / "bench-memory.log"


@dataclass(frozen=True, slots=True)
class Cost:
    """What the process has used by some moment."""

    processor: float
    """Seconds."""
    resident: float
    """MiB."""
    peak: float
    """MiB, at the most so far."""


def main(
    trees: Annotated[list[int] | None, typer.Option(help="Trees of 101 stacks to create; may be repeated.")] = None,
) -> None:
    """Print memory and processor time, for 1 and for 5 trees."""
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},"
          f" Python {platform.python_version()}")  # fmt: skip
    sessions.stop_when_terminated()
    for number in trees or (1, 5):
        asyncio.run(_Run(number).run())


class _Run:
    """One number of trees."""

    def __init__(self, trees: int) -> None:
        self._namespaces = [f"{_ROOT}-{number}" for number in range(trees)]
        self._stacks = trees * tree.stacks()
        self._server = SimulatedServer()
        self._kubeconfig = Path()
        self._port = 0

    async def run(self) -> None:
        """Measure and print."""
        url = await self._server.start()
        with TemporaryDirectory() as folder:
            self._kubeconfig = _kubeconfig(Path(folder), url)
            try:
                await self._measure()
            finally:
                await self._server.stop()

    async def _measure(self) -> None:
        process = await self._start()
        try:
            await asyncio.sleep(_TRIM_SECONDS)
            idle = _cost(process)
            created = await self._create(process)
            edited = await self._edit(process)
        finally:
            process.stop(10)
        self._print("idle", idle, _ZERO, idle)
        self._print("created", created, idle, idle)
        self._print("one image changed", edited, created, idle)
        await self._restart(idle)

    async def _restart(self, idle: Cost) -> None:
        """Start the process anew beside what is there, and print how long it takes to look at every stack once."""
        before, started = self._writes(), time.monotonic()
        process = await self._start()
        try:
            while not await self._has_reconciled_all():
                assert process.alive, log_tail(_LOG)
                assert time.monotonic() - started < _LIMIT_SECONDS, f"not reconciled; see {_LOG}"
                await asyncio.sleep(0.1)
            seconds, processor = time.monotonic() - started, _cost(process).processor
            await asyncio.sleep(_TRIM_SECONDS)
            self._print("started anew", _cost(process), _ZERO, idle)
            print(f"  all reconciled {seconds:.1f} s after its start, of which {processor:.1f} s of processor time")
            print(f"  writes of the new process: {self._writes() - before}")
        finally:
            process.stop(10)

    async def _has_reconciled_all(self) -> bool:
        """By its own metrics: as many reconciles have ended as there are stacks, and none waits."""
        found = await _metrics(self._port)
        return found["ailtire_reconciles_total"] >= self._stacks and not found["ailtire_queue_depth"]

    async def _create(self, process: Process) -> Cost:
        for namespace in self._namespaces:
            self._server.objects.create("user", tree.application(namespace))
        await self._rest(process)
        ready = sum(is_ready(each) for each in self._stack_objects())
        assert ready == self._stacks, f"{ready} of {self._stacks} stacks are Ready; see {_LOG}"
        waits = sorted(self._server.first_status.values())
        writes = {what: count for what, count in sorted(self._server.writes.items()) if "Lease" not in what}
        print(f"{len(self._namespaces)} trees, {self._stacks} stacks, {len(self._server.objects.objects)} objects")
        print(f"  writes: {', '.join(f'{count} {what}' for what, count in writes.items())}")
        statuses = sorted(self._server.status_writes.values())
        print(f"  statuses of a stack: p50 {statuses[len(statuses) // 2]}, at the most {statuses[-1]}")
        print(f"  first status: p50 {waits[len(waits) // 2]:.1f} s, last {waits[-1]:.1f} s")
        await asyncio.sleep(_TRIM_SECONDS)
        return _cost(process)

    async def _edit(self, process: Process) -> Cost:
        root = self._server.objects.objects[Ref(STACK.kind, self._namespaces[0], tree.NAME)]
        spec = {**root["spec"], "images": {"bench_s1": "bench_s1:2"}}
        self._server.objects.edit("user", {**root, "spec": spec})
        await self._rest(process)
        return _cost(process)

    async def _rest(self, process: Process) -> None:
        """Wait until nothing was written for a while."""
        deadline, seen, since = time.monotonic() + _LIMIT_SECONDS, -1, time.monotonic()
        while time.monotonic() - since < _REST_SECONDS:
            assert process.alive, log_tail(_LOG)
            assert time.monotonic() < deadline, f"no rest after {_LIMIT_SECONDS:.0f} s; see {_LOG}"
            now = self._server.objects.version - self._leases()
            if now != seen:
                seen, since = now, time.monotonic()
            await asyncio.sleep(0.2)

    def _writes(self) -> int:
        return sum(self._server.writes.values()) - self._leases()

    def _leases(self) -> int:
        return sum(count for what, count in self._server.writes.items() if "Lease" in what)

    def _stack_objects(self) -> list[dict[str, Any]]:
        return [obj for ref, obj in self._server.objects.objects.items() if ref.kind == STACK.kind]

    async def _start(self) -> Process:
        (self._port,) = free_ports(1)
        command = [sys.executable, *arguments(ROOT)]
        process = spawn(command, _LOG, environment(self._kubeconfig, self._port), ROOT)
        while not await _answers(self._port):
            assert process.alive, log_tail(_LOG)
            await asyncio.sleep(0.1)
        return process

    def _print(self, what: str, cost: Cost, before: Cost, idle: Cost) -> None:
        each = (cost.resident - idle.resident) * 1024 / self._stacks
        print(f"  {what}: {cost.processor - before.processor:.2f} s of processor time; {cost.resident:.0f} MiB,"
              f" {cost.peak:.0f} MiB at the most, {each:.1f} KiB per stack beyond idle")  # fmt: skip


_ZERO: Final = Cost(0, 0, 0)


def _cost(process: Process) -> Cost:
    return Cost(processor_seconds(process.pid), memory(process.pid), peak_memory(process.pid))


async def _answers(port: int) -> bool:
    """Whether the process says that it is ready."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except OSError:
        return False


async def _metrics(port: int) -> Counter[str]:
    """What the process says of itself: the sum of each metric over its labels."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        families = text_string_to_metric_families(await answer.text())
    found: Counter[str] = Counter()
    for sample in (sample for family in families for sample in family.samples):
        found[sample.name] += int(sample.value)
    return found


def _kubeconfig(folder: Path, url: str) -> Path:
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _ROOT, "cluster": {"server": url}}],
        "users": [{"name": _ROOT, "user": {}}],
        "contexts": [{"name": _ROOT, "context": {"cluster": _ROOT, "user": _ROOT, "namespace": naming.OPERATOR_NAME}}],
        "current-context": _ROOT,
    }
    path.write_text(yaml.safe_dump(content))
    return path


if __name__ == "__main__":
    typer.run(main)
