"""Series of changes of one stack's routes: when the ConfigMap is written, and when the pods' annotation."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.delivery.site import WAYS, Site
from bench.gateways.envoy_files import number_of
from bench.gateways.traffic import percentile
from bench.gateways.tree import Entry
from bench.gateways.trial import add_route

LATE = 5.0
"""Seconds within which a change is to be served."""
LIMIT = 150.0
"""Longer than any kubelet waits until it looks at a pod again (60 to 90 seconds)."""
_PAUSE = 0.2


@dataclass(frozen=True)
class Plan:
    """When the annotation is written, in seconds after the ConfigMap; before it, where negative."""

    name: str
    changes: int
    annotations: Sequence[float]
    rescue: bool = False
    """Whether the annotation is written once more after ``LATE`` seconds, to wait no longer than is needed."""


@dataclass(frozen=True)
class Series:
    """Seconds from the write of the ConfigMap until both gateways have it."""

    name: str
    seconds: dict[str, list[float]]
    """For each way to have it."""

    def __str__(self) -> str:
        shown = (f"{way}: " + ", ".join(f"{each:.2f}" for each in self.percentiles(way)) for way in self.seconds)
        return f"{self.name}: {'; '.join(shown)}; late: {[self.late(way) for way in self.seconds]}"

    def late(self, way: str) -> int:
        return sum(each > LATE for each in self.seconds[way])

    def percentiles(self, way: str) -> tuple[float, float, float]:
        """The 50th, the 99th, and the longest."""
        values = self.seconds[way]
        return percentile(values, 0.5), percentile(values, 0.99), max(values)


class Changes:
    """Changes the routes of one stack after the other."""

    def __init__(self, site: Site, entries: list[Entry]) -> None:
        self._site, self._entries = site, entries
        self._count = 0

    async def run(self, plan: Plan) -> Series:
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(plan.changes):
            for way, seconds in (await self._change(plan)).items():
                found[way].append(seconds)
            await asyncio.sleep(_PAUSE)
        return Series(plan.name, found)

    async def write(self) -> tuple[Entry, str, float]:
        """Give the next stack another route; the stack, the route's prefix, and when the ConfigMap was written."""
        entry, prefix = self._next()
        begun = time.monotonic()
        await self._site.write(number_of(entry))
        return entry, prefix, begun

    def _next(self) -> tuple[Entry, str]:
        self._count += 1
        entry, prefix = self._entries[self._count % len(self._entries)], f"/new{self._count}"
        add_route(entry, prefix)
        self._site.next_version(number_of(entry))
        return entry, prefix

    async def _change(self, plan: Plan) -> dict[str, float]:
        entry, prefix = self._next()
        before = [delay for delay in plan.annotations if delay < 0]
        for delay in before:
            await self._site.annotate(f"{self._count}{delay}")
            await asyncio.sleep(-delay)
        begun = time.monotonic()
        await self._site.write(number_of(entry))
        after = [asyncio.create_task(self._annotate(delay)) for delay in plan.annotations if delay >= 0]
        found = await self._site.until_there(entry, prefix, begun, LATE if plan.rescue else LIMIT)
        if max(found.values()) == float("inf"):
            await self._site.annotate(f"{self._count}-rescue")
            found = await self._site.until_there(entry, prefix, begun, LIMIT)
        await asyncio.gather(*after)
        return found

    async def _annotate(self, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._site.annotate(f"{self._count}+{delay}")
