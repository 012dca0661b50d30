"""The nodes that a job which runs on each of them has to be counted for when it is made."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.types import Node

_SECONDS: Final = 30.0
"""How long a list holds: nodes come and go slowly, and thousands of them are no small thing to ask for."""


class JobNodes:
    """The nodes, asked for where a stack has such a job: most clusters have none."""

    def __init__(self, read: Callable[[], Awaitable[tuple[Node, ...] | None]], clock: Callable[[], float]) -> None:
        self.known: tuple[Node, ...] | None = ()
        """None: they may not be listed."""
        self._look = read
        self._clock = clock
        self._looked: float | None = None
        self._asking = asyncio.Lock()

    async def refresh(self, stack: Stack) -> None:
        """Make sure that ``known`` is good enough for the plan of this stack. Raises ClusterError."""
        if not _has_global_job(stack.spec):
            return
        async with self._asking:
            if self._looked is None or self._clock() - self._looked > _SECONDS:
                self.known = await self._look()
                self._looked = self._clock()


def _has_global_job(spec: StackSpec) -> bool:
    return any(each.deploy is not None and each.deploy.mode == "globalJob" for each in spec.services.values())
