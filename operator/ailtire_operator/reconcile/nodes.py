"""How many nodes take pods, which a job that runs on each of them has to say when it is made."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ailtire_operator.model.stack import Stack, StackSpec

_SECONDS: Final = 30.0
"""How long a count holds: nodes come and go slowly, and a list of thousands of them is no small thing to ask for."""


class Nodes:
    """The count, asked for where a stack has such a job: most clusters have none."""

    def __init__(self, count: Callable[[int], Awaitable[int]], clock: Callable[[], float]) -> None:
        """``count`` is given what was known before, to fall back on."""
        self.known = 1
        self._count = count
        self._clock = clock
        self._counted: float | None = None
        self._asking = asyncio.Lock()

    async def count_for(self, stack: Stack) -> None:
        """Make sure that ``known`` is good enough for the plan of this stack."""
        if not _has_global_job(stack.spec):
            return
        async with self._asking:
            if self._counted is None or self._clock() - self._counted > _SECONDS:
                self.known = await self._count(self.known)
                self._counted = self._clock()


def _has_global_job(spec: StackSpec) -> bool:
    return any(each.deploy is not None and each.deploy.mode == "globalJob" for each in spec.services.values())
